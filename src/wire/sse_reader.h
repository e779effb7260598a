// Server-sent events whose data is JSON of any size.
// https://html.spec.whatwg.org/multipage/server-sent-events.html

#ifndef GEMINI_SRC_WIRE_SSE_READER_H_
#define GEMINI_SRC_WIRE_SSE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace gemini::internal {

// Takes the events of a stream. An event begins with its first piece of data.
class SseHandler {
 public:
  virtual ~SseHandler() = default;

  // A piece of the event's data, as it arrived. The lines of an event that has
  // several are joined by a piece that is "\n".
  virtual void OnEventData(absl::string_view data) = 0;

  virtual void OnEventEnd() = 0;
};

// Reads a stream in pieces of any size and keeps nothing of it: an event may
// have many megabytes.
//
// Lines may end with "\n", "\r\n" or "\r". Comments and all fields but "data"
// are passed over, and so are events without data.
//
// Some services break off a stream with a JSON object that stands there without
// "data:", perhaps over several lines. A line outside of any JSON that begins
// with '{' or '[' is taken for one: it is an event that ends with its closing
// bracket.
class SseReader {
 public:
  // `handler` must outlive the reader.
  explicit SseReader(SseHandler* handler) : handler_(handler) {}

  void Feed(absl::string_view bytes);

  // Ends the stream, and with it an event that was not ended by a blank line.
  void Finish();

 private:
  enum class State : uint8_t {
    kMark,     // At the beginning of the stream: perhaps a byte order mark.
    kLine,     // At the beginning of a line, or behind its spaces.
    kName,     // In what may be "data".
    kColon,    // Behind "data:".
    kValue,    // In data.
    kIgnored,  // In any other line.
    kBare      // In JSON without "data:".
  };

  const char* FeedByte(const char* p);
  const char* FeedBare(const char* p, const char* end);
  const char* FeedLine(const char* p, const char* end);
  void BeginData();
  void Send(const char* begin, const char* end);
  void EndLine(char c);
  void EndEvent();

  SseHandler* const handler_;
  State state_ = State::kMark;
  size_t matched_ = 0;  // Of the byte order mark or of "data".
  bool line_is_blank_ = true;
  bool after_return_ = false;  // A "\n" that follows is part of the line's end.
  bool has_data_line_ = false;
  bool in_event_ = false;
  const char* newline_ = nullptr;  // The next one in the piece being fed.

  // Of JSON without "data:".
  uint64_t depth_ = 0;
  bool in_string_ = false;
  bool after_backslash_ = false;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_WIRE_SSE_READER_H_
