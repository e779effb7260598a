// Any message: quotas and delays within their bounds.

#include "absl/strings/string_view.h"
#include "diagnosis/prose.h"
#include "diagnosis/quota_text.h"
#include "fuzz/fuzz_target.h"

using namespace gemini::internal;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view message(reinterpret_cast<const char*>(data), size);
  const auto delay = DelayIn(message);
  if (delay.has_value()) {
    GEMINI_FUZZ_CHECK(*delay >= absl::ZeroDuration());
    GEMINI_FUZZ_CHECK(*delay <= MaxDelay());
  }
  for (const MessageEnd end : {MessageEnd::kWhole, MessageEnd::kCut}) {
    const auto quotas = QuotasIn(message, end);
    GEMINI_FUZZ_CHECK(quotas.size() <= 64);
    std::vector<gemini::QuotaViolation> violations(2);
    violations[1].metric = "generativelanguage.googleapis.com/x";
    MergeStatedQuotas(quotas, &violations);
    GEMINI_FUZZ_CHECK(violations.size() >= 2 && violations.size() <= 66);
  }
  const Prose prose = ReadProse(message);
  if (prose.http_code.has_value()) {
    GEMINI_FUZZ_CHECK(*prose.http_code >= 400 && *prose.http_code <= 599);
  }
  GEMINI_FUZZ_CHECK(prose.message.size() <= size);
  return 0;
}
