#include "progress.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace gemini::cli {
namespace {

// What one picture is doing.
struct Activity {
  std::string what;
  absl::Time since;
  absl::Time until = absl::InfiniteFuture();  // When waiting.
};

std::string Seconds(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Seconds(duration), " s");
}

}  // namespace

struct Progress::State {
  std::mutex mutex;
  std::condition_variable ended;
  std::map<int, Activity> activities;  // By picture.
  bool done = false;

  std::string Line() const {
    const absl::Time now = absl::Now();
    std::vector<std::string> parts;
    for (const auto& [index, activity] : activities) {
      std::string time;
      if (activity.until == absl::InfiniteFuture()) {
        time = Seconds(now - activity.since);
      } else {
        time = Seconds(std::max(activity.until - now, absl::ZeroDuration())) +
               " left";
      }
      parts.push_back(absl::StrCat("image ", index + 1, ": ", activity.what,
                                   " (", time, ")"));
    }
    if (parts.size() > 3) {
      return absl::StrCat(parts.size(), " images under way; ", parts.front());
    }
    return absl::StrJoin(parts, ", ");
  }
};

Progress::Progress()
    : state_(isatty(STDERR_FILENO) != 0 ? std::make_unique<State>() : nullptr) {
}

Progress::~Progress() = default;

void Progress::OnEvent(const Event& event) {
  if (state_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (const auto* started = std::get_if<AttemptStarted>(&event.what)) {
    state_->activities[started->image_index] = {
        absl::StrCat("drawing with ", started->route.model), absl::Now()};
  } else if (const auto* ended = std::get_if<AttemptEnded>(&event.what)) {
    state_->activities.erase(ended->report.image_index);
  } else if (const auto* waiting = std::get_if<Waiting>(&event.what)) {
    const absl::Time now = absl::Now();
    state_->activities[waiting->image_index] = {
        absl::StrCat("waiting because of ", waiting->diagnosis.code), now,
        now + (waiting->until - event.time)};
  }
}

absl::StatusOr<Outcome> Progress::Generate(GeminiImageClient* client,
                                           const ImageRequest& request,
                                           const CallOptions& options) {
  if (state_ == nullptr) return client->Generate(request, options);
  absl::StatusOr<Outcome> outcome;
  State* state = state_.get();
  client->GenerateAsync(request, options,
                        [state, &outcome](absl::StatusOr<Outcome> result) {
                          const std::lock_guard<std::mutex> lock(state->mutex);
                          outcome = std::move(result);
                          state->done = true;
                          state->ended.notify_one();
                        });
  std::unique_lock<std::mutex> lock(state->mutex);
  while (!state->ended.wait_for(lock, std::chrono::seconds(1),
                                [state] { return state->done; })) {
    std::fprintf(stderr, "\r\033[K%s", state->Line().c_str());
    std::fflush(stderr);
  }
  std::fprintf(stderr, "\r\033[K");
  return outcome;
}

}  // namespace gemini::cli
