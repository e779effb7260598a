// Draws several pictures at once on two threads in all, however many they are.
//
//   GEMINI_API_KEY=… example_asynchronous "a fox" "an owl" "a hare"

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>

#include "gemini/client.h"

int main(int argc, char** argv) {
  gemini::ClientOptions options;
  options.on_event = [](const gemini::Event& event) {
    std::printf("%s\n", gemini::ToString(event).c_str());
  };
  absl::StatusOr<gemini::GeminiImageClient> client =
      gemini::GeminiImageClient::Create(options);
  if (!client.ok()) {
    std::fprintf(stderr, "%s\n", client.status().ToString().c_str());
    return 1;
  }

  std::mutex mutex;
  std::condition_variable ended;
  int running = argc - 1;
  int drawn = 0;
  for (int i = 1; i < argc; ++i) {
    gemini::ImageRequest request;
    request.prompt = argv[i];
    client->GenerateAsync(request, {},
                          [&](const absl::StatusOr<gemini::Outcome>& outcome) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            if (outcome.ok() && outcome->images() != nullptr)
                              ++drawn;
                            --running;
                            ended.notify_one();
                          });
  }
  std::unique_lock<std::mutex> lock(mutex);
  ended.wait(lock, [&running] { return running == 0; });
  std::printf("%d of %d pictures\n", drawn, argc - 1);
  return drawn == argc - 1 ? 0 : 1;
}
