// Several files that get their names all together or not at all.

#ifndef GEMINI_SRC_ENGINE_RENAMES_H_
#define GEMINI_SRC_ENGINE_RENAMES_H_

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gemini::internal {

// Renames one file after another. Unless Keep() is called, all of it is undone
// at the end: what was replaced is back, the same files as before, and what is
// new is gone. What somebody else has put under a name meanwhile is left alone.
//
// What is replaced gets a second name until then, its new name with ".old" and
// a number behind. Where the file system has no such links it is renamed to
// that instead, and its name is missing for a moment; where bringing it back
// fails it stays there.
class Renames {
 public:
  using LinkFunction = int(const char* from, const char* to);

  // `undoable`: how many, of the first, may have to be undone. None after them
  // can.
  explicit Renames(size_t undoable, LinkFunction* link = ::link)
      : undoable_(undoable), link_(link) {}
  ~Renames();

  Renames(const Renames&) = delete;
  Renames& operator=(const Renames&) = delete;

  // Replaces what has the name `to`. An error is that of this one alone.
  absl::Status Add(const std::string& from, const std::string& to);

  // Nothing can be undone any more.
  void Keep();

 private:
  struct Done {
    std::string name;
    std::string old;  // What was there before; empty: nothing.
    dev_t device = 0;
    ino_t file = 0;
  };

  absl::StatusOr<std::string> PutAside(const std::string& name,
                                       const std::string& prefix) const;

  size_t undoable_;
  LinkFunction* const link_;
  std::vector<Done> done_;
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_ENGINE_RENAMES_H_
