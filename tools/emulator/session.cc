#include "emulator/session.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr size_t kLargestPiece = size_t{256} << 10;
constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

std::string ToString(beast::string_view text) {
  return std::string(text.data(), text.size());
}

}  // namespace

Session::Session(net::ip::tcp::socket socket, uint64_t number,
                 const SessionLimits& limits, Emulator* emulator)
    : limits_(limits),
      number_(number),
      emulator_(emulator),
      stream_(std::move(socket)),
      timer_(stream_.get_executor()) {
  emulator_->journal()->OnConnectionOpened();
}

Session::~Session() { emulator_->journal()->OnConnectionClosed(); }

void Session::Start() {
  Error ignored;
  stream_.socket().set_option(net::ip::tcp::no_delay(true), ignored);
  AwaitRequest();
}

void Session::AwaitRequest() {
  if (buffer_.size() > 0) {
    ReadHeader();
    return;
  }
  stream_.expires_after(ToChrono(limits_.idle_timeout));
  stream_.async_read_some(
      buffer_.prepare(4096),
      [self = shared_from_this()](const Error& error, size_t size) {
        if (error) {
          self->Close();
          return;
        }
        self->buffer_.commit(size);
        self->ReadHeader();
      });
}

void Session::ReadHeader() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(limits_.most_header_bytes));
  parser_->body_limit(limits_.most_body_bytes);
  stream_.expires_after(ToChrono(limits_.header_timeout));
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, size_t) {
        if (error) {
          self->OnReadError(error);
        } else {
          self->OnHeader();
        }
      });
}

void Session::OnHeader() {
  if (!absl::EqualsIgnoreCase(ToString(parser_->get()[http::field::expect]),
                              "100-continue") ||
      parser_->is_done()) {
    ReadBody();
    return;
  }
  net::async_write(stream_, net::buffer(kContinue, sizeof(kContinue) - 1),
                   [self = shared_from_this()](const Error& error, size_t) {
                     if (error) {
                       self->Close();
                     } else {
                       self->ReadBody();
                     }
                   });
}

void Session::ReadBody() {
  if (parser_->is_done()) {
    Dispatch();
    return;
  }
  stream_.expires_after(ToChrono(limits_.body_timeout));
  http::async_read_some(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, size_t) {
        if (error) {
          self->OnReadError(error);
        } else {
          self->ReadBody();
        }
      });
}

void Session::OnReadError(const Error& error) {
  // After a time-out the stream is closed already.
  const bool of_peer =
      error == beast::error::timeout || error == http::error::end_of_stream ||
      error == http::error::partial_message || error == net::error::eof ||
      error == net::error::connection_reset ||
      error == net::error::operation_aborted;
  if (of_peer) {
    Close();
    return;
  }
  emulator_->journal()->OnMalformedRequest();
  Reply reply;
  if (error == http::error::body_limit) {
    reply = HtmlReply(413, "Error 413 (Request Entity Too Large)",
                      "The request is larger than is allowed.");
  } else if (error == http::error::header_limit) {
    reply = HtmlReply(431, "Error 431 (Request Header Fields Too Large)",
                      "The header of the request is larger than is allowed.");
  } else if (error.category() ==
             http::make_error_code(http::error::bad_target).category()) {
    reply = HtmlReply(400, "Error 400 (Bad Request)",
                      "This is no request of HTTP/1.1.");
  } else {
    Close();
    return;
  }
  reply.close = true;
  keep_alive_ = false;
  Begin(std::move(reply));
}

void Session::Dispatch() {
  auto message = parser_->release();
  parser_.reset();
  HttpRequest request;
  request.method = ToString(message.method_string());
  request.target = ToString(message.target());
  request.connection = number_;
  for (const auto& field : message) {
    request.headers.emplace_back(ToString(field.name_string()),
                                 ToString(field.value()));
  }
  request.body = std::move(message.body());
  keep_alive_ = message.keep_alive();
  is_head_ = request.method == "HEAD";
  stream_.expires_never();
  answering_ = true;
  WatchClient();
  try {
    emulator_->Handle(std::move(request),
                      [self = shared_from_this()](Reply reply) {
                        self->Begin(std::move(reply));
                      });
  } catch (const std::exception&) {
    Begin(ErrorReply(ErrorFromStatus(500)));
  }
}

void Session::WatchClient() {
  if (watching_) return;
  watching_ = true;
  stream_.socket().async_wait(
      net::ip::tcp::socket::wait_read,
      [self = shared_from_this()](const Error& error) {
        self->watching_ = false;
        if (error || !self->answering_) return;
        char byte = 0;
        const ssize_t size = recv(self->stream_.socket().native_handle(), &byte,
                                  1, MSG_PEEK | MSG_DONTWAIT);
        if (size > 0) return;  // The next request, sent ahead.
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
          self->WatchClient();
        } else {
          self->OnClientGone();
        }
      });
}

void Session::OnClientGone() {
  if (!answering_) return;
  emulator_->journal()->OnClientGone();
  Close();
}

// After a write: it may have ended well just before the client's going was
// noticed, by which the answer is gone.
bool Session::GoesOn(const Error& error) {
  if (error) OnClientGone();
  return answering_;
}

void Session::Begin(Reply reply) {
  if (!stream_.socket().is_open()) return;
  answering_ = true;
  reply_ = std::move(reply);
  part_ = part_offset_ = sent_ = piece_ = 0;
  event_done_ = reply_.delivery.event == WireEvent::kNone;
  keep_alive_ = keep_alive_ && !reply_.close;
  Wait(reply_.delay, &Session::SendHead);
}

void Session::Wait(absl::Duration delay, void (Session::*next)()) {
  if (delay <= absl::ZeroDuration()) {
    (this->*next)();
    return;
  }
  timer_.expires_after(ToChrono(delay));
  timer_.async_wait([self = shared_from_this(), next](const Error& error) {
    if (!error && self->stream_.socket().is_open()) (self.get()->*next)();
  });
}

void Session::SendHead() {
  const Delivery& delivery = reply_.delivery;
  if (!event_done_ && delivery.before_head) {
    event_done_ = true;
    FaultMet();
    switch (delivery.event) {
      case WireEvent::kClose:
        Close();
        return;
      case WireEvent::kReset:
        Reset();
        return;
      default:
        Wait(delivery.stall, &Session::SendHead);
        return;
    }
  }
  head_ = absl::StrCat("HTTP/1.1 ", reply_.status, " ",
                       ReasonPhrase(reply_.status), "\r\n");
  for (const auto& header : reply_.headers) {
    absl::StrAppend(&head_, header.first, ": ", header.second, "\r\n");
  }
  if (reply_.chunked) {
    absl::StrAppend(&head_, "Transfer-Encoding: chunked\r\n");
  } else if (!FindHeader(reply_.headers, "Content-Length")) {
    absl::StrAppend(&head_, "Content-Length: ", reply_.BodySize(), "\r\n");
  }
  absl::StrAppend(&head_, "Date: ",
                  absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(),
                                   absl::UTCTimeZone()),
                  "\r\nServer: gemini-emulator\r\nConnection: ",
                  keep_alive_ ? "keep-alive" : "close", "\r\n\r\n");
  stream_.expires_after(ToChrono(limits_.body_timeout));
  net::async_write(stream_, net::buffer(head_),
                   [self = shared_from_this()](const Error& error, size_t) {
                     if (self->GoesOn(error)) self->SendBody();
                   });
}

bool Session::PassEvent() {
  const Delivery& delivery = reply_.delivery;
  if (event_done_ || sent_ < delivery.at) return true;
  if (delivery.event == WireEvent::kReset) {
    // A reset throws away what has not left yet: wait for it, for a second at
    // most.
    int unsent = 0;
    constexpr int kMostPolls = 1000;
    if (ioctl(stream_.socket().native_handle(), SIOCOUTQ, &unsent) == 0 &&
        unsent > 0 && ++polls_ < kMostPolls) {
      Wait(absl::Milliseconds(1), &Session::SendBody);
      return false;
    }
  }
  event_done_ = true;
  FaultMet();
  switch (delivery.event) {
    case WireEvent::kReset:
      Reset();
      return false;
    case WireEvent::kClose:
      DrainAndClose();
      return false;
    default:
      stream_.expires_never();
      Wait(delivery.stall, &Session::SendBody);
      return false;
  }
}

void Session::SendBody() {
  if (is_head_ || part_ == reply_.parts.size()) {
    EndAnswer();
    return;
  }
  if (!PassEvent()) return;
  const Delivery& delivery = reply_.delivery;
  size_t size = reply_.parts[part_].size() - part_offset_;
  size = std::min(size, kLargestPiece);
  if (delivery.piece > 0) size = std::min(size, delivery.piece);
  if (!event_done_) size = std::min(size, delivery.at - sent_);
  SendPiece(size);
}

void Session::SendPiece(size_t size) {
  piece_ = size;
  const net::const_buffer bytes(reply_.parts[part_].data() + part_offset_,
                                size);
  const auto sent = [self = shared_from_this()](const Error& error, size_t) {
    if (self->GoesOn(error)) self->OnPieceSent();
  };
  stream_.expires_after(ToChrono(limits_.body_timeout));
  if (size == 0) {
    OnPieceSent();
  } else if (reply_.chunked) {
    net::async_write(stream_, http::make_chunk(bytes), sent);
  } else {
    net::async_write(stream_, bytes, sent);
  }
}

void Session::OnPieceSent() {
  sent_ += piece_;
  part_offset_ += piece_;
  if (part_offset_ == reply_.parts[part_].size()) {
    ++part_;
    part_offset_ = 0;
  }
  const bool slow = reply_.delivery.piece > 0 && part_ < reply_.parts.size();
  if (slow) {
    FaultMet();
    stream_.expires_never();
  }
  Wait(slow ? reply_.delivery.interval : absl::ZeroDuration(),
       &Session::SendBody);
}

void Session::EndAnswer() {
  const auto ended = [self = shared_from_this()](const Error& error, size_t) {
    if (!self->GoesOn(error)) return;
    self->FaultMet();
    self->reply_ = Reply();
    self->answering_ = false;
    if (self->keep_alive_) {
      self->AwaitRequest();
    } else {
      self->DrainAndClose();
    }
  };
  if (reply_.chunked && !is_head_) {
    net::async_write(stream_, http::make_chunk_last(), ended);
  } else {
    ended(Error(), 0);
  }
}

void Session::FaultMet() {
  if (reply_.fault_met) reply_.fault_met();
  reply_.fault_met = nullptr;
}

void Session::Close() {
  answering_ = false;
  Error ignored;
  timer_.cancel(ignored);
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
  reply_ = Reply();
}

void Session::Reset() {
  Error ignored;
  stream_.socket().set_option(net::socket_base::linger(true, 0), ignored);
  answering_ = false;
  stream_.socket().close(ignored);
  reply_ = Reply();
}

void Session::DrainAndClose() {
  // A close with unread bytes is a reset, by which the client would lose the
  // answer: say that it is over and read on for a while.
  answering_ = false;
  reply_ = Reply();
  Error ignored;
  stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(std::chrono::seconds(2));
  Drain();
}

void Session::Drain() {
  buffer_.clear();
  stream_.async_read_some(
      buffer_.prepare(size_t{64} << 10),
      [self = shared_from_this()](const Error& error, size_t) {
        if (error) {
          self->Close();
        } else {
          self->Drain();
        }
      });
}

}  // namespace gemini_emulator
