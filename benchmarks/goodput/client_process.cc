#include "goodput/client_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "emulator/json.h"

extern char** environ;

namespace goodput {
namespace {

using gemini_emulator::Json;

std::vector<std::string> EnvironmentOf(const Command& command) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name =
        std::vector<std::string>(absl::StrSplit(*entry, '='))[0];
    if (command.variables.count(name) == 0) environment.emplace_back(*entry);
  }
  for (const auto& variable : command.variables) {
    if (variable.second.empty()) continue;
    environment.push_back(absl::StrCat(variable.first, "=", variable.second));
  }
  return environment;
}

std::vector<char*> PointersOf(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& string : *strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A child, and the pipe from its standard output.
class Child {
 public:
  explicit Child(const Command& command) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::vector<std::string> words = command.words;
    std::vector<std::string> environment = EnvironmentOf(command);
    const std::vector<char*> argv = PointersOf(&words);
    const std::vector<char*> envp = PointersOf(&environment);
    if (posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(),
                     envp.data()) != 0) {
      pid_ = -1;
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    out_ = ends[0];
  }

  ~Child() {
    if (out_ >= 0) close(out_);
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads what it says until it closes its output, then waits for it. Returns
  // its exit code, -1 where there is none.
  int Finish(absl::Time until) {
    if (pid_ <= 0) return -1;
    for (;;) {
      const int64_t left = absl::ToInt64Milliseconds(until - absl::Now());
      pollfd waiting = {out_, POLLIN, 0};
      if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) {
        return -1;
      }
      char bytes[4096];
      const ssize_t size = read(out_, bytes, sizeof(bytes));
      if (size <= 0) break;
      text_.append(bytes, static_cast<size_t>(size));
    }
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string LastLine() const {
    absl::string_view text = absl::StripSuffix(text_, "\n");
    const size_t end = text.rfind('\n');
    return std::string(end == absl::string_view::npos ? text
                                                      : text.substr(end + 1));
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
};

}  // namespace

std::optional<Said> RunTogether(const std::vector<Command>& commands,
                                absl::Duration at_most) {
  const absl::Time until = absl::Now() + at_most;
  std::vector<std::unique_ptr<Child>> children;
  for (const Command& command : commands) {
    children.push_back(std::make_unique<Child>(command));
  }
  Said all;
  for (const auto& child : children) {
    const int exit_code = child->Finish(until);
    const Json said = Json::parse(child->LastLine(), nullptr, false);
    if (exit_code != 0 || !said.is_object()) {
      std::fprintf(stderr, "goodput: a client ended with %d and said '%s'\n",
                   exit_code, child->LastLine().c_str());
      return std::nullopt;
    }
    all.ok += said.value("ok", 0);
    all.degraded += said.value("degraded", 0);
    all.deferred += said.value("deferred", 0);
    all.failed += said.value("failed", 0);
    all.attempts += said.value("attempts", 0);
    all.wall_s = std::max(all.wall_s, said.value("wall_s", 0.0));
    if (all.diagnosis.empty()) all.diagnosis = said.value("diagnosis", "");
  }
  return all;
}

int ExitCodeOf(const Command& command) {
  return Child(command).Finish(absl::Now() + absl::Minutes(1));
}

}  // namespace goodput
