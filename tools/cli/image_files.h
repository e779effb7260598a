// Pictures on disk: how they are named, and that none is lost.

#ifndef GEMINI_TOOLS_CLI_IMAGE_FILES_H_
#define GEMINI_TOOLS_CLI_IMAGE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gemini/image.h"

namespace gemini::cli {

// Where the pictures of one command go.
struct OutputPlan {
  std::string file;  // As given with -o; empty: named by this program.
  int count = 1;     // Pictures asked for.
};

// Finds out, before anything is paid for, whether a file can be written where
// the plan says. Leaves nothing behind.
absl::Status CheckWritable(const OutputPlan& plan);

struct WrittenFiles {
  std::vector<std::string> paths;     // In order of the pictures.
  std::vector<std::string> warnings;  // One line each.
};

// Writes all pictures, each under its final name only when it is whole. The
// name given with -o is kept, whatever the type; of several pictures, the n-th
// gets "-n" before the suffix. Without -o a free name is chosen that begins
// with "image" and ends as the type asks.
//
// A picture that cannot be written there goes into the directory for temporary
// files, and a warning says where. Error: not even that was possible.
absl::StatusOr<WrittenFiles> WriteImages(const OutputPlan& plan,
                                         const std::vector<Image>& images);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_IMAGE_FILES_H_
