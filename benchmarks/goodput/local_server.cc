#include "goodput/local_server.h"

#include <cstdio>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace goodput {
namespace {

using gemini_emulator::Emulator;
using gemini_emulator::HttpRequest;
using gemini_emulator::LatencyRange;
using gemini_emulator::PictureCallback;
using gemini_emulator::PictureOrder;
using gemini_emulator::RequestRecord;

std::string DrawSmallPicture() {
  PictureOrder order;
  order.width = order.height = 64;
  return absl::Base64Escape(gemini_emulator::DrawPicture(order));
}

}  // namespace

gemini_emulator::Scenario Scaled(const Situation& situation,
                                 const ServerOptions& options) {
  gemini_emulator::Scenario server = situation.server;
  server.latency.least *= options.time_scale;
  server.latency.most *= options.time_scale;
  server.refusal_latency = {options.refusal_latency, options.refusal_latency};
  server.seed = options.seed;
  return server;
}

LocalServer::LocalServer(const Situation& situation,
                         const ServerOptions& options)
    : begin_(BeginOf(situation) -
             (situation.strangers > 0 ? kStrangersAgo : absl::ZeroDuration())),
      picture_(std::make_shared<std::string>(DrawSmallPicture())),
      io_(1) {
  gemini_emulator::EmulatorOptions emulator;
  emulator.scenario = Scaled(situation, options);
  emulator.clock = [this] { return Now(); };
  emulator.time_scale = 1 / options.time_scale;
  emulator.illustrator = [this](const PictureOrder&,
                                const PictureCallback& done) {
    done(picture_);
  };
  emulator.log = [this](const RequestRecord& record) { Note(record); };
  emulator_ = std::make_unique<Emulator>(std::move(emulator));
  UseAsStrangers(situation);
  armed_ = true;
  server_ = std::make_unique<gemini_emulator::Server>(&io_, emulator_.get());
}

LocalServer::~LocalServer() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

// Stands still until the first request, so that a client's start does not
// shift it against the server's windows.
absl::Time LocalServer::Now() {
  if (!armed_) return begin_;
  if (!first_.has_value()) first_ = absl::Now();
  return begin_ + (absl::Now() - *first_);
}

void LocalServer::UseAsStrangers(const Situation& situation) {
  HttpRequest request;
  request.method = "POST";
  request.headers = {{"x-goog-api-key", situation.keys.back()}};
  for (int i = 0; i < situation.strangers; ++i) {
    request.target =
        absl::StrCat("/v1beta/models/", kModel, ":generateContent");
    request.body = R"({"contents":[{"parts":[{"text":"a stranger"}]}]})";
    emulator_->Handle(request, [](const gemini_emulator::Reply&) {});
  }
  if (situation.strangers == 0) return;
  request.target = "/emulator/clock";
  request.body = absl::StrCat(R"({"advance":")",
                              absl::FormatDuration(kStrangersAgo), R"("})");
  emulator_->Handle(request, [](const gemini_emulator::Reply&) {});
}

void LocalServer::Note(const RequestRecord& record) {
  if (!armed_) return;
  Seen seen;
  seen.arrived = record.time - begin_;
  seen.answered = Now() - begin_ + record.delay;
  seen.project = record.project;
  seen.outcome = record.outcome;
  seen.fault = record.fault;
  seen.told = record.retry_after;
  const size_t at = record.body.find("job-p");
  if (at != std::string::npos) {
    std::sscanf(record.body.c_str() + at, "job-p%d-%d", &seen.process,
                &seen.job);
  }
  seen_.push_back(std::move(seen));
}

absl::Status LocalServer::Start() {
  absl::Status listening = server_->Listen("127.0.0.1", 0);
  if (listening.ok()) thread_ = std::thread([this] { io_.run(); });
  return listening;
}

std::string LocalServer::url() const {
  return absl::StrCat("http://127.0.0.1:", server_->port());
}

std::vector<Seen> LocalServer::Stop() {
  io_.stop();
  thread_.join();
  return std::move(seen_);
}

}  // namespace goodput
