// Pictures on their way from base64 into a sink.

#ifndef GEMINI_SRC_PROVIDERS_PICTURE_COLLECTOR_H_
#define GEMINI_SRC_PROVIDERS_PICTURE_COLLECTOR_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/attempt_sink.h"
#include "wire/base64.h"
#include "wire/inline_data_splitter.h"

namespace gemini::internal {

// What came out of one string of base64.
struct CollectedPicture {
  absl::string_view mime_type;  // By the first bytes; empty: no known type.
  absl::Status base64;          // What is wrong with it, if anything.

  bool good() const { return base64.ok() && !mime_type.empty(); }
};

// Decodes each picture into a sink. What cannot be a picture is dropped at
// once.
class PictureCollector final : public InlineDataHandler {
 public:
  // `sink` must outlive the collector.
  explicit PictureCollector(AttemptSink* sink) : sink_(sink) {}

  // How much of the body, in bytes, is still to come; 0 if that is unknown.
  void set_expected_bytes(int64_t bytes) { expected_bytes_ = bytes; }

  void OnDataBegin(int ordinal) override;
  void OnData(absl::string_view base64) override;
  void OnDataEnd() override;

  // By their ordinal. The last one is open until OnDataEnd().
  absl::Span<const CollectedPicture> pictures() const { return pictures_; }

 private:
  void Take(const char* bytes, size_t n);
  void Sniff();
  void Drop();

  AttemptSink* const sink_;
  absl::InlinedVector<CollectedPicture, 1> pictures_;
  Base64Decoder decoder_;
  int64_t expected_bytes_ = 0;
  std::array<char, 16> head_;  // SniffImageType() needs no more.
  size_t head_size_ = 0;
  bool dropped_ = false;  // The open picture is of no use.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_PROVIDERS_PICTURE_COLLECTOR_H_
