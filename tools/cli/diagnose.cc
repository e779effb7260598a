#include "diagnose.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "exit_code.h"
#include "gemini/diagnose.h"
#include "gemini/json.h"
#include "language.h"
#include "report.h"

namespace gemini::cli {
namespace {

// More than that is no error body, and the program must end.
constexpr size_t kMaxInput = size_t{64} << 20;

struct Options {
  int http_status = 0;
  std::string model;
  std::string language;
  bool json = false;
};

std::string ReadStandardInput() {
  std::string text;
  char piece[65536];
  size_t n;
  while (text.size() < kMaxInput &&
         (n = std::fread(piece, 1, sizeof(piece), stdin)) > 0) {
    text.append(piece, n);
  }
  return text;
}

int Diagnose(const Options& options) {
  const std::string body = ReadStandardInput();
  if (body.empty() && options.http_status == 0) {
    std::fprintf(stderr,
                 "gemini-image diagnose: nothing to read: give the error's "
                 "body on standard input, its HTTP status by --status, or "
                 "both\n");
    return kExitUsage;
  }
  FailureFacts facts;
  facts.http_status = options.http_status;
  facts.body = body;
  facts.requested_model = options.model;
  facts.now = absl::Now();
  const Diagnosis diagnosis = gemini::Diagnose(facts);
  const Language language = ChooseLanguage(options.language);
  if (options.json) {
    std::printf("%s\n", ToJson(diagnosis, language).c_str());
  } else {
    std::fputs(Explain(diagnosis, language).c_str(), stdout);
  }
  return 0;
}

}  // namespace

void AddDiagnose(CLI::App* app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "diagnose", "Explain a saved error: its body comes on standard input");
  command->add_option("--status", options->http_status, "Its HTTP status")
      ->check(CLI::Range(100, 599));
  command->add_option("--model", options->model,
                      "The model that was asked for, if the body does not say");
  command
      ->add_option("--lang", options->language,
                   "en or zh. Default: the locale's")
      ->check(CLI::IsMember({"en", "zh"}));
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "The body may be JSON, a stream of events, an SDK's text, HTML, or what "
      "is left of any of these, with a logger's decoration around it.\n"
      "Nothing is sent anywhere.");
  command->callback([options, exit_code] { *exit_code = Diagnose(*options); });
}

}  // namespace gemini::cli
