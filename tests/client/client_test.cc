// The whole client over real sockets, and its contracts on threads.

#include "gemini/client.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "client/client_core.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/manual_clock.h"
#include "testing/program.h"
#include "testing/scripted_server.h"
#include "util/mutex_lock.h"

namespace gemini {
namespace {

using ::gemini::testing::Connection;
using ::gemini::testing::ManualClock;
using ::gemini::testing::ScriptedServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kKey[] = "AIza-a-key-that-must-never-be-shown";

std::string PngBytes() {
  return std::string("\x89PNG\r\n\x1a\n", 8) + std::string(100, 'p');
}

std::string ImageBody() {
  return absl::StrCat(
      R"({"candidates":[{"content":{"parts":[{"inlineData":{)"
      R"("mimeType":"image/png","data":")",
      absl::Base64Escape(PngBytes()),
      R"("}}]},"finishReason":"STOP"}],)"
      R"("usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1120,)"
      R"("totalTokenCount":1123},"responseId":"r-1"})");
}

std::string ErrorBody(int code, absl::string_view status,
                      absl::string_view message) {
  return absl::StrCat(R"({"error":{"code":)", code, R"(,"status":")", status,
                      R"(","message":")", message, R"("}})");
}

std::string ZeroQuotaBody() {
  return ErrorBody(
      429, "RESOURCE_EXHAUSTED",
      "Quota exceeded for metric: generativelanguage.googleapis.com/"
      "generate_content_free_tier_input_token_count, limit: 0, model: "
      "gemini-2.5-flash-preview-image");
}

// Answers each request with what `answer` returns for its number, from 1.
struct Answer {
  std::string status_line;
  std::string body;
};

ScriptedServer::Script Answering(std::function<Answer(int)> answer,
                                 std::atomic<int>* requests) {
  return [answer = std::move(answer), requests](Connection* connection, int) {
    while (!connection->ReadRequest().empty()) {
      const Answer a = answer(++*requests);
      connection->SendResponse(a.status_line, a.body);
    }
  };
}

ScriptedServer::Script AnsweringOk(std::string body,
                                   std::atomic<int>* requests) {
  return Answering(
      [body = std::move(body)](int) {
        return Answer{"200 OK", body};
      },
      requests);
}

ClientOptions OptionsFor(const ScriptedServer& server) {
  ClientOptions options;
  options.api_key = kKey;
  options.base_url = server.url();
  options.retry.backoff = absl::Milliseconds(1);
  options.retry.throttled_backoff = absl::Milliseconds(1);
  return options;
}

GeminiImageClient NewClient(ClientOptions options,
                            std::shared_ptr<ManualClock> clock = nullptr) {
  internal::ClientParts parts;
  parts.clock = std::move(clock);
  parts.random = [] { return 0.5; };
  parts.environment = [](const std::string&) { return std::nullopt; };
  absl::StatusOr<GeminiImageClient> client =
      std::move(parts).Assemble(std::move(options));
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

ImageRequest Kite(int count = 1) {
  ImageRequest request;
  request.prompt = "a kite";
  request.count = count;
  return request;
}

class ClientTest : public ::testing::Test {
 protected:
  std::atomic<int> requests_{0};
};

TEST_F(ClientTest, BringsAPicture) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const Images* images = outcome->images();
  ASSERT_NE(images, nullptr);
  ASSERT_THAT(images->images, SizeIs(1));
  EXPECT_EQ(images->images[0].bytes, PngBytes());
  EXPECT_EQ(images->images[0].mime_type, "image/png");
  EXPECT_EQ(images->usage.total_tokens, 1123);
  EXPECT_FALSE(outcome->diagnosis.has_value());
  ASSERT_THAT(outcome->attempts, SizeIs(1));
  EXPECT_EQ(outcome->attempts[0].http_status, 200);
  EXPECT_EQ(outcome->attempts[0].response_id, "r-1");
  EXPECT_EQ(requests_, 1);
}

// A PNG of `size` bytes in an answer.
std::string LargeBody(size_t size) {
  return absl::StrCat(R"({"candidates":[{"content":{"parts":[{"inlineData":{)"
                      R"("mimeType":"image/png","data":")",
                      absl::Base64Escape(std::string("\x89PNG\r\n\x1a\n", 8) +
                                         std::string(size - 8, 'p')),
                      R"("}}]},"finishReason":"STOP"}]})");
}

// Counts what it is told; each function can be made to wait or fail.
class CountingReceiver : public ImageReceiver {
 public:
  absl::Status Begin(const SinkImage&) override {
    ++begun;
    if (on_begin) on_begin();
    return absl::OkStatus();
  }
  absl::Status Write(const SinkImage&, absl::string_view bytes) override {
    if (gate != nullptr) gate->WaitForNotification();
    written += bytes.size();
    if (on_write) on_write();
    return write_status;
  }
  absl::Status Commit(const SinkImage&, absl::string_view) override {
    ++committed;
    return absl::OkStatus();
  }
  void Discard(const SinkImage&) override { ++discarded; }

  std::atomic<int> begun{0}, committed{0}, discarded{0};
  std::atomic<size_t> written{0};
  absl::Status write_status;
  absl::Notification* gate = nullptr;
  std::function<void()> on_begin;
  std::function<void()> on_write;
};

CallOptions IntoReceiver(std::shared_ptr<CountingReceiver> receiver) {
  CallOptions options;
  options.sink = CallbackSink{std::move(receiver), false};
  return options;
}

TEST_F(ClientTest, WritesIntoAFile) {
  ScriptedServer server(AnsweringOk(LargeBody(1 << 20), &requests_));
  const testing::TemporaryDirectory directory;
  GeminiImageClient client = NewClient(OptionsFor(server));
  FileSink file;
  file.path = directory.path() + "/a.png";
  CallOptions options;
  options.sink = file;
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite(2), options);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_NE(outcome->images(), nullptr);
  ASSERT_THAT(outcome->images()->images, SizeIs(2));
  EXPECT_EQ(outcome->images()->images[1].path, directory.path() + "/a-2.png");
  EXPECT_THAT(directory.List(), ::testing::ElementsAre("a-1.png", "a-2.png"));
  EXPECT_EQ(directory.Read("a-1.png").size(), 1U << 20);
}

TEST_F(ClientTest, AFileThatCannotBeWrittenIsNotPaidForTwice) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  for (const char* path : {"/dev/full", "/no/such/directory/a.png"}) {
    requests_ = 0;
    FileSink file;
    file.path = path;
    CallOptions options;
    options.sink = file;
    const absl::StatusOr<Outcome> outcome = client.Generate(Kite(), options);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_NE(outcome->prompt_only(), nullptr);
    EXPECT_EQ(outcome->diagnosis->code, "sink_failed");
    EXPECT_TRUE(outcome->attempts[0].maybe_billed);
    EXPECT_EQ(requests_, 1);
  }
}

TEST_F(ClientTest, AReceiverGetsAPictureAndItsCommit) {
  ScriptedServer server(AnsweringOk(LargeBody(1 << 20), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  auto receiver = std::make_shared<CountingReceiver>();
  const absl::StatusOr<Outcome> outcome =
      client.Generate(Kite(), IntoReceiver(receiver));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_NE(outcome->images(), nullptr);
  EXPECT_EQ(outcome->images()->images[0].size, 1 << 20);
  EXPECT_EQ(receiver->written, 1U << 20);
  EXPECT_EQ(receiver->committed, 1);
  EXPECT_EQ(receiver->discarded, 0);
}

TEST_F(ClientTest, AReceiverThatFailsEndsTheCall) {
  ScriptedServer server(AnsweringOk(LargeBody(4 << 20), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  auto receiver = std::make_shared<CountingReceiver>();
  receiver->write_status = absl::ResourceExhaustedError("no room");
  const absl::StatusOr<Outcome> outcome =
      client.Generate(Kite(), IntoReceiver(receiver));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->diagnosis->code, "sink_failed");
  EXPECT_EQ(outcome->diagnosis->message, "no room");
  EXPECT_EQ(receiver->discarded, 1);
  EXPECT_EQ(requests_, 1);
}

TEST_F(ClientTest, WhatAReceiverHasSeenIsRepeatedOnlyIfTheCallerSaysSo) {
  for (const bool repeat : {false, true}) {
    requests_ = 0;
    ScriptedServer server([&](Connection* connection, int) {
      while (!connection->ReadRequest().empty()) {
        const std::string body = LargeBody(1 << 20);
        if (++requests_ > 1) {
          connection->SendResponse("200 OK", body);
          continue;
        }
        connection->Send(
            absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(),
                         "\r\n\r\n", body.substr(0, body.size() / 2)));
        return;
      }
    });
    GeminiImageClient client = NewClient(OptionsFor(server));
    auto receiver = std::make_shared<CountingReceiver>();
    CallOptions options;
    options.sink = CallbackSink{receiver, repeat};
    const absl::StatusOr<Outcome> outcome = client.Generate(Kite(), options);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->images() != nullptr, repeat);
    EXPECT_EQ(requests_, repeat ? 2 : 1);
    EXPECT_EQ(receiver->begun, requests_);
    EXPECT_EQ(receiver->discarded, 1);
    EXPECT_EQ(outcome->attempts[0].diagnosis->code, "connection_lost");
  }
}

TEST_F(ClientTest, ASlowReceiverPausesWithoutStalling) {
  ScriptedServer server(Answering(
      [](int n) {
        return Answer{"200 OK", n == 1 ? LargeBody(8 << 20) : "{}"};
      },
      &requests_));
  auto clock = std::make_shared<ManualClock>();
  ClientOptions options = OptionsFor(server);
  options.time_limits.stall = absl::Seconds(5);
  GeminiImageClient client = NewClient(options, clock);
  absl::Notification gate;
  absl::Notification begun;
  auto receiver = std::make_shared<CountingReceiver>();
  receiver->gate = &gate;
  receiver->on_begin = [&] { begun.Notify(); };
  absl::Notification done;
  absl::StatusOr<Outcome> outcome;
  client.GenerateAsync(Kite(), IntoReceiver(receiver),
                       [&](absl::StatusOr<Outcome> result) {
                         outcome = std::move(result);
                         done.Notify();
                       });
  begun.WaitForNotification();
  // Until it pauses data arrives between two steps: many of them fit into the
  // limit.
  for (int i = 0; i < 120; ++i) {
    clock->Advance(options.time_limits.stall / 10);
    // The loop for all calls is free meanwhile.
    ASSERT_TRUE(client.ListModels().ok());
  }
  EXPECT_EQ(receiver->written, 0U);
  gate.Notify();
  done.WaitForNotification();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_NE(outcome->images(), nullptr) << outcome->diagnosis->message;
  EXPECT_EQ(receiver->written, 8U << 20);
}

TEST_F(ClientTest, GenerateDoesNotWaitForCallbacksOfOthers) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  absl::Notification may_end;
  absl::Notification ended;
  client.GenerateAsync(Kite(), {}, [&](const absl::StatusOr<Outcome>&) {
    may_end.WaitForNotification();
    ended.Notify();
  });
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_NE(outcome->images(), nullptr);
  may_end.Notify();
  ended.WaitForNotification();
}

TEST_F(ClientTest, ACancelledCallDiscardsBeforeItIsTold) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    const std::string body = LargeBody(1 << 20);
    connection->Send(
        absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(),
                     "\r\n\r\n", body.substr(0, body.size() / 2)));
    connection->WaitForClose();
  });
  auto receiver = std::make_shared<CountingReceiver>();
  absl::Notification written;
  receiver->on_write = [&] {
    if (!written.HasBeenNotified()) written.Notify();
  };
  absl::StatusOr<Outcome> outcome;
  int discarded_before = -1;
  {
    GeminiImageClient client = NewClient(OptionsFor(server));
    client.GenerateAsync(Kite(), IntoReceiver(receiver),
                         [&](absl::StatusOr<Outcome> result) {
                           discarded_before = receiver->discarded;
                           outcome = std::move(result);
                         });
    written.WaitForNotification();
  }
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(discarded_before, 1);
  EXPECT_EQ(receiver->committed, 0);
}

TEST_F(ClientTest, GenerateInsideAReceiverFailsInsteadOfWaitingForEver) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  auto receiver = std::make_shared<CountingReceiver>();
  absl::Status inside;
  receiver->on_write = [&] { inside = client.Generate(Kite()).status(); };
  ASSERT_TRUE(client.Generate(Kite(), IntoReceiver(receiver)).ok());
  EXPECT_EQ(inside.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ClientTest, GenerateInsideANameFailsInsteadOfWaitingForEver) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  absl::Status inside;
  FileSink file;
  file.choose_name = [&](const SinkImage&, absl::string_view) {
    inside = client.Generate(Kite()).status();
    return std::string("/dev/null");
  };
  CallOptions options;
  options.sink = file;
  static_cast<void>(client.Generate(Kite(), options));
  EXPECT_EQ(inside.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ClientTest, TheKeyTravelsInItsHeaderAndNowhereElse) {
  std::string request;
  ScriptedServer server([&](Connection* connection, int) {
    request = connection->ReadRequest();
    connection->SendResponse("200 OK", ImageBody());
    connection->WaitForClose();
  });
  GeminiImageClient client = NewClient(OptionsFor(server));
  ASSERT_TRUE(client.Generate(Kite()).ok());
  EXPECT_THAT(request, HasSubstr(absl::StrCat("x-goog-api-key: ", kKey)));
  EXPECT_THAT(request.substr(0, request.find("\r\n")), Not(HasSubstr(kKey)));
}

TEST_F(ClientTest, RepeatsWhatPasses) {
  ScriptedServer server(Answering(
      [](int n) {
        if (n < 3) {
          return Answer{"503 Service Unavailable",
                        ErrorBody(503, "UNAVAILABLE", "overloaded")};
        }
        return Answer{"200 OK", ImageBody()};
      },
      &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_NE(outcome->images(), nullptr);
  ASSERT_THAT(outcome->attempts, SizeIs(3));
  EXPECT_EQ(outcome->attempts[0].diagnosis->cause, Cause::kOverloaded);
  EXPECT_EQ(outcome->attempts[2].diagnosis, std::nullopt);
}

TEST_F(ClientTest, AQuotaOfZeroCostsOneRequestAndGivesThePromptBack) {
  ScriptedServer server(Answering(
      [](int) {
        return Answer{"429 Too Many Requests", ZeroQuotaBody()};
      },
      &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_NE(outcome->prompt_only(), nullptr);
  EXPECT_EQ(outcome->prompt_only()->image_prompt, "a kite");
  EXPECT_EQ(outcome->diagnosis->cause, Cause::kZeroQuota);
  EXPECT_EQ(outcome->retry_at, std::nullopt);
  EXPECT_EQ(requests_, 1);
}

TEST_F(ClientTest, AQuotaOfZeroCostsOneRequestHoweverManyCallsThereAre) {
  ScriptedServer server(Answering(
      [](int) {
        return Answer{"429 Too Many Requests", ZeroQuotaBody()};
      },
      &requests_));
  GeminiImageClient client =
      NewClient(OptionsFor(server), std::make_shared<ManualClock>());
  absl::BlockingCounter ended(20);
  for (int i = 0; i < 20; ++i) {
    client.GenerateAsync(Kite(), {}, [&](absl::StatusOr<Outcome> outcome) {
      EXPECT_TRUE(outcome.ok() &&
                  outcome->diagnosis->cause == Cause::kZeroQuota);
      ended.DecrementCount();
    });
  }
  const absl::StatusOr<Outcome> last = client.Generate(Kite());
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->diagnosis->cause, Cause::kZeroQuota);
  ended.Wait();
  EXPECT_EQ(requests_, 1);
}

TEST_F(ClientTest, AKeyWithoutQuotaIsPassedOver) {
  std::atomic<int> first_key{0};
  ScriptedServer server([&](Connection* connection, int) {
    while (true) {
      const std::string request = connection->ReadRequest();
      if (request.empty()) return;
      ++requests_;
      if (absl::StrContains(request, "x-goog-api-key: first")) {
        ++first_key;
        connection->SendResponse("429 Too Many Requests", ZeroQuotaBody());
      } else {
        connection->SendResponse("200 OK", ImageBody());
      }
    }
  });
  ClientOptions options = OptionsFor(server);
  options.api_key.clear();
  options.credentials = {{"first", ""}, {"second", ""}};
  GeminiImageClient client = NewClient(std::move(options));
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
  }
  EXPECT_EQ(first_key, 1);
  EXPECT_EQ(requests_, 4);
}

TEST_F(ClientTest, AResetOfAKeptAliveConnectionIsAnAttemptThatIsReported) {
  ScriptedServer server([this](Connection* connection, int) {
    while (!connection->ReadRequest().empty()) {
      if (++requests_ == 2) {
        connection->Reset();
        return;
      }
      connection->SendResponse("200 OK", ImageBody());
    }
  });
  GeminiImageClient client = NewClient(OptionsFor(server));
  size_t attempts = 0;
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
    attempts += outcome->attempts.size();
    if (i == 1) {
      ASSERT_THAT(outcome->attempts, SizeIs(2));
      EXPECT_EQ(outcome->attempts[0].diagnosis->cause, Cause::kAmbiguous);
      EXPECT_TRUE(outcome->attempts[0].maybe_billed);
      EXPECT_FALSE(outcome->attempts[1].maybe_billed);
    }
  }
  EXPECT_EQ(attempts, static_cast<size_t>(requests_));
}

// libcurl itself looks for a second one before it asks whether it may.
TEST_F(ClientTest, ALostConnectionIsNotFollowedByAnotherThatWasKept) {
  absl::Notification all_came;
  std::atomic<int> connections{0};
  ScriptedServer server([&](Connection* connection, int number) {
    ++connections;
    if (connection->ReadRequest().empty()) return;
    if (number == 3) all_came.Notify();
    all_came.WaitForNotification();
    connection->SendResponse("200 OK", ImageBody());
    if (connection->ReadRequest().empty()) return;
    connection->Reset();
  });
  GeminiImageClient client = NewClient(OptionsFor(server));
  ASSERT_TRUE(client.Generate(Kite(3)).ok());
  EXPECT_EQ(connections, 3);
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_NE(outcome->images(), nullptr);
  EXPECT_THAT(outcome->attempts, SizeIs(2));
  EXPECT_EQ(connections, 4);
}

TEST_F(ClientTest, FewerPicturesThanAskedForAreKeptWithTheReasons) {
  ScriptedServer server(Answering(
      [](int n) {
        if (n == 2) {
          return Answer{"200 OK", R"({"promptFeedback":{"blockReason":)"
                                  R"("SAFETY"}})"};
        }
        return Answer{"200 OK", ImageBody()};
      },
      &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite(3));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const Images* images = outcome->images();
  ASSERT_NE(images, nullptr);
  EXPECT_THAT(images->images, SizeIs(2));
  ASSERT_THAT(images->missing, SizeIs(1));
  EXPECT_EQ(images->missing[0].diagnosis.cause, Cause::kRefused);
  ASSERT_TRUE(outcome->diagnosis.has_value());
  EXPECT_THAT(outcome->attempts, SizeIs(3));
}

TEST_F(ClientTest, ARequestThatTheServerRefusesIsAStatusWithItsField) {
  ScriptedServer server(Answering(
      [](int) {
        return Answer{
            "400 Bad Request",
            R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":)"
            R"("bad","details":[{"@type":)"
            R"("type.googleapis.com/google.rpc.BadRequest",)"
            R"("fieldViolations":[{"field":"generation_config.image_config",)"
            R"("description":"no such size"}]}]}})"};
      },
      &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(outcome.status().message(),
              HasSubstr("generation_config.image_config"));
  EXPECT_EQ(DiagnosisOf(outcome.status())->cause, Cause::kInvalidRequest);
  EXPECT_THAT(AttemptsOf(outcome.status()), SizeIs(1));
}

TEST_F(ClientTest, ACallerMayForbidDegradation) {
  ScriptedServer server(Answering(
      [](int) {
        return Answer{"429 Too Many Requests", ZeroQuotaBody()};
      },
      &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  CallOptions options;
  options.degradation = Degradation::kForbidden;
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite(), options);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DiagnosisOf(outcome.status())->cause, Cause::kZeroQuota);
}

TEST_F(ClientTest, ABadRequestIsRefusedHereAndNothingIsSent) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  ImageRequest empty;
  EXPECT_THAT(client.Generate(empty).status().message(), HasSubstr("prompt"));
  CallOptions options;
  options.model = "../files/secret?x";
  EXPECT_THAT(client.Generate(Kite(), options).status().message(),
              HasSubstr("model"));
  EXPECT_EQ(requests_, 0);
}

TEST_F(ClientTest, ACallEndsAtItsDeadlineWhileTheServerIsSilent) {
  absl::Notification asked;
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    if (!asked.HasBeenNotified()) asked.Notify();
    connection->WaitForClose();
  });
  auto clock = std::make_shared<ManualClock>();
  GeminiImageClient client = NewClient(OptionsFor(server), clock);
  CallOptions options;
  options.timeout = absl::Seconds(20);
  absl::Notification done;
  absl::StatusOr<Outcome> outcome;
  client.GenerateAsync(Kite(), options, [&](absl::StatusOr<Outcome> result) {
    outcome = std::move(result);
    done.Notify();
  });
  asked.WaitForNotification();
  clock->Advance(absl::Seconds(20));
  done.WaitForNotification();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_NE(outcome->prompt_only(), nullptr);
  EXPECT_EQ(outcome->elapsed, absl::Seconds(20));
  ASSERT_THAT(outcome->attempts, SizeIs(1));
  EXPECT_TRUE(outcome->attempts[0].maybe_billed);
}

TEST_F(ClientTest, WaitsAsLongAsTheServerSaysAndNoLonger) {
  ScriptedServer server(Answering(
      [](int n) {
        if (n == 1) {
          return Answer{"429 Too Many Requests",
                        ErrorBody(429, "RESOURCE_EXHAUSTED",
                                  "Quota exceeded for metric: m/requests, "
                                  "limit: 5, model: g\\nPlease retry in "
                                  "38.251487996s.")};
        }
        return Answer{"200 OK", ImageBody()};
      },
      &requests_));
  auto clock = std::make_shared<ManualClock>();
  ClientOptions options = OptionsFor(server);
  absl::Notification waiting;
  absl::Time until;
  options.on_event = [&](const Event& event) {
    if (const auto* wait = std::get_if<Waiting>(&event.what)) {
      until = wait->until;
      waiting.Notify();
    }
  };
  GeminiImageClient client = NewClient(options, clock);
  absl::Notification done;
  absl::StatusOr<Outcome> outcome;
  const absl::Time begun = clock->Now();
  client.GenerateAsync(Kite(), {}, [&](absl::StatusOr<Outcome> result) {
    outcome = std::move(result);
    done.Notify();
  });
  waiting.WaitForNotification();
  EXPECT_GE(until - begun, absl::Nanoseconds(38251487996));
  EXPECT_LE(until - begun, absl::Seconds(40));
  clock->Advance(until - begun - absl::Nanoseconds(1));
  EXPECT_EQ(requests_, 1);
  clock->Advance(absl::Nanoseconds(1));
  done.WaitForNotification();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_NE(outcome->images(), nullptr);
  EXPECT_EQ(requests_, 2);
}

TEST_F(ClientTest, TheLastEventCountsAttemptsAndPictures) {
  ScriptedServer server(Answering(
      [](int number) {
        if (number == 1) {
          return Answer{"503 Service Unavailable",
                        ErrorBody(503, "UNAVAILABLE", "overloaded")};
        }
        return Answer{"200 OK", ImageBody()};
      },
      &requests_));
  ClientOptions options = OptionsFor(server);
  std::vector<CallEnded> ends;
  options.on_event = [&](const Event& event) {
    if (const auto* ended = std::get_if<CallEnded>(&event.what)) {
      ends.push_back(*ended);
    }
  };
  {
    GeminiImageClient client = NewClient(options);
    ASSERT_TRUE(client.Generate(Kite()).ok());
  }
  ASSERT_THAT(ends, SizeIs(1));
  EXPECT_EQ(ends[0].attempts, 2);
  EXPECT_EQ(ends[0].images, 1);
}

TEST_F(ClientTest, ACallersClassifierJudgesFirst) {
  ScriptedServer server(Answering(
      [](int) {
        return Answer{"429 Too Many Requests",
                      ErrorBody(429, "RESOURCE_EXHAUSTED", "come again")};
      },
      &requests_));
  ClientOptions options = OptionsFor(server);
  options.classifier =
      [](const FailureFacts& facts) -> std::optional<Diagnosis> {
    if (!absl::StrContains(facts.body, "come again")) return std::nullopt;
    Diagnosis diagnosis;
    diagnosis.cause = Cause::kBilling;
    diagnosis.code = "our_own";
    return diagnosis;
  };
  GeminiImageClient client = NewClient(options);
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->diagnosis->code, "our_own");
  EXPECT_EQ(requests_, 1);
}

// Callbacks.

// A server that never answers.
class SilentServer {
 public:
  SilentServer()
      : server_([](Connection* connection, int) {
          connection->ReadRequest();
          connection->WaitForClose();
        }) {}
  const ScriptedServer& server() const { return server_; }

 private:
  ScriptedServer server_;
};

TEST_F(ClientTest, CompletionRunsOnceAndNotInsideGenerateAsync) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  std::atomic<int> runs{0};
  for (ImageRequest request : {Kite(), ImageRequest()}) {
    absl::Notification returned;
    absl::Notification done;
    const std::thread::id caller = std::this_thread::get_id();
    client.GenerateAsync(request, {}, [&](const absl::StatusOr<Outcome>&) {
      EXPECT_NE(std::this_thread::get_id(), caller);
      returned.WaitForNotification();
      ++runs;
      done.Notify();
    });
    returned.Notify();
    done.WaitForNotification();
  }
  EXPECT_EQ(runs, 2);
}

TEST_F(ClientTest, AnExecutorThatRunsAtOnceStillRunsNothingInsideACall) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  ClientOptions options = OptionsFor(server);
  std::atomic<int> executed{0};
  options.executor = [&](absl::AnyInvocable<void() &&> task) {
    ++executed;
    std::move(task)();
  };
  GeminiImageClient client = NewClient(options);
  const std::thread::id caller = std::this_thread::get_id();
  absl::Notification done;
  client.GenerateAsync(ImageRequest(), {}, [&](const auto& outcome) {
    EXPECT_FALSE(outcome.ok());
    EXPECT_NE(std::this_thread::get_id(), caller);
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_EQ(executed, 1);
  // The blocking call does not need the executor: its thread may be the one
  // that waits.
  EXPECT_TRUE(client.Generate(Kite()).ok());
  EXPECT_EQ(executed, 1);
}

TEST_F(ClientTest, CancellingEndsACallWithCancelled) {
  SilentServer silent;
  GeminiImageClient client = NewClient(OptionsFor(silent.server()));
  absl::Notification done;
  absl::StatusOr<Outcome> outcome;
  CallHandle handle =
      client.GenerateAsync(Kite(3), {}, [&](absl::StatusOr<Outcome> result) {
        outcome = std::move(result);
        done.Notify();
      });
  handle.Cancel();
  done.WaitForNotification();
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kCancelled);
  handle.Cancel();  // Does nothing.
}

TEST_F(ClientTest, DroppingTheHandleLetsTheCallGoOn) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  absl::Notification done;
  {
    const CallHandle dropped =
        client.GenerateAsync(Kite(), {}, [&](const auto& outcome) {
          EXPECT_TRUE(outcome.ok());
          done.Notify();
        });
  }
  done.WaitForNotification();
}

TEST_F(ClientTest, DestroyingTheClientCancelsAndDeliversWhatIsPending) {
  SilentServer silent;
  std::atomic<int> cancelled{0};
  CallHandle handle;
  {
    GeminiImageClient client = NewClient(OptionsFor(silent.server()));
    for (int i = 0; i < 20; ++i) {
      handle = client.GenerateAsync(Kite(), {}, [&](const auto& outcome) {
        if (outcome.status().code() == absl::StatusCode::kCancelled) {
          ++cancelled;
        }
      });
    }
  }
  EXPECT_EQ(cancelled, 20);
  handle.Cancel();  // After the client: does nothing.
}

TEST_F(ClientTest, TheClientMayBeDestroyedInsideItsCallback) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  auto client =
      std::make_unique<GeminiImageClient>(NewClient(OptionsFor(server)));
  absl::Notification destroyed;
  client->GenerateAsync(Kite(), {}, [&](const auto&) {
    client.reset();
    destroyed.Notify();
  });
  destroyed.WaitForNotification();
}

TEST_F(ClientTest, WhatIsPendingIsDeliveredWhenACallbackDestroysTheClient) {
  SilentServer silent;
  auto client = std::make_unique<GeminiImageClient>(
      NewClient(OptionsFor(silent.server())));
  absl::Notification first;
  absl::Notification second;
  client->GenerateAsync(ImageRequest(), {}, [&](const auto&) {
    first.WaitForNotification();
    client.reset();
  });
  client->GenerateAsync(Kite(), {}, [&](const auto& outcome) {
    EXPECT_EQ(outcome.status().code(), absl::StatusCode::kCancelled);
    second.Notify();
  });
  first.Notify();
  second.WaitForNotification();
}

TEST_F(ClientTest, GenerateInsideACallbackFailsInsteadOfWaitingForEver) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  absl::Notification done;
  client.GenerateAsync(Kite(), {}, [&](const auto&) {
    EXPECT_EQ(client.Generate(Kite()).status().code(),
              absl::StatusCode::kFailedPrecondition);
    done.Notify();
  });
  done.WaitForNotification();
}

TEST_F(ClientTest, CallsBeyondTheBoundAreRefusedAtOnce) {
  SilentServer silent;
  ClientOptions options = OptionsFor(silent.server());
  options.max_calls = 2;
  GeminiImageClient client = NewClient(options);
  for (int i = 0; i < 2; ++i) client.GenerateAsync(Kite(), {}, [](auto) {});
  EXPECT_EQ(client.Generate(Kite()).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(ClientTest, InputBeyondTheBoundIsRefusedAndPlaceIsGivenBack) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  ClientOptions options = OptionsFor(server);
  options.max_input_bytes = 10;
  GeminiImageClient client = NewClient(options);
  ImageRequest large;
  large.prompt = "a prompt of more than ten bytes";
  EXPECT_EQ(client.Generate(large).status().code(),
            absl::StatusCode::kResourceExhausted);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.Generate(Kite()).ok());
}

TEST_F(ClientTest, ManyThreadsShareAClient) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  std::vector<std::thread> threads;
  std::atomic<int> drawn{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
        if (outcome.ok() && outcome->images() != nullptr) ++drawn;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(drawn, 40);
}

TEST_F(ClientTest, MovingAClientKeepsItsCalls) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  GeminiImageClient first = NewClient(OptionsFor(server));
  GeminiImageClient second = std::move(first);
  EXPECT_TRUE(second.Generate(Kite()).ok());
  first = NewClient(OptionsFor(server));
  first = std::move(second);
  EXPECT_TRUE(first.Generate(Kite()).ok());
}

TEST_F(ClientTest, EventsTellAttemptsWaitsAndTheEndInOrder) {
  ScriptedServer server(Answering(
      [](int n) {
        if (n == 1) {
          return Answer{"503 Service Unavailable",
                        ErrorBody(503, "UNAVAILABLE", "overloaded")};
        }
        return Answer{"200 OK", ImageBody()};
      },
      &requests_));
  ClientOptions options = OptionsFor(server);
  std::vector<size_t> kinds;
  std::string text;
  options.on_event = [&](const Event& event) {
    kinds.push_back(event.what.index());
    absl::StrAppend(&text, ToString(event), "\n");
  };
  {
    GeminiImageClient client = NewClient(options);
    ASSERT_TRUE(client.Generate(Kite()).ok());
  }
  EXPECT_THAT(kinds, ::testing::ElementsAre(0, 1, 2, 0, 1, 3));
  EXPECT_THAT(text, Not(HasSubstr(kKey)));
  EXPECT_THAT(text, Not(HasSubstr("a kite")));
}

#ifndef __SANITIZE_THREAD__  // It does not follow forks of threaded programs.
TEST_F(ClientTest, AnInheritedClientIsInertAfterFork) {
  ScriptedServer server(AnsweringOk(ImageBody(), &requests_));
  auto client =
      std::make_unique<GeminiImageClient>(NewClient(OptionsFor(server)));
  ASSERT_TRUE(client->Generate(Kite()).ok());
  const pid_t child = fork();
  if (child == 0) {
    const bool refused = client->Generate(Kite()).status().code() ==
                         absl::StatusCode::kFailedPrecondition;
    client.reset();
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(client->Generate(Kite()).ok());  // The parent's goes on.
}
#endif

TEST_F(ClientTest, NeitherStatusNorOutcomeShowsTheKey) {
  ScriptedServer server(Answering(
      [](int) {
        return Answer{"400 Bad Request",
                      ErrorBody(400, "INVALID_ARGUMENT",
                                absl::StrCat("API key not valid: ", kKey,
                                             " ?key=", kKey))};
      },
      &requests_));
  GeminiImageClient client = NewClient(OptionsFor(server));
  const absl::StatusOr<Outcome> outcome = client.Generate(Kite());
  std::string text = outcome.status().ToString();
  if (outcome.ok()) {
    text += outcome->diagnosis->message;
  }
  EXPECT_THAT(text, Not(HasSubstr(kKey)));
}

}  // namespace
}  // namespace gemini
