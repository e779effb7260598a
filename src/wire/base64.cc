#include "wire/base64.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "wire/base64_kernels.h"

namespace gemini::internal {
namespace {

constexpr int kNoSextet = -1;

int SextetOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return kNoSextet;
}

// Writes the bytes of a group that has only `sextets` characters, 2 or 3.
size_t WriteShortGroup(uint32_t group, int sextets, char* out) {
  group <<= 6 * (4 - sextets);
  out[0] = static_cast<char>(group >> 16);
  if (sextets == 2) return 1;
  out[1] = static_cast<char>(group >> 8);
  return 2;
}

absl::Status WrongByte(char c, uint64_t offset) {
  return absl::InvalidArgumentError(
      absl::StrFormat("not base64: byte 0x%02x at offset %d",
                      static_cast<unsigned char>(c), offset));
}

}  // namespace

absl::StatusOr<size_t> Base64Decoder::Fail(absl::Status status) {
  failure_ = std::move(status);
  return failure_;
}

absl::StatusOr<size_t> Base64Decoder::Decode(absl::string_view text,
                                             absl::Span<char> out) {
  if (!failure_.ok()) return failure_;
  if (out.size() < MaxDecodedSize(text.size())) {
    return absl::InternalError("base64: too little room to decode into");
  }
  size_t read = 0;
  char* write = out.data();
  while (read < text.size()) {
    if (sextets_ == 0 && padding_ < 0) {
      const size_t whole =
          DecodeGroups(text.data() + read, text.size() - read, write);
      read += whole;
      write += whole / 4 * 3;
      if (read == text.size()) break;
    }
    // An unfinished group, or one with something else in it.
    const char c = text[read];
    const int sextet = SextetOf(c);
    if (sextet != kNoSextet && padding_ < 0) {
      group_ = group_ << 6 | static_cast<uint32_t>(sextet);
      if (++sextets_ == 4) {
        write[0] = static_cast<char>(group_ >> 16);
        write[1] = static_cast<char>(group_ >> 8);
        write[2] = static_cast<char>(group_);
        write += 3;
        group_ = 0;
        sextets_ = 0;
      }
    } else if (c == '=' && padding_ < 0 && sextets_ >= 2) {
      write += WriteShortGroup(group_, sextets_, write);
      padding_ = 3 - sextets_;
      sextets_ = 0;
    } else if (c == '=' && padding_ > 0) {
      --padding_;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      return Fail(WrongByte(c, offset_ + read));
    }
    ++read;
  }
  offset_ += text.size();
  return static_cast<size_t>(write - out.data());
}

absl::StatusOr<size_t> Base64Decoder::Finish(absl::Span<char> out) {
  if (!failure_.ok()) return failure_;
  if (sextets_ == 1 || padding_ > 0) {
    return Fail(absl::InvalidArgumentError(absl::StrCat(
        "not base64: the last group is cut off at offset ", offset_)));
  }
  if (sextets_ == 0) return 0;
  if (out.size() < 2) {
    return absl::InternalError("base64: too little room to decode into");
  }
  const size_t written = WriteShortGroup(group_, sextets_, out.data());
  sextets_ = 0;
  padding_ = 0;
  return written;
}

size_t Base64Encoder::Read(char* out, size_t capacity) {
  char* write = out;
  char* const end = out + capacity;
  while (write != end) {
    if (group_left_ > 0) {
      const size_t n = std::min(group_left_, static_cast<size_t>(end - write));
      std::memcpy(write, group_ + sizeof(group_) - group_left_, n);
      write += n;
      group_left_ -= n;
      continue;
    }
    const size_t groups =
        std::min(bytes_.size() / 3, static_cast<size_t>(end - write) / 4);
    if (groups > 0) {
      EncodeGroups(bytes_.data(), groups, write);
      bytes_.remove_prefix(groups * 3);
      write += groups * 4;
      continue;
    }
    if (bytes_.empty()) break;
    // The end of the bytes, or of the room: one group by itself.
    const size_t n = std::min<size_t>(bytes_.size(), 3);
    char last[3] = {};
    std::memcpy(last, bytes_.data(), n);
    EncodeGroups(last, 1, group_);
    for (size_t i = n + 1; i < sizeof(group_); ++i) group_[i] = '=';
    bytes_.remove_prefix(n);
    group_left_ = sizeof(group_);
  }
  return static_cast<size_t>(write - out);
}

std::string Base64Encode(absl::string_view bytes) {
  std::string text(Base64Encoder::EncodedSize(bytes.size()), '\0');
  Base64Encoder(bytes).Read(&text[0], text.size());
  return text;
}

absl::StatusOr<std::string> Base64Decode(absl::string_view text) {
  std::string bytes(Base64Decoder::MaxDecodedSize(text.size()), '\0');
  Base64Decoder decoder;
  absl::StatusOr<size_t> written =
      decoder.Decode(text, absl::MakeSpan(&bytes[0], bytes.size()));
  if (!written.ok()) return written.status();
  char rest[2];
  absl::StatusOr<size_t> last = decoder.Finish(rest);
  if (!last.ok()) return last.status();
  bytes.resize(*written);
  bytes.append(rest, *last);
  return bytes;
}

}  // namespace gemini::internal
