// The emulator without its sockets: requests in, answers out.

#ifndef EMULATOR_EMULATOR_H_
#define EMULATOR_EMULATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "emulator/fault_board.h"
#include "emulator/generate_request.h"
#include "emulator/http_message.h"
#include "emulator/journal.h"
#include "emulator/luck.h"
#include "emulator/picture.h"
#include "emulator/quota.h"
#include "emulator/response.h"
#include "emulator/scenario.h"

namespace gemini_emulator {

// Draws the picture and calls back with it in base64, now or later, on the
// thread that called; with nothing where it cannot be drawn.
using PictureCallback =
    std::function<void(std::shared_ptr<const std::string> base64)>;
using Illustrator = std::function<void(const PictureOrder&, PictureCallback)>;

struct EmulatorOptions {
  Scenario scenario;
  // Real time; quotas see it scaled.
  std::function<absl::Time()> clock = absl::Now;
  double time_scale = 1;
  Illustrator illustrator;
  // Is told each request when its answer is decided.
  std::function<void(const RequestRecord&)> log;
  size_t most_recorded_body_bytes = 16384;
};

// Not thread-safe: everything happens on the thread that serves connections.
// Replies must not outlive the emulator.
class Emulator {
 public:
  explicit Emulator(EmulatorOptions options);

  // Answers a request that was read completely. `done` is called exactly once,
  // now or when the picture is drawn.
  void Handle(HttpRequest request, std::function<void(Reply)> done);

  // Orders, sentence by sentence, that no request met.
  std::vector<std::string> UnmetFaults() const { return faults_.Unmet(); }

  Journal* journal() { return &journal_; }

 private:
  struct Exchange;

  // Where an API request goes, and what it asks.
  struct Call {
    std::string version;
    std::string model;
    std::string method;  // Empty for a path that no API has.
    bool is_sse = false;
    bool is_stream() const { return method == "streamGenerateContent"; }
  };

  struct Caller {
    std::string project;
    std::string tier;
  };

  static Call Route(const HttpRequest& request);
  static std::string KeyOf(const HttpRequest& request);

  absl::Time QuotaNow() const;
  Luck NextLuck(const std::string& prompt);
  ErrorContext ContextOf(const Call& call, const std::string& project) const;
  KeyEntry EntryOf(const std::string& key) const;

  void Begin(const std::shared_ptr<Exchange>& exchange);
  void AnswerCall(const std::shared_ptr<Exchange>& exchange,
                  const KeyEntry& entry);
  void Generate(const std::shared_ptr<Exchange>& exchange, const Model& model);
  void Compose(const std::shared_ptr<Exchange>& exchange, Answer answer);
  Reply ListModels(const HttpRequest& request) const;
  Reply CountTokensReply(const Json& body) const;
  void Fail(const std::shared_ptr<Exchange>& exchange, const ApiError& error);
  void Finish(const std::shared_ptr<Exchange>& exchange, Reply reply);

  std::optional<Reply> Control(const HttpRequest& request);
  Reply OrderFaults(const HttpRequest& request);
  Reply OrderRawFault(const HttpRequest& request);
  void Restart(Scenario scenario);

  const EmulatorOptions options_;
  Scenario scenario_;
  QuotaEngine quota_;
  FaultBoard faults_;
  Journal journal_;
  const absl::Time started_;
  absl::Duration clock_advance_;
  absl::Time scenario_began_;               // As quotas see it.
  std::map<uint64_t, int64_t> times_seen_;  // Prompts, by their hashes.
  int64_t next_response_ = 1;
  std::map<std::string, int64_t> generating_;  // Requests in flight, by model.
};

// The base64 of the drawn picture, on the spot.
void DrawNow(const PictureOrder& order, const PictureCallback& done);

}  // namespace gemini_emulator

#endif  // EMULATOR_EMULATOR_H_
