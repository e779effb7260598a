// HTTP as the rest of the library speaks of it: no type of libcurl.

#ifndef GEMINI_SRC_BASE_HTTP_H_
#define GEMINI_SRC_BASE_HTTP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/body_source.h"

namespace gemini::internal {

// Names and values in the order of the wire. Names of answers are lower-case.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// Returns the first value of `name` (any case), or an empty string.
absl::string_view FindHeader(const HttpHeaders& headers,
                             absl::string_view name);

// Where a request goes and what it begins with. Requests that are alike share
// one.
struct HttpHead {
  std::string url;
  HttpHeaders headers;  // May hold a key: never logged.
};

// A request to be sent once. Without a body it is a GET, else a POST.
struct HttpRequest {
  std::shared_ptr<const HttpHead> head;  // Not null.
  bool never_proxy = false;  // For loopback, whatever the environment says.
  bool may_pause = false;    // For long: on a connection of its own.
  size_t in_view = 0;        // Requests that are under way or may soon be.
  std::unique_ptr<BodySource> body;

  // The connection stands, and the request is about to be sent. On the
  // loop's thread; may be empty.
  std::function<void()> on_under_way;
};

// What an answer begins with.
struct ResponseHead {
  int http_status = 0;
  std::optional<int64_t> body_size;  // As it will be read, if that is known.
  HttpHeaders headers;               // Of what is no success.

  bool is_success() const { return http_status / 100 == 2; }
};

// Takes an answer as it arrives. Called on the loop's thread; must not block.
class ResponseReader {
 public:
  enum class Flow {
    kContinue,
    kStop,  // Nothing more is wanted: the transfer ends.
    kPause  // Not now: the same data is to be offered again when the transfer
            // is resumed.
  };

  virtual ~ResponseReader() = default;

  // Once, before any data; not at all if none comes.
  virtual void OnHead(ResponseHead head) = 0;

  virtual Flow OnData(absl::string_view data) = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_HTTP_H_
