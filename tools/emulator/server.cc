#include "emulator/server.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int kBacklog = 4096;

}  // namespace

Server::Server(boost::asio::io_context* io, Emulator* emulator,
               SessionLimits limits)
    : emulator_(emulator), limits_(limits), acceptor_(*io), pause_(*io) {}

absl::Status Server::Listen(const std::string& host, uint16_t port) {
  Error error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", host, "' is no IP address"));
  }
  const tcp::endpoint endpoint(address, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", host, ":",
                                               port, ": ", error.message()));
  }
  port_ = acceptor_.local_endpoint().port();
  Accept();
  return absl::OkStatus();
}

void Server::Stop() {
  Error ignored;
  acceptor_.close(ignored);
  pause_.cancel(ignored);
}

void Server::Accept() {
  acceptor_.async_accept([this](const Error& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      std::make_shared<Session>(std::move(socket), ++connections_, limits_,
                                emulator_)
          ->Start();
      Accept();
      return;
    }
    // Most likely out of descriptors: connections that end give some back.
    pause_.expires_after(std::chrono::milliseconds(50));
    pause_.async_wait([this](const Error& cancelled) {
      if (!cancelled) Accept();
    });
  });
}

}  // namespace gemini_emulator
