#include "emulator/fault.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "emulator/error_bodies.h"
#include "emulator/field_reader.h"
#include "emulator/response.h"

namespace gemini_emulator {
namespace {

struct ActionName {
  FaultAction action;
  absl::string_view name;
};

constexpr ActionName kActions[] = {
    {FaultAction::kStatus, "status"},
    {FaultAction::kStatusAfter, "status_after"},
    {FaultAction::kBrokenStream, "broken_stream"},
    {FaultAction::kReset, "reset"},
    {FaultAction::kClose, "close"},
    {FaultAction::kStall, "stall"},
    {FaultAction::kSlow, "slow"},
    {FaultAction::kBadBase64, "bad_base64"},
    {FaultAction::kWrongMagic, "wrong_magic"},
    {FaultAction::kNoImage, "no_image"},
    {FaultAction::kThoughtImage, "thought_image"},
    {FaultAction::kHeaders, "headers"},
};

std::optional<FaultAction> FindAction(absl::string_view name) {
  for (const ActionName& entry : kActions) {
    if (entry.name == name) return entry.action;
  }
  return std::nullopt;
}

std::string ActionNames() {
  return absl::StrJoin(kActions, ", ",
                       [](std::string* out, const ActionName& entry) {
                         absl::StrAppend(out, entry.name);
                       });
}

FaultMatch ParseMatch(const Json& value, const std::string& path) {
  FieldReader reader(value, path);
  FaultMatch match;
  match.method = reader.String("method");
  match.model = reader.String("model");
  match.version = reader.String("version");
  match.project = reader.String("project");
  match.key = reader.String("key");
  match.prompt = reader.String("prompt");
  match.tag = reader.String("tag");
  match.path = reader.String("path");
  match.nth = reader.Integer("nth", 1, 1);
  reader.Finish();
  return match;
}

std::string ReadBodyFile(const std::string& name, const std::string& path,
                         const std::optional<std::string>& folder) {
  if (!folder.has_value()) {
    throw FieldError(path, "files are for scenario files; send \"body\"");
  }
  const std::string file =
      absl::StartsWith(name, "/") ? name : absl::StrCat(*folder, "/", name);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw FieldError(path, absl::StrCat("cannot read ", file));
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Headers ParseHeaders(const Json& value, const std::string& path) {
  if (!value.is_object()) throw FieldError(path, "must be an object");
  Headers headers;
  for (const auto& item : value.items()) {
    const std::string where = absl::StrCat(path, ".", item.key());
    if (!item.value().is_string()) throw FieldError(where, "must be a string");
    headers.emplace_back(item.key(), item.value().get<std::string>());
    for (const std::string& text :
         {headers.back().first, headers.back().second}) {
      if (std::any_of(text.begin(), text.end(), [](char c) {
            return absl::ascii_iscntrl(static_cast<unsigned char>(c));
          })) {
        throw FieldError(where, "must not hold control characters");
      }
    }
  }
  return headers;
}

size_t Bytes(double kib) { return static_cast<size_t>(kib * 1024.0); }

void CheckConsistency(const Fault& fault, const FieldReader& reader) {
  switch (fault.action) {
    case FaultAction::kStall:
      if (fault.duration == absl::ZeroDuration()) {
        throw FieldError(reader.PathOf("for"), "a stall needs a duration");
      }
      break;
    case FaultAction::kSlow:
      if (fault.piece == 0) {
        throw FieldError(reader.PathOf("bytes"), "must be at least 1");
      }
      break;
    case FaultAction::kNoImage:
      if (!IsNoImageVariant(fault.variant)) {
        throw FieldError(reader.PathOf("variant"),
                         absl::StrCat("must be one of ", NoImageVariants()));
      }
      break;
    default:
      break;
  }
}

}  // namespace

Fault ParseFault(const Json& value, const std::string& path,
                 const std::optional<std::string>& folder) {
  FieldReader reader(value, path);
  Fault fault;
  fault.id = reader.String("id");
  if (const Json* match = reader.Any("match")) {
    fault.match = ParseMatch(*match, reader.PathOf("match"));
  }
  fault.times = reader.Integer("times", 1);
  fault.rate = reader.OptionalNumber("rate").value_or(1);
  if (fault.rate > 1) {
    throw FieldError(reader.PathOf("rate"), "must be from 0 to 1");
  }
  const std::string action = reader.String("action", "status");
  const std::optional<FaultAction> known = FindAction(action);
  if (!known.has_value()) {
    throw FieldError(reader.PathOf("action"),
                     absl::StrCat("must be one of ", ActionNames()));
  }
  fault.action = *known;
  fault.status = static_cast<int>(reader.Integer("status", 0, 200, 599));
  fault.error_template = reader.String("template");
  if (!fault.error_template.empty() &&
      !ErrorFromTemplate(fault.error_template, {}).has_value()) {
    throw FieldError(reader.PathOf("template"),
                     "is no template; see gemini-emulator --help");
  }
  fault.body = reader.OptionalString("body");
  if (const auto file = reader.OptionalString("body_file")) {
    fault.body = ReadBodyFile(*file, reader.PathOf("body_file"), folder);
  }
  fault.content_type = reader.String("content_type");
  if (const Json* headers = reader.Any("headers")) {
    fault.headers = ParseHeaders(*headers, reader.PathOf("headers"));
  }
  if (const auto retry_after = reader.OptionalString("retry_after")) {
    fault.headers.emplace_back("Retry-After", *retry_after);
  }
  fault.chunked = reader.Bool("chunked");
  fault.close_connection = reader.Bool("close_connection");
  if (const auto kib = reader.OptionalNumber("after_kib")) {
    fault.after_bytes = Bytes(*kib);
  }
  if (const auto bytes = reader.OptionalInteger("after_bytes")) {
    fault.after_bytes = static_cast<size_t>(*bytes);
  }
  if (const auto events = reader.OptionalInteger("after_events")) {
    fault.after_events = static_cast<size_t>(*events);
  }
  fault.duration = reader.Duration("for");
  fault.piece = static_cast<size_t>(reader.Integer("bytes", 1024, 1));
  fault.interval = reader.Duration("every", absl::Milliseconds(100));
  if (const auto offset = reader.OptionalInteger("offset")) {
    fault.offset = static_cast<size_t>(*offset);
  }
  fault.variant = reader.String("variant", "no_image");
  reader.Finish();
  CheckConsistency(fault, reader);
  return fault;
}

Fault ParseFaultHeader(absl::string_view text) {
  constexpr char kWhere[] = "x-emulator-fault";
  Json value = Json::object();
  bool first = true;
  for (absl::string_view item : absl::StrSplit(text, ';', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    const std::string name(absl::StripAsciiWhitespace(pair.first));
    const std::string given(absl::StripAsciiWhitespace(pair.second));
    if (first && FindAction(name).has_value()) {
      value["action"] = name;
      if (given.empty()) {
        first = false;
        continue;
      }
    }
    // The action's own value: status=503, stall=2s, no_image=safety.
    std::string field = name;
    if (first && name == "stall") field = "for";
    if (first && name == "no_image") field = "variant";
    first = false;
    double number = 0;
    int64_t whole = 0;
    if (field == "match" || field == "headers" || field == "body_file") {
      throw FieldError(kWhere, absl::StrCat(field, " is not for the header"));
    }
    if (given == "true" || given == "false") {
      value[field] = given == "true";
      // NOLINTNEXTLINE(bugprone-branch-clone): these are no numbers.
    } else if (field == "body" || field == "id" || field == "retry_after") {
      value[field] = given;
    } else if (absl::SimpleAtoi(given, &whole)) {
      value[field] = whole;
    } else if (absl::SimpleAtod(given, &number)) {
      value[field] = number;
    } else {
      value[field] = given;
    }
  }
  // A request carries it each time it is sent, so it is met each time unless
  // it says how often.
  if (!value.contains("times")) value["times"] = 0;
  Fault fault = ParseFault(value, kWhere, std::nullopt);
  if (fault.id.empty()) fault.id = std::string(text);
  return fault;
}

bool Matches(const FaultMatch& match, const RequestFacts& facts) {
  const auto same = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  if (!match.path.empty()) {
    absl::string_view wanted = match.path;
    if (absl::ConsumeSuffix(&wanted, "*")) {
      if (!absl::StartsWith(facts.path, wanted)) return false;
    } else if (facts.path != wanted) {
      return false;
    }
  } else if (match.method.empty()) {
    if (facts.method != "generateContent" &&
        facts.method != "streamGenerateContent") {
      return false;
    }
  } else if (facts.method.empty()) {
    return false;
  }
  if (match.method != "*" && !same(match.method, facts.method)) return false;
  return same(match.model, facts.model) && same(match.version, facts.version) &&
         same(match.project, facts.project) && same(match.key, facts.key) &&
         same(match.tag, facts.tag) &&
         absl::StrContains(facts.prompt, match.prompt);
}

absl::string_view NameOf(FaultAction action) {
  for (const ActionName& entry : kActions) {
    if (entry.action == action) return entry.name;
  }
  return "";
}

}  // namespace gemini_emulator
