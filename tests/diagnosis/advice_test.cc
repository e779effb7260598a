#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "diagnosis/codes.h"
#include "gemini/diagnosis.h"
#include "gemini/models.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "util/utf8.h"

namespace gemini {
namespace {

using internal::MakeDiagnosis;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Language kLanguages[] = {Language::kEnglish, Language::kChinese};

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error))
      << error;
  return time;
}

// All that people read of an advice.
std::string TextOf(const Diagnosis& diagnosis,
                   Language language = Language::kEnglish,
                   absl::TimeZone zone = absl::UTCTimeZone()) {
  const Advice advice = AdviceFor(diagnosis, language, zone);
  std::string text = absl::StrCat(advice.summary, "\n", advice.why, "\n");
  for (const AdviceStep& step : advice.steps) {
    absl::StrAppend(&text, step.text, "\n", step.url, "\n");
  }
  return text;
}

std::optional<AdviceStep> StepWith(const Advice& advice,
                                   absl::string_view part) {
  for (const AdviceStep& step : advice.steps) {
    if (absl::StrContains(step.text, part)) return step;
  }
  return std::nullopt;
}

// Every field is there.
Diagnosis FullDiagnosis(absl::string_view code) {
  Diagnosis diagnosis = MakeDiagnosis(code, "a test");
  diagnosis.message = "the server's words";
  diagnosis.http_status = 429;
  diagnosis.canonical_status = "RESOURCE_EXHAUSTED";
  diagnosis.reason = "SOME_REASON";
  diagnosis.request_id = "request-7";
  diagnosis.model = "gemini-2.5-flash-preview-image";
  QuotaViolation violation;
  violation.metric = "generativelanguage.googleapis.com/some_metric";
  violation.limit = 20;
  violation.unit = QuotaUnit::kRequests;
  violation.window = QuotaWindow::kDay;
  violation.tier = QuotaTier::kTier2;
  diagnosis.violations = {violation};
  diagnosis.field_violations = {{"a_field", "is not known"}};
  diagnosis.retry_delay = absl::Seconds(33.6);
  diagnosis.retry_at = At("2026-11-25T08:00:00Z");
  return diagnosis;
}

// An answer of the kind that people lose days to.
Diagnosis ZeroQuota() {
  Diagnosis diagnosis =
      MakeDiagnosis("quota_zero_free_tier", "violations[1].quotaValue is 0");
  diagnosis.model = "gemini-2.5-flash-preview-image";
  QuotaViolation minute;
  minute.metric = "generativelanguage.googleapis.com/the_minutes";
  minute.limit = 10;
  minute.window = QuotaWindow::kMinute;
  QuotaViolation zero;
  zero.metric =
      "generativelanguage.googleapis.com/generate_content_free_tier_requests";
  zero.limit = 0;
  zero.window = QuotaWindow::kMinute;
  zero.tier = QuotaTier::kFree;
  diagnosis.violations = {minute, zero};
  return diagnosis;
}

TEST(AdviceTest, EveryCodeIsExplainedWithAndWithoutParticulars) {
  for (const internal::DiagnosisCode& code : internal::DiagnosisCodes()) {
    for (const Diagnosis& diagnosis :
         {MakeDiagnosis(code.name, ""), FullDiagnosis(code.name)}) {
      for (const Language language : kLanguages) {
        const Advice advice =
            AdviceFor(diagnosis, language, absl::UTCTimeZone());
        EXPECT_FALSE(advice.summary.empty()) << code.name;
        EXPECT_FALSE(advice.steps.empty()) << code.name;
        for (const AdviceStep& step : advice.steps) {
          EXPECT_FALSE(step.text.empty()) << code.name;
          EXPECT_TRUE(absl::StartsWith(step.url, "https://")) << code.name;
        }
        EXPECT_THAT(TextOf(diagnosis, language),
                    Not(::testing::ContainsRegex("[][{}]")))
            << code.name;
      }
    }
  }
}

TEST(AdviceTest, ZeroQuotaOfTheFreeTierNamesLimitTierAndMetric) {
  const Advice english = AdviceFor(ZeroQuota(), Language::kEnglish);
  EXPECT_THAT(english.summary,
              AllOf(HasSubstr("limit: 0"), HasSubstr("free tier"),
                    HasSubstr("gemini-2.5-flash-preview-image"),
                    HasSubstr("generate_content_free_tier_requests")));
  const Advice chinese = AdviceFor(ZeroQuota(), Language::kChinese);
  EXPECT_THAT(
      chinese.summary,
      AllOf(HasSubstr("limit: 0"), HasSubstr("上限为 0"), HasSubstr("免费层"),
            HasSubstr("没有给 gemini-2.5-flash-preview-image 任何"),
            HasSubstr("generate_content_free_tier_requests")));
}

TEST(AdviceTest, ZeroQuotaSaysWhyThatCanBeAlthoughBillingIsOn) {
  for (const char* code :
       {"quota_zero_free_tier", "quota_zero_paid_tier", "quota_zero"}) {
    EXPECT_THAT(
        AdviceFor(MakeDiagnosis(code, ""), Language::kEnglish).why,
        AllOf(HasSubstr("minutes to hours"), HasSubstr("paid quota for")))
        << code;
    EXPECT_THAT(AdviceFor(MakeDiagnosis(code, ""), Language::kChinese).why,
                AllOf(HasSubstr("几分钟到几小时"), HasSubstr("图像生成")))
        << code;
  }
  EXPECT_THAT(AdviceFor(ZeroQuota(), Language::kEnglish).why,
              HasSubstr("the key belongs to another project"));
  EXPECT_THAT(AdviceFor(ZeroQuota(), Language::kChinese).why,
              HasSubstr("密钥属于另一个仍在免费层的项目"));
}

TEST(AdviceTest, ZeroQuotaHasTheStepsThatCureIt) {
  struct Case {
    const char* english;
    const char* chinese;
    const char* url;
  };
  const Case cases[] = {
      {"Find the key's project", "属于哪个项目",
       "https://aistudio.google.com/apikey"},
      {"GEMINI_API_KEY in .env", ".env 的 GEMINI_API_KEY",
       "https://aistudio.google.com/apikey"},
      {"Generative Language API", "Generative Language API",
       "https://console.cloud.google.com/apis/library/"
       "generativelanguage.googleapis.com"},
      {"which limits", "实际生效的上限",
       "https://aistudio.google.com/rate-limit"},
      {"metrics", "指标",
       "https://console.cloud.google.com/apis/api/"
       "generativelanguage.googleapis.com/metrics"},
      {"wait 10 to 30 minutes", "10～30 分钟",
       "https://ai.google.dev/gemini-api/docs/billing"},
      {"another provider", "其他服务商",
       "https://ai.google.dev/gemini-api/docs/pricing"},
      {"support", "支持", "https://console.cloud.google.com/support"},
  };
  const Advice english = AdviceFor(ZeroQuota(), Language::kEnglish);
  const Advice chinese = AdviceFor(ZeroQuota(), Language::kChinese);
  for (const Case& c : cases) {
    const std::optional<AdviceStep> step = StepWith(english, c.english);
    ASSERT_TRUE(step.has_value()) << c.english;
    EXPECT_EQ(step->url, c.url);
    const std::optional<AdviceStep> same = StepWith(chinese, c.chinese);
    ASSERT_TRUE(same.has_value()) << c.chinese;
    EXPECT_EQ(same->url, c.url);
  }
}

TEST(AdviceTest, ADayQuotaGetsTheTimeOfItsReset) {
  struct Case {
    const char* retry_at;
    int zone_hours;
    const char* english;
    const char* chinese;
  };
  const Case cases[] = {
      {"2026-11-25T08:00:00Z", 0,
       "2026-11-25 00:00 PST (Pacific) = 2026-11-25 08:00 UTC.",
       "太平洋时间 2026-11-25 00:00 PST，即 2026-11-25 08:00 UTC；"},
      {"2026-11-25T08:00:00Z", 8,
       "2026-11-25 00:00 PST (Pacific) = 2026-11-25 16:00 UTC+08:00.",
       "太平洋时间 2026-11-25 00:00 PST，即 2026-11-25 16:00 UTC+08:00；"},
      // The two sides of the change in March, and of that in November.
      {"2026-03-08T08:00:00Z", 0,
       "2026-03-08 00:00 PST (Pacific) = 2026-03-08 08:00 UTC.",
       "2026-03-08 00:00 PST，"},
      {"2026-03-09T07:00:00Z", 0,
       "2026-03-09 00:00 PDT (Pacific) = 2026-03-09 07:00 UTC.",
       "2026-03-09 00:00 PDT，"},
      {"2026-11-01T07:00:00Z", 0,
       "2026-11-01 00:00 PDT (Pacific) = 2026-11-01 07:00 UTC.",
       "2026-11-01 00:00 PDT，"},
      {"2026-11-02T08:00:00Z", 0,
       "2026-11-02 00:00 PST (Pacific) = 2026-11-02 08:00 UTC.",
       "2026-11-02 00:00 PST，"},
      // Who lives there needs it once.
      {"2026-11-25T08:00:00Z", -8, "until 2026-11-25 00:00 PST (Pacific).",
       "等到太平洋时间 2026-11-25 00:00 PST；"},
  };
  for (const char* code : {"quota_day", "quota_day_free_tier"}) {
    for (const Case& c : cases) {
      Diagnosis diagnosis = MakeDiagnosis(code, "");
      diagnosis.retry_at = At(c.retry_at);
      const absl::TimeZone zone = absl::FixedTimeZone(c.zone_hours * 3600);
      EXPECT_THAT(TextOf(diagnosis, Language::kEnglish, zone),
                  HasSubstr(c.english));
      EXPECT_THAT(TextOf(diagnosis, Language::kChinese, zone),
                  HasSubstr(c.chinese));
    }
  }
}

TEST(AdviceTest, ADayQuotaWithoutATimeNamesTheRule) {
  EXPECT_THAT(TextOf(MakeDiagnosis("quota_day", "")),
              HasSubstr("Wait until midnight Pacific time"));
  Diagnosis never = MakeDiagnosis("quota_day", "");
  never.retry_at = absl::InfiniteFuture();
  EXPECT_EQ(TextOf(never), TextOf(MakeDiagnosis("quota_day", "")));
}

TEST(AdviceTest, ARateLimitSaysHowLongAndUntilWhen) {
  Diagnosis diagnosis = MakeDiagnosis("quota_minute", "");
  diagnosis.retry_delay = absl::Seconds(33.560198287);
  diagnosis.retry_at = At("2026-11-25T08:00:33.560198287Z");
  // Rounded up: never earlier than the server said.
  EXPECT_THAT(TextOf(diagnosis),
              HasSubstr("Wait 33.6s, until 2026-11-25 08:00:34 UTC, then"));
  EXPECT_THAT(TextOf(diagnosis, Language::kChinese),
              HasSubstr("等待 33.6s（至 2026-11-25 08:00:34 UTC）后再发送"));
  EXPECT_THAT(TextOf(MakeDiagnosis("quota_minute", "")),
              HasSubstr("Wait for the quota's window to pass, then"));
  EXPECT_THAT(TextOf(MakeDiagnosis("quota_minute", ""), Language::kChinese),
              HasSubstr("等待当前配额窗口结束后再发送"));
}

TEST(AdviceTest, TheQuotaThatDecidedIsNamed) {
  Diagnosis diagnosis = MakeDiagnosis("quota_day", "");
  QuotaViolation minute;
  minute.limit = 5;
  minute.unit = QuotaUnit::kRequests;
  minute.window = QuotaWindow::kMinute;
  QuotaViolation day = minute;
  day.limit = 250;
  day.window = QuotaWindow::kDay;
  diagnosis.violations = {minute, day, minute};
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("(250 requests per day)"));
  EXPECT_THAT(TextOf(diagnosis, Language::kChinese),
              HasSubstr("（每天 250 次请求）"));
  diagnosis.violations[1].limit = 1;
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("(1 request per day)"));
  // A limit that is stated nowhere is not made up.
  diagnosis.violations[1].limit = std::nullopt;
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("The daily quota of this model"));
}

TEST(AdviceTest, APaidTierIsCalledByItsName) {
  Diagnosis diagnosis = MakeDiagnosis("quota_zero_paid_tier", "");
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("on a paid tier"));
  QuotaViolation violation;
  violation.limit = 0;
  violation.tier = QuotaTier::kTier1;
  diagnosis.violations = {violation};
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("on paid tier 1"));
  EXPECT_THAT(TextOf(diagnosis, Language::kChinese),
              HasSubstr("处于付费层级 1，"));
}

TEST(AdviceTest, AShutDownModelGetsItsSuccessor) {
  const KnownModel* known = FindModel("imagen-4.0-ultra-generate-001");
  ASSERT_NE(known, nullptr);
  ASSERT_FALSE(known->successor.empty());
  for (const Language language : kLanguages) {
    Diagnosis diagnosis = MakeDiagnosis("model_shut_down", "");
    diagnosis.model = std::string(known->id);
    const Advice advice = AdviceFor(diagnosis, language);
    ASSERT_FALSE(advice.steps.empty());
    EXPECT_THAT(advice.steps[0].text, HasSubstr(std::string(known->successor)));
    EXPECT_THAT(advice.summary, AllOf(HasSubstr(diagnosis.model),
                                      HasSubstr(std::string(known->shutdown))));
  }
}

TEST(AdviceTest, AModelIsNotItsOwnSuccessor) {
  Diagnosis diagnosis = MakeDiagnosis("model_not_found", "");
  diagnosis.model = "no-such-model";
  EXPECT_THAT(TextOf(diagnosis),
              HasSubstr(absl::StrCat("Use ", DefaultModel(), ":")));
  diagnosis.model = std::string(DefaultModel());
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("Use a model of the list:"));
}

TEST(AdviceTest, ANameThatOnlyQuotasHaveIsExplained) {
  EXPECT_THAT(AdviceFor(ZeroQuota()).why,
              HasSubstr("gemini-2.5-flash-preview-image is Google's internal "
                        "name"));
  Diagnosis diagnosis = ZeroQuota();
  diagnosis.model = "gemini-3-pro-image";
  EXPECT_THAT(AdviceFor(diagnosis).why, Not(HasSubstr("internal name")));
}

TEST(AdviceTest, ABadKeyIsShownTheWayToANewOne) {
  for (const char* code : {"key_missing", "key_invalid", "key_expired",
                           "key_blocked", "key_wrong_kind"}) {
    for (const Language language : kLanguages) {
      const Advice advice = AdviceFor(MakeDiagnosis(code, ""), language);
      const std::optional<AdviceStep> step = StepWith(advice, "GEMINI_API_KEY");
      ASSERT_TRUE(step.has_value()) << code;
      EXPECT_EQ(step->url, "https://aistudio.google.com/apikey") << code;
    }
  }
}

TEST(AdviceTest, TheServersOwnLinkIsTakenWhereItFits) {
  constexpr char kProject[] =
      "https://console.developers.google.com/apis/api/"
      "generativelanguage.googleapis.com/overview?project=kites";
  struct Case {
    const char* link;
    const char* taken;
  };
  constexpr char kGeneral[] =
      "https://console.cloud.google.com/apis/library/"
      "generativelanguage.googleapis.com";
  const Case cases[] = {
      {kProject, kProject},
      {"https://ai.google.dev/gemini-api/docs/rate-limits", kGeneral},
      {"https://evil.example/apis/api", kGeneral},
      {"https://evil.example?x=.google.com/apis/api", kGeneral},
      {"http://console.developers.google.com/apis/api", kGeneral},
      {"", kGeneral},
  };
  for (const Case& c : cases) {
    Diagnosis diagnosis = MakeDiagnosis("api_disabled", "");
    diagnosis.help = {{"Learn more", "https://ai.google.dev/docs"},
                      {"Activation", c.link}};
    const Advice advice = AdviceFor(diagnosis);
    ASSERT_FALSE(advice.steps.empty());
    EXPECT_EQ(advice.steps[0].url, c.taken) << c.link;
  }
}

TEST(AdviceTest, ABadRequestNamesTheFields) {
  Diagnosis diagnosis = MakeDiagnosis("unknown_field", "");
  EXPECT_THAT(AdviceFor(diagnosis).why, EndsWith("and Vertex AI."));
  diagnosis.field_violations = {{"generation_config", "Unknown name \"x\""},
                                {"", "a second one"}};
  EXPECT_THAT(AdviceFor(diagnosis).why,
              EndsWith("At fault: generation_config: Unknown name \"x\"; a "
                       "second one"));
  EXPECT_THAT(AdviceFor(diagnosis, Language::kChinese).why,
              EndsWith("出错之处：generation_config: Unknown name \"x\"; "
                       "a second one"));
}

TEST(AdviceTest, LongTextsOfTheServerAreCutBetweenCharacters) {
  Diagnosis diagnosis = MakeDiagnosis("invalid_request", "");
  std::string description = "x";
  for (int i = 0; i < 1000; ++i) description += "模";
  diagnosis.field_violations = {{"field", description}};
  const std::string why = AdviceFor(diagnosis).why;
  EXPECT_LT(why.size(), 1000u);
  EXPECT_EQ(internal::Utf8PrefixSize(why), why.size());
  EXPECT_THAT(why, EndsWith("模…"));
}

TEST(AdviceTest, TheRequestIdIsThereForSupport) {
  Diagnosis diagnosis = MakeDiagnosis("server_error", "");
  diagnosis.request_id = "request-7";
  EXPECT_THAT(TextOf(diagnosis), HasSubstr("state request id request-7."));
  EXPECT_THAT(TextOf(diagnosis, Language::kChinese),
              HasSubstr("请求 ID request-7；"));
}

TEST(AdviceTest, NoFieldLetsAKeyThrough) {
  const std::string key = absl::StrCat("AIza", std::string(35, 'k'));
  for (const internal::DiagnosisCode& code : internal::DiagnosisCodes()) {
    Diagnosis diagnosis = FullDiagnosis(code.name);
    diagnosis.message = key;
    diagnosis.reason = key;
    diagnosis.request_id = key;
    diagnosis.model = key;
    diagnosis.violations[0].metric = key;
    diagnosis.help = {
        {"", absl::StrCat("https://console.cloud.google.com/apis/billing/quota"
                          "?key=",
                          key)}};
    diagnosis.field_violations = {{key, key}};
    EXPECT_THAT(TextOf(diagnosis), Not(HasSubstr(key))) << code.name;
  }
}

TEST(AdviceTest, AnUnknownCodeGetsTheAdviceOfUnknown) {
  EXPECT_EQ(TextOf(MakeDiagnosis("a_code_of_tomorrow", "")),
            TextOf(MakeDiagnosis("unknown", "")));
}

}  // namespace
}  // namespace gemini
