// Reads the members of a JSON object and names what is wrong with them.

#ifndef EMULATOR_FIELD_READER_H_
#define EMULATOR_FIELD_READER_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "emulator/json.h"

namespace gemini_emulator {

// Thrown for a field that is not as it should be.
class FieldError : public std::runtime_error {
 public:
  // `path` is as in "faults[2].times", empty for the whole.
  FieldError(std::string path, absl::string_view problem);

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class FieldReader {
 public:
  // Throws unless `value` is an object. It must outlive the reader.
  FieldReader(const Json& value, std::string path);

  bool Has(absl::string_view name) const;
  std::string PathOf(absl::string_view name) const;

  // Each getter counts the field as known and throws when it has another type
  // or lies outside of its range. Absent fields give the fallback.
  std::string String(absl::string_view name, absl::string_view fallback = "");
  std::optional<std::string> OptionalString(absl::string_view name);
  int64_t Integer(absl::string_view name, int64_t fallback, int64_t least = 0,
                  int64_t most = std::numeric_limits<int64_t>::max());
  std::optional<int64_t> OptionalInteger(absl::string_view name);
  std::optional<double> OptionalNumber(absl::string_view name);
  bool Bool(absl::string_view name, bool fallback = false);
  // A string such as "1.5s" or "200ms", not negative.
  absl::Duration Duration(absl::string_view name,
                          absl::Duration fallback = absl::ZeroDuration());
  // Null where absent.
  const Json* Any(absl::string_view name);
  // Null where absent.
  const Json* Array(absl::string_view name);

  // Throws for the first field that no getter asked for.
  void Finish() const;

 private:
  const Json* Find(absl::string_view name);

  const Json& value_;
  const std::string path_;
  std::vector<std::string> known_;
};

}  // namespace gemini_emulator

#endif  // EMULATOR_FIELD_READER_H_
