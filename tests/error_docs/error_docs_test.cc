#include "error_docs/error_docs.h"

#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::testing {
namespace {

using ::testing::HasSubstr;

std::string Committed(Language language) {
  std::ifstream file(
      std::string(GEMINI_SOURCE_DIR "/docs/") + ErrorDocsName(language),
      std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// EXPECT_TRUE: gtest's difference of two such texts would fill screens.
TEST(ErrorDocsTest, TheCommittedDocumentsAreThoseOfTheTables) {
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    EXPECT_TRUE(Committed(language) == ErrorDocs(language))
        << "docs/" << ErrorDocsName(language)
        << " is not what the tables say; run ./dev docs";
  }
}

TEST(ErrorDocsTest, ACauseIsExplainedWithWhatTheLibraryDoesAboutIt) {
  EXPECT_THAT(
      ErrorDocs(Language::kEnglish),
      HasSubstr("| [`zero_quota`](#zero_quota) | The limit is 0: "
                "waiting never helps. | Does not repeat it with the same key"));
  EXPECT_THAT(ErrorDocs(Language::kChinese),
              HasSubstr("| [`no_image`](#no_image) | 应答正常，但没有图片。 | "
                        "重试一次。 |"));
}

TEST(ErrorDocsTest, ACodeHasItsStepsWithTheirLinks) {
  EXPECT_THAT(ErrorDocs(Language::kEnglish),
              HasSubstr("#### `key_expired`\n\n**The API key or token has "
                        "expired.**\n\nOld keys"));
  EXPECT_THAT(ErrorDocs(Language::kEnglish),
              HasSubstr("3. Make sure that the Generative Language API is "
                        "enabled in that project. "
                        "<https://console.cloud.google.com/apis/library/"
                        "generativelanguage.googleapis.com>\n"));
}

}  // namespace
}  // namespace gemini::testing
