#include "client/status_details.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(StatusDetailsTest, AStatusGivesBackWhatItCarries) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kDailyQuota;
  diagnosis.code = "quota_day";
  diagnosis.violations.resize(1);
  diagnosis.violations[0].limit = 250;
  const absl::Status status = internal::StatusWithDetails(
      absl::ResourceExhaustedError("no"), diagnosis, {AttemptReport()});
  ASSERT_TRUE(DiagnosisOf(status).has_value());
  EXPECT_EQ(DiagnosisOf(status)->cause, Cause::kDailyQuota);
  EXPECT_EQ(DiagnosisOf(status)->violations[0].limit, 250);
  EXPECT_THAT(AttemptsOf(status), SizeIs(1));
}

TEST(StatusDetailsTest, OtherStatusesCarryNothing) {
  EXPECT_EQ(DiagnosisOf(absl::InternalError("x")), std::nullopt);
  EXPECT_THAT(AttemptsOf(absl::OkStatus()), IsEmpty());
  absl::Status foreign = absl::InternalError("x");
  foreign.SetPayload("gemini/diagnosis", absl::Cord("not JSON"));
  EXPECT_EQ(DiagnosisOf(foreign), std::nullopt);
}

TEST(StatusDetailsTest, TheMessageNamesTheFieldsAtFault) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kInvalidRequest;
  diagnosis.code = "invalid_request";
  diagnosis.field_violations = {{"contents", "must not be empty"}};
  const absl::Status status = internal::StatusFor(diagnosis);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("contents: must not be empty"));
}

}  // namespace
}  // namespace gemini
