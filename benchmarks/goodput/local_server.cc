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
  for (gemini_emulator::CapacityRule& rule : server.quotas.capacity) {
    rule.from += situation.into_minute;
  }
  server.seed = options.seed;
  return server;
}

LocalServer::LocalServer(const Situation& situation,
                         const ServerOptions& options)
    : situation_(situation),
      options_(options),
      minute_(MinuteOf(situation)),
      begins_(minute_ + situation.into_minute * options.time_scale),
      started_(absl::InfiniteFuture()),
      before_(minute_),
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
  server_ = std::make_unique<gemini_emulator::Server>(&io_, emulator_.get());
}

LocalServer::~LocalServer() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

absl::Time LocalServer::Now() const {
  if (started_ == absl::InfiniteFuture()) return before_;
  return begins_ + (absl::Now() - started_);
}

absl::Duration LocalServer::clients_ahead() const {
  const absl::Duration into_clients = begins_ - minute_ + options_.minute_phase;
  const absl::Duration wall = started_ - absl::UnixEpoch();
  return absl::Floor(wall, options_.minute()) + into_clients - wall;
}

void LocalServer::UseAsStrangers() {
  before_ = begins_ - kStrangersAgo * options_.time_scale;
  HttpRequest request;
  request.method = "POST";
  request.target = absl::StrCat("/v1beta/models/", kModel, ":generateContent");
  request.headers = {{"x-goog-api-key", situation_.keys.back()}};
  request.body = R"({"contents":[{"parts":[{"text":"a stranger"}]}]})";
  for (int i = 0; i < situation_.strangers; ++i) {
    emulator_->Handle(request, [](const gemini_emulator::Reply&) {});
  }
  seen_.clear();
}

absl::Status LocalServer::Start() {
  absl::Status listening = server_->Listen("127.0.0.1", 0);
  if (!listening.ok()) return listening;
  if (situation_.strangers > 0) UseAsStrangers();
  started_ = absl::Now();
  thread_ = std::thread([this] { io_.run(); });
  return absl::OkStatus();
}

void LocalServer::Note(const RequestRecord& record) {
  Seen seen;
  seen.arrived = record.time - minute_;
  seen.answered = Now() - minute_ + record.delay;
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

std::string LocalServer::url() const {
  return absl::StrCat("http://127.0.0.1:", server_->port());
}

std::vector<Seen> LocalServer::Stop() {
  io_.stop();
  thread_.join();
  return std::move(seen_);
}

}  // namespace goodput
