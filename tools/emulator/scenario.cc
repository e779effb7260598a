#include "emulator/scenario.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "emulator/field_reader.h"
#include "emulator/json_lines.h"
#include "emulator/json_syntax.h"

namespace gemini_emulator {
namespace {

constexpr int64_t kMostMinKib = int64_t{256} * 1024;

std::string ElementPath(const std::string& list, size_t index) {
  return absl::StrCat(list, "[", index, "]");
}

// Reads `name` and sees to it that it is one of `choices`.
std::string Choice(FieldReader* reader, absl::string_view name,
                   absl::string_view fallback,
                   const std::vector<absl::string_view>& choices) {
  std::string value = reader->String(name, fallback);
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    throw FieldError(
        reader->PathOf(name),
        absl::StrCat("must be one of ", absl::StrJoin(choices, ", ")));
  }
  return value;
}

std::string ReadTier(FieldReader* reader, absl::string_view fallback,
                     bool any_allowed) {
  std::vector<absl::string_view> tiers = {"free", "paid", "tier1", "tier2",
                                          "tier3"};
  if (any_allowed) tiers.push_back("*");
  return Choice(reader, "tier", fallback, tiers);
}

KeyEntry ParseKey(const Json& value, const std::string& path) {
  FieldReader reader(value, path);
  KeyEntry entry;
  entry.key = reader.String("key");
  if (entry.key.empty()) {
    throw FieldError(reader.PathOf("key"), "must not be empty");
  }
  entry.project = reader.String("project");
  entry.tier = ReadTier(&reader, "paid", false);
  entry.state = reader.String("state");
  if (entry.state == "ok") entry.state.clear();
  if (entry.state == "invalid") entry.state = "key_invalid";
  if (!entry.state.empty() && !ErrorFromTemplate(entry.state, {}).has_value()) {
    throw FieldError(reader.PathOf("state"),
                     "must be \"ok\" or a template of an error");
  }
  reader.Finish();
  return entry;
}

Model ParseModel(const Json& value, const std::string& path,
                 const Catalog& catalog) {
  FieldReader reader(value, path);
  const std::string id = reader.String("id");
  if (id.empty()) throw FieldError(reader.PathOf("id"), "must not be empty");
  const std::string like = reader.String("like", id);
  const Model* base = catalog.Find(like);
  if (base == nullptr) {
    throw FieldError(reader.PathOf(reader.Has("like") ? "like" : "id"),
                     "is no known model; a new one names in \"like\" the "
                     "model that it resembles");
  }
  Model model = *base;
  if (model.id != id) {
    model.id = id;
    model.display_name = id;
    model.quota_name = id;
  }
  model.quota_name = reader.String("quota_name", model.quota_name);
  const std::string state =
      Choice(&reader, "state", "available",
             {"available", "shut_down", "closed_to_new_users"});
  model.availability = state == "shut_down" ? ModelAvailability::kShutDown
                       : state == "available"
                           ? ModelAvailability::kAvailable
                           : ModelAvailability::kClosedToNewUsers;
  reader.Finish();
  return model;
}

LatencyRange ParseLatency(const Json& value, const std::string& path) {
  // A single duration, or a range.
  const Json object =
      value.is_string() ? Json({{"least", value}, {"most", value}}) : value;
  FieldReader reader(object, path);
  LatencyRange latency;
  latency.least = reader.Duration("least");
  latency.most = reader.Duration("most", latency.least);
  reader.Finish();
  if (latency.most < latency.least) {
    throw FieldError(path, "\"most\" must not be less than \"least\"");
  }
  return latency;
}

void ParsePicture(const Json& value, const std::string& path,
                  Scenario* scenario) {
  FieldReader reader(value, path);
  const std::string format = Choice(&reader, "format", "png", {"png", "jpeg"});
  scenario->picture_format =
      format == "jpeg" ? PictureFormat::kJpeg : PictureFormat::kPng;
  scenario->picture_min_bytes =
      1024 * static_cast<size_t>(reader.Integer("min_kib", 0, 0, kMostMinKib));
  reader.Finish();
}

std::string ReadTemplate(FieldReader* reader, absl::string_view fallback) {
  std::string name = reader->String("template", fallback);
  if (name != fallback && !ErrorFromTemplate(name, {}).has_value()) {
    throw FieldError(reader->PathOf("template"),
                     "is no template; see gemini-emulator --help");
  }
  return name;
}

QuotaRule ParseQuotaRule(const Json& value, const std::string& path) {
  FieldReader reader(value, path);
  QuotaRule rule;
  rule.project = reader.String("project", "*");
  rule.model = reader.String("model", "*");
  rule.tier = ReadTier(&reader, "*", true);
  rule.rpm = reader.OptionalInteger("rpm");
  rule.tpm = reader.OptionalInteger("tpm");
  rule.ipm = reader.OptionalInteger("ipm");
  rule.rpd = reader.OptionalInteger("rpd");
  rule.window =
      Choice(&reader, "window", "sliding", {"sliding", "fixed"}) == "fixed"
          ? QuotaWindow::kFixed
          : QuotaWindow::kSliding;
  rule.count_refused = reader.Bool("count_refused");
  rule.error_template = ReadTemplate(&reader, "");
  rule.daily_retry_at_reset =
      Choice(&reader, "daily_retry", "short", {"short", "reset"}) == "reset";
  reader.Finish();
  return rule;
}

SpendRule ParseSpendRule(const Json& value, const std::string& path) {
  FieldReader reader(value, path);
  SpendRule rule;
  rule.project = reader.String("project", "*");
  rule.tier = ReadTier(&reader, "*", true);
  rule.per_ten_minutes_usd = reader.OptionalNumber("per_ten_minutes_usd");
  rule.monthly_cap_usd = reader.OptionalNumber("monthly_cap_usd");
  rule.prepaid_usd = reader.OptionalNumber("prepaid_usd");
  reader.Finish();
  return rule;
}

CapacityRule ParseCapacityRule(const Json& value, const std::string& path) {
  FieldReader reader(value, path);
  CapacityRule rule;
  rule.model = reader.String("model", "*");
  rule.from = reader.Duration("from");
  rule.lasts = reader.Duration("for", absl::InfiniteDuration());
  rule.in_flight = reader.OptionalInteger("in_flight");
  rule.in_flight_at_end = reader.OptionalInteger("in_flight_at_end");
  if (rule.in_flight_at_end &&
      (!rule.in_flight || rule.lasts == absl::InfiniteDuration())) {
    throw FieldError(reader.PathOf("in_flight_at_end"),
                     "needs \"in_flight\" and \"for\"");
  }
  rule.refuse_rate = reader.OptionalNumber("refuse_rate");
  rule.error_template = ReadTemplate(&reader, "overloaded");
  reader.Finish();
  return rule;
}

QuotaConfig ReadQuotas(FieldReader* reader) {
  QuotaConfig config;
  if (const Json* list = reader->Array("quotas")) {
    for (size_t i = 0; i < list->size(); ++i) {
      config.quotas.push_back(
          ParseQuotaRule((*list)[i], ElementPath("quotas", i)));
    }
  }
  if (const Json* list = reader->Array("spend")) {
    for (size_t i = 0; i < list->size(); ++i) {
      config.spend.push_back(
          ParseSpendRule((*list)[i], ElementPath("spend", i)));
    }
  }
  if (const Json* list = reader->Array("capacity")) {
    for (size_t i = 0; i < list->size(); ++i) {
      config.capacity.push_back(
          ParseCapacityRule((*list)[i], ElementPath("capacity", i)));
    }
  }
  return config;
}

Scenario ReadScenario(const Json& value,
                      const std::optional<std::string>& folder) {
  FieldReader reader(value, "");
  Scenario scenario;
  if (const Json* list = reader.Array("keys")) {
    for (size_t i = 0; i < list->size(); ++i) {
      scenario.keys.push_back(ParseKey((*list)[i], ElementPath("keys", i)));
    }
  }
  const std::string unknown =
      Choice(&reader, "unknown_keys", "paid",
             {"reject", "free", "paid", "tier1", "tier2", "tier3"});
  scenario.accept_unknown_keys = unknown != "reject";
  if (scenario.accept_unknown_keys) scenario.tier_of_unknown_keys = unknown;
  if (const Json* list = reader.Array("models")) {
    for (size_t i = 0; i < list->size(); ++i) {
      scenario.catalog.Add(
          ParseModel((*list)[i], ElementPath("models", i), scenario.catalog));
    }
  }
  if (const Json* latency = reader.Any("latency")) {
    scenario.latency = ParseLatency(*latency, "latency");
  }
  if (const Json* latency = reader.Any("refusal_latency")) {
    scenario.refusal_latency = ParseLatency(*latency, "refusal_latency");
  }
  if (const Json* picture = reader.Any("picture")) {
    ParsePicture(*picture, "picture", &scenario);
  }
  scenario.chunked_unary = reader.Bool("chunked_unary");
  scenario.seed = static_cast<uint64_t>(reader.Integer("seed", 1));
  scenario.quotas = ReadQuotas(&reader);
  if (const Json* list = reader.Array("faults")) {
    for (size_t i = 0; i < list->size(); ++i) {
      scenario.faults.push_back(
          ParseFault((*list)[i], ElementPath("faults", i), folder));
    }
  }
  reader.Finish();
  return scenario;
}

// The line of the value, or of the nearest one around it that is there.
std::string LineOf(absl::string_view text, std::string path) {
  const std::map<std::string, int> lines = LinesOfValues(text);
  for (;;) {
    const auto found = lines.find(path);
    if (found != lines.end()) return absl::StrCat("line ", found->second);
    const size_t end = path.find_last_of(".[");
    if (end == std::string::npos) return "line 1";
    path.resize(end);
  }
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(
    absl::string_view text, const std::optional<std::string>& folder) {
  try {
    const Json value = Json::parse(text.begin(), text.end());
    return ReadScenario(value, folder);
  } catch (const Json::parse_error& error) {
    const size_t at = std::min(text.size(), error.byte);
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at),
                       '\n');
    const std::optional<std::string> problem = JsonSyntaxError(text);
    const std::string words = problem.value_or("not valid UTF-8 or JSON");
    return absl::InvalidArgumentError(
        absl::StrCat("line ", line, ": ", words.substr(0, words.find('\n'))));
  } catch (const FieldError& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(LineOf(text, error.path()), ": ", error.what()));
  }
}

QuotaConfig ParseQuotas(const Json& value) {
  FieldReader reader(value, "");
  QuotaConfig config = ReadQuotas(&reader);
  reader.Finish();
  return config;
}

}  // namespace gemini_emulator
