#include "quota.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "exit_code.h"
#include "gemini/json.h"
#include "gemini/quota.h"
#include "ledger_option.h"

namespace gemini::cli {
namespace {

struct Options {
  std::string ledger;
  bool json = false;
};

using Line = std::vector<std::string>;

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string ResetText(const std::optional<absl::Time>& time, absl::Time now) {
  if (!time.has_value()) return "open";
  if (*time == absl::InfiniteFuture()) return "never";
  const char* const format =
      *time - now < absl::Hours(12) ? "%H:%M:%S" : "%Y-%m-%d %H:%M";
  return absl::FormatTime(format, *time, absl::LocalTimeZone());
}

// Names of quotas are long, and say which they are at their ends.
std::string NameOf(const QuotaViolation& quota) {
  if (!quota.quota_id.empty()) return quota.quota_id;
  const size_t slash = quota.metric.rfind('/');
  if (slash != std::string::npos) return quota.metric.substr(slash + 1);
  return OrDash(quota.metric);
}

std::string SourceOf(const QuotaViolation& quota) {
  switch (quota.limit_source) {
    case LimitSource::kQuotaValue:
      return "server";
    case LimitSource::kMessage:
      return "server's text";
    case LimitSource::kNone:
      break;
  }
  return "not stated";
}

void AddLines(const QuotaRecord& record, absl::Time now,
              std::vector<Line>* lines) {
  const auto spent = [&](const char* period, const QuotaSpending& spending) {
    lines->push_back({record.project, record.model,
                      absl::StrCat("requests (", spending.refused, " refused, ",
                                   spending.pictures, " pictures)"),
                      period, absl::StrCat(spending.requests), "-", "counted",
                      "-"});
  };
  spent("minute", record.minute);
  spent("day", record.day);
  for (const KnownQuota& known : record.quotas) {
    const QuotaViolation& quota = known.quota;
    lines->push_back(
        {record.project,
         OrDash(quota.model.empty() ? record.model : quota.model),
         NameOf(quota), std::string(QuotaWindowName(quota.window)),
         known.used.has_value() ? absl::StrCat(*known.used) : "-",
         quota.limit.has_value() ? absl::StrCat(*quota.limit) : "unknown",
         SourceOf(quota), ResetText(known.resets_at, now)});
  }
}

void Print(const std::vector<Line>& lines) {
  std::vector<size_t> widths(lines.front().size());
  for (const Line& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  for (const Line& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      if (i > 0) text += "  ";
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - line[i].size(), ' ');
    }
    std::printf("%s\n", text.c_str());
  }
}

int Quota(const Options& options) {
  const absl::Time now = absl::Now();
  const auto records = ReadQuotaLedger(options.ledger, now);
  if (!records.ok()) {
    std::fprintf(stderr, "gemini-image quota: %s\n",
                 std::string(records.status().message()).c_str());
    return records.status().code() == absl::StatusCode::kInvalidArgument
               ? kExitUsage
               : kExitError;
  }
  if (options.json) {
    std::printf("%s\n", ToJson(*records).c_str());
    return 0;
  }
  if (records->empty()) {
    std::printf("Nothing was sent through this ledger so far.\n");
    return 0;
  }
  std::string service;
  std::vector<Line> lines;
  const auto print = [&] {
    if (lines.empty()) return;
    std::printf("%s\n", service.c_str());
    Print(lines);
  };
  const Line header = {"PROJECT", "MODEL", "QUOTA",  "WINDOW",
                       "USED",    "LIMIT", "SOURCE", "RESET"};
  for (const QuotaRecord& record : *records) {
    if (record.service != service || lines.empty()) {
      print();
      service = record.service;
      lines = {header};
    }
    AddLines(record, now, &lines);
  }
  print();
  for (const QuotaRecord& record : *records) {
    if (!record.refusal.has_value()) continue;
    std::printf(
        "\n%s, %s: the last answer was %s, %s ago: %s\n",
        record.project.c_str(), record.model.c_str(),
        record.refusal->code.c_str(),
        absl::FormatDuration(absl::Trunc(now - record.refused_at.value_or(now),
                                         absl::Seconds(1)))
            .c_str(),
        record.refusal->message.c_str());
  }
  return 0;
}

}  // namespace

void AddQuota(CLI::App* app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "quota", "Show what the processes of this machine know of their quotas");
  AddLedgerOption(command, &options->ledger,
                  "The file that they share (ClientOptions::ledger)")
      ->required();
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "USED counts what was sent from this machine within the quota's window: "
      "others may use the\nsame quota. RESET is when the service said the "
      "window opens. Nothing is sent anywhere.");
  command->callback([options, exit_code] { *exit_code = Quota(*options); });
}

}  // namespace gemini::cli
