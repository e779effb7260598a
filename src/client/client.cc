#include "gemini/client.h"

#include <utility>

#include "client/client_core.h"

namespace gemini {

void CallHandle::Cancel() {
  const std::shared_ptr<internal::ClientCore> core = core_.lock();
  if (core != nullptr) core->Cancel(id_);
}

absl::StatusOr<GeminiImageClient> GeminiImageClient::Create(
    ClientOptions options) {
  return internal::ClientParts().Assemble(std::move(options));
}

GeminiImageClient::GeminiImageClient(std::shared_ptr<internal::ClientCore> core)
    : core_(std::move(core)) {}

GeminiImageClient::GeminiImageClient(GeminiImageClient&&) noexcept = default;

GeminiImageClient& GeminiImageClient::operator=(
    GeminiImageClient&& other) noexcept {
  // What this was is shut down at the end of the statement.
  GeminiImageClient old(std::move(*this));
  core_ = std::move(other.core_);
  return *this;
}

GeminiImageClient::~GeminiImageClient() {
  if (core_ == nullptr) return;
  if (core_->inherited()) {
    // Its threads, sockets and descriptors are the parent's: leaked on purpose.
    // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): ends the process.
    new std::shared_ptr<internal::ClientCore>(std::move(core_));
    return;
  }
  core_->Shutdown();
}

absl::StatusOr<Outcome> GeminiImageClient::Generate(
    const ImageRequest& request, const CallOptions& options) {
  return core_->Generate(request, options);
}

CallHandle GeminiImageClient::GenerateAsync(ImageRequest request,
                                            CallOptions options,
                                            DoneFunction done) {
  return core_->GenerateAsync(std::move(request), std::move(options),
                              std::move(done));
}

absl::StatusOr<std::vector<ModelInfo>> GeminiImageClient::ListModels(
    absl::Duration timeout) {
  return core_->ListModels(timeout);
}

const ClientConfig& GeminiImageClient::config() const {
  return core_->config();
}

}  // namespace gemini
