// The stable names of enumerators, backwards: CauseName() and its kin are
// public.

#ifndef GEMINI_SRC_DIAGNOSIS_NAMES_H_
#define GEMINI_SRC_DIAGNOSIS_NAMES_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

std::optional<Cause> CauseFromName(absl::string_view name);
std::optional<QuotaWindow> QuotaWindowFromName(absl::string_view name);
std::optional<QuotaUnit> QuotaUnitFromName(absl::string_view name);
std::optional<QuotaTier> QuotaTierFromName(absl::string_view name);
std::optional<LimitSource> LimitSourceFromName(absl::string_view name);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_NAMES_H_
