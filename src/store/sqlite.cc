#include "store/sqlite.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gemini::internal {
namespace {

// Open connections, and the process that opened the last one.
std::atomic<int> connections{0};
std::atomic<pid_t> opened_by{0};

absl::Status StatusFor(int code, const std::string& path,
                       const std::string& what) {
  const std::string message = absl::StrCat(path, ": ", what);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return absl::DataLossError(absl::StrCat(
          message, "; delete the file, it is made anew when it is missing"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          absl::StrCat(message, "; another process keeps it to itself"));
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return absl::PermissionDeniedError(
          absl::StrCat(message, "; this user must be able to write to it"));
    case SQLITE_CANTOPEN:
      return absl::NotFoundError(absl::StrCat(
          message, "; its folder must exist and be open to this user"));
    default:
      return absl::UnavailableError(message);
  }
}

// The lock of a folder, while it lives; in vain where there can be none.
class FolderLock {
 public:
  explicit FolderLock(const std::string& file)
      : fd_(open(file.substr(0, file.rfind('/') + 1).c_str(),
                 O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0) return;
    // Of this library nobody keeps it for long.
    for (int i = 0; i < 1000 && flock(fd_, LOCK_EX | LOCK_NB) != 0; ++i) {
      sqlite3_sleep(1);
    }
  }
  ~FolderLock() {
    if (fd_ >= 0) close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  const int fd_;
};

// False with errno.
bool CreateAnew(const std::string& path) {
  const FolderLock lock(path);
  if (access(path.c_str(), F_OK) == 0) return true;  // Another was faster.
  // Those who still use the deleted file keep these open. SQLite would take
  // them for the new one's, and fail until all of them are closed.
  unlink((path + "-wal").c_str());
  unlink((path + "-shm").c_str());
  const int fd = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

// Those who can read the file know how the keys are used. A file that is there
// is not opened: closing it would undo the locks that other connections of this
// process have on it.
absl::Status CreateForOwner(const std::string& path) {
  if (access(path.c_str(), R_OK | W_OK) == 0) return absl::OkStatus();
  if (errno == ENOENT && CreateAnew(path)) return absl::OkStatus();
  const std::string message = absl::StrCat(path, ": ", std::strerror(errno));
  if (errno == EACCES || errno == EPERM || errno == EROFS) {
    return absl::PermissionDeniedError(
        absl::StrCat(message, "; this user must be able to write to it"));
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return absl::NotFoundError(absl::StrCat(message, "; make its folder"));
  }
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path,
                                                     Mode mode,
                                                     absl::Duration patience) {
  if (connections > 0 && opened_by != getpid()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     ": this process was forked from one that had a "
                     "ledger open, and has inherited its locks; make "
                     "clients with a ledger after fork() only"));
  }
  auto in_use = std::make_unique<InUse>();
  if (mode == Mode::kCreate) {
    if (absl::Status made = CreateForOwner(path); !made.ok()) return made;
  } else if (access(path.c_str(), F_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat(path, ": ", std::strerror(errno),
                     "; it is made by the first client that uses it"));
  }
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  // There is a handle even then, to be closed.
  std::unique_ptr<Sqlite> database(
      new Sqlite(std::move(in_use), handle, path, patience));
  database->Note(code);
  if (!database->status().ok()) return database->status();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_handler(handle, &OnBusy, database.get());
  return database;
}

Sqlite::InUse::InUse() {
  opened_by = getpid();
  ++connections;
}

Sqlite::InUse::~InUse() { --connections; }

Sqlite::Sqlite(std::unique_ptr<InUse> in_use, sqlite3* handle, std::string path,
               absl::Duration patience)
    : in_use_(std::move(in_use)),
      handle_(handle),
      path_(std::move(path)),
      patience_(patience) {}

Sqlite::~Sqlite() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

// Others are done within a millisecond: SQLite's own handler waits longer.
int Sqlite::OnBusy(void* self, int count) {
  auto* database = static_cast<Sqlite*>(self);
  if (absl::Milliseconds(count) >= database->patience_) return 0;
  sqlite3_sleep(1);
  return 1;
}

bool Sqlite::WasMoved() const {
  int moved = 0;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

void Sqlite::Note(int code) {
  if (!status_.ok() || code == SQLITE_OK || code == SQLITE_ROW ||
      code == SQLITE_DONE) {
    return;
  }
  status_ = StatusFor(
      code, path_,
      handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_));
}

Sqlite::Statement Sqlite::Prepare(const char* sql) {
  if (!status_.ok()) return {this, nullptr};
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    Note(sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT,
                            &statement, nullptr));
  }
  return {this, status_.ok() ? statement : nullptr};
}

void Sqlite::Run(const char* sql) {
  if (!status_.ok()) return;
  Note(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

Sqlite::Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Sqlite::Statement& Sqlite::Statement::Bind(absl::string_view text) {
  if (statement_ == nullptr) return *this;
  database_->Note(sqlite3_bind_text64(statement_, ++parameter_, text.data(),
                                      text.size(), SQLITE_TRANSIENT,
                                      SQLITE_UTF8));
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Bind(int64_t number) {
  if (statement_ == nullptr) return *this;
  database_->Note(sqlite3_bind_int64(statement_, ++parameter_, number));
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Bind(double number) {
  if (statement_ == nullptr) return *this;
  database_->Note(sqlite3_bind_double(statement_, ++parameter_, number));
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Bind(absl::Time time) {
  return Bind(absl::ToUnixNanos(time));
}

Sqlite::Statement& Sqlite::Statement::Bind(std::optional<int64_t> number) {
  if (number.has_value()) return Bind(*number);
  if (statement_ == nullptr) return *this;
  database_->Note(sqlite3_bind_null(statement_, ++parameter_));
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Bind(std::optional<absl::Time> time) {
  if (time.has_value()) return Bind(*time);
  return Bind(std::optional<int64_t>());
}

bool Sqlite::Statement::Step() {
  column_ = 0;
  if (statement_ == nullptr || !database_->status().ok()) return false;
  const int code = sqlite3_step(statement_);
  database_->Note(code);
  return code == SQLITE_ROW;
}

std::string Sqlite::Statement::Text() {
  const int column = column_++;
  const auto* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return "";
  return std::string(
      reinterpret_cast<const char*>(text),
      static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

int64_t Sqlite::Statement::Number() {
  return sqlite3_column_int64(statement_, column_++);
}

double Sqlite::Statement::Real() {
  return sqlite3_column_double(statement_, column_++);
}

absl::Time Sqlite::Statement::Time() {
  const int64_t nanos = Number();
  if (nanos == std::numeric_limits<int64_t>::max()) {
    return absl::InfiniteFuture();
  }
  if (nanos == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  return absl::FromUnixNanos(nanos);
}

std::optional<int64_t> Sqlite::Statement::NumberOrNull() {
  if (sqlite3_column_type(statement_, column_) == SQLITE_NULL) {
    ++column_;
    return std::nullopt;
  }
  return Number();
}

std::optional<absl::Time> Sqlite::Statement::TimeOrNull() {
  if (sqlite3_column_type(statement_, column_) == SQLITE_NULL) {
    ++column_;
    return std::nullopt;
  }
  return Time();
}

}  // namespace gemini::internal
