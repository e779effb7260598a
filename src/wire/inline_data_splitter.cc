#include "wire/inline_data_splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gemini::internal {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// Non-zero exactly if a byte of `word` is less than `n`, which is at most 128.
// https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
constexpr uint64_t HasLess(uint64_t word, uint64_t n) {
  return (word - kOnes * n) & ~word & kHighBits;
}

constexpr uint64_t HasByte(uint64_t word, char c) {
  return HasLess(word ^ (kOnes * static_cast<unsigned char>(c)), 1);
}

// Returns the first '"', '\\' or control character, or `end`.
const char* FindSpecial(const char* p, const char* end) {
  for (; end - p >= 8; p += 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    if ((HasByte(word, '"') | HasByte(word, '\\') | HasLess(word, 0x20)) != 0) {
      break;
    }
  }
  while (p != end && *p != '"' && *p != '\\' &&
         static_cast<unsigned char>(*p) >= 0x20) {
    ++p;
  }
  return p;
}

// Returns the first `c`, or `end`.
const char* Find(const char* p, const char* end, char c) {
  const void* const found = std::memchr(p, c, static_cast<size_t>(end - p));
  return found == nullptr ? end : static_cast<const char*>(found);
}

bool IsJsonSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

absl::string_view View(const char* begin, const char* end) {
  return absl::string_view(begin, static_cast<size_t>(end - begin));
}

std::string EscapeUnit(uint32_t unit) {
  return absl::StrCat("\\u", absl::Hex(unit, absl::kZeroPad4));
}

constexpr absl::string_view kReplacement = "\\ufffd";

// What an answer of Gemini leaves, without text.
constexpr size_t kUsualSkeleton = 768;

}  // namespace

InlineDataSplitter::InlineDataSplitter(InlineDataHandler* handler,
                                       const SplitterLimits& limits)
    : handler_(handler), limits_(limits) {}

absl::Status InlineDataSplitter::Feed(absl::string_view json) {
  if (skeleton_.empty()) skeleton_.reserve(kUsualSkeleton);
  piece_ = json.data();
  const char* p = piece_;
  const char* const end = piece_ + json.size();
  while (p != end && failure_.ok()) {
    switch (state_) {
      case State::kPicture:
        p = FeedPicture(p, end);
        break;
      case State::kString:
        p = FeedString(p, end);
        break;
      case State::kScalar:
        p = FeedScalar(p, end);
        break;
      default:
        p = FeedStructure(p, end);
        break;
    }
  }
  offset_ += json.size();
  return failure_;
}

absl::Status InlineDataSplitter::Finish() {
  if (failure_.ok() && state_ == State::kScalar && depth_ == 0) EndValue();
  if (failure_.ok() && state_ != State::kEnd) {
    failure_ = absl::DataLossError(
        absl::StrCat("the JSON breaks off at byte ", offset_,
                     state_ == State::kPicture ? ", inside a picture" : ""));
  }
  return failure_;
}

void InlineDataSplitter::Reset() {
  failure_ = absl::OkStatus();
  skeleton_.clear();
  offset_ = 0;
  state_ = State::kValue;
  depth_ = 0;
  key_ = Key::kOther;
  escape_ = 0;
  high_surrogate_ = 0;
}

std::optional<int> InlineDataSplitter::OrdinalOf(absl::string_view marker) {
  int ordinal = 0;
  if (marker.empty() || marker[0] != '#') return std::nullopt;
  if (!absl::SimpleAtoi(marker.substr(1), &ordinal)) return std::nullopt;
  return ordinal;
}

const char* InlineDataSplitter::FeedStructure(const char* p, const char* end) {
  while (p != end && IsJsonSpace(*p)) ++p;
  if (p == end) return p;
  const char c = *p;
  switch (state_) {
    case State::kValueOrEnd:
      if (c == ']') {
        Close(p);
        break;
      }
      BeginValue(p);
      break;
    case State::kValue:
      BeginValue(p);
      break;
    case State::kKeyOrEnd:
      if (c == '}') {
        Close(p);
        break;
      }
      [[fallthrough]];
    case State::kKey:
      if (c == '"') {
        BeginString(/*is_key=*/true, /*is_signature=*/false);
      } else {
        Malformed(p, "a key");
      }
      break;
    case State::kColon:
      if (c == ':') {
        Append(':');
        state_ = State::kValue;
      } else {
        Malformed(p, "':'");
      }
      break;
    case State::kCommaOrEnd:
      if (c == ',') {
        Append(',');
        state_ = is_object_[depth_ - 1] ? State::kKey : State::kValue;
      } else {
        Close(p);
      }
      break;
    default:
      Malformed(p, "nothing more");
      break;
  }
  return p + 1;
}

void InlineDataSplitter::BeginValue(const char* p) {
  const Key key = std::exchange(key_, Key::kOther);
  switch (*p) {
    case '{':
    case '[':
      Open(p, key);
      return;
    case '"':
      if (key == Key::kEncoded ||
          (key == Key::kData && is_inline_data_[depth_ - 1])) {
        BeginPicture();
      } else {
        BeginString(/*is_key=*/false, key == Key::kSignature);
      }
      return;
    default:
      if (!absl::ascii_isalnum(static_cast<unsigned char>(*p)) && *p != '-') {
        Malformed(p, "a value");
        return;
      }
      Append(*p);
      state_ = State::kScalar;
      return;
  }
}

void InlineDataSplitter::Open(const char* p, Key key) {
  if (depth_ == std::min(limits_.max_depth, kMaxDepth)) {
    PassedLimit(absl::StrCat(depth_, " levels of nesting"));
    return;
  }
  const bool is_object = *p == '{';
  is_object_[depth_] = is_object;
  is_inline_data_[depth_] = is_object && key == Key::kInlineData;
  ++depth_;
  Append(*p);
  state_ = is_object ? State::kKeyOrEnd : State::kValueOrEnd;
}

void InlineDataSplitter::Close(const char* p) {
  const char closing = is_object_[depth_ - 1] ? '}' : ']';
  if (*p != closing) {
    Malformed(p, closing == '}' ? "',' or '}'" : "',' or ']'");
    return;
  }
  Append(*p);
  --depth_;
  EndValue();
}

void InlineDataSplitter::EndValue() {
  state_ = depth_ == 0 ? State::kEnd : State::kCommaOrEnd;
}

const char* InlineDataSplitter::FeedScalar(const char* p, const char* end) {
  const char* const begin = p;
  while (p != end && (absl::ascii_isalnum(static_cast<unsigned char>(*p)) ||
                      *p == '.' || *p == '+' || *p == '-')) {
    ++p;
  }
  Append(View(begin, p));
  if (p != end) EndValue();
  return p;
}

void InlineDataSplitter::BeginPicture() {
  if (pictures_ == limits_.max_pictures) {
    PassedLimit(absl::StrCat(pictures_, " pictures"));
    return;
  }
  state_ = State::kPicture;
  Append(absl::StrCat("\"#", pictures_, "\""));
  handler_->OnDataBegin(pictures_++);
}

const char* InlineDataSplitter::FeedPicture(const char* p, const char* end) {
  // Some writers escape every '/': what lies between escapes is put together
  // again, so that the decoder does not get it in morsels.
  char unescaped[1024];
  size_t size = 0;
  const auto flush = [&] {
    if (size > 0) handler_->OnData(absl::string_view(unescaped, size));
    size = 0;
  };
  const char* quote = nullptr;  // The first that was not passed yet.
  while (p != end) {
    if (escape_ != 0) {
      if (FeedEscape(p)) {
        if (size == sizeof(unescaped)) flush();
        // What is not ASCII is no base64 either: any such byte says so.
        unescaped[size++] = static_cast<char>(unit_ < 0x80 ? unit_ : 0xff);
      }
      if (!failure_.ok()) return end;
      ++p;
      continue;
    }
    if (quote == nullptr || quote < p) quote = Find(p, end, '"');
    const char* const run_end = Find(p, quote, '\\');
    const auto run = static_cast<size_t>(run_end - p);
    const bool escape_follows = run_end != end && *run_end == '\\';
    if ((size > 0 || escape_follows) && run <= sizeof(unescaped) - size) {
      std::memcpy(unescaped + size, p, run);
      size += run;
    } else if (run > 0) {
      flush();
      handler_->OnData(absl::string_view(p, run));
    }
    p = run_end;
    if (p == end) break;
    ++p;
    if (escape_follows) {
      escape_ = 1;
      continue;
    }
    flush();
    handler_->OnDataEnd();
    EndValue();
    return p;
  }
  flush();
  return p;
}

void InlineDataSplitter::BeginString(bool is_key, bool is_signature) {
  state_ = State::kString;
  is_key_ = is_key;
  is_signature_ = is_signature;
  is_cut_ = false;
  key_size_ = 0;
  Append('"');
  string_begin_ = skeleton_.size();
}

const char* InlineDataSplitter::FeedString(const char* p, const char* end) {
  while (p != end) {
    if (escape_ != 0) {
      if (FeedEscape(p)) KeepEscape();
      if (!failure_.ok()) return end;
      ++p;
      continue;
    }
    const char* const run_end = FindSpecial(p, end);
    if (run_end != p) KeepRun(View(p, run_end));
    p = run_end;
    if (p == end || !failure_.ok()) return end;
    if (*p == '"') {
      EndString();
      return p + 1;
    }
    if (*p != '\\') {
      Malformed(p, "no control character in a string");
      return end;
    }
    escape_ = 1;
    ++p;
  }
  return p;
}

void InlineDataSplitter::EndString() {
  if (high_surrogate_ != 0) KeepLoneSurrogate();
  if (is_signature_ && is_cut_) {
    skeleton_.resize(string_begin_ - 1);
    Append("null");
  } else {
    Append('"');
  }
  if (is_key_) {
    key_ = KeyMeaning();
    state_ = State::kColon;
  } else {
    EndValue();
  }
}

bool InlineDataSplitter::FeedEscape(const char* p) {
  if (escape_ > 1) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(*p))) {
      Malformed(p, "a hexadecimal digit");
      return false;
    }
    const char c = absl::ascii_tolower(static_cast<unsigned char>(*p));
    unit_ =
        unit_ << 4 | static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++escape_ < 6) return false;
    escape_ = 0;
    return true;
  }
  constexpr absl::string_view kNames = "\"\\/bfnrtu";
  constexpr absl::string_view kUnits = "\"\\/\b\f\n\r\t";
  const size_t i = kNames.find(*p);
  if (i == absl::string_view::npos) {
    Malformed(p, "an escape sequence");
    return false;
  }
  escape_char_ = *p;
  if (*p == 'u') {
    escape_ = 2;
    unit_ = 0;
    return false;
  }
  escape_ = 0;
  unit_ = static_cast<unsigned char>(kUnits[i]);
  return true;
}

void InlineDataSplitter::KeepRun(absl::string_view bytes) {
  if (high_surrogate_ != 0) KeepLoneSurrogate();
  if (is_key_) AddToKey(bytes);
  if (is_cut_) return;
  const size_t limit =
      is_signature_ ? limits_.max_signature_bytes : limits_.max_string_bytes;
  const size_t room = limit - (skeleton_.size() - string_begin_);
  Append(bytes.substr(0, room));
  if (bytes.size() <= room) return;
  is_cut_ = true;
  if (!IsContinuation(bytes[room])) return;
  // The cut is inside a UTF-8 sequence: take off its beginning.
  while (skeleton_.size() > string_begin_ && IsContinuation(skeleton_.back())) {
    skeleton_.pop_back();
  }
  if (skeleton_.size() > string_begin_) skeleton_.pop_back();
}

void InlineDataSplitter::KeepEscape() {
  const bool is_high = unit_ >= 0xd800 && unit_ <= 0xdbff;
  const bool is_low = unit_ >= 0xdc00 && unit_ <= 0xdfff;
  if (is_key_) {
    const char c = static_cast<char>(unit_ < 0x80 ? unit_ : 0xff);
    AddToKey(absl::string_view(&c, 1));
  }
  if (is_low && high_surrogate_ != 0) {
    KeepWhole(absl::StrCat(EscapeUnit(high_surrogate_), EscapeUnit(unit_)));
    high_surrogate_ = 0;
    return;
  }
  if (high_surrogate_ != 0) KeepLoneSurrogate();
  if (is_high) {
    high_surrogate_ = unit_;
  } else if (is_low) {
    KeepWhole(kReplacement);
  } else if (escape_char_ == 'u') {
    KeepWhole(EscapeUnit(unit_));
  } else {
    const char escape[2] = {'\\', escape_char_};
    KeepWhole(absl::string_view(escape, 2));
  }
}

void InlineDataSplitter::KeepLoneSurrogate() {
  high_surrogate_ = 0;
  KeepWhole(kReplacement);
}

void InlineDataSplitter::KeepWhole(absl::string_view escape) {
  if (is_cut_) return;
  const size_t limit =
      is_signature_ ? limits_.max_signature_bytes : limits_.max_string_bytes;
  if (escape.size() > limit - (skeleton_.size() - string_begin_)) {
    is_cut_ = true;
    return;
  }
  Append(escape);
}

void InlineDataSplitter::AddToKey(absl::string_view bytes) {
  const size_t n = std::min(bytes.size(), key_text_.size() - key_size_);
  std::memcpy(key_text_.data() + key_size_, bytes.data(), n);
  key_size_ += n;
}

InlineDataSplitter::Key InlineDataSplitter::KeyMeaning() const {
  const absl::string_view key(key_text_.data(), key_size_);
  if (key == "data") return Key::kData;
  if (key == "inlineData" || key == "inline_data") return Key::kInlineData;
  if (key == "b64_json" || key == "bytesBase64Encoded") return Key::kEncoded;
  if (key == "thoughtSignature" || key == "thought_signature") {
    return Key::kSignature;
  }
  return Key::kOther;
}

void InlineDataSplitter::Append(char c) {
  if (skeleton_.size() < limits_.max_skeleton_bytes) {
    skeleton_.push_back(c);
  } else {
    Append(absl::string_view(&c, 1));
  }
}

void InlineDataSplitter::Append(absl::string_view bytes) {
  if (bytes.size() > limits_.max_skeleton_bytes - skeleton_.size()) {
    PassedLimit(absl::StrCat(limits_.max_skeleton_bytes,
                             " bytes of JSON besides the pictures"));
    return;
  }
  skeleton_.append(bytes.data(), bytes.size());
}

void InlineDataSplitter::Malformed(const char* p, absl::string_view expected) {
  failure_ = absl::InvalidArgumentError(absl::StrFormat(
      "malformed JSON: expected %s, met byte 0x%02x at offset %d", expected,
      static_cast<unsigned char>(*p),
      offset_ + static_cast<uint64_t>(p - piece_)));
}

void InlineDataSplitter::PassedLimit(absl::string_view what) {
  failure_ = absl::ResourceExhaustedError(
      absl::StrCat("the answer holds more than ", what));
}

}  // namespace gemini::internal
