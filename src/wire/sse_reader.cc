#include "wire/sse_reader.h"

#include <cstring>

namespace gemini::internal {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr absl::string_view kData = "data";

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

const char* Find(const char* p, const char* end, char c) {
  const void* const found = std::memchr(p, c, static_cast<size_t>(end - p));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

void SseReader::Feed(absl::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  newline_ = nullptr;
  while (p != end) {
    if (after_return_) {
      after_return_ = false;
      if (*p == '\n') {
        ++p;
        continue;
      }
    }
    switch (state_) {
      case State::kBare:
        p = FeedBare(p, end);
        break;
      case State::kValue:
      case State::kIgnored:
        p = FeedLine(p, end);
        break;
      default:
        p = FeedByte(p);
        break;
    }
  }
}

void SseReader::Finish() { EndEvent(); }

// Returns the byte to go on with, which may be the same in another state.
const char* SseReader::FeedByte(const char* p) {
  if (state_ == State::kMark) {
    if (matched_ < kByteOrderMark.size() && *p == kByteOrderMark[matched_]) {
      ++matched_;
      return p + 1;
    }
    line_is_blank_ = matched_ == 0 || matched_ == kByteOrderMark.size();
    state_ = line_is_blank_ ? State::kLine : State::kIgnored;
    return p;
  }
  if (IsLineEnd(*p)) {
    if (state_ == State::kColon ||
        (state_ == State::kName && matched_ == kData.size())) {
      BeginData();
    }
    EndLine(*p);
    return p + 1;
  }
  if (state_ == State::kColon) {
    BeginData();
    state_ = State::kValue;
    return *p == ' ' ? p + 1 : p;
  }
  if (state_ == State::kLine) {
    if (*p == '{' || *p == '[') {
      EndEvent();
      state_ = State::kBare;
      return p;
    }
    if (*p == ' ' || *p == '\t') {
      line_is_blank_ = false;
      return p + 1;
    }
    // Fields begin without spaces.
    state_ = line_is_blank_ ? State::kName : State::kIgnored;
    line_is_blank_ = false;
    matched_ = 0;
    return p;
  }
  if (matched_ < kData.size() && *p == kData[matched_]) {
    ++matched_;
  } else if (matched_ == kData.size() && *p == ':') {
    state_ = State::kColon;
  } else {
    state_ = State::kIgnored;
  }
  return p + 1;
}

const char* SseReader::FeedLine(const char* p, const char* end) {
  if (newline_ == nullptr || newline_ < p) newline_ = Find(p, end, '\n');
  const char* const line_end = Find(p, newline_, '\r');
  if (state_ == State::kValue) Send(p, line_end);
  if (line_end == end) return end;
  EndLine(*line_end);
  return line_end + 1;
}

const char* SseReader::FeedBare(const char* p, const char* end) {
  const char* const begin = p;
  while (p != end) {
    const char c = *p++;
    if (after_backslash_) {
      after_backslash_ = false;
    } else if (in_string_) {
      after_backslash_ = c == '\\';
      in_string_ = c != '"';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      state_ = State::kIgnored;
      break;
    }
  }
  Send(begin, p);
  if (state_ != State::kBare) EndEvent();
  return p;
}

void SseReader::BeginData() {
  constexpr char kJoint[] = "\n";
  if (has_data_line_) Send(kJoint, kJoint + 1);
  has_data_line_ = true;
}

void SseReader::Send(const char* begin, const char* end) {
  if (begin == end) return;
  in_event_ = true;
  handler_->OnEventData(
      absl::string_view(begin, static_cast<size_t>(end - begin)));
}

void SseReader::EndLine(char c) {
  after_return_ = c == '\r';
  if (line_is_blank_) EndEvent();
  line_is_blank_ = true;
  state_ = State::kLine;
}

void SseReader::EndEvent() {
  if (in_event_) handler_->OnEventEnd();
  in_event_ = false;
  has_data_line_ = false;
  depth_ = 0;
  in_string_ = false;
  after_backslash_ = false;
}

}  // namespace gemini::internal
