// A stream has the same events whatever its pieces.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/fuzz_target.h"
#include "wire/sse_reader.h"

using namespace gemini::internal;

namespace {

class Events final : public SseHandler {
 public:
  void OnEventData(absl::string_view data) override {
    GEMINI_FUZZ_CHECK(!data.empty());
    open_.append(data.data(), data.size());
  }
  void OnEventEnd() override {
    events.push_back(open_);
    open_.clear();
  }

  std::vector<std::string> events;

 private:
  std::string open_;
};

std::vector<std::string> Read(absl::string_view stream, size_t piece) {
  Events events;
  SseReader reader(&events);
  while (!stream.empty()) {
    const absl::string_view part = stream.substr(0, piece);
    stream.remove_prefix(part.size());
    reader.Feed(part);
  }
  reader.Finish();
  return events.events;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view stream(reinterpret_cast<const char*>(data), size);
  const auto whole = Read(stream, size + 1);
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{17}}) {
    GEMINI_FUZZ_CHECK(Read(stream, piece) == whole);
  }
  return 0;
}
