// Asks for many pictures at once and writes them to files: what a load costs.
// Made of the public API with its default settings. Prints nothing on standard
// output; on the first failure one line on standard error, and a non-zero exit
// code: the other calls are cancelled.

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gemini/client.h"

namespace {

constexpr char kUsage[] =
    "usage: load_client --base-url URL --model M --count N --concurrency K "
    "--out DIR [--memory 1]";

struct Options {
  std::string base_url;
  std::string model;
  std::string out;
  int count = 0;
  int concurrency = 0;
  // Keep whole pictures in memory and write them then, instead of writing them
  // while they arrive.
  int memory = 0;
};

bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    bool good = true;
    if (name == "--base-url") {
      options->base_url = value;
    } else if (name == "--model") {
      options->model = value;
    } else if (name == "--out") {
      options->out = value;
    } else if (name == "--count") {
      good = absl::SimpleAtoi(value, &options->count);
    } else if (name == "--concurrency") {
      good = absl::SimpleAtoi(value, &options->concurrency);
    } else if (name == "--memory") {
      good = absl::SimpleAtoi(value, &options->memory) &&
             (options->memory == 0 || options->memory == 1);
    } else {
      good = false;
    }
    if (!good) return false;
  }
  return argc % 2 == 1 && !options->base_url.empty() &&
         !options->model.empty() && !options->out.empty() &&
         options->count > 0 && options->concurrency > 0;
}

// Thousands of connections need as many descriptors.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Without its payloads, which say the same at length.
std::string Words(const absl::Status& status) {
  return status.ToString(absl::StatusToStringMode::kWithNoExtraData);
}

// Keeps `concurrency` calls under way until all were begun. Outlives the
// client, whose calls end at the latest with it.
class Load {
 public:
  explicit Load(const Options& options) : options_(options) {}

  // Returns what went wrong first, when it does; empty if nothing did.
  std::string Run(gemini::GeminiImageClient* client) {
    client_ = client;
    const int at_once = std::min(options_.concurrency, options_.count);
    next_ = at_once;
    for (int i = 0; i < at_once; ++i) Begin(i);
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(
        lock, [this] { return ended_ == options_.count || !failure_.empty(); });
    return failure_;
  }

 private:
  static gemini::ImageRequest RequestFor(int index) {
    gemini::ImageRequest request;
    request.prompt = absl::StrCat("picture ", index);
    return request;
  }

  gemini::CallOptions OptionsFor(int index) const {
    gemini::CallOptions call;
    if (options_.memory == 0) {
      call.sink.emplace<gemini::FileSink>().path = PathOf(index);
    }
    return call;
  }

  void Begin(int index) {
    client_->GenerateAsync(
        RequestFor(index), OptionsFor(index),
        [this, index](const absl::StatusOr<gemini::Outcome>& o) {
          End(index, o);
        });
  }

  // On the client's callback thread, one call after another.
  void End(int index, const absl::StatusOr<gemini::Outcome>& outcome) {
    const std::string failure = Keep(index, outcome);
    int next = -1;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (failure_.empty()) failure_ = failure;
      if (next_ < options_.count && failure_.empty()) next = next_++;
      if (++ended_ == options_.count || !failure_.empty()) {
        changed_.notify_one();
      }
    }
    if (next >= 0) Begin(next);
  }

  std::string PathOf(int index) const {
    return options_.out == "/dev/null"
               ? options_.out
               : absl::StrCat(options_.out, "/img-", index, ".png");
  }

  std::string Keep(int index,
                   const absl::StatusOr<gemini::Outcome>& outcome) const {
    if (!outcome.ok()) {
      return absl::StrCat("picture ", index, ": ", Words(outcome.status()));
    }
    const gemini::Images* images = outcome->images();
    if (images == nullptr) {
      const gemini::Diagnosis& why = *outcome->diagnosis;
      return absl::StrCat("picture ", index, ": ", why.code, ": ",
                          why.message.empty() ? why.evidence : why.message);
    }
    if (options_.memory == 0) return "";
    const std::string path = PathOf(index);
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
      return absl::StrCat(path, ": ", std::strerror(errno));
    }
    std::setvbuf(file, nullptr, _IONBF, 0);
    const std::string& bytes = images->images[0].bytes;
    int error = 0;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) {
      error = errno;
    }
    struct stat info = {};
    const bool is_file =
        fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode);
    if (std::fclose(file) != 0 && error == 0) error = errno;
    if (error == 0) return "";
    if (is_file) std::remove(path.c_str());
    return absl::StrCat(path, ": ", std::strerror(error));
  }

  const Options& options_;
  gemini::GeminiImageClient* client_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  int next_ = 0;
  int ended_ = 0;
  std::string failure_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr, "%s\n", kUsage);
    return 2;
  }
  RaiseDescriptorLimit();
  gemini::ClientOptions client_options;
  client_options.api_key = "load-client";
  client_options.base_url = options.base_url;
  client_options.model = options.model;
  int code = 0;
  Load load(options);
  {
    auto client = gemini::GeminiImageClient::Create(std::move(client_options));
    std::string failure =
        client.ok() ? load.Run(&*client) : Words(client.status());
    if (!failure.empty()) {
      std::replace(failure.begin(), failure.end(), '\n', ' ');
      std::fprintf(stderr, "load_client: %s\n", failure.c_str());
      code = 1;
    }
  }
  // Nothing is buffered. What libraries tidy up at the end of a process is a
  // thirtieth of what a short one costs.
  std::quick_exit(code);
}
