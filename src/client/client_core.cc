#include "client/client_core.h"

#include <unistd.h>

#include <tuple>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "store/sqlite_ledger.h"

namespace gemini::internal {
namespace {

std::atomic<uint64_t> next_call_id{1};

// The client whose callback this thread is running.
thread_local const ClientCore* callback_of = nullptr;

int64_t InputBytes(const ImageRequest& request) {
  size_t bytes = request.prompt.size();
  for (const ReferenceImage& image : request.reference_images) {
    bytes += image.bytes.size();
  }
  return static_cast<int64_t>(bytes);
}

// How far the time of day is ahead of `clock`. Both are read at the same
// moment: a thread that has to wait in between must not take that for a
// difference.
absl::Duration Ahead(Clock& clock) {
  absl::Duration ahead;
  for (int i = 0; i < 5; ++i) {
    const absl::Time before = clock.Now();
    ahead = absl::Now() - before;
    if (clock.Now() - before < absl::Milliseconds(1)) break;
  }
  return ahead;
}

// Seeded when it is first needed: that takes a dozen system calls.
std::function<double()> NewRandom() {
  return [generator = std::shared_ptr<absl::BitGen>()]() mutable {
    if (generator == nullptr) generator = std::make_shared<absl::BitGen>();
    return absl::Uniform(*generator, 0.0, 1.0);
  };
}

}  // namespace

absl::StatusOr<std::shared_ptr<ClientCore>> ClientCore::Create(
    ClientOptions options, ClientParts parts) {
  if (parts.clock == nullptr) parts.clock = NewSystemClock();
  if (!parts.random) parts.random = NewRandom();
  absl::StatusOr<Configuration> configuration = Configure(
      options, parts.environment ? parts.environment : ProcessEnvironment);
  if (!configuration.ok()) return configuration.status();

  std::shared_ptr<ClientCore> core(new ClientCore(
      std::move(options), std::move(parts), *std::move(configuration)));
  absl::StatusOr<std::unique_ptr<EventLoop>> loop =
      EventLoop::Create(core->parts_.clock.get());
  if (!loop.ok()) return loop.status();
  core->loop_ = *std::move(loop);
  absl::StatusOr<std::unique_ptr<CurlTransport>> transport =
      CurlTransport::Create(core->loop_.get(),
                            {core->options_.ca_file, core->options_.proxy,
                             core->options_.max_response_bytes,
                             core->options_.max_connections_per_host,
                             core->options_.accept_compression});
  if (!transport.ok()) return transport.status();
  core->transport_ = *std::move(transport);

  core->sinks_ = std::make_unique<SinkContext>(
      core->loop_.get(), [c = core.get()](TaskThread::Task task) {
        const ClientCore* before = std::exchange(callback_of, c);
        std::move(task)();
        callback_of = before;
      });

  core->context_.loop = core->loop_.get();
  core->context_.sinks = core->sinks_.get();
  core->context_.transport = core->transport_.get();
  core->context_.configuration = &core->configuration_;
  core->context_.classifier = &core->options_.classifier;
  core->context_.random = core->parts_.random;
  std::vector<GateCredential> credentials;
  for (const ConfiguredKey& key : core->configuration_.keys) {
    credentials.push_back({key.fingerprint, key.project});
  }
  core->gates_ = std::make_unique<Gates>(
      core->parts_.gates, core->options_.rate_limits, std::move(credentials));
  core->context_.gates = core->gates_.get();
  core->context_.after_gates = [c = core.get()] { c->AfterGates(); };
  core->context_.ended = [c = core.get()](uint64_t id, Completion&& completion,
                                          absl::StatusOr<Outcome>&& outcome) {
    c->OnCallEnded(id, std::move(completion), std::move(outcome));
  };
  if (core->options_.on_event) {
    core->context_.emit = [c = core.get()](Event event) {
      c->loop_->PostAside(
          [core = c->shared_from_this(), event = std::move(event)] {
            callback_of = core.get();
            core->options_.on_event(event);
            callback_of = nullptr;
          });
    };
  }
  if (absl::Status shared = core->ShareQuotas(); !shared.ok()) return shared;
  return core;
}

absl::Status ClientCore::ShareQuotas() {
  if (options_.ledger.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> path = LedgerPath(options_.ledger);
  if (!path.ok()) return path.status();
  absl::StatusOr<std::unique_ptr<TaskThread>> thread =
      TaskThread::Start("gemini-ledger");
  if (!thread.ok()) return thread.status();
  ledger_thread_ = *std::move(thread);
  ledger_ = NewSqliteLedger(*std::move(path), absl::Seconds(1),
                            [clock = parts_.clock] { return Ahead(*clock); });
  const auto chance = static_cast<uint64_t>(parts_.random() * 0x1p53);
  link_ = std::make_unique<LedgerLink>(
      gates_.get(),
      absl::StrCat(pid_, "-", absl::Hex(chance), "-",
                   next_call_id.fetch_add(1, std::memory_order_relaxed)),
      configuration_.shown.base_url, parts_.gates.minute * 15);
  context_.spend = [this](LedgerSpending spending) {
    link_->Spend(std::move(spending));
  };
  return absl::OkStatus();
}

ClientCore::ClientCore(ClientOptions options, ClientParts parts,
                       Configuration configuration)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      configuration_(std::move(configuration)),
      pid_(getpid()),
      terms_(
          std::make_shared<const Terms>(Terms{options_.retry,
                                              options_.time_limits,
                                              {configuration_.shown.model}})) {}

bool ClientCore::inherited() const { return getpid() != pid_; }

absl::StatusOr<Outcome> ClientCore::Generate(const ImageRequest& request,
                                             const CallOptions& options) {
  if (callback_of == this) {
    return absl::FailedPreconditionError(
        "Generate() would wait for ever inside a callback of its own client: "
        "use GenerateAsync()");
  }
  // Shared, since the function may still be at its end when this returns.
  struct Wait {
    absl::Notification done;
    absl::StatusOr<Outcome> outcome;
  };
  auto wait = std::make_shared<Wait>();
  // The thread that waits may be the only one of the executor, and must not
  // wait for callbacks either.
  Begin(ImageRequest(request), CallOptions(options), Delivery::kAtOnce,
        [wait](absl::StatusOr<Outcome> outcome) {
          wait->outcome = std::move(outcome);
          wait->done.Notify();
        });
  loop_->Await(wait->done);
  return std::move(wait->outcome);
}

CallHandle ClientCore::GenerateAsync(ImageRequest&& request,
                                     CallOptions&& options,
                                     GeminiImageClient::DoneFunction&& done) {
  return Begin(std::move(request), std::move(options), Delivery::kExecutor,
               std::move(done));
}

CallHandle ClientCore::Begin(ImageRequest&& request, CallOptions&& options,
                             Delivery delivery,
                             GeminiImageClient::DoneFunction&& done) {
  if (inherited()) {
    // There is no thread here to run it on.
    std::move(done)(absl::FailedPreconditionError(
        "this client was made before fork(): make a new one in the child"));
    return CallHandle();
  }
  const int64_t input_bytes = InputBytes(request);
  const absl::Status admitted = Admit(request, options, input_bytes);
  if (!admitted.ok()) {
    Deliver(delivery, std::move(done), admitted);
    return CallHandle();
  }
  const uint64_t id = next_call_id.fetch_add(1, std::memory_order_relaxed);
  LightMutexLock lock(&mutex_);
  if (closed_) {
    calls_held_.fetch_sub(1);
    input_bytes_held_.fetch_sub(input_bytes);
    Deliver(delivery, std::move(done),
            absl::CancelledError("the client is being destroyed"));
    return CallHandle();
  }
  loop_->Post([this, call = NewCall(
                         id, std::move(request), std::move(options),
                         {std::move(done), input_bytes, delivery})]() mutable {
    StartCall(std::move(call));
  });
  return CallHandle(weak_from_this(), id);
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): posted above.
}

absl::Status ClientCore::Admit(const ImageRequest& request,
                               const CallOptions& options,
                               int64_t input_bytes) {
  if (absl::Status status = Validate(request); !status.ok()) return status;
  if (absl::Status status = Validate(options); !status.ok()) return status;
  if (calls_held_.fetch_add(1) >= options_.max_calls) {
    calls_held_.fetch_sub(1);
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", options_.max_calls,
                     " calls already (max_calls): try again when some ended"));
  }
  if (input_bytes_held_.fetch_add(input_bytes) + input_bytes >
      options_.max_input_bytes) {
    input_bytes_held_.fetch_sub(input_bytes);
    calls_held_.fetch_sub(1);
    return absl::ResourceExhaustedError(absl::StrCat(
        "prompts and reference images of all calls would exceed ",
        options_.max_input_bytes,
        " bytes (max_input_bytes): try again when some calls ended"));
  }
  return absl::OkStatus();
}

std::unique_ptr<Call> ClientCore::NewCall(uint64_t id, ImageRequest&& request,
                                          CallOptions&& options,
                                          Completion&& completion) {
  CallSettings settings;
  settings.id = id;
  settings.request = std::make_shared<const ImageRequest>(std::move(request));
  settings.terms = TermsOf(options);
  settings.started = parts_.clock->Now();
  settings.deadline =
      settings.started + options.timeout.value_or(options_.time_limits.call);
  settings.degradation = options.degradation;
  settings.priority = options.priority;
  settings.sink = std::move(options.sink);
  settings.completion = std::move(completion);
  return std::make_unique<Call>(&context_, std::move(settings));
}

// Calls that leave it to the client share its terms, others those of the last
// of them if they are the same: thousands may wait.
std::shared_ptr<const Terms> ClientCore::TermsOf(const CallOptions& options) {
  if (!options.retry.has_value() && !options.model.has_value()) return terms_;
  Terms terms = *terms_;
  if (options.retry.has_value()) terms.retry = *options.retry;
  if (options.model.has_value()) terms.models = {*options.model};
  const auto fields = [](const Terms& t) {
    return std::tie(t.retry.max_retries, t.retry.backoff,
                    t.retry.throttled_backoff, t.retry.max_backoff,
                    t.retry.max_ambiguous_retries, t.models);
  };
  if (last_terms_ == nullptr || fields(*last_terms_) != fields(terms)) {
    last_terms_ = std::make_shared<const Terms>(std::move(terms));
  }
  return last_terms_;
}

void ClientCore::AfterGates() {
  if (waking_) return;
  if (!gates_->has_woken()) {
    if (link_ != nullptr) AskLedger();
    return;
  }
  waking_ = true;
  loop_->Post([this] {
    for (const uint64_t ticket : gates_->TakeWoken()) {
      const auto waiting = context_.waiting.find(ticket);
      if (waiting == context_.waiting.end()) continue;
      const Waker wake = waiting->second;
      context_.waiting.erase(waiting);
      wake();
    }
    waking_ = false;
    AfterGates();
  });
}

void ClientCore::AskLedger() {
  if (auto request = link_->Next(loop_->Now())) {
    ledger_thread_->Post([this, request = std::move(request)] {
      loop_->Post([this, reply = ledger_->Exchange(*request)]() mutable {
        link_->OnReply(std::move(reply), loop_->Now());
        AfterGates();
      });
    });
  }
  if (auto news = link_->TakeNews(); news.has_value() && context_.emit) {
    context_.emit(Event{0, loop_->Now(), LedgerChanged{*std::move(news)}});
  }
  if (ledger_timer_.has_value()) loop_->CancelTimer(*ledger_timer_);
  ledger_timer_.reset();
  // Those who wait no longer for the ledger.
  if (gates_->has_woken()) AfterGates();
  if (link_->wake_at() == absl::InfiniteFuture()) return;
  ledger_timer_ = loop_->AddTimer(link_->wake_at(), [this] {
    ledger_timer_.reset();
    AfterGates();
  });
}

void ClientCore::StartCall(std::unique_ptr<Call> call) {
  Call* started = call.get();
  calls_.emplace(started->id(), std::move(call));
  context_.calls = calls_.size();
  if (closing_) {
    started->Cancel();  // Begun by a completion function.
  } else {
    started->Start();
  }
}

void ClientCore::OnCallEnded(uint64_t id, Completion&& completion,
                             absl::StatusOr<Outcome>&& outcome) {
  calls_held_.fetch_sub(1);
  input_bytes_held_.fetch_sub(completion.input_bytes);
  Deliver(completion.delivery, std::move(completion.done), std::move(outcome));
  // The call is still running this function.
  loop_->Post([this, id] {
    calls_.erase(id);
    context_.calls = calls_.size();
    if (closing_ && calls_.empty() && !last_call_ended_.HasBeenNotified()) {
      last_call_ended_.Notify();
    }
  });
}

void ClientCore::Deliver(Delivery delivery,
                         GeminiImageClient::DoneFunction&& done,
                         absl::StatusOr<Outcome>&& outcome) {
  if (delivery == Delivery::kAtOnce) {
    if (!options_.on_event) {
      std::move(done)(std::move(outcome));
      return;
    }
    // Behind the events of the call.
    loop_->PostAside(
        [done = std::move(done), outcome = std::move(outcome)]() mutable {
          std::move(done)(std::move(outcome));
        });
    return;
  }
  struct Run {
    std::shared_ptr<ClientCore> core;
    GeminiImageClient::DoneFunction done;
    absl::StatusOr<Outcome> outcome;
  };
  auto run = [run = std::make_unique<Run>(Run{
                  shared_from_this(), std::move(done), std::move(outcome)})] {
    const ClientCore* before = std::exchange(callback_of, run->core.get());
    std::move(run->done)(std::move(run->outcome));
    callback_of = before;
  };
  if (!options_.executor) {
    loop_->PostAside(std::move(run));
    return;
  }
  // An executor may run what it is given at once: so not from here.
  loop_->PostAside([core = shared_from_this(), run = std::move(run)]() mutable {
    core->options_.executor(std::move(run));
  });
}

absl::StatusOr<std::vector<ModelInfo>> ClientCore::ListModels(
    absl::Duration timeout) {
  if (inherited()) {
    return absl::FailedPreconditionError(
        "this client was made before fork(): make a new one in the child");
  }
  if (callback_of == this) {
    return absl::FailedPreconditionError(
        "ListModels() would wait inside a callback of its own client");
  }
  if (timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("timeout: must be positive");
  }
  absl::Notification done;
  absl::StatusOr<std::vector<ModelInfo>> models;
  const absl::Time deadline = parts_.clock->Now() + timeout;
  std::unique_ptr<ModelList> list;  // Of the loop's thread.
  loop_->Post([&] {
    list = std::make_unique<ModelList>(
        &context_, deadline,
        [&](absl::StatusOr<std::vector<ModelInfo>> result) {
          models = std::move(result);
          // The list is still running this function.
          loop_->Post([&] {
            model_lists_.erase(list.get());
            list.reset();
            done.Notify();
          });
        });
    model_lists_.insert(list.get());
    list->Start();
  });
  loop_->Await(done);
  return models;
}

void ClientCore::Cancel(uint64_t call_id) {
  if (inherited()) return;
  LightMutexLock lock(&mutex_);
  if (closed_) return;
  loop_->Post([this, call_id] {
    const auto call = calls_.find(call_id);
    if (call != calls_.end()) call->second->Cancel();
  });
}

void ClientCore::Shutdown() {
  {
    LightMutexLock lock(&mutex_);
    closed_ = true;
  }
  loop_->Post([this] {
    closing_ = true;
    if (calls_.empty()) last_call_ended_.Notify();
    std::vector<uint64_t> ids;
    for (const auto& [id, call] : calls_) ids.push_back(id);
    for (const uint64_t id : ids) calls_[id]->Cancel();
    for (ModelList* list : model_lists_) list->Cancel();
  });
  // Their sinks end on other threads.
  loop_->Await(last_call_ended_);
  loop_->Stop();
  calls_.clear();
  sinks_.reset();
  transport_.reset();
  if (link_ != nullptr) {
    ledger_thread_->Post(
        [this, farewell = link_->Farewell(parts_.clock->Now())] {
          // Whoever does not hear it will take this process for dead.
          ledger_->Exchange(farewell).IgnoreError();
        });
    ledger_thread_.reset();
  }
  // Not before the loop has posted its last.
  loop_->EndAside();
}

absl::StatusOr<GeminiImageClient> ClientParts::Assemble(
    ClientOptions options) && {
  absl::StatusOr<std::shared_ptr<ClientCore>> core =
      ClientCore::Create(std::move(options), std::move(*this));
  if (!core.ok()) return core.status();
  return GeminiImageClient(*std::move(core));
}

}  // namespace gemini::internal
