#include "engine/curl_transport.h"

#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kBody[] = R"({"contents":[]})";

class CollectingReader : public ResponseReader {
 public:
  void OnHead(ResponseHead response) override {
    ++heads;
    status = response.http_status;
    body_size = response.body_size;
    headers = std::move(response.headers);
  }

  Flow OnData(absl::string_view data) override {
    body.append(data.data(), data.size());
    if (!began.HasBeenNotified()) began.Notify();
    return body.size() >= stop_at ? Flow::kStop : Flow::kContinue;
  }

  int heads = 0;
  int status = 0;
  std::optional<int64_t> body_size;
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

// Takes a request, says so, and is silent.
ScriptedServer::Script SilentOnce(absl::Notification* asked) {
  return [asked](Connection* connection, int) {
    connection->ReadRequest();
    asked->Notify();
    connection->WaitForClose();
  };
}

// Answers all that is asked on a connection.
ScriptedServer::Script AnswersAll(std::vector<std::string>* requests) {
  return [requests](Connection* connection, int) {
    while (true) {
      std::string request = connection->ReadRequest();
      if (request.empty()) return;
      requests->push_back(std::move(request));
      connection->SendResponse("200 OK", "ok");
    }
  };
}

class CurlTransportTest : public ::testing::Test {
 protected:
  CurlTransportTest() { Use(Options()); }

  ~CurlTransportTest() override { Close(); }

  static CurlOptions Options() {
    CurlOptions options;
    options.max_response_bytes = 1 << 20;
    return options;
  }

  // A transport with other options.
  void Use(const CurlOptions& options) {
    Close();
    loop_ = *EventLoop::Create(&clock_);
    transport_ = *CurlTransport::Create(loop_.get(), options);
  }

  void Close() {
    if (loop_ != nullptr) loop_->Stop();
    transport_.reset();
    loop_.reset();
  }

  void Start(const std::string& url, Exchange* exchange,
             TransferLimits limits = {absl::Seconds(10), absl::Seconds(30),
                                      absl::InfiniteFuture()}) {
    absl::Notification started;
    loop_->Post([&] {
      HttpRequest request;
      if (!same_head_ || head_ == nullptr) {
        head_ = std::make_shared<HttpHead>(HttpHead{url, headers_});
      }
      request.head = head_;
      request.never_proxy = never_proxy_;
      request.may_pause = may_pause_;
      if (!body_.empty()) request.body = std::make_unique<StringBody>(body_);
      id_ = transport_->Start(std::move(request), limits, &exchange->reader,
                              [exchange](const TransferResult& result) {
                                exchange->result = result;
                                exchange->done.Notify();
                              });
      started.Notify();
    });
    started.WaitForNotification();
  }

  // Returns after the loop has run the timers that are due now.
  void PassRounds() {
    for (int i = 0; i < 2; ++i) {
      absl::Notification passed;
      loop_->Post([&] { passed.Notify(); });
      passed.WaitForNotification();
    }
  }

  void StartAndWait(const std::string& url, Exchange* exchange) {
    Start(url, exchange);
    exchange->done.WaitForNotification();
  }

  // Returns what a proxy is asked that answers with `status`.
  std::string AskThroughProxy(absl::string_view status, const std::string& url,
                              Exchange* exchange) {
    std::string asked;
    ScriptedServer proxy([&](Connection* connection, int) {
      asked = connection->ReadRequest();
      connection->SendResponse(status, "");
    });
    CurlOptions options = Options();
    options.proxy = proxy.url();
    Use(options);
    never_proxy_ = false;
    StartAndWait(url, exchange);
    return asked;
  }

  // Of the requests; without a body they are GETs.
  HttpHeaders headers_ = {{"Content-Type", "application/json"}};
  std::shared_ptr<const HttpHead> head_;  // Of the last request.
  bool same_head_ = false;                // All requests have the first one's.
  bool never_proxy_ = true;
  bool may_pause_ = false;
  std::string body_ = kBody;

  ManualClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CurlTransport> transport_;
  CurlTransport::TransferId id_ = 0;
};

TEST_F(CurlTransportTest, BringsStatusSizeAndBody) {
  std::string request;
  ScriptedServer server([&](Connection* connection, int) {
    request = connection->ReadRequest();
    connection->SendResponse("200 OK", "hello");
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
  EXPECT_EQ(exchange.reader.body_size, 5);
  EXPECT_THAT(exchange.reader.headers, IsEmpty());
  EXPECT_EQ(exchange.reader.body, "hello");
  EXPECT_THAT(request, HasSubstr("POST /v1beta/x HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr(kBody));
}

TEST_F(CurlTransportTest, AsksForNoContinueAndNoCompression) {
  std::string request;
  ScriptedServer server([&](Connection* connection, int) {
    request = absl::AsciiStrToLower(connection->ReadRequest());
    connection->SendResponse("200 OK", "", "Connection: close\r\n");
  });
  for (const size_t size : {size_t{100}, size_t{3} << 20}) {
    body_ = std::string(size, 'b');
    Exchange exchange;
    StartAndWait(server.url(), &exchange);
    const size_t body = request.find(body_);
    ASSERT_NE(body, std::string::npos);
    const std::string head = request.substr(0, body);
    EXPECT_THAT(head, Not(HasSubstr("expect:")));
    EXPECT_THAT(head, Not(HasSubstr("accept-encoding:")));
  }
}

// RFC 1952: blocks that are stored, which deflate knows beside packed ones.
std::string Gzip(absl::string_view text) {
  const auto number = [](uint32_t value, int bytes) {
    std::string result;
    for (int i = 0; i < bytes; ++i) {
      result += static_cast<char>(value >> (8 * i) & 0xff);
    }
    return result;
  };
  uint32_t crc = 0xffffffff;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
  }
  const std::string size = number(static_cast<uint32_t>(text.size()), 4);
  std::string result("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  do {
    const absl::string_view block = text.substr(0, 0xffff);
    text.remove_prefix(block.size());
    const auto length = static_cast<uint32_t>(block.size());
    absl::StrAppend(&result, number(text.empty() ? 1 : 0, 1), number(length, 2),
                    number(~length, 2), block);
  } while (!text.empty());
  return absl::StrCat(result, number(~crc, 4), size);
}

TEST_F(CurlTransportTest, UnpacksWhatItAskedFor) {
  std::string request;
  const std::string body(100000, 'x');
  ScriptedServer server([&](Connection* connection, int) {
    request = connection->ReadRequest();
    connection->SendResponse("200 OK", Gzip(body),
                             "Content-Encoding: gzip\r\n");
    connection->WaitForClose();
  });
  CurlOptions options = Options();
  options.accept_compression = true;
  Use(options);
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kComplete)
      << exchange.result.error;
  EXPECT_THAT(exchange.reader.headers, IsEmpty());
  EXPECT_THAT(request, HasSubstr("Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(exchange.reader.body, body);
  EXPECT_EQ(exchange.result.bytes_received, 100000);
  // It is known of what arrives, not of what the reader gets.
  EXPECT_EQ(exchange.reader.body_size, std::nullopt);
}

TEST_F(CurlTransportTest, WhatMayPauseIsNotAskedForPacked) {
  ScriptedServer server([&](Connection* connection, int) {
    std::string request;
    while (!(request = connection->ReadRequest()).empty()) {
      connection->SendResponse("200 OK", request);
    }
  });
  CurlOptions options = Options();
  options.accept_compression = true;
  Use(options);
  for (const bool may_pause : {false, true, false}) {
    may_pause_ = may_pause;
    Exchange exchange;
    StartAndWait(server.url(), &exchange);
    EXPECT_EQ(absl::StrContains(exchange.reader.body, "Accept-Encoding"),
              !may_pause);
  }
}

TEST_F(CurlTransportTest, TheBoundHoldsForWhatIsUnpacked) {
  // 2 MiB of 'A', in fixed codes: the literal, then matches of 258 bytes.
  std::string packed("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  uint32_t bits = 0;
  int count = 0;
  const auto put = [&](uint32_t value, int width) {  // The first bit lowest.
    bits |= value << count;
    for (count += width; count >= 8; count -= 8, bits >>= 8) {
      packed += static_cast<char>(bits & 0xff);
    }
  };
  put(0b011, 3);       // The last block, fixed codes (RFC 1951, 3.2.6).
  put(0b10001110, 8);  // 'A' is 0x71 there, the highest bit first.
  for (int i = 0; i < (2 << 20) / 258; ++i) {
    put(0b10100011, 8);  // 285: 258 bytes,
    put(0, 5);           // from one byte ago.
  }
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("200 OK", packed, "Content-Encoding: gzip\r\n");
    connection->WaitForClose();
  });
  ASSERT_LT(packed.size(), 20000U);
  CurlOptions options = Options();
  options.accept_compression = true;
  Use(options);
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kTooLarge)
      << exchange.result.error;
  EXPECT_THAT(exchange.reader.body,
              ::testing::SizeIs(::testing::AllOf(::testing::Gt(900000U),
                                                 ::testing::Le(1U << 20))));
}

TEST_F(CurlTransportTest, WhatCannotBeUnpackedIsNoLostConnection) {
  std::string packed = Gzip("{}");
  packed[11] ^= 1;  // The length of the stored block.
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("200 OK", packed, "Content-Encoding: gzip\r\n");
    connection->WaitForClose();
  });
  CurlOptions options = Options();
  options.accept_compression = true;
  Use(options);
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kStoppedByReader)
      << exchange.result.error;
}

// Holds the first answer back until `gate`, and counts connections.
ScriptedServer::Script Holding(absl::Notification* asked,
                               absl::Notification* gate,
                               std::atomic<int>* connections) {
  return [=](Connection* connection, int number) {
    *connections = number;
    for (int n = 1; !connection->ReadRequest().empty(); ++n) {
      if (number == 1 && n == 1) {
        asked->Notify();
        gate->WaitForNotification();
      }
      connection->SendResponse("200 OK", "hello");
    }
  };
}

TEST_F(CurlTransportTest, ACapOfOneConnectionMakesRequestsTakeTurns) {
  absl::Notification asked, gate;
  std::atomic<int> connections{0};
  ScriptedServer server(Holding(&asked, &gate, &connections));
  CurlOptions options = Options();
  options.max_connections_per_host = 1;
  Use(options);
  Exchange first, second, third;
  Start(server.url(), &first);
  asked.WaitForNotification();
  Start(server.url(), &second);
  Start(server.url(), &third);
  // Standing in line is not connecting.
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(absl::Seconds(9));
    absl::Notification turned;
    loop_->Post([&] { turned.Notify(); });
    turned.WaitForNotification();
  }
  EXPECT_FALSE(second.done.HasBeenNotified());
  EXPECT_FALSE(third.done.HasBeenNotified());
  gate.Notify();
  for (Exchange* exchange : {&first, &second, &third}) {
    exchange->done.WaitForNotification();
    EXPECT_EQ(exchange->result.end, TransferEnd::kComplete)
        << exchange->result.error;
  }
  EXPECT_EQ(connections, 1);
}

TEST_F(CurlTransportTest, WhoStoodInLineGoesWhenTheFirstIsCancelled) {
  absl::Notification asked, gate;
  std::atomic<int> connections{0};
  ScriptedServer server(Holding(&asked, &gate, &connections));
  CurlOptions options = Options();
  options.max_connections_per_host = 1;
  Use(options);
  Exchange first, second;
  Start(server.url(), &first);
  const CurlTransport::TransferId id = id_;
  asked.WaitForNotification();
  Start(server.url(), &second);
  loop_->Post([&] { transport_->Cancel(id); });
  second.done.WaitForNotification();
  EXPECT_EQ(first.result.end, TransferEnd::kCancelled);
  EXPECT_EQ(second.result.end, TransferEnd::kComplete) << second.result.error;
  EXPECT_EQ(connections, 2);
  gate.Notify();
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
}

TEST_F(CurlTransportTest, AHeadIsReadAsLibcurlReadsIt) {
  for (const char* head :
       {"HTTP/1.1 503\r\n", "HTTP/1.1  503 Busy\r\n", "HTTP/1.0 503 Busy\n",
        "HTTP/1.1 503 Busy: x\r\n", "HTTP/1.1 503 Busy\r\nHTTP/9 1: x\r\n",
        "HTTP/1.1 103 -\r\nX-One: 0\r\n\r\nHTTP/1.1 503 Busy\r\n",
        "HTTP/1.1  100 Go on\r\n\r\nHTTP/1.1 503 Busy\r\n"}) {
    for (const std::string& body : {std::string(), std::string("busy")}) {
      SCOPED_TRACE(absl::StrCat(head, body));
      ScriptedServer server([&](Connection* connection, int) {
        connection->ReadRequest();
        connection->Send(absl::StrCat(head, "X-One: 1\r\nContent-Length: ",
                                      body.size(), "\r\n\r\n", body));
        connection->WaitForClose();
      });
      Exchange exchange;
      StartAndWait(server.url(), &exchange);
      EXPECT_EQ(exchange.result.end, TransferEnd::kComplete)
          << exchange.result.error;
      EXPECT_EQ(exchange.reader.heads, 1);
      EXPECT_EQ(exchange.reader.status, 503);
      EXPECT_EQ(exchange.reader.body_size, body.size());
      EXPECT_THAT(exchange.reader.headers, SizeIs(2));
      EXPECT_EQ(FindHeader(exchange.reader.headers, "x-one"), "1");
      EXPECT_EQ(exchange.reader.body, body);
    }
  }
}

TEST_F(CurlTransportTest, WhatHasABodyHasAHead) {
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    connection->Send("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nodd");
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kComplete)
      << exchange.result.error;
  EXPECT_EQ(exchange.reader.heads, 1);
  EXPECT_EQ(exchange.reader.status, 101);
}

TEST_F(CurlTransportTest, ARefusalComesWithItsHeaders) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("429 Too Many Requests", "no",
                             "Retry-After:  7 \r\nX-Twice: 1\r\nx-twice:2\r\n");
    connection->WaitForClose();
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kComplete)
      << exchange.result.error;
  EXPECT_EQ(exchange.reader.status, 429);
  EXPECT_EQ(exchange.reader.body_size, 2);
  EXPECT_THAT(exchange.reader.headers,
              IsSupersetOf({Pair("retry-after", "7"), Pair("x-twice", "1"),
                            Pair("x-twice", "2")}));
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
// first byte of the answer: a picture would be billed twice.
TEST_F(CurlTransportTest, AResetOfAKeptAliveConnectionIsNotRepeated) {
  for (const size_t size : {100U, 16U << 10, (16U << 10) + 1, 300000U}) {
    SCOPED_TRACE(size);
    Use(Options());
    body_ = std::string(size, 'b');
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
    EXPECT_EQ(first.result.bytes_sent, body_.size());
    Exchange second;
    StartAndWait(server.url(), &second);
    EXPECT_EQ(second.result.end, TransferEnd::kLost) << second.result.error;
    EXPECT_EQ(second.result.error, "the connection broke before the answer");
    EXPECT_TRUE(second.result.request_sent);
    EXPECT_EQ(second.result.bytes_sent, body_.size());
    EXPECT_EQ(requests, 2);
  }
}

// For a body that cannot be read again libcurl notes in its handle that it must
// be, and would begin the next transfer with that.
TEST_F(CurlTransportTest, WhatFollowsALostLargeBodyIsSent) {
  body_ = std::string(200000, 'b');
  ScriptedServer server([&](Connection* connection, int number) {
    while (!connection->ReadRequest().empty()) {
      connection->SendResponse("200 OK", "ok");
      if (number > 1) continue;
      connection->ReadRequest();
      connection->Reset();
      return;
    }
  });
  for (const TransferEnd end :
       {TransferEnd::kComplete, TransferEnd::kLost, TransferEnd::kComplete,
        TransferEnd::kComplete}) {
    Exchange exchange;
    StartAndWait(server.url(), &exchange);
    EXPECT_EQ(exchange.result.end, end) << exchange.result.error;
    EXPECT_TRUE(exchange.result.request_sent);
  }
}

TEST_F(CurlTransportTest, WhatNeverBeganWasNotSent) {
  for (const char* body : {kBody, ""}) {
    SCOPED_TRACE(body);
    body_ = body;
    std::atomic<int> requests{0};
    ScriptedServer server([&](Connection* connection, int) {
      while (!connection->ReadRequest().empty()) {
        ++requests;
        connection->SendResponse("200 OK", "ok");
      }
    });
    Exchange first;  // Of whose numbers nothing is to be left.
    StartAndWait(server.url(), &first);
    ASSERT_TRUE(first.result.request_sent);
    Exchange second;
    loop_->Post([&] {
      HttpRequest request;
      request.head = head_;
      request.never_proxy = true;
      if (!body_.empty()) request.body = std::make_unique<StringBody>(body_);
      transport_->Cancel(transport_->Start(
          std::move(request),
          {absl::Seconds(10), absl::Seconds(30), absl::InfiniteFuture()},
          &second.reader, [&](const TransferResult& result) {
            second.result = result;
            second.done.Notify();
          }));
    });
    second.done.WaitForNotification();
    EXPECT_EQ(second.result.end, TransferEnd::kCancelled);
    EXPECT_FALSE(second.result.request_sent);
    EXPECT_EQ(second.result.bytes_sent, 0);
    EXPECT_EQ(requests, 1);
  }
}

// libcurl looks for another connection before it asks whether it may.
TEST_F(CurlTransportTest, WhatArrivedWasSentAlsoIfTheServerIsGoneThen) {
  ScriptedServer* gone = nullptr;
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("200 OK", "ok");
    connection->ReadRequest();
    gone->StopAccepting();
    connection->Reset();
  });
  gone = &server;
  Exchange first;
  StartAndWait(server.url(), &first);
  ASSERT_EQ(first.result.end, TransferEnd::kComplete);
  Exchange second;
  StartAndWait(server.url(), &second);
  EXPECT_EQ(second.result.end, TransferEnd::kLost) << second.result.error;
  EXPECT_TRUE(second.result.request_sent);
  EXPECT_EQ(second.result.bytes_sent, body_.size());
}

TEST_F(CurlTransportTest, WhatAServerClosesAlthoughKeptIsNotUsedForAWhile) {
  for (const int most : {0, 1}) {
    SCOPED_TRACE(most);
    CurlOptions options = Options();
    options.max_connections_per_host = most;
    Use(options);
    std::atomic<int> connection_of_last{0};
    absl::Notification closed[6];  // By the client.
    ScriptedServer server([&](Connection* connection, int number) {
      for (int i = 0; i < 2; ++i) {
        if (connection->ReadRequest().empty()) {
          closed[number].Notify();
          return;
        }
        connection_of_last = number;
        if (i == 0) connection->SendResponse("200 OK", "ok");
      }
      connection->Reset();
    });
    const auto expect = [&](int connection, TransferEnd end) {
      Exchange exchange;
      StartAndWait(server.url(), &exchange);
      EXPECT_EQ(exchange.result.end, end) << exchange.result.error;
      EXPECT_EQ(connection_of_last, connection);
    };
    expect(1, TransferEnd::kComplete);
    expect(1, TransferEnd::kLost);
    expect(2, TransferEnd::kComplete);
    clock_.Advance(ConnectionTrust::kShortest - absl::Seconds(1));
    expect(3, TransferEnd::kComplete);
    for (const int own : {2, 3}) {
      EXPECT_TRUE(closed[own].WaitForNotificationWithTimeout(absl::Seconds(10)))
          << own;
    }
    clock_.Advance(absl::Seconds(1));
    expect(4, TransferEnd::kComplete);
    expect(4, TransferEnd::kLost);
    expect(5, TransferEnd::kComplete);
    Close();
  }
}

TEST_F(CurlTransportTest, WhatStandsInLineTakesNoneEither) {
  CurlOptions options = Options();
  options.max_connections_per_host = 2;
  Use(options);
  absl::Notification both_stand;
  absl::Notification both_are_kept;
  std::atomic<int> asked_again{0};
  ScriptedServer server([&](Connection* connection, int number) {
    if (connection->ReadRequest().empty()) return;
    if (number == 2) both_stand.Notify();
    both_stand.WaitForNotification();
    connection->SendResponse("200 OK", "ok");
    if (connection->ReadRequest().empty()) return;
    if (++asked_again == 2) both_are_kept.Notify();
    both_are_kept.WaitForNotification();
    connection->Reset();
  });
  std::vector<std::unique_ptr<Exchange>> exchanges;
  const auto start = [&](int count) {
    for (int i = 0; i < count; ++i) {
      exchanges.push_back(std::make_unique<Exchange>());
      Start(server.url(), exchanges.back().get());
    }
  };
  const auto wait = [&] {
    for (const auto& exchange : exchanges) {
      exchange->done.WaitForNotification();
    }
  };
  start(2);
  wait();
  start(6);  // Two are lost, four stand in line.
  wait();
  int lost = 0;
  for (const auto& exchange : exchanges) {
    if (exchange->result.end == TransferEnd::kLost) ++lost;
  }
  EXPECT_EQ(lost, 2);
}

TEST_F(CurlTransportTest, WhatIsAskedForIsTheSameEachTime) {
  ScriptedServer server([](Connection* connection, int) {
    std::string request;
    while (!(request = connection->ReadRequest()).empty()) {
      connection->SendResponse("200 OK", request);
    }
  });
  same_head_ = true;
  const std::pair<const char*, const char*> expected[] = {
      {"", "/"},
      {"/", "/"},
      {"/v1/models/m:generateContent", "/v1/models/m:generateContent"},
      {"/a%20b/%c3%bc?x=%2F&y=1", "/a%20b/%c3%bc?x=%2F&y=1"},
      {"/\xc3\xbc?x=\xc3\xbc", "/%c3%bc?x=\xc3\xbc"},
      {"/a/../b?", "/b?"},
      {"?x=1", "/?x=1"},
      {"/x#part", "/x"},
  };
  for (const auto& [path, target] : expected) {
    head_ = nullptr;
    for (int i = 0; i < 2; ++i) {  // Again by the same handle.
      Exchange exchange;
      StartAndWait(server.url() + path, &exchange);
      ASSERT_EQ(exchange.result.end, TransferEnd::kComplete)
          << exchange.result.error;
      EXPECT_THAT(exchange.reader.body,
                  StartsWith(absl::StrCat("POST ", target, " HTTP/1.1")))
          << path;
    }
  }
}

TEST_F(CurlTransportTest, AnAddressThatCannotBeReadSpoilsNothingForTheNext) {
  ScriptedServer server([&](Connection* connection, int) {
    while (!connection->ReadRequest().empty()) {
      connection->SendResponse("200 OK", "ok");
    }
  });
  for (const char* wrong : {"", "http://", "no address"}) {
    Exchange good;
    StartAndWait(server.url(), &good);
    EXPECT_EQ(good.result.end, TransferEnd::kComplete);
    Exchange bad;
    StartAndWait(wrong, &bad);
    EXPECT_EQ(bad.result.end, TransferEnd::kCannotConnect) << wrong;
    EXPECT_EQ(bad.reader.heads, 0) << wrong;
  }
}

TEST_F(CurlTransportTest, EachTunnelIsAskedForInTheNameOfItsRequest) {
  std::vector<std::string> asked;
  ScriptedServer proxy([&](Connection* connection, int) {
    asked.push_back(connection->ReadRequest());
    connection->SendResponse("407 Proxy Authentication Required", "");
  });
  CurlOptions options = Options();
  options.proxy = proxy.url();
  Use(options);
  never_proxy_ = false;
  for (const char* name : {"", "fox/1", "fox/2"}) {
    headers_.clear();
    if (*name != '\0') headers_ = {{"User-Agent", name}};
    Exchange exchange;
    StartAndWait("https://nowhere.invalid/", &exchange);
  }
  ASSERT_THAT(asked, SizeIs(3));
  EXPECT_THAT(asked[0], Not(HasSubstr("fox")));
  EXPECT_THAT(asked[1], HasSubstr("User-Agent: fox/1\r\n"));
  EXPECT_THAT(asked[2], HasSubstr("User-Agent: fox/2\r\n"));
}

TEST_F(CurlTransportTest, ABodyThatBeganLateMayStallNoLongerThanOthers) {
  absl::Notification asked;
  absl::Notification late;
  ScriptedServer server([&](Connection* connection, int) {
    connection->ReadRequest();
    asked.Notify();
    late.WaitForNotification();
    connection->Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    connection->WaitForClose();
  });
  Exchange exchange;
  Start(
      server.url(), &exchange,
      {absl::Seconds(10), absl::Seconds(30), clock_.Now() + absl::Minutes(10)});
  asked.WaitForNotification();
  clock_.Advance(absl::Seconds(60));
  PassRounds();  // The timer of the limit for connecting comes for nothing.
  late.Notify();
  exchange.reader.began.WaitForNotification();
  PassRounds();
  clock_.Advance(absl::Seconds(30));
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kStalled);
}

TEST_F(CurlTransportTest, AnAttemptThatOutlivesOtherLimitsStillEnds) {
  absl::Notification asked;
  ScriptedServer server(SilentOnce(&asked));
  Exchange exchange;
  Start(
      server.url(), &exchange,
      {absl::Seconds(10), absl::Seconds(30), clock_.Now() + absl::Minutes(10)});
  asked.WaitForNotification();
  for (int i = 0; i < 59; ++i) {
    clock_.Advance(absl::Seconds(10));
    PassRounds();
    ASSERT_FALSE(exchange.done.HasBeenNotified());
  }
  clock_.Advance(absl::Seconds(10));
  exchange.done.WaitForNotification();
  EXPECT_EQ(exchange.result.end, TransferEnd::kAttemptTimeout);
}

TEST_F(CurlTransportTest, RequestsWithTheSameHeadFollowEachOther) {
  std::vector<std::string> requests;
  ScriptedServer server(AnswersAll(&requests));
  headers_ = {{"x-goog-api-key", "a-key"}};
  same_head_ = true;
  const std::string large(2 << 20, 'b');
  const std::string bodies[] = {"a", "b", large, large, "c", "", "", large};
  for (const std::string& body : bodies) {
    body_ = body;
    Exchange exchange;
    StartAndWait(server.url() + "/path", &exchange);
    ASSERT_EQ(exchange.result.end, TransferEnd::kComplete);
    EXPECT_EQ(exchange.result.bytes_sent, body.size());
    ASSERT_FALSE(requests.empty());
    const std::string& request = requests.back();
    EXPECT_THAT(request,
                StartsWith(body.empty() ? "GET /path " : "POST /path "));
    EXPECT_THAT(request, HasSubstr("x-goog-api-key: a-key\r\n"));
    EXPECT_THAT(request, Not(HasSubstr("Expect:")));
    EXPECT_EQ(request.substr(request.find("\r\n\r\n") + 4), body);
  }
  EXPECT_THAT(requests, SizeIs(8));
}

// They use the same handle of libcurl.
TEST_F(CurlTransportTest, ATransferAfterAnotherKeepsNothingOfIt) {
  std::vector<std::string> requests;
  ScriptedServer server(AnswersAll(&requests));
  headers_ = {{"x-goog-api-key", "first"}};
  const std::string bodies[] = {"small", std::string(50000, 'b'), "", "other"};
  for (const std::string& body : bodies) {
    body_ = body;
    Exchange exchange;
    StartAndWait(server.url() + "/" + std::to_string(body.size()), &exchange);
    ASSERT_EQ(exchange.result.end, TransferEnd::kComplete);
    EXPECT_EQ(exchange.result.bytes_sent, body.size());
    EXPECT_EQ(exchange.reader.body, "ok");
    headers_ = {{"x-other", "second"}};
  }
  ASSERT_THAT(requests, SizeIs(4));
  EXPECT_THAT(requests[0], HasSubstr("POST /5 HTTP"));
  EXPECT_THAT(requests[0], HasSubstr("x-goog-api-key: first\r\n"));
  EXPECT_THAT(requests[1], HasSubstr("POST /50000 HTTP"));
  EXPECT_THAT(requests[1], HasSubstr("x-other: second\r\n"));
  EXPECT_THAT(requests[1], HasSubstr(bodies[1]));
  EXPECT_THAT(requests[2], HasSubstr("GET /0 HTTP"));
  EXPECT_THAT(requests[3], HasSubstr("POST /5 HTTP"));
  for (size_t i = 1; i < requests.size(); ++i) {
    EXPECT_THAT(requests[i], Not(HasSubstr("first")));
    EXPECT_THAT(requests[i], Not(HasSubstr("small")));
  }
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
    const bool has_head = beginning.find("\r\n\r\n") != std::string::npos;
    EXPECT_EQ(exchange.reader.heads, has_head ? 1 : 0);
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
  ScriptedServer server(SilentOnce(&asked));
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
  ScriptedServer server(SilentOnce(&asked));
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
    connection->Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    const std::string piece(1 << 16, 'x');
    while (connection->Send(piece)) {
    }
  });
  Exchange exchange;
  StartAndWait(server.url(), &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kTooLarge);
  EXPECT_LE(exchange.reader.body.size(), 1U << 20);
}

TEST_F(CurlTransportTest, AnAnswerAnnouncedAboveTheBoundEndsWithItsHead) {
  for (const int status : {200, 503}) {
    SCOPED_TRACE(status);
    ScriptedServer server([&](Connection* connection, int) {
      connection->ReadRequest();
      connection->Send(absl::StrCat(
          "HTTP/1.1 ", status, " -\r\nContent-Length: 9999999999\r\n\r\n"));
      connection->WaitForClose();
    });
    Exchange exchange;
    StartAndWait(server.url(), &exchange);
    EXPECT_EQ(exchange.result.end, TransferEnd::kTooLarge);
    EXPECT_EQ(exchange.reader.status, status);
  }
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

TEST_F(CurlTransportTest, EachRequestGoesThroughTheProxyOrNotAsItAsksFor) {
  std::string asked;
  const ScriptedServer::Script answer = [&](Connection* connection, int) {
    asked = connection->ReadRequest();
    connection->SendResponse("200 OK", "", "Connection: close\r\n");
  };
  ScriptedServer server(answer);
  ScriptedServer proxy(answer);
  CurlOptions options = Options();
  options.proxy = proxy.url();
  Use(options);
  for (const bool never_proxy : {true, false, true, false}) {
    never_proxy_ = never_proxy;
    Exchange exchange;
    StartAndWait(server.url() + "/x", &exchange);
    EXPECT_EQ(exchange.result.end, TransferEnd::kComplete)
        << exchange.result.error;
    EXPECT_THAT(
        asked,
        StartsWith(never_proxy ? "POST /x "
                               : absl::StrCat("POST ", server.url(), "/x ")));
  }
}

TEST_F(CurlTransportTest, AProxyIsToldWhoAsksForATunnelAndNoKey) {
  headers_ = {{"User-Agent", "fox/1"}, {"x-goog-api-key", "secret"}};
  Exchange exchange;
  const std::string asked =
      AskThroughProxy("407 Proxy Authentication Required",
                      "https://nowhere.invalid/", &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kCannotConnect);
  EXPECT_THAT(asked, StartsWith("CONNECT nowhere.invalid:443 "));
  EXPECT_THAT(asked, HasSubstr("User-Agent: fox/1\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("secret")));
}

TEST_F(CurlTransportTest, AProxyWithoutATunnelIsToldWhoAsksOnce) {
  headers_ = {{"User-Agent", "fox/1"}};
  Exchange exchange;
  const std::string asked =
      AskThroughProxy("200 OK", "http://nowhere.invalid/", &exchange);
  EXPECT_EQ(exchange.result.end, TransferEnd::kComplete);
  EXPECT_THAT(asked, StartsWith("POST http://nowhere.invalid/ "));
  const size_t first = asked.find("User-Agent: fox/1\r\n");
  EXPECT_NE(first, std::string::npos) << asked;
  EXPECT_EQ(asked.find("User-Agent:", first + 1), std::string::npos) << asked;
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
    request.head =
        std::make_shared<HttpHead>(HttpHead{server.url("https"), {}});
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
