#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/renames.h"
#include "engine/sinks.h"

namespace gemini::internal {
namespace {

// Of the body of an answer: shorter ones are written in one go at their end.
constexpr int64_t kSmallBytes = 48 << 10;

// The major number of /dev/null and its kin, which never block (Linux,
// Documentation/admin-guide/devices.txt).
constexpr unsigned kMemoryDevices = 1;

bool IsMemoryDevice(const struct stat& info) {
  return S_ISCHR(info.st_mode) && major(info.st_rdev) == kMemoryDevices;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// "dir/fox.png", "-2" becomes "dir/fox-2.png".
std::string WithNumber(const std::string& path, absl::string_view number) {
  const size_t name = path.rfind('/') + 1;  // 0 if there is none.
  size_t dot = path.rfind('.');
  if (dot == std::string::npos || dot <= name) dot = path.size();
  return absl::StrCat(path.substr(0, dot), number, path.substr(dot));
}

// A picture's file. Aside of the loop, but for writing to it.
struct File {
  bool opened() const { return fd >= 0; }

  // What `path` names, if it is a device, or what will get that name.
  absl::Status Open(const std::string& path);

  // What will get a name in `directory`; an error speaks of `path`.
  absl::Status OpenTemporary(const std::string& directory,
                             const std::string& path);

  // Errors speak of `path`.
  absl::Status Write(absl::Span<const char> bytes, const std::string& path);
  absl::Status Close(const std::string& path);
  void Remove();

  int fd = -1;
  std::string temporary;  // Empty: there is none (any more).
  bool is_device = false;
};

absl::Status Failed(const char* what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

absl::Status File::Open(const std::string& path) {
  struct stat info;
  if (path == "/dev/null") {
    // As a rule it is what it should be, and stays that: to look first would
    // cost as much as to open it.
    static std::atomic<bool> was_device{false};
    fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    is_device = opened() &&
                (was_device || (fstat(fd, &info) == 0 && IsMemoryDevice(info)));
    was_device = is_device;
    if (is_device) return absl::OkStatus();
    Close(path).IgnoreError();
  }
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    if (!IsMemoryDevice(info)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " exists and is no regular file"));
    }
    is_device = true;
    fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return opened() ? absl::OkStatus() : Failed("cannot open", path);
  }
  return OpenTemporary(DirectoryOf(path), path);
}

absl::Status File::OpenTemporary(const std::string& directory,
                                 const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  absl::string_view slash = absl::EndsWith(directory, "/") ? "" : "/";
  do {
    temporary = absl::StrCat(directory, slash, ".gemini-", getpid(), "-",
                             counter.fetch_add(1), ".part");
    fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EEXIST);
  if (opened()) return absl::OkStatus();
  absl::Status failed = Failed("cannot write", path);
  temporary.clear();
  return failed;
}

absl::Status File::Write(absl::Span<const char> bytes,
                         const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status File::Close(const std::string& path) {
  if (!opened()) return absl::OkStatus();
  const int result = close(std::exchange(fd, -1));
  return result == 0 || errno == EINTR ? absl::OkStatus()
                                       : Failed("cannot close", path);
}

void File::Remove() {
  Close(temporary).IgnoreError();
  if (!temporary.empty()) unlink(temporary.c_str());
  temporary.clear();
}

absl::Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("cannot open", path);
  const int result = fsync(fd);
  absl::Status status =
      result == 0 ? absl::OkStatus() : Failed("cannot sync", path);
  close(fd);
  return status;
}

// What is done aside of the loop: made once for an attempt.
struct Filing {
  Filing(const FileSink& sink, const SinkPurpose& purpose)
      : options(sink), attempt(purpose.attempt), index(purpose.index) {
    if (options.choose_name) {
      if (options.path.empty()) options.path = ".";
      return;
    }
    if (purpose.count == 1) return;
    options.path = WithNumber(options.path, absl::StrCat("-", index + 1));
  }

  absl::Status Open(File* file) const {
    if (!options.choose_name) return file->Open(options.path);
    return file->OpenTemporary(options.path, options.path);
  }

  // That of the n-th of its answer.
  std::string NameFor(const SinkContext& context, const File& file, int n,
                      const KeptPicture& picture) const;

  FileSink options;  // Its path has the picture's number, or is a directory.
  const int attempt;
  const int index;
};

std::string Filing::NameFor(const SinkContext& context, const File& file, int n,
                            const KeptPicture& picture) const {
  if (!options.choose_name) {
    if (n == 0 || file.is_device) return options.path;
    return WithNumber(options.path, absl::StrCat("-", n + 1));
  }
  std::string name;
  context.RunCallerCode([&] {
    name = options.choose_name({attempt, index, picture.ordinal},
                               picture.mime_type);
  });
  return name;
}

// Brings a file that is written under its name.
absl::Status Commit(File* file, const std::string& name, Renames* renames) {
  if (file->is_device) return absl::OkStatus();
  struct stat info;
  if (stat(name.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " exists and is no regular file"));
  }
  absl::Status renamed = renames->Add(file->temporary, name);
  if (renamed.ok()) file->temporary.clear();
  return renamed;
}

class FileAttemptSink final
    : public AttemptSink,
      public SinkContext::Staged,
      public std::enable_shared_from_this<FileAttemptSink> {
 public:
  FileAttemptSink(SinkContext* context, const FileSink& options,
                  SinkPurpose&& purpose)
      : context_(context),
        resume_(std::move(purpose.resume)),
        filing_(options, purpose) {}

  void Begin(int64_t expected_bytes) override {
    context_->Unstage(this);
    pictures_.push_back(std::make_unique<Picture>());
    if (expected_bytes > kSmallBytes) Open();
  }

  absl::Span<char> Room(size_t n) override { return context_->Stage(this, n); }

  void Filled(size_t n) override {
    context_->Fill(n);
    last().size += static_cast<int64_t>(n);
    if (last().state == State::kNew && last().size > kSmallBytes) Open();
  }

  void Drop() override {
    context_->ForgetStaged(this);
    Forget(&last());
    last().state = State::kDropped;
  }

  bool WantsPause() override {
    if (pictures_.empty() || last().state != State::kOpening) return false;
    // libcurl keeps what it has received meanwhile, up to a buffer of its own.
    const size_t own = last().queue.size() + context_->staged_of(this);
    paused_ = own + kMaxRoom > kMaxQueuedForFile ||
              context_->queued + own + kMaxRoom > kMaxAllQueuedBytes;
    return paused_;
  }

  absl::Status status() const override { return status_; }

  void End(std::vector<KeptPicture> kept, EndFunction done) override;

  // SinkContext::Staged
  void Unstage(absl::Span<const char> bytes) override {
    Picture& picture = last();
    if (picture.state == State::kOpen) {
      if (status_.ok()) {
        status_ = picture.file.Write(bytes, filing_.options.path);
      }
      return;
    }
    picture.queue.append(bytes.data(), bytes.size());
    context_->queued += bytes.size();
  }

 private:
  enum class State { kNew, kOpening, kOpen, kDropped };

  struct Picture {
    State state = State::kNew;
    int64_t size = 0;
    std::string queue;  // Until it is open.

    // Not of the loop's thread while it is opening, and at the end.
    File file;
    absl::Status opened;
  };

  Picture& last() { return *pictures_.back(); }
  Picture* of(const KeptPicture& kept) const {
    return pictures_[static_cast<size_t>(kept.ordinal)].get();
  }

  void Open();
  void Opened(Picture* picture);
  void Settle();
  void Settled();
  void Forget(Picture* picture) {
    context_->queued -= picture->queue.size();
    std::string().swap(picture->queue);
  }

  // Aside of the loop.
  void CommitAll();
  absl::Status Complete(Picture* picture) const;
  absl::Status NameAll();  // All, or none.
  absl::Status SyncDirectories() const;

  SinkContext* const context_;
  const std::function<void()> resume_;
  const Filing filing_;
  absl::InlinedVector<std::unique_ptr<Picture>, 1> pictures_;  // By ordinal.
  bool paused_ = false;
  int opening_ = 0;  // Pictures.
  absl::Status status_;

  // After End().
  EndFunction done_;
  std::vector<KeptPicture> kept_;
  absl::Status committed_;
  std::vector<Image> images_;
};

void FileAttemptSink::Open() {
  Picture* picture = &last();
  picture->state = State::kOpening;
  ++opening_;
  const absl::Status posted = context_->PostForFiles([self = shared_from_this(),
                                                      picture]() mutable {
    picture->opened = self->filing_.Open(&picture->file);
    EventLoop* loop = self->context_->loop();
    loop->Post([self = std::move(self), picture] { self->Opened(picture); });
  });
  if (posted.ok()) return;
  --opening_;
  picture->state = State::kNew;
  status_ = posted;
}

void FileAttemptSink::Opened(Picture* picture) {
  --opening_;
  if (done_) {
    if (opening_ == 0) Settle();
    return;
  }
  status_.Update(picture->opened);
  if (picture->state == State::kOpening && picture->opened.ok()) {
    picture->state = State::kOpen;
    if (status_.ok()) {
      status_ = picture->file.Write(picture->queue, filing_.options.path);
    }
    Forget(picture);
  }
  // A failure shows when data is offered again.
  if (std::exchange(paused_, false)) resume_();
}

void FileAttemptSink::End(std::vector<KeptPicture> kept, EndFunction done) {
  if (kept.empty()) {
    context_->ForgetStaged(this);
  } else {
    context_->Unstage(this);
  }
  for (const auto& picture : pictures_) {
    context_->queued -= picture->queue.size();
  }
  if (status_.ok()) kept_ = std::move(kept);
  bool nothing = kept_.empty();
  for (const auto& picture : pictures_) {
    nothing = nothing && picture->state == State::kNew;
  }
  if (!nothing) {
    done_ = std::move(done);
    if (opening_ == 0) Settle();
  } else if (status_.ok()) {
    std::move(done)(std::vector<Image>());
  } else {
    std::move(done)(status_);
  }
}

// Nothing is done aside for this sink when it begins.
void FileAttemptSink::Settle() {
  const absl::Status posted =
      context_->PostForFiles([self = shared_from_this()]() mutable {
        self->CommitAll();
        EventLoop* loop = self->context_->loop();
        loop->Post([self = std::move(self)] { self->Settled(); });
      });
  if (posted.ok()) return;
  // Rare enough to be done on the loop's thread.
  for (const auto& picture : pictures_) picture->file.Remove();
  committed_ = posted;
  Settled();
}

void FileAttemptSink::Settled() {
  EndFunction done = std::move(done_);  // Which may hold this sink.
  if (!status_.ok()) {
    std::move(done)(status_);
  } else if (!committed_.ok()) {
    std::move(done)(committed_);
  } else {
    std::move(done)(std::move(images_));
  }
}

absl::Status FileAttemptSink::Complete(Picture* picture) const {
  const std::string& path = filing_.options.path;
  if (picture->state == State::kNew) {
    picture->opened = filing_.Open(&picture->file);
  }
  absl::Status status = picture->opened;
  if (status.ok()) status = picture->file.Write(picture->queue, path);
  if (status.ok() && filing_.options.sync && !picture->file.is_device &&
      fsync(picture->file.fd) != 0) {
    status = Failed("cannot sync", path);
  }
  status.Update(picture->file.Close(path));
  return status;
}

void FileAttemptSink::CommitAll() {
  for (const KeptPicture& picture : kept_) {
    if (!committed_.ok()) break;
    committed_ = Complete(of(picture));
  }
  if (committed_.ok()) committed_ = NameAll();
  for (const auto& picture : pictures_) picture->file.Remove();
}

absl::Status FileAttemptSink::NameAll() {
  if (kept_.empty()) return absl::OkStatus();
  // A name that is free must be taken before the next one is asked for, and
  // those of this answer be given back before others ask.
  LightMutexLock lock(context_->naming());
  // Nothing can fail after the last one, but syncing.
  const bool sync = filing_.options.sync;
  Renames renames(sync ? kept_.size() : kept_.size() - 1);
  images_.reserve(kept_.size());
  for (KeptPicture& keep : kept_) {
    Picture* picture = of(keep);
    Image& image = images_.emplace_back();
    image.path = filing_.NameFor(*context_, picture->file,
                                 static_cast<int>(images_.size()) - 1, keep);
    absl::Status status = Commit(&picture->file, image.path, &renames);
    if (!status.ok()) return status;
    image.size = picture->size;
    image.mime_type = std::move(keep.mime_type);
  }
  if (sync) {
    absl::Status status = SyncDirectories();
    if (!status.ok()) return status;
  }
  renames.Keep();
  return absl::OkStatus();
}

absl::Status FileAttemptSink::SyncDirectories() const {
  std::set<std::string> directories;
  for (size_t i = 0; i < images_.size(); ++i) {
    if (!of(kept_[i])->file.is_device) {
      directories.insert(DirectoryOf(images_[i].path));
    }
  }
  for (const std::string& directory : directories) {
    absl::Status status = SyncDirectory(directory);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<AttemptSink> NewFileSink(SinkContext* context,
                                         const FileSink& options,
                                         SinkPurpose&& purpose) {
  return std::make_shared<FileAttemptSink>(context, options,
                                           std::move(purpose));
}

}  // namespace gemini::internal
