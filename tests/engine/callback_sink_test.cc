#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/sink_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes down what it is told. Runs of Write() are one line.
class Recorder : public ImageReceiver {
 public:
  absl::Status Begin(const SinkImage& image) override {
    return Note("begin", image, "");
  }
  absl::Status Write(const SinkImage& image, absl::string_view bytes) override {
    if (gate != nullptr) gate->WaitForNotification();
    written.append(bytes.data(), bytes.size());
    const std::string line = absl::StrCat("write ", image.ordinal);
    if (log.empty() || log.back() != line) return Note("write", image, "");
    return absl::OkStatus();
  }
  absl::Status Commit(const SinkImage& image,
                      absl::string_view mime_type) override {
    return Note("commit", image, absl::StrCat(" ", mime_type));
  }
  void Discard(const SinkImage& image) override {
    Note("discard", image, "").IgnoreError();
  }

  std::string fails_at;  // A line of the log.
  std::vector<std::string> log;
  std::string written;
  absl::Notification* gate = nullptr;

 private:
  absl::Status Note(const char* what, const SinkImage& image,
                    const std::string& more) {
    log.push_back(absl::StrCat(what, " ", image.ordinal, more));
    return log.back() == fails_at ? absl::AbortedError("as ordered")
                                  : absl::OkStatus();
  }
};

class CallbackSinkTest : public SinkFixture {
 protected:
  void MakeIt(SinkPurpose purpose = {}) {
    recorder_ = std::make_shared<Recorder>();
    Make(CallbackSink{recorder_, false}, std::move(purpose));
  }

  std::shared_ptr<Recorder> recorder_;
};

TEST_F(CallbackSinkTest, CommitsWhatIsKeptAndDiscardsTheRest) {
  MakeIt();
  Begin();
  Put("thought");
  Begin();
  Put("picture");
  Put("s");
  const Result images = End({{1, "image/png"}});
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_EQ((*images)[0].size, 8);
  EXPECT_EQ((*images)[0].mime_type, "image/png");
  EXPECT_EQ(recorder_->written, "thoughtpictures");
  EXPECT_THAT(recorder_->log,
              ElementsAre("begin 0", "write 0", "begin 1", "write 1",
                          "commit 1 image/png", "discard 0"));
}

TEST_F(CallbackSinkTest, IsExposedFromTheFirstByteOn) {
  MakeIt();
  EXPECT_FALSE(sink_->exposed());
  Begin();
  EXPECT_FALSE(sink_->exposed());
  Put("x");
  EXPECT_TRUE(sink_->exposed());
  ASSERT_TRUE(End({}).ok());
  EXPECT_THAT(recorder_->log, ElementsAre("begin 0", "write 0", "discard 0"));
}

TEST_F(CallbackSinkTest, IsNotTouchedWithoutAPicture) {
  MakeIt();
  ASSERT_TRUE(End({}).ok());
  EXPECT_THAT(recorder_->log, IsEmpty());
}

TEST_F(CallbackSinkTest, AFailureEndsItAndDiscardsWhatWasBegun) {
  for (const char* step :
       {"begin 0", "write 0", "begin 1", "write 1", "commit 1 image/png"}) {
    SCOPED_TRACE(step);
    MakeIt();
    recorder_->fails_at = step;
    Begin();
    Put("one");
    Begin();
    Put("two");
    const Result images = End({{1, "image/png"}});
    EXPECT_EQ(images.status().code(), absl::StatusCode::kAborted);
    int begun = 0;
    int discarded = 0;
    for (const std::string& line : recorder_->log) {
      if (line.rfind("begin", 0) == 0 && line != step) ++begun;
      if (line.rfind("discard", 0) == 0) ++discarded;
    }
    EXPECT_EQ(begun, discarded);
  }
}

TEST_F(CallbackSinkTest, ASlowReceiverPausesTheTransferAtABoundedQueue) {
  SinkPurpose purpose;
  std::atomic<int> resumed{0};
  absl::Notification again;
  purpose.resume = [&] {
    if (++resumed == 1) again.Notify();
  };
  MakeIt(purpose);
  absl::Notification gate;
  recorder_->gate = &gate;
  Begin();
  size_t put = 0;
  bool pause = false;
  while (!pause) {
    Put(std::string(12 << 10, 'b'));
    put += 12 << 10;
    OnLoop([&] { pause = sink_->WantsPause(); });
  }
  EXPECT_LE(put, kMaxQueuedBytes);
  EXPECT_EQ(resumed, 0);
  gate.Notify();
  again.WaitForNotification();
  OnLoop([&] { pause = sink_->WantsPause(); });
  EXPECT_FALSE(pause);
  Put("end");
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  EXPECT_EQ(recorder_->written, std::string(put, 'b') + "end");
}

}  // namespace
}  // namespace gemini::internal
