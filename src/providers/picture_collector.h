// Pictures on their way from base64 into memory.

#ifndef GEMINI_SRC_PROVIDERS_PICTURE_COLLECTOR_H_
#define GEMINI_SRC_PROVIDERS_PICTURE_COLLECTOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "wire/base64.h"
#include "wire/inline_data_splitter.h"

namespace gemini::internal {

// What came out of one string of base64.
struct CollectedPicture {
  std::string bytes;            // Empty unless it is good.
  absl::string_view mime_type;  // By the first bytes; empty: no known type.
  absl::Status base64;          // What is wrong with it, if anything.

  bool good() const { return base64.ok() && !mime_type.empty(); }
};

// Decodes each picture into memory of its own. Whether it is wanted often shows
// only after it (it may be a thought, or no picture at all), so that all are
// kept until then; only what cannot be a picture is let go at once.
class PictureCollector final : public InlineDataHandler {
 public:
  // How much of the body, in bytes, is still to come; 0 if that is unknown.
  // Memory for the next picture is then asked for in one piece.
  void set_expected_bytes(int64_t bytes) { expected_bytes_ = bytes; }

  void OnDataBegin(int ordinal) override;
  void OnData(absl::string_view base64) override;
  void OnDataEnd() override;

  // By their ordinal. The last one is open until OnDataEnd().
  std::vector<CollectedPicture>& pictures() { return pictures_; }

 private:
  void Sniff();
  void Drop();

  std::vector<CollectedPicture> pictures_;
  Base64Decoder decoder_;
  int64_t expected_bytes_ = 0;
  bool dropped_ = false;  // The open picture is of no use.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_PROVIDERS_PICTURE_COLLECTOR_H_
