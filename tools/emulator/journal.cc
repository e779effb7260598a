#include "emulator/journal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gemini_emulator {
namespace {

constexpr size_t kMostRecords = 1000;
constexpr char kRedacted[] = "[redacted]";

bool IsSecret(const std::string& header) {
  for (const char* name :
       {"x-goog-api-key", "authorization", "proxy-authorization", "cookie"}) {
    if (absl::EqualsIgnoreCase(header, name)) return true;
  }
  return false;
}

Json CountsJson(const std::map<std::string, int64_t>& counts) {
  Json object = Json::object();
  for (const auto& entry : counts) object[entry.first] = entry.second;
  return object;
}

Json RecordJson(const RequestRecord& record) {
  Json headers = Json::object();
  for (const auto& header : record.headers) {
    headers[header.first] = header.second;
  }
  const std::string retry_after =
      record.retry_after ? absl::FormatDuration(*record.retry_after) : "";
  return {{"number", record.number},
          {"connection", record.connection},
          {"time", absl::FormatTime(absl::RFC3339_full, record.time,
                                    absl::UTCTimeZone())},
          {"httpMethod", record.http_method},
          {"target", record.target},
          {"headers", std::move(headers)},
          {"body", record.body},
          {"bodyBytes", record.body_bytes},
          {"method", record.method},
          {"model", record.model},
          {"project", record.project},
          {"outcome", record.outcome},
          {"fault", record.fault},
          {"delay", absl::FormatDuration(record.delay)},
          {"retryAfter", retry_after}};
}

}  // namespace

std::string WithoutKeys(const std::string& target) {
  const std::pair<std::string, std::string> halves =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  if (halves.second.empty()) return target;
  std::vector<std::string> items = absl::StrSplit(halves.second, '&');
  for (std::string& item : items) {
    const std::string name = item.substr(0, item.find('='));
    if (name == "key" || name == "$key" || name == "access_token") {
      item = absl::StrCat(name, "=", kRedacted);
    }
  }
  return absl::StrCat(halves.first, "?", absl::StrJoin(items, "&"));
}

std::shared_ptr<RequestRecord> Journal::Begin(const HttpRequest& request,
                                              absl::Time now) {
  auto record = std::make_shared<RequestRecord>();
  record->number = ++requests_;
  record->connection = request.connection;
  record->time = now;
  record->http_method = request.method;
  record->target = WithoutKeys(request.target);
  for (const auto& header : request.headers) {
    record->headers.emplace_back(
        header.first, IsSecret(header.first) ? kRedacted : header.second);
  }
  record->body = request.body.substr(0, most_body_bytes_);
  record->body_bytes = request.body.size();
  records_.push_back(record);
  if (records_.size() > kMostRecords) records_.pop_front();
  return record;
}

void Journal::Count(const RequestRecord& record) {
  ++by_method_[record.method.empty() ? "none" : record.method];
  ++by_outcome_[record.outcome];
  if (!record.model.empty()) ++by_model_[record.model];
  if (!record.project.empty()) ++by_project_[record.project];
}

void Journal::OnConnectionOpened() {
  ++connections_;
  most_open_ = std::max(most_open_, ++open_);
}

void Journal::OnConnectionClosed() { --open_; }

void Journal::OnGenerationBegun() {
  most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
}

void Journal::OnGenerationEnded() { --in_flight_; }

void Journal::Reset() {
  records_.clear();
  requests_ = malformed_ = clients_gone_ = pictures_ = 0;
  connections_ = most_open_ = open_;
  most_in_flight_ = in_flight_;
  by_method_.clear();
  by_model_.clear();
  by_project_.clear();
  by_outcome_.clear();
}

Json Journal::Stats() const {
  return {{"requests", requests_},
          {"malformedRequests", malformed_},
          {"byMethod", CountsJson(by_method_)},
          {"byModel", CountsJson(by_model_)},
          {"byProject", CountsJson(by_project_)},
          {"byOutcome", CountsJson(by_outcome_)},
          {"pictures", pictures_},
          {"clientsGone", clients_gone_},
          {"inFlight", in_flight_},
          {"maxInFlight", most_in_flight_},
          {"connections", connections_},
          {"openConnections", open_},
          {"maxOpenConnections", most_open_}};
}

Json Journal::Requests(size_t most) const {
  Json requests = Json::array();
  const size_t first =
      records_.size() - std::min<size_t>(most, records_.size());
  for (size_t i = first; i < records_.size(); ++i) {
    requests.push_back(RecordJson(*records_[i]));
  }
  return {{"requests", std::move(requests)}};
}

}  // namespace gemini_emulator
