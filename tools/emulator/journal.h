// What an emulator was asked, and what it answered.

#ifndef EMULATOR_JOURNAL_H_
#define EMULATOR_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "emulator/http_message.h"
#include "emulator/json.h"

namespace gemini_emulator {

struct RequestRecord {
  int64_t number = 0;
  uint64_t connection = 0;
  absl::Time time;
  std::string http_method;
  std::string target;  // Without keys.
  Headers headers;     // Without keys.
  std::string body;    // Its beginning.
  size_t body_bytes = 0;
  std::string method;  // "generateContent"; empty for no method of the API.
  std::string model;
  std::string project;
  // The status, or "reset", "closed" or "gave up" where there was none.
  std::string outcome = "pending";
  std::string fault;     // Its id.
  absl::Duration delay;  // Before the answer leaves, once it is made.
  std::optional<absl::Duration> retry_after;  // What a refusal told.
};

class Journal {
 public:
  // Of each body, so much is kept.
  explicit Journal(size_t most_body_bytes)
      : most_body_bytes_(most_body_bytes) {}

  // Notes a request that was read completely. Keys are left out.
  std::shared_ptr<RequestRecord> Begin(const HttpRequest& request,
                                       absl::Time now);

  // Counts the outcome that stands in the record.
  void Count(const RequestRecord& record);

  void OnConnectionOpened();
  void OnConnectionClosed();
  void OnGenerationBegun();
  void OnGenerationEnded();
  void OnClientGone() { ++clients_gone_; }
  void OnPicture() { ++pictures_; }
  void OnMalformedRequest() { ++malformed_; }

  // Forgets requests and counts; what is open stays counted.
  void Reset();

  Json Stats() const;
  // The last `most` requests, oldest first.
  Json Requests(size_t most) const;

  int64_t generations_in_flight() const { return in_flight_; }

 private:
  const size_t most_body_bytes_;
  std::deque<std::shared_ptr<RequestRecord>> records_;
  int64_t requests_ = 0;
  int64_t malformed_ = 0;
  int64_t connections_ = 0;
  int64_t open_ = 0;
  int64_t most_open_ = 0;
  int64_t in_flight_ = 0;
  int64_t most_in_flight_ = 0;
  int64_t clients_gone_ = 0;
  int64_t pictures_ = 0;
  std::map<std::string, int64_t> by_method_;
  std::map<std::string, int64_t> by_model_;
  std::map<std::string, int64_t> by_project_;
  std::map<std::string, int64_t> by_outcome_;
};

// The target with the values of key parameters replaced.
std::string WithoutKeys(const std::string& target);

}  // namespace gemini_emulator

#endif  // EMULATOR_JOURNAL_H_
