// What is behind a GeminiImageClient.

#ifndef GEMINI_SRC_CLIENT_CLIENT_CORE_H_
#define GEMINI_SRC_CLIENT_CLIENT_CORE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "base/ledger.h"
#include "call/gates.h"
#include "call/ledger_link.h"
#include "client/call.h"
#include "client/configuration.h"
#include "client/model_list.h"
#include "engine/curl_transport.h"
#include "engine/event_loop.h"
#include "engine/sinks.h"
#include "gemini/client.h"
#include "util/light_mutex.h"
#include "util/task_thread.h"

namespace gemini::internal {

// What a client is made of, for tests to replace.
struct ClientParts {
  std::shared_ptr<Clock> clock;    // Null: the system's.
  std::function<double()> random;  // Uniform in [0, 1). Empty: a generator.
  Environment environment;         // Empty: the process's.
  GateOptions gates;

  absl::StatusOr<GeminiImageClient> Assemble(ClientOptions options) &&;
};

class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  static absl::StatusOr<std::shared_ptr<ClientCore>> Create(
      ClientOptions options, ClientParts parts);

  absl::StatusOr<Outcome> Generate(const ImageRequest& request,
                                   const CallOptions& options);
  CallHandle GenerateAsync(ImageRequest&& request, CallOptions&& options,
                           GeminiImageClient::DoneFunction&& done);
  absl::StatusOr<std::vector<ModelInfo>> ListModels(absl::Duration timeout);
  void Cancel(uint64_t call_id) ABSL_LOCKS_EXCLUDED(mutex_);

  // Cancels what runs, delivers what is pending, joins the threads. Once.
  void Shutdown() ABSL_LOCKS_EXCLUDED(mutex_);

  // This is a child process that inherited the client.
  bool inherited() const;

  const ClientConfig& config() const { return configuration_.shown; }

 private:
  ClientCore(ClientOptions options, ClientParts parts,
             Configuration configuration);

  CallHandle Begin(ImageRequest&& request, CallOptions&& options,
                   Delivery delivery, GeminiImageClient::DoneFunction&& done);
  absl::Status Admit(const ImageRequest& request, const CallOptions& options,
                     int64_t input_bytes);
  std::unique_ptr<Call> NewCall(uint64_t id, ImageRequest&& request,
                                CallOptions&& options, Completion&& completion)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<const Terms> TermsOf(const CallOptions& options)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Deliver(Delivery delivery, GeminiImageClient::DoneFunction&& done,
               absl::StatusOr<Outcome>&& outcome);
  absl::Status ShareQuotas();
  // On the loop's thread.
  void AfterGates();
  void AskLedger();
  void StartCall(std::unique_ptr<Call> call);
  void OnCallEnded(uint64_t id, Completion&& completion,
                   absl::StatusOr<Outcome>&& outcome);

  const ClientOptions options_;
  const ClientParts parts_;
  const Configuration configuration_;
  const pid_t pid_;
  const std::shared_ptr<const Terms> terms_;

  std::atomic<int> calls_held_{0};
  std::atomic<int64_t> input_bytes_held_{0};

  LightMutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the last call that had its own.
  std::shared_ptr<const Terms> last_terms_ ABSL_GUARDED_BY(mutex_);

  CallContext context_;
  std::unique_ptr<Gates> gates_;  // Loop's thread.
  bool waking_ = false;           // Loop's thread.

  // Null: quotas are not shared.
  std::unique_ptr<LedgerLink> link_;                // Loop's thread.
  std::optional<EventLoop::TimerId> ledger_timer_;  // Loop's thread.
  std::unique_ptr<Ledger> ledger_;                  // Its own thread.
  std::unique_ptr<TaskThread> ledger_thread_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CurlTransport> transport_;
  std::unique_ptr<SinkContext> sinks_;
  absl::Notification last_call_ended_;  // Notified when closing.

  // For the loop's thread alone.
  bool closing_ = false;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Call>> calls_;
  absl::flat_hash_set<ModelList*> model_lists_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_CLIENT_CORE_H_
