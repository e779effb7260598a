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

// A request as the server saw it. Times are on the wall, since the full minute
// into which the client begins.
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
  double time_scale = 1;           // Wall seconds in a second of the situation.
  absl::Duration refusal_latency;  // On the wall.
  uint64_t seed = 1;
  // By how much, on the wall, the server's minute begins after the client's,
  // whose minutes are whole numbers of scaled ones since the epoch.
  absl::Duration minute_phase;

  absl::Duration minute() const { return absl::Minutes(1) * time_scale; }
};

// The situation's server with its times scaled.
gemini_emulator::Scenario Scaled(const Situation& situation,
                                 const ServerOptions& options);

class LocalServer {
 public:
  LocalServer(const Situation& situation, const ServerOptions& options);
  ~LocalServer();

  // For the client to begin now.
  absl::Status Start();
  std::string url() const;

  // What a client must add to the time of day to be as far from the server's
  // minutes as the options say. Nobody waits for a minute to come.
  absl::Duration clients_ahead() const;

  // Ends the server. To be called once.
  std::vector<Seen> Stop();

 private:
  absl::Time Now() const;
  void UseAsStrangers();
  void Note(const gemini_emulator::RequestRecord& record);

  const Situation situation_;
  const ServerOptions options_;
  const absl::Time minute_;  // Into which the client begins.
  const absl::Time begins_;  // When it does.
  absl::Time started_;       // The same on the wall.
  absl::Time before_;        // What the server's clock shows until then.
  std::vector<Seen> seen_;
  std::shared_ptr<const std::string> picture_;
  std::unique_ptr<gemini_emulator::Emulator> emulator_;
  boost::asio::io_context io_;  // Holds sessions, which tell the emulator.
  std::unique_ptr<gemini_emulator::Server> server_;
  std::thread thread_;
};

}  // namespace goodput

#endif  // GOODPUT_LOCAL_SERVER_H_
