#include "diagnosis/judge.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "diagnosis/quota_names.h"
#include "diagnosis/rules.h"
#include "gemini/models.h"

namespace gemini::internal {
namespace {

// How long a quota lives: the violation of the highest rank decides.
struct WindowRank {
  QuotaWindow window;
  int rank;
  absl::string_view code;
  absl::string_view free_tier_code;
};

constexpr WindowRank kWindowRanks[] = {
    {QuotaWindow::kMonth, 6, "quota_month", "quota_month"},
    {QuotaWindow::kDay, 5, "quota_day", "quota_day_free_tier"},
    {QuotaWindow::kHour, 4, "quota_hour", "quota_hour"},
    {QuotaWindow::kTenMinutes, 3, "quota_hour", "quota_hour"},
    {QuotaWindow::kMinute, 2, "quota_minute", "quota_minute_free_tier"},
    {QuotaWindow::kUnknown, 1, "quota_unspecified", "quota_unspecified"},
};

const WindowRank& RankOf(QuotaWindow window) {
  for (const WindowRank& entry : kWindowRanks) {
    if (entry.window == window) return entry;
  }
  return kWindowRanks[sizeof(kWindowRanks) / sizeof(kWindowRanks[0]) - 1];
}

bool IsPaid(QuotaTier tier) {
  return tier == QuotaTier::kPaid || tier == QuotaTier::kTier1 ||
         tier == QuotaTier::kTier2 || tier == QuotaTier::kTier3;
}

// "violations[0].quotaId contains PerDay"
std::string WindowEvidence(const QuotaViolation& violation, size_t index) {
  struct Source {
    absl::string_view field;
    absl::string_view text;
  };
  const Source sources[] = {{"quotaId", violation.quota_id},
                            {"quotaMetric", violation.metric},
                            {"description", violation.description}};
  for (const Source& source : sources) {
    const absl::string_view word = WindowWordIn(source.text);
    if (word.empty()) continue;
    return absl::StrCat("violations[", index, "].", source.field, " contains ",
                        word);
  }
  return absl::StrCat("violations[", index, "]");
}

Verdict ZeroVerdict(const QuotaViolation& violation, size_t index) {
  Verdict verdict;
  verdict.code = violation.tier == QuotaTier::kFree ? "quota_zero_free_tier"
                 : IsPaid(violation.tier)           ? "quota_zero_paid_tier"
                                                    : "quota_zero";
  verdict.evidence =
      violation.limit_source == LimitSource::kMessage
          ? absl::StrCat("the message says limit: 0 for violations[", index,
                         "]")
          : absl::StrCat("violations[", index, "].quotaValue is 0");
  return verdict;
}

// One request that is larger than the whole limit never passes.
std::optional<Verdict> OversizedVerdict(
    const std::vector<StatedQuota>& stated) {
  for (const StatedQuota& quota : stated) {
    if (quota.limit.has_value() && quota.requested.has_value() &&
        *quota.limit > 0 && *quota.requested > *quota.limit) {
      return Verdict{
          "request_exceeds_limit",
          absl::StrCat("the message says Requested ", *quota.requested,
                       " of Limit ", *quota.limit)};
    }
  }
  return std::nullopt;
}

std::optional<Verdict> JudgeViolations(
    const std::vector<QuotaViolation>& violations) {
  const QuotaViolation* worst = nullptr;
  size_t worst_index = 0;
  for (size_t i = 0; i < violations.size(); ++i) {
    const QuotaViolation& violation = violations[i];
    if (violation.limit.has_value() && *violation.limit <= 0) {
      return ZeroVerdict(violation, i);
    }
    if (worst == nullptr ||
        RankOf(violation.window).rank > RankOf(worst->window).rank) {
      worst = &violation;
      worst_index = i;
    }
  }
  if (worst == nullptr) return std::nullopt;
  const WindowRank& rank = RankOf(worst->window);
  Verdict verdict;
  verdict.evidence = WindowEvidence(*worst, worst_index);
  if (worst->unit == QuotaUnit::kSpend) {
    verdict.code =
        worst->window == QuotaWindow::kMonth ? "spend_cap" : "spend_rate";
  } else {
    verdict.code =
        worst->tier == QuotaTier::kFree ? rank.free_tier_code : rank.code;
  }
  return verdict;
}

// Quotas of which only a display name is known: "Request limit per minute for a
// region".
std::optional<Verdict> JudgeStated(const std::vector<StatedQuota>& stated) {
  const StatedQuota* worst = nullptr;
  QuotaTraits worst_traits;
  for (const StatedQuota& quota : stated) {
    const QuotaTraits traits = TraitsIn(quota.name);
    if (quota.limit.has_value() && *quota.limit <= 0) {
      return Verdict{traits.tier == QuotaTier::kFree ? "quota_zero_free_tier"
                                                     : "quota_zero",
                     "the message says limit: 0"};
    }
    if (worst == nullptr ||
        RankOf(traits.window).rank > RankOf(worst_traits.window).rank) {
      worst = &quota;
      worst_traits = traits;
    }
  }
  if (worst == nullptr) return std::nullopt;
  const absl::string_view word = WindowWordIn(worst->name);
  return Verdict{RankOf(worst_traits.window).code,
                 word.empty()
                     ? std::string("the message names a quota")
                     : absl::StrCat("the message's quota contains ", word)};
}

std::optional<Verdict> JudgeQuotas(const Evidence& evidence) {
  if (auto verdict = OversizedVerdict(*evidence.stated)) return verdict;
  // Other statuses may mention quotas too: a disabled API, for one.
  const bool about_quota = evidence.http == 429 || evidence.http == 0 ||
                           evidence.http == 200 ||
                           evidence.status == "RESOURCE_EXHAUSTED";
  if (!about_quota) return std::nullopt;
  if (auto verdict = JudgeViolations(*evidence.violations)) return verdict;
  return JudgeStated(*evidence.stated);
}

// Lower case for letters, a space for white space.
struct Fold {
  char of[256] = {};

  constexpr Fold() {
    for (unsigned c = 0; c < 256; ++c) {
      of[c] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    for (const char c : {' ', '\t', '\n', '\v', '\f', '\r'}) {
      of[static_cast<unsigned char>(c)] = ' ';
    }
  }
};
constexpr Fold kFold;

// Texts in which many needles are looked for, nearly all of them in vain: a
// needle whose pairs of characters do not all occur is not searched for.
class SearchedText {
 public:
  SearchedText(std::initializer_list<absl::string_view> texts) {
    size_t size = 0;
    for (const absl::string_view text : texts) size += text.size() + 1;
    text_.resize(size);
    char* out = &text_[0];
    char last = ' ';
    for (const absl::string_view text : texts) {
      for (const char c : text.substr(0, kMaxText)) {
        // Consoles break lines between words. One branch, never taken as a
        // rule: where single spaces are is not to be predicted.
        const char kept = kFold.of[static_cast<unsigned char>(c)];
        if ((kept == ' ') & (last == ' ')) continue;
        *out++ = kept;
        pairs_[Hash(last, kept)] = true;
        last = kept;
      }
      if (last != ' ') *out++ = last = ' ';
    }
    text_.resize(static_cast<size_t>(out - text_.data()));
  }

  // `needle` must be in lower case, with single spaces.
  bool Contains(absl::string_view needle) const {
    for (size_t i = 1; i < needle.size(); ++i) {
      if (!pairs_[Hash(needle[i - 1], needle[i])]) return false;
    }
    return absl::StrContains(text_, needle);
  }

 private:
  static size_t Hash(char a, char b) {
    return (static_cast<unsigned char>(a) * size_t{37} +
            static_cast<unsigned char>(b)) %
           kPairs;
  }

  // More than that of a text is not looked through.
  static constexpr size_t kMaxText = 16 << 10;
  static constexpr size_t kPairs = 1024;
  std::string text_;
  bool pairs_[kPairs] = {};
};

bool FitsHttp(int http, absl::string_view needle) {
  if (needle == "4xx") return http / 100 == 4;
  if (needle == "5xx") return http / 100 == 5;
  return true;  // The rule's own status was compared already.
}

absl::string_view ContentOf(const AnswerFacts& answer) {
  if (answer.filtered > 0) return "filtered";
  if (answer.text) return "text";
  if (answer.thought_images > 0 || answer.thought_text) return "thoughts";
  if (answer.candidates > 0 && answer.finish_reason.empty()) {
    return "unfinished";
  }
  return "nothing";
}

bool IsShutDown(absl::string_view model) {
  const KnownModel* known = FindModel(model);
  return known != nullptr && (known->state == ModelState::kShutDown ||
                              known->state == ModelState::kShutdownAnnounced);
}

// Returns what of `rule`'s field fits, for the evidence; nothing if none does.
// The rule's HTTP status and text were compared already.
std::optional<std::string> Fits(const Rule& rule, const Evidence& evidence) {
  const ErrorFacts& error = evidence.body->error;
  const AnswerFacts& answer = evidence.body->answer;
  const auto equals =
      [&rule](absl::string_view name,
              absl::string_view value) -> std::optional<std::string> {
    if (value.empty() || (!rule.needle.empty() && value != rule.needle)) {
      return std::nullopt;
    }
    return absl::StrCat(name, " is ", rule.needle.empty() ? "set" : value);
  };
  switch (rule.field) {
    case Field::kHttp:
      if (evidence.http == 0 || !FitsHttp(evidence.http, rule.needle)) break;
      return absl::StrCat("HTTP status ", evidence.http);
    case Field::kStatus:
      return equals("status", evidence.status);
    case Field::kReason:
      if (!absl::StrContains(error.reason, rule.needle)) break;
      return absl::StrCat("reason contains ", rule.needle);
    case Field::kName:
      if (error.code_name == rule.needle) {
        return absl::StrCat("code is ", rule.needle);
      }
      if (error.type == rule.needle) {
        return absl::StrCat("type is ", rule.needle);
      }
      break;
    case Field::kText:
      return absl::StrCat("message contains \"", rule.needle, "\"");
    case Field::kModel:
      if (!IsShutDown(evidence.model)) break;
      return std::string("the model is known to be shut down");
    case Field::kHtml:
      if (evidence.body->shape != BodyShape::kHtml) break;
      return absl::StrCat("HTTP status ", evidence.http, " with an HTML page");
    case Field::kBlocked:
      return equals("promptFeedback.blockReason", answer.block_reason);
    case Field::kFinished:
      return equals("finishReason", answer.finish_reason);
    case Field::kState:
      return equals("the service's state", answer.state);
    case Field::kContent:
      if (!answer.found || ContentOf(answer) != rule.needle) break;
      return absl::StrCat("the answer holds ", rule.needle == "unfinished"
                                                   ? "no finishReason"
                                                   : rule.needle);
    case Field::kQuotas:
      break;  // Judged as a whole.
  }
  return std::nullopt;
}

Verdict GoThrough(RuleList rules, const Evidence& evidence) {
  const ErrorFacts& error = evidence.body->error;
  const SearchedText text({error.message, error.debug});
  for (const Rule& rule : rules) {
    if (rule.field == Field::kQuotas) {
      if (auto verdict = JudgeQuotas(evidence)) return *verdict;
      continue;
    }
    // Most rules are passed over by their status or an empty field.
    if ((rule.http != 0 && rule.http != evidence.http) ||
        (rule.field == Field::kReason && error.reason.empty()) ||
        (rule.field == Field::kName && error.code_name.empty() &&
         error.type.empty()) ||
        (rule.field == Field::kText && !text.Contains(rule.needle))) {
      continue;
    }
    if (auto what = Fits(rule, evidence)) return {rule.code, *what};
  }
  return {"", ""};
}

}  // namespace

Verdict Judge(const Evidence& evidence) {
  Verdict verdict =
      GoThrough(evidence.is_success ? AnswerRules() : ErrorRules(), evidence);
  if (!verdict.code.empty()) return verdict;
  if (!evidence.is_success) return {"unknown", "nothing known fits"};
  switch (evidence.body->shape) {
    case BodyShape::kEmpty:
      return {"empty_answer", "HTTP status 200 with an empty body"};
    case BodyShape::kJson:
      return {"empty_answer", "the answer holds nothing that is known"};
    case BodyShape::kHtml:
    case BodyShape::kText:
      break;
  }
  return {"not_json", "HTTP status 200 with a body that is no JSON"};
}

}  // namespace gemini::internal
