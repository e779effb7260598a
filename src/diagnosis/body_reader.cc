#include "diagnosis/body_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
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
constexpr size_t kMaxPrefix = 100;   // Of a line.

// What consoles draw left and right of a text.
constexpr absl::string_view kFrame = "\u2502";

// What Spring writes for the end of a line of a body.
constexpr absl::string_view kSpringLineEnd = "<EOL>";

// How much an error tells: the one that tells most is taken.
int Weight(const ErrorFacts& error) {
  if (!error.found) return 0;
  int weight = 1;
  if (error.is_google) weight += 4;
  if (error.is_object) weight += 2;
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

std::string PercentDecoded(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

// Whether it has the form of a model's id, which the remains of a broken text
// have not.
bool IsModelName(absl::string_view text) {
  return !text.empty() &&
         text.find_first_of(" \t\r\n\\\"'{}[],*") == absl::string_view::npos;
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
  void TakeProse(absl::string_view text, bool is_all);
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
  if (object["error"].is_object() && !facts_.http_code.has_value()) {
    facts_.http_code = HttpStatusIn(object);
  }
  if (is_error) TakeError(ReadError(object));
  for (const JsonMember member : object.members()) {
    if (is_error && member.name == "details" && facts_.error.is_google) {
      continue;
    }
    if (member.name == "model" && IsModelName(member.value.string()) &&
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

// `is_all`: there is nothing but words.
void BodyReader::TakeProse(absl::string_view text, bool is_all) {
  const Prose prose = ReadProse(text);
  if (prose.http_code.has_value() && !facts_.http_code.has_value()) {
    facts_.http_code = prose.http_code;
  }
  ErrorFacts error;
  // Words alone are an error only if they speak of one.
  error.found = prose.http_code.has_value() || !prose.status.empty() ||
                DelayIn(prose.message).has_value() ||
                !QuotasIn(prose.message, MessageEnd::kWhole).empty() ||
                prose.speaks_of_failure || is_all;
  if (!error.found) return;
  error.status = prose.status;
  error.model = prose.model;
  error.message = prose.message;
  // Words before the status may tell more than those behind it.
  if (is_all) error.debug = text;
  // 400 is that of several.
  if (prose.is_google && error.status.empty() && prose.http_code.has_value() &&
      *prose.http_code != 400) {
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
  if (text[0] == '{' || text[0] == '[' || absl::StartsWith(text, "map[")) {
    return true;
  }
  // The text form of protocol buffers: "[links {", "[reason: \"".
  size_t n = 0;
  while (n < text.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(text[n])) ||
          text[n] == '_')) {
    ++n;
  }
  return n > 0 && (absl::StartsWith(text.substr(n), " {") ||
                   absl::StartsWith(text.substr(n), ": \""));
}

// What every line but empty ones begins with: "service-1  | ". Of few lines, of
// lines that begin alike by their own, nothing.
absl::string_view CommonPrefix(absl::string_view text) {
  constexpr size_t kMinLines = 3;
  absl::string_view prefix;
  size_t lines = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    if (lines++ == 0) {
      prefix = line.substr(0, kMaxPrefix);
      continue;
    }
    size_t same = 0;
    while (same < prefix.size() && same < line.size() &&
           prefix[same] == line[same]) {
      ++same;
    }
    prefix = prefix.substr(0, same);
  }
  // A mark that parts it from the line.
  const size_t mark = prefix.find_last_of("|>]");
  if (lines < kMinLines || mark == absl::string_view::npos) return "";
  return prefix.substr(0, mark + 1);
}

// Without what consoles and containers put around the lines of a text, and with
// what pages and addresses escape: frames, prefixes, "&quot;", "%22".
std::string Undecorate(absl::string_view text) {
  const absl::string_view prefix = CommonPrefix(text);
  std::string out;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, prefix)) line = "";
    line = absl::StripTrailingAsciiWhitespace(line);
    absl::ConsumePrefix(&line, kFrame);
    absl::ConsumeSuffix(&line, kFrame);
    absl::StrAppend(&out, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  if (absl::StrContains(out, "&quot;") || absl::StrContains(out, "&#34;")) {
    absl::StrReplaceAll({{"&quot;", "\""},
                         {"&#34;", "\""},
                         {"&#39;", "'"},
                         {"&#x27;", "'"},
                         {"&lt;", "<"},
                         {"&gt;", ">"},
                         {"&amp;", "&"}},
                        &out);
  }
  if (absl::StrContains(out, "%22")) out = PercentDecoded(out);
  if (absl::StrContains(out, kSpringLineEnd)) {
    absl::StrReplaceAll({{kSpringLineEnd, "\n"}}, &out);
  }
  return out;
}

bool IsDecorated(absl::string_view text) {
  for (const absl::string_view mark :
       {kFrame, kSpringLineEnd, absl::string_view("&quot;"),
        absl::string_view("&#34;"), absl::string_view("%22")}) {
    if (absl::StrContains(text, mark)) return true;
  }
  return !CommonPrefix(text).empty();
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
  const bool is_prose = prose_end == text.size();
  if (!absl::StripAsciiWhitespace(before).empty()) TakeProse(before, is_prose);
  if (!facts_.error.found && !is_prose) TakeProse(text, /*is_all=*/false);
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
  if (IsDecorated(text)) {
    facts_.texts.push_back(Undecorate(text));
    text = facts_.texts.back();
  }
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
