#include "diagnosis/body_reader.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "wire/json_writer.h"

namespace gemini::internal {
namespace {

constexpr char kError[] =
    R"({"error":{"code":503,"message":"Too busy.","status":"UNAVAILABLE"}})";

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(&quoted, text);
  return quoted;
}

void ExpectTheError(const std::string& body) {
  const BodyFacts facts = ReadBody(body);
  EXPECT_TRUE(facts.error.found) << body;
  EXPECT_EQ(facts.error.code, 503) << body;
  EXPECT_EQ(facts.error.status, "UNAVAILABLE") << body;
  EXPECT_EQ(facts.error.message, "Too busy.") << body;
}

TEST(BodyReaderTest, FindsTheErrorWhereverItIs) {
  const std::string bodies[] = {
      kError,
      absl::StrCat("\xEF\xBB\xBF", kError),
      absl::StrCat("[", kError, "]"),
      absl::StrCat("[{\"candidates\":[]},\n", kError, "]"),
      absl::StrCat("data: ", kError, "\r\n\r\n"),
      absl::StrCat("event: x\ndata: {\"candidates\":[]}\n\ndata: ", kError),
      Quoted(kError),
      absl::StrCat(R"({"error":{"message":)", Quoted(kError),
                   R"(,"code":503,"status":"Service Unavailable"}})"),
      absl::StrCat("2026-11-24 03:00:00 WARN worker-3: ", kError, " (try 2)"),
      absl::StrCat("msg=", Quoted(kError), " level=error"),
      "{'error': {'code': 503, 'message': 'Too busy.', 'status': "
      "'UNAVAILABLE'}}",
      "map[error:map[code:503 message:Too busy. status:UNAVAILABLE]]",
  };
  for (const std::string& body : bodies) ExpectTheError(body);
}

TEST(BodyReaderTest, FindsItInTextsWithinTextsUpToABound) {
  std::string body = kError;
  for (int depth = 1; depth <= 4; ++depth) {
    body = absl::StrCat(R"({"error":{"message":)", Quoted(body), "}}");
    ExpectTheError(body);
  }
  for (int depth = 5; depth <= 14; ++depth) {
    body = absl::StrCat(R"({"error":{"message":)", Quoted(body), "}}");
  }
  EXPECT_TRUE(ReadBody(body).error.found);
}

TEST(BodyReaderTest, ACutBodyKeepsWhatItStates) {
  const std::string body = kError;
  const BodyFacts facts =
      ReadBody(absl::string_view(body).substr(0, body.find("UNAVAILABLE") + 4));
  EXPECT_TRUE(facts.cut);
  EXPECT_EQ(facts.error.code, 503);
  EXPECT_EQ(facts.error.message, "Too busy.");
  EXPECT_EQ(facts.error.status, "") << "a cut name could be another";
}

TEST(BodyReaderTest, AnswersOfAStreamAddUp) {
  const BodyFacts facts = ReadBody(
      R"(data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}

data: {"candidates":[{"finishReason":"RECITATION"}],"modelVersion":"m"}
)");
  EXPECT_FALSE(facts.error.found);
  EXPECT_TRUE(facts.answer.text);
  EXPECT_EQ(facts.answer.finish_reason, "RECITATION");
  EXPECT_EQ(facts.answer.model, "m");
}

TEST(BodyReaderTest, WhatAnAnswerSaysIsNotTakenForAnError) {
  const BodyFacts facts = ReadBody(
      R"({"candidates":[{"content":{"parts":[{"text":"{\"error\":{\"code\":429,\"message\":\"x\"}}"}]},"finishReason":"STOP"}]})");
  EXPECT_FALSE(facts.error.found);
  EXPECT_TRUE(facts.answer.text);
}

TEST(BodyReaderTest, HostileBodiesTakeLinearTime) {
  for (const char* piece : {"{", "[{", "[links {", "map[", "{\"error\":",
                            "\\\"{", "429 ", "\xff\xfe", "data: {}\n"}) {
    std::string body;
    while (body.size() < (1 << 20)) body += piece;
    ReadBody(body);
  }
}

}  // namespace
}  // namespace gemini::internal
