// Measures load_client beside curl, a client with a thread a call and, where it
// is given, a client of the official SDK, against load_server, and prints the
// ratios that docs/performance.md explains, with their targets in brackets.
//
//   compare BIN_DIRECTORY [SDK_CLIENT.mjs] [--check]
//
// The programs take turns; what is printed are medians (of the SDK single runs,
// since it takes so much longer). With --check a missed target is exit code 1.

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace {

constexpr char kSdk[] = "@google/genai";

struct Cost {
  double wall = 0;  // Seconds.
  double cpu = 0;   // Seconds.
  double mib = 0;   // At its peak.
};

using Command = std::vector<std::string>;

pid_t Spawn(const Command& command, int out) {
  const pid_t child = fork();
  if (child != 0) return child;
  if (out >= 0) dup2(out, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

Cost Run(const Command& command) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = Spawn(command, -1);
  int status = 0;
  rusage usage = {};
  wait4(child, &status, 0, &usage);
  if (status != 0) {
    std::fprintf(stderr, "compare: %s failed\n", command[0].c_str());
    std::exit(1);
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  Cost cost;
  cost.wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
          .count();
  cost.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  cost.mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return cost;
}

Cost Median(const std::vector<Cost>& costs) {
  const auto middle = [&](double Cost::*field) {
    std::vector<double> values;
    for (const Cost& cost : costs) values.push_back(cost.*field);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  return {middle(&Cost::wall), middle(&Cost::cpu), middle(&Cost::mib)};
}

class Server {
 public:
  Server(const std::string& bin, int hold, int size)
      : path_(absl::StrCat("/size/", size)) {
    int ends[2];
    if (pipe(ends) != 0) std::exit(1);
    child_ = Spawn({bin + "/load_server", "--hold", std::to_string(hold),
                    "--size", std::to_string(size)},
                   ends[1]);
    close(ends[1]);
    char port[16] = "";
    if (read(ends[0], port, sizeof(port) - 1) <= 0) std::exit(1);
    close(ends[0]);
    url_ = absl::StrCat("http://127.0.0.1:", std::atoi(port), path_);
  }
  ~Server() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  const std::string& url() const { return url_; }

 private:
  const std::string path_;
  pid_t child_ = -1;
  std::string url_;
};

Command Client(Command client, const std::string& url, int count,
               int concurrency, const std::string& out) {
  for (const std::string& word :
       {std::string("--base-url"), url, std::string("--model"),
        std::string("m"), std::string("--count"), std::to_string(count),
        std::string("--concurrency"), std::to_string(concurrency),
        std::string("--out"), out}) {
    client.push_back(word);
  }
  return client;
}

Command Curl(const std::string& url, int count, const std::string& out) {
  Command curl = {"curl", "-s", "-d", "{}"};
  for (int i = 0; i < count; ++i) {
    curl.insert(curl.end(),
                {"-o", out == "/dev/null" ? out : absl::StrCat(out, "/c-", i),
                 url + "/x"});
  }
  return curl;
}

// What is aimed at: ratios to the peer, and MiB. 0: nothing.
struct Target {
  double wall = 0;
  double cpu = 0;
  double mib = 0;
};

class Bench {
 public:
  Bench(std::string bin, std::string sdk, std::string directory)
      : bin_(std::move(bin)),
        sdk_(std::move(sdk)),
        directory_(std::move(directory)) {}

  int missed() const { return missed_; }
  const std::string& directory() const { return directory_; }

  // `in_flight` at once, beside a thread a call.
  void Many(int in_flight, int size, const Target& target) {
    std::printf("%d in flight, %d KiB each, /dev/null\n", in_flight,
                size >> 10);
    const auto run = [&](const Command& client) {
      const Server server(bin_, in_flight - 1, size);
      return Run(
          Client(client, server.url(), in_flight, in_flight, "/dev/null"));
    };
    std::vector<Cost> ours;
    std::vector<Cost> peers;
    for (int i = 0; i < 3; ++i) {
      peers.push_back(run({bin_ + "/threaded_client"}));
      ours.push_back(run({bin_ + "/load_client"}));
    }
    const Cost peer = Median(peers);
    Print("a thread a call", peer, in_flight, peer);
    PrintOurs(Median(ours), in_flight, peer, target);
    if (!sdk_.empty()) Print(kSdk, run({"node", sdk_}), in_flight, peer);
  }

  // One after another, beside curl, which decodes nothing. Returns the peak
  // memory in MiB.
  double Single(int size, int count, const std::string& out, bool memory,
                const Target& target) {
    if (count == 1) {
      std::printf("a whole process, one call, %d KiB, ", size >> 10);
    } else {
      std::printf("one after another, %d KiB, ", size >> 10);
    }
    std::printf("%s\n", memory               ? "in memory, then /dev/null"
                        : out == "/dev/null" ? "/dev/null"
                                             : "files");
    const Server server(bin_, 0, size);
    std::vector<Cost> ours;
    std::vector<Cost> curls;
    // Short runs differ more.
    const int rounds = size * count < 1 << 20 ? 41 : 7;
    for (int i = 0; i < rounds; ++i) {
      Command client =
          Client({bin_ + "/load_client"}, server.url(), count, 1, out);
      if (memory) client.insert(client.end(), {"--memory", "1"});
      ours.push_back(Run(client));
      curls.push_back(Run(Curl(server.url(), count, out)));
    }
    const Cost peer = Median(curls);
    const Cost our = Median(ours);
    Print("curl", peer, count, peer);
    PrintOurs(our, count, peer, target);
    if (!memory) PrintSdk(server, count, out, peer);
    return our.mib;
  }

  // Small ones, beside a thread a call.
  void Small(int count, const Target& target) {
    std::printf("one after another, 1 KiB, /dev/null, %d calls\n", count);
    const Server server(bin_, 0, 1 << 10);
    std::vector<Cost> ours;
    std::vector<Cost> peers;
    for (int i = 0; i < 21; ++i) {
      ours.push_back(Run(Client({bin_ + "/load_client"}, server.url(), count, 1,
                                "/dev/null")));
      peers.push_back(Run(Client({bin_ + "/threaded_client"}, server.url(),
                                 count, 1, "/dev/null")));
    }
    const Cost peer = Median(peers);
    Print("a thread a call", peer, count, peer);
    PrintOurs(Median(ours), count, peer, target);
    PrintSdk(server, count, "/dev/null", peer);
  }

  // By how much the peak memory of pictures of 16 MiB exceeds that of 1 MiB.
  void Growth(const char* of, double mib, double most) {
    std::printf("%s: peak memory grows by %.1f MiB from 1 to 16 MiB [%.0f]%s\n",
                of, mib, most, Judge(mib, most, ""));
  }

 private:
  void Print(const char* name, const Cost& cost, int count, const Cost& peer,
             const char* end = "\n") {
    std::printf(
        "  %-16s wall %8.3f s (%5.2fx)  CPU %8.1f us a picture (%5.2fx)"
        "  peak %6.0f MiB%s",
        name, cost.wall, cost.wall / peer.wall, cost.cpu / count * 1e6,
        cost.cpu / peer.cpu, cost.mib, end);
    std::fflush(stdout);
  }

  void PrintOurs(const Cost& cost, int count, const Cost& peer,
                 const Target& target) {
    Print("load_client", cost, count, peer, "");
    std::string wanted;
    std::string missed;
    const auto judge = [&](const char* name, double value, double most) {
      if (most == 0) return;
      absl::StrAppend(&wanted, wanted.empty() ? "" : ", ", name, " ", most);
      absl::StrAppend(&missed, Judge(value, most, name));
    };
    judge("wall", cost.wall / peer.wall, target.wall);
    judge("CPU", cost.cpu / peer.cpu, target.cpu);
    judge("MiB", cost.mib, target.mib);
    std::printf("  [%s]%s\n", wanted.c_str(), missed.c_str());
    std::fflush(stdout);
  }

  // What is to be said, and counted, of a target.
  const char* Judge(double value, double most, const std::string& name) {
    if (value <= most) return "";
    ++missed_;
    judgement_ = absl::StrCat(" MISSED", name.empty() ? "" : " ", name);
    return judgement_.c_str();
  }

  // One after another.
  void PrintSdk(const Server& server, int count, const std::string& out,
                const Cost& peer) {
    if (sdk_.empty()) return;
    Print(kSdk, Run(Client({"node", sdk_}, server.url(), count, 1, out)), count,
          peer);
  }

  const std::string bin_;
  const std::string sdk_;
  const std::string directory_;
  std::string judgement_;
  int missed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names;
  bool check = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--check") {
      check = true;
    } else {
      names.push_back(argument);
    }
  }
  if (names.empty() || names.size() > 2 || names[0][0] == '-') {
    std::fprintf(stderr,
                 "usage: compare BIN_DIRECTORY [SDK_CLIENT.mjs] [--check]\n");
    return 2;
  }
  char directory[] = "/tmp/gemini-compare-XXXXXX";
  if (mkdtemp(directory) == nullptr) {
    std::perror("compare: cannot make a directory in /tmp");
    return 1;
  }
  Bench bench(names[0], names.size() > 1 ? names[1] : "", directory);
  bench.Many(2000, 1 << 20, {0.5, 0.28, 96});
  bench.Many(512, 1 << 20, {0, 0, 40});
  bench.Many(2000, 1 << 10, {0, 1.0, 64});
  // Returns by how many MiB the peak grows with the picture.
  const auto single = [&](const std::string& out, bool memory,
                          const Target& of_1, const Target& of_4,
                          const Target& of_16) {
    const double first = bench.Single(1 << 20, 40, out, memory, of_1);
    bench.Single(4 << 20, 12, out, memory, of_4);
    return bench.Single(16 << 20, 4, out, memory, of_16) - first;
  };
  const double files =
      single(bench.directory(), false, {1.0, 1.0}, {0.9, 0.9}, {0.8, 0.8});
  bench.Growth("files", files, 2);
  single("/dev/null", false, {1.4, 1.45}, {1.3, 1.4}, {1.3, 1.35});
  const double memory = single("/dev/null", true, {1.6}, {1.6}, {1.6});
  bench.Growth("in memory", memory, 1.2 * 15);
  bench.Single(1 << 10, 1, "/dev/null", false, {1.15});
  bench.Small(500, {0, 1.1});
  Run({"rm", "-rf", bench.directory()});
  if (bench.missed() > 0) std::printf("%d MISSED\n", bench.missed());
  return check && bench.missed() > 0 ? 1 : 0;
}
