// A server on loopback that does to each connection what a test says, down to
// the byte. For what a well-behaved server, or the emulator, does not do.

#ifndef GEMINI_TESTS_TESTING_SCRIPTED_SERVER_H_
#define GEMINI_TESTS_TESTING_SCRIPTED_SERVER_H_

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace gemini::testing {

// One accepted connection; closed at the end of its script.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection();

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Reads one HTTP request with Content-Length; empty if the client went away.
  // What it returns is the head and the body.
  std::string ReadRequest();

  // False if the client went away.
  bool Send(absl::string_view bytes);

  // A whole answer with Content-Length.
  void SendResponse(absl::string_view status_line_rest, absl::string_view body,
                    absl::string_view more_headers = "");

  // Closes with a reset instead of an orderly end.
  void Reset();

  // Returns when the client has closed, or the server is being destroyed.
  void WaitForClose();

 private:
  friend class ScriptedServer;
  const int fd_;
  std::string buffer_;
};

class ScriptedServer {
 public:
  // Runs once for each connection, on a thread of its own; `number` counts them
  // from 1.
  using Script = std::function<void(Connection* connection, int number)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();  // Shuts all connections down and joins.

  // Refuses further connections. Thread-safe.
  void StopAccepting();

  std::string url(absl::string_view scheme = "http") const;
  int port() const { return port_; }

 private:
  void Accept();

  const Script script_;
  int listen_fd_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  absl::Mutex mutex_;
  std::list<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::list<std::shared_ptr<Connection>> connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gemini::testing

#endif  // GEMINI_TESTS_TESTING_SCRIPTED_SERVER_H_
