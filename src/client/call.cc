#include "client/call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/status_details.h"
#include "diagnosis/codes.h"

namespace gemini::internal {

namespace {

// About what a request counts: https://ai.google.dev/gemini-api/docs/tokens
constexpr double kBytesPerToken = 4;
constexpr double kTokensPerImage = 258;

double InputTokens(const ImageRequest& request) {
  return static_cast<double>(request.prompt.size()) / kBytesPerToken +
         static_cast<double>(request.reference_images.size()) * kTokensPerImage;
}

// A status of the sink names files, never what is in them.
Diagnosis SinkFailed(const absl::Status& status, const std::string& model) {
  Diagnosis diagnosis = MakeDiagnosis(
      "sink_failed",
      absl::StrCat("sink: ", absl::StatusCodeToString(status.code())));
  diagnosis.message = std::string(status.message());
  diagnosis.model = model;
  return diagnosis;
}

}  // namespace

// An attempt that is under way, until its sink has ended.
struct Call::Running {
  int number = 0;  // From 1.
  size_t credential = 0;
  absl::Time started;
  absl::Duration waited;
  std::unique_ptr<AttemptReader> reader;
  std::shared_ptr<AttemptSink> sink;
  std::optional<CurlTransport::TransferId> transfer;
  bool cancelled = false;  // While the sink ends.

  // Null while it is transferred, which thousands may be.
  struct Ended {
    TransferResult transfer;
    AttemptResult result;  // The sink has its pictures.
    int drawn = 0;         // Pictures, for the books: also if cancelled.
  };
  std::unique_ptr<Ended> ended;
};

// Kept small: thousands may wait.
struct Call::Picture {
  Picture(int picture_index, const Order& order, Gates* gates, absl::Time now)
      : index(picture_index), machine(order, gates), idle_since(now) {}

  const int index;
  CallMachine machine;
  absl::Time idle_since;  // When the last attempt ended.
  std::unique_ptr<Running> running;
  std::optional<EventLoop::TimerId> timer;
  absl::Time waits_until;          // As last told.
  std::unique_ptr<Finish> finish;  // Null: it goes on.
};

template <typename Make>
void Call::Emit(Make&& make) const {
  if (!context_->emit) return;
  context_->emit(Event{id_, context_->loop->Now(), make()});
}

Call::Call(CallContext* context, CallSettings&& settings)
    : context_(context),
      id_(settings.id),
      request_(std::move(settings.request)),
      degradation_(settings.degradation),
      priority_(settings.priority),
      sink_(std::move(settings.sink)),
      started_(settings.started),
      deadline_(settings.deadline),
      terms_(std::move(settings.terms)),
      completion_(std::move(settings.completion)) {}

Call::~Call() = default;

void Call::Prepare() {
  if (!pictures_.empty()) return;
  Order order;
  order.terms = terms_;
  order.deadline = deadline_;
  order.priority = priority_;
  order.input_tokens = InputTokens(*request_);
  const int count = request_->count;
  pictures_.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    pictures_.emplace_back(i, order, context_->gates, started_);
  }
  unfinished_ = count;
}

void Call::Start() {
  Prepare();
  const absl::Time now = context_->loop->Now();
  starting_ = true;
  for (Picture& picture : pictures_) {
    Do(&picture, picture.machine.OnStarted(now));
  }
  starting_ = false;
  if (unfinished_ == 0) End();
}

void Call::Cancel() {
  if (ended_) return;
  Prepare();
  starting_ = true;  // The last picture to end must not end the loop here.
  for (Picture& picture : pictures_) {
    if (picture.finish != nullptr) continue;
    if (picture.running != nullptr) {
      if (picture.running->transfer.has_value()) {
        context_->transport->Cancel(*picture.running->transfer);
      } else {
        // What its sink commits is on its way.
        picture.running->cancelled = true;
      }
      continue;
    }
    if (picture.timer.has_value()) {
      context_->loop->CancelTimer(*picture.timer);
    }
    Do(&picture, picture.machine.OnCancelled());
  }
  starting_ = false;
  if (unfinished_ == 0) End();
}

void Call::Do(Picture* picture, Action action) {
  context_->waiting.erase(picture->machine.ticket());
  context_->after_gates();
  if (const auto* start = std::get_if<StartAttempt>(&action)) {
    Attempt(picture, *start);
  } else if (const auto* wait = std::get_if<WaitUntil>(&action)) {
    Wait(picture, *wait);
  } else if (auto* finish = std::get_if<Finish>(&action)) {
    picture->finish = std::make_unique<Finish>(std::move(*finish));
    --unfinished_;
    if (unfinished_ == 0 && !starting_) End();
  }
}

void Call::Wait(Picture* picture, const WaitUntil& action) {
  // Who stands in line asks often, and is told the same.
  if (action.why != nullptr && picture->waits_until != action.expected) {
    picture->waits_until = action.expected;
    Emit([&] { return Waiting{picture->index, action.expected, *action.why}; });
  }
  picture->timer = context_->loop->AddTimer(action.time, [this, picture] {
    picture->timer.reset();
    Wake(picture);
  });
  if (action.wakeable) {
    context_->waiting[picture->machine.ticket()] = {
        this, static_cast<size_t>(picture->index)};
  }
}

void Waker::operator()() const { call->Wake(&call->pictures_[picture]); }

void Call::Wake(Picture* picture) {
  if (picture->timer.has_value()) {
    context_->loop->CancelTimer(*picture->timer);
    picture->timer.reset();
  }
  Do(picture, picture->machine.OnWoke(context_->loop->Now()));
}

void Call::Attempt(Picture* picture, const StartAttempt& action) {
  const absl::Time now = context_->loop->Now();
  const Configuration& configuration = *context_->configuration;
  const ConfiguredKey& key = configuration.keys[action.credential];
  const std::string& model = picture->machine.model();
  picture->running = std::make_unique<Running>();
  Running* running = picture->running.get();
  running->number = ++begun_;
  running->credential = action.credential;
  running->started = now;
  running->waited = now - picture->idle_since;
  Emit([&] {
    return AttemptStarted{
        running->number, picture->index, {"gemini", model, key.fingerprint}};
  });

  GeminiTarget target;
  target.base_url = configuration.shown.base_url;
  target.api_version = configuration.shown.api_version;
  target.model = model;
  target.api_key = key.api_key;
  HttpRequest request = EncodeGeminiRequest(
      context_->heads.HeadFor(target, action.give_up_at - now), request_);
  request.never_proxy = configuration.is_loopback;
  request.in_view = context_->calls;
  request.may_pause = !std::holds_alternative<MemorySink>(sink_);
  const auto resume = [this, picture] {
    if (picture->running != nullptr && picture->running->transfer.has_value()) {
      context_->transport->Resume(*picture->running->transfer);
    }
  };
  running->sink =
      NewSink(context_->sinks, sink_,
              {running->number, picture->index, request_->count, resume});
  request.on_under_way = [this, picture] {
    picture->machine.OnUnderWay(context_->loop->Now());
  };
  GeminiReading reading;
  reading.sink = running->sink.get();
  reading.model = model;
  reading.api_key = key.api_key;
  reading.request = request_;
  reading.classifier = context_->classifier;
  running->reader = NewGeminiReader(std::move(reading));
  const TimeLimits& limits = picture->machine.terms().limits;
  running->transfer = context_->transport->Start(
      std::move(request), {limits.connect, limits.stall, action.give_up_at},
      running->reader.get(), [this, picture](const TransferResult& transfer) {
        OnTransferEnded(picture, transfer);
      });
}

void Call::OnTransferEnded(Picture* picture, const TransferResult& transfer) {
  Running* running = picture->running.get();
  running->ended = std::make_unique<Running::Ended>(Running::Ended{
      transfer, running->reader->Finish(transfer, context_->loop->Now())});
  running->reader.reset();
  running->transfer.reset();
  std::vector<KeptPicture> kept = std::move(running->ended->result.pictures);
  running->ended->drawn = static_cast<int>(kept.size());
  if (transfer.end == TransferEnd::kCancelled) kept.clear();
  // May run this at once, and may be replaced by what that leads to.
  const std::shared_ptr<AttemptSink> sink = running->sink;
  sink->End(std::move(kept),
            [this, picture](absl::StatusOr<std::vector<Image>> images) {
              OnSinkEnded(picture, std::move(images));
            });
}

void Call::OnSinkEnded(Picture* picture,
                       absl::StatusOr<std::vector<Image>> images) {
  const absl::Time now = context_->loop->Now();
  const std::unique_ptr<Running> running = std::move(picture->running);
  const TransferResult& transfer = running->ended->transfer;
  AttemptResult& result = running->ended->result;
  std::optional<Diagnosis>& diagnosis = result.diagnosis;
  picture->idle_since = now;
  bool may_repeat = true;
  if (!images.ok()) {
    diagnosis = SinkFailed(images.status(), picture->machine.model());
    diagnosis->http_status = result.http_status;
    may_repeat = false;
  } else if (const auto* callback = std::get_if<CallbackSink>(&sink_)) {
    may_repeat = callback->repeat_after_data || !running->sink->exposed();
  }

  const auto number = static_cast<size_t>(running->number);
  if (attempts_.size() < number) attempts_.resize(number);
  AttemptReport& report = attempts_[number - 1];
  const ConfiguredKey& key = context_->configuration->keys[running->credential];
  report.number = running->number;
  report.image_index = picture->index;
  report.route = {"gemini", picture->machine.model(), key.fingerprint};
  report.started = running->started;
  report.waited = running->waited;
  report.duration = now - report.started;
  report.time_to_first_byte = transfer.time_to_first_byte;
  report.http_status = result.http_status;
  report.response_id = std::move(result.response_id);
  report.model_version = std::move(result.model_version);
  report.bytes_sent = transfer.bytes_sent;
  report.bytes_received = transfer.bytes_received;
  report.usage = result.usage;
  if (diagnosis.has_value()) report.diagnosis = diagnosis;
  // Whatever the service began to answer with 200, it may have drawn.
  report.maybe_billed =
      diagnosis.has_value() && transfer.request_sent &&
      (transfer.end != TransferEnd::kComplete
           ? !result.http_status.has_value() || *result.http_status == 200
           : !images.ok() || diagnosis->cause == Cause::kBadResponse);
  Emit([&] { return AttemptEnded{report}; });
  if (context_->spend) {
    context_->spend({key.project, report.route.model, now,
                     running->ended->drawn, result.usage.total_tokens});
  }

  if (!diagnosis.has_value()) Keep(*picture, *images, result);
  if (transfer.end == TransferEnd::kCancelled ||
      (running->cancelled && diagnosis.has_value())) {
    Do(picture, picture->machine.OnCancelled());
    return;
  }
  const double random = diagnosis.has_value() ? context_->random() : 0;
  Action action = picture->machine.OnAttemptEnded(diagnosis, now, random);
  if (!may_repeat && diagnosis.has_value() &&
      !std::holds_alternative<Finish>(action)) {
    // The machine's wish is not granted: it leaves the gates.
    picture->machine.OnCancelled();
    action =
        Finish{Finish::Verdict::kDegraded, std::move(diagnosis), std::nullopt};
  }
  Do(picture, std::move(action));
}

void Call::Keep(const Picture& picture, std::vector<Image>& images,
                AttemptResult& result) {
  for (Image& image : images) image.index = picture.index;
  if (images_ == nullptr) {
    images_ = std::make_unique<Images>();
    images_->images = std::move(images);
    images_->text = std::move(result.text);
    images_->usage = result.usage;
    return;
  }
  for (Image& image : images) images_->images.push_back(std::move(image));
  images_->text += result.text;
  images_->usage.prompt_tokens += result.usage.prompt_tokens;
  images_->usage.output_tokens += result.usage.output_tokens;
  images_->usage.image_tokens += result.usage.image_tokens;
  images_->usage.thought_tokens += result.usage.thought_tokens;
  images_->usage.total_tokens += result.usage.total_tokens;
}

void Call::End() {
  ended_ = true;
  const int attempts = static_cast<int>(attempts_.size());
  absl::StatusOr<Outcome> outcome = Conclude();
  Emit([&] {
    CallEnded ended;
    ended.attempts = attempts;
    ended.code = outcome.status().code();
    ended.elapsed = context_->loop->Now() - started_;
    if (outcome.ok()) {
      const Images* images = outcome->images();
      if (images != nullptr) {
        ended.images = static_cast<int>(images->images.size());
      }
      ended.diagnosis = outcome->diagnosis;
    } else {
      ended.diagnosis = DiagnosisOf(outcome.status());
    }
    return ended;
  });
  context_->ended(id_, std::move(completion_), std::move(outcome));
}

absl::StatusOr<Outcome> Call::Conclude() {
  const Finish* decided = nullptr;  // The first that brought no picture.
  for (const Picture& picture : pictures_) {
    const Finish& finish = *picture.finish;
    if (finish.verdict == Finish::Verdict::kCancelled) {
      return StatusWithDetails(absl::CancelledError("the call was cancelled"),
                               std::nullopt, attempts_);
    }
    if (finish.verdict == Finish::Verdict::kDelivered) continue;
    if (decided == nullptr) decided = &finish;
    if (images_ != nullptr) {
      images_->missing.push_back({picture.index, *finish.diagnosis});
    }
  }

  if (images_ == nullptr && decided != nullptr &&
      (decided->verdict == Finish::Verdict::kInvalid ||
       degradation_ == Degradation::kForbidden)) {
    return StatusWithDetails(StatusFor(*decided->diagnosis), decided->diagnosis,
                             attempts_);
  }
  Outcome outcome;
  if (decided != nullptr) {
    outcome.diagnosis = decided->diagnosis;
    outcome.retry_at = decided->retry_at;
  }
  if (images_ == nullptr) {
    outcome.result = PromptOnly{request_->prompt};
  } else {
    // Pictures arrive in the order in which they are done.
    const auto earlier = [](const Image& a, const Image& b) {
      return a.index < b.index;
    };
    std::vector<Image>& images = images_->images;
    if (images.size() > 1) {
      std::stable_sort(images.begin(), images.end(), earlier);
    }
    outcome.result = std::move(*images_);
  }
  outcome.attempts = std::move(attempts_);
  outcome.elapsed = context_->loop->Now() - started_;
  return outcome;
}

}  // namespace gemini::internal
