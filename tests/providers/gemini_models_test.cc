#include <string>
#include <variant>

#include "gtest/gtest.h"
#include "providers/gemini.h"
#include "support/chunks.h"

namespace gemini::internal {
namespace {

std::variant<ModelPage, Diagnosis> Read(
    int http_status, absl::string_view body, size_t chunk_size,
    TransferEnd end = TransferEnd::kComplete) {
  ModelPageReader reader("the-key");
  if (http_status != 0) reader.OnHead({http_status, std::nullopt, {}});
  ForEachChunk(body, chunk_size,
               [&](absl::string_view chunk) { reader.OnData(chunk); });
  TransferResult transfer;
  transfer.end = end;
  return reader.Finish(transfer, absl::UnixEpoch());
}

TEST(GeminiModelsTest, ReadsAPageWhateverItsPieces) {
  for (const size_t chunk_size : kChunkSizes) {
    const auto result = Read(
        200,
        R"({"models":[{"name":"models/a","displayName":"A","supportedGenerationMethods":["generateContent","x"]},{"name":"b"}],"nextPageToken":"t"})",
        chunk_size);
    const auto* page = std::get_if<ModelPage>(&result);
    ASSERT_NE(page, nullptr);
    ASSERT_EQ(page->models.size(), 2U);
    EXPECT_EQ(page->models[0].id, "a");
    EXPECT_EQ(page->models[0].display_name, "A");
    EXPECT_EQ(page->models[0].methods.size(), 2U);
    EXPECT_EQ(page->models[1].id, "b");
    EXPECT_EQ(page->next_page_token, "t");
  }
}

TEST(GeminiModelsTest, WhatIsNoPageIsDiagnosed) {
  struct Case {
    int http_status;
    const char* body;
    TransferEnd end;
    const char* code;
  };
  const Case cases[] = {
      {403, R"({"error":{"code":403,"message":"the-key is no good"}})",
       TransferEnd::kComplete, "permission_denied"},
      {200, "<html>", TransferEnd::kComplete, "not_json"},
      {200, "[]", TransferEnd::kComplete, "not_json"},
      {200, R"({"models":[)", TransferEnd::kLost, "connection_lost_unsent"},
      {0, "", TransferEnd::kCannotConnect, "cannot_connect"},
  };
  for (const Case& c : cases) {
    const auto result = Read(c.http_status, c.body, 7, c.end);
    const auto* diagnosis = std::get_if<Diagnosis>(&result);
    ASSERT_NE(diagnosis, nullptr) << c.code;
    EXPECT_EQ(diagnosis->code, c.code);
    EXPECT_EQ(diagnosis->message.find("the-key"), std::string::npos);
  }
}

TEST(GeminiModelsTest, TheHeadersOfARefusalCount) {
  ModelPageReader reader("the-key");
  reader.OnHead({503, std::nullopt, {{"retry-after", "7"}}});
  TransferResult transfer;
  transfer.end = TransferEnd::kComplete;
  const auto result = reader.Finish(transfer, absl::UnixEpoch());
  const auto* diagnosis = std::get_if<Diagnosis>(&result);
  ASSERT_NE(diagnosis, nullptr);
  EXPECT_EQ(diagnosis->retry_delay, absl::Seconds(7));
}

TEST(GeminiModelsTest, TheKeyTravelsInAHeaderAndTokensAreEncoded) {
  GeminiTarget target;
  target.base_url = "http://127.0.0.1:1/";
  target.api_version = "v1beta";
  target.api_key = "the-key";
  const HttpRequest first = EncodeListModels(target, "");
  EXPECT_EQ(first.head->url, "http://127.0.0.1:1/v1beta/models?pageSize=1000");
  EXPECT_EQ(FindHeader(first.head->headers, "x-goog-api-key"), "the-key");
  EXPECT_EQ(first.body, nullptr);
  EXPECT_EQ(
      EncodeListModels(target, "a=&b").head->url,
      "http://127.0.0.1:1/v1beta/models?pageSize=1000&pageToken=a%3D%26b");
}

}  // namespace
}  // namespace gemini::internal
