// Measures clients side by side against a local server of quotas and faults:
// ./dev bench goodput. README.md beside this folder tells what is measured.

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "emulator/json.h"
#include "goodput/client_process.h"
#include "goodput/local_server.h"
#include "goodput/measure.h"
#include "goodput/optimum.h"
#include "goodput/situation.h"

namespace goodput {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] =
    "usage: goodput [--row PART]... [--client NAME]... [--runs N] [--quick]\n"
    "               [--minute-s S] [--minute-phase S] [--refusal-ms MS]\n"
    "               [--seed N] [--check]\n"
    "               [--limit N] [--concurrency K] [--json FILE]\n"
    "               [--journal DIR] [--client-program PATH]\n"
    "               [--peer-script PATH] [--modules DIR]\n"
    "  --row PART      only the situation of that name, or those with PART in\n"
    "                  their names\n"
    "  --client NAME   only ours, genai, genai-5 or bottleneck\n"
    "  --runs N        of each client in each situation [1]\n"
    "  --quick         a minute lasts 3 s\n"
    "  --minute-s S    wall seconds that a minute lasts [6]\n"
    "  --minute-phase S  after the client's minute the server's begins [0]\n"
    "  --refusal-ms MS after which a refusal leaves the server, on the wall\n"
    "                  [20, scaled as all else is]\n"
    "  --seed N        of what chance decides, in the first run [1]\n"
    "  --limit N       of quotas, a minute [20]\n"
    "  --concurrency K of each process [50]\n"
    "  --check         exit code 1 if ours misses a target\n"
    "  --json FILE     all that was measured, a line a run\n"
    "  --journal DIR   what the server saw, a file a run\n";

struct Options {
  std::vector<std::string> rows;
  std::vector<std::string> clients;
  int runs = 1;
  double minute_s = 6;
  double minute_phase_s = 0;
  double refusal_ms = -1;  // Negative: scaled.
  int seed = 1;
  int limit = 20;
  int concurrency = 50;
  bool check = false;
  std::string json_file;
  std::string journal_directory;
  std::string program;
  std::string peer_script;
  std::string modules;
};

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--check") {
      options->check = true;
      continue;
    }
    if (name == "--quick") {
      options->minute_s = 3;
      continue;
    }
    if (++i == argc) return false;
    const char* value = argv[i];
    if (name == "--row") {
      options->rows.emplace_back(value);
    } else if (name == "--client") {
      options->clients.emplace_back(value);
    } else if (name == "--runs") {
      options->runs = std::atoi(value);
    } else if (name == "--minute-s") {
      options->minute_s = std::atof(value);
    } else if (name == "--minute-phase") {
      options->minute_phase_s = std::atof(value);
    } else if (name == "--refusal-ms") {
      options->refusal_ms = std::atof(value);
    } else if (name == "--seed") {
      options->seed = std::atoi(value);
    } else if (name == "--limit") {
      options->limit = std::atoi(value);
    } else if (name == "--concurrency") {
      options->concurrency = std::atoi(value);
    } else if (name == "--json") {
      options->json_file = value;
    } else if (name == "--journal") {
      options->journal_directory = value;
    } else if (name == "--client-program") {
      options->program = value;
    } else if (name == "--peer-script") {
      options->peer_script = value;
    } else if (name == "--modules") {
      options->modules = value;
    } else {
      return false;
    }
  }
  return options->runs > 0 && options->minute_s > 0 && options->limit > 0 &&
         options->concurrency > 0 && options->seed >= 0;
}

// A directory for the ledger of processes that share one.
class RuntimeDirectory {
 public:
  RuntimeDirectory() {
    std::string path = fs::temp_directory_path() / "goodput-XXXXXX";
    if (mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~RuntimeDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<Command> CommandsOf(const std::string& client,
                                const Situation& situation,
                                const Options& options,
                                const LocalServer& server,
                                absl::Duration deadline,
                                const std::string& runtime_directory) {
  std::vector<Command> commands;
  for (int process = 0; process < situation.processes; ++process) {
    Command command;
    if (client == "ours") {
      command.words = {
          options.program, "--clock-ahead-s",
          absl::StrCat(absl::ToDoubleSeconds(server.clients_ahead()))};
    } else {
      command.words = {
          "node",      options.peer_script,
          "--modules", options.modules,
          "--policy",  client,
          "--limit",   absl::StrCat(situation.limit / situation.processes)};
    }
    const std::vector<std::string> words = {
        "--base-url",    server.url(),
        "--model",       kModel,
        "--jobs",        absl::StrCat(situation.jobs / situation.processes),
        "--concurrency", absl::StrCat(situation.concurrency),
        "--deadline-s",  absl::StrCat(absl::ToDoubleSeconds(deadline)),
        "--api-key",     absl::StrJoin(situation.keys, ","),
        "--time-scale",  absl::StrFormat("%.17g", options.minute_s / 60)};
    command.words.insert(command.words.end(), words.begin(), words.end());
    command.variables = {{"GOODPUT_PROC", absl::StrCat(process)},
                         {"XDG_RUNTIME_DIR", runtime_directory}};
    commands.push_back(std::move(command));
  }
  return commands;
}

void WriteJournal(const std::string& path, const std::vector<Seen>& seen) {
  std::ofstream file(path, std::ios::trunc);
  file << "arrived_ms\tanswered_ms\tprocess\tjob\tproject\toutcome\tfault\t"
          "told_ms\n";
  for (const Seen& request : seen) {
    file << absl::StrFormat(
        "%.1f\t%.1f\t%d\t%d\t%s\t%s\t%s\t%s\n",
        absl::ToDoubleMilliseconds(request.arrived),
        absl::ToDoubleMilliseconds(request.answered), request.process,
        request.job, request.project, request.outcome, request.fault,
        request.told
            ? absl::StrFormat("%.1f", absl::ToDoubleMilliseconds(*request.told))
            : "");
  }
}

std::optional<Measured> RunOnce(const std::string& client,
                                const Situation& situation,
                                const Options& options, int run) {
  ServerOptions server_options;
  server_options.time_scale = options.minute_s / 60;
  server_options.refusal_latency =
      options.refusal_ms < 0
          ? absl::Milliseconds(20) * server_options.time_scale
          : absl::Milliseconds(options.refusal_ms);
  server_options.seed = static_cast<uint64_t>(options.seed + run);
  server_options.minute_phase = absl::Seconds(options.minute_phase_s);
  const absl::Duration deadline =
      std::max(3 * Optimum(situation, server_options,
                           situation.into_minute * server_options.time_scale),
               absl::Minutes(5) * server_options.time_scale) +
      absl::Seconds(10);
  const RuntimeDirectory runtime;
  LocalServer server(situation, server_options);
  const absl::Status started = server.Start();
  if (!started.ok()) {
    std::fprintf(stderr, "goodput: %s\n", started.ToString().c_str());
    return std::nullopt;
  }
  const auto said =
      RunTogether(CommandsOf(client, situation, options, server, deadline,
                             situation.shares_ledger ? runtime.path() : ""),
                  deadline + absl::Seconds(20));
  const std::vector<Seen> seen = server.Stop();
  if (!options.journal_directory.empty()) {
    std::string name = absl::StrCat(situation.name, " ", client, " ", run);
    std::replace_if(
        name.begin(), name.end(),
        [](unsigned char c) { return !absl::ascii_isalnum(c); }, '_');
    WriteJournal(absl::StrCat(options.journal_directory, "/", name, ".tsv"),
                 seen);
  }
  if (!said.has_value()) return std::nullopt;
  return Measure(situation, server_options, seen, *said);
}

gemini_emulator::Json ToJson(const std::string& client,
                             const Situation& situation, int run,
                             const Measured& measured) {
  return {{"situation", situation.name},
          {"client", client},
          {"run", run},
          {"makespan", measured.makespan},
          {"requests_per_picture", measured.requests_per_picture},
          {"requests", measured.requests},
          {"attempts", measured.said.attempts},
          {"ok", measured.said.ok},
          {"degraded", measured.said.degraded},
          {"deferred", measured.said.deferred},
          {"failed", measured.said.failed},
          {"lost", measured.lost},
          {"wasted", measured.wasted},
          {"in_outage", measured.in_outage},
          {"busiest_after_to_before", measured.storm},
          {"early", measured.early},
          {"answered_s", absl::ToDoubleSeconds(measured.answered)},
          {"diagnosis", measured.said.diagnosis},
          {"missed", measured.missed}};
}

std::string Number(double number) {
  return number == 0 ? "-" : absl::StrFormat("%.3f", number);
}

// In brackets where not all the work was done.
std::string MakespanOf(const Measured& measured) {
  const std::string makespan = Number(measured.makespan);
  return measured.lost > 0 && measured.makespan > 0
             ? absl::StrCat("(", makespan, ")")
             : makespan;
}

void PrintRow(const std::string& client, const Situation& situation,
              const Measured& measured) {
  const bool ours = client == "ours";
  const bool outage = situation.outage_for > absl::ZeroDuration();
  std::printf(
      "  %-10s %8s %8s %8d %5d %6d %6s %6s %6d %8.2f  %s\n", client.c_str(),
      MakespanOf(measured).c_str(),
      Number(measured.requests_per_picture).c_str(), measured.requests,
      measured.lost, measured.wasted,
      outage ? absl::StrCat(measured.in_outage).c_str() : "-",
      outage ? absl::StrFormat("%.2f", measured.storm).c_str() : "-",
      measured.early, absl::ToDoubleSeconds(measured.answered),
      !ours ? ""
      : measured.missed.empty()
          ? "met"
          : absl::StrCat("MISSED: ", absl::StrJoin(measured.missed, ", "))
                .c_str());
  std::fflush(stdout);
}

std::string TargetsOf(const Situation& situation) {
  const Targets& targets = situation.targets;
  std::vector<std::string> words;
  const auto add = [&words](const auto& bound, const char* what) {
    if (bound.has_value()) words.push_back(absl::StrCat(what, " ", *bound));
  };
  add(targets.makespan, "makespan");
  add(targets.requests_per_picture, "requests a picture");
  add(targets.requests, "requests");
  add(targets.wasted, "wasted");
  add(targets.in_outage, "into the outage");
  add(targets.storm, "busiest second");
  if (targets.answered.has_value()) {
    words.push_back(
        absl::StrCat("answered ", absl::FormatDuration(*targets.answered)));
  }
  return absl::StrJoin(words, ", ");
}

std::vector<Situation> Chosen(const Options& options) {
  const auto all = Situations(options.limit, options.concurrency);
  if (options.rows.empty()) return all;
  std::vector<bool> chosen(all.size());
  for (const std::string& part : options.rows) {
    bool whole = false;
    for (const bool by_part : {false, true}) {
      for (size_t i = 0; i < all.size() && !(by_part && whole); ++i) {
        if (by_part ? absl::StrContains(all[i].name, part)
                    : all[i].name == part) {
          chosen[i] = true;
          whole = !by_part;
        }
      }
    }
  }
  std::vector<Situation> result;
  for (size_t i = 0; i < all.size(); ++i) {
    if (chosen[i]) result.push_back(all[i]);
  }
  return result;
}

std::vector<std::string> ClientsOf(const Options& options) {
  std::vector<std::string> clients;
  for (const char* client : {"ours", "genai", "genai-5", "bottleneck"}) {
    const std::vector<std::string>& chosen = options.clients;
    if (chosen.empty() ||
        std::find(chosen.begin(), chosen.end(), client) != chosen.end()) {
      clients.emplace_back(client);
    }
  }
  if (clients.size() == 1 && clients[0] == "ours") return clients;
  const int exit_code = ExitCodeOf({{"node", options.peer_script, "--modules",
                                     options.modules, "--policy", "check"},
                                    {}});
  if (exit_code == 0) return clients;
  std::printf("skipped: the peers need node and npm\n");
  clients.erase(std::remove_if(
                    clients.begin(), clients.end(),
                    [](const std::string& client) { return client != "ours"; }),
                clients.end());
  return clients;
}

int Run(const Options& options) {
  std::ofstream json;
  if (!options.json_file.empty()) json.open(options.json_file);
  const std::vector<std::string> clients = ClientsOf(options);
  std::printf("  %-10s %8s %8s %8s %5s %6s %6s %6s %6s %8s\n", "client",
              "makespan", "req/pic", "requests", "lost", "wasted", "outage",
              "storm", "early", "seconds");
  bool met = true;
  for (const Situation& situation : Chosen(options)) {
    std::printf("%s (at most: %s)\n", situation.name.c_str(),
                TargetsOf(situation).c_str());
    for (const std::string& client : clients) {
      std::vector<Measured> runs;
      for (int run = 0; run < options.runs; ++run) {
        auto measured = RunOnce(client, situation, options, run);
        if (!measured.has_value()) continue;
        if (json.is_open()) {
          json << ToJson(client, situation, run, *measured).dump() << std::endl;
        }
        runs.push_back(*std::move(measured));
      }
      if (runs.empty()) {
        std::printf("  %-10s did not end well\n", client.c_str());
        met = met && client != "ours";
        continue;
      }
      const Measured all = Together(situation, runs);
      PrintRow(client, situation, all);
      met = met && (client != "ours" || all.missed.empty());
    }
  }
  return met || !options.check ? 0 : 1;
}

}  // namespace
}  // namespace goodput

int main(int argc, char** argv) {
  goodput::Options options;
  const auto beside = goodput::fs::path(argv[0]).parent_path();
  options.program = beside / "goodput_client";
  options.peer_script = GOODPUT_PEER_SCRIPT;
  options.modules = GOODPUT_MODULES;
  if (!goodput::ParseOptions(argc, argv, &options)) {
    std::fputs(goodput::kUsage, stderr);
    return 2;
  }
  return goodput::Run(options);
}
