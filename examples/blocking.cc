// Draws one picture, waits for it and writes it to a file.
//
//   GEMINI_API_KEY=… example_blocking "a red fox in fresh snow" fox.png

#include <cstdio>
#include <fstream>

#include "gemini/client.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s PROMPT FILE\n", argv[0]);
    return 2;
  }
  absl::StatusOr<gemini::GeminiImageClient> client =
      gemini::GeminiImageClient::Create();
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }

  gemini::ImageRequest request;
  request.prompt = argv[1];
  request.aspect_ratio = "16:9";
  const absl::StatusOr<gemini::Outcome> outcome = client->Generate(request);
  if (!outcome.ok()) {
    std::fprintf(stderr, "%s\n", outcome.status().ToString().c_str());
    return 1;
  }

  const gemini::Images* images = outcome->images();
  if (images == nullptr) {
    std::fprintf(stderr, "no picture: %s\n", outcome->diagnosis->code.c_str());
    return 3;
  }
  const gemini::Image& image = images->images.front();
  std::ofstream(argv[2], std::ios::binary) << image.bytes;
  std::printf("%s: %s, %zu bytes, %zu attempts\n", argv[2],
              image.mime_type.c_str(), image.bytes.size(),
              outcome->attempts.size());
  return 0;
}
