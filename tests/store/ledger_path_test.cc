#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "store/sqlite_ledger.h"

namespace gemini::internal {
namespace {

using ::testing::HasSubstr;

TEST(LedgerPathTest, OtherNamesAreRefusedWithAnExample) {
  for (const char* const uri :
       {"", "gemini.ledger", "sqlite:", "sqlite://", "sqlite:///",
        "sqlite://relative/path", "sqlite:///folder/", "postgres:///x",
        "SQLITE:///x"}) {
    SCOPED_TRACE(uri);
    const auto path = LedgerPath(uri);
    EXPECT_EQ(path.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(path.status().message()),
                HasSubstr("sqlite:///var/lib/app/gemini.ledger"));
  }
}

}  // namespace
}  // namespace gemini::internal
