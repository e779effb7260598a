#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "engine/sink_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/file_size_limit.h"
#include "testing/program.h"

namespace gemini::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FileSinkTest : public SinkFixture {
 protected:
  std::string In(const std::string& name) const {
    return directory_.path() + "/" + name;
  }

  void MakeFor(const std::string& path, SinkPurpose purpose = {}) {
    FileSink file;
    file.path = path;
    Make(file, std::move(purpose));
  }

  const testing::TemporaryDirectory directory_;
  const std::string big_ = std::string(1 << 20, 'b');
};

TEST_F(FileSinkTest, NothingIsSeenUnderTheNameBeforeTheEnd) {
  directory_.Write("a.png", "what was there");
  MakeFor(In("a.png"));
  Begin(2 << 20);
  Put(big_);
  EXPECT_EQ(directory_.Read("a.png"), "what was there");
  const Result images = End({{0, "image/png"}});
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_EQ((*images)[0].path, In("a.png"));
  EXPECT_EQ((*images)[0].size, 1 << 20);
  EXPECT_EQ((*images)[0].bytes, "");
  EXPECT_EQ(directory_.Read("a.png"), big_);
  EXPECT_THAT(directory_.List(), ElementsAre("a.png"));
}

TEST_F(FileSinkTest, TakesAnyNumberOfBytesWhateverIsExpected) {
  for (const int64_t expected : {int64_t{0}, int64_t{100}, int64_t{1} << 40}) {
    for (const size_t size : {0U, 1U, 1000U, 60000U, 200000U, 1000000U}) {
      const std::string bytes(size, 'x');
      MakeFor(In("a.png"));
      Begin(expected);
      Put(bytes);
      const Result images = End({{0, "image/png"}});
      ASSERT_TRUE(images.ok()) << images.status();
      EXPECT_EQ(directory_.Read("a.png"), bytes);
      EXPECT_THAT(directory_.List(), ElementsAre("a.png"));
    }
  }
}

TEST_F(FileSinkTest, LeavesNothingOfWhatIsNotKept) {
  for (const std::string& bytes : {std::string("small"), big_}) {
    MakeFor(In("a.png"));
    Begin();
    Put(bytes);
    EXPECT_TRUE(End({}).ok());
    EXPECT_THAT(directory_.List(), IsEmpty());
  }
}

TEST_F(FileSinkTest, KeepsThePictureAmongThoughtsAndWrongOnes) {
  for (const size_t size : {10U, 300000U}) {
    const std::string picture(size, 'p');
    MakeFor(In("a.png"));
    Begin();
    Put(std::string(size, 't'));
    Begin();
    Put(std::string(size, 'w'));
    OnLoop([&] { sink_->Drop(); });
    Begin();
    Put(picture);
    ASSERT_TRUE(End({{2, "image/png"}}).ok());
    EXPECT_EQ(directory_.Read("a.png"), picture);
    EXPECT_THAT(directory_.List(), ElementsAre("a.png"));
  }
}

TEST_F(FileSinkTest, NumbersSeveralPictures) {
  SinkPurpose second_of_three;
  second_of_three.index = 1;
  second_of_three.count = 3;
  MakeFor(In("a.b.png"), second_of_three);
  Begin();
  Put("one");
  Begin();
  Put("two");
  const Result images = End({{0, "image/png"}, {1, "image/png"}});
  ASSERT_TRUE(images.ok());
  EXPECT_EQ((*images)[1].path, In("a.b-2-2.png"));
  EXPECT_THAT(directory_.List(), ElementsAre("a.b-2-2.png", "a.b-2.png"));
}

TEST_F(FileSinkTest, ANameWithoutSuffixIsNumberedAtItsEnd) {
  SinkPurpose second;
  second.index = 1;
  second.count = 2;
  MakeFor(In(".hidden"), second);
  Begin();
  Put("x");
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  EXPECT_THAT(directory_.List(), ElementsAre(".hidden-2"));
}

TEST_F(FileSinkTest, AsksForTheNameWhenTheTypeIsKnown) {
  FileSink file;
  file.path = directory_.path();
  SinkImage seen;
  file.choose_name = [&](const SinkImage& image, absl::string_view type) {
    seen = image;
    return In(type == "image/webp" ? "w.webp" : "other");
  };
  SinkPurpose purpose;
  purpose.attempt = 4;
  purpose.index = 2;
  Make(file, purpose);
  Begin();
  Put("t");
  Begin();
  Put("w");
  ASSERT_TRUE(End({{1, "image/webp"}}).ok());
  EXPECT_EQ(seen.attempt, 4);
  EXPECT_EQ(seen.index, 2);
  EXPECT_EQ(seen.ordinal, 1);
  EXPECT_THAT(directory_.List(), ElementsAre("w.webp"));
}

TEST_F(FileSinkTest, SyncsWhereAsked) {
  FileSink file;
  file.path = In("a.png");
  file.sync = true;
  Make(file);
  Begin(2 << 20);
  Put(big_);
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  EXPECT_EQ(directory_.Read("a.png"), big_);
}

TEST_F(FileSinkTest, HasThePermissionsOfAnyNewFile) {
  directory_.Write("usual", "");
  MakeFor(In("a.png"));
  Begin();
  Put("x");
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  struct stat usual;
  struct stat ours;
  ASSERT_EQ(stat(In("usual").c_str(), &usual), 0);
  ASSERT_EQ(stat(In("a.png").c_str(), &ours), 0);
  EXPECT_EQ(ours.st_mode & 0777, usual.st_mode & 0777);
}

TEST_F(FileSinkTest, SaysWhichDirectoryIsMissing) {
  for (const int64_t expected : {0, 1 << 20}) {
    MakeFor(In("no/such/a.png"));
    Begin(expected);
    Put("x");
    const Result images = End({{0, "image/png"}});
    EXPECT_EQ(images.status().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(images.status().message()), HasSubstr("no/such"));
  }
}

TEST_F(FileSinkTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(mkfifo(In("fifo").c_str(), 0600), 0);
  for (const std::string& path : {directory_.path(), In("fifo")}) {
    MakeFor(path);
    Begin();
    Put("x");
    const Result images = End({{0, "image/png"}});
    EXPECT_EQ(images.status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(directory_.List(), ElementsAre("fifo"));
}

TEST_F(FileSinkTest, ADeviceIsWrittenToItself) {
  MakeFor("/dev/null");
  Begin(2 << 20);
  Put(big_);
  const Result images = End({{0, "image/png"}});
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_EQ((*images)[0].path, "/dev/null");
  struct stat info;
  ASSERT_EQ(stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(FileSinkTest, AFullDiskIsAnErrorForSmallAndLarge) {
  for (const std::string& bytes : {std::string("small"), big_}) {
    MakeFor("/dev/full");
    Begin(static_cast<int64_t>(bytes.size()));
    Put(bytes);
    const Result images = End({{0, "image/png"}});
    EXPECT_EQ(images.status().code(), absl::StatusCode::kResourceExhausted)
        << images.status();
  }
}

TEST_F(FileSinkTest, AFullDiskLeavesNothingBehind) {
  MakeFor(In("a.png"));
  Result images;
  {
    const testing::FileSizeLimit limit(256 << 10);
    Begin(2 << 20);
    Put(big_);
    images = End({{0, "image/png"}});
  }
  EXPECT_FALSE(images.ok());
  EXPECT_THAT(directory_.List(), IsEmpty());
}

TEST_F(FileSinkTest, ThatOneOfSeveralCannotBeWrittenIsNotForgottenForTheNext) {
  MakeFor(In("a.png"));
  Result images;
  {
    const testing::FileSizeLimit limit(1 << 10);
    Begin();
    Put(std::string(2 << 10, 'a'));
    Begin();
    Put("b");
    images = End({{0, "image/png"}, {1, "image/png"}});
  }
  EXPECT_FALSE(images.ok());
  EXPECT_THAT(directory_.List(), IsEmpty());
}

TEST_F(FileSinkTest, SeveralOfAnAnswerGoIntoADeviceUnderItsName) {
  MakeFor("/dev/null");
  for (int i = 0; i < 2; ++i) {
    Begin();
    Put("fox");
  }
  const Result images = End({{0, "image/png"}, {1, "image/png"}});
  ASSERT_TRUE(images.ok()) << images.status();
  ASSERT_THAT(*images, SizeIs(2));
  EXPECT_EQ((*images)[0].path, "/dev/null");
  EXPECT_EQ((*images)[1].path, "/dev/null");
}

TEST_F(FileSinkTest, TheDirectoryForChosenNamesIsTheSameForEachPicture) {
  SinkPurpose second;
  second.index = 1;
  second.count = 2;
  FileSink file;
  file.path = directory_.path();
  file.choose_name = [&](const SinkImage& image, absl::string_view) {
    return In(absl::StrCat("fox-", image.index));
  };
  Make(file, second);
  Begin();
  Put("fox");
  const Result images = End({{0, "image/png"}});
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_THAT(directory_.List(), ElementsAre("fox-1"));
}

TEST_F(FileSinkTest, WithoutADirectoryChosenNamesAreInTheWorkingOne) {
  char before[PATH_MAX];
  ASSERT_NE(getcwd(before, sizeof(before)), nullptr);
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);
  FileSink file;
  std::vector<std::string> seen;
  file.choose_name = [&](const SinkImage&, absl::string_view) {
    seen = directory_.List();  // What is not named yet.
    return "fox.png";
  };
  Make(file);
  Begin();
  Put("fox");
  const Result images = End({{0, "image/png"}});
  ASSERT_EQ(chdir(before), 0);
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_THAT(seen, SizeIs(1));
  EXPECT_THAT(directory_.List(), ElementsAre("fox.png"));
}

TEST_F(FileSinkTest, NamesAreChosenOneAtATimeOnWhicheverThread) {
  std::atomic<int> choosing{0};
  std::atomic<int> at_once{0};
  FileSink file;
  file.path = directory_.path();
  file.choose_name = [&](const SinkImage&, absl::string_view) {
    if (choosing.fetch_add(1) > 0) ++at_once;
    // The first name that is free.
    int n = 1;
    while (access(In(absl::StrCat("fox-", n)).c_str(), F_OK) == 0) ++n;
    std::this_thread::yield();
    choosing.fetch_sub(1);
    return In(absl::StrCat("fox-", n));
  };
  constexpr int kPictures = 200;
  absl::BlockingCounter ended(kPictures);
  OnLoop([&] {
    // Some aside of the loop, the others on the thread that is for files.
    for (int i = 0; i < kPictures; ++i) {
      const auto sink = NewSink(context_.get(), file, {});
      sink->Begin(0);
      const absl::Span<char> room = sink->Room(3);
      std::memcpy(room.data(), "fox", 3);
      sink->Filled(3);
      sink->End({{0, "image/png"}}, [&, sink](Result result) {
        EXPECT_TRUE(result.ok()) << result.status();
        ended.DecrementCount();
      });
    }
  });
  ended.Wait();
  EXPECT_EQ(at_once, 0);
  EXPECT_THAT(directory_.List(), SizeIs(kPictures));
}

TEST_F(FileSinkTest, AChosenNameThatIsNoRegularFileIsRefused) {
  ASSERT_EQ(mkfifo(In("pipe").c_str(), 0600), 0);
  FileSink file;
  file.path = directory_.path();
  file.choose_name = [&](const SinkImage&, absl::string_view) {
    return In("pipe");
  };
  Make(file);
  Begin();
  Put("fox");
  EXPECT_EQ(End({{0, "image/png"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(directory_.List(), ::testing::ElementsAre("pipe"));
}

TEST_F(FileSinkTest, PausesWhileTheFileIsNotOpenAndGoesOnThen) {
  absl::Notification may_open;
  absl::BlockingCounter may_end(2);
  absl::Notification resumed;
  OnLoop([&] {
    // Once aside of the loop, once on the thread that is for files.
    for (int i = 0; i < 2; ++i) {
      const absl::Status posted = context_->PostForFiles([&] {
        may_open.WaitForNotification();
        may_end.DecrementCount();
      });
      EXPECT_TRUE(posted.ok());
    }
  });
  SinkPurpose purpose;
  purpose.resume = [&] { resumed.Notify(); };
  MakeFor(In("a.png"), purpose);
  Begin(2 << 20);
  size_t put = 0;
  bool pause = false;
  while (!pause && put <= kMaxQueuedForFile) {
    Put(std::string(12 << 10, 'b'));
    put += 12 << 10;
    OnLoop([&] { pause = sink_->WantsPause(); });
  }
  EXPECT_LE(put, kMaxQueuedForFile);
  EXPECT_FALSE(resumed.HasBeenNotified());
  may_open.Notify();
  resumed.WaitForNotification();
  Put(big_);
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  EXPECT_EQ(directory_.Read("a.png"), std::string(put, 'b') + big_);
  may_end.Wait();
}

TEST_F(FileSinkTest, WithoutAThreadForFilesNothingIsLeft) {
  MakeFor(In("a.png"));
  Begin(2 << 20);
  Put(big_);
  while (directory_.List().empty()) OnLoop([] {});
  absl::Notification taken;
  absl::Notification may_end;
  absl::Notification ended;
  loop_->PostAside([&] {
    taken.Notify();
    may_end.WaitForNotification();
    ended.Notify();
  });
  taken.WaitForNotification();
  OnLoop([] {});
  // That one is taken, another drives the loop, and no more can begin.
  pthread_attr_t usual;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  pthread_attr_t large;
  ASSERT_EQ(pthread_attr_init(&large), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&large, size_t{1} << 47), 0);
  ASSERT_EQ(pthread_setattr_default_np(&large), 0);
  const absl::Status status = End({{0, "image/png"}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(directory_.List(), SizeIs(0));
  may_end.Notify();
  ended.WaitForNotification();
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&large);
  pthread_attr_destroy(&usual);
}

TEST_F(FileSinkTest, SinksThatTakeTurnsDoNotMixTheirBytes) {
  MakeFor(In("a.png"));
  const std::shared_ptr<AttemptSink> a = sink_;
  MakeFor(In("b.png"));
  const std::shared_ptr<AttemptSink> b = sink_;
  std::string as;
  std::string bs;
  for (int i = 0; i < 200; ++i) {
    sink_ = i % 2 == 0 ? a : b;
    if (i < 2) Begin(1 << 20);
    const std::string bytes(static_cast<size_t>(1000 + i * 37),
                            i % 2 == 0 ? 'a' : 'b');
    (i % 2 == 0 ? as : bs) += bytes;
    Put(bytes);
  }
  sink_ = a;
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  sink_ = b;
  ASSERT_TRUE(End({{0, "image/png"}}).ok());
  EXPECT_EQ(directory_.Read("a.png"), as);
  EXPECT_EQ(directory_.Read("b.png"), bs);
}

// Begins one picture after another, and ends with all of them kept.
class FileSinkOfSeveralTest : public FileSinkTest {
 protected:
  Result EndWith(std::vector<std::string> pictures) {
    std::vector<KeptPicture> kept;
    for (const std::string& bytes : pictures) {
      Begin();
      Put(bytes);
      kept.push_back({static_cast<int>(kept.size()), "image/png"});
    }
    return End(kept);
  }

  // The n-th picture of an answer gets the n-th of `names`.
  void MakeWithNames(std::vector<std::string> names) {
    FileSink file;
    file.path = directory_.path();
    file.choose_name = [this, names](const SinkImage& image,
                                     absl::string_view) {
      return In(names[static_cast<size_t>(image.ordinal)]);
    };
    Make(file);
  }

  void MakeDirectory(const std::string& name) {
    ASSERT_EQ(mkdir(In(name).c_str(), 0700), 0);
  }
};

TEST_F(FileSinkOfSeveralTest, CommitsNoneIfALaterNameIsRefused) {
  MakeDirectory("a-3.png");
  MakeFor(In("a.png"));
  EXPECT_EQ(EndWith({"one", "two", "three"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(directory_.List(), ElementsAre("a-3.png"));
}

TEST_F(FileSinkOfSeveralTest, CommitsNoneIfALaterRenameFails) {
  MakeWithNames({"one", "two", "no/such"});
  EXPECT_EQ(EndWith({"one", "two", "three"}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(directory_.List(), IsEmpty());
}

TEST_F(FileSinkOfSeveralTest, BringsBackWhatItHadReplaced) {
  directory_.Write("a.png", "what was there");
  ASSERT_EQ(symlink("nowhere", In("a-2.png").c_str()), 0);
  struct stat before;
  ASSERT_EQ(stat(In("a.png").c_str(), &before), 0);
  MakeDirectory("a-3.png");
  MakeFor(In("a.png"));
  EXPECT_FALSE(EndWith({"one", "two", "three"}).ok());
  EXPECT_EQ(directory_.Read("a.png"), "what was there");
  struct stat after;
  ASSERT_EQ(stat(In("a.png").c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  ASSERT_EQ(lstat(In("a-2.png").c_str(), &after), 0);
  EXPECT_TRUE(S_ISLNK(after.st_mode));
  EXPECT_THAT(directory_.List(), ElementsAre("a-2.png", "a-3.png", "a.png"));
}

TEST_F(FileSinkOfSeveralTest, BringsBackWhatTwoOfOneNameHadReplaced) {
  directory_.Write("a", "what was there");
  MakeWithNames({"a", "a", "no/such"});
  EXPECT_FALSE(EndWith({"one", "two", "three"}).ok());
  EXPECT_EQ(directory_.Read("a"), "what was there");
  EXPECT_THAT(directory_.List(), ElementsAre("a"));
}

TEST_F(FileSinkOfSeveralTest, LeavesNothingOfWhatItReplaces) {
  for (const char* name : {"a.png", "a-2.png", "a-3.png"}) {
    directory_.Write(name, "what was there");
  }
  MakeFor(In("a.png"));
  ASSERT_TRUE(EndWith({"one", "two", "three"}).ok());
  EXPECT_EQ(directory_.Read("a.png"), "one");
  EXPECT_EQ(directory_.Read("a-2.png"), "two");
  EXPECT_EQ(directory_.Read("a-3.png"), "three");
  EXPECT_THAT(directory_.List(), ElementsAre("a-2.png", "a-3.png", "a.png"));
}

TEST_F(FileSinkOfSeveralTest, DoesNotRemoveWhatAnotherPutInItsPlace) {
  FileSink file;
  file.path = directory_.path();
  file.choose_name = [this](const SinkImage& image, absl::string_view) {
    if (image.ordinal == 0) return In("a");
    directory_.Write("b", "of another");
    rename(In("b").c_str(), In("a").c_str());
    return In("no/such");
  };
  Make(file);
  EXPECT_FALSE(EndWith({"one", "two"}).ok());
  EXPECT_EQ(directory_.Read("a"), "of another");
  EXPECT_THAT(directory_.List(), ElementsAre("a"));
}

TEST_F(FileSinkOfSeveralTest, CommitsNoneIfTheDirectoryCannotBeSynced) {
  directory_.Write("a", "what was there");
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  FileSink file;
  file.path = directory_.path();
  file.sync = true;
  file.choose_name = [&](const SinkImage& image, absl::string_view) {
    rlimit none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    return In(image.ordinal == 0 ? "a" : "b");
  };
  Make(file);
  const Result images = EndWith({"one", "two"});
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(images.ok());
  EXPECT_EQ(directory_.Read("a"), "what was there");
  EXPECT_THAT(directory_.List(), ElementsAre("a"));
}

}  // namespace
}  // namespace gemini::internal
