#include <algorithm>
#include <string>
#include <utility>

#include "engine/sinks.h"

namespace gemini::internal {
namespace {

// What is to be done to a receiver.
struct Step {
  int ordinal = 0;
  std::string bytes;  // Empty: Begin().
};

// The receiver's side: for its thread alone, after its creation.
struct Receiving {
  SinkImage ImageOf(int ordinal) const {
    return {purpose_attempt, purpose_index, ordinal};
  }

  void Do(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (!status.ok()) return;
      if (!step.bytes.empty()) {
        status = receiver->Write(ImageOf(step.ordinal), step.bytes);
        continue;
      }
      status = receiver->Begin(ImageOf(step.ordinal));
      if (status.ok()) open.push_back(step.ordinal);
    }
  }

  void End(const std::vector<KeptPicture>& kept) {
    for (const KeptPicture& picture : kept) {
      if (!status.ok()) break;
      status = receiver->Commit(ImageOf(picture.ordinal), picture.mime_type);
      if (status.ok()) {
        open.erase(std::find(open.begin(), open.end(), picture.ordinal));
      }
    }
    for (const int ordinal : open) receiver->Discard(ImageOf(ordinal));
    receiver.reset();
  }

  std::shared_ptr<ImageReceiver> receiver;
  int purpose_attempt = 0;
  int purpose_index = 0;
  std::vector<int> open;  // Begun, not committed.
  absl::Status status;
};

class CallbackAttemptSink final
    : public AttemptSink,
      public std::enable_shared_from_this<CallbackAttemptSink> {
 public:
  CallbackAttemptSink(SinkContext* context, const CallbackSink& options,
                      SinkPurpose&& purpose)
      : context_(context),
        resume_(std::move(purpose.resume)),
        receiving_(std::make_shared<Receiving>()) {
    receiving_->receiver = options.receiver;
    receiving_->purpose_attempt = purpose.attempt;
    receiving_->purpose_index = purpose.index;
  }

  void Begin(int64_t /*expected_bytes*/) override {
    sizes_.push_back(0);
    steps_.push_back({ordinal(), ""});
  }

  absl::Span<char> Room(size_t n) override {
    room_.resize(n);
    return absl::MakeSpan(&room_[0], n);
  }

  void Filled(size_t n) override {
    if (n == 0) return;
    if (steps_.empty() || steps_.back().ordinal != ordinal() ||
        steps_.back().bytes.empty()) {
      steps_.push_back({ordinal(), ""});
    }
    steps_.back().bytes.append(room_, 0, n);
    sizes_.back() += static_cast<int64_t>(n);
    queued_ += n;
    exposed_ = true;
    Work();
  }

  // It is discarded at the end.
  void Drop() override {}

  bool WantsPause() override {
    paused_ = queued_ + kMaxRoom > kMaxQueuedBytes;
    return paused_;
  }

  absl::Status status() const override { return status_; }
  bool exposed() const override { return exposed_; }

  void End(std::vector<KeptPicture> kept, EndFunction done) override {
    ended_ = true;
    if (!status_.ok()) kept.clear();
    if (sizes_.empty()) {
      std::move(done)(std::vector<Image>());
      return;
    }
    absl::StatusOr<TaskThread*> thread = context_->receivers();
    if (!thread.ok()) {
      std::move(done)(thread.status());
      return;
    }
    (*thread)->Post([self = shared_from_this(), context = context_,
                     steps = std::move(steps_), kept = std::move(kept),
                     done = std::move(done)]() mutable {
      Receiving* receiving = self->receiving_.get();
      context->RunCallerCode([&] {
        receiving->Do(steps);
        receiving->End(kept);
      });
      context->loop()->Post([self = std::move(self), kept = std::move(kept),
                             done = std::move(done)]() mutable {
        self->Ended(std::move(kept), std::move(done));
      });
    });
  }

 private:
  int ordinal() const { return static_cast<int>(sizes_.size()) - 1; }

  // Hands over what there is, unless the receiver is at work.
  void Work() {
    if (working_ || steps_.empty() || ended_ || !status_.ok()) return;
    absl::StatusOr<TaskThread*> thread = context_->receivers();
    if (!thread.ok()) {
      status_ = thread.status();
      return;
    }
    working_ = true;
    (*thread)->Post([self = shared_from_this(), context = context_,
                     steps = std::exchange(steps_, {})]() mutable {
      Receiving* receiving = self->receiving_.get();
      size_t taken = 0;
      for (const Step& step : steps) taken += step.bytes.size();
      context->RunCallerCode([&] { receiving->Do(steps); });
      context->loop()->Post([self = std::move(self), status = receiving->status,
                             taken] { self->Worked(status, taken); });
    });
  }

  void Worked(const absl::Status& status, size_t taken) {
    working_ = false;
    queued_ -= taken;
    if (ended_) return;
    status_.Update(status);
    Work();
    // A failure shows when data is offered again.
    if (paused_ && (!status_.ok() || queued_ <= kMaxQueuedBytes / 2)) {
      paused_ = false;
      resume_();
    }
  }

  void Ended(std::vector<KeptPicture> kept, EndFunction done) {
    if (!receiving_->status.ok()) {
      std::move(done)(receiving_->status);
      return;
    }
    std::vector<Image> images;
    for (KeptPicture& picture : kept) {
      Image image;
      image.size = sizes_[static_cast<size_t>(picture.ordinal)];
      image.mime_type = std::move(picture.mime_type);
      images.push_back(std::move(image));
    }
    std::move(done)(std::move(images));
  }

  SinkContext* const context_;
  const std::function<void()> resume_;
  const std::shared_ptr<Receiving> receiving_;
  std::vector<int64_t> sizes_;  // By ordinal.
  std::string room_;
  std::vector<Step> steps_;  // Not yet handed over.
  size_t queued_ = 0;        // Not yet taken.
  bool working_ = false;
  bool paused_ = false;
  bool exposed_ = false;
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace

std::shared_ptr<AttemptSink> NewCallbackSink(SinkContext* context,
                                             const CallbackSink& options,
                                             SinkPurpose&& purpose) {
  return std::make_shared<CallbackAttemptSink>(context, options,
                                               std::move(purpose));
}

}  // namespace gemini::internal
