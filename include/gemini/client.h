// The client: asks Gemini for pictures and always comes back with an honest
// outcome.
//
//   absl::StatusOr<gemini::GeminiImageClient> client =
//       gemini::GeminiImageClient::Create();
//   if (!client.ok()) return client.status();
//   gemini::ImageRequest request;
//   request.prompt = "a red fox in fresh snow, telephoto";
//   absl::StatusOr<gemini::Outcome> outcome = client->Generate(request);

#ifndef GEMINI_CLIENT_H_
#define GEMINI_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gemini/call_options.h"
#include "gemini/client_options.h"
#include "gemini/image_request.h"
#include "gemini/outcome.h"

namespace gemini {

namespace internal {
class ClientCore;
struct ClientParts;
}  // namespace internal

// A running call. Movable; dropping it lets the call go on by itself.
class CallHandle {
 public:
  CallHandle() = default;  // Of no call.
  CallHandle(CallHandle&&) = default;
  CallHandle& operator=(CallHandle&&) = default;

  // Ends the call with kCancelled, unless its outcome is already on the way;
  // its completion function runs in either case. A request that was sent may
  // still be billed. Does nothing after the call's end or the client's.
  // Thread-safe.
  void Cancel();

 private:
  friend class internal::ClientCore;
  CallHandle(std::weak_ptr<internal::ClientCore> core, uint64_t id)
      : core_(std::move(core)), id_(id) {}

  std::weak_ptr<internal::ClientCore> core_;
  uint64_t id_ = 0;
};

// A model as the service lists it.
struct ModelInfo {
  std::string id;  // Without "models/".
  std::string display_name;
  std::vector<std::string> methods;  // "generateContent", …
};

// What a client made of its options, the environment and the .env file.
struct ClientConfig {
  std::string model;
  std::string base_url;
  std::string api_version;
  std::string key_source;       // "options", "GOOGLE_API_KEY", ".env: …".
  std::string key_kind;         // "standard key", "auth key", "unknown kind".
  std::string key_fingerprint;  // 8 hexadecimal digits of its SHA-256.

  // What is probably not as intended, in one line each: a different key that
  // was ignored, a model that is shut down.
  std::vector<std::string> warnings;
};

// Thread-safe and movable; one client serves a whole process. Owns one callback
// thread and, once something has to go on beside a callback, an event or a
// file, one I/O thread, whatever the number of calls; threads for files and
// receivers start when needed. All of them have the processors and the
// scheduling of the thread that made the client, not of those that use it, as
// far as the system lets them (niceness cannot be lowered without privilege).
//
// Destroying it cancels what is running, runs the pending completion functions
// (unless `executor` runs them later) and joins its threads. It may be
// destroyed inside one of its callbacks. A moved-from client may only be
// destroyed or assigned to.
//
// After fork() a child may create a client of its own; calls of an inherited
// one fail with kFailedPrecondition. A child of a process that had a ledger
// open (ClientOptions::ledger) cannot use one.
class GeminiImageClient {
 public:
  // Errors: kInvalidArgument names the option, variable or line at fault;
  // kUnauthenticated when there is no key, with where to get one;
  // kResourceExhausted when threads or descriptors cannot be had.
  static absl::StatusOr<GeminiImageClient> Create(ClientOptions options = {});

  GeminiImageClient(GeminiImageClient&&) noexcept;
  GeminiImageClient& operator=(GeminiImageClient&&) noexcept;
  ~GeminiImageClient();

  // Draws pictures and waits for them: at most as long as the call's time limit
  // allows, and with ClientOptions::on_event until that has been told of the
  // call's end.
  //
  // Refusals, used-up quotas and deadlines are outcomes, not errors. Errors:
  // kInvalidArgument (found here, or by the server's 400), kCancelled,
  // kResourceExhausted (a bound of ClientOptions is reached),
  // kFailedPrecondition (called on a thread that runs this client's callbacks,
  // or after fork), and with Degradation::kForbidden whatever there was instead
  // of pictures.
  absl::StatusOr<Outcome> Generate(const ImageRequest& request,
                                   const CallOptions& options = {});

  // The same without waiting. `done` runs exactly once, never inside this
  // function and never where transfers run: on the client's callback thread or
  // on ClientOptions::executor. Only in a child process that inherited the
  // client, where it has no thread, it runs in here, with kFailedPrecondition.
  // A call that a callback begins, and what it cancels, may wait until that
  // callback has returned: it must not wait for either.
  using DoneFunction = absl::AnyInvocable<void(absl::StatusOr<Outcome>) &&>;
  CallHandle GenerateAsync(ImageRequest request, CallOptions options,
                           DoneFunction done);

  // Asks which models the key may see, which costs nothing, and waits for the
  // answer, at most `timeout`. Requests are not repeated.
  //
  // Errors: as Generate() with Degradation::kForbidden; DiagnosisOf() tells
  // more.
  absl::StatusOr<std::vector<ModelInfo>> ListModels(
      absl::Duration timeout = absl::Seconds(30));

  // What this client was set up with. Valid as long as the client.
  const ClientConfig& config() const;

 private:
  friend struct internal::ClientParts;
  explicit GeminiImageClient(std::shared_ptr<internal::ClientCore> core);

  std::shared_ptr<internal::ClientCore> core_;
};

}  // namespace gemini

#endif  // GEMINI_CLIENT_H_
