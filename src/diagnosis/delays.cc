#include "diagnosis/delays.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "diagnosis/quota_text.h"

namespace gemini::internal {
namespace {

// RFC 9110, 5.6.7; the two obsolete forms are not sent by anything alive.
constexpr char kHttpDate[] = "%a, %d %b %Y %H:%M:%S GMT";

std::optional<absl::Duration> InUnits(absl::string_view text,
                                      absl::Duration unit) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number) ||
      number < 0) {
    return std::nullopt;
  }
  return std::min(number * unit, MaxDelay());
}

std::optional<absl::Duration> ReadRetryAfter(absl::string_view value,
                                             absl::Time now) {
  value = absl::StripAsciiWhitespace(value);
  if (const auto seconds = InUnits(value, absl::Seconds(1))) return seconds;
  absl::Time date;
  std::string error;
  if (!absl::ParseTime(kHttpDate, std::string(value), absl::UTCTimeZone(),
                       &date, &error) ||
      date <= now) {
    return std::nullopt;
  }
  return std::min(date - now, MaxDelay());
}

}  // namespace

std::optional<Delay> DelayOf(
    const ErrorFacts& error,
    const std::vector<std::pair<std::string, std::string>>& headers,
    absl::Time now) {
  std::optional<absl::Duration> other = DelayIn(error.message);
  const auto consider = [&other](std::optional<absl::Duration> delay) {
    if (delay.has_value() && (!other.has_value() || *delay > *other)) {
      other = delay;
    }
  };
  consider(error.retry_after);
  for (const auto& [name, value] : headers) {
    if (absl::EqualsIgnoreCase(name, "retry-after")) {
      consider(ReadRetryAfter(value, now));
    } else if (absl::EqualsIgnoreCase(name, "retry-after-ms")) {
      consider(InUnits(value, absl::Milliseconds(1)));
    }
  }
  const std::optional<absl::Duration> info = error.retry_info;
  if (!info.has_value() && !other.has_value()) return std::nullopt;
  Delay delay;
  delay.stated = std::max(info.value_or(absl::ZeroDuration()),
                          other.value_or(absl::ZeroDuration()));
  delay.wait = delay.stated;
  const bool whole_seconds =
      info.has_value() && *info % absl::Seconds(1) == absl::ZeroDuration();
  if (!other.has_value() && whole_seconds) delay.wait += absl::Seconds(1);
  return delay;
}

}  // namespace gemini::internal
