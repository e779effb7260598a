// How much memory pictures cost, in a process that does nothing else: the
// server is a child.

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gemini/client.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "util/mutex_lock.h"

namespace gemini {
namespace {

constexpr int64_t kMiB = 1 << 20;

bool Send(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// False if the client went away.
bool ReadRequest(int fd) {
  std::string head;
  char buffer[64 << 10];
  size_t end = std::string::npos;
  while (end == std::string::npos) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n <= 0) return false;
    head.append(buffer, static_cast<size_t>(n));
    end = head.find("\r\n\r\n");
  }
  const size_t at = absl::AsciiStrToLower(head).find("content-length: ");
  int64_t left = std::atoll(head.c_str() + at + 16) -
                 static_cast<int64_t>(head.size() - end - 4);
  while (left > 0) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n <= 0) return false;
    left -= n;
  }
  return true;
}

// Answers one request with a picture of about `size` bytes, a piece at a time.
void Serve(int fd, int64_t size) {
  if (!ReadRequest(fd)) return;
  const std::string begin =
      R"({"candidates":[{"content":{"parts":[{"inlineData":{)"
      R"("mimeType":"image/png","data":"iVBORw0KGgoA)";
  const std::string rest = R"("}}]},"finishReason":"STOP"}]})";
  const std::string piece(3 << 14, 'A');
  const int64_t pieces = size / 3 * 4 / static_cast<int64_t>(piece.size());
  Send(fd, absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ",
                        static_cast<int64_t>(begin.size() + rest.size()) +
                            pieces * static_cast<int64_t>(piece.size()),
                        "\r\n\r\n", begin));
  for (int64_t i = 0; i < pieces; ++i) Send(fd, piece);
  Send(fd, rest);
}

// Answers one request with `begin` and then `piece` without end.
void ServeWithoutEnd(int fd, const std::string& begin,
                     const std::string& piece) {
  if (!ReadRequest(fd)) return;
  bool listens = Send(
      fd, absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", begin));
  while (listens) listens = Send(fd, piece);
}

class MemoryTest : public ::testing::Test {
 protected:
  // Serves pictures of `size` bytes from here on.
  void Start(int64_t size) {
    Start([size](int fd) { Serve(fd, size); });
  }

  // Does with each connection what `serve` does.
  void Start(const std::function<void(int)>& serve) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(bind(fd, generic, length), 0);
    ASSERT_EQ(listen(fd, 8), 0);
    ASSERT_EQ(getsockname(fd, generic, &length), 0);
    child_ = fork();
    if (child_ == 0) {
      while (true) {
        const int connection = accept(fd, nullptr, nullptr);
        if (connection < 0) _exit(0);
        serve(connection);
        close(connection);
      }
    }
    close(fd);
    ClientOptions options;
    options.api_key = "k";
    options.base_url =
        absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
    client_.emplace(*GeminiImageClient::Create(options));
  }

  ~MemoryTest() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
  }

  static int64_t StatusBytes(const std::string& name) {
    std::ifstream file("/proc/self/status");
    std::string word;
    int64_t kib = 0;
    while (file >> word) {
      if (word == name && file >> kib) return kib << 10;
    }
    return 0;
  }

  // By how much `call` makes the process's memory grow at its highest.
  template <typename Call>
  int64_t PeakGrowth(Call call) {
    std::ofstream("/proc/self/clear_refs") << "5";
    const int64_t before = StatusBytes("VmRSS:");
    call();
    return StatusBytes("VmHWM:") - before;
  }

  // One call into a file, which ends with the code "response_too_large".
  void MeetTooLarge(const std::string& path) {
    ImageRequest request;
    request.prompt = "a kite";
    FileSink file;
    file.path = path;
    CallOptions options;
    options.sink = file;
    options.retry = RetryOptions();
    options.retry->max_retries = 0;
    const auto outcome = client_->Generate(request, options);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_TRUE(outcome->diagnosis.has_value());
    EXPECT_EQ(outcome->diagnosis->code, "response_too_large");
  }

  // What is needed once is not what is measured.
  void WarmUp(const std::string& path) {
    ImageRequest request;
    request.prompt = "a kite";
    FileSink file;
    file.path = path;
    CallOptions options;
    options.sink = file;
    const auto outcome = client_->Generate(request, options);
    ASSERT_TRUE(outcome.ok() && outcome->images() != nullptr);
  }

  const testing::TemporaryDirectory directory_;
  pid_t child_ = -1;
  std::optional<GeminiImageClient> client_;
};

TEST_F(MemoryTest, APictureOf64MiBGoesIntoAFileWithin8MiB) {
  Start(64 * kMiB);
  const std::string path = directory_.path() + "/a.png";
  const int64_t growth = PeakGrowth([&] { WarmUp(path); });
  EXPECT_LT(growth, 8 * kMiB);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_GT(info.st_size, 63 * kMiB);
}

// Up to the default of ClientOptions::max_response_bytes.
TEST_F(MemoryTest, AnAnswerWithoutEndNeedsNoMoreThanAPicture) {
  const std::string opening = R"({"candidates":[{"content":{"parts":[)";
  const std::string kinds[][2] = {
      {opening + R"({"inlineData":{"data":"iVBORw0KGgoA)",
       std::string(1 << 16, 'A')},
      {opening + R"({"text":")", std::string(1 << 16, 'x')},
      {"", std::string(1 << 16, ' ')},
      {opening,
       [] {
         std::string parts;
         for (int i = 0; i < 20000; ++i) parts += "{},";
         return parts;
       }()},
      {opening, std::string(1 << 16, '[')},
  };
  int number = 0;
  Start([&](int fd) {
    ServeWithoutEnd(fd, kinds[number][0], kinds[number][1]);
    ++number;
  });
  for (size_t i = 0; i < std::size(kinds); ++i) {
    const std::string path = directory_.path() + "/a.png";
    const int64_t growth = PeakGrowth([&] { MeetTooLarge(path); });
    EXPECT_LT(growth, 8 * kMiB) << i;
    EXPECT_TRUE(directory_.List().empty()) << i;
  }
}

TEST_F(MemoryTest, APictureOfKnownLengthIsHeldOnceInMemory) {
  Start(32 * kMiB);
  WarmUp(directory_.path() + "/a.png");
  absl::StatusOr<Outcome> outcome;
  const int64_t growth = PeakGrowth([&] {
    ImageRequest request;
    request.prompt = "a kite";
    outcome = client_->Generate(request);
  });
  ASSERT_TRUE(outcome.ok() && outcome->images() != nullptr);
  EXPECT_GT(outcome->images()->images[0].size, 31 * kMiB);
  EXPECT_LT(growth, 32 * kMiB * 12 / 10);
}

TEST_F(MemoryTest, AReferenceImageIsHeldOnceWhileItIsSent) {
  Start(kMiB);
  WarmUp(directory_.path() + "/a.png");
  ImageRequest request;
  request.prompt = "a kite";
  request.reference_images.resize(1);
  request.reference_images[0].bytes =
      "\x89PNG\r\n\x1a\n" + std::string(20 * kMiB, 'r');
  absl::StatusOr<Outcome> outcome;
  absl::Mutex mutex;
  bool ended = false;
  const int64_t growth = PeakGrowth([&] {
    client_->GenerateAsync(std::move(request), {},
                           [&](absl::StatusOr<Outcome> result) {
                             internal::MutexLock lock(&mutex);
                             outcome = std::move(result);
                             ended = true;
                           });
    internal::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&ended));
  });
  ASSERT_TRUE(outcome.ok() && outcome->images() != nullptr);
  // The picture that comes back has a MiB.
  EXPECT_LT(growth, 8 * kMiB);
}

}  // namespace
}  // namespace gemini
