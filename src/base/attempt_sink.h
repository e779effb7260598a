// Where the pictures of one attempt go.

#ifndef GEMINI_SRC_BASE_ATTEMPT_SINK_H_
#define GEMINI_SRC_BASE_ATTEMPT_SINK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gemini/image.h"

namespace gemini::internal {

// A picture that is wanted and good.
struct KeptPicture {
  int ordinal = 0;  // The how-manieth Begin() began it, from 0.
  std::string mime_type;
};

// Takes the pictures of an answer, one after another. For the loop's thread
// alone; nothing here blocks.
class AttemptSink {
 public:
  using EndFunction =
      absl::AnyInvocable<void(absl::StatusOr<std::vector<Image>>) &&>;

  virtual ~AttemptSink() = default;

  // The next picture begins. Its base64 has at most `expected_bytes`; 0: that
  // is unknown.
  virtual void Begin(int64_t expected_bytes) = 0;

  // Returns room for `n` bytes, at most 64 KiB, that follow; Filled() tells how
  // many were put there. Nothing else comes between the two.
  virtual absl::Span<char> Room(size_t n) = 0;
  virtual void Filled(size_t n) = 0;

  // The picture that was begun last is of no use; nothing of it follows.
  virtual void Drop() = 0;

  // True: no more for now. The function that the sink was made with is called
  // when there is room again.
  virtual bool WantsPause() { return false; }

  // What went wrong so far.
  virtual absl::Status status() const { return absl::OkStatus(); }

  // User code may have seen bytes of this attempt.
  virtual bool exposed() const { return false; }

  // Commits the pictures of `kept`, in their order, and discards all others;
  // then `done` runs, perhaps inside this function. With nothing kept that
  // cannot fail. Images have no index. Once, and the last that is called.
  virtual void End(std::vector<KeptPicture> kept, EndFunction done) = 0;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_BASE_ATTEMPT_SINK_H_
