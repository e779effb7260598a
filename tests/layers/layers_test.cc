#include "layers/layers.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gemini::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LayersTest, EveryIncludeOfTheProjectFollowsTheRule) {
  namespace fs = std::filesystem;
  int files = 0;
  for (const char* top : {"include", "src", "tools", "examples"}) {
    const fs::path root = fs::path(GEMINI_SOURCE_DIR) / top;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string suffix = entry.path().extension().string();
      if (suffix != ".h" && suffix != ".cc") continue;
      ++files;
      std::ifstream stream(entry.path());
      const std::string text(std::istreambuf_iterator<char>(stream), {});
      const std::string path =
          fs::relative(entry.path(), GEMINI_SOURCE_DIR).generic_string();
      EXPECT_THAT(FindForbiddenIncludes(path, text), IsEmpty());
    }
  }
  EXPECT_GT(files, 30);
}

TEST(LayersTest, TheDecidingCoreKnowsNoTransport) {
  EXPECT_THAT(FindForbiddenIncludes("src/call/call_machine.cc",
                                    "#include \"base/clock.h\"\n"
                                    "#include \"engine/event_loop.h\"\n"),
              ElementsAre("src/call/call_machine.cc:2: includes "
                          "engine/event_loop.h: src/call must not know "
                          "src/engine"));
}

TEST(LayersTest, LibrariesHaveOneUser) {
  struct Case {
    const char* path;
    const char* line;
  };
  const Case forbidden[] = {
      {"include/gemini/client.h", "#include <curl/curl.h>"},
      {"include/gemini/json.h", "# include \"rapidjson/document.h\""},
      {"src/client/client.cc", "#include <curl/multi.h>"},
      {"src/providers/gemini.cc", "#include \"rapidjson/reader.h\""},
      {"src/engine/event_loop.cc", "#include <sqlite3.h>"},
  };
  for (const Case& c : forbidden) {
    EXPECT_THAT(FindForbiddenIncludes(c.path, c.line),
                ElementsAre(HasSubstr("may use it")))
        << c.line;
  }
  EXPECT_THAT(FindForbiddenIncludes("src/engine/curl_transport.cc",
                                    "#include <curl/curl.h>"),
              IsEmpty());
}

TEST(LayersTest, PublicHeadersAndToolsSeeNothingOfTheInside) {
  EXPECT_THAT(FindForbiddenIncludes("include/gemini/client.h",
                                    "#include \"base/clock.h\""),
              ElementsAre(HasSubstr("a public header")));
  EXPECT_THAT(
      FindForbiddenIncludes("tools/cli/main.cc", "#include \"wire/json.h\""),
      ElementsAre(HasSubstr("public headers only")));
}

TEST(LayersTest, ArrowsThatTheRuleAllowsAreAllowed) {
  EXPECT_THAT(FindForbiddenIncludes("src/providers/gemini.cc",
                                    "#include \"diagnosis/judge.h\"\n"
                                    "#include \"wire/json.h\"\n"
                                    "#include \"gemini/image.h\"\n"
                                    "#include <string>\n"),
              IsEmpty());
}

}  // namespace
}  // namespace gemini::testing
