// The driver: carries out what call machines decide.

#ifndef GEMINI_SRC_CLIENT_CALL_H_
#define GEMINI_SRC_CLIENT_CALL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/attempt_result.h"
#include "base/ledger.h"
#include "call/call_machine.h"
#include "call/gates.h"
#include "client/configuration.h"
#include "engine/curl_transport.h"
#include "engine/event_loop.h"
#include "engine/sinks.h"
#include "gemini/call_options.h"
#include "gemini/client_options.h"
#include "gemini/event.h"
#include "gemini/image_request.h"
#include "gemini/outcome.h"
#include "providers/gemini.h"

namespace gemini::internal {

class Call;

// Wakes a picture of a call: small, since there are as many as calls that wait.
struct Waker {
  void operator()() const;

  Call* call;
  size_t picture;
};

// Where a completion function is to run.
enum class Delivery {
  kExecutor,  // Or the callback thread, if there is none.
  kAtOnce     // When the call has ended: the function is ours and short.
};

// What is to be done when a call ends.
struct Completion {
  absl::AnyInvocable<void(absl::StatusOr<Outcome>) &&> done;
  int64_t input_bytes = 0;  // That are held until then.
  Delivery delivery = Delivery::kExecutor;
};

// What calls share. Everything outlives the calls.
struct CallContext {
  EventLoop* loop = nullptr;
  CurlTransport* transport = nullptr;
  SinkContext* sinks = nullptr;
  const Configuration* configuration = nullptr;
  const Classifier* classifier = nullptr;  // May be empty.
  Gates* gates = nullptr;
  GeminiHeads heads;
  size_t calls = 0;  // That have not ended.

  // Whom the gates are to wake, by ticket; run after what is being done.
  absl::flat_hash_map<uint64_t, Waker> waiting;
  std::function<void()> after_gates;  // Called after each use of the gates.
  std::function<void(LedgerSpending)> spend;  // Empty: there is no ledger.
  std::function<double()> random;             // Uniform in [0, 1).
  std::function<void(Event)> emit;            // Empty: nobody listens.

  // Called once for each call, by its id, which must not be destroyed in here.
  std::function<void(uint64_t, Completion&&, absl::StatusOr<Outcome>&&)> ended;
};

// One call with everything decided that its options leave open.
struct CallSettings {
  uint64_t id = 0;
  std::shared_ptr<const ImageRequest> request;
  std::shared_ptr<const Terms> terms;
  absl::Time deadline;
  Degradation degradation = Degradation::kPromptOnly;
  Priority priority = Priority::kInteractive;
  Sink sink;
  absl::Time started;
  Completion completion;
};

// A running call: a machine a picture. For the loop's thread alone, its
// creation apart.
class Call {
 public:
  Call(CallContext* context, CallSettings&& settings);
  ~Call();

  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  uint64_t id() const { return id_; }

  void Start();

  // Does nothing if the call has ended; it need not have been started.
  void Cancel();

 private:
  friend struct Waker;
  struct Running;
  struct Picture;

  void Prepare();
  void Do(Picture* picture, Action action);
  void Attempt(Picture* picture, const StartAttempt& action);
  void Wait(Picture* picture, const WaitUntil& action);
  void Wake(Picture* picture);
  void OnTransferEnded(Picture* picture, const TransferResult& transfer);
  void OnSinkEnded(Picture* picture, absl::StatusOr<std::vector<Image>> images);
  // Moves what `images` and `result` hold.
  void Keep(const Picture& picture, std::vector<Image>& images,
            AttemptResult& result);
  void End();
  absl::StatusOr<Outcome> Conclude();
  // Makes what happened only if somebody listens.
  template <typename Make>
  void Emit(Make&& make) const;

  CallContext* const context_;
  const uint64_t id_;
  const std::shared_ptr<const ImageRequest> request_;
  const Degradation degradation_;
  const Priority priority_;
  const Sink sink_;
  const absl::Time started_;
  const absl::Time deadline_;
  const std::shared_ptr<const Terms> terms_;
  Completion completion_;
  std::vector<Picture> pictures_;  // All of them once it is prepared.
  int unfinished_ = 0;
  int begun_ = 0;  // Attempts.
  bool starting_ = false;
  bool ended_ = false;
  std::vector<AttemptReport> attempts_;  // By number; those that ended.
  std::unique_ptr<Images> images_;       // Null: there are none yet.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_CALL_H_
