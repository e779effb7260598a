// Files that cannot be written to their end, as on a disk that is full.

#ifndef GEMINI_TESTS_TESTING_FILE_SIZE_LIMIT_H_
#define GEMINI_TESTS_TESTING_FILE_SIZE_LIMIT_H_

#include <signal.h>
#include <sys/resource.h>

namespace gemini::testing {

// While it lives, no file that this process and those it starts write grows
// beyond `bytes`: writing more fails with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*const handler_)(int);
  rlimit before_ = {};
};

}  // namespace gemini::testing

#endif  // GEMINI_TESTS_TESTING_FILE_SIZE_LIMIT_H_
