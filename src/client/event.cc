#include "gemini/event.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace gemini {
namespace {

std::string Seconds(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Microseconds(100)));
}

struct Describe {
  absl::Time now;

  std::string operator()(const AttemptStarted& started) const {
    return absl::StrCat("attempt ", started.number, " of image ",
                        started.image_index,
                        " begins: ", started.route.provider, " ",
                        started.route.model, " key ", started.route.credential);
  }

  std::string operator()(const AttemptEnded& ended) const {
    const AttemptReport& report = ended.report;
    std::string text = absl::StrCat("attempt ", report.number, " of image ",
                                    report.image_index, " ended after ",
                                    Seconds(report.duration), ": ");
    if (report.http_status.has_value()) {
      absl::StrAppend(&text, "HTTP ", *report.http_status, ", ");
    }
    absl::StrAppend(
        &text,
        report.diagnosis.has_value() ? report.diagnosis->code : "delivered",
        ", ", report.bytes_received, " bytes");
    if (!report.response_id.empty()) {
      absl::StrAppend(&text, ", response ", report.response_id);
    }
    if (report.maybe_billed) absl::StrAppend(&text, ", maybe billed");
    return text;
  }

  std::string operator()(const Waiting& waiting) const {
    return absl::StrCat("image ", waiting.image_index, " waits ",
                        Seconds(waiting.until - now), " because of ",
                        waiting.diagnosis.code);
  }

  std::string operator()(const CallEnded& ended) const {
    std::string text = absl::StrCat(
        "call ended after ", Seconds(ended.elapsed), " and ", ended.attempts,
        " attempts: ", absl::StatusCodeToString(ended.code), ", ", ended.images,
        " images");
    if (ended.diagnosis.has_value()) {
      absl::StrAppend(&text, ", ", ended.diagnosis->code);
    }
    return text;
  }

  std::string operator()(const LedgerChanged& changed) const {
    if (changed.status.ok()) return "the quota ledger is in use";
    return absl::StrCat(
        "the quota ledger cannot be used, each process goes by "
        "its own memory: ",
        changed.status.message());
  }
};

}  // namespace

std::string ToString(const Event& event) {
  std::string what = std::visit(Describe{event.time}, event.what);
  if (event.call_id == 0) return what;
  return absl::StrCat("call ", event.call_id, ": ", what);
}

}  // namespace gemini
