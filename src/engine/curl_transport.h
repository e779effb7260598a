// HTTP by libcurl's multi interface, on an event loop.

#ifndef GEMINI_SRC_ENGINE_CURL_TRANSPORT_H_
#define GEMINI_SRC_ENGINE_CURL_TRANSPORT_H_

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/http.h"
#include "base/transfer.h"
#include "engine/connection_trust.h"
#include "engine/event_loop.h"

namespace gemini::internal {

struct CurlOptions {
  std::string ca_file;               // Empty: the system's certificates.
  std::string proxy;                 // Empty: as the environment says.
  int64_t max_response_bytes = 0;    // After unpacking.
  int max_connections_per_host = 0;  // 0: any number.
  bool accept_compression = false;
};

struct TransferLimits {
  absl::Duration connect;
  absl::Duration stall;  // Between two pieces of a body.
  absl::Time give_up_at;
};

// For the loop's thread alone, its creation and destruction apart; to be
// destroyed when the loop does not run any more.
//
// Never repeats a request by itself (docs/adr/0003) and follows no redirect.
class CurlTransport final : private EventLoop::SocketHandler,
                            private EventLoop::TimerHandler {
 public:
  using DoneFunction = absl::AnyInvocable<void(const TransferResult&) &&>;
  using TransferId = uint64_t;

  // `loop` must outlive the transport. Errors: kFailedPrecondition when libcurl
  // lacks what is needed, kResourceExhausted.
  static absl::StatusOr<std::unique_ptr<CurlTransport>> Create(
      EventLoop* loop, CurlOptions options);
  ~CurlTransport();

  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  // Sends `request`; `reader` takes the answer and must live until `done`,
  // which runs once, never inside Start().
  TransferId Start(HttpRequest request, const TransferLimits& limits,
                   ResponseReader* reader, DoneFunction done);

  // Goes on with a transfer that its reader paused. Not to be called by a
  // ResponseReader. Does nothing otherwise.
  void Resume(TransferId id);

  // Ends a transfer: `done` runs with kCancelled, inside this function. Does
  // nothing if it ran. Not to be called by a ResponseReader.
  void Cancel(TransferId id);

 private:
  struct Transfer;

  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using HeaderList = std::unique_ptr<curl_slist, FreeList>;
  struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };

  enum class BodyKind { kNone, kSmall, kLarge };
  struct RequestKind {
    bool is_https;
    bool may_pause;
    bool never_proxy;
    BodyKind body;
    bool operator==(const RequestKind& other) const;
  };

  // A head as libcurl wants it.
  struct ReadyHead {
    std::shared_ptr<const HttpHead> head;
    bool is_https = false;
    bool never_proxy = false;
    bool has_large_body = false;  // Which needs a header more.
    HeaderList headers;
    HeaderList proxy_headers;             // For a tunnel.
    std::unique_ptr<CURLU, FreeUrl> url;  // Null: it cannot be parsed.
    std::string target;                   // Not empty: `url` is without it.
  };

  // A handle of libcurl, to be used for one transfer after another, with what
  // is set in it and need not be set again.
  struct FreeEasy {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct Handle {
    Transfer* transfer = nullptr;
    char error[CURL_ERROR_SIZE] = "";
    std::shared_ptr<const ReadyHead> head;
    std::optional<RequestKind> kind;
    bool has_own_connection = false;
    long buffer_bytes = 0;  // Of its receive buffer, which it keeps.
    std::unique_ptr<CURL, FreeEasy> easy;
  };

  CurlTransport(EventLoop* loop, CurlOptions options, CURLM* multi,
                CURLSH* share);

  // EventLoop::SocketHandler
  void OnSocketReady(int fd, uint32_t epoll_events) override;

  // EventLoop::TimerHandler
  void OnRealTimer() override;

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* transport,
                      void* socket);
  static int OnCloseSocket(void* transport, curl_socket_t fd);
  static int OnTimeout(CURLM* multi, long timeout_ms, void* transport);

  std::unique_ptr<Handle> NewHandle(size_t in_flight);
  bool SetUpHandle(Handle* handle);
  bool SetUp(Transfer* transfer);
  bool SetKind(Handle* handle, const RequestKind& kind);
  bool SetHead(Handle* handle, std::shared_ptr<const ReadyHead> head);
  std::shared_ptr<const ReadyHead> ReadyHeadFor(const HttpRequest& request,
                                                bool has_large_body);
  static bool SetOwnConnection(Handle* handle, bool own);
  bool NeedsOwnConnection(const RequestKind& kind, absl::Time now) const;
  bool MayMultiplex(const RequestKind& kind) const;
  void LearnOfConnection(const Transfer& transfer, TransferEnd end);
  void Recycle(Transfer* transfer);
  void Act(curl_socket_t fd, int events);
  void CollectFinished();
  static bool IsHeadTooLarge(const Transfer& transfer, CURLcode code);
  void WatchLimits(Transfer* transfer);
  void OnTimer(TransferId id);
  void End(TransferId id, TransferEnd end, absl::string_view error);

  EventLoop* const loop_;
  const CurlOptions options_;
  CURLM* const multi_;
  CURLSH* const share_;  // TLS sessions.
  TransferId next_id_ = 1;
  absl::flat_hash_set<curl_socket_t> sockets_;  // That OnCloseSocket() closes.
  int connected_ = 0;  // Transfers that have a connection.
  ConnectionTrust trust_;
  bool multiplexes_ = false;  // As the last answer to one that may share.
  absl::flat_hash_map<TransferId, std::unique_ptr<Transfer>> transfers_;
  std::unique_ptr<Handle> spare_;  // Of the last transfer; may be null.
  std::shared_ptr<const ReadyHead> last_head_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_CURL_TRANSPORT_H_
