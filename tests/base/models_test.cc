#include "gemini/models.h"

#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini {
namespace {

TEST(ModelsTest, ExactlyOneModelIsRecommendedAndIsTheDefault) {
  int recommended = 0;
  for (const KnownModel& model : KnownModels()) {
    if (model.state != ModelState::kRecommended) continue;
    ++recommended;
    EXPECT_EQ(model.id, DefaultModel());
  }
  EXPECT_EQ(recommended, 1);
}

TEST(ModelsTest, EveryModelWithoutAFutureNamesASuccessorThatHasOne) {
  for (const KnownModel& model : KnownModels()) {
    SCOPED_TRACE(std::string(model.id));
    const bool has_future = model.state == ModelState::kRecommended ||
                            model.state == ModelState::kAvailable;
    if (has_future && model.successor.empty()) continue;
    const KnownModel* successor = FindModel(model.successor);
    ASSERT_NE(successor, nullptr);
    EXPECT_TRUE(successor->state == ModelState::kRecommended ||
                successor->state == ModelState::kAvailable);
  }
}

TEST(ModelsTest, IdsAreUnique) {
  std::set<std::string> ids;
  for (const KnownModel& model : KnownModels()) {
    EXPECT_TRUE(ids.insert(std::string(model.id)).second) << model.id;
  }
}

TEST(ModelsTest, FindsAnIdWithAndWithoutItsPrefix) {
  ASSERT_NE(FindModel("imagen-4.0-generate-001"), nullptr);
  EXPECT_EQ(FindModel("models/imagen-4.0-generate-001"),
            FindModel("imagen-4.0-generate-001"));
  EXPECT_EQ(FindModel("no-such-model"), nullptr);
}

}  // namespace
}  // namespace gemini
