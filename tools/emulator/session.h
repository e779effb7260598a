// One connection.

#ifndef EMULATOR_SESSION_H_
#define EMULATOR_SESSION_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "emulator/emulator.h"
#include "emulator/http_message.h"

namespace gemini_emulator {

struct SessionLimits {
  size_t most_header_bytes = size_t{64} << 10;
  size_t most_body_bytes = size_t{128} << 20;
  // From the first byte of a request to the end of its header.
  absl::Duration header_timeout = absl::Seconds(30);
  // Between two pieces of a body, in either direction.
  absl::Duration body_timeout = absl::Seconds(120);
  // Between two requests.
  absl::Duration idle_timeout = absl::Seconds(240);
};

// Reads requests one after the other and writes their answers. Lives as long
// as an operation of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, uint64_t number,
          const SessionLimits& limits, Emulator* emulator);
  ~Session();

  void Start();

 private:
  using Error = boost::system::error_code;

  void AwaitRequest();
  void ReadHeader();
  void OnHeader();
  void ReadBody();
  void OnReadError(const Error& error);
  void Dispatch();

  // While a request is being answered: the client's going ends it.
  void WatchClient();
  void OnClientGone();
  bool GoesOn(const Error& error);

  void Begin(Reply reply);
  void SendHead();
  void SendBody();
  // Carries out what the delivery orders at this place. True if the answer
  // goes on at once.
  bool PassEvent();
  void SendPiece(size_t size);
  void OnPieceSent();
  void EndAnswer();
  void FaultMet();

  void Wait(absl::Duration delay, void (Session::*next)());
  void Close();
  void Reset();
  void DrainAndClose();
  void Drain();

  const SessionLimits limits_;
  const uint64_t number_;
  Emulator* const emulator_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer timer_;
  std::optional<
      boost::beast::http::request_parser<boost::beast::http::string_body>>
      parser_;
  bool watching_ = false;
  bool answering_ = false;
  bool keep_alive_ = false;
  bool is_head_ = false;

  // The answer under way.
  Reply reply_;
  std::string head_;
  size_t part_ = 0;  // Of reply_.parts.
  size_t part_offset_ = 0;
  size_t sent_ = 0;   // Of the body.
  size_t piece_ = 0;  // What is being sent.
  bool event_done_ = false;
  int polls_ = 0;  // While a reset waits for the bytes before it.
};

}  // namespace gemini_emulator

#endif  // EMULATOR_SESSION_H_
