// What a body says, before anybody judges what it means.

#ifndef GEMINI_SRC_DIAGNOSIS_FACTS_H_
#define GEMINI_SRC_DIAGNOSIS_FACTS_H_

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"
#include "wire/json.h"

namespace gemini::internal {

// One error. Views point into the documents and texts of its BodyFacts. Nothing
// is redacted yet.
struct ErrorFacts {
  bool found = false;
  bool is_object = false;  // Read from an object, not from prose alone.
  bool is_google = false;  // In the form of google.rpc.Status.

  std::optional<int> code;      // error.code where it is a number.
  absl::string_view code_name;  // error.code where it is a word.
  absl::string_view type;       // OpenAI's error.type, and its like.
  absl::string_view status;     // "RESOURCE_EXHAUSTED"
  absl::string_view message;
  absl::string_view debug;   // google.rpc.DebugInfo, LocalizedMessage.
  absl::string_view reason;  // google.rpc.ErrorInfo
  absl::string_view model;
  absl::string_view request_id;
  std::vector<QuotaViolation> violations;
  std::vector<FieldViolation> field_violations;
  std::vector<HelpLink> help;
  std::vector<std::pair<absl::string_view, JsonValue>> details;  // Others.
  std::optional<absl::Duration> retry_info;   // google.rpc.RetryInfo
  std::optional<absl::Duration> retry_after;  // A field of the body.
};

// An answer that came with 200, all events of a stream together.
struct AnswerFacts {
  bool found = false;
  int candidates = 0;
  int images = 0;          // Pictures that are not thoughts.
  int thought_images = 0;  // Drafts.
  int filtered = 0;        // Slots without a picture (Imagen, Youchuan).
  bool text = false;
  bool thought_text = false;
  absl::string_view block_reason;
  absl::string_view finish_reason;
  absl::string_view message;  // finishMessage, blockReasonMessage, …
  absl::string_view model;
  absl::string_view response_id;

  // Other services' word for how it went: "CONTENT_FILTERED", "Request
  // Moderated", "FAILURE", a proxy's code.
  absl::string_view state;
};

enum class BodyShape { kEmpty, kJson, kText, kHtml };

struct BodyFacts {
  BodyShape shape = BodyShape::kEmpty;
  bool cut = false;  // Its end is missing.
  ErrorFacts error;
  AnswerFacts answer;

  // Seen around the error: in log decoration, in an enclosing object.
  std::optional<int> http_code;
  absl::string_view model;

  // What the views point into.
  std::vector<JsonDocument> documents;
  std::list<std::string> texts;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_FACTS_H_
