// Measures load_client beside curl, a client with a thread a call and, where it
// is given, a client of the official SDK, against load_server, and prints the
// ratios that docs/performance.md explains.
//
//   compare BIN_DIRECTORY [SDK_CLIENT.mjs]
//
// The programs take turns; what is printed are medians.

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
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

void Print(const char* name, const Cost& cost, int count, const Cost& peer) {
  std::printf(
      "  %-16s wall %8.3f s (%5.2fx)  CPU %8.1f us a picture (%5.2fx)"
      "  peak %6.0f MiB\n",
      name, cost.wall, cost.wall / peer.wall, cost.cpu / count * 1e6,
      cost.cpu / peer.cpu, cost.mib);
  std::fflush(stdout);
}

struct Bench {
  std::string bin;
  std::string sdk;
  std::string directory;

  // `in_flight` at once, beside a thread a call.
  void Many(int in_flight, int size) {
    std::printf("%d in flight, %d KiB each\n", in_flight, size >> 10);
    const auto run = [&](Command client) {
      const Server server(bin, in_flight - 1, size);
      return Run(Client(std::move(client), server.url(), in_flight, in_flight,
                        "/dev/null"));
    };
    const Cost peer = run({bin + "/threaded_client"});
    Print("a thread a call", peer, in_flight, peer);
    Print("load_client", run({bin + "/load_client"}), in_flight, peer);
    if (!sdk.empty()) Print(kSdk, run({"node", sdk}), in_flight, peer);
  }

  // One after another, beside curl, which decodes nothing.
  void Single(int size, int count, const std::string& out, bool memory) {
    std::printf("one after another, %d KiB, %s\n", size >> 10,
                memory               ? "in memory, then /dev/null"
                : out == "/dev/null" ? "/dev/null"
                                     : "files");
    const Server server(bin, 0, size);
    std::vector<Cost> ours;
    std::vector<Cost> curls;
    // Short runs differ more.
    const int rounds = size * count < 1 << 20 ? 41 : 7;
    for (int i = 0; i < rounds; ++i) {
      Command client =
          Client({bin + "/load_client"}, server.url(), count, 1, out);
      if (memory) client.insert(client.end(), {"--memory", "1"});
      ours.push_back(Run(client));
      curls.push_back(Run(Curl(server.url(), count, out)));
    }
    const Cost peer = Median(curls);
    Print("curl", peer, count, peer);
    Print("load_client", Median(ours), count, peer);
    if (!memory) PrintSdk(server, count, out, peer);
  }

  void Small() {
    std::printf("one after another, 1 KiB\n");
    const Server server(bin, 0, 1024);
    std::vector<Cost> ours;
    std::vector<Cost> peers;
    for (int i = 0; i < 21; ++i) {
      ours.push_back(Run(
          Client({bin + "/load_client"}, server.url(), 500, 1, "/dev/null")));
      peers.push_back(Run(Client({bin + "/threaded_client"}, server.url(), 500,
                                 1, "/dev/null")));
    }
    const Cost peer = Median(peers);
    Print("a thread a call", peer, 500, peer);
    Print("load_client", Median(ours), 500, peer);
    PrintSdk(server, 500, "/dev/null", peer);
  }

 private:
  // One after another. One run: it takes so much longer.
  void PrintSdk(const Server& server, int count, const std::string& out,
                const Cost& peer) {
    if (sdk.empty()) return;
    Print(kSdk, Run(Client({"node", sdk}, server.url(), count, 1, out)), count,
          peer);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: compare BIN_DIRECTORY [SDK_CLIENT.mjs]\n");
    return 2;
  }
  char directory[] = "/tmp/gemini-compare-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 1;
  Bench bench{argv[1], argc > 2 ? argv[2] : "", directory};
  bench.Many(2000, 1 << 20);
  bench.Many(512, 1 << 20);
  bench.Many(2000, 1 << 10);
  const auto single = [&](const std::string& out, bool memory) {
    bench.Single(1 << 20, 40, out, memory);
    bench.Single(4 << 20, 12, out, memory);
    bench.Single(16 << 20, 4, out, memory);
  };
  single(bench.directory, false);
  single("/dev/null", false);
  single("/dev/null", true);
  bench.Single(1 << 10, 1, "/dev/null", false);
  bench.Small();
  return Run({"rm", "-rf", bench.directory}).wall < 0 ? 1 : 0;
}
