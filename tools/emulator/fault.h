// Faults that tests order: which requests they meet, and what they do to them.

#ifndef EMULATOR_FAULT_H_
#define EMULATOR_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "emulator/http_message.h"
#include "emulator/json.h"

namespace gemini_emulator {

enum class FaultAction {
  kStatus,       // Another status, body and headers.
  kStatusAfter,  // 200, a part of the body, then an error object inside.
  kBrokenStream,
  kReset,
  kClose,  // The connection ends without an answer.
  kStall,
  kSlow,
  kBadBase64,
  kWrongMagic,
  kNoImage,
  kThoughtImage,  // A draft among the thoughts, before the picture.
  kHeaders        // The usual answer, with more headers.
};

// All conditions that are given must hold.
struct FaultMatch {
  std::string method;   // "generateContent"; "*" for all; empty for those two
                        // that generate.
  std::string model;    // Without "models/".
  std::string version;  // "v1beta".
  std::string project;
  std::string key;
  std::string prompt;  // Somewhere in the prompt.
  std::string tag;     // The header x-emulator-tag.
  // Any path, also one that the API does not have. A "*" at the end stands for
  // whatever follows.
  std::string path;
  int64_t nth = 1;  // Counts matching requests; earlier ones are let pass.
};

struct Fault {
  std::string id;
  FaultMatch match;
  int64_t times = 1;  // 0: always.
  double rate = 1;    // Of the matching requests, by chance.
  FaultAction action = FaultAction::kStatus;
  int status = 0;              // 0: as the template says.
  std::string error_template;  // One of ErrorTemplates().
  std::optional<std::string> body;
  std::string content_type;  // Empty: by the body.
  Headers headers;
  bool chunked = false;
  bool close_connection = false;
  // Where in the body it happens. Without both: for stalls and resets before
  // the status line, else in the middle.
  std::optional<size_t> after_bytes;
  std::optional<size_t> after_events;
  absl::Duration duration;       // Of a stall.
  size_t piece = 0;              // Bytes at a time, when slow.
  absl::Duration interval;       // Between two pieces.
  std::optional<size_t> offset;  // Of the wrong character in the base64.
  std::string variant;           // How a picture is missing.
};

// What of a request faults look at.
struct RequestFacts {
  std::string method;  // "generateContent", "models.list"; empty for none.
  std::string model;
  std::string version;
  std::string project;
  std::string key;
  std::string prompt;
  std::string tag;
  std::string path;
};

// Reads a fault as it stands in scenarios and control requests. Files named by
// "body_file" are read from `folder`; without a folder they are refused. Throws
// FieldError.
Fault ParseFault(const Json& value, const std::string& path,
                 const std::optional<std::string>& folder);

// Reads the value of the header x-emulator-fault. Throws FieldError.
Fault ParseFaultHeader(absl::string_view text);

bool Matches(const FaultMatch& match, const RequestFacts& facts);

absl::string_view NameOf(FaultAction action);

}  // namespace gemini_emulator

#endif  // EMULATOR_FAULT_H_
