#include "verify.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "exit_code.h"
#include "gemini/client.h"
#include "gemini/json.h"
#include "gemini/models.h"
#include "language.h"
#include "report.h"

namespace gemini::cli {
namespace {

struct Options {
  std::string model;
  std::string base_url;
  std::string env_file;
  std::string language;
  bool draw = false;
  bool json = false;
};

// What the program says, in both languages.
struct Phrase {
  const char* english;
  const char* chinese;
};

constexpr Phrase kKey = {"key       ", "密钥      "};
constexpr Phrase kFrom = {"from", "来自"};
constexpr Phrase kService = {"service   ", "服务地址  "};
constexpr Phrase kModel = {"model     ", "模型      "};
constexpr Phrase kAccepted = {"The key is accepted. It sees ",
                              "密钥有效，可见模型数："};
constexpr Phrase kModels = {" models, among them these that are known to draw:",
                            "，其中已知可绘图的有："};
constexpr Phrase kNotSeen = {
    "The key does not see the model that would be used: ",
    "该密钥看不到将要使用的模型："};
constexpr Phrase kUnknown = {
    "What cannot be known without drawing: whether the project has quota for "
    "pictures (\"limit: 0\"), credit left, or billing for this model. "
    "`gemini-image verify --draw` finds out; the picture may be billed.",
    "不实际绘图就无法得知：该项目是否有图片配额（是否为 "
    "“limit: 0”）、余额是否充足、该模型是否已开通计费。运行 "
    "`gemini-image verify --draw` 可以查明，所绘图片可能计费。"};
constexpr Phrase kDrawn = {"Drawing works: one picture came.",
                           "绘图正常：已收到一张图片。"};
constexpr Phrase kNotDrawn = {"Drawing does not work:", "绘图失败："};

class Speaker {
 public:
  explicit Speaker(Language language) : language_(language) {}

  const char* operator()(const Phrase& phrase) const {
    return language_ == Language::kChinese ? phrase.chinese : phrase.english;
  }

 private:
  const Language language_;
};

// Without a size it is the smallest that the model has.
ImageRequest SmallestPicture() {
  ImageRequest request;
  request.prompt = "a small grey circle on white";
  return request;
}

bool Draws(const ModelInfo& model) {
  const KnownModel* known = FindModel(model.id);
  return known != nullptr && known->state != ModelState::kInternalName;
}

class Report {
 public:
  explicit Report(const Options& options)
      : json_wanted_(options.json),
        language_(ChooseLanguage(options.language)),
        say_(language_) {}

  void TellConfig(const ClientConfig& config) {
    json_["key_kind"] = config.key_kind;
    json_["key_fingerprint"] = config.key_fingerprint;
    json_["key_source"] = config.key_source;
    json_["base_url"] = config.base_url;
    json_["model"] = config.model;
    json_["warnings"] = config.warnings;
    Line(absl::StrCat(say_(kKey), config.key_kind, " ", config.key_fingerprint,
                      " ", say_(kFrom), " ", config.key_source));
    Line(absl::StrCat(say_(kService), config.base_url));
    Line(absl::StrCat(say_(kModel), config.model));
    for (const std::string& warning : config.warnings) {
      Line(absl::StrCat("! ", warning));
    }
  }

  void TellModels(const std::vector<ModelInfo>& models,
                  const std::string& wanted) {
    std::vector<std::string> ids;
    ids.reserve(models.size());
    for (const ModelInfo& model : models) ids.push_back(model.id);
    const bool sees = std::find(ids.begin(), ids.end(), wanted) != ids.end();
    json_["key_accepted"] = true;
    json_["models"] = ids;
    json_["sees_model"] = sees;
    Line(absl::StrCat(say_(kAccepted), models.size(), say_(kModels)));
    for (const ModelInfo& model : models) {
      if (Draws(model)) Line(absl::StrCat("  ", model.id));
    }
    if (!sees) Line(absl::StrCat("! ", say_(kNotSeen), wanted));
  }

  void TellNoModels(const absl::Status& status) {
    const std::optional<Diagnosis> diagnosis = DiagnosisOf(status);
    const bool bad_key =
        diagnosis.has_value() && diagnosis->cause == Cause::kCredential;
    json_["key_accepted"] =
        bad_key ? nlohmann::ordered_json(false) : nlohmann::ordered_json();
    TellFailure(status, diagnosis);
  }

  void TellUnknown() {
    json_["drawing"] = nullptr;
    Line(say_(kUnknown));
  }

  void TellDrawn() {
    json_["drawing"] = true;
    Line(say_(kDrawn));
  }

  void TellNotDrawn(const absl::Status& status,
                    const std::optional<Diagnosis>& diagnosis) {
    json_["drawing"] = false;
    Line(say_(kNotDrawn));
    TellFailure(status, diagnosis);
  }

  void Print() const {
    if (json_wanted_) {
      std::printf("%s\n", json_.dump(2).c_str());
    } else {
      std::fputs(text_.c_str(), stdout);
    }
  }

 private:
  void Line(const std::string& line) { absl::StrAppend(&text_, line, "\n"); }

  void TellFailure(const absl::Status& status,
                   const std::optional<Diagnosis>& diagnosis) {
    if (!diagnosis.has_value()) {
      json_["error"] = std::string(status.message());
      Line(std::string(status.message()));
      return;
    }
    json_["diagnosis"] =
        nlohmann::ordered_json::parse(ToJson(*diagnosis, language_));
    text_ += Explain(*diagnosis, language_);
  }

  const bool json_wanted_;
  const Language language_;
  const Speaker say_;
  nlohmann::ordered_json json_;
  std::string text_;
};

// Returns whether a picture came.
bool Draw(GeminiImageClient* client, Report* report) {
  CallOptions options;
  options.retry.emplace();
  options.retry->max_retries = 0;
  const absl::StatusOr<Outcome> outcome =
      client->Generate(SmallestPicture(), options);
  if (!outcome.ok()) {
    report->TellNotDrawn(outcome.status(), DiagnosisOf(outcome.status()));
    return false;
  }
  if (outcome->images() == nullptr) {
    report->TellNotDrawn(absl::OkStatus(), outcome->diagnosis);
    return false;
  }
  report->TellDrawn();
  return true;
}

int Verify(const Options& options) {
  ClientOptions client_options;
  client_options.model = options.model;
  client_options.base_url = options.base_url;
  client_options.dotenv_path = options.env_file;
  absl::StatusOr<GeminiImageClient> client =
      GeminiImageClient::Create(std::move(client_options));
  if (!client.ok()) {
    PrintError(client.status());
    return client.status().code() == absl::StatusCode::kInvalidArgument
               ? kExitUsage
               : kExitError;
  }
  Report report(options);
  const ClientConfig& config = client->config();
  report.TellConfig(config);
  bool good = true;
  const auto models = client->ListModels();
  if (models.ok()) {
    report.TellModels(*models, config.model);
  } else {
    good = false;
    report.TellNoModels(models.status());
  }
  if (good && options.draw) {
    good = Draw(&*client, &report);
  } else if (good) {
    report.TellUnknown();
  }
  report.Print();
  return good ? 0 : kExitError;
}

}  // namespace

void AddVerify(CLI::App* app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "verify", "Find out whether the key works, and what it can be used for");
  command->add_option("--model", options->model,
                      absl::StrCat("The model. Default: ", DefaultModel()));
  command->add_option("--base-url", options->base_url,
                      "Where the service is. Default: "
                      "$GOOGLE_GEMINI_BASE_URL, then Google");
  command->add_option("--env-file", options->env_file,
                      "A file of NAME=value lines. Default: .env, if there is "
                      "one");
  command
      ->add_option("--lang", options->language,
                   "en or zh. Default: the locale's")
      ->check(CLI::IsMember({"en", "zh"}));
  command->add_flag("--draw", options->draw,
                    "Draw one small picture too, which may be billed");
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "Without --draw all requests are free of charge. The key is never shown, "
      "only its kind and 8 hexadecimal digits of its SHA-256.\n"
      "Exit code: 0 all is well, 1 something is not, 2 usage.");
  command->callback([options, exit_code] {
    // A key there is what people forget about.
    if (options->env_file.empty()) {
      if (std::FILE* file = std::fopen(".env", "r")) {
        std::fclose(file);
        options->env_file = ".env";
      }
    }
    *exit_code = Verify(*options);
  });
}

}  // namespace gemini::cli
