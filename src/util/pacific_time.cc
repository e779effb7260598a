#include "util/pacific_time.h"

#include "absl/time/civil_time.h"

namespace gemini::internal {
namespace {

constexpr int kStandardOffset = -8 * 3600;
constexpr int kDaylightOffset = -7 * 3600;

// 2:00 on the n-th Sunday of a month, as if it were in UTC.
absl::Time SundayAtTwo(absl::civil_year_t year, int month, int nth) {
  const absl::CivilDay first(year, month, 1);
  const absl::CivilDay a_sunday(2000, 1, 2);
  const absl::civil_diff_t behind_sunday = ((first - a_sunday) % 7 + 7) % 7;
  const absl::CivilDay day =
      first + (7 - behind_sunday) % 7 + absl::civil_diff_t{7} * (nth - 1);
  return absl::FromCivil(absl::CivilSecond(day) + absl::civil_diff_t{2} * 3600,
                         absl::UTCTimeZone());
}

// Arithmetic on UTC costs a tenth of what a zone of its own does.
absl::CivilSecond CivilAt(absl::Time time, int offset) {
  return absl::ToCivilSecond(time + absl::Seconds(offset), absl::UTCTimeZone());
}

int OffsetAt(absl::Time time) {
  const absl::CivilSecond standard = CivilAt(time, kStandardOffset);
  const int month = standard.month();
  if (month < 3 || month > 11) return kStandardOffset;
  if (month > 3 && month < 11) return kDaylightOffset;
  const bool is_daylight = month == 3
                               ? time >= SundayAtTwo(standard.year(), 3, 2) -
                                             absl::Seconds(kStandardOffset)
                               : time < SundayAtTwo(standard.year(), 11, 1) -
                                            absl::Seconds(kDaylightOffset);
  return is_daylight ? kDaylightOffset : kStandardOffset;
}

}  // namespace

absl::TimeZone PacificZoneAt(absl::Time time) {
  return absl::FixedTimeZone(OffsetAt(time));
}

absl::Time NextPacificMidnight(absl::Time time) {
  const absl::CivilDay tomorrow =
      absl::CivilDay(CivilAt(time, OffsetAt(time))) + 1;
  const absl::Time there =
      absl::FromCivil(absl::CivilSecond(tomorrow), absl::UTCTimeZone());
  // Changes happen at 2:00, so on their days midnight still has the old offset.
  return there -
         absl::Seconds(OffsetAt(there - absl::Seconds(kStandardOffset)));
}

absl::Time LastPacificMidnight(absl::Time time) {
  // A day has at most 25 hours.
  const absl::Time first = NextPacificMidnight(time - absl::Hours(25));
  const absl::Time second = NextPacificMidnight(first);
  return second <= time ? second : first;
}

}  // namespace gemini::internal
