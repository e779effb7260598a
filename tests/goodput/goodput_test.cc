// What the goodput benchmark makes of what it sees, without clients.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "goodput/measure.h"
#include "goodput/optimum.h"
#include "goodput/situation.h"
#include "gtest/gtest.h"

namespace goodput {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

// With pictures of six seconds.
Situation Named(const std::string& name) {
  for (Situation situation : Situations(20, 50)) {
    if (situation.name != name) continue;
    situation.server.latency = {absl::Seconds(6), absl::Seconds(6)};
    return situation;
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(GoodputTest, TheOptimumFillsEveryWindowOfTheServer) {
  struct Case {
    const char* name;
    int seconds;
  };
  const Case cases[] = {
      {"fixed window", 37 + 3 * 60 + 6},
      {"fixed window, refused ones count", 37 + 3 * 60 + 6},
      {"sliding window", 4 * 60 + 6},
      {"fixed window, used by strangers", 33 + 4 * 60 + 6},
      {"two keys, one of limit: 0", 37 + 3 * 60 + 6},
      {"limit: 0", 0},
  };
  const ServerOptions options;
  for (const Case& c : cases) {
    const Situation situation = Named(c.name);
    const double seconds = absl::ToDoubleSeconds(
        Optimum(situation, options, situation.into_minute));
    EXPECT_NEAR(seconds, c.seconds, 0.01) << c.name;
  }
}

TEST(GoodputTest, TheOptimumRepeatsAtOnceWhatAFaultHasMet) {
  Situation situation = Named("5 % 503, 2 % resets");
  const auto optimum = [&situation] {
    return absl::ToDoubleSeconds(
        Optimum(situation, ServerOptions(), situation.into_minute));
  };
  const double with_faults = optimum();
  situation.server.faults.clear();
  const double without = optimum();
  EXPECT_NEAR(without, 60, 0.01);
  EXPECT_GT(with_faults, without);
  EXPECT_LE(with_faults, without + 12.01);
}

Seen Request(int milliseconds, int process, const std::string& outcome) {
  Seen seen;
  seen.arrived = absl::Milliseconds(milliseconds);
  seen.answered = seen.arrived + absl::Milliseconds(2);
  seen.process = process;
  seen.project = "p";
  seen.outcome = outcome;
  return seen;
}

TEST(GoodputTest, ARequestIsEarlyWhileADelayRunsThatItsProcessWasTold) {
  Seen refused = Request(0, 0, "429");
  refused.told = absl::Milliseconds(500);
  Seen other_project = Request(100, 0, "200");
  other_project.project = "q";
  struct Case {
    Seen request;
    int early;
  };
  const Case cases[] = {
      {Request(20, 0, "429"), 0},   // On its way already.
      {Request(100, 0, "429"), 1},  // Told.
      {Request(100, 1, "429"), 0},  // Another process.
      {other_project, 0},
      {Request(503, 0, "200"), 0},  // The delay has run.
  };
  for (const Case& c : cases) {
    const Measured measured = Measure(Named("fixed window"), ServerOptions(),
                                      {refused, c.request}, Said());
    EXPECT_EQ(measured.early, c.early)
        << absl::FormatDuration(c.request.arrived);
  }
}

TEST(GoodputTest, WhatTheClientDoesNotOwnUpToIsAMiss) {
  Said said;
  said.degraded = 20;
  said.attempts = 1;
  const Situation situation = Named("limit: 0");
  const auto missed = [&](const std::vector<Seen>& seen) {
    return Measure(situation, ServerOptions(), seen, said).missed;
  };
  EXPECT_THAT(missed({Request(0, 0, "429")}), IsEmpty());
  const auto twice = missed({Request(0, 0, "429"), Request(9, 0, "429")});
  EXPECT_THAT(twice, Contains("attempts as the server counts"));
  EXPECT_THAT(twice, Contains("requests"));
  EXPECT_THAT(twice, Not(Contains("none lost")));
}

}  // namespace
}  // namespace goodput
