#include "emulator/http_message.h"

#include <boost/beast/http/status.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace gemini_emulator {
namespace {

std::string PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2])) &&
        absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      decoded.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

std::string HtmlEscaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

}  // namespace

std::optional<std::string> FindHeader(const Headers& headers,
                                      absl::string_view name) {
  for (const auto& header : headers) {
    if (absl::EqualsIgnoreCase(header.first, name)) return header.second;
  }
  return std::nullopt;
}

void SplitTarget(HttpRequest* request) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(request->target, absl::MaxSplits('?', 1));
  request->path = PercentDecoded(halves.first);
  request->query.clear();
  for (absl::string_view item :
       absl::StrSplit(halves.second, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    request->query.emplace_back(
        PercentDecoded(pair.first),
        PercentDecoded(absl::StrReplaceAll(pair.second, {{"+", " "}})));
  }
}

size_t Reply::BodySize() const {
  size_t size = 0;
  for (const std::string& part : parts) size += part.size();
  return size;
}

Reply JsonReply(int status, const Json& body) {
  Reply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "application/json; charset=UTF-8"},
                   {"Vary", "Origin, X-Origin, Referer"}};
  reply.parts.push_back(PrettyJson(body));
  return reply;
}

Reply ErrorReply(const ApiError& error) {
  return JsonReply(error.http_status, error.body);
}

Reply NotFoundPage(absl::string_view path) {
  return HtmlReply(
      404, "Error 404 (Not Found)",
      absl::StrCat("No API of this emulator has the URL <code>",
                   HtmlEscaped(path), "</code>. See gemini-emulator --help."));
}

Reply HtmlReply(int status, absl::string_view title, absl::string_view text) {
  Reply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "text/html; charset=UTF-8"}};
  reply.parts.push_back(absl::StrCat(
      "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>",
      title, "</title>\n  <p><b>", status, ".</b> ", text, "\n"));
  return reply;
}

std::string ReasonPhrase(int status) {
  namespace http = boost::beast::http;
  if (status == 499) return "Client Closed Request";
  return std::string(http::obsolete_reason(
      http::int_to_status(static_cast<unsigned>(status))));
}

}  // namespace gemini_emulator
