#include "client/configuration.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gemini/models.h"
#include "util/dotenv.h"
#include "util/fingerprint.h"
#include "util/url.h"

namespace gemini::internal {
namespace {

constexpr char kDefaultBaseUrl[] = "https://generativelanguage.googleapis.com";
constexpr char kKeyPage[] = "https://aistudio.google.com/apikey";

// A value and where it was found.
struct Setting {
  std::string value;
  std::string source;
};

// All settings of some names, the one that counts first.
class Settings {
 public:
  Settings(const Environment& environment, const std::string& dotenv_path,
           DotenvValues dotenv)
      : environment_(environment),
        dotenv_path_(dotenv_path),
        dotenv_(std::move(dotenv)) {}

  std::vector<Setting> Find(const std::vector<std::string>& names,
                            absl::string_view explicit_value) const {
    std::vector<Setting> found;
    Add(explicit_value, "options", &found);
    for (const std::string& name : names) {
      const std::optional<std::string> value = environment_(name);
      if (value.has_value()) Add(*value, name, &found);
    }
    for (const std::string& name : names) {
      const auto value = dotenv_.find(name);
      if (value == dotenv_.end()) continue;
      Add(value->second, absl::StrCat(name, " in ", dotenv_path_), &found);
    }
    return found;
  }

 private:
  static void Add(absl::string_view value, absl::string_view source,
                  std::vector<Setting>* found) {
    value = absl::StripAsciiWhitespace(value);
    if (value.empty()) return;
    found->push_back({std::string(value), std::string(source)});
  }

  const Environment& environment_;
  const std::string& dotenv_path_;
  const DotenvValues dotenv_;
};

bool IsSendable(absl::string_view key) {
  for (const char c : key) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// Kinds of keys are known by how they begin; others may come.
std::string KeyKind(absl::string_view key) {
  if (absl::StartsWith(key, "AIza")) return "standard key";
  if (absl::StartsWith(key, "AQ.")) return "auth key";
  if (absl::StartsWith(key, "auth_tokens/")) return "ephemeral token";
  return "unknown kind";
}

absl::StatusOr<Setting> ChooseKey(const std::vector<Setting>& keys,
                                  const ClientOptions& options,
                                  std::vector<std::string>* warnings) {
  if (keys.empty()) {
    return absl::UnauthenticatedError(absl::StrCat(
        "there is no API key: set GEMINI_API_KEY in the environment",
        options.dotenv_path.empty()
            ? ""
            : absl::StrCat(" or in ", options.dotenv_path),
        ", or ClientOptions::api_key; create one at ", kKeyPage));
  }
  const Setting& key = keys.front();
  if (!IsSendable(key.value)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the API key from ", key.source,
        " holds spaces, line breaks or characters other than ASCII: copy it "
        "again from ",
        kKeyPage));
  }
  for (const Setting& other : keys) {
    if (other.value == key.value) continue;
    warnings->push_back(absl::StrCat("a different API key in ", other.source,
                                     " (", Fingerprint(other.value),
                                     ") is ignored: the one from ", key.source,
                                     " (", Fingerprint(key.value), ") counts"));
  }
  return key;
}

// The keys of the options, or the one of the environment.
absl::StatusOr<std::vector<ConfiguredKey>> ChooseKeys(
    const Settings& settings, const ClientOptions& options,
    ClientConfig* shown) {
  std::vector<ConfiguredKey> keys;
  if (options.credentials.empty()) {
    absl::StatusOr<Setting> key = ChooseKey(
        settings.Find({"GOOGLE_API_KEY", "GEMINI_API_KEY"}, options.api_key),
        options, &shown->warnings);
    if (!key.ok()) return key.status();
    shown->key_source = key->source;
    const std::string fingerprint = Fingerprint(key->value);
    keys.push_back({key->value, fingerprint, absl::StrCat("#", fingerprint)});
    return keys;
  }
  shown->key_source = "options";
  for (size_t i = 0; i < options.credentials.size(); ++i) {
    const Credential& credential = options.credentials[i];
    const absl::string_view value =
        absl::StripAsciiWhitespace(credential.api_key);
    if (value.empty() || !IsSendable(value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "credentials[", i, "].api_key: ",
          value.empty() ? "is empty"
                        : "holds characters other than visible ASCII: copy "
                          "it again from ",
          value.empty() ? "" : kKeyPage));
    }
    const bool known =
        std::any_of(keys.begin(), keys.end(),
                    [&value](const auto& key) { return key.api_key == value; });
    if (known) {
      return absl::InvalidArgumentError(
          absl::StrCat("credentials[", i, "].api_key: stands there twice"));
    }
    const std::string fingerprint = Fingerprint(value);
    keys.push_back({std::string(value), fingerprint,
                    credential.project.empty() ? absl::StrCat("#", fingerprint)
                                               : credential.project});
  }
  return keys;
}

bool AllowsPlainHttp(const ClientOptions& options, absl::string_view host) {
  for (const std::string& allowed : options.plain_http_hosts) {
    if (absl::EqualsIgnoreCase(allowed, host)) return true;
  }
  return false;
}

absl::string_view StateOf(ModelState state) {
  switch (state) {
    case ModelState::kShutDown:
      return "is shut down";
    case ModelState::kShutdownAnnounced:
      return "was announced to be shut down";
    case ModelState::kInternalName:
      return "is not callable: Google keeps a quota under this name";
    case ModelState::kRecommended:
    case ModelState::kAvailable:
      break;
  }
  return "";
}

}  // namespace

std::optional<std::string> ProcessEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

absl::StatusOr<Configuration> Configure(const ClientOptions& options,
                                        const Environment& environment) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  DotenvValues dotenv;
  if (!options.dotenv_path.empty()) {
    absl::StatusOr<DotenvValues> values = ReadDotenv(options.dotenv_path);
    if (!values.ok()) return values.status();
    dotenv = *std::move(values);
  }
  const Settings settings(environment, options.dotenv_path, std::move(dotenv));

  Configuration configuration;
  ClientConfig& shown = configuration.shown;
  absl::StatusOr<std::vector<ConfiguredKey>> keys =
      ChooseKeys(settings, options, &shown);
  if (!keys.ok()) return keys.status();
  configuration.keys = *std::move(keys);
  shown.key_kind = KeyKind(configuration.keys.front().api_key);
  shown.key_fingerprint = configuration.keys.front().fingerprint;

  Setting base_url = {kDefaultBaseUrl, "default"};
  const std::vector<Setting> base_urls =
      settings.Find({"GOOGLE_GEMINI_BASE_URL"}, options.base_url);
  if (!base_urls.empty()) base_url = base_urls.front();
  absl::StatusOr<Url> url = ParseBaseUrl(base_url.value);
  if (!url.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "base_url (from ", base_url.source, "): ", url.status().message()));
  }
  configuration.is_loopback = IsLoopbackHost(url->host);
  if (url->scheme == "http" && !configuration.is_loopback &&
      !AllowsPlainHttp(options, url->host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "base_url (from ", base_url.source,
        "): plain http would show the key "
        "to the network; use https, or name the host in plain_http_hosts"));
  }
  shown.base_url = base_url.value;
  while (absl::EndsWith(shown.base_url, "/")) shown.base_url.pop_back();
  shown.api_version = options.api_version;

  absl::string_view model = absl::StripAsciiWhitespace(options.model);
  if (model.empty()) model = DefaultModel();
  absl::ConsumePrefix(&model, "models/");
  shown.model = std::string(model);
  const KnownModel* known = FindModel(model);
  if (known != nullptr && !StateOf(known->state).empty()) {
    shown.warnings.push_back(absl::StrCat("model ", model, " ",
                                          StateOf(known->state), "; use ",
                                          known->successor));
  }
  return configuration;
}

}  // namespace gemini::internal
