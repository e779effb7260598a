#include "emulator/options.h"

#include <CLI/CLI.hpp>

namespace gemini_emulator {
namespace {

constexpr int kUsageError = 2;

}  // namespace

std::optional<Options> ParseOptions(int argc, const char* const* argv,
                                    int* exit_code) {
  Options options;
  std::string latency;
  std::string format;
  CLI::App app(
      "gemini-emulator: a local Gemini API for tests. Serves generateContent,\n"
      "streamGenerateContent, countTokens, models.get and models.list over\n"
      "HTTP/1.1 until SIGTERM or SIGINT, and fails as it is told.",
      "gemini-emulator");
  app.set_version_flag("--version", "gemini-emulator " GEMINI_VERSION);
  app.add_option("--port", options.port,
                 "Port to listen on; 0 takes any free one [0]");
  app.add_option("--host", options.host, "Address to listen on [127.0.0.1]");
  app.add_option("--port-file", options.port_file,
                 "File to write the port to, once listening");
  app.add_option("--scenario", options.scenario_file,
                 "Scenario to play (JSON, see below)");
  app.add_option("--latency", latency,
                 "Time that each generation takes, such as 200ms");
  app.add_option("--picture-format", format, "png or jpeg [png]")
      ->check(CLI::IsMember({"png", "jpeg"}));
  app.add_option("--time-scale", options.time_scale,
                 "Seconds that pass for quotas in one second [1]")
      ->check(CLI::Range(0.001, 1e6));
  app.add_flag("--require-faults-met", options.require_faults_met,
               "End with exit code 1 when an ordered fault was not met");
  app.add_flag("--allow-remote", options.allow_remote,
               "Allow a --host that is not loopback");
  app.add_flag("--log", options.log_requests,
               "Write a line for each request to stderr");
  app.add_option("--drawing-threads", options.drawing_threads,
                 "Threads that draw pictures [2]")
      ->check(CLI::Range(1, 64));
  app.add_option("--record-body-kib", options.record_body_kib,
                 "How much of each request body is recorded [16]")
      ->check(CLI::Range(0, 1024 * 1024));
  app.footer(Manual());
  try {
    app.parse(argc, argv);
    if (!latency.empty()) {
      absl::Duration duration;
      if (!absl::ParseDuration(latency, &duration) ||
          duration < absl::ZeroDuration()) {
        throw CLI::ValidationError("--latency",
                                   "must be a duration such as 200ms");
      }
      options.latency = duration;
    }
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : kUsageError;
    return std::nullopt;
  }
  if (!format.empty()) {
    options.picture_format =
        format == "jpeg" ? PictureFormat::kJpeg : PictureFormat::kPng;
  }
  return options;
}

}  // namespace gemini_emulator
