// Running the project's programs from tests.

#ifndef GEMINI_TESTS_TESTING_PROGRAM_H_
#define GEMINI_TESTS_TESTING_PROGRAM_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini::testing {

using Variables = std::map<std::string, std::string>;

struct ProgramResult {
  int exit_code = -1;  // 128 + n if signal n ended it.
  std::string out;
  std::string err;
};

// Runs a program of the build to its end. Of the environment it gets PATH, HOME
// and `variables` only, and `directory` to work in.
ProgramResult RunProgram(const std::string& name,
                         const std::vector<std::string>& arguments,
                         const Variables& variables,
                         const std::string& directory,
                         absl::string_view input = "");

// A directory that is removed again with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

  // Writes a file and returns its path.
  std::string Write(const std::string& name, absl::string_view text) const;

  // The bytes of a file; empty if there is none.
  std::string Read(const std::string& name) const;

  // Names of what is in it, sorted.
  std::vector<std::string> List() const;

 private:
  std::string path_;
};

// An answer as it came, chunks put together.
struct HttpAnswer {
  int status = 0;    // 0: none came.
  std::string head;  // Status line and headers.
  std::string body;
  bool whole = false;  // All that its head announces.
};

// A running gemini-emulator.
class Emulator {
 public:
  // `scenario` is JSON, or empty.
  explicit Emulator(absl::string_view scenario = "",
                    const std::vector<std::string>& arguments = {});
  ~Emulator();  // Ends it, which must go well, unless Stop() did.

  // Ends it and returns its exit code.
  int Stop();

  const std::string& url() const { return url_; }
  int port() const { return port_; }

  // Any request, on a connection of its own. `headers` are whole lines. A body
  // makes it a POST.
  HttpAnswer Send(absl::string_view path, absl::string_view body = "",
                  absl::string_view headers = "") const;

  // Of the endpoints under /emulator: the body of the answer.
  std::string Get(absl::string_view path) const;
  std::string Post(absl::string_view path, absl::string_view body) const;

  // Orders one fault, as scenarios describe them.
  void Order(absl::string_view fault) const { Post("/emulator/faults", fault); }

  // How many requests to draw it has counted.
  int Requests() const;

  // Every fault that was ordered was met as often as ordered.
  bool AllFaultsMet() const;

 private:
  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  int port_ = 0;
  std::string url_;
};

}  // namespace gemini::testing

#endif  // GEMINI_TESTS_TESTING_PROGRAM_H_
