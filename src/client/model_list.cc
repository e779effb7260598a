#include "client/model_list.h"

#include <utility>
#include <variant>

#include "client/status_details.h"

namespace gemini::internal {
namespace {

// A service that never ends its list is not followed for ever.
constexpr int kMaxPages = 50;

}  // namespace

ModelList::ModelList(const CallContext* context, absl::Time deadline,
                     FinishedFunction finished)
    : context_(context), deadline_(deadline), finished_(std::move(finished)) {}

void ModelList::Start() { AskForPage(""); }

void ModelList::Cancel() {
  if (transfer_.has_value()) context_->transport->Cancel(*transfer_);
}

void ModelList::AskForPage(absl::string_view token) {
  ++pages_;
  const Configuration& configuration = *context_->configuration;
  GeminiTarget target;
  target.base_url = configuration.shown.base_url;
  target.api_version = configuration.shown.api_version;
  target.api_key = configuration.keys.front().api_key;
  HttpRequest request = EncodeListModels(target, token);
  request.never_proxy = configuration.is_loopback;
  const TimeLimits limits;
  reader_.emplace(configuration.keys.front().api_key);
  transfer_ = context_->transport->Start(
      std::move(request), {limits.connect, limits.stall, deadline_}, &*reader_,
      [this](const TransferResult& transfer) { OnTransferEnded(transfer); });
}

void ModelList::OnTransferEnded(const TransferResult& transfer) {
  transfer_.reset();
  if (transfer.end == TransferEnd::kCancelled) {
    std::move(finished_)(absl::CancelledError("the client was destroyed"));
    return;
  }
  auto result = reader_->Finish(transfer, context_->loop->Now());
  if (const auto* diagnosis = std::get_if<Diagnosis>(&result)) {
    std::move(finished_)(
        StatusWithDetails(StatusFor(*diagnosis), *diagnosis, {}));
    return;
  }
  auto& page = *std::get_if<ModelPage>(&result);
  for (ModelInfo& model : page.models) models_.push_back(std::move(model));
  if (page.next_page_token.empty() || pages_ == kMaxPages) {
    std::move(finished_)(std::move(models_));
    return;
  }
  AskForPage(page.next_page_token);
}

}  // namespace gemini::internal
