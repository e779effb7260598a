#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gemini/call_options.h"
#include "gemini/client_options.h"
#include "gemini/sink.h"
#include "providers/gemini.h"

namespace gemini {
namespace {

absl::Status Bad(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

absl::Status CheckPositive(absl::string_view field, absl::Duration value) {
  if (value > absl::ZeroDuration()) return absl::OkStatus();
  return Bad(field, absl::StrCat("must be positive, is ",
                                 absl::FormatDuration(value)));
}

absl::Status CheckPositive(absl::string_view field, int64_t value) {
  if (value > 0) return absl::OkStatus();
  return Bad(field, absl::StrCat("must be positive, is ", value));
}

// The first that is not OK.
absl::Status First(std::initializer_list<absl::Status> statuses) {
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckCount(absl::string_view field, int value) {
  if (value >= 0 && value <= 100) return absl::OkStatus();
  return Bad(field, absl::StrCat("must be from 0 to 100, is ", value));
}

}  // namespace

absl::Status Validate(const RetryOptions& options) {
  return First({
      CheckCount("retry.max_retries", options.max_retries),
      CheckCount("retry.max_ambiguous_retries", options.max_ambiguous_retries),
      CheckPositive("retry.backoff", options.backoff),
      CheckPositive("retry.throttled_backoff", options.throttled_backoff),
      CheckPositive("retry.max_backoff", options.max_backoff),
  });
}

absl::Status Validate(const TimeLimits& limits) {
  return First({
      CheckPositive("time_limits.connect", limits.connect),
      CheckPositive("time_limits.stall", limits.stall),
      CheckPositive("time_limits.attempt", limits.attempt),
      CheckPositive("time_limits.call", limits.call),
  });
}

absl::Status Validate(const RateLimits& limits) {
  return First({
      CheckPositive("rate_limits.requests_per_minute",
                    limits.requests_per_minute.value_or(1)),
      CheckPositive("rate_limits.images_per_minute",
                    limits.images_per_minute.value_or(1)),
      CheckPositive("rate_limits.input_tokens_per_minute",
                    limits.input_tokens_per_minute.value_or(1)),
      CheckPositive("rate_limits.requests_per_day",
                    limits.requests_per_day.value_or(1)),
  });
}

absl::Status Validate(const Sink& sink) {
  if (const auto* file = std::get_if<FileSink>(&sink)) {
    if (file->path.empty() && !file->choose_name) {
      return Bad("sink.path", "names no file");
    }
    if (!file->choose_name && file->path.back() == '/') {
      return Bad("sink.path", "is a directory: name a file in it");
    }
  } else if (const auto* callback = std::get_if<CallbackSink>(&sink)) {
    if (callback->receiver == nullptr) return Bad("sink.receiver", "is null");
  }
  return absl::OkStatus();
}

absl::Status Validate(const CallOptions& options) {
  absl::Status status = absl::OkStatus();
  if (options.model.has_value()) {
    status = internal::ValidateModelId(*options.model);
  }
  if (status.ok() && options.retry.has_value()) {
    status = Validate(*options.retry);
  }
  if (status.ok() && options.timeout.has_value()) {
    status = CheckPositive("timeout", *options.timeout);
  }
  if (status.ok()) status = Validate(options.sink);
  return status;
}

absl::Status Validate(const ClientOptions& options) {
  absl::Status status = First({
      Validate(options.retry),
      Validate(options.time_limits),
      Validate(options.rate_limits),
      CheckPositive("max_calls", options.max_calls),
      CheckPositive("max_input_bytes", options.max_input_bytes),
      CheckPositive("max_response_bytes", options.max_response_bytes),
  });
  if (status.ok() && options.max_connections_per_host < 0) {
    status = Bad("max_connections_per_host", "must not be negative");
  }
  if (status.ok() && options.credentials.size() > 100) {
    status = Bad("credentials", "at most 100 are taken");
  }
  if (status.ok() && !options.credentials.empty() && !options.api_key.empty()) {
    status = Bad("credentials", "api_key is set too: put it among them");
  }
  if (status.ok() && !options.model.empty()) {
    status = internal::ValidateModelId(options.model);
  }
  if (status.ok() && options.api_version != "v1" &&
      options.api_version != "v1beta") {
    status = Bad("api_version", "must be \"v1beta\" or \"v1\"");
  }
  return status;
}

}  // namespace gemini
