// Requests as they were read, and answers as they are to be sent.

#ifndef EMULATOR_HTTP_MESSAGE_H_
#define EMULATOR_HTTP_MESSAGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "emulator/error_bodies.h"

namespace gemini_emulator {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of the name, in any case, or nothing.
std::optional<std::string> FindHeader(const Headers& headers,
                                      absl::string_view name);

struct HttpRequest {
  std::string method;
  std::string path;    // Percent-decoded.
  Headers query;       // Percent-decoded.
  std::string target;  // As sent.
  Headers headers;
  std::string body;
  uint64_t connection = 0;  // Numbers connections from 1.
};

// Fills path and query from the target.
void SplitTarget(HttpRequest* request);

// What is done to an answer on its way.
enum class WireEvent {
  kNone,
  kClose,  // FIN, with the answer incomplete.
  kReset,  // RST.
  kStall   // A pause; then the answer goes on.
};

struct Delivery {
  WireEvent event = WireEvent::kNone;
  // Before the status line instead of after `at` bytes of the body.
  bool before_head = false;
  size_t at = 0;
  absl::Duration stall;
  // Where not 0, the body goes out in pieces of so many bytes.
  size_t piece = 0;
  absl::Duration interval;
};

struct Reply {
  int status = 200;
  // Without those about length, connection and date.
  Headers headers;
  // Of a stream, one part an event.
  std::vector<std::string> parts;
  bool chunked = false;
  bool close = false;  // The connection ends with this answer.
  absl::Duration delay;
  Delivery delivery;
  // Called once when the fault that is in this answer took effect: at the
  // delivery's event, or else when all was sent.
  std::function<void()> fault_met;
  // Its end tells that the answer is sent or given up.
  std::shared_ptr<void> in_flight;

  size_t BodySize() const;
};

Reply JsonReply(int status, const Json& body);
Reply ErrorReply(const ApiError& error);

// The page of a path that no API has.
Reply NotFoundPage(absl::string_view path);

// A page for requests that never reach the API.
Reply HtmlReply(int status, absl::string_view title, absl::string_view text);

// "Not Found" of 404.
std::string ReasonPhrase(int status);

}  // namespace gemini_emulator

#endif  // EMULATOR_HTTP_MESSAGE_H_
