#include "testing/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "wire/json.h"

namespace gemini::testing {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// An open descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Close(); }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

int OpenForWriting(const fs::path& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

// Starts a program that writes to `out` and `err`.
pid_t Start(const std::string& name, const std::vector<std::string>& arguments,
            const Variables& variables, const std::string& directory, int out,
            int err, const std::string& input = "/dev/null") {
  const std::string path = absl::StrCat(GEMINI_PROGRAM_DIR, "/", name);
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment;
  for (const char* kept : {"PATH", "HOME", "TSAN_OPTIONS", "ASAN_OPTIONS"}) {
    const char* value = std::getenv(kept);
    if (value != nullptr) environment.push_back(absl::StrCat(kept, "=", value));
  }
  for (const auto& [key, value] : variables) {
    environment.push_back(absl::StrCat(key, "=", value));
  }
  auto pointers = [](std::vector<std::string>* strings) {
    std::vector<char*> result;
    for (std::string& string : *strings) result.push_back(string.data());
    result.push_back(nullptr);
    return result;
  };
  const std::vector<char*> argv = pointers(&words);
  const std::vector<char*> envp = pointers(&environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  pid_t pid = -1;
  EXPECT_EQ(posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(),
                        envp.data()),
            0)
      << path;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

// Sends `request` on a connection of its own and reads to the end.
std::string Exchange(int port, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    ADD_FAILURE() << "the emulator does not answer";
    close(fd);
    return "";
  }
  absl::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t n = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n <= 0) break;
    rest.remove_prefix(static_cast<size_t>(n));
  }
  std::string answer;
  char piece[16384];
  ssize_t n;
  while ((n = recv(fd, piece, sizeof(piece), 0)) > 0) {
    answer.append(piece, static_cast<size_t>(n));
  }
  close(fd);
  return answer;
}

// Puts chunks together; false if the last one is missing.
bool Dechunk(absl::string_view text, std::string* body) {
  while (true) {
    const size_t line = text.find("\r\n");
    int size = 0;
    if (line == absl::string_view::npos ||
        !absl::SimpleHexAtoi(text.substr(0, line), &size)) {
      return false;
    }
    if (size == 0) return true;
    const absl::string_view data =
        text.substr(line + 2, static_cast<size_t>(size));
    body->append(data.data(), data.size());
    text.remove_prefix(std::min(text.size(), line + 4 + data.size()));
  }
}

HttpAnswer ReadAnswer(const std::string& text) {
  HttpAnswer answer;
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos ||
      !absl::SimpleAtoi(text.substr(sizeof("HTTP/1.1"), 3), &answer.status)) {
    return answer;
  }
  answer.head = text.substr(0, end + 2);
  const std::string rest = text.substr(end + 4);
  const size_t length = answer.head.find("Content-Length: ");
  size_t size = 0;
  if (length == std::string::npos) {
    answer.whole = Dechunk(rest, &answer.body);
  } else if (absl::SimpleAtoi(
                 answer.head.substr(
                     length + 16,
                     answer.head.find("\r\n", length) - length - 16),
                 &size)) {
    answer.whole = rest.size() == size;
    answer.body = rest;
  }
  return answer;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  path_ = (fs::temp_directory_path() / "gemini-test-XXXXXX").string();
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(const std::string& name,
                                      absl::string_view text) const {
  const fs::path path = fs::path(path_) / name;
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

std::string TemporaryDirectory::Read(const std::string& name) const {
  return ReadFile(fs::path(path_) / name);
}

std::vector<std::string> TemporaryDirectory::List() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

ProgramResult RunProgram(const std::string& name,
                         const std::vector<std::string>& arguments,
                         const Variables& variables,
                         const std::string& directory,
                         absl::string_view input) {
  const TemporaryDirectory output;
  const fs::path out = fs::path(output.path()) / "out";
  const fs::path err = fs::path(output.path()) / "err";
  const Descriptor out_file(OpenForWriting(out));
  const Descriptor err_file(OpenForWriting(err));
  const pid_t pid = Start(name, arguments, variables, directory, out_file.get(),
                          err_file.get(), output.Write("in", input));
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  ProgramResult result;
  result.exit_code =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = ReadFile(out);
  result.err = ReadFile(err);
  return result;
}

Emulator::Emulator(absl::string_view scenario,
                   const std::vector<std::string>& more_arguments) {
  const fs::path directory = directory_.path();
  std::vector<std::string> arguments = {"--port", "0"};
  arguments.insert(arguments.end(), more_arguments.begin(),
                   more_arguments.end());
  if (!scenario.empty()) {
    arguments.push_back("--scenario");
    arguments.push_back(directory_.Write("scenario.json", scenario));
  }
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const Descriptor err(OpenForWriting(directory / "err"));
  pid_ = Start("gemini-emulator", arguments, {}, directory_.path(),
               writing.get(), err.get());
  writing.Close();
  // It says one line when it listens.
  std::string line;
  char c;
  while (read(reading.get(), &c, 1) == 1 && c != '\n') line += c;
  const size_t url = line.find("http://");
  if (url == std::string::npos) {
    ADD_FAILURE() << "the emulator did not start: " << line
                  << ReadFile(directory / "err");
    return;
  }
  url_ = line.substr(url);
  EXPECT_TRUE(absl::SimpleAtoi(url_.substr(url_.rfind(':') + 1), &port_));
}

Emulator::~Emulator() {
  if (pid_ < 0) return;
  EXPECT_EQ(Stop(), 0) << ReadFile(fs::path(directory_.path()) / "err");
}

int Emulator::Stop() {
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

HttpAnswer Emulator::Send(absl::string_view path, absl::string_view body,
                          absl::string_view headers) const {
  const std::string length =
      body.empty() ? "" : absl::StrCat("Content-Length: ", body.size(), "\r\n");
  return ReadAnswer(Exchange(
      port_, absl::StrCat(body.empty() ? "GET " : "POST ", path,
                          " HTTP/1.1\r\nHost: e\r\nConnection: close\r\n",
                          length, headers, "\r\n", body)));
}

std::string Emulator::Get(absl::string_view path) const {
  const HttpAnswer answer = Send(path);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.body;
}

std::string Emulator::Post(absl::string_view path,
                           absl::string_view body) const {
  const HttpAnswer answer = ReadAnswer(Exchange(
      port_, absl::StrCat("POST ", path,
                          " HTTP/1.1\r\nHost: e\r\nConnection: close\r\n"
                          "Content-Length: ",
                          body.size(), "\r\n\r\n", body)));
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.body;
}

int Emulator::Requests() const {
  const auto stats = internal::JsonDocument::Parse(Get("/emulator/stats"));
  if (!stats.has_value()) {
    ADD_FAILURE() << "no statistics";
    return -1;
  }
  return static_cast<int>(
      stats->root()["byMethod"]["generateContent"].integer().value_or(0));
}

bool Emulator::AllFaultsMet() const {
  const auto faults = internal::JsonDocument::Parse(Get("/emulator/faults"));
  if (!faults.has_value()) return false;
  for (const internal::JsonValue fault : faults->root()["faults"].elements()) {
    if (fault["unmet"].boolean().value_or(true)) return false;
  }
  return true;
}

}  // namespace gemini::testing
