// What is said about each code of codes.cc, in every language: the one table
// behind AdviceFor() and docs/errors.md.
//
// Texts are templates of advice_text.h.

#ifndef GEMINI_SRC_DIAGNOSIS_ADVICE_TABLE_H_
#define GEMINI_SRC_DIAGNOSIS_ADVICE_TABLE_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

// The same in each language.
struct Phrase {
  absl::string_view english;
  absl::string_view chinese;

  absl::string_view In(Language language) const {
    return language == Language::kChinese ? chinese : english;
  }
};

// One thing to do. The order is that of the table in advice_steps.cc.
enum class StepId {
  kNone,

  // Quota.
  kCheckProject,
  kNewPaidKey,
  kCheckApi,
  kViewLimits,
  kViewQuotas,
  kViewMetrics,
  kRequestQuota,
  kWaitForQuota,
  kWaitForReset,
  kWaitForPeriod,
  kWaitForWindow,
  kSpreadRequests,
  kHigherTier,
  kSetUpBilling,
  kUseBatch,
  kSpendSlower,
  kOtherRoute,
  kOtherPaidRoute,

  // Money.
  kRaiseCap,
  kAddCredit,
  kCheckBillingAccount,
  kOtherPayer,

  // The service and the way to it.
  kRepeatWithPauses,
  kStatusPage,
  kOtherModel,
  kDropParameters,
  kLessWork,
  kMoreTime,
  kCheckNetwork,
  kCheckProxy,
  kCheckIdleLimits,
  kMaybeBilled,
  kCheckCharges,

  // The key and its project.
  kSetKey,
  kCompareKey,
  kNewKey,
  kRestrictions,
  kDropLeakedKey,
  kOneCredential,
  kEnableApi,
  kCheckRoles,
  kSupportedRegion,
  kCaCertificates,
  kInspectTls,

  // The model.
  kUseSuccessor,
  kCompareModel,
  kShutdownDates,
  kApiVersion,
  kCheckBaseUrl,

  // The request.
  kFixRequest,
  kDropField,
  kCheckParameters,
  kCheckImage,
  kShrinkImages,
  kSmallerRequest,
  kSendSignatures,

  // Refusals.
  kChangePrompt,
  kChangeReferences,
  kReadPolicy,
  kSafetySettings,
  kOtherJudge,

  // Answers without a picture.
  kRepeatOnce,
  kAskPlainly,
  kImageModel,
  kMoreTokens,
  kSeeWhoAnswered,
  kLargerBody,

  // This machine.
  kMoreDescriptors,
  kFewerCalls,
  kFreeTheSink,
  kLongerCall,

  kReadErrorList,
  kSupport
};

struct StepEntry {
  StepId id;
  Phrase text;
  absl::string_view url;

  // A link of the server's own that has this part takes the place of `url`: it
  // names the caller's project.
  absl::string_view server_link = {};
};

constexpr size_t kMaxSteps = 9;

struct AdviceEntry {
  absl::string_view code;
  Phrase summary;
  Phrase why;               // May be empty.
  StepId steps[kMaxSteps];  // In order of use, then kNone.
};

// Views of the tables, valid for the whole program.
struct AdviceEntryList {
  const AdviceEntry* first;
  size_t count;

  const AdviceEntry* begin() const { return first; }
  const AdviceEntry* end() const { return first + count; }
};
AdviceEntryList AdviceEntries();

struct StepEntryList {
  const StepEntry* first;
  size_t count;

  const StepEntry* begin() const { return first; }
  const StepEntry* end() const { return first + count; }
};
StepEntryList StepEntries();

// Returns the entry of `code`, or that of "unknown".
const AdviceEntry& FindAdvice(absl::string_view code);

// `id` must not be kNone.
const StepEntry& FindStep(StepId id);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_ADVICE_TABLE_H_
