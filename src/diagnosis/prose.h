// What the text around an error tells: log lines, SDK exceptions, gRPC texts.

#ifndef GEMINI_SRC_DIAGNOSIS_PROSE_H_
#define GEMINI_SRC_DIAGNOSIS_PROSE_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Views point into the text.
struct Prose {
  std::optional<int> http_code;    // "[429 Too Many Requests]", "HTTP 429".
  absl::string_view status;        // A canonical status.
  absl::string_view model;         // Of "…/models/NAME:generateContent".
  absl::string_view message;       // What is left for people.
  bool is_google = false;          // It speaks of a service of Google's.
  bool speaks_of_failure = false;  // Of an error or a quota.
};

Prose ReadProse(absl::string_view text);

// The model in "models/NAME", as URLs and messages have it; empty if none.
absl::string_view ModelIn(absl::string_view text);

// The first status as code of an SDK writes it ("ResourceExhausted") or as the
// service does ("RESOURCE_EXHAUSTED"), in the latter's form; empty if none.
absl::string_view StatusIn(absl::string_view text);

// What an HTML page says: its title; empty if `text` is no HTML.
bool IsHtml(absl::string_view text);
absl::string_view HtmlTitle(absl::string_view text);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_PROSE_H_
