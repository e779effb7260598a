#include "diagnosis/advice_text.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace gemini::internal {
namespace {

const std::vector<AdviceValue>& Values() {
  static const auto* const values = new std::vector<AdviceValue>{
      {"model", "kite-1", "this model"},
      {"limit", "", "some limit"},
      {"date", "", ""},
      {"odd", "[{model}]", ""},
  };
  return *values;
}

TEST(AdviceTextTest, ValuesAndOptionalPartsAreFilledIn) {
  struct Case {
    const char* text;
    const char* expected;
  };
  const Case cases[] = {
      {"", ""},
      {"as it is", "as it is"},
      {"use {model}.", "use kite-1."},
      {"{model}{model}", "kite-1kite-1"},
      {"up to {limit}", "up to some limit"},
      {"gone[ since {date}].", "gone."},
      {"gone[ ({limit})].", "gone."},  // What stands in for it is not enough.
      {"it[ is {model}].", "it is kite-1."},
      {"it[ is {model}][ of {date}][ ({model})]", "it is kite-1 (kite-1)"},
      {"it[ is {model} of {date}].", "it."},
      {"[{date} ]it ends[ at {date}]", "it ends"},
      // A value is not looked at again.
      {"say {odd}[ or {odd}]", "say [{model}] or [{model}]"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(FillIn(c.text, Values()), c.expected) << c.text;
  }
}

TEST(AdviceTextTest, AnUnknownNameStaysVisible) {
  EXPECT_EQ(FillIn("a {mdoel}", Values()), "a {mdoel}");
  EXPECT_EQ(FillIn("a[ ({mdoel})]", Values()), "a ({mdoel})");
  EXPECT_EQ(FillIn("on {date}", Values()), "on {date}");
}

TEST(AdviceTextTest, ASpacePartsChineseFromLatinAtTheEdgesOfAValue) {
  EXPECT_EQ(FillIn("改用{model}再试", Values()), "改用 kite-1 再试");
  EXPECT_EQ(FillIn("改用[{model}]再试", Values()), "改用 kite-1 再试");
  // Not beside punctuation, nor between two Chinese words.
  EXPECT_EQ(FillIn("模型（{model}）：{model}。", Values()),
            "模型（kite-1）：kite-1。");
  EXPECT_EQ(FillIn("用{x}吧", {{"x", "该模型"}}), "用该模型吧");
  // What stands in the text stays as it is written.
  EXPECT_EQ(FillIn("用Google的", {}), "用Google的");
}

}  // namespace
}  // namespace gemini::internal
