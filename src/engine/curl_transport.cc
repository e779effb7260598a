#include "engine/curl_transport.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini::internal {

namespace {

constexpr size_t kMaxHeaders = 256;
constexpr size_t kMaxHeaderBytes = 16 << 10;

constexpr char kBrokeBeforeAnswer[] = "the connection broke before the answer";

// Of all heads and trailers of a transfer: libcurl keeps them. As much as it
// takes in heads; before 8.14 it does not bound the trailers of HTTP/1.1.
constexpr size_t kMaxHeadBytes = 300 << 10;

}  // namespace

// One exchange, and what libcurl calls while it runs.
struct CurlTransport::Transfer {
  static size_t OnRead(char* out, size_t size, size_t count, void* user);
  static int OnConnected(void* user, char*, char*, int, int);
  static size_t OnHeaderLine(char* data, size_t size, size_t count, void* user);
  static size_t OnBody(char* data, size_t size, size_t count, void* user);
  static int OnResolve(void* resolver, void* reserved, void* user);
  static curl_socket_t OnOpenSocket(void* user, curlsocktype,
                                    curl_sockaddr* address);

  bool RefusesRepetition();
  void CountSent();
  void AddHeader(absl::string_view line);
  void TellHead();

  void BeginConnecting() {
    if (!connecting_since.has_value()) {
      connecting_since = transport->loop_->Now();
    }
  }

  CurlTransport* transport = nullptr;
  TransferId id = 0;
  CURL* easy() const { return handle->easy.get(); }
  char* error() const { return handle->error; }

  // Bytes of the request that went out.
  int64_t request_bytes() const {
    long bytes = 0;
    curl_easy_getinfo(easy(), CURLINFO_REQUEST_SIZE, &bytes);
    return bytes;
  }

  // Of the head that arrives; 0 before its first line.
  int status() const {
    long status = 0;
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  std::unique_ptr<Handle> handle;  // Null: it cannot be had.
  HttpRequest request;             // Without what libcurl holds already.
  int64_t body_size = 0;
  std::string small_body;  // Sent with the head, if it is not empty.
  TransferLimits limits;
  ResponseReader* reader = nullptr;
  DoneFunction done;

  absl::Time started;
  std::optional<absl::Time> connecting_since;  // Absent: stands in line.
  absl::Time last_data;
  HttpHeaders headers;
  size_t head_bytes = 0;  // With trailers.
  bool head_done = false;
  bool head_told = false;
  bool connected = false;
  bool took_existing_connection = false;
  int64_t bytes_before = 0;  // That went out for a tunnel.
  bool was_sent = false;     // For certain, or so far that it may have arrived.
  bool paused = false;
  std::optional<TransferEnd> verdict;  // Ours, before libcurl's.
  TransferResult result;

  // The first of the limits that hold now, and how it would end it.
  std::pair<absl::Time, TransferEnd> FirstLimit() const;

  absl::Time connect_by;
  std::optional<EventLoop::TimerId> timer;  // Not later than FirstLimit().
};

std::pair<absl::Time, TransferEnd> CurlTransport::Transfer::FirstLimit() const {
  std::pair<absl::Time, TransferEnd> first(limits.give_up_at,
                                           TransferEnd::kAttemptTimeout);
  if (!connected && connect_by < first.first) {
    first = {connect_by, TransferEnd::kConnectTimeout};
  }
  if (result.time_to_first_byte.has_value() &&
      last_data + limits.stall < first.first) {
    first = {last_data + limits.stall, TransferEnd::kStalled};
  }
  return first;
}

size_t CurlTransport::Transfer::OnRead(char* out, size_t size, size_t count,
                                       void* user) {
  auto* transfer = static_cast<Handle*>(user)->transfer;
  const size_t n = transfer->request.body->Read(out, size * count);
  transfer->result.bytes_sent += static_cast<int64_t>(n);
  return n;
}

// If libcurl is about to repeat it, having forgotten how much of it went out.
// docs/adr/0003
bool CurlTransport::Transfer::RefusesRepetition() {
  if (!connected || request_bytes() == bytes_before) return false;
  was_sent = true;
  verdict = TransferEnd::kLost;
  result.error = kBrokeBeforeAnswer;
  return true;
}

// Until it is connected libcurl tells what was sent for the last transfer.
void CurlTransport::Transfer::CountSent() {
  const int64_t bytes = request_bytes() - bytes_before;
  if (!small_body.empty()) {
    curl_off_t sent = 0;
    curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &sent);
    // Of what stands in line to be repeated libcurl has forgotten it.
    was_sent = was_sent || (sent == 0 && bytes >= body_size);
    result.bytes_sent = was_sent ? body_size : sent;
  }
  // A service cannot act on a body of which a part is missing.
  result.request_sent =
      body_size == 0 ? was_sent || bytes > 0 : result.bytes_sent >= body_size;
}

// The connection stands and the request is about to be sent.
int CurlTransport::Transfer::OnConnected(void* user, char*, char*, int, int) {
  auto* transfer = static_cast<Handle*>(user)->transfer;
  if (transfer->RefusesRepetition()) return CURL_PREREQFUNC_ABORT;
  long made = 0;
  curl_easy_getinfo(transfer->easy(), CURLINFO_NUM_CONNECTS, &made);
  transfer->took_existing_connection = made == 0;
  if (!transfer->connected) ++transfer->transport->connected_;
  transfer->connected = true;
  transfer->bytes_before = transfer->request_bytes();
  transfer->verdict.reset();  // Of another address, which had no socket.
  transfer->result.error.clear();
  if (transfer->request.on_under_way) transfer->request.on_under_way();
  return CURL_PREREQFUNC_OK;
}

// One line of a head, or of a trailer.
size_t CurlTransport::Transfer::OnHeaderLine(char* data, size_t size,
                                             size_t count, void* user) {
  auto* transfer = static_cast<Handle*>(user)->transfer;
  const size_t n = size * count;
  transfer->head_bytes += n;
  if (transfer->head_bytes > kMaxHeadBytes) {
    transfer->verdict = TransferEnd::kHeadTooLarge;
    return 0;
  }
  if (transfer->head_done || n == 0) return n;
  const absl::string_view line(data, n);
  if (line[0] == '\r' || line[0] == '\n') {
    transfer->head_done = transfer->status() >= 200;
    if (!transfer->head_done) transfer->headers.clear();  // It was interim.
  } else if (transfer->status() / 100 != 2 ||
             transfer->transport->options_.accept_compression) {
    transfer->AddHeader(line);
  }
  return n;
}

void CurlTransport::Transfer::AddHeader(absl::string_view line) {
  if (absl::StartsWith(line, "HTTP/")) return;  // The first one.
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || line.size() > kMaxHeaderBytes ||
      headers.size() >= kMaxHeaders) {
    return;
  }
  headers.emplace_back(
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(line.substr(0, colon))),
      std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
}

void CurlTransport::Transfer::TellHead() {
  if (head_told) return;
  head_told = true;
  head_done = true;
  ResponseHead head;
  head.http_status = status();
  curl_off_t size = -1;
  curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
  if (size >= 0 && FindHeader(headers, "content-encoding").empty()) {
    head.body_size = size;
  }
  if (!head.is_success()) head.headers = std::move(headers);
  reader->OnHead(std::move(head));
}

size_t CurlTransport::Transfer::OnBody(char* data, size_t size, size_t count,
                                       void* user) {
  auto* transfer = static_cast<Handle*>(user)->transfer;
  const size_t n = size * count;
  const absl::Time now = transfer->transport->loop_->Now();
  transfer->last_data = now;
  transfer->paused = false;
  if (!transfer->result.time_to_first_byte.has_value()) {
    transfer->result.time_to_first_byte = now - transfer->started;
    transfer->transport->WatchLimits(transfer);
    transfer->TellHead();
  }
  const int64_t received =
      transfer->result.bytes_received + static_cast<int64_t>(n);
  if (received > transfer->transport->options_.max_response_bytes) {
    transfer->verdict = TransferEnd::kTooLarge;
    return 0;
  }
  switch (transfer->reader->OnData(absl::string_view(data, n))) {
    case ResponseReader::Flow::kContinue:
      break;
    case ResponseReader::Flow::kStop:
      transfer->verdict = TransferEnd::kStoppedByReader;
      return 0;
    case ResponseReader::Flow::kPause:
      transfer->paused = true;
      return CURL_WRITEFUNC_PAUSE;
  }
  transfer->result.bytes_received = received;
  return n;
}

int CurlTransport::Transfer::OnResolve(void*, void*, void* user) {
  auto* transfer = static_cast<Handle*>(user)->transfer;
  if (transfer->RefusesRepetition()) return 1;
  transfer->BeginConnecting();
  return 0;
}

// Opens sockets as libcurl does, but notices why it fails.
curl_socket_t CurlTransport::Transfer::OnOpenSocket(void* user, curlsocktype,
                                                    curl_sockaddr* address) {
  auto* transfer = static_cast<Handle*>(user)->transfer;
  if (transfer->RefusesRepetition()) return CURL_SOCKET_BAD;
  transfer->BeginConnecting();
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                        address->protocol);
  if (fd >= 0) {
    transfer->transport->loop_->Unwatch(fd);  // Whoever had that number.
    transfer->transport->sockets_.insert(fd);
    return fd;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
      errno == ENOMEM) {
    transfer->verdict = TransferEnd::kLocalResource;
    transfer->result.error =
        absl::StrCat("cannot open a socket: ", std::strerror(errno));
  }
  return CURL_SOCKET_BAD;
}

namespace {

TransferEnd EndFor(CURLcode code, bool connected) {
  switch (code) {
    case CURLE_OK:
      return TransferEnd::kComplete;
    case CURLE_FILESIZE_EXCEEDED:  // Announced, or more than any number.
      return TransferEnd::kTooLarge;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? TransferEnd::kAttemptTimeout
                       : TransferEnd::kConnectTimeout;
    case CURLE_BAD_CONTENT_ENCODING:
      return TransferEnd::kStoppedByReader;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return TransferEnd::kTlsUntrusted;
    case CURLE_OUT_OF_MEMORY:
      return TransferEnd::kLocalResource;
    default:
      break;
  }
  if (!connected) return TransferEnd::kCannotConnect;
  switch (code) {
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return TransferEnd::kLost;
    // What answered does not speak HTTP.
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return TransferEnd::kStoppedByReader;
    default:
      return TransferEnd::kOther;
  }
}

// A few transfers get large buffers for speed, thousands get small ones.
long ReceiveBufferBytes(size_t in_flight) {
  if (in_flight <= 8) return 256L << 10;
  if (in_flight <= 64) return 128L << 10;
  if (in_flight <= 256) return 16L << 10;
  return 14L << 10;
}

// As small as libcurl allows where a body is: every transfer has one.
constexpr long kSmallSendBuffer = 16L << 10;

// Of a body that is held until it is sent, and goes out in one piece with the
// head.
constexpr int64_t kSmallBody = 16 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<CurlTransport>> CurlTransport::Create(
    EventLoop* loop, CurlOptions options) {
  // Counted by libcurl and thread-safe there; a host may have done it already.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return absl::ResourceExhaustedError("libcurl cannot be initialised");
  }
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  if ((info->features & CURL_VERSION_ASYNCHDNS) == 0) {
    return absl::FailedPreconditionError(
        "this libcurl looks up host names synchronously, which would hold up "
        "every call: use one built with the threaded resolver or c-ares");
  }
  if ((info->features & CURL_VERSION_LIBZ) == 0) {
    options.accept_compression = false;
  }
  CURLM* multi = curl_multi_init();
  if (multi == nullptr) {
    return absl::ResourceExhaustedError("libcurl has no memory");
  }
  // Of one thread only, so that it needs no locks.
  CURLSH* share = curl_share_init();
  if (share == nullptr) {
    curl_multi_cleanup(multi);
    return absl::ResourceExhaustedError("libcurl has no memory");
  }
  return std::unique_ptr<CurlTransport>(
      new CurlTransport(loop, std::move(options), multi, share));
}

CurlTransport::CurlTransport(EventLoop* loop, CurlOptions options, CURLM* multi,
                             CURLSH* share)
    : loop_(loop), options_(std::move(options)), multi_(multi), share_(share) {
  // Else each easy handle has a cache of its own, and there is one a transfer.
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options_.max_connections_per_host));
}

CurlTransport::~CurlTransport() {
  // The loop is gone, and its functions with it.
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  for (const auto& [id, transfer] : transfers_) {
    if (transfer->handle == nullptr) continue;
    curl_multi_remove_handle(multi_, transfer->easy());
  }
  transfers_.clear();
  spare_.reset();
  curl_multi_cleanup(multi_);
  curl_share_cleanup(share_);
}

CurlTransport::TransferId CurlTransport::Start(HttpRequest request,
                                               const TransferLimits& limits,
                                               ResponseReader* reader,
                                               DoneFunction done) {
  auto owned = std::make_unique<Transfer>();
  Transfer* transfer = owned.get();
  const TransferId id = next_id_++;
  transfer->id = id;
  transfer->transport = this;
  transfer->request = std::move(request);
  transfer->limits = limits;
  transfer->reader = reader;
  transfer->done = std::move(done);
  transfer->started = loop_->Now();
  transfers_.emplace(id, std::move(owned));
  transfer->handle =
      NewHandle(std::max(transfers_.size(), transfer->request.in_view));

  if (transfer->handle == nullptr || !SetUp(transfer)) {
    transfer->handle.reset();
    loop_->Post([this, id] {
      End(id, TransferEnd::kLocalResource, "libcurl has no memory");
    });
    return id;
  }
  transfer->connect_by = transfer->started + limits.connect;
  WatchLimits(transfer);
  curl_multi_add_handle(multi_, transfer->easy());
  return id;
}

std::unique_ptr<CurlTransport::Handle> CurlTransport::NewHandle(
    size_t in_flight) {
  const long buffer_bytes = ReceiveBufferBytes(in_flight);
  if (spare_ != nullptr && spare_->buffer_bytes == buffer_bytes) {
    return std::move(spare_);
  }
  spare_.reset();
  auto handle = std::make_unique<Handle>();
  handle->easy.reset(curl_easy_init());
  handle->buffer_bytes = buffer_bytes;
  if (handle->easy == nullptr || !SetUpHandle(handle.get())) return nullptr;
  return handle;
}

// Keeps the handle of the last transfer for the next one.
void CurlTransport::Recycle(Transfer* transfer) {
  if (!transfers_.empty()) return;
  spare_ = std::move(transfer->handle);
  spare_->transfer = nullptr;
}

namespace {

// Options that this libcurl was built without are not worth failing for.
template <typename Value>
bool Set(CURL* easy, CURLoption option, Value value) {
  return curl_easy_setopt(easy, option, value) != CURLE_OUT_OF_MEMORY;
}

}  // namespace

// What is the same for all transfers.
bool CurlTransport::SetUpHandle(Handle* handle) {
  bool ok = true;
  auto set = [easy = handle->easy.get(), &ok](CURLoption option, auto value) {
    ok = ok && Set(easy, option, value);
  };
  set(CURLOPT_BUFFERSIZE, handle->buffer_bytes);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_MAXFILESIZE_LARGE,
      static_cast<curl_off_t>(options_.max_response_bytes));
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // Our own timer is the limit; libcurl's would fire after 300 s.
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(INT_MAX / 1000));
  set(CURLOPT_SHARE, share_);
  if (!options_.ca_file.empty()) {
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
  }
  set(CURLOPT_UPLOAD_BUFFERSIZE, kSmallSendBuffer);
  set(CURLOPT_READFUNCTION, &Transfer::OnRead);
  set(CURLOPT_PREREQFUNCTION, &Transfer::OnConnected);
  set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeaderLine);
  set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  set(CURLOPT_RESOLVER_START_FUNCTION, &Transfer::OnResolve);
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OnOpenSocket);
  set(CURLOPT_CLOSESOCKETFUNCTION, &OnCloseSocket);
  set(CURLOPT_CLOSESOCKETDATA, this);
  set(CURLOPT_ERRORBUFFER, handle->error);
  set(CURLOPT_PRIVATE, handle);
  set(CURLOPT_READDATA, handle);
  set(CURLOPT_PREREQDATA, handle);
  set(CURLOPT_HEADERDATA, handle);
  set(CURLOPT_WRITEDATA, handle);
  set(CURLOPT_RESOLVER_START_DATA, handle);
  set(CURLOPT_OPENSOCKETDATA, handle);
  return ok;
}

bool CurlTransport::RequestKind::operator==(const RequestKind& other) const {
  return is_https == other.is_https && may_pause == other.may_pause &&
         never_proxy == other.never_proxy && body == other.body;
}

// What is the same for all requests of a kind.
bool CurlTransport::SetKind(Handle* handle, const RequestKind& kind) {
  if (handle->kind == kind) return true;
  handle->kind = kind;
  bool ok = true;
  auto set = [easy = handle->easy.get(), &ok](CURLoption option, auto value) {
    ok = ok && Set(easy, option, value);
  };
  // docs/adr/0008
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(kind.may_pause ? CURL_HTTP_VERSION_1_1
                                       : CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_PIPEWAIT, kind.is_https ? 1L : 0L);
  // While a transfer is paused libcurl keeps what it unpacks, without a bound.
  set(CURLOPT_ACCEPT_ENCODING,
      options_.accept_compression && !kind.may_pause ? "gzip" : nullptr);
  const char* proxy = options_.proxy.empty() ? nullptr : options_.proxy.c_str();
  set(CURLOPT_PROXY, proxy);
  // Nor does libcurl look for one in the environment then.
  set(CURLOPT_NOPROXY, kind.never_proxy ? "*" : nullptr);
  // Before the method, which it would change. The last request's, which is
  // gone, may still be set.
  if (kind.body != BodyKind::kSmall) set(CURLOPT_POSTFIELDS, nullptr);
  set(kind.body == BodyKind::kNone ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
  return ok;
}

// Made for it, and closed after it: kept ones that are not used again would
// take descriptors.
bool CurlTransport::SetOwnConnection(Handle* handle, bool own) {
  if (handle->has_own_connection == own) return true;
  handle->has_own_connection = own;
  const long wanted = own ? 1 : 0;
  return Set(handle->easy.get(), CURLOPT_FRESH_CONNECT, wanted) &&
         Set(handle->easy.get(), CURLOPT_FORBID_REUSE, wanted);
}

bool CurlTransport::SetUp(Transfer* transfer) {
  Handle* handle = transfer->handle.get();
  handle->transfer = transfer;
  transfer->error()[0] = '\0';
  BodySource* body = transfer->request.body.get();
  if (body != nullptr) transfer->body_size = body->size();
  BodyKind body_kind = BodyKind::kNone;
  if (body != nullptr) {
    body_kind =
        transfer->body_size <= kSmallBody ? BodyKind::kSmall : BodyKind::kLarge;
  }
  std::shared_ptr<const ReadyHead> head =
      ReadyHeadFor(transfer->request, body_kind == BodyKind::kLarge);
  if (head == nullptr) return false;
  const RequestKind kind = {head->is_https, transfer->request.may_pause,
                            transfer->request.never_proxy, body_kind};
  bool ok =
      SetHead(handle, std::move(head)) && SetKind(handle, kind) &&
      SetOwnConnection(handle, NeedsOwnConnection(kind, transfer->started));
  auto set = [easy = transfer->easy(), &ok](CURLoption option, auto value) {
    ok = ok && Set(easy, option, value);
  };
  if (body != nullptr) {
    set(CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(transfer->body_size));
  }
  if (body_kind == BodyKind::kSmall) {
    transfer->small_body.resize(static_cast<size_t>(transfer->body_size));
    body->Read(&transfer->small_body[0], transfer->small_body.size());
    transfer->request.body.reset();
    set(CURLOPT_POSTFIELDS, transfer->small_body.data());
  }
  return ok;
}

namespace {

// What a request is sent with of `url`, which loses it. libcurl would copy and
// encode it for each transfer, byte by byte. Empty: left where it is.
std::string TakeTarget(CURLU* url) {
  std::string target;
  char* part = nullptr;
  if (curl_url_get(url, CURLUPART_PATH, &part, CURLU_URLENCODE) != CURLUE_OK) {
    return "";
  }
  target = part;
  curl_free(part);
  const CURLUcode query = curl_url_get(url, CURLUPART_QUERY, &part, 0);
  if (query == CURLUE_OK) {
    absl::StrAppend(&target, "?", part);
    curl_free(part);
  } else if (query != CURLUE_NO_QUERY) {
    return "";
  }
  if (curl_url_set(url, CURLUPART_PATH, "/", 0) != CURLUE_OK ||
      curl_url_set(url, CURLUPART_QUERY, nullptr, 0) != CURLUE_OK) {
    return "";
  }
  return target;
}

}  // namespace

// Parsing it and printing it anew for each transfer is a tenth of what libcurl
// does for a small one; most begin as the last one did.
std::shared_ptr<const CurlTransport::ReadyHead> CurlTransport::ReadyHeadFor(
    const HttpRequest& request, bool has_large_body) {
  const std::shared_ptr<const HttpHead>& head = request.head;
  if (last_head_ != nullptr && last_head_->head == head &&
      last_head_->never_proxy == request.never_proxy &&
      last_head_->has_large_body == has_large_body) {
    return last_head_;
  }
  auto ready = std::make_shared<ReadyHead>();
  ready->is_https = absl::StartsWithIgnoreCase(head->url, "https:");
  const auto add = [](HeaderList* list, const char* line) {
    curl_slist* longer = curl_slist_append(list->get(), line);
    if (longer == nullptr) return false;
    static_cast<void>(list->release());  // It is the longer one's.
    list->reset(longer);
    return true;
  };
  bool ok = true;
  for (const auto& [name, value] : head->headers) {
    const std::string line = absl::StrCat(name, ": ", value);
    ok = ok && add(&ready->headers, line.c_str());
    // Without a tunnel a proxy sees the headers of the request, and would see
    // both.
    if (ready->is_https && name == "User-Agent") {
      ok = ok && add(&ready->proxy_headers, line.c_str());
    }
  }
  // No "100-continue".
  if (has_large_body) ok = ok && add(&ready->headers, "Expect:");
  if (!ok) return nullptr;
  ready->url.reset(curl_url());
  if (curl_url_set(ready->url.get(), CURLUPART_URL, head->url.c_str(), 0) !=
      CURLUE_OK) {
    ready->url.reset();
  } else if (ready->is_https || request.never_proxy) {
    // Not for a proxy, which is to be told all of it.
    ready->target = TakeTarget(ready->url.get());
  }
  ready->never_proxy = request.never_proxy;
  ready->has_large_body = has_large_body;
  ready->head = head;
  last_head_ = std::move(ready);
  return last_head_;
}

bool CurlTransport::SetHead(Handle* handle,
                            std::shared_ptr<const ReadyHead> head) {
  if (handle->head == head) return true;
  CURL* easy = handle->easy.get();
  // What it cannot parse libcurl is to tell what it misses.
  const bool ok =
      Set(easy, CURLOPT_CURLU, head->url.get()) &&
      Set(easy, CURLOPT_URL,
          head->url == nullptr ? head->head->url.c_str() : nullptr) &&
      Set(easy, CURLOPT_REQUEST_TARGET,
          head->target.empty() ? nullptr : head->target.c_str()) &&
      Set(easy, CURLOPT_HTTPHEADER, head->headers.get()) &&
      Set(easy, CURLOPT_PROXYHEADER, head->proxy_headers.get());
  // Not before libcurl has let go of the last one; if it has not, the handle
  // goes too.
  handle->head = std::move(head);
  return ok;
}

// Those that requests share tell when they end, and libcurl heeds it. Whether
// they do is known from the last answer to one that may.
bool CurlTransport::MayMultiplex(const RequestKind& kind) const {
  return kind.is_https && !kind.may_pause && multiplexes_;
}

bool CurlTransport::NeedsOwnConnection(const RequestKind& kind,
                                       absl::Time now) const {
  return !trust_.MayReuse(now) && !MayMultiplex(kind);
}

void CurlTransport::LearnOfConnection(const Transfer& transfer,
                                      TransferEnd end) {
  const RequestKind& kind = *transfer.handle->kind;
  if (end == TransferEnd::kComplete && kind.is_https && !kind.may_pause) {
    long version = 0;
    curl_easy_getinfo(transfer.easy(), CURLINFO_HTTP_VERSION, &version);
    multiplexes_ = version >= CURL_HTTP_VERSION_2_0;
  }
  if (!transfer.took_existing_connection || MayMultiplex(kind)) return;
  if (end == TransferEnd::kComplete) {
    trust_.OnHeld(transfer.last_data);
    return;
  }
  const absl::Time now = loop_->Now();
  if (end == TransferEnd::kLost && transfer.head_bytes == 0 &&
      trust_.MayReuse(now)) {
    trust_.OnBroke(now);
    // Also for those that stand in line in libcurl.
    for (const auto& [id, other] : transfers_) {
      if (other->connected || other->handle == nullptr) continue;
      SetOwnConnection(other->handle.get(),
                       NeedsOwnConnection(*other->handle->kind, now));
    }
  }
}

void CurlTransport::Resume(TransferId id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end() || !found->second->paused) return;
  Transfer* transfer = found->second.get();
  transfer->last_data = loop_->Now();
  // Calls OnBody() in here.
  const CURLcode code = curl_easy_pause(transfer->easy(), CURLPAUSE_CONT);
  if (code == CURLE_OK) return;
  End(id, transfer->verdict.value_or(TransferEnd::kOther),
      curl_easy_strerror(code));
}

void CurlTransport::Cancel(TransferId id) {
  End(id, TransferEnd::kCancelled, "cancelled");
}

int CurlTransport::OnSocket(CURL* /*easy*/, curl_socket_t fd, int what,
                            void* transport, void* /*socket*/) {
  auto* self = static_cast<CurlTransport*>(transport);
  if (what == CURL_POLL_REMOVE) {
    if (self->sockets_.contains(fd)) {
      self->loop_->Rest(fd);
    } else {
      self->loop_->Unwatch(fd);
    }
    return 0;
  }
  const uint32_t events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) |
                          ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  const absl::Status watched = self->loop_->Watch(fd, events, self);
  // An error here would end every transfer of the multi handle; unwatched, this
  // one ends by its time limits.
  watched.IgnoreError();
  return 0;
}

void CurlTransport::OnSocketReady(int fd, uint32_t epoll_events) {
  int action = 0;
  if ((epoll_events & EPOLLIN) != 0) action |= CURL_CSELECT_IN;
  if ((epoll_events & EPOLLOUT) != 0) action |= CURL_CSELECT_OUT;
  if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) action |= CURL_CSELECT_ERR;
  Act(fd, action);
}

int CurlTransport::OnCloseSocket(void* transport, curl_socket_t fd) {
  auto* self = static_cast<CurlTransport*>(transport);
  self->loop_->Unwatch(fd);
  self->sockets_.erase(fd);
  return close(fd);
}

int CurlTransport::OnTimeout(CURLM* /*multi*/, long timeout_ms,
                             void* transport) {
  auto* self = static_cast<CurlTransport*>(transport);
  if (timeout_ms < 0) {
    self->loop_->ClearRealTimer();
  } else {
    self->loop_->SetRealTimer(absl::Milliseconds(timeout_ms), self);
  }
  return 0;
}

void CurlTransport::OnRealTimer() { Act(CURL_SOCKET_TIMEOUT, 0); }

void CurlTransport::Act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  CollectFinished();
}

// Which libcurl noticed: it takes lines up to 100 KiB, and up to 4 KiB in
// trailers, whose buffer is "out of memory" beyond that, and as much in all as
// we do.
bool CurlTransport::IsHeadTooLarge(const Transfer& transfer, CURLcode code) {
  if (absl::StartsWith(transfer.error(), "Too large response headers") ||
      absl::StartsWith(transfer.error(), "Out of memory in chunked-encoding")) {
    return true;
  }
  curl_off_t first_byte = 0;
  curl_easy_getinfo(transfer.easy(), CURLINFO_STARTTRANSFER_TIME_T,
                    &first_byte);
  // Newer ones say CURLE_TOO_LARGE.
  constexpr int kTooLarge = 100;
  return first_byte > 0 &&
         (static_cast<int>(code) == kTooLarge ||
          (code == CURLE_OUT_OF_MEMORY && !transfer.head_done));
}

void CurlTransport::CollectFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Handle* handle = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle);
    Transfer* transfer = handle->transfer;
    TransferEnd end =
        transfer->verdict.value_or(EndFor(code, transfer->connected));
    if (end == TransferEnd::kTooLarge) {
      transfer->verdict = end;  // Which tells more than libcurl's words.
      // It goes no further than to the line that announces it.
      transfer->head_done = true;
    }
    if (!transfer->verdict.has_value() && IsHeadTooLarge(*transfer, code)) {
      end = TransferEnd::kHeadTooLarge;
      transfer->verdict = end;  // Which tells more than libcurl's words.
    }
    // To libcurl an answer that breaks off in its head is whole.
    if (end == TransferEnd::kComplete && !transfer->head_done) {
      end = TransferEnd::kLost;
      std::strncpy(transfer->error(), "the answer broke off in its head",
                   CURL_ERROR_SIZE);
    }
    std::string error = transfer->error();
    // It wanted to repeat a body that cannot be read again.
    if (code == CURLE_SEND_FAIL_REWIND) error = kBrokeBeforeAnswer;
    if (error.empty() && code != CURLE_OK) error = curl_easy_strerror(code);
    End(transfer->id, end, error);
  }
}

// A timer that comes too early, as most do, is cheaper than one for each limit.
void CurlTransport::WatchLimits(Transfer* transfer) {
  const absl::Time when = transfer->FirstLimit().first;
  if (transfer->timer.has_value()) {
    if (transfer->timer->first <= when) return;
    loop_->CancelTimer(*transfer->timer);
  }
  const TransferId id = transfer->id;
  transfer->timer = loop_->AddTimer(when, [this, id] { OnTimer(id); });
}

void CurlTransport::OnTimer(TransferId id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  Transfer* transfer = found->second.get();
  transfer->timer.reset();
  const absl::Time now = loop_->Now();
  const auto [limit, end] = transfer->FirstLimit();
  if (limit <= now) {
    switch (end) {
      case TransferEnd::kConnectTimeout:
        // Who stands in line for a connection that others use is not
        // connecting.
        if (transfer->connecting_since.has_value()) {
          transfer->connect_by =
              *transfer->connecting_since + transfer->limits.connect;
        } else if (connected_ > 0) {
          transfer->connect_by = now + transfer->limits.connect;
        }
        if (transfer->connect_by > now) break;
        End(id, end, "connecting took too long");
        return;
      case TransferEnd::kStalled:
        if (transfer->paused) {
          transfer->last_data = now;
          break;
        }
        End(id, end, "the answer stopped arriving");
        return;
      default:
        End(id, end, "the attempt took too long");
        return;
    }
  }
  WatchLimits(transfer);
}

void CurlTransport::End(TransferId id, TransferEnd end,
                        absl::string_view error) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  transfers_.erase(found);
  if (transfer->connected) --connected_;
  if (transfer->timer.has_value()) loop_->CancelTimer(*transfer->timer);
  TransferResult& result = transfer->result;
  result.end = end;
  // Of what we ended libcurl knows only that it could not write.
  if (end != TransferEnd::kComplete && result.error.empty() &&
      !transfer->verdict.has_value()) {
    result.error = std::string(error);
  }
  if (transfer->handle != nullptr) {
    if (transfer->head_done) transfer->TellHead();
    LearnOfConnection(*transfer, end);
    if (transfer->connected) transfer->CountSent();
    curl_multi_remove_handle(multi_, transfer->easy());
    // After a failure libcurl may have more to do with it than to reset it: it
    // would rewind a body that was to be repeated, and begin the next one so.
    if (end == TransferEnd::kComplete) Recycle(transfer.get());
  }
  std::move(transfer->done)(result);
}

}  // namespace gemini::internal
