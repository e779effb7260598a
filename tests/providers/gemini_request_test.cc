#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/gemini.h"
#include "support/chunks.h"
#include "wire/base64.h"
#include "wire/json.h"

namespace gemini::internal {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kKey[] = "AQ.secret";

GeminiTarget Target() {
  GeminiTarget target;
  target.base_url = "https://generativelanguage.googleapis.com";
  target.api_version = "v1beta";
  target.model = "gemini-nano-banana-2.1";
  target.api_key = kKey;
  return target;
}

HttpRequest Encode(const ImageRequest& request,
                   absl::Duration limit = absl::Seconds(90)) {
  return EncodeGeminiRequest(GeminiHeads().HeadFor(Target(), limit),
                             std::make_shared<const ImageRequest>(request));
}

std::string ReadBody(BodySource* body, size_t chunk_size) {
  std::string text;
  for (;;) {
    std::vector<char> out(chunk_size);
    const size_t n = body->Read(out.data(), out.size());
    if (n == 0) return text;
    text.append(out.data(), n);
  }
}

TEST(GeminiRequestTest, SendsThePromptAlone) {
  ImageRequest request;
  request.prompt = "a \"red\" fox\n";
  const HttpRequest http = Encode(request);
  EXPECT_EQ(http.head->url,
            "https://generativelanguage.googleapis.com/v1beta/models/"
            "gemini-nano-banana-2.1:generateContent");
  EXPECT_EQ(ReadBody(http.body.get(), 1000),
            R"({"contents":[{"role":"user","parts":)"
            R"([{"text":"a \"red\" fox\n"}]}],)"
            R"("generationConfig":{"responseModalities":["IMAGE"]}})");
}

TEST(GeminiRequestTest, SendsWhatIsSet) {
  ImageRequest request;
  request.prompt = "a fox";
  request.aspect_ratio = "16:9";
  request.size = "2K";
  request.seed = -7;
  request.count = 4;
  EXPECT_THAT(
      ReadBody(Encode(request).body.get(), 1000),
      HasSubstr(R"({"responseModalities":["IMAGE"],"imageConfig":)"
                R"({"aspectRatio":"16:9","imageSize":"2K"},"seed":-7}})"));
  request.aspect_ratio.clear();
  EXPECT_THAT(ReadBody(Encode(request).body.get(), 1000),
              HasSubstr(R"("imageConfig":{"imageSize":"2K"})"));
}

TEST(GeminiRequestTest, SendsReferenceImagesAtEveryChunkSize) {
  ImageRequest request;
  request.prompt = "put the hat on the cat";
  request.reference_images = {
      {std::string("\x89PNG\r\n\x1a\n") + std::string(50001, '\x7f'), ""},
      {"anything", "image/webp"}};
  for (const size_t chunk_size : kChunkSizes) {
    const HttpRequest http = Encode(request);
    const std::string text = ReadBody(http.body.get(), chunk_size);
    EXPECT_EQ(static_cast<int64_t>(text.size()), http.body->size());
    const auto document = JsonDocument::Parse(text);
    ASSERT_TRUE(document.has_value());
    const JsonValue parts = document->root()["contents"].At(0)["parts"];
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_EQ(parts.At(0)["text"].string(), request.prompt);
    const JsonValue first = parts.At(1)["inlineData"];
    EXPECT_EQ(first["mimeType"].string(), "image/png");
    EXPECT_EQ(Base64Decode(first["data"].string()).value_or("?"),
              request.reference_images[0].bytes);
    const JsonValue second = parts.At(2)["inlineData"];
    EXPECT_EQ(second["mimeType"].string(), "image/webp");
    EXPECT_EQ(second["data"].string(), "YW55dGhpbmc=");
  }
}

TEST(GeminiRequestTest, SendsTheKeyInItsHeaderOnly) {
  ImageRequest request;
  request.prompt = "a fox";
  const HttpRequest http = Encode(request);
  EXPECT_EQ(FindHeader(http.head->headers, "x-goog-api-key"), kKey);
  EXPECT_THAT(http.head->url, Not(HasSubstr(kKey)));
  EXPECT_THAT(ReadBody(http.body.get(), 1000), Not(HasSubstr(kKey)));
}

TEST(GeminiRequestTest, SendsItsHeaders) {
  ImageRequest request;
  request.prompt = "a fox";
  const HttpRequest http = Encode(request, absl::Milliseconds(89001));
  EXPECT_EQ(FindHeader(http.head->headers, "Content-Type"), "application/json");
  EXPECT_EQ(FindHeader(http.head->headers, "X-Server-Timeout"), "90");
  EXPECT_THAT(std::string(FindHeader(http.head->headers, "User-Agent")),
              MatchesRegex("gemini-cpp/[0-9.]+"));
  EXPECT_EQ(FindHeader(Encode(request, absl::InfiniteDuration()).head->headers,
                       "X-Server-Timeout"),
            "");
}

TEST(GeminiRequestTest, PutsModelAndVersionIntoThePath) {
  const struct {
    const char* base_url;
    const char* model;
    const char* url;
  } kCases[] = {
      {"http://127.0.0.1:8080", "x", "http://127.0.0.1:8080/v1/models/x"},
      {"http://h/proxy/", "x", "http://h/proxy/v1/models/x"},
      {"http://h", "models/x", "http://h/v1/models/x"},
      {"http://h", "tunedModels/x", "http://h/v1/tunedModels/x"},
  };
  for (const auto& test : kCases) {
    GeminiTarget target = Target();
    target.base_url = test.base_url;
    target.api_version = "v1";
    target.model = test.model;
    EXPECT_EQ(GeminiHeads().HeadFor(target, absl::Seconds(1))->url,
              std::string(test.url) + ":generateContent");
  }
}

TEST(GeminiRequestTest, RequestsThatAreAlikeShareTheirHead) {
  GeminiHeads heads;
  const auto first = heads.HeadFor(Target(), absl::Milliseconds(89001));
  EXPECT_EQ(heads.HeadFor(Target(), absl::Seconds(90)), first);

  GeminiTarget other = Target();
  other.model = "another";
  EXPECT_THAT(heads.HeadFor(other, absl::Seconds(90))->url,
              HasSubstr("/another:"));
  other.api_key = "another-key";
  EXPECT_EQ(FindHeader(heads.HeadFor(other, absl::Seconds(90))->headers,
                       "x-goog-api-key"),
            "another-key");
  EXPECT_EQ(FindHeader(heads.HeadFor(other, absl::Seconds(91))->headers,
                       "X-Server-Timeout"),
            "91");
  other.base_url = "http://elsewhere";
  EXPECT_THAT(heads.HeadFor(other, absl::Seconds(91))->url,
              HasSubstr("http://elsewhere/v1beta/"));
  other.api_version = "v1";
  EXPECT_THAT(heads.HeadFor(other, absl::Seconds(91))->url,
              HasSubstr("http://elsewhere/v1/"));
  for (const absl::Duration none : {absl::ZeroDuration(), -absl::Hours(1)}) {
    EXPECT_EQ(
        FindHeader(heads.HeadFor(other, none)->headers, "X-Server-Timeout"),
        "0");
  }
  const auto again = heads.HeadFor(Target(), absl::Seconds(90));
  EXPECT_EQ(again->url, first->url);
  EXPECT_EQ(again->headers, first->headers);
}

TEST(GeminiRequestTest, HoldsReferenceImagesOnceHoweverOftenTheyAreSent) {
  auto request = std::make_shared<ImageRequest>();
  request->prompt = "a fox";
  request->reference_images = {{std::string(1 << 20, 'a'), "image/png"}};
  const auto head = GeminiHeads().HeadFor(Target(), absl::Seconds(1));
  const HttpRequest one = EncodeGeminiRequest(head, request);
  const HttpRequest two = EncodeGeminiRequest(head, request);
  EXPECT_EQ(request.use_count(), 3);
}

TEST(GeminiModelIdTest, TakesIds) {
  for (const char* id :
       {"gemini-nano-banana-2.1", "models/gemini-3-pro-image",
        "tunedModels/my_model", "a", "imagen-3.0@default", "x:y"}) {
    EXPECT_TRUE(ValidateModelId(id).ok()) << id;
  }
}

TEST(GeminiModelIdTest, RefusesWhatWouldChangeThePath) {
  for (const char* id : {"", "models/", "..", "a..b", "../x", "a?b", "a&b",
                         "a#b", "a%2e", "a b", "a\nb", "a/b", "/a", "models//a",
                         "\xc3\xa9", "a\\b", "tunedModels/../x"}) {
    const absl::Status status = ValidateModelId(id);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << id;
    EXPECT_THAT(std::string(status.message()), StartsWith("model: "));
  }
  EXPECT_FALSE(ValidateModelId(std::string(129, 'a')).ok());
  EXPECT_FALSE(ValidateModelId(absl::string_view("a\0b", 3)).ok());
}

}  // namespace
}  // namespace gemini::internal
