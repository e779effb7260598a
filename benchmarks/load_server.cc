// Answers with one prepared picture as fast as a socket takes it: the other end
// of measurements, and nothing else.
//
//   load_server [--hold K] [--size BYTES]
//
// Prints its port. The size of the picture stands in the path:
// "/size/1048576/…"; that of --size is drawn before the port is printed, others
// when they are first asked for. With --hold the very first request is answered
// at once, and the K after it when all of them are there, or when none came for
// 2 s: then K are in flight. On "/peak" it answers with the most requests that
// were in flight at once.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace {

constexpr int kHoldMs = 2000;

std::string Answer(absl::string_view body) {
  return absl::StrCat(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      "Content-Length: ",
      body.size(), "\r\n\r\n", body);
}

std::string PictureAnswer(size_t picture_bytes) {
  std::string picture("\x89PNG\r\n\x1a\n", 8);
  std::mt19937 random(1);
  while (picture.size() < picture_bytes) {
    picture += static_cast<char>(random());
  }
  return Answer(absl::StrCat(
      R"({"candidates":[{"content":{"parts":[{"inlineData":{)",
      R"("mimeType":"image/png","data":")", absl::Base64Escape(picture),
      R"("}}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":)",
      R"({"promptTokenCount":3,"candidatesTokenCount":1120,)",
      R"("totalTokenCount":1123},"modelVersion":"m","responseId":"r-1"})"));
}

struct Connection {
  int fd = -1;
  std::string in;
  absl::string_view rest;  // Of the answer.
  bool waits_for_room = false;
};

class Server {
 public:
  // `size`: 0, or that of a picture to be drawn now.
  Server(size_t hold, size_t size) : hold_(hold) {
    if (size > 0) answers_[size] = PictureAnswer(size);
  }

  int Run() {
    epoll_ = epoll_create1(0);
    listen_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listen_, generic, length) != 0 || listen(listen_, 4096) != 0 ||
        getsockname(listen_, generic, &length) != 0) {
      return 1;
    }
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    Watch(listen_, nullptr, EPOLLIN, EPOLL_CTL_ADD);
    while (true) {
      epoll_event events[256];
      const int n =
          epoll_wait(epoll_, events, 256, held_.empty() ? -1 : kHoldMs);
      if (n == 0) Release();
      for (int i = 0; i < n; ++i) {
        auto* connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          Accept();
        } else if (connection->waits_for_room) {
          Send(connection);
        } else {
          Receive(connection);
        }
      }
    }
  }

 private:
  void Watch(int fd, Connection* connection, uint32_t events, int operation) {
    epoll_event event = {};
    event.events = events;
    event.data.ptr = connection;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void Accept() {
    while (true) {
      const int fd = accept4(listen_, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      auto* connection = new Connection;
      connection->fd = fd;
      Watch(fd, connection, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void Close(Connection* connection) {
    held_.erase(std::remove(held_.begin(), held_.end(), connection),
                held_.end());
    close(connection->fd);
    delete connection;
  }

  void Receive(Connection* connection) {
    char buffer[16384];
    const ssize_t n = read(connection->fd, buffer, sizeof(buffer));
    if (n <= 0) return Close(connection);
    connection->in.append(buffer, static_cast<size_t>(n));
    const size_t head = connection->in.find("\r\n\r\n");
    if (head == std::string::npos) return;
    size_t length = 0;
    const std::string lower =
        absl::AsciiStrToLower(connection->in.substr(0, head));
    const size_t at = lower.find("content-length: ");
    if (at != std::string::npos) {
      length = std::strtoul(lower.c_str() + at + 16, nullptr, 10);
    }
    if (connection->in.size() < head + 4 + length) return;
    connection->rest = AnswerTo(connection->in);
    connection->in.erase(0, head + 4 + length);
    ++in_flight_;
    peak_ = std::max(peak_, in_flight_);
    if (!released_ && hold_ > 0 && answered_first_) {
      held_.push_back(connection);
      if (held_.size() >= hold_) Release();
      return;
    }
    answered_first_ = true;
    Send(connection);
  }

  absl::string_view AnswerTo(const std::string& request) {
    const size_t at = request.find("/size/");
    if (at > request.find("\r\n")) {
      peak_answer_ = Answer(absl::StrCat(peak_));
      return peak_answer_;
    }
    const size_t size = std::strtoul(request.c_str() + at + 6, nullptr, 10);
    std::string& answer = answers_[size];
    if (answer.empty()) answer = PictureAnswer(size);
    return answer;
  }

  void Release() {
    released_ = true;
    std::vector<Connection*> held;
    held.swap(held_);
    for (Connection* connection : held) Send(connection);
  }

  void Send(Connection* connection) {
    const ssize_t n = send(connection->fd, connection->rest.data(),
                           connection->rest.size(), MSG_NOSIGNAL);
    if (n > 0) connection->rest.remove_prefix(static_cast<size_t>(n));
    const bool waits = !connection->rest.empty();
    if (waits != connection->waits_for_room) {
      Watch(connection->fd, connection, waits ? EPOLLOUT : EPOLLIN,
            EPOLL_CTL_MOD);
    }
    connection->waits_for_room = waits;
    if (!waits) --in_flight_;
    if (n < 0 && errno != EAGAIN) Close(connection);
  }

  const size_t hold_;
  int epoll_ = -1;
  int listen_ = -1;
  bool answered_first_ = false;
  bool released_ = false;
  int in_flight_ = 0;
  int peak_ = 0;
  std::string peak_answer_;
  std::vector<Connection*> held_;
  std::map<size_t, std::string> answers_;
};

}  // namespace

int main(int argc, char** argv) {
  size_t hold = 0;
  size_t size = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const absl::string_view name = argv[i];
    const size_t value = std::strtoul(argv[i + 1], nullptr, 10);
    if (name == "--hold") hold = value;
    if (name == "--size") size = value;
  }
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return Server(hold, size).Run();
}
