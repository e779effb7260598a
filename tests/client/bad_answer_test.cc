// Answers that break off, lie about their size or do not end, over real
// sockets: each call ends in a diagnosis or in whole pictures, and no file is
// left behind.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/client_core.h"
#include "gemini/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "testing/scripted_server.h"

namespace gemini {
namespace {

using ::gemini::testing::Connection;
using ::gemini::testing::ScriptedServer;
using ::gemini::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kOpening[] =
    R"({"candidates":[{"content":{"parts":[{"inlineData":{)"
    R"("mimeType":"image/png","data":"iVBORw0KGgoA)";

std::string Png(char fill, size_t size = 26) {
  return std::string("\x89PNG\r\n\x1a\n", 8) + std::string(size, fill);
}

// So large that its file is open while it arrives.
std::string LargePng(char fill) { return Png(fill, 200'000); }

std::string Part(absl::string_view base64) {
  return absl::StrCat(R"({"inlineData":{"mimeType":"image/png","data":")",
                      base64, R"("}})");
}

std::string Answer(absl::string_view parts) {
  return absl::StrCat(R"({"candidates":[{"content":{"parts":[)", parts,
                      R"(]},"finishReason":"STOP"}]})");
}

std::string Head(int64_t content_length) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", content_length,
                      "\r\n\r\n");
}

// Reads a request and sends a whole answer with `body`.
ScriptedServer::Script Sending(const std::string& body) {
  return [body](Connection* connection, int) {
    if (connection->ReadRequest().empty()) return;
    connection->SendResponse("200 OK", body);
    connection->WaitForClose();
  };
}

struct FileResult {
  absl::StatusOr<Outcome> outcome;
  std::vector<std::string> files;  // Their names,
  std::vector<std::string> bytes;  // and what is in them.
};

// One request, by a client of its own, into a directory of its own.
FileResult DrawIntoFile(const ScriptedServer& server,
                        int64_t max_response_bytes = 256 << 20) {
  ClientOptions options;
  options.api_key = "k";
  options.base_url = server.url();
  options.retry.max_retries = 0;
  options.max_response_bytes = max_response_bytes;
  internal::ClientParts parts;
  parts.environment = [](const std::string&) { return std::nullopt; };
  absl::StatusOr<GeminiImageClient> client =
      std::move(parts).Assemble(std::move(options));
  if (!client.ok()) return {client.status(), {}, {}};
  const TemporaryDirectory directory;
  FileSink file;
  file.path = directory.path() + "/a.png";
  CallOptions call;
  call.sink = file;
  ImageRequest request;
  request.prompt = "a kite";
  FileResult result = {client->Generate(request, call), directory.List(), {}};
  for (const std::string& name : result.files) {
    result.bytes.push_back(directory.Read(name));
  }
  return result;
}

void ExpectNoPicture(const FileResult& result, const std::string& code,
                     Cause cause) {
  EXPECT_THAT(result.files, IsEmpty());
  ASSERT_TRUE(result.outcome.ok()) << result.outcome.status();
  EXPECT_EQ(result.outcome->images(), nullptr);
  ASSERT_TRUE(result.outcome->diagnosis.has_value());
  EXPECT_EQ(result.outcome->diagnosis->code, code);
  EXPECT_EQ(result.outcome->diagnosis->cause, cause);
  ASSERT_THAT(result.outcome->attempts, SizeIs(1));
  EXPECT_TRUE(result.outcome->attempts[0].maybe_billed);
}

TEST(BadAnswerTest, ACutAtAnyByteLeavesWholePicturesOrNone) {
  const std::string body =
      Answer(absl::StrCat(Part(absl::Base64Escape(Png('a'))), ",",
                          Part(absl::Base64Escape(Png('b')))));
  for (size_t cut = 0; cut < body.size(); ++cut) {
    SCOPED_TRACE(absl::StrCat("cut at ", cut));
    {
      ScriptedServer server([&](Connection* connection, int) {
        connection->ReadRequest();
        connection->Send(absl::StrCat(Head(static_cast<int64_t>(body.size())),
                                      body.substr(0, cut)));
      });
      ExpectNoPicture(DrawIntoFile(server), "connection_lost",
                      Cause::kAmbiguous);
    }
    {
      // The same as an answer that claims to be whole.
      ScriptedServer server(Sending(body.substr(0, cut)));
      ExpectNoPicture(DrawIntoFile(server),
                      cut == 0 ? "empty_answer" : "cut_off",
                      Cause::kBadResponse);
    }
  }
  ScriptedServer server(Sending(body));
  const FileResult whole = DrawIntoFile(server);
  ASSERT_TRUE(whole.outcome.ok()) << whole.outcome.status();
  ASSERT_NE(whole.outcome->images(), nullptr);
  EXPECT_THAT(whole.bytes, ::testing::UnorderedElementsAre(Png('a'), Png('b')));
}

TEST(BadAnswerTest, WrongBase64AnywhereLeavesNoFile) {
  const std::string base64 = absl::Base64Escape(Png('a'));
  ASSERT_TRUE(absl::EndsWith(base64, "="));
  for (size_t at = 0; at < base64.size(); ++at) {
    SCOPED_TRACE(absl::StrCat("wrong at ", at));
    std::string bad = base64;
    bad[at] = '*';
    ScriptedServer server(Sending(Answer(Part(bad))));
    ExpectNoPicture(DrawIntoFile(server), "bad_base64", Cause::kBadResponse);
  }
}

TEST(BadAnswerTest, AFileThatIsBeingWrittenIsRemovedToo) {
  const std::string body =
      Answer(absl::StrCat(Part(absl::Base64Escape(LargePng('a'))), ",",
                          Part(absl::Base64Escape(LargePng('b')))));
  for (size_t at = 90'000; at < body.size(); at += 90'000) {
    SCOPED_TRACE(absl::StrCat("at ", at));
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      connection->Send(absl::StrCat(Head(static_cast<int64_t>(body.size())),
                                    body.substr(0, at)));
    });
    ExpectNoPicture(DrawIntoFile(server), "connection_lost", Cause::kAmbiguous);
  }
  const std::string base64 = absl::Base64Escape(LargePng('a'));
  for (size_t at = 0; at < base64.size(); at += 60'000) {
    SCOPED_TRACE(absl::StrCat("wrong at ", at));
    std::string bad = base64;
    bad[at] = '*';
    ScriptedServer server(Sending(Answer(Part(bad))));
    ExpectNoPicture(DrawIntoFile(server), "bad_base64", Cause::kBadResponse);
  }
}

TEST(BadAnswerTest, AGoodPictureIsKeptBesideABadOne) {
  std::string bad = absl::Base64Escape(Png('a'));
  bad[bad.size() / 2] = '*';
  ScriptedServer server(Sending(Answer(
      absl::StrCat(Part(bad), ",", Part(absl::Base64Escape(Png('b')))))));
  const FileResult result = DrawIntoFile(server);
  ASSERT_TRUE(result.outcome.ok()) << result.outcome.status();
  ASSERT_NE(result.outcome->images(), nullptr);
  EXPECT_THAT(result.outcome->images()->images, SizeIs(1));
  EXPECT_THAT(result.bytes, ElementsAre(Png('b')));
}

TEST(BadAnswerTest, APromiseOf10GBIsNotWaitedFor) {
  for (const bool closes : {false, true}) {
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      connection->Send(absl::StrCat(Head(10'000'000'000), kOpening));
      if (!closes) connection->WaitForClose();
    });
    ExpectNoPicture(DrawIntoFile(server), "response_too_large",
                    Cause::kBadResponse);
  }
}

TEST(BadAnswerTest, ABodyWithoutEndIsStoppedAtItsBound) {
  constexpr int64_t kBound = 4 << 20;
  struct Case {
    const char* name;
    std::string head;
    std::string piece;  // Again and again.
  };
  std::string chunks;
  for (int i = 0; i < 8192; ++i) chunks += "4\r\n    \r\n";
  const std::string open = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  const Case cases[] = {
      {"base64", open + kOpening, std::string(1 << 16, 'A')},
      {"white space", open, std::string(1 << 16, ' ')},
      {"a text", open + R"({"candidates":[{"content":{"parts":[{"text":")",
       std::string(1 << 16, 'x')},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       chunks},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      bool listens = connection->Send(c.head);
      while (listens) listens = connection->Send(c.piece);
    });
    const FileResult result = DrawIntoFile(server, kBound);
    ExpectNoPicture(result, "response_too_large", Cause::kBadResponse);
    EXPECT_LE(result.outcome->attempts[0].bytes_received, kBound);
    EXPECT_EQ(result.outcome->diagnosis->message,
              "the answer exceeds max_response_bytes");
    EXPECT_EQ(result.outcome->diagnosis->evidence,
              "transfer: answer too large after the request was sent");
  }
}

TEST(BadAnswerTest, JsonThatIsTooDeepOrTooMuchIsStoppedEarly) {
  const auto repeat = [](int times, absl::string_view text) {
    std::string result;
    for (int i = 0; i < times; ++i) result.append(text.data(), text.size());
    return result;
  };
  struct Case {
    const char* name;
    std::string body;
    const char* evidence;
    int64_t most_read;
  };
  const char* const deep = "the answer holds more than 64 levels of nesting";
  const Case cases[] = {
      {"arrays 10,000 deep", std::string(10000, '['), deep, 1 << 20},
      {"objects 10,000 deep", repeat(10000, R"({"a":)"), deep, 1 << 20},
      {"parts 10,000 deep", Answer(std::string(10000, '[')), deep, 1 << 20},
      {"a million empty parts", Answer(repeat(1'000'000, "{},") + "{}"),
       "the answer holds more than 1048576 bytes of JSON besides the pictures",
       2 << 20},
      {"a million pictures", Answer(repeat(1'000'000, Part("") + ",") + "{}"),
       "the answer holds more than 256 pictures", 1 << 20},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedServer server(Sending(c.body));
    const FileResult result = DrawIntoFile(server);
    ExpectNoPicture(result, "response_too_complex", Cause::kBadResponse);
    EXPECT_EQ(result.outcome->diagnosis->evidence, c.evidence);
    EXPECT_LT(result.outcome->attempts[0].bytes_received, c.most_read);
  }
}

TEST(BadAnswerTest, AHeadWithoutEndIsStopped) {
  constexpr int64_t kPatience = 64 << 20;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x-header: some value\r\n";
  const struct {
    const char* name;
    std::string begin;
    std::string piece;  // Again and again.
  } cases[] = {
      {"lines", "HTTP/1.1 200 OK\r\n", lines},
      {"one line", "HTTP/1.1 200 OK\r\nx-header: ", std::string(1 << 16, 'x')},
      {"heads", "", "HTTP/1.1 100 Continue\r\nx-header: some value\r\n\r\n"},
      {"a status line", "HTTP/1.1 200 ", std::string(1 << 16, 'x')},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::atomic<int64_t> sent{0};
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      bool listens = connection->Send(c.begin);
      while (listens && sent < kPatience) {
        listens = connection->Send(c.piece);
        sent += static_cast<int64_t>(c.piece.size());
      }
    });
    const FileResult result = DrawIntoFile(server);
    ExpectNoPicture(result, "response_too_complex", Cause::kBadResponse);
    EXPECT_EQ(result.outcome->diagnosis->message,
              "the head of the answer, or its trailers, are too large");
    EXPECT_LT(sent, kPatience);
  }
}

TEST(BadAnswerTest, TrailersWithoutEndAreCutOff) {
  constexpr int64_t kPatience = 64 << 20;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x-header: some value\r\n";
  const std::string in_one_line(5000, 'x');
  for (int i = 0; i < 4; ++i) {
    const bool whole = i % 2 == 0;
    const std::string& piece = i < 2 ? lines : in_one_line;
    SCOPED_TRACE(i);
    const std::string body = whole ? Answer(Part(absl::Base64Escape(Png('a'))))
                                   : std::string(kOpening);
    std::atomic<int64_t> sent{0};
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      bool listens = connection->Send(
          absl::StrCat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                       absl::Hex(body.size()), "\r\n", body, "\r\n0\r\n"));
      while (listens && sent < kPatience) {
        listens = connection->Send(piece);
        sent += static_cast<int64_t>(piece.size());
      }
    });
    const FileResult result = DrawIntoFile(server);
    if (whole) {
      EXPECT_THAT(result.bytes, ElementsAre(Png('a')));
    } else {
      ExpectNoPicture(result, "response_too_complex", Cause::kBadResponse);
    }
    EXPECT_LT(sent, kPatience);
  }
}

TEST(BadAnswerTest, WhatIsNoHttpIsToldSo) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->Send("SSH-2.0-OpenSSH_9.2\r\n");
  });
  const FileResult result = DrawIntoFile(server);
  ExpectNoPicture(result, "not_json", Cause::kBadResponse);
  EXPECT_THAT(result.outcome->diagnosis->message, ::testing::HasSubstr("HTTP"));
}

}  // namespace
}  // namespace gemini
