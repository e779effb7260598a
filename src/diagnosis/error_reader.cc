#include "diagnosis/error_reader.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "diagnosis/quota_names.h"
#include "diagnosis/quota_text.h"

namespace gemini::internal {
namespace {

// More of a kind is noise; the first ones decide.
constexpr size_t kMaxItems = 64;

struct CanonicalStatus {
  int http_status;
  absl::string_view name;
};

// The HTTP mapping of google.rpc.Code. Where several codes share a status, the
// first one listed here is taken for it.
constexpr CanonicalStatus kCanonical[] = {
    {400, "INVALID_ARGUMENT"},
    {400, "FAILED_PRECONDITION"},
    {400, "OUT_OF_RANGE"},
    {401, "UNAUTHENTICATED"},
    {403, "PERMISSION_DENIED"},
    {404, "NOT_FOUND"},
    {409, "ABORTED"},
    {409, "ALREADY_EXISTS"},
    {429, "RESOURCE_EXHAUSTED"},
    {499, "CANCELLED"},
    {500, "INTERNAL"},
    {500, "UNKNOWN"},
    {500, "DATA_LOSS"},
    {501, "UNIMPLEMENTED"},
    {503, "UNAVAILABLE"},
    {504, "DEADLINE_EXCEEDED"},
};

// Calls visit(element) for each value under one of two names: elements of an
// array, a value alone, and repeated members (text form of protocol buffers).
template <typename Visit>
void ForEach(JsonValue object, absl::string_view camel_case,
             absl::string_view snake_case, Visit visit) {
  size_t left = kMaxItems;
  for (const JsonMember member : object.members()) {
    if (member.name != camel_case && member.name != snake_case) continue;
    if (!member.value.is_array()) {
      if (left-- == 0) return;
      visit(member.value);
      continue;
    }
    for (const JsonValue element : member.value.elements()) {
      if (left-- == 0) return;
      visit(element);
    }
  }
}

JsonValue Either(JsonValue object, absl::string_view camel_case,
                 absl::string_view snake_case) {
  const JsonValue value = object[camel_case];
  return value.exists() ? value : object[snake_case];
}

// Calls visit(key, value) for the entries of a map: {"model": "x"}, or repeated
// `quota_dimensions { key: "model" value: "x" }`.
template <typename Visit>
void ForEachEntry(JsonValue object, absl::string_view camel_case,
                  absl::string_view snake_case, Visit visit) {
  ForEach(object, camel_case, snake_case, [&](JsonValue map) {
    const JsonValue key = map["key"];
    if (key.is_string() && map["value"].exists() && map.size() == 2) {
      visit(key.string(), map["value"]);
      return;
    }
    size_t left = kMaxItems;
    for (const JsonMember entry : map.members()) {
      if (left-- == 0) return;
      visit(entry.name, entry.value);
    }
  });
}

void ReadQuotaViolation(JsonValue sent, ErrorFacts* facts) {
  if (!sent.is_object() || facts->violations.size() >= kMaxItems) return;
  QuotaViolation violation;
  for (const JsonMember member : sent.members()) {
    const absl::string_view name = member.name;
    const JsonValue value = member.value;
    if (name == "quotaMetric" || name == "quota_metric") {
      violation.metric = std::string(value.string());
    } else if (name == "quotaId" || name == "quota_id") {
      violation.quota_id = std::string(value.string());
    } else if (name == "quotaValue" || name == "quota_value") {
      // Below 0 is nonsense, or no limit at all.
      violation.limit = value.integer();
      if (violation.limit.value_or(0) < 0) violation.limit.reset();
    } else if (name == "futureQuotaValue" || name == "future_quota_value") {
      violation.future_limit = value.integer();
    } else if (name == "subject") {
      violation.subject = std::string(value.string());
    } else if (name == "description") {
      violation.description = std::string(value.string());
    } else if (name == "apiService" || name == "api_service") {
      violation.api_service = std::string(value.string());
    }
  }
  if (violation.limit.has_value()) {
    violation.limit_source = LimitSource::kQuotaValue;
  }
  ForEachEntry(sent, "quotaDimensions", "quota_dimensions",
               [&](absl::string_view key, JsonValue value) {
                 if (key == "model" || key == "base_model") {
                   violation.model = std::string(value.string());
                 } else if (key == "location" || key == "region") {
                   violation.location = std::string(value.string());
                 }
                 violation.dimensions.emplace(key, value.string());
               });
  // An old form of the text form of protocol buffers names none of its fields.
  if (violation.metric.empty() && violation.quota_id.empty() &&
      violation.subject.empty() && violation.description.empty() &&
      violation.dimensions.empty()) {
    return;
  }
  facts->violations.push_back(std::move(violation));
}

// A quota that stands in ErrorInfo's metadata, alone or again. Of a key that
// comes twice the last one counts, as for parsers of proto3's JSON.
void ReadMetadata(JsonValue info, ErrorFacts* facts) {
  QuotaViolation violation;
  absl::string_view unit;
  ForEachEntry(info, "metadata", "metadata",
               [&](absl::string_view key, JsonValue value) {
                 const absl::string_view text = value.string();
                 if (key == "quota_metric") {
                   violation.metric = std::string(text);
                 } else if (key == "quota_limit") {
                   violation.quota_id = std::string(text);
                 } else if (key == "quota_limit_value") {
                   // Below 0 is nonsense, or no limit at all.
                   violation.limit = value.integer();
                   if (violation.limit.value_or(0) < 0) violation.limit.reset();
                 } else if (key == "quota_location") {
                   violation.location = std::string(text);
                 } else if (key == "quota_unit") {
                   unit = text;
                 } else if (key == "model" || key == "base_model") {
                   violation.model = std::string(text);
                   facts->model = text;
                 }
               });
  if (violation.metric.empty() && violation.quota_id.empty()) return;
  if (violation.limit.has_value()) {
    violation.limit_source = LimitSource::kQuotaValue;
  }
  ClassifyQuota(&violation);
  if (violation.window == QuotaWindow::kUnknown) {
    // "1/min/{project}", "1/d/{project}"
    if (absl::StrContains(unit, "/min"))
      violation.window = QuotaWindow::kMinute;
    if (absl::StrContains(unit, "/d/")) violation.window = QuotaWindow::kDay;
  }
  bool is_known = false;
  for (QuotaViolation& known : facts->violations) {
    if (known.quota_id != violation.quota_id ||
        known.metric != violation.metric) {
      continue;
    }
    is_known = true;
    // What QuotaFailure says itself is nearer to the quota.
    const bool same_model = known.model.empty() || violation.model.empty() ||
                            known.model == violation.model;
    if (same_model && !known.limit.has_value()) {
      known.limit = violation.limit;
      known.limit_source = violation.limit_source;
    }
  }
  if (!is_known) facts->violations.push_back(std::move(violation));
}

std::optional<absl::Duration> ReadDuration(JsonValue value) {
  if (value.is_string()) return ReadDelay(value.string());
  if (value.is_object()) {
    const int64_t seconds = value["seconds"].integer().value_or(0);
    const int64_t nanos = value["nanos"].integer().value_or(0);
    const absl::Duration delay =
        absl::Seconds(seconds) + absl::Nanoseconds(nanos);
    if (delay < absl::ZeroDuration()) return std::nullopt;
    return std::min(delay, MaxDelay());
  }
  const std::optional<double> number = value.number();
  if (!number.has_value() || !(*number >= 0)) return std::nullopt;
  return std::min(absl::Seconds(*number), MaxDelay());
}

void ReadFieldViolation(JsonValue sent, ErrorFacts* facts) {
  if (facts->field_violations.size() >= kMaxItems) return;
  FieldViolation violation;
  violation.field = std::string(sent["field"].string());
  violation.description = std::string(sent["description"].string());
  if (violation.description.empty()) {
    violation.description = std::string(
        Either(sent, "localizedMessage", "localized_message")["message"]
            .string());
  }
  if (violation.field.empty() && violation.description.empty()) return;
  facts->field_violations.push_back(std::move(violation));
}

void ReadHelp(JsonValue detail, ErrorFacts* facts) {
  ForEach(detail, "links", "links", [&](JsonValue link) {
    const absl::string_view url = link["url"].string();
    if (url.empty() || facts->help.size() >= kMaxItems) return;
    facts->help.push_back(
        {std::string(link["description"].string()), std::string(url)});
  });
}

// Which message of error_details.proto a detail is, by its type or its fields.
absl::string_view DetailKind(JsonValue detail) {
  absl::string_view type = detail["@type"].string();
  if (!type.empty()) return type.substr(type.rfind('.') + 1);
  for (const JsonMember member : detail.members()) {
    const absl::string_view name = member.name;
    if (name == "links") return "Help";
    if (name == "retryDelay" || name == "retry_delay") return "RetryInfo";
    if (name == "reason" || name == "domain") return "ErrorInfo";
    if (name == "violations") {
      bool quota = true;
      ForEach(detail, name, name, [&](JsonValue violation) {
        if (violation["type"].exists()) quota = false;
      });
      return quota ? "QuotaFailure" : "PreconditionFailure";
    }
    if (name == "fieldViolations" || name == "field_violations") {
      return "BadRequest";
    }
    if (name == "requestId" || name == "request_id") return "RequestInfo";
    if (name == "locale") return "LocalizedMessage";
    if (name == "stackEntries" || name == "stack_entries" || name == "detail") {
      return "DebugInfo";
    }
    if (name == "resourceType" || name == "resource_type") {
      return "ResourceInfo";
    }
  }
  return "";
}

void ReadDetail(JsonValue detail, ErrorFacts* facts) {
  if (!detail.is_object()) return;
  const absl::string_view kind = DetailKind(detail);
  if (kind == "QuotaFailure") {
    facts->violations.reserve(4);
    ForEach(detail, "violations", "violations",
            [&](JsonValue violation) { ReadQuotaViolation(violation, facts); });
  } else if (kind == "RetryInfo") {
    facts->retry_info =
        ReadDuration(Either(detail, "retryDelay", "retry_delay"));
  } else if (kind == "Help") {
    ReadHelp(detail, facts);
  } else if (kind == "ErrorInfo") {
    if (facts->reason.empty()) facts->reason = detail["reason"].string();
    ReadMetadata(detail, facts);
  } else if (kind == "BadRequest") {
    ForEach(detail, "fieldViolations", "field_violations",
            [&](JsonValue violation) { ReadFieldViolation(violation, facts); });
  } else if (kind == "RequestInfo") {
    facts->request_id = Either(detail, "requestId", "request_id").string();
  } else {
    if (kind == "LocalizedMessage" && facts->debug.empty()) {
      facts->debug = detail["message"].string();
    } else if (kind == "DebugInfo") {
      facts->debug = detail["detail"].string();
    } else if (kind == "PreconditionFailure" && facts->reason.empty()) {
      ForEach(detail, "violations", "violations", [&](JsonValue violation) {
        if (facts->reason.empty()) facts->reason = violation["type"].string();
        if (facts->debug.empty()) {
          facts->debug = violation["description"].string();
        }
      });
    }
    if (facts->details.size() < kMaxItems) {
      absl::string_view type = detail["@type"].string();
      absl::ConsumePrefix(&type, "type.googleapis.com/");
      facts->details.emplace_back(type.empty() ? kind : type, detail);
    }
  }
}

// error.code, and fields of that kind: a number, a number in a string, or a
// word.
void ReadCode(JsonValue value, ErrorFacts* facts) {
  const std::optional<int64_t> number = value.integer();
  if (number.has_value()) {
    if (*number >= 100 && *number <= 599 && !facts->code.has_value()) {
      facts->code = static_cast<int>(*number);
    }
    return;
  }
  if (facts->code_name.empty()) facts->code_name = value.string();
}

void ReadStatus(JsonValue value, ErrorFacts* facts) {
  if (IsCanonicalStatus(value.string())) {
    facts->status = value.string();
  } else if (value.integer().has_value()) {
    ReadCode(value, facts);
  }
}

// FastAPI's `detail`: a text, or a list of {loc, msg, type}. Its `input`
// repeats the request and is not read.
void ReadDetailField(JsonValue value, ErrorFacts* facts) {
  if (value.is_string() && facts->message.empty()) {
    facts->message = value.string();
    return;
  }
  if (value.is_object() && facts->message.empty()) {
    facts->message = Either(value, "error", "message").string();
    if (facts->message.empty()) facts->message = value["message"].string();
    return;
  }
  for (const JsonValue item : value.elements()) {
    if (facts->field_violations.size() >= kMaxItems) return;
    FieldViolation violation;
    for (const JsonValue step : item["loc"].elements()) {
      const absl::string_view name = step.string();
      if (name.empty() || name == "body") continue;
      if (!violation.field.empty()) violation.field += '.';
      violation.field.append(name.data(), name.size());
    }
    violation.description = std::string(item["msg"].string());
    if (violation.description.empty()) continue;
    if (facts->message.empty()) facts->message = item["msg"].string();
    facts->field_violations.push_back(std::move(violation));
  }
}

// `errors`: of texts (Stability), or of {message, domain, reason} (Google's
// older form).
void ReadErrors(JsonValue value, ErrorFacts* facts) {
  if (value.is_string() && facts->message.empty()) {
    facts->message = value.string();
  }
  for (const JsonValue item : value.elements()) {
    if (item.is_string()) {
      if (facts->message.empty()) facts->message = item.string();
    } else {
      if (facts->message.empty()) facts->message = item["message"].string();
      if (facts->type.empty()) facts->type = item["reason"].string();
      if (facts->code_name.empty()) ReadCode(item["code"], facts);
    }
    return;
  }
}

bool IsOneWord(absl::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_of(" \t\n") == absl::string_view::npos;
}

}  // namespace

bool IsCanonicalStatus(absl::string_view word) {
  for (const CanonicalStatus& entry : kCanonical) {
    if (entry.name == word) return true;
  }
  return false;
}

absl::string_view CanonicalStatusOf(int http_status) {
  for (const CanonicalStatus& entry : kCanonical) {
    if (entry.http_status == http_status) return entry.name;
  }
  return "";
}

bool LooksLikeError(JsonValue object, absl::string_view name) {
  if (!object.is_object()) return false;
  if (name == "error" || name == "innererror") return object.size() > 0;
  bool message = false;
  bool code = false;
  for (const JsonMember member : object.members()) {
    const absl::string_view key = member.name;
    if (key == "error") {
      // Its value is visited by itself, unless it is a text: sd-server,
      // Hugging Face.
      if (member.value.is_string()) return true;
    } else if (key == "message" || key == "detail" || key == "errors" ||
               key == "grpc_message") {
      message = message || member.value.size() > 0 || member.value.is_string();
    } else if (key == "code" || key == "status" || key == "type" ||
               key == "name" || key == "details" || key == "statusCode" ||
               key == "status_code" || key == "reason" || key == "id" ||
               key == "grpc_status" || key == "http_status") {
      code = true;
    }
  }
  // {"detail": …} alone is FastAPI's form.
  return message && (code || object["detail"].exists());
}

bool LooksLikeDetails(JsonValue array) {
  for (const JsonValue element : array.elements()) {
    return !element["@type"].string().empty() ||
           (!DetailKind(element).empty() && !element["message"].exists());
  }
  return false;
}

void ReadDetails(JsonValue details, ErrorFacts* facts) {
  size_t left = kMaxItems;
  for (const JsonValue detail : details.elements()) {
    if (left-- == 0) return;
    ReadDetail(detail, facts);
  }
}

std::optional<int> HttpStatusIn(JsonValue object) {
  for (const absl::string_view name :
       {"status", "statusCode", "status_code", "http_status"}) {
    const std::optional<int64_t> number = object[name].integer();
    if (number.has_value() && *number >= 400 && *number <= 599) {
      return static_cast<int>(*number);
    }
  }
  return std::nullopt;
}

ErrorFacts ReadError(JsonValue object) {
  ErrorFacts facts;
  facts.found = true;
  facts.is_object = true;
  for (const JsonMember member : object.members()) {
    const absl::string_view name = member.name;
    const JsonValue value = member.value;
    if (name == "message" || name == "grpc_message") {
      if (value.is_string()) facts.message = value.string();
    } else if (name == "code" || name == "statusCode" ||
               name == "status_code" || name == "http_status") {
      ReadCode(value, &facts);
    } else if (name == "status") {
      ReadStatus(value, &facts);
    } else if (name == "details") {
      if (value.is_array()) {
        facts.is_google = true;
        ReadDetails(value, &facts);
      } else if (value.is_string() && facts.message.empty()) {
        facts.message = value.string();
      }
    } else if (name == "type") {
      facts.type = value.string();
    } else if (name == "name") {
      if (facts.code_name.empty()) facts.code_name = value.string();
    } else if (name == "errors") {
      ReadErrors(value, &facts);
    } else if (name == "detail") {
      ReadDetailField(value, &facts);
    } else if (name == "reason") {
      if (facts.type.empty()) facts.type = value.string();
    } else if (name == "error" && value.is_string()) {
      if (IsOneWord(value.string())) {
        if (facts.code_name.empty()) facts.code_name = value.string();
      } else if (facts.message.empty()) {
        facts.message = value.string();
      }
    } else if (name == "param") {
      if (!value.string().empty()) {
        facts.field_violations.push_back({std::string(value.string()), ""});
      }
    } else if (name == "retry_after" || name == "retry_after_seconds" ||
               name == "estimated_time") {
      facts.retry_after = ReadDuration(value);
    } else if (name == "model") {
      facts.model = value.string();
    } else if (name == "request_id" || name == "requestId") {
      facts.request_id = value.string();
    }
  }
  if (!facts.status.empty()) facts.is_google = true;
  // The words of the message explain the one field that is named.
  if (facts.field_violations.size() == 1 &&
      facts.field_violations[0].description.empty()) {
    facts.field_violations[0].description = std::string(facts.message);
  }
  return facts;
}

}  // namespace gemini::internal
