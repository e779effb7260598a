#include "base/http.h"

#include "absl/strings/match.h"

namespace gemini::internal {

absl::string_view FindHeader(const HttpHeaders& headers,
                             absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

}  // namespace gemini::internal
