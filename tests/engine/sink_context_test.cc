#include <string>

#include "engine/sink_fixture.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

class Owner final : public SinkContext::Staged {
 public:
  void Unstage(absl::Span<const char> bytes) override {
    taken.append(bytes.data(), bytes.size());
    ++times;
  }
  std::string taken;
  int times = 0;
};

class SinkContextTest : public SinkFixture {
 protected:
  void Stage(Owner* owner, absl::string_view bytes) {
    const absl::Span<char> room = context_->Stage(owner, bytes.size());
    ASSERT_GE(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    context_->Fill(bytes.size());
  }
};

TEST_F(SinkContextTest, StagedBytesComeBackToTheirOwner) {
  Owner a;
  Owner b;
  Stage(&a, "1");
  Stage(&a, "2");
  EXPECT_EQ(context_->staged_of(&a), 2U);
  Stage(&b, "3");
  EXPECT_EQ(a.taken, "12");
  EXPECT_EQ(a.times, 1);
  EXPECT_EQ(b.taken, "");
  context_->Unstage(&a);
  context_->Unstage(&b);
  EXPECT_EQ(b.taken, "3");
  EXPECT_EQ(a.times, 1);
}

TEST_F(SinkContextTest, ForgottenBytesComeBackToNobody) {
  Owner a;
  Stage(&a, "1");
  context_->ForgetStaged(&a);
  Stage(&a, "2");
  context_->Unstage(&a);
  EXPECT_EQ(a.taken, "2");
}

TEST_F(SinkContextTest, MuchIsTakenInFewPieces) {
  Owner a;
  const std::string piece(12 << 10, 'x');
  for (int i = 0; i < 100; ++i) Stage(&a, piece);
  context_->Unstage(&a);
  EXPECT_EQ(a.taken.size(), piece.size() * 100);
  EXPECT_LE(a.times, 15);
}

}  // namespace
}  // namespace gemini::internal
