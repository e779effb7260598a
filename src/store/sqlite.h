// SQLite with statuses instead of codes.

#ifndef GEMINI_SRC_STORE_SQLITE_H_
#define GEMINI_SRC_STORE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gemini::internal {

// A connection. What fails first stays in status(), and nothing is done after
// it: a whole transaction can be written down before it is looked at.
class Sqlite {
 public:
  enum class Mode { kCreate, kExisting };

  // A statement on its way; parameters are bound in order, from the first.
  class Statement {
   public:
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    Statement& Bind(absl::string_view text);
    Statement& Bind(int64_t number);
    Statement& Bind(double number);
    Statement& Bind(absl::Time time);
    Statement& Bind(std::optional<int64_t> number);
    Statement& Bind(std::optional<absl::Time> time);

    // Goes on to the next row; false: there is none.
    bool Step();

    // Columns of the row, read in order.
    std::string Text();
    int64_t Number();
    double Real();
    absl::Time Time();
    std::optional<int64_t> NumberOrNull();
    std::optional<absl::Time> TimeOrNull();

   private:
    friend class Sqlite;
    Statement(Sqlite* database, sqlite3_stmt* statement)
        : database_(database), statement_(statement) {}

    Sqlite* const database_;
    sqlite3_stmt* const statement_;  // Null: the database has failed.
    int parameter_ = 0;
    int column_ = 0;
  };

  // kFailedPrecondition in a child process that was forked while a connection
  // was open: of SQLite it inherited locks that nobody will let go.
  // `path`: created for the owner alone, with none of what is left of a file of
  // that name that was deleted while it was in use. Waits up to `patience` for
  // others.
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& path,
                                                      Mode mode,
                                                      absl::Duration patience);
  ~Sqlite();

  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  // `sql` must live as long as the connection: it is prepared once.
  Statement Prepare(const char* sql);

  // Statements without rows, separated by semicolons.
  void Run(const char* sql);

  // The file was deleted, or another one has its name: what is written here is
  // seen only by those who opened it before.
  bool WasMoved() const;

  // Of the row that was inserted last into a table that numbers them.
  int64_t last_number() const { return sqlite3_last_insert_rowid(handle_); }

  const absl::Status& status() const { return status_; }
  void ClearStatus() { status_ = absl::OkStatus(); }

 private:
  // Counts connections.
  struct InUse {
    InUse();
    ~InUse();
  };

  Sqlite(std::unique_ptr<InUse> in_use, sqlite3* handle, std::string path,
         absl::Duration patience);
  static int OnBusy(void* self, int count);
  void Note(int code);

  const std::unique_ptr<InUse> in_use_;  // Until the handle is closed.
  sqlite3* const handle_;
  const std::string path_;
  const absl::Duration patience_;
  std::map<const char*, sqlite3_stmt*> statements_;
  absl::Status status_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_STORE_SQLITE_H_
