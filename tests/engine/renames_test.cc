#include "engine/renames.h"

#include <cerrno>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;

int NoLinks(const char*, const char*) {
  errno = EPERM;
  return -1;
}

// With and without hard links.
class RenamesTest : public ::testing::TestWithParam<Renames::LinkFunction*> {
 protected:
  std::string In(const std::string& name) const {
    return directory_.path() + "/" + name;
  }

  const testing::TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Links, RenamesTest,
                         ::testing::Values(&::link, &NoLinks));

TEST_P(RenamesTest, IsUndoneUnlessItIsKept) {
  directory_.Write("old", "what was there");
  directory_.Write("1", "one");
  directory_.Write("2", "two");
  {
    Renames renames(2, GetParam());
    ASSERT_TRUE(renames.Add(In("1"), In("old")).ok());
    ASSERT_TRUE(renames.Add(In("2"), In("new")).ok());
    EXPECT_EQ(directory_.Read("old"), "one");
    EXPECT_EQ(directory_.Read("new"), "two");
  }
  EXPECT_EQ(directory_.Read("old"), "what was there");
  EXPECT_THAT(directory_.List(), ElementsAre("old"));
}

TEST_P(RenamesTest, LeavesNothingElseIfItIsKept) {
  directory_.Write("old", "what was there");
  directory_.Write("1", "one");
  directory_.Write("2", "two");
  {
    Renames renames(2, GetParam());
    ASSERT_TRUE(renames.Add(In("1"), In("old")).ok());
    ASSERT_TRUE(renames.Add(In("2"), In("new")).ok());
    renames.Keep();
  }
  EXPECT_EQ(directory_.Read("old"), "one");
  EXPECT_THAT(directory_.List(), ElementsAre("new", "old"));
}

TEST_P(RenamesTest, AFailureLeavesWhatWasThere) {
  directory_.Write("old", "what was there");
  Renames renames(2, GetParam());
  EXPECT_EQ(renames.Add(In("missing"), In("old")).code(),
            absl::StatusCode::kNotFound);
  directory_.Write("1", "one");
  EXPECT_EQ(renames.Add(In("1"), In("no/such")).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(directory_.Read("old"), "what was there");
  EXPECT_THAT(directory_.List(), ElementsAre("1", "old"));
}

TEST_P(RenamesTest, PutsAsideBesideWhatIsLeftOfAnother) {
  directory_.Write("old", "what was there");
  directory_.Write("1", "one");
  directory_.Write("1.old0", "of one that was killed");
  { ASSERT_TRUE(Renames(1, GetParam()).Add(In("1"), In("old")).ok()); }
  EXPECT_EQ(directory_.Read("old"), "what was there");
}

TEST_P(RenamesTest, WhatComesAfterTheUndoableIsForGood) {
  directory_.Write("1", "one");
  directory_.Write("2", "two");
  {
    Renames renames(1, GetParam());
    ASSERT_TRUE(renames.Add(In("1"), In("a")).ok());
    ASSERT_TRUE(renames.Add(In("2"), In("b")).ok());
  }
  EXPECT_THAT(directory_.List(), ElementsAre("b"));
}

}  // namespace
}  // namespace gemini::internal
