// Listens, and makes a session of each connection.

#ifndef EMULATOR_SERVER_H_
#define EMULATOR_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "emulator/emulator.h"
#include "emulator/session.h"

namespace gemini_emulator {

class Server {
 public:
  // Serves on the one thread that runs `io`.
  Server(boost::asio::io_context* io, Emulator* emulator,
         SessionLimits limits = {});

  // Port 0 is any free one. `host` is an address.
  absl::Status Listen(const std::string& host, uint16_t port);
  uint16_t port() const { return port_; }

  void Stop();

 private:
  void Accept();

  Emulator* const emulator_;
  const SessionLimits limits_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  uint16_t port_ = 0;
  uint64_t connections_ = 0;
};

}  // namespace gemini_emulator

#endif  // EMULATOR_SERVER_H_
