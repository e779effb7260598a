#include <string>
#include <utility>

#include "absl/strings/strip.h"
#include "diagnosis/codes.h"
#include "diagnosis/transfer.h"
#include "gemini/diagnose.h"
#include "providers/gemini.h"
#include "wire/json.h"

namespace gemini::internal {
namespace {

constexpr size_t kMaxPageBytes = 4 << 20;

ModelInfo ReadModel(JsonValue sent) {
  ModelInfo model;
  absl::string_view name = sent["name"].string();
  absl::ConsumePrefix(&name, "models/");
  model.id = std::string(name);
  model.display_name = std::string(sent["displayName"].string());
  for (const JsonValue method : sent["supportedGenerationMethods"].elements()) {
    model.methods.emplace_back(method.string());
  }
  return model;
}

}  // namespace

void ModelPageReader::OnHead(ResponseHead head) { head_ = std::move(head); }

ResponseReader::Flow ModelPageReader::OnData(absl::string_view data) {
  if (body_.size() + data.size() > kMaxPageBytes) return Flow::kStop;
  body_.append(data.data(), data.size());
  return Flow::kContinue;
}

std::variant<ModelPage, Diagnosis> ModelPageReader::Finish(
    const TransferResult& transfer, absl::Time now) {
  if (head_.http_status == 0 ||
      (head_.is_success() && transfer.end != TransferEnd::kComplete)) {
    return DiagnoseTransfer(transfer, "");
  }
  if (!head_.is_success()) {
    FailureFacts facts;
    facts.http_status = head_.http_status;
    facts.headers = head_.headers;
    facts.body = body_;
    facts.now = now;
    facts.secrets.push_back(api_key_);
    return Diagnose(facts);
  }
  const std::optional<JsonDocument> document = JsonDocument::Parse(body_);
  if (!document.has_value() || !document->root().is_object()) {
    Diagnosis diagnosis =
        MakeDiagnosis("not_json", "the list of models is no JSON object");
    diagnosis.http_status = head_.http_status;
    return diagnosis;
  }
  ModelPage page;
  for (const JsonValue model : document->root()["models"].elements()) {
    page.models.push_back(ReadModel(model));
  }
  page.next_page_token =
      std::string(document->root()["nextPageToken"].string());
  return page;
}

}  // namespace gemini::internal
