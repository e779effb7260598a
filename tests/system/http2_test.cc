// The client over real TLS and HTTP/2: nghttpx in front of the emulator.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gemini/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"

namespace gemini {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

// Starts `words` with `err` as its standard error.
pid_t Spawn(std::vector<std::string> words, int err) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ),
            0)
      << argv[0];
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

// A port that was free a moment ago: nghttpx does not choose one itself.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(fd, generic, size), 0);
  EXPECT_EQ(getsockname(fd, generic, &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// An nghttpx with a certificate of its own that passes on to `port`.
class TlsProxy {
 public:
  explicit TlsProxy(int port, const std::vector<std::string>& arguments = {}) {
    const std::string key = directory_.path() + "/key.pem";
    const pid_t openssl =
        Spawn({GEMINI_OPENSSL, "req", "-x509", "-nodes", "-newkey", "ec",
               "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2",
               "-subj", "/CN=proxy", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", key, "-out", certificate()},
              open("/dev/null", O_WRONLY | O_CLOEXEC));
    int status = 0;
    EXPECT_EQ(waitpid(openssl, &status, 0), openssl);
    EXPECT_EQ(status, 0) << "openssl could not make a certificate";

    port_ = FreePort();
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    std::vector<std::string> words = {
        GEMINI_NGHTTPX,
        "--conf=/dev/null",
        "--single-process",
        "--no-ocsp",
        absl::StrCat("--frontend=127.0.0.1,", port_),
        absl::StrCat("--backend=127.0.0.1,", port),
        absl::StrCat("--accesslog-file=", directory_.path(), "/access"),
        "--accesslog-format=$remote_port $alpn $status $tls_session_reused"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(key);
    words.push_back(certificate());
    pid_ = Spawn(std::move(words), ends[1]);
    close(ends[1]);
    log_fd_ = ends[0];
    std::string log;
    char c;
    while (!absl::StrContains(log, "Listening on") &&
           read(log_fd_, &c, 1) == 1) {
      log += c;
    }
    EXPECT_TRUE(absl::StrContains(log, "Listening on")) << log;
  }

  ~TlsProxy() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    close(log_fd_);
  }

  std::string url() const { return absl::StrCat("https://127.0.0.1:", port_); }
  std::string certificate() const { return directory_.path() + "/cert.pem"; }

  // Of each request: the client's port, the protocol, the status, and "r" or
  // "." for a TLS session that was resumed or new. Returns when there are `n`,
  // or there have not been for long: they are logged after they were answered.
  std::vector<std::string> Requests(size_t n) const {
    const absl::Time give_up = absl::Now() + absl::Seconds(20);
    std::vector<std::string> lines;
    do {
      std::this_thread::yield();
      lines = absl::StrSplit(directory_.Read("access"), '\n');
      lines.pop_back();  // Empty, or not whole yet.
    } while (lines.size() < n && absl::Now() < give_up);
    return lines;
  }

 private:
  const testing::TemporaryDirectory directory_;
  int port_ = 0;
  pid_t pid_ = -1;
  int log_fd_ = -1;
};

ClientOptions OptionsFor(const TlsProxy& proxy) {
  ClientOptions options;
  options.api_key = "k";
  options.base_url = proxy.url();
  options.ca_file = proxy.certificate();
  options.retry.max_retries = 0;
  // So that all calls start at once.
  options.rate_limits.requests_per_minute = 100000;
  return options;
}

// Makes `count` calls at once; how many of them brought a picture.
int Draw(const ClientOptions& options, int count, const CallOptions& call) {
  absl::StatusOr<GeminiImageClient> client = GeminiImageClient::Create(options);
  EXPECT_TRUE(client.ok()) << client.status();
  std::vector<absl::StatusOr<Outcome>> outcomes(static_cast<size_t>(count));
  absl::BlockingCounter running(count);
  for (auto& outcome : outcomes) {
    ImageRequest request;
    request.prompt = "a kite";
    client->GenerateAsync(request, call, [&](absl::StatusOr<Outcome> result) {
      outcome = std::move(result);
      running.DecrementCount();
    });
  }
  running.Wait();
  int drawn = 0;
  for (const auto& outcome : outcomes) {
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) continue;
    if (outcome->images() != nullptr) ++drawn;
    if (outcome->diagnosis.has_value()) {
      ADD_FAILURE() << outcome->diagnosis->code << ": "
                    << outcome->diagnosis->message;
    }
  }
  return drawn;
}

std::set<std::string> Ports(const std::vector<std::string>& requests) {
  std::set<std::string> ports;
  for (const std::string& request : requests) {
    ports.insert(request.substr(0, request.find(' ')));
  }
  return ports;
}

TEST(Http2Test, TwentyCallsAtOnceShareOneConnection) {
  const testing::Emulator emulator(R"({"picture":{"min_kib":512}})");
  TlsProxy proxy(emulator.port());
  EXPECT_EQ(Draw(OptionsFor(proxy), 20, {}), 20);
  const std::vector<std::string> requests = proxy.Requests(20);
  EXPECT_THAT(requests, SizeIs(20));
  EXPECT_THAT(requests, Each(::testing::HasSubstr(" h2 200 ")));
  EXPECT_THAT(Ports(requests), SizeIs(1));
  EXPECT_EQ(emulator.Requests(), 20);
}

// Not only what fits into the first windows of a stream and a connection.
TEST(Http2Test, LargePicturesFlowSideBySide) {
  const testing::Emulator emulator(R"({"picture":{"min_kib":4096}})");
  TlsProxy proxy(emulator.port());
  EXPECT_EQ(Draw(OptionsFor(proxy), 20, {}), 20);
  EXPECT_THAT(Ports(proxy.Requests(20)), SizeIs(1));
}

class Receiver : public ImageReceiver {
 public:
  absl::Status Begin(const SinkImage&) override { return absl::OkStatus(); }
  absl::Status Write(const SinkImage&, absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status Commit(const SinkImage&, absl::string_view) override {
    return absl::OkStatus();
  }
  void Discard(const SinkImage&) override {}
};

// A receiver's call has a connection of its own (docs/adr/0008).
TEST(Http2Test, AnotherConnectionResumesTheTlsSession) {
  const testing::Emulator emulator;
  TlsProxy proxy(emulator.port());
  auto client = GeminiImageClient::Create(OptionsFor(proxy));
  ASSERT_TRUE(client.ok()) << client.status();
  ImageRequest request;
  request.prompt = "a kite";
  CallOptions into_receiver;
  into_receiver.sink = CallbackSink{std::make_shared<Receiver>(), false};
  for (const CallOptions& call : {CallOptions(), into_receiver}) {
    const absl::StatusOr<Outcome> outcome = client->Generate(request, call);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_NE(outcome->images(), nullptr);
  }
  const std::vector<std::string> requests = proxy.Requests(2);
  EXPECT_THAT(Ports(requests), SizeIs(2));
  EXPECT_THAT(requests,
              ::testing::ElementsAre(::testing::EndsWith(" h2 200 ."),
                                     ::testing::EndsWith(" http/1.1 200 r")));
}

// The server refuses what comes before libcurl has read how many streams it
// takes: such calls are repeated.
TEST(Http2Test, CallsThatAConnectionHasNoStreamForFinishToo) {
  const testing::Emulator emulator;
  TlsProxy proxy(emulator.port(),
                 {"--frontend-http2-max-concurrent-streams=5"});
  ClientOptions options = OptionsFor(proxy);
  options.retry.max_retries = 20;
  options.retry.max_ambiguous_retries = 20;
  options.retry.backoff = absl::Milliseconds(100);
  EXPECT_EQ(Draw(options, 20, {}), 20);
  EXPECT_EQ(emulator.Requests(), 20);
}

}  // namespace
}  // namespace gemini
