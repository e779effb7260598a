#include <cstdio>

#include "gemini/client.h"

int main() {
  gemini::ClientOptions options;
  options.api_key = "a-key-of-the-consumer-test";
  options.base_url = "http://127.0.0.1:9";  // Nobody listens there.
  options.retry.max_retries = 0;
  absl::StatusOr<gemini::GeminiImageClient> client =
      gemini::GeminiImageClient::Create(options);
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }
  gemini::ImageRequest request;
  request.prompt = "a kite";
  const absl::StatusOr<gemini::Outcome> outcome = client->Generate(request);
  if (!outcome.ok() || outcome->prompt_only() == nullptr ||
      outcome->prompt_only()->image_prompt != "a kite") {
    std::fprintf(stderr, "expected the prompt back\n");
    return 1;
  }
  std::printf("%s\n", outcome->diagnosis->code.c_str());
  return 0;
}
