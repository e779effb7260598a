#include "emulator/json.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

bool NeedsNoEscape(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '<' && c != '>';
}

// The service escapes angle brackets, so that a browser which sniffs an answer
// never takes it for HTML.
void AppendString(const std::string& text, std::string* out) {
  // Megabytes of base64 take this way.
  if (std::all_of(text.begin(), text.end(), NeedsNoEscape)) {
    absl::StrAppend(out, "\"", text, "\"");
    return;
  }
  const std::string quoted =
      Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  size_t done = 0;
  for (;;) {
    const size_t bracket = quoted.find_first_of("<>", done);
    if (bracket == std::string::npos) break;
    out->append(quoted, done, bracket - done);
    out->append(quoted[bracket] == '<' ? "\\u003c" : "\\u003e");
    done = bracket + 1;
  }
  out->append(quoted, done, std::string::npos);
}

class Writer {
 public:
  Writer(bool pretty, std::string* out) : pretty_(pretty), out_(out) {}

  void Write(const Json& value) {
    if (value.is_string()) {
      AppendString(value.get_ref<const std::string&>(), out_);
    } else if (value.is_object()) {
      WriteAll('{', value, '}');
    } else if (value.is_array()) {
      WriteAll('[', value, ']');
    } else {
      out_->append(value.dump());
    }
  }

 private:
  void WriteAll(char open, const Json& value, char close) {
    out_->push_back(open);
    if (!value.empty()) {
      ++depth_;
      bool first = true;
      for (const auto& item : value.items()) {
        if (!first) out_->push_back(',');
        first = false;
        NewLine();
        if (value.is_object()) {
          AppendString(item.key(), out_);
          out_->append(": ");
        }
        Write(item.value());
      }
      --depth_;
      NewLine();
    }
    out_->push_back(close);
  }

  void NewLine() {
    if (!pretty_) return;
    out_->push_back('\n');
    out_->append(2 * depth_, ' ');
  }

  const bool pretty_;
  std::string* const out_;
  size_t depth_ = 0;
};

}  // namespace

std::string PrettyJson(const Json& value) {
  std::string out;
  Writer(true, &out).Write(value);
  out.push_back('\n');
  return out;
}

std::string CompactJson(const Json& value) {
  std::string out;
  Writer(false, &out).Write(value);
  return out;
}

}  // namespace gemini_emulator
