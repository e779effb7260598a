#include "engine/curl_transport.h"

#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/manual_clock.h"
#include "testing/scripted_server.h"

namespace gemini::internal {
namespace {

using ::gemini::testing::Connection;
using ::gemini::testing::ManualClock;
using ::gemini::testing::ScriptedServer;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr char kBody[] = R"({"contents":[]})";

class CollectingReader : public ResponseReader {
 public:
  void OnHead(int http_status, const HttpHeaders& all) override {
    ++heads;
    status = http_status;
    headers = all;
  }

  Flow OnData(absl::string_view data) override {
    body.append(data.data(), data.size());
    if (!began.HasBeenNotified()) began.Notify();
    return body.size() >= stop_at ? Flow::kStop : Flow::kContinue;
  }

  int heads = 0;
  int status = 0;
  HttpHeaders headers;
  std::string body;
  absl::Notification began;
  size_t stop_at = std::string::npos;
};

// One exchange.
struct Exchange {
  CollectingReader reader;
  TransferResult result;
  absl::Notification done;
};

class CurlTransportTest : public ::testing::Test {
 protected:
  CurlTransportTest() : loop_(*EventLoop::Create(&clock_)) {
    CurlOptions options;
    options.max_response_bytes = 1 << 20;
    transport_ = *CurlTransport::Create(loop_.get(), options);
  }

  ~CurlTransportTest() override {
    loop_->Stop();
    transport_.reset();
  }

  void Start(const std::string& url, Exchange* exchange,
             TransferLimits limits = {absl::Seconds(10), absl::Seconds(30),
                                      absl::InfiniteFuture()}) {
    absl::Notification started;
    loop_->Post([&] {
      HttpRequest request;
      request.url = url;
      request.headers = {{"Content-Type", "application/json"}};
      request.never_proxy = true;
      request.body = std::make_unique<StringBody>(kBody);
      id_ = transport_->Start(std::move(request), limits, &exchange->reader,
                              [exchange](const TransferResult& result) {
                                exchange->result = result;
                                exchange->done.Notify();
                              });
      started.Notify();
    });
    started.WaitForNotification();
  }

  void StartAndWait(const std::string& url, Exchange* exchange) {
    Start(url, exchange);
    exchange->done.WaitForNotification();
  }

  ManualClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CurlTransport> transport_;
  CurlTransport::TransferId id_ = 0;
};

TEST_F(CurlTransportTest, BringsStatusHeadersAndBody) {
  std::string request;
  ScriptedServer server([&](Connection* connection, int) {
    request = connection->ReadRequest();
    connection->SendResponse("200 OK", "hello", "X-One: 1\r\n");
    connection->WaitForClose();
  });
  Exchange exchange;
  StartAndWait(server.url() + "/v1beta/x", &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kComplete)
      << exchange.result.error;
  EXPECT_TRUE(exchange.result.request_sent);
  EXPECT_EQ(exchange.result.bytes_sent, sizeof(kBody) - 1);
  EXPECT_EQ(exchange.result.bytes_received, 5);
  EXPECT_TRUE(exchange.result.time_to_first_byte.has_value());
  EXPECT_EQ(exchange.reader.status, 200);
  EXPECT_EQ(exchange.reader.body, "hello");
  EXPECT_THAT(exchange.reader.headers, Contains(Pair("x-one", "1")));
  EXPECT_THAT(request, HasSubstr("POST /v1beta/x HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr(kBody));
}

TEST_F(CurlTransportTest, AsksForNoContinueAndNoCompression) {
  std::string request;
  ScriptedServer server([&](Connection* connection, int) {
    request = absl::AsciiStrToLower(connection->ReadRequest());
    connection->SendResponse("200 OK", "");
    connection->WaitForClose();
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_THAT(request, Not(HasSubstr("expect:")));
  EXPECT_THAT(request, Not(HasSubstr("accept-encoding:")));
}

TEST_F(CurlTransportTest, AnInterimAnswerIsNotTheHead) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->Send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    connection->SendResponse("204 No Content", "", "X-Final: yes\r\n");
    connection->WaitForClose();
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.reader.heads, 1);
  EXPECT_EQ(exchange.reader.status, 204);
  EXPECT_THAT(exchange.reader.headers, Not(Contains(Pair("link", "x"))));
}

TEST_F(CurlTransportTest, FollowsNoRedirect) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Connection* connection, int) {
    while (!connection->ReadRequest().empty()) {
      ++requests;
      connection->SendResponse("307 Temporary Redirect", "",
                               "Location: /elsewhere\r\n");
    }
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.reader.status, 307);
  EXPECT_EQ(requests, 1);
}

TEST_F(CurlTransportTest, ARefusedConnectionSentNothing) {
  int port = 0;
  {
    port = ScriptedServer([](Connection*, int) {}).port();
  }
  Exchange exchange;
  StartAndWait(absl::StrCat("http://127.0.0.1:", port), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kCannotConnect);
  EXPECT_FALSE(exchange.result.request_sent);
  EXPECT_FALSE(exchange.result.error.empty());
}

// libcurl repeats a POST by itself when a kept-alive connection dies before the
// first byte of the answer, unless its body cannot be rewound: a picture would
// be billed twice.
TEST_F(CurlTransportTest, AResetOfAKeptAliveConnectionIsNotRepeated) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Connection* connection, int number) {
    while (!connection->ReadRequest().empty()) {
      ++requests;
      if (number == 1 && requests == 2) {
        connection->Reset();
        return;
      }
      connection->SendResponse("200 OK", "ok");
    }
  });
  Exchange first;
  StartAndWait(server.url(), &first);
  ASSERT_EQ(first.result.end, TransferEnd::kComplete);
  Exchange second;
  StartAndWait(server.url(), &second);
  EXPECT_EQ(second.result.end, TransferEnd::kLost) << second.result.error;
  EXPECT_TRUE(second.result.request_sent);
  EXPECT_EQ(requests, 2);
}

TEST_F(CurlTransportTest, AnAnswerThatBreaksOffIsLost) {
  const std::vector<std::string> beginnings = {
      "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"};
  for (const std::string& beginning : beginnings) {
    SCOPED_TRACE(beginning);
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      connection->Send(beginning);
    });
    Exchange exchange;
    StartAndWait(server.url(), &exchange);
    EXPECT_EQ(exchange.result.end, TransferEnd::kLost) << exchange.result.error;
    EXPECT_TRUE(exchange.result.request_sent);
  }
}

TEST_F(CurlTransportTest, TheServerMayBeSilentBeforeTheFirstByte) {
  absl::Notification waited;
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    waited.WaitForNotification();
    connection->SendResponse("200 OK", "late");
    connection->WaitForClose();
  });
  Exchange exchange;
  Start(server.url(), &exchange,
        {absl::Hours(1), absl::Seconds(30), absl::InfiniteFuture()});
  clock_.Advance(absl::Minutes(2));
  waited.Notify();
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kComplete);
}

TEST_F(CurlTransportTest, ABodyThatStopsArrivingIsStalled) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    connection->WaitForClose();
  });
  Exchange exchange;
  Start(server.url(), &exchange);
  exchange.reader.began.WaitForNotification();
  clock_.Advance(absl::Seconds(30));
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kStalled);
}

TEST_F(CurlTransportTest, AnAttemptEndsWhenItsTimeIsUp) {
  absl::Notification asked;
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    asked.Notify();
    connection->WaitForClose();
  });
  Exchange exchange;
  Start(server.url(), &exchange,
        {absl::Hours(1), absl::Hours(1), clock_.Now() + absl::Minutes(3)});
  asked.WaitForNotification();
  clock_.Advance(absl::Minutes(3));
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kAttemptTimeout);
  EXPECT_TRUE(exchange.result.request_sent);
}

TEST_F(CurlTransportTest, AHandshakeThatHangsCountsAsConnecting) {
  absl::Notification accepted;
  ScriptedServer server([&](Connection* connection, int) {
    accepted.Notify();
    connection->WaitForClose();
  });
  Exchange exchange;
  Start(server.url("https"), &exchange);
  accepted.WaitForNotification();
  clock_.Advance(absl::Seconds(10));
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kConnectTimeout);
  EXPECT_FALSE(exchange.result.request_sent);
}

TEST_F(CurlTransportTest, CancellingEndsATransferAtOnce) {
  absl::Notification asked;
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    asked.Notify();
    connection->WaitForClose();
  });
  Exchange exchange;
  Start(server.url(), &exchange);
  asked.WaitForNotification();
  loop_->Post([this] { transport_->Cancel(id_); });
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kCancelled);
  loop_->Post([this] { transport_->Cancel(id_); });  // Does nothing.
}

TEST_F(CurlTransportTest, AReaderCanEndATransfer) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("200 OK", std::string(100000, 'x'));
    connection->WaitForClose();
  });
  Exchange exchange;
  exchange.reader.stop_at = 1;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kStoppedByReader);
}

TEST_F(CurlTransportTest, AnAnswerAboveTheBoundIsCutOff) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->Send("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n");
    const std::string piece(1 << 16, 'x');
    for (int i = 0; i < 100; ++i) connection->Send(piece);
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kTooLarge);
  EXPECT_LE(exchange.reader.body.size(), 1U << 20);
}

TEST_F(CurlTransportTest, LoopbackNeverGoesThroughAProxy) {
  setenv("http_proxy", "http://127.0.0.1:9", 1);
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("200 OK", "direct");
    connection->WaitForClose();
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  unsetenv("http_proxy");
  EXPECT_EQ(exchange.reader.body, "direct") << exchange.result.error;
}

TEST_F(CurlTransportTest, RunningOutOfDescriptorsIsALocalCause) {
  ScriptedServer server(
      [](Connection* connection, int) { connection->WaitForClose(); });
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(exchange.result.end, TransferEnd::kLocalResource)
      << exchange.result.error;
  EXPECT_FALSE(exchange.result.request_sent);
}

TEST_F(CurlTransportTest, AnUntrustedCertificateIsToldApart) {
  CurlOptions options;
  options.ca_file = "/no/such/file.pem";
  ScriptedServer server(
      [](Connection* connection, int) { connection->WaitForClose(); });
  auto transport = *CurlTransport::Create(loop_.get(), options);
  Exchange exchange;
  loop_->Post([&] {
    HttpRequest request;
    request.url = server.url("https");
    request.never_proxy = true;
    transport->Start(
        std::move(request),
        {absl::Seconds(10), absl::Seconds(30), absl::InfiniteFuture()},
        &exchange.reader, [&](const TransferResult& result) {
          exchange.result = result;
          exchange.done.Notify();
        });
  });
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kTlsUntrusted)
      << exchange.result.error;
  loop_->Stop();
}

TEST_F(CurlTransportTest, ManyTransfersShareOneThread) {
  ScriptedServer server([](Connection* connection, int) {
    while (!connection->ReadRequest().empty()) {
      connection->SendResponse("200 OK", "x");
    }
  });
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (int i = 0; i < 50; ++i) {
    exchanges.push_back(std::make_unique<Exchange>());
    Start(server.url(), exchanges.back().get());
  }
  for (const auto& exchange : exchanges) {
    exchange->done.WaitForNotification();
    EXPECT_EQ(exchange->result.end, TransferEnd::kComplete)
        << exchange->result.error;
  }
}

}  // namespace
}  // namespace gemini::internal
