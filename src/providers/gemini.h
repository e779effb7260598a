// Google's Gemini API: generateContent.
// https://ai.google.dev/api/generate-content

#ifndef GEMINI_SRC_PROVIDERS_GEMINI_H_
#define GEMINI_SRC_PROVIDERS_GEMINI_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/attempt_result.h"
#include "base/http.h"
#include "gemini/image_request.h"

namespace gemini::internal {

// Where a request goes.
struct GeminiTarget {
  std::string base_url;     // Scheme, host and perhaps port and path.
  std::string api_version;  // "v1beta"
  std::string model;        // A valid id, with or without "models/".
  std::string api_key;
};

// Returns OK, or kInvalidArgument for what no model id is made of and what
// would change the path that it is put into ("..", "?").
absl::Status ValidateModelId(absl::string_view model);

// Returns the request for one picture; `request` must be valid, its count is
// not looked at. The service is told to give up after `time_limit`, unless that
// is infinite.
//
// Reference images are encoded while they are sent, out of `request`.
HttpRequest EncodeGeminiRequest(const GeminiTarget& target,
                                std::shared_ptr<const ImageRequest> request,
                                absl::Duration time_limit);

// Returns a reader of the answer to such a request to `model`. Besides the
// pictures it needs at most some 100 KiB, or as much as the answer holds
// besides them, up to 1 MiB.
//
// An attempt succeeds if its answer is one whole JSON value that holds at least
// one good picture: whole base64 of an image type that is known. Thoughts are
// dropped. That the connection broke after the JSON was closed does not matter.
std::unique_ptr<AttemptReader> NewGeminiReader(std::string model);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_PROVIDERS_GEMINI_H_
