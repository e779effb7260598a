// Google's Gemini API: generateContent.
// https://ai.google.dev/api/generate-content

#ifndef GEMINI_SRC_PROVIDERS_GEMINI_H_
#define GEMINI_SRC_PROVIDERS_GEMINI_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/attempt_result.h"
#include "base/attempt_sink.h"
#include "base/http.h"
#include "base/transfer.h"
#include "gemini/client.h"
#include "gemini/client_options.h"
#include "gemini/image_request.h"

namespace gemini::internal {

// Where a request goes.
struct GeminiTarget {
  absl::string_view base_url;     // Scheme, host and perhaps port and path.
  absl::string_view api_version;  // "v1beta"
  absl::string_view model;        // A valid id, with or without "models/".
  absl::string_view api_key;
};

// Returns OK, or kInvalidArgument for what no model id is made of and what
// would change the path that it is put into ("..", "?").
absl::Status ValidateModelId(absl::string_view model);

// The heads of requests for pictures. For one thread.
class GeminiHeads {
 public:
  // That of the last request, as a rule. The service is told to give up after
  // `time_limit`, unless that is infinite.
  std::shared_ptr<const HttpHead> HeadFor(const GeminiTarget& target,
                                          absl::Duration time_limit);

 private:
  std::string base_url_;
  std::string api_version_;
  std::string model_;
  std::string api_key_;
  int64_t seconds_ = 0;                   // The limit.
  std::shared_ptr<const HttpHead> last_;  // Null: there is none.
};

// Returns the request for one picture; `request` must be valid, its count is
// not looked at. Reference images are encoded while they are sent, out of it.
HttpRequest EncodeGeminiRequest(
    std::shared_ptr<const HttpHead> head,
    const std::shared_ptr<const ImageRequest>& request);

// Returns the request for a page of the models that the key may see: the first
// one if `page_token` is empty. The target's model is not looked at.
HttpRequest EncodeListModels(const GeminiTarget& target,
                             absl::string_view page_token);

// A page of models.
struct ModelPage {
  std::vector<ModelInfo> models;
  std::string next_page_token;  // Empty at the end.
};

// Reads such a page. Bounded: a page of more than 4 MiB is cut off.
class ModelPageReader final : public ResponseReader {
 public:
  // `api_key` must not be repeated by diagnoses, and outlives the reader.
  explicit ModelPageReader(absl::string_view api_key) : api_key_(api_key) {}

  void OnHead(ResponseHead head) override;
  Flow OnData(absl::string_view data) override;

  // Called once, after the transfer: the page, or why there is none.
  std::variant<ModelPage, Diagnosis> Finish(const TransferResult& transfer,
                                            absl::Time now);

 private:
  const absl::string_view api_key_;
  ResponseHead head_;
  std::string body_;
};

// What a reader of an answer needs to know.
struct GeminiReading {
  // That was asked for, with or without "models/". Must outlive the reader.
  absl::string_view model;

  // What diagnoses must not repeat: the key, and the prompt of the request, if
  // there is one. The key must outlive the reader.
  absl::string_view api_key;
  std::shared_ptr<const ImageRequest> request;

  // Where the pictures go. Must outlive the reader, which does not end it.
  AttemptSink* sink = nullptr;

  // Judges before the library does; may be null. Must outlive the reader.
  const Classifier* classifier = nullptr;
};

// Returns a reader of the answer to a request for a picture. It needs at most
// some 100 KiB, or as much as the answer holds besides them, up to 1 MiB.
//
// An attempt succeeds if its answer is one whole JSON value that holds at least
// one good picture: whole base64 of an image type that is known. Thoughts are
// dropped. That the connection broke after the JSON was closed does not matter.
std::unique_ptr<AttemptReader> NewGeminiReader(GeminiReading reading);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_PROVIDERS_GEMINI_H_
