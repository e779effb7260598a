// The server of one run: an emulator on a thread of its own.

#ifndef GOODPUT_LOCAL_SERVER_H_
#define GOODPUT_LOCAL_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "emulator/emulator.h"
#include "emulator/server.h"
#include "goodput/situation.h"

namespace goodput {

// A request as the server saw it. Times are on the wall, since the first one.
struct Seen {
  absl::Duration arrived;
  absl::Duration answered;  // When the answer left.
  std::string project;
  std::string outcome;  // The status, or "reset".
  std::string fault;
  int process = 0;
  int job = 0;
  std::optional<absl::Duration> told;  // To wait for so long.
};

// How the server is made.
struct ServerOptions {
  double time_scale = 1;  // Wall seconds in a second of the situation.
  absl::Duration refusal_latency = absl::Milliseconds(20);
  uint64_t seed = 1;
};

// The situation's server with its times scaled.
gemini_emulator::Scenario Scaled(const Situation& situation,
                                 const ServerOptions& options);

class LocalServer {
 public:
  LocalServer(const Situation& situation, const ServerOptions& options);
  ~LocalServer();

  absl::Status Start();
  std::string url() const;

  // Ends the server. To be called once.
  std::vector<Seen> Stop();

 private:
  absl::Time Now();
  void UseAsStrangers(const Situation& situation);
  void Note(const gemini_emulator::RequestRecord& record);

  const absl::Time begin_;  // Of the emulator's clock.
  bool armed_ = false;
  std::optional<absl::Time> first_;  // When the first request came.
  std::vector<Seen> seen_;
  std::shared_ptr<const std::string> picture_;
  boost::asio::io_context io_;
  std::unique_ptr<gemini_emulator::Emulator> emulator_;
  std::unique_ptr<gemini_emulator::Server> server_;
  std::thread thread_;
};

}  // namespace goodput

#endif  // GOODPUT_LOCAL_SERVER_H_
