// How a client is set up.

#ifndef GEMINI_CLIENT_OPTIONS_H_
#define GEMINI_CLIENT_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "gemini/call_options.h"
#include "gemini/diagnose.h"
#include "gemini/event.h"

namespace gemini {

// Runs a function, now or later, on a thread of its choice. Must run each
// function exactly once.
using Executor = std::function<void(absl::AnyInvocable<void() &&>)>;

// Judges an answer without a picture; nothing leaves it to the library.
using Classifier = std::function<std::optional<Diagnosis>(const FailureFacts&)>;

// A key and whose quota it uses.
struct Credential {
  std::string api_key;  // As ClientOptions::api_key.

  // A name of your choice for the Google project of the key. Quotas belong to
  // projects: keys with the same name share what is learnt of them. Empty: the
  // key is taken to have a project of its own.
  std::string project;
};

// Quotas of a project for a model that you know, for example from
// https://aistudio.google.com/rate-limit. What is absent is learnt from the
// server's refusals. What is stated is kept to exactly, and used from the start
// without feeling for it. Each must be positive.
struct RateLimits {
  // Within any 60 seconds.
  std::optional<int64_t> requests_per_minute;
  std::optional<int64_t> images_per_minute;
  std::optional<int64_t> input_tokens_per_minute;

  // Within a day, which begins at midnight Pacific time.
  std::optional<int64_t> requests_per_day;
};

struct ClientOptions {
  // The API key. Empty: taken from the environment (GOOGLE_API_KEY before
  // GEMINI_API_KEY, as Google's own SDKs do), then from `dotenv_path`. Any
  // text of visible ASCII without spaces is taken: key formats change.
  std::string api_key;

  // Several keys instead of one, in the order in which they are tried: at most
  // 100. If there are any, neither api_key nor the environment is looked at.
  // Of those that may send now the first is used, so that a key whose quota is
  // used up or 0 is passed over until that may have changed.
  std::vector<Credential> credentials;

  // A model id, "models/…" allowed. Empty: the recommended one (models.h).
  std::string model;

  // Where the service is: scheme, host and optionally port and path. Empty:
  // GOOGLE_GEMINI_BASE_URL from the environment or from `dotenv_path`, then
  // "https://generativelanguage.googleapis.com".
  std::string base_url;

  // "v1beta" or "v1". v1 does not take every field.
  std::string api_version = "v1beta";

  // A file of NAME=value lines to read settings from. Empty: none is read.
  std::string dotenv_path;

  RetryOptions retry;
  TimeLimits time_limits;
  RateLimits rate_limits;

  // A file through which the processes of this machine share what they learn
  // and spend of their quotas, so that they pace themselves together:
  // "sqlite:///var/lib/app/gemini.ledger". It is made when it is missing, for
  // its owner alone, and holds fingerprints of keys, never keys or prompts.
  // While it cannot be used the client goes by its own memory and says so
  // (LedgerChanged). Not for network file systems. Empty: nothing is shared.
  // A process that was forked while its parent had a ledger open cannot use one
  // (SQLite's locks are inherited, and nobody lets them go): make clients with
  // a ledger after fork() only.
  std::string ledger;

  // Bounds on what is accepted at once; a call beyond them fails at once with
  // kResourceExhausted.
  int max_calls = 10000;
  int64_t max_input_bytes = 256 << 20;  // Prompts and reference images.

  // The largest body of an answer that is accepted, in bytes; of a compressed
  // one, what it unpacks to.
  int64_t max_response_bytes = 256 << 20;

  // Connections to the service at once, from 1; 0: as many as there are calls.
  // Further requests wait for one to become free, within their limits of time
  // for the attempt and the call. Over HTTP/2 calls share connections anyhow.
  int max_connections_per_host = 0;

  // Ask for answers compressed with gzip. Saves a quarter of what crosses the
  // network and costs many times the processor time of everything else, so
  // only worth it where the network is the narrow place. Not done for calls
  // with a file or a receiver: while those make a transfer wait, what has
  // arrived would be unpacked without a bound.
  bool accept_compression = false;

  // Hosts, besides loopback, to which plain http is allowed. The key crosses
  // the network in the clear.
  std::vector<std::string> plain_http_hosts;

  // A file of trusted CA certificates in PEM, instead of the system's.
  std::string ca_file;

  // A proxy as libcurl takes it ("http://host:3128"). Empty: as the environment
  // says (https_proxy, no_proxy); never for loopback.
  std::string proxy;

  // Where completion functions run. Empty: on the client's callback thread.
  Executor executor;

  // Sees every answer without a picture before the library judges it; its
  // diagnosis is taken as it is. Must not block: all transfers wait
  // for it. Empty: the library judges alone.
  Classifier classifier;

  // Told about every attempt, wait and end. Empty: nobody is.
  EventFunction on_event;
};

// Return OK, or kInvalidArgument that names the first field at fault.
absl::Status Validate(const RateLimits& limits);
absl::Status Validate(const ClientOptions& options);

}  // namespace gemini

#endif  // GEMINI_CLIENT_OPTIONS_H_
