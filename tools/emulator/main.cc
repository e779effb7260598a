#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "emulator/emulator.h"
#include "emulator/options.h"
#include "emulator/scenario.h"
#include "emulator/server.h"
#include "emulator/studio.h"

namespace gemini_emulator {
namespace {

constexpr int kFailure = 1;
constexpr int kUsageError = 2;
constexpr size_t kKeptPictureBytes = 64 << 20;

int Complain(int exit_code, absl::string_view problem) {
  std::fprintf(stderr, "gemini-emulator: %s\n", std::string(problem).c_str());
  return exit_code;
}

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<Scenario> LoadScenario(const Options& options) {
  Scenario scenario;
  if (!options.scenario_file.empty()) {
    std::ifstream file(options.scenario_file, std::ios::binary);
    if (!file) {
      return absl::NotFoundError(
          absl::StrCat("cannot read scenario ", options.scenario_file));
    }
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const std::string folder =
        std::filesystem::absolute(options.scenario_file).parent_path();
    auto parsed = ParseScenario(text, folder);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.scenario_file, ": ", parsed.status().message()));
    }
    scenario = *std::move(parsed);
  }
  if (options.latency) scenario.latency = {*options.latency, *options.latency};
  if (options.picture_format) scenario.picture_format = *options.picture_format;
  return scenario;
}

// Readers never see a half-written file.
bool WritePortFile(const std::string& path, uint16_t port) {
  const std::string temporary = path + ".tmp";
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << port << "\n";
    file.close();
    if (!file) return false;
  }
  return std::rename(temporary.c_str(), path.c_str()) == 0;
}

void LogRequest(const RequestRecord& record) {
  std::fprintf(
      stderr, "%s\n",
      absl::StrCat(record.http_method, " ", record.target, " ",
                   record.body_bytes, " bytes, project ", record.project, ": ",
                   record.outcome, record.fault.empty() ? "" : ", fault ",
                   record.fault)
          .c_str());
}

int Run(const Options& options) {
  auto scenario = LoadScenario(options);
  if (!scenario.ok()) {
    return Complain(kUsageError, scenario.status().message());
  }
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(options.host, error);
  if (!error && !address.is_loopback() && !options.allow_remote) {
    return Complain(kUsageError,
                    absl::StrCat(options.host,
                                 " is not loopback; --allow-remote allows it"));
  }
  RaiseDescriptorLimit();
  std::signal(SIGPIPE, SIG_IGN);

  // The emulator outlives connections, and they outlive the studio.
  Studio* studio = nullptr;
  EmulatorOptions emulator_options;
  emulator_options.scenario = *std::move(scenario);
  emulator_options.time_scale = options.time_scale;
  emulator_options.most_recorded_body_bytes = options.record_body_kib * 1024;
  emulator_options.illustrator = [&studio](const PictureOrder& order,
                                           PictureCallback done) {
    studio->Draw(order, std::move(done));
  };
  if (options.log_requests) emulator_options.log = LogRequest;
  Emulator emulator(std::move(emulator_options));
  boost::asio::io_context io(1);
  Studio owned_studio(&io, options.drawing_threads, kKeptPictureBytes);
  studio = &owned_studio;

  Server server(&io, &emulator);
  const absl::Status listening = server.Listen(options.host, options.port);
  if (!listening.ok()) return Complain(kFailure, listening.message());
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) {
    server.Stop();
    io.stop();
  });
  if (!options.port_file.empty() &&
      !WritePortFile(options.port_file, server.port())) {
    return Complain(kFailure, absl::StrCat("cannot write ", options.port_file));
  }
  std::printf("gemini-emulator listening on http://%s%s%s:%d\n",
              address.is_v6() ? "[" : "", options.host.c_str(),
              address.is_v6() ? "]" : "", server.port());
  std::fflush(stdout);

  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception& exception) {
      // What one answer met must not end the others.
      Complain(0, exception.what());
    }
  }
  const std::vector<std::string> unmet = emulator.UnmetFaults();
  if (!options.require_faults_met || unmet.empty()) return 0;
  for (const std::string& sentence : unmet) Complain(0, sentence);
  return kFailure;
}

}  // namespace
}  // namespace gemini_emulator

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = gemini_emulator::ParseOptions(argc, argv, &exit_code);
  if (!options) return exit_code;
  try {
    return gemini_emulator::Run(*options);
  } catch (const std::exception& exception) {
    return gemini_emulator::Complain(gemini_emulator::kFailure,
                                     exception.what());
  }
}
