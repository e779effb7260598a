#include "gemini/event.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini {
namespace {

TEST(EventTest, AnAttemptIsOneLineThatSaysHowItEnded) {
  AttemptEnded ended;
  ended.report.number = 2;
  ended.report.image_index = 1;
  ended.report.http_status = 429;
  ended.report.duration = absl::Milliseconds(1234);
  ended.report.bytes_received = 77;
  ended.report.response_id = "r";
  ended.report.maybe_billed = true;
  ended.report.diagnosis.emplace();
  ended.report.diagnosis->code = "quota_minute";
  EXPECT_EQ(ToString(Event{7, absl::UnixEpoch(), ended}),
            "call 7: attempt 2 of image 1 ended after 1.234s: HTTP 429, "
            "quota_minute, 77 bytes, response r, maybe billed");
}

TEST(EventTest, AWaitSaysHowLongAndWhy) {
  Waiting waiting;
  waiting.until = absl::UnixEpoch() + absl::Seconds(33);
  waiting.diagnosis.code = "quota_minute";
  EXPECT_EQ(ToString(Event{1, absl::UnixEpoch(), waiting}),
            "call 1: image 0 waits 33s because of quota_minute");
}

TEST(EventTest, TheEndSaysWhatCameOfIt) {
  CallEnded ended;
  ended.images = 2;
  ended.attempts = 3;
  ended.elapsed = absl::Seconds(9);
  EXPECT_EQ(ToString(Event{1, absl::UnixEpoch(), ended}),
            "call 1: call ended after 9s and 3 attempts: OK, 2 images");
}

}  // namespace
}  // namespace gemini
