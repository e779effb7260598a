#include "testing/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "util/mutex_lock.h"

namespace gemini::testing {
namespace {

size_t ContentLength(const std::string& head) {
  const std::string lower = absl::AsciiStrToLower(head);
  const size_t found = lower.find("content-length:");
  if (found == std::string::npos) return 0;
  const size_t begin = found + sizeof("content-length:") - 1;
  size_t length = 0;
  if (!absl::SimpleAtoi(lower.substr(begin, lower.find("\r\n", begin) - begin),
                        &length)) {
    return 0;
  }
  return length;
}

}  // namespace

Connection::~Connection() { close(fd_); }

std::string Connection::ReadRequest() {
  while (true) {
    const size_t end = buffer_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const size_t size = end + 4 + ContentLength(buffer_.substr(0, end + 2));
      if (buffer_.size() >= size) {
        std::string request = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return request;
      }
    }
    char piece[16384];
    const ssize_t n = recv(fd_, piece, sizeof(piece), 0);
    if (n <= 0) return "";
    buffer_.append(piece, static_cast<size_t>(n));
  }
}

bool Connection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void Connection::SendResponse(absl::string_view status_line_rest,
                              absl::string_view body,
                              absl::string_view more_headers) {
  Send(absl::StrCat("HTTP/1.1 ", status_line_rest, "\r\nContent-Length: ",
                    body.size(), "\r\n", more_headers, "\r\n", body));
}

void Connection::Reset() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void Connection::WaitForClose() {
  char piece[4096];
  while (recv(fd_, piece, sizeof(piece), 0) > 0) {
  }
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  listen(listen_fd_, 128);
  socklen_t size = sizeof(address);
  getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  StopAccepting();
  acceptor_.join();
  close(listen_fd_);
  std::list<std::thread> threads;
  {
    internal::MutexLock lock(&mutex_);
    for (const auto& connection : connections_) {
      shutdown(connection->fd_, SHUT_RDWR);
    }
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void ScriptedServer::StopAccepting() { shutdown(listen_fd_, SHUT_RDWR); }

std::string ScriptedServer::url(absl::string_view scheme) const {
  return absl::StrCat(scheme, "://127.0.0.1:", port_);
}

void ScriptedServer::Accept() {
  for (int number = 1;; ++number) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    auto connection = std::make_shared<Connection>(fd);
    internal::MutexLock lock(&mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection, number]() mutable {
      script_(connection.get(), number);
      internal::MutexLock done(&mutex_);
      connections_.remove(connection);
      connection.reset();
    });
  }
}

}  // namespace gemini::testing
