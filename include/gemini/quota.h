// What the processes of a machine know of their quotas: the ledger that
// ClientOptions::ledger names.

#ifndef GEMINI_QUOTA_H_
#define GEMINI_QUOTA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gemini/diagnosis.h"

namespace gemini {

// What was spent since some time.
struct QuotaSpending {
  absl::Time since;
  int64_t requests = 0;  // Sent, refused ones included.
  int64_t refused = 0;   // Of them, for quota, money or key.
  int64_t pictures = 0;
  int64_t tokens = 0;  // As the service counted them.
};

// A quota that the service named when it refused a request.
struct KnownQuota {
  // With its limit, if the service stated it, and where.
  QuotaViolation quota;

  // What was sent from this machine within the quota's window, in its unit.
  // Absent for windows and units that are not counted here.
  std::optional<int64_t> used;

  // When the window opens again. Absent if nothing is known of that or it is
  // open.
  std::optional<absl::Time> resets_at;

  absl::Time refused_at;  // Last.
};

// What is known of one model for one project.
struct QuotaRecord {
  std::string service;   // A base URL.
  std::string project;   // As Credential::project, else "#" and the fingerprint
                         // of the key.
  std::string model;     // As asked for.
  QuotaSpending minute;  // The last 60 seconds.
  QuotaSpending day;     // Since midnight Pacific time.
  std::vector<KnownQuota> quotas;

  // Why the last refused request was refused, and when: absent if none was, or
  // if one was served since.
  std::optional<Diagnosis> refusal;
  std::optional<absl::Time> refused_at;
};

// Reads a ledger: `ledger` as ClientOptions::ledger. Blocks; asks no server.
// Thread-safe, and may be called while clients use the ledger.
//
// Errors: kInvalidArgument (not "sqlite:///path"), kNotFound (no such file),
// kPermissionDenied, kDataLoss (no ledger, or damaged), kFailedPrecondition (of
// a newer version of the library; or this process was forked while its parent
// had a ledger open), kUnavailable (locked), kUnimplemented (built
// without SQLite).
absl::StatusOr<std::vector<QuotaRecord>> ReadQuotaLedger(
    absl::string_view ledger, absl::Time now);

}  // namespace gemini

#endif  // GEMINI_QUOTA_H_
