#include "gemini/image_request.h"

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kPng[] = "\x89PNG\r\n\x1a\n";

ImageRequest GoodRequest() {
  ImageRequest request;
  request.prompt = "a red fox";
  return request;
}

TEST(ImageRequestTest, TakesGoodRequests) {
  ImageRequest request = GoodRequest();
  EXPECT_TRUE(Validate(request).ok());
  request.prompt = "\xe7\xba\xa2\xe7\x8b\x90";
  request.reference_images = {{kPng, ""}, {"anything", "image/svg+xml"}};
  request.aspect_ratio = "21:9";
  request.size = "4K";
  request.count = 100;
  request.seed = -1;
  EXPECT_TRUE(Validate(request).ok());
}

TEST(ImageRequestTest, NamesTheFieldThatIsWrong) {
  const struct {
    const char* message;
    std::function<void(ImageRequest&)> spoil;
  } kCases[] = {
      {"prompt: is empty", [](auto& r) { r.prompt = ""; }},
      {"prompt: is empty", [](auto& r) { r.prompt = " \n"; }},
      {"prompt: is not UTF-8: wrong byte at offset 1",
       [](auto& r) { r.prompt = "a\xff"; }},
      {"prompt: is 1048577 bytes long",
       [](auto& r) { r.prompt.assign((1 << 20) + 1, 'a'); }},
      {"aspect_ratio: must be one of 1:1, 2:3",
       [](auto& r) { r.aspect_ratio = "16:10"; }},
      {"size: must be one of 512, 1K, 2K, 4K, is \"2k\"",
       [](auto& r) { r.size = "2k"; }},
      {"size: must be one of 512, 1K, 2K, 4K",
       [](auto& r) { r.size = "\xff"; }},
      {"count: must be from 1 to 100, is 0", [](auto& r) { r.count = 0; }},
      {"count: must be from 1 to 100, is 101", [](auto& r) { r.count = 101; }},
      {"reference_images: there are 15",
       [](auto& r) {
         r.reference_images.resize(15, {kPng, ""});
       }},
      {"reference_images[1].bytes: is empty",
       [](auto& r) {
         r.reference_images = {{kPng, ""}, {"", "image/png"}};
       }},
      {"reference_images[0].bytes: is of no type",
       [](auto& r) {
         r.reference_images = {{"text", ""}};
       }},
      {"reference_images[0].mime_type: must be the type of a picture",
       [](auto& r) {
         r.reference_images = {{kPng, "text/plain"}};
       }},
      {"reference_images[0].mime_type: must be the type of a picture",
       [](auto& r) {
         r.reference_images = {{kPng, "image/p\"ng"}};
       }},
      {"reference_images: are 73400321 bytes together",
       [](auto& r) {
         r.reference_images = {{std::string(35 << 20, 'a'), "image/png"},
                               {std::string((35 << 20) + 1, 'a'), "image/png"}};
       }},
  };
  for (const auto& test : kCases) {
    ImageRequest request = GoodRequest();
    test.spoil(request);
    const absl::Status status = Validate(request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith(test.message));
  }
}

TEST(ImageRequestTest, NeverRepeatsLongValues) {
  ImageRequest request = GoodRequest();
  request.aspect_ratio = "a secret that does not belong here";
  EXPECT_THAT(std::string(Validate(request).message()),
              ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace gemini
