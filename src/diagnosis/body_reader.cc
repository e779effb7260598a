#include "diagnosis/body_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "diagnosis/answer_reader.h"
#include "diagnosis/error_reader.h"
#include "diagnosis/prose.h"
#include "diagnosis/quota_text.h"
#include "wire/json.h"

namespace gemini::internal {
namespace {

constexpr size_t kMaxBody = 4 << 20;
constexpr int kMaxNesting = 8;       // Errors in texts of errors.
constexpr int kMaxObjects = 4096;    // Objects and arrays that are visited.
constexpr int kMaxDocuments = 1024;  // Of one body: events of a stream.
constexpr size_t kMinNested = 16;    // Bytes; no error is shorter.

// How much an error tells: the one that tells most is taken.
int Weight(const ErrorFacts& error) {
  if (!error.found) return 0;
  int weight = 1;
  if (error.is_google) weight += 4;
  if (!error.violations.empty()) weight += 4;
  if (!error.status.empty()) weight += 2;
  if (!error.message.empty()) weight += 2;
  if (error.code.has_value()) weight += 1;
  if (!error.code_name.empty() || !error.type.empty()) weight += 1;
  if (!error.reason.empty()) weight += 1;
  return weight;
}

template <typename T>
void TakeIfEmpty(T* field, T* other) {
  if (field->empty()) *field = std::move(*other);
}

// Completes `error` by what another one says of the same failure.
void Complete(ErrorFacts* error, ErrorFacts* other) {
  error->is_google = error->is_google || other->is_google;
  error->is_object = error->is_object || other->is_object;
  if (!error->code.has_value()) error->code = other->code;
  if (!error->retry_info.has_value()) error->retry_info = other->retry_info;
  if (!error->retry_after.has_value()) {
    error->retry_after = other->retry_after;
  }
  TakeIfEmpty(&error->code_name, &other->code_name);
  TakeIfEmpty(&error->type, &other->type);
  TakeIfEmpty(&error->status, &other->status);
  TakeIfEmpty(&error->message, &other->message);
  TakeIfEmpty(&error->debug, &other->debug);
  TakeIfEmpty(&error->reason, &other->reason);
  TakeIfEmpty(&error->model, &other->model);
  TakeIfEmpty(&error->request_id, &other->request_id);
  TakeIfEmpty(&error->violations, &other->violations);
  TakeIfEmpty(&error->field_violations, &other->field_violations);
  TakeIfEmpty(&error->help, &other->help);
  TakeIfEmpty(&error->details, &other->details);
}

// Whether `text` may hold an error in JSON or something like it.
bool MayHoldError(absl::string_view text) {
  return text.size() >= kMinNested &&
         (text.find('{') != absl::string_view::npos ||
          (text.find('[') != absl::string_view::npos &&
           absl::StrContains(text, "map["))) &&
         (absl::StrContains(text, "error") || absl::StrContains(text, "code") ||
          absl::StrContains(text, "message") ||
          absl::StrContains(text, "detail"));
}

// Of "\"", "\\n" and their kin: what a logger made of a quoted text.
std::string Unescape(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    if (c == 'n') {
      out.push_back('\n');
    } else if (c == 'r' || c == 't') {
      out.push_back(' ');
    } else if (c == '"' || c == '\\' || c == '\'' || c == '/') {
      out.push_back(c);
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

class BodyReader {
 public:
  explicit BodyReader(BodyFacts* facts) : facts_(*facts) {}

  void ReadText(absl::string_view text, int nesting);

 private:
  void Visit(JsonValue value, absl::string_view name, int nesting);
  void VisitObject(JsonValue object, absl::string_view name, int nesting);
  void VisitString(absl::string_view text, int nesting);
  void ReadLoosely(absl::string_view text, int nesting);
  void TakeProse(absl::string_view text);
  void TakeError(ErrorFacts error);

  bool found() const { return facts_.error.found || facts_.answer.found; }

  BodyFacts& facts_;
  int objects_left_ = kMaxObjects;
  int documents_left_ = kMaxDocuments;
};

void BodyReader::TakeError(ErrorFacts error) {
  if (Weight(error) > Weight(facts_.error)) std::swap(error, facts_.error);
  if (error.found) Complete(&facts_.error, &error);
}

void BodyReader::VisitObject(JsonValue object, absl::string_view name,
                             int nesting) {
  // Answers are whole bodies, events, or elements of an array of events.
  const bool is_envelope = object.size() == 1 && object["error"].is_object();
  if (name.empty() && !is_envelope) ReadAnswer(object, &facts_.answer);
  const bool is_error = LooksLikeError(object, name);
  if (is_error) TakeError(ReadError(object));
  for (const JsonMember member : object.members()) {
    if (is_error && member.name == "details" && facts_.error.is_google) {
      continue;
    }
    if (member.name == "model" && member.value.is_string() &&
        facts_.model.empty() && name != "quotaDimensions" &&
        name != "quota_dimensions" && name != "metadata") {
      facts_.model = member.value.string();
    }
    // What the answer says is not searched for errors.
    if (member.name == "candidates" || member.name == "predictions") continue;
    Visit(member.value, member.name, nesting);
  }
}

void BodyReader::VisitString(absl::string_view text, int nesting) {
  if (nesting < kMaxNesting && MayHoldError(text)) {
    ReadText(text, nesting + 1);
  }
}

void BodyReader::Visit(JsonValue value, absl::string_view name, int nesting) {
  switch (value.type()) {
    case JsonValue::Type::kObject:
      if (objects_left_-- > 0) VisitObject(value, name, nesting);
      break;
    case JsonValue::Type::kArray:
      if (objects_left_-- <= 0) break;
      if (LooksLikeDetails(value)) {
        ErrorFacts error;
        error.found = true;
        error.is_google = true;
        ReadDetails(value, &error);
        TakeError(std::move(error));
        break;
      }
      for (const JsonValue element : value.elements()) {
        Visit(element, name, nesting);
      }
      break;
    case JsonValue::Type::kString:
      VisitString(value.string(), nesting);
      break;
    default:
      break;
  }
}

void BodyReader::TakeProse(absl::string_view text) {
  const Prose prose = ReadProse(text);
  if (prose.http_code.has_value() && !facts_.http_code.has_value()) {
    facts_.http_code = prose.http_code;
  }
  ErrorFacts error;
  // Words alone are an error only if they speak of one.
  error.found = prose.http_code.has_value() || !prose.status.empty() ||
                DelayIn(prose.message).has_value() ||
                !QuotasIn(prose.message, MessageEnd::kWhole).empty() ||
                prose.speaks_of_failure;
  if (!error.found) return;
  error.status = prose.status;
  error.model = prose.model;
  error.message = prose.message;
  if (prose.is_google && error.status.empty() && prose.http_code.has_value()) {
    error.status = CanonicalStatusOf(*prose.http_code);
  }
  TakeError(std::move(error));
}

// A '[' of prose opens no array: "[429 Too Many Requests]".
bool OpensValue(absl::string_view text) {
  if (text[0] == '{') return true;
  text.remove_prefix(1);
  text = absl::StripLeadingAsciiWhitespace(text.substr(0, 256));
  if (text.empty()) return false;
  if (text[0] == '{' || text[0] == '[') return true;
  // The text form of protocol buffers: "[links {".
  size_t n = 0;
  while (n < text.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(text[n])) ||
          text[n] == '_')) {
    ++n;
  }
  return n > 0 && absl::StartsWith(text.substr(n), " {");
}

void BodyReader::ReadLoosely(absl::string_view text, int nesting) {
  size_t at = 0;
  size_t prose_end = text.size();
  while (documents_left_ > 0) {
    at = text.find_first_of("{[", at);
    if (at == absl::string_view::npos) break;
    if (at >= 3 && text.substr(at - 3, 4) == "map[") {
      at -= 3;
    } else if (!OpensValue(text.substr(at))) {
      ++at;
      continue;
    }
    --documents_left_;
    LooseJson loose = JsonDocument::ParseLoosely(text.substr(at));
    if (!loose.closed) facts_.cut = true;
    prose_end = std::min(prose_end, at);
    facts_.documents.push_back(std::move(loose.document));
    Visit(facts_.documents.back().root(), "", nesting);
    at += std::max<size_t>(loose.consumed, 1);
  }
  const absl::string_view before = text.substr(0, prose_end);
  if (!absl::StripAsciiWhitespace(before).empty()) TakeProse(before);
  if (!facts_.error.found && prose_end < text.size()) TakeProse(text);
}

void BodyReader::ReadText(absl::string_view text, int nesting) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return;
  if (IsHtml(text)) {
    if (nesting == 0) facts_.shape = BodyShape::kHtml;
    ErrorFacts error;
    error.found = true;
    error.message = HtmlTitle(text);
    facts_.http_code = ReadProse(error.message).http_code;
    TakeError(std::move(error));
    return;
  }
  const char first = text[0];
  if (first == '{' || first == '[' || first == '"') {
    std::optional<JsonDocument> document = JsonDocument::Parse(text);
    if (document.has_value()) {
      if (nesting == 0) facts_.shape = BodyShape::kJson;
      facts_.documents.push_back(std::move(*document));
      Visit(facts_.documents.back().root(), "", nesting);
      return;
    }
  }
  if (nesting == 0) facts_.shape = BodyShape::kText;
  ReadLoosely(text, nesting);
  if (!facts_.error.is_object && !facts_.answer.found &&
      nesting < kMaxNesting && absl::StrContains(text, "\\\"")) {
    facts_.texts.push_back(Unescape(text));
    ReadLoosely(facts_.texts.back(), nesting + 1);
  }
}

}  // namespace

BodyFacts ReadBody(absl::string_view body) {
  BodyFacts facts;
  if (body.size() > kMaxBody) {
    facts.cut = true;
    facts.texts.push_back(
        absl::StrCat(body.substr(0, kMaxBody / 2), "\n",
                     body.substr(body.size() - kMaxBody / 2)));
    body = facts.texts.back();
  }
  BodyReader(&facts).ReadText(body, 0);
  return facts;
}

}  // namespace gemini::internal
