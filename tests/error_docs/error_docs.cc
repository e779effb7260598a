#include "error_docs/error_docs.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "call/remedy.h"
#include "diagnosis/advice_table.h"
#include "diagnosis/codes.h"

namespace gemini::testing {
namespace {

using internal::Phrase;
using internal::Remedy;

// A switch without a default: a new cause does not compile without its words.
Phrase MeaningOf(Cause cause) {
  switch (cause) {
    case Cause::kUnknown:
      return {"An answer that fits no other cause.", "不属于其他任何原因。"};
    case Cause::kRateLimited:
      return {"A quota per minute (or another short window) is used up.",
              "每分钟（或其他短周期）的配额已用完。"};
    case Cause::kDailyQuota:
      return {"A quota per day or month is used up.",
              "每日或每月的配额已用完。"};
    case Cause::kZeroQuota:
      return {"The limit is 0: waiting never helps.",
              "上限为 0：等待永远没有用。"};
    case Cause::kSpendRate:
      return {"The spend per 10 minutes is capped.",
              "达到每 10 分钟的支出上限。"};
    case Cause::kBilling:
      return {"Credit gone, spend cap reached, or billing not active.",
              "余额用尽、达到支出上限，或未启用结算。"};
    case Cause::kOverloaded:
      return {"The service has no capacity at the moment: 503, some 429s.",
              "服务端暂时没有容量：503，以及部分 429。"};
    case Cause::kTransient:
      return {
          "The service, or the way to it, failed for the moment: 500, "
          "refused connections.",
          "服务端或到服务端的链路暂时故障：500、连接被拒等。"};
    case Cause::kAmbiguous:
      return {"Lost after the request was sent: the picture may be billed.",
              "请求发出之后丢失：图片可能已经计费。"};
    case Cause::kCredential:
      return {
          "The key, its project or the place is not accepted; or the "
          "server's certificate is not trusted.",
          "密钥、其项目或所在地区不被接受；或服务器证书不受信任。"};
    case Cause::kModelNotFound:
      return {"No such model, or it was shut down.", "模型不存在或已停用。"};
    case Cause::kInvalidRequest:
      return {"The request itself is at fault.", "请求本身有误。"};
    case Cause::kRefused:
      return {"Refused by a safety or policy filter.",
              "被安全或政策过滤器拒绝。"};
    case Cause::kNoImage:
      return {"A good answer without a picture.", "应答正常，但没有图片。"};
    case Cause::kTokenLimit:
      return {"The answer ended at a token limit before a picture.",
              "出图之前就达到了 token 上限。"};
    case Cause::kBadResponse:
      return {"The answer is cut off, damaged, too large or not the API's.",
              "应答被截断、损坏、过大，或不是 API 的应答。"};
    case Cause::kLocalResource:
      return {"This machine ran out of descriptors or memory.",
              "本机的文件描述符或内存已耗尽。"};
    case Cause::kDeadlineExceeded:
      return {"The call's own time was over before an attempt.",
              "尚未开始尝试，调用的时限已到。"};
  }
  return {};
}

Phrase WordsOf(Remedy remedy) {
  switch (remedy) {
    case Remedy::kNone:
      return {
          "Does not repeat it. The call ends with the prompt, and with "
          "`retry_at` where a time is known.",
          "不重试。调用返回原提示词；若知道何时可再试，会给出 `retry_at`。"};
    case Remedy::kNextRoute:
      return {
          "Does not repeat it with the same key; goes on to the next key, if "
          "there is one, else ends with the prompt, and with `retry_at` where "
          "a time is known. A single later request tests whether it has "
          "changed.",
          "不用同一密钥重试；若还有其他密钥则换用下一个，否则返回原提示词；若知"
          "道何时"
          "可再试，会给出 `retry_at`。之后只用单个请求试探情况是否已变。"};
    case Remedy::kFixRequest:
      return {
          "Does not repeat it. The call ends with a status, "
          "`kInvalidArgument`.",
          "不重试。调用以状态 `kInvalidArgument` 结束。"};
    case Remedy::kThrottle:
      return {
          "Repeats it after the server's delay, or after a long backoff "
          "where none is stated.",
          "等过服务器给出的时间后重试；没有给出时按较长的退避重试。"};
    case Remedy::kBackoff:
      return {"Repeats it after an exponential backoff with jitter.",
              "按带抖动的指数退避重试。"};
    case Remedy::kAskCaller:
      return {
          "Repeats it `max_ambiguous_retries` times at most, since each "
          "may be paid for.",
          "最多重试 `max_ambiguous_retries` 次，因为每次都可能计费。"};
    case Remedy::kOnceMore:
      return {"Repeats it once.", "重试一次。"};
  }
  return {};
}

// The words around the tables.
constexpr Phrase kTitle = {"# Errors and what to do", "# 错误与对策"};
constexpr Phrase kTwin = {"[简体中文](errors.zh-CN.md)",
                          "[English](errors.md)"};
constexpr Phrase kIntroduction = {
    "Every failed attempt is given a **cause**, by which the library acts, "
    "and a **code**, which is finer and stable: log it, count it, look it up "
    "here. `AdviceFor()` returns the same texts with the particulars of a "
    "case: model, limit, time of reset.",
    "每次失败的尝试都会得到一个**原因**（cause），库据此行动；还有一个更细的"
    "**代码**（code），长期不变，可用于日志和统计，也可以在本页查找。"
    "`AdviceFor()` 返回同样的文字，并填入具体情况：模型、上限、重置时间。"};
constexpr Phrase kGenerated = {
    "Generated from `src/diagnosis/advice_table.cc` by `./dev docs`; edit it "
    "there.",
    "本页由 `./dev docs` 根据 `src/diagnosis/advice_table.cc` 生成，"
    "请在那里修改。"};
constexpr Phrase kCauses = {"## Causes", "## 原因"};
constexpr Phrase kCausesHead = {"| cause | meaning | what the library does |",
                                "| 原因 | 含义 | 库会怎样做 |"};
constexpr Phrase kBounds = {
    "`max_retries` bounds all repetitions of one picture, and none is begun "
    "that would end after the call's time limit. What cannot be drawn ends as "
    "`PromptOnly` with the diagnosis, or as a status if the caller forbade "
    "degradation.",
    "`max_retries` 限制一张图片的全部重试；会超出调用时限的等待不会开始。"
    "最终画不出来的以 `PromptOnly` 返回并附诊断；若调用方禁止降级，"
    "则返回状态。"};
constexpr Phrase kCodes = {"## Codes", "## 代码"};
constexpr Phrase kWhatToDo = {"What to do:", "处理步骤："};

// `text` as it stands, none of it as markup.
std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"<", "&lt;"}, {"*", "\\*"}});
}

std::vector<Cause> Causes() {
  std::vector<Cause> causes;
  for (const internal::DiagnosisCode& code : internal::DiagnosisCodes()) {
    if (causes.empty() || causes.back() != code.cause) {
      causes.push_back(code.cause);
    }
  }
  return causes;
}

void AppendCode(absl::string_view code, Language language, std::string* text) {
  const Advice advice = AdviceFor(internal::MakeDiagnosis(code, ""), language);
  absl::StrAppend(text, "\n#### `", code, "`\n\n**", Escape(advice.summary),
                  "**");
  // A paragraph of its own: "**" that follows Chinese punctuation ends nothing
  // unless a space or the end of the line comes after it.
  if (!advice.why.empty()) {
    absl::StrAppend(text, "\n\n", Escape(advice.why));
  }
  absl::StrAppend(text, "\n\n", kWhatToDo.In(language), "\n\n");
  int number = 0;
  for (const AdviceStep& step : advice.steps) {
    absl::StrAppend(text, ++number, ". ", Escape(step.text));
    if (!step.url.empty()) absl::StrAppend(text, " <", step.url, ">");
    absl::StrAppend(text, "\n");
  }
}

}  // namespace

std::string ErrorDocsName(Language language) {
  return language == Language::kChinese ? "errors.zh-CN.md" : "errors.md";
}

std::string ErrorDocs(Language language) {
  std::string text =
      absl::StrCat(kTitle.In(language), "\n\n", kTwin.In(language), "\n\n",
                   kIntroduction.In(language), "\n\n", kGenerated.In(language),
                   "\n\n", kCauses.In(language), "\n\n",
                   kCausesHead.In(language), "\n|---|---|---|\n");
  for (const Cause cause : Causes()) {
    absl::StrAppend(&text, "| [`", CauseName(cause), "`](#", CauseName(cause),
                    ") | ", MeaningOf(cause).In(language), " | ",
                    WordsOf(internal::RemedyFor(cause)).In(language), " |\n");
  }
  absl::StrAppend(&text, "\n", kBounds.In(language), "\n\n",
                  kCodes.In(language), "\n");
  for (const Cause cause : Causes()) {
    absl::StrAppend(&text, "\n### ", CauseName(cause), "\n");
    for (const internal::DiagnosisCode& code : internal::DiagnosisCodes()) {
      if (code.cause == cause) AppendCode(code.name, language, &text);
    }
  }
  return text;
}

}  // namespace gemini::testing
