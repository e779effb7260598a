// What may be shown to people, logs and other programs.

#ifndef GEMINI_SRC_UTIL_REDACT_H_
#define GEMINI_SRC_UTIL_REDACT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Returns `text` with "***" in place of what must not leave the process:
//
//   - keys and tokens by their form: AIza…, AQ.…, sk-…, ya29.…, hf_…, xai-…,
//     JSON Web Tokens, "Bearer …", "Basic …", values after names such as
//     x-goog-api-key;
//   - values of URL parameters, but for a few harmless ones; user:password@;
//   - numbers of Google projects, ids of OpenAI organisations and projects;
//   - each of `secrets` that has at least 6 bytes, wherever it appears.
std::string Redact(absl::string_view text,
                   const std::vector<absl::string_view>& secrets = {});

// The same as one line: white space and control characters become single
// spaces, and none at the ends.
std::string RedactToLine(absl::string_view text,
                         const std::vector<absl::string_view>& secrets = {});

// Whether the text is one line, with single spaces between its words and none
// around them, in which Redact() would hide nothing.
bool IsCleanLine(absl::string_view text,
                 const std::vector<absl::string_view>& secrets = {});

// The same as Redact() for a link that people are meant to follow: it keeps the
// project, since a console page without it is of no use.
std::string RedactLink(absl::string_view url,
                       const std::vector<absl::string_view>& secrets = {});

// Whether the value of this HTTP header may be shown.
bool IsShowableHeader(absl::string_view name);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_REDACT_H_
