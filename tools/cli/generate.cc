#include "generate.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "exit_code.h"
#include "gemini/client.h"
#include "gemini/json.h"
#include "gemini/models.h"
#include "image_files.h"
#include "ledger_option.h"
#include "progress.h"
#include "report.h"

namespace gemini::cli {
namespace {

struct Options {
  std::string prompt;
  OutputPlan output;
  std::string model;
  std::string aspect_ratio;
  std::string size;
  std::vector<std::string> references;
  std::optional<int32_t> seed;
  std::string timeout;
  std::string base_url;
  std::string env_file;
  std::string ledger;
  bool json = false;
  bool verbose = false;
};

absl::Status ReadReferences(const std::vector<std::string>& files,
                            ImageRequest* request) {
  for (const std::string& file : files) {
    std::ifstream stream(file, std::ios::binary);
    ReferenceImage image;
    image.bytes.assign(std::istreambuf_iterator<char>(stream), {});
    if (!stream) {
      return absl::NotFoundError(
          absl::StrCat("--reference ", file, ": cannot be read"));
    }
    request->reference_images.push_back(std::move(image));
  }
  return absl::OkStatus();
}

void PrintJson(const nlohmann::ordered_json& json) {
  std::printf("%s\n", json.dump(2).c_str());
}

nlohmann::ordered_json ErrorJson(const absl::Status& status) {
  nlohmann::ordered_json json;
  json["outcome"] = "error";
  json["status"] = absl::StatusCodeToString(status.code());
  json["message"] = std::string(status.message());
  json["diagnosis"] = nullptr;
  if (const std::optional<Diagnosis> diagnosis = DiagnosisOf(status)) {
    json["diagnosis"] = nlohmann::ordered_json::parse(ToJson(*diagnosis));
  }
  return json;
}

int Fail(const Options& options, const absl::Status& status, ExitCode code) {
  if (options.json) PrintJson(ErrorJson(status));
  PrintError(status);
  return code;
}

// What a request is refused for before anything was sent is a usage error.
ExitCode CodeFor(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument &&
                 AttemptsOf(status).empty()
             ? kExitUsage
             : kExitError;
}

int Report(const Options& options, const Outcome& outcome) {
  std::vector<std::string> paths;
  if (const Images* images = outcome.images()) {
    for (const Image& image : images->images) paths.push_back(image.path);
    for (const std::string& warning :
         WarningsAbout(options.output, images->images)) {
      std::fprintf(stderr, "gemini-image: %s\n", warning.c_str());
    }
  }
  if (options.json) {
    nlohmann::ordered_json json =
        nlohmann::ordered_json::parse(ToJson(outcome));
    json["files"] = paths;
    PrintJson(json);
  } else {
    for (const std::string& path : paths) {
      std::printf("%s\n", path.c_str());
    }
  }
  if (!outcome.diagnosis.has_value()) return kExitImages;

  PrintAttempts(outcome.attempts);
  if (const Images* images = outcome.images()) {
    std::fprintf(stderr, "gemini-image: %zu of %d pictures are missing\n",
                 images->missing.size(), options.output.count);
  }
  PrintDiagnosis(*outcome.diagnosis);
  if (outcome.retry_at.has_value()) {
    std::fprintf(stderr, "Try again at %s.\n",
                 absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", *outcome.retry_at,
                                  absl::LocalTimeZone())
                     .c_str());
  }
  const PromptOnly* prompt_only = outcome.prompt_only();
  if (prompt_only == nullptr) return kExitError;
  if (!options.json) std::printf("%s\n", prompt_only->image_prompt.c_str());
  return kExitPromptOnly;
}

int Generate(const Options& options) {
  ImageRequest request;
  request.prompt = options.prompt;
  request.aspect_ratio = options.aspect_ratio;
  request.size = options.size;
  request.count = options.output.count;
  request.seed = options.seed;
  absl::Status status = ReadReferences(options.references, &request);
  if (status.ok()) status = Validate(request);
  CallOptions call_options;
  call_options.sink = SinkFor(options.output);
  if (!options.timeout.empty()) {
    absl::Duration timeout;
    if (!absl::ParseDuration(options.timeout, &timeout)) {
      status.Update(absl::InvalidArgumentError(
          absl::StrCat("--timeout ", options.timeout,
                       ": expected a time such as 90s or 2m30s")));
    }
    call_options.timeout = timeout;
    status.Update(Validate(call_options));
  }
  if (status.ok()) status = CheckWritable(options.output);
  if (!status.ok()) return Fail(options, status, CodeFor(status));

  Progress progress;
  ClientOptions client_options;
  client_options.model = options.model;
  client_options.base_url = options.base_url;
  client_options.dotenv_path = options.env_file;
  client_options.ledger = options.ledger;
  client_options.on_event = [&progress,
                             verbose = options.verbose](const Event& event) {
    const auto* ledger = std::get_if<LedgerChanged>(&event.what);
    const bool trouble = ledger != nullptr && !ledger->status.ok();
    if (verbose || trouble)
      std::fprintf(stderr, "%s\n", ToString(event).c_str());
    progress.OnEvent(event);
  };
  absl::StatusOr<GeminiImageClient> client =
      GeminiImageClient::Create(std::move(client_options));
  if (!client.ok()) {
    return Fail(options, client.status(), CodeFor(client.status()));
  }
  for (const std::string& warning : client->config().warnings) {
    std::fprintf(stderr, "gemini-image: %s\n", warning.c_str());
  }
  const absl::StatusOr<Outcome> outcome =
      progress.Generate(&*client, request, call_options);
  if (!outcome.ok()) {
    return Fail(options, outcome.status(), CodeFor(outcome.status()));
  }
  return Report(options, *outcome);
}

}  // namespace

void AddGenerate(CLI::App* app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("generate", "Draw pictures and write them to files");
  command->add_option("prompt", options->prompt, "What to draw")->required();
  command->add_option("-o,--output", options->output.file,
                      "The file to write. Default: a free name that begins "
                      "with \"image\". Several pictures are numbered");
  command->add_option("--model", options->model,
                      absl::StrCat("The model. Default: ", DefaultModel()));
  command->add_option("--aspect-ratio", options->aspect_ratio,
                      "For example 16:9. Default: the model's choice");
  command->add_option("--size", options->size,
                      "512, 1K, 2K or 4K, as the model has them");
  command->add_option("--count", options->output.count,
                      "How many pictures, each a request. Default: 1");
  command->add_option("--seed", options->seed,
                      "Sent to the service; newer models refuse it");
  command
      ->add_option("--reference", options->references,
                   "A picture to edit or to take as an example; repeatable")
      ->allow_extra_args(false);
  command->add_option("--timeout", options->timeout,
                      "The time for the whole call, waiting included. "
                      "Default: 5m");
  command->add_option("--base-url", options->base_url,
                      "Where the service is. Default: "
                      "$GOOGLE_GEMINI_BASE_URL, then Google");
  AddLedgerOption(command, &options->ledger,
                  "A file through which processes share what they know of "
                  "quotas. Default: none");
  command->add_option("--env-file", options->env_file,
                      "A file of NAME=value lines to read settings from");
  command->add_flag("--json", options->json,
                    "Print the whole outcome as JSON on standard output");
  command->add_flag("-v,--verbose", options->verbose,
                    "Tell every attempt and every wait on standard error");
  command->footer(
      "The key is taken from GOOGLE_API_KEY, then GEMINI_API_KEY, in the "
      "environment, then in the --env-file.\n\nWrites the names of the files, "
      "or else the prompt, to standard output.\nExit code: 0 pictures, 1 error "
      "or fewer pictures than asked for, 2 usage, 3 prompt only.");
  command->callback([options, exit_code] { *exit_code = Generate(*options); });
}

}  // namespace gemini::cli
