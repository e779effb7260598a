// What a backend does when there is no picture: it hands the prompt on, and
// tells its operators why and until when.
//
//   GEMINI_API_KEY=… example_degradation "a red fox in fresh snow"

#include <cstdio>

#include "gemini/client.h"

int main(int argc, char** argv) {
  absl::StatusOr<gemini::GeminiImageClient> client =
      gemini::GeminiImageClient::Create();
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }
  gemini::ImageRequest request;
  request.prompt = argc > 1 ? argv[1] : "a red fox in fresh snow";
  gemini::CallOptions options;
  options.timeout = absl::Seconds(20);
  const absl::StatusOr<gemini::Outcome> outcome =
      client->Generate(request, options);
  if (!outcome.ok()) {  // The request is at fault, or was cancelled.
    std::fprintf(stderr, "%s\n", outcome.status().ToString().c_str());
    return 1;
  }

  if (const gemini::Images* images = outcome->images()) {
    std::printf("%zu pictures\n", images->images.size());
    return 0;
  }
  // For the client: it may draw the picture itself.
  std::printf("prompt: %s\n", outcome->prompt_only()->image_prompt.c_str());
  // For the operators.
  const gemini::Diagnosis& diagnosis = *outcome->diagnosis;
  const gemini::Advice advice = gemini::AdviceFor(diagnosis);
  std::printf("%s: %s\n", diagnosis.code.c_str(), advice.summary.c_str());
  for (const gemini::AdviceStep& step : advice.steps) {
    std::printf("- %s %s\n", step.text.c_str(), step.url.c_str());
  }
  if (outcome->retry_at.has_value()) {
    std::printf("again at %s\n", absl::FormatTime(*outcome->retry_at).c_str());
  }
  return 3;
}
