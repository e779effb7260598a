// Why an attempt failed, as finely as anybody acts on it.

#ifndef GEMINI_DIAGNOSIS_H_
#define GEMINI_DIAGNOSIS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gemini {

// What went wrong. The cause alone decides what the library does next; the
// table that does so is in docs/errors.md.
//
// New causes may be added: a `switch` over them needs a `default`.
enum class Cause {
  kUnknown,          // An answer that fits no other cause.
  kRateLimited,      // A quota per minute (or other short window) is used up.
  kDailyQuota,       // A quota per day is used up.
  kZeroQuota,        // The limit is 0: waiting never helps.
  kSpendRate,        // Spending per 10 minutes is capped.
  kBilling,          // Credit gone, monthly spend cap, billing switched off.
  kOverloaded,       // The model has no capacity: 503, some 429s.
  kTransient,        // Failed before the request was processed: 500, refused.
  kAmbiguous,        // Lost after the request was sent: maybe billed.
  kCredential,       // Key invalid, blocked, expired, API disabled, location;
                     // or the server's certificate is not to be trusted.
  kModelNotFound,    // No such model, or shut down.
  kInvalidRequest,   // The request itself is at fault.
  kRefused,          // Refused by a safety or policy filter.
  kNoImage,          // A good answer without a picture.
  kTokenLimit,       // The answer ended at a token limit before a picture.
  kBadResponse,      // Cut off, not JSON, bad base64, wrong magic, too large.
  kLocalResource,    // This machine ran out: descriptors, memory.
  kDeadlineExceeded  // The call's own deadline passed before an attempt.
};

// A stable lower-case name such as "rate_limited", for logs and dashboards.
absl::string_view CauseName(Cause cause);

// The period after which a quota is given anew.
enum class QuotaWindow { kUnknown, kMinute, kTenMinutes, kHour, kDay, kMonth };

// What a quota counts.
enum class QuotaUnit {
  kUnknown,
  kRequests,
  kInputTokens,
  kOutputTokens,
  kTokens,  // Input and output together, or the name does not tell.
  kImages,
  kSpend,
  kBytes
};

// The tier of the project for which a quota is defined, where its name says so.
enum class QuotaTier { kUnknown, kFree, kPaid, kTier1, kTier2, kTier3 };

// Where a limit was read.
enum class LimitSource { kNone, kQuotaValue, kMessage };

// Stable lower-case names: "minute", "input_tokens", "free", "quotaValue".
absl::string_view QuotaWindowName(QuotaWindow window);
absl::string_view QuotaUnitName(QuotaUnit unit);
absl::string_view QuotaTierName(QuotaTier tier);
absl::string_view LimitSourceName(LimitSource source);

// One quota that the server says was exceeded: a violation of
// google.rpc.QuotaFailure, completed from the message's text.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
struct QuotaViolation {
  std::string metric;    // "generativelanguage.googleapis.com/…"
  std::string quota_id;  // "GenerateRequestsPerDayPerProjectPerModel-FreeTier"

  // The model whose quota it is: often not the one that was asked for (quota of
  // gemini-2.5-flash-image is kept as gemini-2.5-flash-preview-image). Empty
  // where the server does not say.
  std::string model;
  std::string location;  // "global", a region, or empty.

  // The limit; absent when it is stated nowhere, which does not mean 0.
  std::optional<int64_t> limit;
  LimitSource limit_source = LimitSource::kNone;
  std::optional<int64_t> future_limit;  // While a change of quota rolls out.

  QuotaWindow window = QuotaWindow::kUnknown;
  QuotaUnit unit = QuotaUnit::kUnknown;
  QuotaTier tier = QuotaTier::kUnknown;

  // The remaining fields of the protocol, as sent.
  std::string subject;
  std::string description;
  std::string api_service;
  std::map<std::string, std::string> dimensions;
};

// A field of the request that the server did not accept
// (google.rpc.BadRequest).
struct FieldViolation {
  std::string field;        // "generation_config.image_config"
  std::string description;  // The server's words.
};

// A link that the server sent with its refusal (google.rpc.Help). It may name
// the caller's project, without which a page of the console is of no use.
struct HelpLink {
  std::string description;
  std::string url;
};

// A detail of the error that has no field of its own in Diagnosis.
struct ErrorDetail {
  std::string type;  // "google.rpc.DebugInfo"
  std::string json;  // Its members, redacted, and cut if it is large.
};

// Why an attempt failed.
//
// Texts from the server are passed through the library's redaction: no keys, no
// project numbers. They may be shown and logged.
struct Diagnosis {
  Cause cause = Cause::kUnknown;

  // A stable name finer than `cause`, without personal data, for dashboards:
  // "quota_zero_free_tier", "key_invalid", "image_safety".
  std::string code;

  // What decided, for example "violations[0].quotaId contains PerDay".
  std::string evidence;

  // One line for people: the server's message or what happened here.
  std::string message;

  std::optional<int> http_status;
  std::string canonical_status;  // "RESOURCE_EXHAUSTED"; empty if not sent.
  std::string reason;            // ErrorInfo's reason, finishReason, …
  std::string request_id;        // The service's own, for support cases.

  // The model that the error is about; else the one that was asked for.
  std::string model;

  std::vector<QuotaViolation> violations;  // In the order of the body.
  std::vector<FieldViolation> field_violations;
  std::vector<HelpLink> help;
  std::vector<ErrorDetail> details;

  // The delay that the server asked for, at its finest. What to act on is
  // `retry_at`: a delay may be misleading (limit 0) or rounded down.
  std::optional<absl::Duration> retry_delay;

  // When a new attempt makes sense; absent if that is unknown or never.
  std::optional<absl::Time> retry_at;
};

// Languages in which advice is given.
enum class Language { kEnglish, kChinese };

// One thing to do about a failure.
struct AdviceStep {
  std::string text;
  std::string url;  // Empty where no page helps.
};

// What a failure means and what would cure it, for people.
struct Advice {
  std::string summary;  // What happened, in one sentence.
  std::string why;      // How that can be; empty when there is nothing to add.
  std::vector<AdviceStep> steps;
};

// Returns what to do about `diagnosis`. Times of day are given in Pacific time,
// by which Google resets daily quotas, and in `zone`.
//
// Advice holds no secrets. Thread-safe.
Advice AdviceFor(const Diagnosis& diagnosis,
                 Language language = Language::kEnglish,
                 absl::TimeZone zone = absl::LocalTimeZone());

}  // namespace gemini

#endif  // GEMINI_DIAGNOSIS_H_
