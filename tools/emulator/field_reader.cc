#include "emulator/field_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gemini_emulator {

FieldError::FieldError(std::string path, absl::string_view problem)
    : std::runtime_error(path.empty() ? std::string(problem)
                                      : absl::StrCat(path, ": ", problem)),
      path_(std::move(path)) {}

FieldReader::FieldReader(const Json& value, std::string path)
    : value_(value), path_(std::move(path)) {
  if (!value.is_object()) throw FieldError(path_, "must be an object");
}

bool FieldReader::Has(absl::string_view name) const {
  return value_.contains(std::string(name));
}

std::string FieldReader::PathOf(absl::string_view name) const {
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
}

const Json* FieldReader::Find(absl::string_view name) {
  known_.emplace_back(name);
  const auto found = value_.find(std::string(name));
  return found == value_.end() ? nullptr : &*found;
}

std::string FieldReader::String(absl::string_view name,
                                absl::string_view fallback) {
  return OptionalString(name).value_or(std::string(fallback));
}

std::optional<std::string> FieldReader::OptionalString(absl::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) throw FieldError(PathOf(name), "must be a string");
  return value->get<std::string>();
}

int64_t FieldReader::Integer(absl::string_view name, int64_t fallback,
                             int64_t least, int64_t most) {
  const Json* value = Find(name);
  if (value == nullptr) return fallback;
  const bool too_large =
      value->is_number_unsigned() &&
      value->get<uint64_t>() >
          static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value->is_number_integer() || too_large) {
    throw FieldError(PathOf(name), "must be a whole number");
  }
  const auto number = value->get<int64_t>();
  if (number < least || number > most) {
    const std::string range = most == std::numeric_limits<int64_t>::max()
                                  ? absl::StrCat("at least ", least)
                                  : absl::StrCat("from ", least, " to ", most);
    throw FieldError(PathOf(name), absl::StrCat("must be ", range));
  }
  return number;
}

std::optional<int64_t> FieldReader::OptionalInteger(absl::string_view name) {
  if (!Has(name)) {
    known_.emplace_back(name);
    return std::nullopt;
  }
  return Integer(name, 0);
}

std::optional<double> FieldReader::OptionalNumber(absl::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || value->get<double>() < 0) {
    throw FieldError(PathOf(name), "must be a number that is not negative");
  }
  return value->get<double>();
}

bool FieldReader::Bool(absl::string_view name, bool fallback) {
  const Json* value = Find(name);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) {
    throw FieldError(PathOf(name), "must be true or false");
  }
  return value->get<bool>();
}

absl::Duration FieldReader::Duration(absl::string_view name,
                                     absl::Duration fallback) {
  const std::optional<std::string> text = OptionalString(name);
  if (!text.has_value()) return fallback;
  absl::Duration duration;
  if (!absl::ParseDuration(*text, &duration) ||
      duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    throw FieldError(PathOf(name),
                     "must be a duration such as \"1.5s\" or \"200ms\"");
  }
  return duration;
}

const Json* FieldReader::Any(absl::string_view name) { return Find(name); }

const Json* FieldReader::Array(absl::string_view name) {
  const Json* value = Find(name);
  if (value != nullptr && !value->is_array()) {
    throw FieldError(PathOf(name), "must be an array");
  }
  return value;
}

void FieldReader::Finish() const {
  for (const auto& item : value_.items()) {
    if (std::find(known_.begin(), known_.end(), item.key()) == known_.end()) {
      throw FieldError(PathOf(item.key()),
                       absl::StrCat("unknown field; known are ",
                                    absl::StrJoin(known_, ", ")));
    }
  }
}

}  // namespace gemini_emulator
