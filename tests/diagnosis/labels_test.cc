// Every labelled body, ours and recorded ones, against its label.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "diagnosis/diagnosis_json.h"
#include "gemini/diagnose.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> LabelsIn(const fs::path& directory) {
  std::vector<fs::path> labels;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".json") labels.push_back(entry.path());
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

void ExpectViolation(JsonValue sent, JsonValue label) {
  for (const absl::string_view field :
       {"metric", "quota_id", "limit_source", "period", "unit", "tier", "model",
        "location"}) {
    EXPECT_EQ(sent[field].string(), label[field].string()) << field;
  }
  EXPECT_EQ(sent["limit"].integer(), label["limit"].integer());
}

void ExpectLabel(const fs::path& path) {
  SCOPED_TRACE(path.filename().string());
  const auto label_document = JsonDocument::Parse(ReadFile(path));
  ASSERT_TRUE(label_document.has_value());
  const JsonValue label = label_document->root();
  const std::string body = ReadFile(fs::path(path).replace_extension(".body"));

  FailureFacts facts;
  facts.http_status =
      static_cast<int>(label["http_status"].integer().value_or(0));
  facts.body = body;
  facts.now = absl::FromUnixSeconds(1795000000);
  std::string json;
  JsonWriter writer(&json);
  WriteDiagnosis(&writer, Diagnose(facts));
  const auto document = JsonDocument::Parse(json);
  ASSERT_TRUE(document.has_value()) << json;
  const JsonValue diagnosis = document->root();

  for (const absl::string_view field :
       {"canonical_status", "model", "should_retry"}) {
    EXPECT_EQ(diagnosis[field].string(), label[field].string()) << field;
  }
  // Only our own labels have these.
  for (const absl::string_view field : {"cause", "code"}) {
    if (!label[field].exists()) continue;
    EXPECT_EQ(diagnosis[field].string(), label[field].string()) << field;
  }
  if (label["field"].exists()) {
    EXPECT_EQ(diagnosis["field_violations"].At(0)["field"].string(),
              label["field"].string());
  }
  const auto delay = label["retry_delay_s"].number();
  EXPECT_EQ(diagnosis["retry_delay_s"].number().has_value(), delay.has_value());
  if (delay.has_value()) {
    EXPECT_DOUBLE_EQ(diagnosis["retry_delay_s"].number().value_or(-1), *delay);
  }
  ASSERT_EQ(diagnosis["help_urls"].size(), label["help_urls"].size());
  for (size_t i = 0; i < label["help_urls"].size(); ++i) {
    EXPECT_EQ(diagnosis["help_urls"].At(i).string(),
              label["help_urls"].At(i).string());
  }
  ASSERT_EQ(diagnosis["violations"].size(), label["violations"].size());
  for (size_t i = 0; i < label["violations"].size(); ++i) {
    ExpectViolation(diagnosis["violations"].At(i), label["violations"].At(i));
  }
  EXPECT_FALSE(diagnosis["evidence"].string().empty());
}

TEST(LabelsTest, OurBodiesAreReadAsLabelled) {
  const auto labels = LabelsIn(fs::path(GEMINI_TESTDATA_DIR) / "errors");
  EXPECT_GE(labels.size(), 50U);
  for (const fs::path& label : labels) ExpectLabel(label);
}

TEST(LabelsTest, RecordedBodiesAreReadAsLabelled) {
  const auto labels = LabelsIn(GEMINI_CORPUS_DIR);
  if (labels.empty()) GTEST_SKIP() << "no folder " << GEMINI_CORPUS_DIR;
  for (const fs::path& label : labels) ExpectLabel(label);
}

}  // namespace
}  // namespace gemini::internal
