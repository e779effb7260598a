// What the best of all clients would need.

#ifndef GOODPUT_OPTIMUM_H_
#define GOODPUT_OPTIMUM_H_

#include "absl/time/time.h"
#include "goodput/local_server.h"
#include "goodput/situation.h"

namespace goodput {

// The time, on the wall, from the first request until the last picture leaves
// the server, for someone who sees the server's counters, is never refused for
// quota, and repeats at once what a fault has met. Zero where no work can be
// done.
// `first` is when the first request comes, on the wall, since the full minute.
absl::Duration Optimum(const Situation& situation, const ServerOptions& options,
                       absl::Duration first);

}  // namespace goodput

#endif  // GOODPUT_OPTIMUM_H_
