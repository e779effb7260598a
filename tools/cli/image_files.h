// Pictures on disk: how they are named.

#ifndef GEMINI_TOOLS_CLI_IMAGE_FILES_H_
#define GEMINI_TOOLS_CLI_IMAGE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gemini/image.h"
#include "gemini/sink.h"

namespace gemini::cli {

// Where the pictures of one command go.
struct OutputPlan {
  std::string file;  // As given with -o; empty: named by this program.
  int count = 1;     // Pictures asked for.
};

// Finds out, before anything is paid for, whether a file can be written where
// the plan says. Leaves nothing behind.
absl::Status CheckWritable(const OutputPlan& plan);

// Returns the sink that writes each picture under its final name when it is
// whole. The name given with -o is kept, whatever the type. Without -o a free
// name is chosen that begins with "image" and ends as the type asks.
FileSink SinkFor(const OutputPlan& plan);

// Returns what is odd about the names of files that were written, one line
// each.
std::vector<std::string> WarningsAbout(const OutputPlan& plan,
                                       const std::vector<Image>& images);

}  // namespace gemini::cli

#endif  // GEMINI_TOOLS_CLI_IMAGE_FILES_H_
