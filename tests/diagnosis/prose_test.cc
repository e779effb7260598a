#include "diagnosis/prose.h"

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

TEST(ProseTest, FindsTheHttpStatusOnlyWhereItIsOne) {
  struct Case {
    const char* text;
    std::optional<int> code;
  };
  const Case cases[] = {
      {"[429 Too Many Requests] no", 429},
      {"HTTP/1.1 503 Service Unavailable", 503},
      {"got status: 402 . stop", 402},
      {"Error code: 400 - bad", 400},
      {"429 You exceeded your current quota", 429},
      {"failed with status code 500", 500},
      {"took 450 ms", std::nullopt},
      {"model-404b", std::nullopt},
      {"id 4290", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases)
    EXPECT_EQ(ReadProse(c.text).http_code, c.code) << c.text;
}

TEST(ProseTest, FindsStatusModelAndMessageOfAnSdksText) {
  const Prose prose = ReadProse(
      "[GoogleGenerativeAI Error]: Error fetching from https://g.com/v1beta/"
      "models/gemini-2.5-flash:generateContent: [503 Service Unavailable] "
      "The model is overloaded.");
  EXPECT_EQ(prose.model, "gemini-2.5-flash");
  EXPECT_EQ(prose.message, "The model is overloaded.");
  EXPECT_TRUE(prose.is_google);
}

TEST(ProseTest, ReadsTheWordsOfGrpcLibraries) {
  EXPECT_EQ(StatusIn("google.api_core.exceptions.ResourceExhausted: 429"),
            "RESOURCE_EXHAUSTED");
  EXPECT_EQ(StatusIn("StatusCode.NOT_FOUND"), "NOT_FOUND");
  EXPECT_EQ(StatusIn("the INTERNALS"), "");
  EXPECT_EQ(ReadProse("status = StatusCode.NOT_FOUND\n"
                      "\tdetails = \"no such \"thing\".\"\n")
                .message,
            "no such \"thing\".");
}

TEST(ProseTest, ReadsPages) {
  const char kPage[] =
      "\n<!DOCTYPE html>\n<html><title> Error 404 (Not Found) </title>";
  EXPECT_TRUE(IsHtml(kPage));
  EXPECT_EQ(HtmlTitle(kPage), "Error 404 (Not Found)");
  EXPECT_FALSE(IsHtml("<_MultiThreadedRendezvous of RPC"));
}

}  // namespace
}  // namespace gemini::internal
