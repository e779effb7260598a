#include "util/pacific_time.h"

#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error))
      << error;
  return time;
}

TEST(PacificTimeTest, MidnightIsSevenOrEightHoursAfterThatOfUtc) {
  EXPECT_EQ(NextPacificMidnight(At("2026-11-23T12:00:00Z")),
            At("2026-11-24T08:00:00Z"));
  EXPECT_EQ(NextPacificMidnight(At("2026-07-04T12:00:00Z")),
            At("2026-07-05T07:00:00Z"));
}

TEST(PacificTimeTest, DaysOfDaylightSavingChangesBeginAtTheirMidnight) {
  for (const char* const text :
       {"2026-03-08T20:00:00Z", "2026-11-01T20:00:00Z", "2026-11-02T07:59:59Z",
        "2026-07-04T12:00:00Z"}) {
    SCOPED_TRACE(text);
    const absl::Time time = At(text);
    const absl::Time begin = LastPacificMidnight(time);
    EXPECT_LE(begin, time);
    EXPECT_EQ(NextPacificMidnight(begin), NextPacificMidnight(time));
    EXPECT_EQ(LastPacificMidnight(begin), begin);
    EXPECT_LT(LastPacificMidnight(begin - absl::Nanoseconds(1)), begin);
  }
  EXPECT_EQ(LastPacificMidnight(At("2026-11-01T20:00:00Z")),
            At("2026-11-01T07:00:00Z"));
}

TEST(PacificTimeTest, MidnightItselfBelongsToTheDayThatBegins) {
  EXPECT_EQ(NextPacificMidnight(At("2026-11-24T08:00:00Z")),
            At("2026-11-25T08:00:00Z"));
  EXPECT_EQ(NextPacificMidnight(At("2026-11-24T07:59:59Z")),
            At("2026-11-24T08:00:00Z"));
}

TEST(PacificTimeTest, DaysOfTheChangeHave23And25Hours) {
  EXPECT_EQ(NextPacificMidnight(At("2026-03-08T08:00:00Z")),
            At("2026-03-09T07:00:00Z"));
  EXPECT_EQ(NextPacificMidnight(At("2026-11-01T07:00:00Z")),
            At("2026-11-02T08:00:00Z"));
}

TEST(PacificTimeTest, AgreesWithTheTimeZoneDatabase) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone("America/Los_Angeles", &zone)) {
    GTEST_SKIP() << "no time zone database here";
  }
  // Every 7 hours and 13 minutes from 2007, and the minutes around changes.
  const absl::Time end = At("2037-12-31T00:00:00Z");
  for (absl::Time time = At("2007-04-01T00:00:00Z"); time < end;
       time += absl::Minutes(7 * 60 + 13)) {
    ASSERT_EQ(absl::ToCivilSecond(time, PacificZoneAt(time)),
              absl::ToCivilSecond(time, zone))
        << time;
    ASSERT_EQ(NextPacificMidnight(time),
              absl::FromCivil(absl::ToCivilDay(time, zone) + 1, zone))
        << time;
    absl::TimeZone::CivilTransition change;
    if (!zone.NextTransition(time, &change)) continue;
    const absl::Time at = absl::FromCivil(change.to, zone);
    for (const int seconds : {-3601, -1, 0, 1, 3600}) {
      const absl::Time near = at + absl::Seconds(seconds);
      ASSERT_EQ(absl::ToCivilSecond(near, PacificZoneAt(near)),
                absl::ToCivilSecond(near, zone))
          << near;
    }
  }
}

}  // namespace
}  // namespace gemini::internal
