// The command line.

#ifndef EMULATOR_OPTIONS_H_
#define EMULATOR_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "emulator/picture.h"

namespace gemini_emulator {

struct Options {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::string port_file;
  std::string scenario_file;
  std::optional<absl::Duration> latency;  // In place of the scenario's.
  std::optional<PictureFormat> picture_format;
  double time_scale = 1;
  bool require_faults_met = false;
  bool allow_remote = false;
  bool log_requests = false;
  size_t drawing_threads = 2;
  size_t record_body_kib = 16;
};

// Nothing where the program is to end with `exit_code`: help was printed, or an
// error was.
std::optional<Options> ParseOptions(int argc, const char* const* argv,
                                    int* exit_code);

// What --help prints below the options.
std::string Manual();

}  // namespace gemini_emulator

#endif  // EMULATOR_OPTIONS_H_
