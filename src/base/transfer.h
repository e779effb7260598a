// How an HTTP exchange ended, whatever its answer says.

#ifndef GEMINI_SRC_BASE_TRANSFER_H_
#define GEMINI_SRC_BASE_TRANSFER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace gemini::internal {

enum class TransferEnd {
  kComplete,         // The whole answer arrived.
  kStoppedByReader,  // The reader wanted no more.
  kCancelled,        // By Transport::Cancel().
  kCannotConnect,    // Name look-up, connecting, handshake.
  kConnectTimeout,   // The same, too slow.
  kTlsUntrusted,     // The server's certificate is not trusted.
  kLost,             // The connection broke before the answer was whole.
  kStalled,          // The body stopped arriving.
  kAttemptTimeout,   // The whole exchange took too long.
  kTooLarge,         // The answer exceeds its bound.
  kHeadTooLarge,     // The same of its head, or of its trailers.
  kLocalResource,    // Out of descriptors or memory here.
  kOther             // What the transport cannot tell more of.
};

struct TransferResult {
  TransferEnd end = TransferEnd::kOther;

  // The request went out, with its whole body, so that the service may have
  // acted on it.
  bool request_sent = false;

  std::string error;           // The transport's words; empty when complete.
  int64_t bytes_sent = 0;      // Of the body.
  int64_t bytes_received = 0;  // Of the body.
  std::optional<absl::Duration> time_to_first_byte;  // Of the body.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_TRANSFER_H_
