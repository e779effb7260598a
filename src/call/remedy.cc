#include "call/remedy.h"

namespace gemini::internal {

Remedy RemedyFor(Cause cause) {
  switch (cause) {
    case Cause::kRateLimited:
    case Cause::kSpendRate:
      return Remedy::kThrottle;
    case Cause::kOverloaded:
    case Cause::kTransient:
    case Cause::kLocalResource:
      return Remedy::kBackoff;
    case Cause::kAmbiguous:
      return Remedy::kAskCaller;
    case Cause::kNoImage:
    case Cause::kBadResponse:
      return Remedy::kOnceMore;
    case Cause::kInvalidRequest:
      return Remedy::kFixRequest;
    case Cause::kDailyQuota:
    case Cause::kZeroQuota:
    case Cause::kBilling:
    case Cause::kCredential:
    case Cause::kModelNotFound:
      return Remedy::kNextRoute;
    case Cause::kUnknown:
    case Cause::kRefused:
    case Cause::kTokenLimit:
    case Cause::kDeadlineExceeded:
      return Remedy::kNone;
  }
  return Remedy::kNone;
}

bool MayBeQuota(const Diagnosis& diagnosis) {
  if (diagnosis.cause == Cause::kRateLimited ||
      diagnosis.cause == Cause::kSpendRate) {
    return true;
  }
  return diagnosis.cause == Cause::kOverloaded &&
         diagnosis.http_status == 429 && diagnosis.reason.empty();
}

}  // namespace gemini::internal
