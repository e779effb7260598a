// How much memory pictures cost, in a process that does nothing else: the
// server is a child.

#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

// Sends a picture of about `size` bytes, a piece at a time.
void Answer(int fd, int64_t size) {
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

// The same without stating a length.
void AnswerInChunks(int fd, int64_t size) {
  const auto chunk = [fd](const std::string& bytes) {
    Send(fd, absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n"));
  };
  const std::string piece(3 << 14, 'A');
  const int64_t pieces = size / 3 * 4 / static_cast<int64_t>(piece.size());
  Send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunk(R"({"candidates":[{"content":{"parts":[{"inlineData":{)"
        R"("mimeType":"image/png","data":"iVBORw0KGgoA)");
  for (int64_t i = 0; i < pieces; ++i) chunk(piece);
  chunk(R"("}}]},"finishReason":"STOP"}]})");
  Send(fd, "0\r\n\r\n");
}

// Answers one request.
void Serve(int fd, int64_t size) {
  if (ReadRequest(fd)) Answer(fd, size);
}

// Answers one request with `begin` and then `piece` without end.
void ServeWithoutEnd(int fd, const std::string& begin,
                     const std::string& piece) {
  if (!ReadRequest(fd)) return;
  bool listens = Send(
      fd, absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", begin));
  while (listens) listens = Send(fd, piece);
}

// Answers one request at once, and `n` further ones when all of them are there.
void ServeTogether(int listener, int n) {
  const int first = accept(listener, nullptr, nullptr);
  Serve(first, 1 << 10);
  close(first);
  std::vector<int> waiting;
  for (int i = 0; i < n; ++i) {
    waiting.push_back(accept(listener, nullptr, nullptr));
    if (!ReadRequest(waiting.back())) return;
  }
  for (const int fd : waiting) Answer(fd, 1 << 10);
}

// Memory that pictures of other tests asked for huge pages of is touched two
// MiB at a time, which hides what small things need.
class WithoutHugePages {
 public:
  WithoutHugePages() { prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }
  ~WithoutHugePages() { prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0); }
  WithoutHugePages(const WithoutHugePages&) = delete;
  WithoutHugePages& operator=(const WithoutHugePages&) = delete;
};

class MemoryTest : public ::testing::Test {
 protected:
  // Serves pictures of `size` bytes from here on.
  void Start(int64_t size) {
    Start([size](int fd) { Serve(fd, size); });
  }

  // Does with each connection what `serve` does.
  void Start(const std::function<void(int)>& serve,
             const ClientOptions& options = {}) {
    StartListener(
        [&serve](int fd) {
          while (true) {
            const int connection = accept(fd, nullptr, nullptr);
            if (connection < 0) return;
            serve(connection);
            close(connection);
          }
        },
        options);
  }

  void StartListener(const std::function<void(int)>& serve,
                     ClientOptions options = {}) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(bind(fd, generic, length), 0);
    ASSERT_EQ(listen(fd, 1024), 0);
    ASSERT_EQ(getsockname(fd, generic, &length), 0);
    child_ = fork();
    if (child_ == 0) {
      serve(fd);
      _exit(0);
    }
    close(fd);
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
    malloc_trim(0);  // Or what tests before it freed would be used again.
    std::ofstream("/proc/self/clear_refs") << "5";
    const int64_t before = StatusBytes("VmRSS:");
    call();
    return StatusBytes("VmHWM:") - before;
  }

  // One call into a file, which ends without a picture. Returns the code.
  std::string CodeOfFailure(const std::string& path) {
    ImageRequest request;
    request.prompt = "a kite";
    FileSink file;
    file.path = path;
    CallOptions options;
    options.sink = file;
    options.retry = RetryOptions();
    options.retry->max_retries = 0;
    const auto outcome = client_->Generate(request, options);
    if (!outcome.ok()) return outcome.status().ToString();
    if (outcome->images() != nullptr) return "a picture";
    return outcome->diagnosis.has_value() ? outcome->diagnosis->code : "none";
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
  const std::string too_large = "response_too_large";
  const std::string kinds[][3] = {
      {opening + R"({"inlineData":{"data":"iVBORw0KGgoA)",
       std::string(1 << 16, 'A'), too_large},
      {opening + R"({"text":")", std::string(1 << 16, 'x'), too_large},
      {"", std::string(1 << 16, ' '), too_large},
      {opening,
       [] {
         std::string parts;
         for (int i = 0; i < 20000; ++i) parts += "{},";
         return parts;
       }(),
       "response_too_complex"},
      {opening, std::string(1 << 16, '['), "response_too_complex"},
  };
  int number = 0;
  Start([&](int fd) {
    ServeWithoutEnd(fd, kinds[number][0], kinds[number][1]);
    ++number;
  });
  for (size_t i = 0; i < std::size(kinds); ++i) {
    const std::string path = directory_.path() + "/a.png";
    std::string code;
    const int64_t growth = PeakGrowth([&] { code = CodeOfFailure(path); });
    EXPECT_EQ(code, kinds[i][2]) << i;
    EXPECT_LT(growth, 8 * kMiB) << i;
    EXPECT_TRUE(directory_.List().empty()) << i;
  }
}

TEST_F(MemoryTest, AHeadWithoutEndNeedsNoMoreThanAPicture) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "x-header: some value\r\n";
  const std::string kinds[] = {lines, std::string(1 << 16, 'x')};
  int number = 0;
  Start([&](int fd) {
    if (!ReadRequest(fd)) return;
    bool listens = Send(fd, "HTTP/1.1 200 OK\r\nx-first: ");
    while (listens) listens = Send(fd, kinds[number]);
    ++number;
  });
  for (size_t i = 0; i < std::size(kinds); ++i) {
    std::string code;
    const int64_t growth =
        PeakGrowth([&] { code = CodeOfFailure(directory_.path() + "/a.png"); });
    EXPECT_EQ(code, "response_too_complex") << i;
    EXPECT_LT(growth, 8 * kMiB) << i;
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

// For some of these sizes growing by doubling holds a picture twice.
TEST_F(MemoryTest, APictureOfUnknownLengthIsHeldOnceInMemory) {
  const int64_t sizes[] = {9 * kMiB, 17 * kMiB, 24 * kMiB, 33 * kMiB,
                           70 * kMiB};
  size_t number = 0;
  Start([&](int fd) {
    if (!ReadRequest(fd)) return;
    AnswerInChunks(fd, number == 0 ? 1 << 10 : sizes[number - 1]);
    ++number;
  });
  WarmUp(directory_.path() + "/a.png");
  for (const int64_t size : sizes) {
    absl::StatusOr<Outcome> outcome;
    const int64_t growth = PeakGrowth([&] {
      ImageRequest request;
      request.prompt = "a kite";
      outcome = client_->Generate(request);
    });
    ASSERT_TRUE(outcome.ok() && outcome->images() != nullptr);
    EXPECT_GT(outcome->images()->images[0].size, size - kMiB);
    // Small ones have a huge page too many, and a receive buffer.
    EXPECT_LT(growth, size + std::max(size / 5, 4 * kMiB)) << size;
  }
}

// Of a call in all: libcurl's handle and connection, the receive buffer, ours.
TEST_F(MemoryTest, ACallUnderWayNeedsLessThan20KiB) {
  const WithoutHugePages without;
  constexpr int kCalls = 400;
  StartListener([](int fd) { ServeTogether(fd, kCalls); });
  WarmUp(directory_.path() + "/a.png");
  absl::Mutex mutex;
  int good = 0;
  int ended = 0;
  const int64_t growth = PeakGrowth([&] {
    for (int i = 0; i < kCalls; ++i) {
      ImageRequest request;
      request.prompt = "a kite";
      CallOptions options;
      options.sink = FileSink{"/dev/null", nullptr, false};
      client_->GenerateAsync(std::move(request), std::move(options),
                             [&](const absl::StatusOr<Outcome>& outcome) {
                               internal::MutexLock lock(&mutex);
                               if (outcome.ok() && outcome->images() != nullptr)
                                 ++good;
                               ++ended;
                             });
    }
    internal::MutexLock lock(&mutex);
    const auto all_ended = [&] { return ended == kCalls; };
    mutex.Await(absl::Condition(&all_ended));
  });
  EXPECT_EQ(good, kCalls);
  EXPECT_LT(growth, kCalls * (20 << 10));
}

TEST_F(MemoryTest, ACallThatWaitsNeedsOneKiBBesidesItsRequest) {
  const WithoutHugePages without;
  constexpr int kCalls = 9000;
  ClientOptions limited;
  limited.rate_limits.requests_per_minute = 1;
  limited.time_limits.call = absl::Hours(24 * 365);
  Start([](int fd) { Serve(fd, 1 << 10); }, limited);
  WarmUp(directory_.path() + "/a.png");
  std::vector<CallHandle> handles;
  handles.reserve(kCalls);
  const int64_t growth = PeakGrowth([&] {
    for (int i = 0; i < kCalls; ++i) {
      ImageRequest request;
      request.prompt = "a kite";
      handles.push_back(client_->GenerateAsync(
          std::move(request), {}, [](const absl::StatusOr<Outcome>&) {}));
      // Whatever it brings, those before it are waiting then.
      if (i % 100 == 99)
        client_->ListModels(absl::Seconds(5)).status().IgnoreError();
    }
  });
  // With what says that it is shared.
  const int64_t request = sizeof(ImageRequest) + 24 + sizeof(CallHandle);
  EXPECT_LT(growth, kCalls * (1024 + request));
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
