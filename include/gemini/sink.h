// Where the bytes of pictures go while they arrive.
//
//   gemini::CallOptions options;
//   gemini::FileSink file;
//   file.path = "fox.png";
//   options.sink = file;
//
// Every picture is a transaction: what arrives is kept aside until the answer
// is whole and the picture is wanted and good, and then committed; else it is
// discarded. A failing sink ends the attempt with the code "sink_failed". It
// is not repeated: the service was paid, and the next picture would meet the
// same sink.

#ifndef GEMINI_SINK_H_
#define GEMINI_SINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gemini/image.h"

namespace gemini {

// Which picture a sink is given.
struct SinkImage {
  int attempt = 0;  // As AttemptReport::number.
  int index = 0;    // Which of the pictures asked for, from 0.

  // Which of those in the answer, from 0. Thoughts count, although they are
  // never committed: that they are thoughts may show only after their bytes.
  int ordinal = 0;
};

// Into Image::bytes. A picture is held once: the memory is asked for once where
// the server states the length of its answer. Where it does not, larger
// pictures get 30 MiB of addresses at first (the capacity() of the string), of
// which they use as much memory as they have bytes.
struct MemorySink {};

// Into a file. Memory does not grow with the picture. The picture is written
// under a temporary name (".gemini-….part") in the same directory and renamed
// when it is whole: nothing half-written is ever seen under the final name. An
// existing file is replaced, a symbolic link too. Image::path has the name.
//
// Of several pictures in one answer all get their names or none does: if one
// cannot, those before it lose theirs again, and files that they replaced are
// back as they were (which have a second name ".gemini-….part.old…" meanwhile;
// on a file system without hard links their own is missing for a moment).
//
// After any failure, a full disk included, the temporary files are removed.
// Only a process that is killed may leave some behind, or some of several
// pictures in place.
struct FileSink {
  // The file. When several pictures are asked for, the n-th gets "-n" before
  // the suffix; of several in one answer those after the first get "-2", "-3"
  // (behind it). The suffix is not changed to fit the type.
  //
  // A memory device such as /dev/null is written to directly. Anything else
  // that exists and is no regular file is refused.
  std::string path;

  // Chooses the name when a picture is whole and its type known. Then `path` is
  // the directory, in which the name must be; empty: the working directory.
  // Runs on a thread of the client's, for one picture at a time; the file has
  // its name before the next one is asked for. Must not use the client.
  std::function<std::string(const SinkImage& image,
                            absl::string_view mime_type)>
      choose_name;

  // Write it to the disk (fsync, of the directory too) before the call ends, so
  // that it outlives a crash of the machine.
  bool sync = false;
};

// Code of yours that takes pictures piece by piece. The functions run on one
// thread of the client's, on which all its receivers take turns: for each
// picture Begin(), Write() as often as needed, then Commit() or Discard(), once
// each and in this order. A status that is not OK ends the attempt, and
// Discard() follows for whatever was begun and not committed.
//
// They may take their time: when 256 KiB of a call wait, its transfer pauses,
// without running into the stall limit; the limits of the attempt and the call
// go on. They must not call Generate() or destroy the client.
//
// Such calls use HTTP/1.1, where a paused transfer holds up nobody else.
class ImageReceiver {
 public:
  virtual ~ImageReceiver() = default;

  virtual absl::Status Begin(const SinkImage& image) = 0;

  // `bytes` is not empty and valid until this returns.
  virtual absl::Status Write(const SinkImage& image,
                             absl::string_view bytes) = 0;

  // All of it was written. `mime_type` is sniffed from its first bytes.
  virtual absl::Status Commit(const SinkImage& image,
                              absl::string_view mime_type) = 0;

  // What was written is not wanted.
  virtual void Discard(const SinkImage& image) = 0;
};

struct CallbackSink {
  // Not null. May be given to many calls.
  std::shared_ptr<ImageReceiver> receiver;

  // Whether an attempt may be repeated although the receiver was given bytes of
  // it. By default such a failure ends the picture.
  bool repeat_after_data = false;
};

using Sink = std::variant<MemorySink, FileSink, CallbackSink>;

// Returns OK, or kInvalidArgument that names the first field at fault.
absl::Status Validate(const Sink& sink);

}  // namespace gemini

#endif  // GEMINI_SINK_H_
