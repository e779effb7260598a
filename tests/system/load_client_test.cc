// load_client, as a harness runs it.

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/file_size_limit.h"
#include "testing/program.h"
#include "testing/scripted_server.h"
#include "util/mutex_lock.h"

namespace gemini::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kKey[] = "load-client";
constexpr char kModel[] = "gemini-2.5-flash-image";

std::string Png(int index) {
  return absl::StrCat("\x89PNG\r\n\x1a\n", "of ", index);
}

std::string BodyWith(absl::string_view picture) {
  return absl::StrCat(R"({"candidates":[{"content":{"parts":[{"inlineData":{)",
                      R"("mimeType":"image/png","data":")",
                      absl::Base64Escape(picture),
                      R"("}}]},"finishReason":"STOP"}]})");
}

// Draws the number that stands in each prompt. The first answer is given at
// once, those after it when `at_once` requests have been there together, or
// have not been for long.
class DrawingServer {
 public:
  explicit DrawingServer(int at_once)
      : at_once_(at_once), server_([this](Connection* connection, int) {
          while (Answer(connection)) {
          }
        }) {}

  std::string url() const { return server_.url(); }

  int most_at_once() {
    const internal::MutexLock lock(&mutex_);
    return most_;
  }

 private:
  bool Answer(Connection* connection) {
    const std::string request = connection->ReadRequest();
    const size_t at = request.find("picture ");
    if (at == std::string::npos) return false;
    EXPECT_THAT(request, HasSubstr(absl::StrCat("x-goog-api-key: ", kKey)));
    EXPECT_THAT(request, HasSubstr(absl::StrCat("/models/", kModel, ":")));
    int index = -1;
    const std::string number = request.substr(at + 8);
    EXPECT_TRUE(absl::SimpleAtoi(
        number.substr(0, number.find_first_not_of("0123456789")), &index));
    {
      const internal::MutexLock lock(&mutex_);
      most_ = std::max(most_, ++now_);
      if (++asked_ > 1) {
        mutex_.AwaitWithTimeout(
            absl::Condition(this, &DrawingServer::AllWereThere),
            absl::Seconds(20));
      }
      --now_;
    }
    connection->SendResponse("200 OK", BodyWith(Png(index)));
    return true;
  }

  bool AllWereThere() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return most_ >= at_once_;
  }

  const int at_once_;
  absl::Mutex mutex_;
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  int now_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_ ABSL_GUARDED_BY(mutex_) = 0;
  ScriptedServer server_;
};

class LoadClientTest : public ::testing::Test {
 protected:
  ProgramResult Run(const std::string& url, int count, int concurrency,
                    const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "--base-url",    url,
        "--model",       kModel,
        "--count",       absl::StrCat(count),
        "--concurrency", absl::StrCat(concurrency),
        "--out",         directory_.path()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ProgramResult result =
        RunProgram("load_client", arguments, {}, directory_.path());
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(kKey)));
    return result;
  }

  // Its exit code is 1 and it says why in one line.
  static void ExpectOneLine(const ProgramResult& result) {
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, StartsWith("load_client: "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1)
        << result.err;
  }

  TemporaryDirectory directory_;
};

TEST_F(LoadClientTest, EachPictureIsInItsFile) {
  for (const char* memory : {"0", "1"}) {
    SCOPED_TRACE(memory);
    DrawingServer server(4);
    const ProgramResult result = Run(server.url(), 9, 4, {"--memory", memory});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out + result.err, IsEmpty());
    EXPECT_EQ(server.most_at_once(), 4);
    EXPECT_THAT(directory_.List(), SizeIs(9));
    for (int i = 0; i < 9; ++i) {
      const std::string name = absl::StrCat("img-", i, ".png");
      EXPECT_EQ(directory_.Read(name), Png(i));
      unlink(absl::StrCat(directory_.path(), "/", name).c_str());
    }
  }
}

TEST_F(LoadClientTest, MoreAtOnceThanThereAreIsAllAtOnce) {
  DrawingServer server(2);
  const ProgramResult result = Run(server.url(), 3, 500);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(server.most_at_once(), 2);
  EXPECT_THAT(directory_.List(),
              ElementsAre("img-0.png", "img-1.png", "img-2.png"));
}

TEST_F(LoadClientTest, NullTakesAllPictures) {
  for (const char* memory : {"0", "1"}) {
    DrawingServer server(2);
    const ProgramResult result =
        Run(server.url(), 5, 2, {"--memory", memory, "--out", "/dev/null"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(directory_.List(), IsEmpty());
  }
}

// Others that nobody answers are under way then.
TEST_F(LoadClientTest, TheFirstFailureEndsIt) {
  ScriptedServer server([](Connection* connection, int) {
    while (true) {
      const std::string request = connection->ReadRequest();
      if (request.empty()) return;
      if (absl::StrContains(request, "picture 0")) {
        connection->SendResponse("200 OK", BodyWith(Png(0)));
      } else if (absl::StrContains(request, "picture 1")) {
        connection->SendResponse(
            "400 Bad Request",
            R"({"error":{"code":400,"message":"one line\nand another",)"
            R"("status":"INVALID_ARGUMENT"}})");
      } else {
        connection->WaitForClose();
      }
    }
  });
  const ProgramResult result = Run(server.url(), 20, 4);
  ExpectOneLine(result);
  EXPECT_THAT(result.err, HasSubstr("picture 1: "));
  EXPECT_THAT(result.err, HasSubstr("one line and another"));
  EXPECT_EQ(result.err.find("gemini/"), std::string::npos) << result.err;
  EXPECT_THAT(directory_.List(), ElementsAre("img-0.png"));
}

TEST_F(LoadClientTest, ADirectoryThatIsNotThereIsAFailure) {
  for (const char* memory : {"0", "1"}) {
    DrawingServer server(1);
    const std::string missing = directory_.path() + "/missing";
    const ProgramResult result =
        Run(server.url(), 2, 1, {"--memory", memory, "--out", missing});
    ExpectOneLine(result);
    EXPECT_THAT(result.err, HasSubstr(missing));
  }
}

TEST_F(LoadClientTest, ADeviceThatIsFullIsAFailureAndStays) {
  const std::string path = directory_.path() + "/img-0.png";
  ASSERT_EQ(symlink("/dev/full", path.c_str()), 0);
  DrawingServer server(1);
  const ProgramResult result = Run(server.url(), 1, 1, {"--memory", "1"});
  ExpectOneLine(result);
  EXPECT_THAT(result.err, HasSubstr("img-0.png"));
  EXPECT_THAT(directory_.List(), ElementsAre("img-0.png"));
}

TEST_F(LoadClientTest, AFileThatCannotBeWrittenToItsEndIsNotLeft) {
  ScriptedServer server([](Connection* connection, int) {
    connection->ReadRequest();
    connection->SendResponse("200 OK",
                             BodyWith(Png(0) + std::string(200'000, 'p')));
    connection->WaitForClose();
  });
  const FileSizeLimit limit(100'000);
  for (const char* memory : {"0", "1"}) {
    const ProgramResult result = Run(server.url(), 1, 1, {"--memory", memory});
    ExpectOneLine(result);
    EXPECT_THAT(result.err, HasSubstr("/img-0.png: File too large"));
    EXPECT_THAT(directory_.List(), IsEmpty());
  }
}

TEST_F(LoadClientTest, WrongArgumentsAreToldHowToBeRight) {
  const std::string url = "http://127.0.0.1:1";
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--memory", "2"},
                                             {"--count", "0"},
                                             {"--count", "many"},
                                             {"--concurrency", "-1"},
                                             {"--out", ""},
                                             {"--shape", "round"},
                                             {"--memory"}}) {
    SCOPED_TRACE(wrong[0]);
    const ProgramResult result = Run(url, 1, 1, wrong);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, StartsWith("usage: load_client"));
  }
}

}  // namespace
}  // namespace gemini::testing
