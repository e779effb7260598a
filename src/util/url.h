// The few things that are asked of a URL.

#ifndef GEMINI_SRC_UTIL_URL_H_
#define GEMINI_SRC_UTIL_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gemini::internal {

struct Url {
  std::string scheme;  // "http" or "https".
  std::string host;    // Lower-case; an IPv6 address without its brackets.
  std::string port;    // Empty if not given.
  std::string path;    // From its first '/'; without one at its end.
};

// Takes http and https URLs of scheme, host, port and path: a base URL holds no
// user, query or fragment. Errors: kInvalidArgument, which never shows what
// stood before an '@'.
absl::StatusOr<Url> ParseBaseUrl(absl::string_view text);

// 127.0.0.0/8, ::1 and localhost.
bool IsLoopbackHost(absl::string_view host);

// Returns `text` with "%XX" for all but RFC 3986's unreserved characters.
std::string UrlEncoded(absl::string_view text);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_UTIL_URL_H_
