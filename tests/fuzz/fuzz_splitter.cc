// A document is split the same way whatever its pieces, and what is left is
// JSON.

#include <string>

#include "absl/strings/string_view.h"
#include "fuzz/fuzz_target.h"
#include "wire/inline_data_splitter.h"

using namespace gemini::internal;

namespace {

class Pictures final : public InlineDataHandler {
 public:
  void OnDataBegin(int ordinal) override {
    GEMINI_FUZZ_CHECK(!open_);
    GEMINI_FUZZ_CHECK(ordinal == count_);
    ++count_;
    open_ = true;
    all += '<';
  }
  void OnData(absl::string_view base64) override {
    GEMINI_FUZZ_CHECK(open_);
    all.append(base64.data(), base64.size());
  }
  void OnDataEnd() override {
    GEMINI_FUZZ_CHECK(open_);
    open_ = false;
    all += '>';
  }

  std::string all;

 private:
  int count_ = 0;
  bool open_ = false;
};

struct Result {
  absl::Status status;
  std::string skeleton;
  std::string pictures;
};

Result Split(absl::string_view json, size_t piece) {
  Pictures pictures;
  SplitterLimits limits;
  limits.max_skeleton_bytes = 16 << 10;
  limits.max_string_bytes = 1 << 10;
  InlineDataSplitter splitter(&pictures, limits);
  Result result;
  while (!json.empty() && result.status.ok()) {
    const absl::string_view part = json.substr(0, piece);
    json.remove_prefix(part.size());
    result.status = splitter.Feed(part);
  }
  if (result.status.ok()) result.status = splitter.Finish();
  GEMINI_FUZZ_CHECK(splitter.skeleton().size() <=
                    limits.max_skeleton_bytes + limits.max_string_bytes);
  result.skeleton = splitter.skeleton();
  result.pictures = pictures.all;
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  const Result whole = Split(json, size + 1);
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{61}}) {
    const Result pieces = Split(json, piece);
    GEMINI_FUZZ_CHECK(pieces.status == whole.status);
    if (!whole.status.ok()) continue;
    GEMINI_FUZZ_CHECK(pieces.skeleton == whole.skeleton);
    GEMINI_FUZZ_CHECK(pieces.pictures == whole.pictures);
  }
  return 0;
}
