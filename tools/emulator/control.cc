// The endpoints under /emulator/, by which tests steer and question.

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "emulator/emulator.h"
#include "emulator/field_reader.h"

namespace gemini_emulator {
namespace {

constexpr char kPrefix[] = "/emulator";

Reply Refusal(absl::string_view problem) {
  return ErrorReply(InvalidArgument(problem));
}

Reply Done() { return JsonReply(200, Json::object()); }

// The value of a query parameter, as JSON: a whole number where it is one.
Json ParameterJson(const std::string& name, const std::string& text) {
  int64_t number = 0;
  const bool is_text = name == "id" || name == "body" ||
                       name == "retry_after" || name == "content_type";
  if (!is_text && absl::SimpleAtoi(text, &number)) return number;
  if (text == "true" || text == "false") return text == "true";
  return text;
}

}  // namespace

std::optional<Reply> Emulator::Control(const HttpRequest& request) {
  absl::string_view path = request.path;
  if (!absl::ConsumePrefix(&path, kPrefix) ||
      !(path.empty() || path[0] == '/')) {
    return std::nullopt;
  }
  absl::ConsumeSuffix(&path, "/");
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  try {
    if (get && path.empty()) {
      return JsonReply(200, {{"name", "gemini-emulator"},
                             {"get",
                              {"/emulator/faults", "/emulator/stats",
                               "/emulator/requests", "/emulator/quotas"}},
                             {"post",
                              {"/emulator/faults", "/emulator/faults/raw",
                               "/emulator/quotas", "/emulator/scenario",
                               "/emulator/clock", "/emulator/reset"}},
                             {"delete", Json::array({"/emulator/faults"})}});
    }
    if (get && path == "/faults") return JsonReply(200, faults_.ToJson());
    if (get && path == "/stats") return JsonReply(200, journal_.Stats());
    if (get && path == "/quotas") {
      return JsonReply(200, quota_.ToJson(QuotaNow()));
    }
    if (get && path == "/requests") {
      size_t most = 100;
      for (const auto& parameter : request.query) {
        if (parameter.first == "limit" &&
            !absl::SimpleAtoi(parameter.second, &most)) {
          return Refusal("limit must be a number");
        }
      }
      return JsonReply(200, journal_.Requests(most));
    }
    if (post && path == "/faults") return OrderFaults(request);
    if (post && path == "/faults/raw") return OrderRawFault(request);
    if (request.method == "DELETE" && path == "/faults") {
      faults_.Clear();
      return Done();
    }
    if (post && path == "/quotas") {
      quota_.Configure(ParseQuotas(Json::parse(request.body)));
      return Done();
    }
    if (post && path == "/scenario") {
      auto scenario = ParseScenario(request.body, std::nullopt);
      if (!scenario.ok()) return Refusal(scenario.status().message());
      Restart(*std::move(scenario));
      return Done();
    }
    if (post && path == "/reset") {
      Restart(options_.scenario);
      return Done();
    }
    if (post && path == "/clock") {
      const Json body = Json::parse(request.body);
      FieldReader reader(body, "");
      const absl::Duration advance = reader.Duration("advance");
      reader.Finish();
      clock_advance_ += advance;
      return Done();
    }
  } catch (const FieldError& error) {
    return Refusal(error.what());
  } catch (const Json::parse_error& error) {
    return Refusal(error.what());
  }
  return NotFoundPage(request.path);
}

Reply Emulator::OrderFaults(const HttpRequest& request) {
  const Json body = Json::parse(request.body);
  // One fault, or {"faults": [...]} as in scenarios.
  std::vector<Fault> faults;
  if (body.is_object() && body.contains("faults")) {
    FieldReader reader(body, "");
    const Json* list = reader.Array("faults");
    reader.Finish();
    for (size_t i = 0; i < list->size(); ++i) {
      faults.push_back(ParseFault((*list)[i], absl::StrCat("faults[", i, "]"),
                                  std::nullopt));
    }
  } else {
    faults.push_back(ParseFault(body, "", std::nullopt));
  }
  Json ids = Json::array();
  for (Fault& fault : faults) ids.push_back(faults_.Add(std::move(fault)));
  return JsonReply(200, {{"ids", std::move(ids)}});
}

Reply Emulator::OrderRawFault(const HttpRequest& request) {
  // The body to answer with is that of the request; all else stands in the
  // query, where conditions have the prefix "match.".
  Json value = {{"status", 200}};
  Json match = Json::object();
  for (const auto& parameter : request.query) {
    absl::string_view name = parameter.first;
    if (absl::ConsumePrefix(&name, "match.")) {
      match[std::string(name)] = name == "nth"
                                     ? ParameterJson("nth", parameter.second)
                                     : Json(parameter.second);
    } else {
      value[parameter.first] = ParameterJson(parameter.first, parameter.second);
    }
  }
  if (!match.empty()) value["match"] = std::move(match);
  Fault fault = ParseFault(value, "", std::nullopt);
  fault.body = request.body;
  return JsonReply(200,
                   {{"ids", Json::array({faults_.Add(std::move(fault))})}});
}

void Emulator::Restart(Scenario scenario) {
  scenario_ = std::move(scenario);
  quota_.Configure(scenario_.quotas);
  faults_.Clear();
  for (const Fault& fault : scenario_.faults) faults_.Add(fault);
  journal_.Reset();
  times_seen_.clear();
  clock_advance_ = absl::ZeroDuration();
  scenario_began_ = QuotaNow();
}

}  // namespace gemini_emulator
