// What a call delivered, and the trail of how it came to that.

#ifndef GEMINI_OUTCOME_H_
#define GEMINI_OUTCOME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"
#include "gemini/image.h"

namespace gemini {

// Where an attempt went.
struct Route {
  std::string provider;  // "gemini"
  std::string model;     // As sent, without "models/".

  // Tells keys apart without showing them: the first 8 hexadecimal digits of
  // the key's SHA-256.
  std::string credential;
};

// Tokens, as the service counted them; 0 where it did not say.
struct Usage {
  int64_t prompt_tokens = 0;
  int64_t output_tokens = 0;
  int64_t image_tokens = 0;  // The part of output_tokens that is pictures.
  int64_t thought_tokens = 0;
  int64_t total_tokens = 0;
};

// One exchange with one route.
struct AttemptReport {
  int number = 0;       // Within its call, from 1, in order of their start.
  int image_index = 0;  // Which of the pictures asked for, from 0.
  Route route;

  absl::Time started;
  absl::Duration waited;    // Between the attempt before it, or the call's
                            // beginning, and its start.
  absl::Duration duration;  // From its start to its end.
  std::optional<absl::Duration> time_to_first_byte;  // Of the body.

  std::optional<int> http_status;  // Absent if no answer came.
  std::string response_id;         // The service's own, for support cases.
  std::string model_version;       // As the service reported it.
  int64_t bytes_sent = 0;          // Of the body.
  int64_t bytes_received = 0;      // Of the body, before decoding.
  Usage usage;

  // The request may have been billed although no picture came of it.
  bool maybe_billed = false;

  std::optional<Diagnosis> diagnosis;  // Absent if it succeeded.
};

// A picture that was asked for and did not come.
struct MissingImage {
  int index = 0;  // From 0.
  Diagnosis diagnosis;
};

// At least one picture.
struct Images {
  std::vector<Image> images;          // In order of their index.
  std::vector<MissingImage> missing;  // Those asked for that did not come.
  std::string text;                   // What the model said beside them.
  Usage usage;                        // Of all successful attempts together.
};

// No picture: what is needed to draw it elsewhere, or later.
struct PromptOnly {
  std::string image_prompt;
};

struct Outcome {
  std::variant<Images, PromptOnly> result;

  // Every exchange, in order of their start. Empty if none was begun.
  std::vector<AttemptReport> attempts;

  // Why pictures are missing: that of the attempt which decided. Absent exactly
  // if all pictures came.
  std::optional<Diagnosis> diagnosis;

  // When asking again makes sense; absent if nothing is missing, or if time
  // alone will not help.
  std::optional<absl::Time> retry_at;

  absl::Duration elapsed;  // From the beginning of the call to its end.

  // The pictures, or null.
  const Images* images() const { return std::get_if<Images>(&result); }

  // What is left when there is none, or null.
  const PromptOnly* prompt_only() const {
    return std::get_if<PromptOnly>(&result);
  }
};

// What is known about a call that ended with an error instead of an outcome:
// the diagnosis that decided and the attempts that were made. Both are empty
// for statuses that do not come from this library.
std::optional<Diagnosis> DiagnosisOf(const absl::Status& status);
std::vector<AttemptReport> AttemptsOf(const absl::Status& status);

}  // namespace gemini

#endif  // GEMINI_OUTCOME_H_
