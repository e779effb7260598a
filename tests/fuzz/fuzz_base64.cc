// The vectors and the portable path agree, whatever the pieces.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/fuzz_target.h"
#include "wire/base64.h"
#include "wire/base64_kernels.h"

using namespace gemini::internal;

namespace {

// All that comes out, in pieces of `piece` bytes; the status too.
absl::StatusOr<std::string> DecodeInPieces(absl::string_view text,
                                           size_t piece) {
  Base64Decoder decoder;
  std::string out;
  while (!text.empty()) {
    const absl::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    std::vector<char> room(Base64Decoder::MaxDecodedSize(part.size()));
    const auto n = decoder.Decode(part, absl::MakeSpan(room));
    if (!n.ok()) return n.status();
    out.append(room.data(), *n);
  }
  char room[4];
  const auto n = decoder.Finish(absl::MakeSpan(room));
  if (!n.ok()) return n.status();
  out.append(room, *n);
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<char> vectors(size / 4 * 3 + 1);
  std::vector<char> portable(size / 4 * 3 + 1);
  const size_t read = DecodeGroups(text.data(), size, vectors.data());
  GEMINI_FUZZ_CHECK(read ==
                    DecodeGroupsPortable(text.data(), size, portable.data()));
  GEMINI_FUZZ_CHECK(absl::string_view(vectors.data(), read / 4 * 3) ==
                    absl::string_view(portable.data(), read / 4 * 3));

  const auto whole = DecodeInPieces(text, size + 1);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{64}}) {
    const auto pieces = DecodeInPieces(text, piece);
    GEMINI_FUZZ_CHECK(pieces.status() == whole.status());
    if (whole.ok()) GEMINI_FUZZ_CHECK(*pieces == *whole);
  }
  const std::string encoded = Base64Encode(text);
  const auto decoded = Base64Decode(encoded);
  GEMINI_FUZZ_CHECK(decoded.ok() && *decoded == text);
  return 0;
}
