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
      wall_minute_(absl::InfiniteFuture()),
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
  // Its clock begins at the full minute, wherever that is on the wall.
  emulator_ = std::make_unique<Emulator>(std::move(emulator));
  server_ = std::make_unique<gemini_emulator::Server>(&io_, emulator_.get());
}

LocalServer::~LocalServer() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

absl::Time LocalServer::Now() const {
  if (wall_minute_ == absl::InfiniteFuture()) return minute_;
  return minute_ + (absl::Now() - wall_minute_);
}

void LocalServer::UseAsStrangers() {
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
  const absl::Duration minute = absl::Minutes(1) * options_.time_scale;
  const absl::Duration begins = situation_.into_minute * options_.time_scale;
  const absl::Duration strangers = begins - kStrangersAgo * options_.time_scale;
  const absl::Duration first = situation_.strangers > 0 ? strangers : begins;
  absl::Time wall_minute =
      absl::UnixEpoch() + absl::Floor(absl::Now() - absl::UnixEpoch(), minute) -
      minute + options_.minute_phase;
  while (wall_minute + first < absl::Now()) wall_minute += minute;
  wall_minute_ = wall_minute;
  if (situation_.strangers > 0) {
    absl::SleepFor(wall_minute + strangers - absl::Now());
    UseAsStrangers();
  }
  thread_ = std::thread([this] { io_.run(); });
  absl::SleepFor(wall_minute + begins - absl::Now());
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
