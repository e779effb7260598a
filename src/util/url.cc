#include "util/url.h"

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gemini::internal {
namespace {

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '.' || c == '_';
}

bool IsAddressCharacter(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == ':' ||
         c == '.';
}

bool IsPathCharacter(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
         !absl::StrContains("\"<>\\^`{|}?#%", c);
}

template <typename Predicate>
bool AllOf(absl::string_view text, Predicate predicate) {
  for (const char c : text) {
    if (!predicate(c)) return false;
  }
  return true;
}

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a base URL such as https://host:port/path: ", what));
}

}  // namespace

absl::StatusOr<Url> ParseBaseUrl(absl::string_view text) {
  Url url;
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos) return Bad("it has no scheme");
  url.scheme = absl::AsciiStrToLower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return Bad("the scheme is neither https nor http");
  }
  text.remove_prefix(colon + 3);
  const size_t slash = text.find('/');
  absl::string_view authority = text.substr(0, slash);
  absl::string_view path =
      slash == absl::string_view::npos ? "" : text.substr(slash);
  if (absl::StrContains(authority, '@')) {
    return Bad("it holds a user name; keys go into api_key");
  }
  if (absl::ConsumePrefix(&authority, "[")) {
    const size_t end = authority.find(']');
    if (end == absl::string_view::npos) return Bad("']' is missing");
    url.host = absl::AsciiStrToLower(authority.substr(0, end));
    if (url.host.empty() || !AllOf(url.host, IsAddressCharacter)) {
      return Bad("the IPv6 address is malformed");
    }
    authority.remove_prefix(end + 1);
    if (!authority.empty() && !absl::ConsumePrefix(&authority, ":")) {
      return Bad("there is text after the IPv6 address");
    }
    url.port = std::string(authority);
  } else {
    const size_t port = authority.find(':');
    url.host = absl::AsciiStrToLower(authority.substr(0, port));
    if (port != absl::string_view::npos) {
      url.port = std::string(authority.substr(port + 1));
      if (url.port.empty()) return Bad("the port is empty");
    }
    if (url.host.empty()) return Bad("it has no host");
    if (!AllOf(url.host, IsHostCharacter)) return Bad("the host is malformed");
  }
  int port = 0;
  if (!url.port.empty() &&
      (!AllOf(url.port, [](char c) { return c >= '0' && c <= '9'; }) ||
       !absl::SimpleAtoi(url.port, &port) || port < 1 || port > 65535)) {
    return Bad("the port is not a number from 1 to 65535");
  }
  while (absl::ConsumeSuffix(&path, "/")) {
  }
  if (!AllOf(path, IsPathCharacter) || absl::StrContains(path, "..")) {
    return Bad("the path holds a query, a fragment, '..' or odd characters");
  }
  url.path = std::string(path);
  return url;
}

bool IsLoopbackHost(absl::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (const absl::string_view part : parts) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number) || number < 0 || number > 255) {
      return false;
    }
  }
  return true;
}

std::string UrlEncoded(absl::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~", {&c, 1})) {
      encoded.push_back(c);
    } else {
      encoded.push_back('%');
      encoded.push_back(kDigits[byte >> 4]);
      encoded.push_back(kDigits[byte & 15]);
    }
  }
  return encoded;
}

}  // namespace gemini::internal
