#include "call/gates.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "call/remedy.h"

namespace gemini::internal {
namespace {

// The limit in units of Amount(); nothing if what is counted is not known here.
std::optional<double> LimitOf(const QuotaViolation& violation) {
  if (!violation.limit.has_value() || *violation.limit <= 0) {
    return std::nullopt;
  }
  if (violation.unit != QuotaUnit::kRequests &&
      violation.unit != QuotaUnit::kImages) {
    return std::nullopt;
  }
  return static_cast<double>(*violation.limit);
}

// Of what was sent, per project and model.
constexpr size_t kMaxRecord = 20000;

// Longer delays with faults are nonsense, or somebody else's affair.
constexpr int kLongestDelayInMinutes = 15;

// Of the time that the slowest refusal took, so long is waited for the next.
constexpr double kHoldOfRefusals = 2;

// Means of what was seen, as TCP forms them of round trips (RFC 6298).
constexpr int kWeightOfMean = 8;
constexpr int kWeightOfDeviation = 4;
constexpr int kDeviations = 4;

// What the end of a request says of the service.
enum class Telling {
  kServed,  // It judged the request, well or not.
  kFailed,  // It is in trouble.
  kNothing
};

Telling TellingOf(const Diagnosis* diagnosis) {
  if (diagnosis == nullptr) return Telling::kServed;
  if (MayBeQuota(*diagnosis) && diagnosis->cause == Cause::kOverloaded) {
    return Telling::kNothing;
  }
  switch (diagnosis->cause) {
    case Cause::kZeroQuota:
    case Cause::kDailyQuota:
    case Cause::kBilling:
    case Cause::kCredential:
    case Cause::kModelNotFound:
    case Cause::kRateLimited:
    case Cause::kSpendRate:
    case Cause::kRefused:
    case Cause::kNoImage:
    case Cause::kTokenLimit:
      return Telling::kServed;
    case Cause::kOverloaded:
    case Cause::kTransient:
    case Cause::kAmbiguous:
      return Telling::kFailed;
    default:
      return Telling::kNothing;
  }
}

}  // namespace

Permit& Permit::operator=(Permit&& other) noexcept {
  Permit dropped(std::move(*this));
  gates_ = std::exchange(other.gates_, nullptr);
  id_ = other.id_;
  credential_ = other.credential_;
  return *this;
}

Permit::~Permit() {
  if (gates_ != nullptr) gates_->Release(id_);
}

Gates::ProjectModel::ProjectModel(const GateOptions& options,
                                  const RateLimits& limits)
    : slow_start(options), verdict(options) {
  const auto add = [&](std::optional<int64_t> limit, absl::Duration window,
                       QuotaBucket::Kind kind, QuotaUnit unit) {
    if (!limit.has_value()) return;
    own.push_back(std::make_unique<QuotaBucket>(options, window, kind));
    own.back()->SetLimit(static_cast<double>(*limit));
    buckets.push_back({own.back().get(), unit});
    // Who states what counts per minute need not be felt for.
    if (!IsTokens(unit) && kind != QuotaBucket::Kind::kDay) slow_start.Open();
  };
  const auto sliding = QuotaBucket::Kind::kSliding;
  add(limits.requests_per_minute, options.minute, sliding,
      QuotaUnit::kRequests);
  add(limits.images_per_minute, options.minute, sliding, QuotaUnit::kImages);
  add(limits.input_tokens_per_minute, options.minute, sliding,
      QuotaUnit::kInputTokens);
  add(limits.requests_per_day, absl::Hours(24), QuotaBucket::Kind::kDay,
      QuotaUnit::kRequests);
}

Gates::Gates(const GateOptions& options, const RateLimits& limits,
             std::vector<GateCredential> credentials)
    : options_(options),
      limits_(limits),
      credentials_(std::move(credentials)),
      record_time_(options.minute * 10),
      retry_budget_(options) {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::kRateLimited;
  diagnosis.code = "rate_limited";
  diagnosis.evidence = "rate_limits of the client";
  diagnosis.message = "the limits that the client was given are used up";
  stated_limit_ = std::make_shared<const Diagnosis>(std::move(diagnosis));
}

Gates::ProjectModel* Gates::RouteOf(const std::string& project,
                                    const std::string& model) {
  auto route = routes_.find(NamesLess::Views(project, model));
  if (route == routes_.end()) {
    route = routes_
                .emplace(Names(project, model),
                         std::make_unique<ProjectModel>(options_, limits_))
                .first;
  }
  return route->second.get();
}

Gates::Way Gates::WayOf(const GateCredential& credential,
                        Entry<ModelState>* model) {
  return {&*keys_.try_emplace(credential.id, options_).first,
          &*money_.try_emplace(credential.project, options_).first, model,
          RouteOf(credential.project, model->first)};
}

std::array<VerdictGate*, 4> Gates::Way::verdicts() const {
  return {&route->verdict, &key->second, &model->second.verdict,
          &money->second};
}

Gates::Entry<Gates::ModelState>* Gates::Model(const std::string& model) {
  const auto [entry, is_new] = models_.try_emplace(model, options_);
  if (is_new) {
    for (const GateCredential& credential : credentials_) {
      entry->second.ways.push_back(WayOf(credential, &*entry));
    }
  }
  return &*entry;
}

bool Gates::IsOurs(const std::string& project) const {
  return std::any_of(
      credentials_.begin(), credentials_.end(),
      [&project](const auto& key) { return key.project == project; });
}

Gates::Opening Gates::Check(const Way& way, const Demand& demand,
                            absl::Time now) {
  ProjectModel& route = *way.route;
  ModelState& model = way.model->second;
  // In the order in which one of several that are closed is told.
  for (const VerdictGate* gate :
       {&way.key->second, &model.verdict, &way.money->second, &route.verdict}) {
    if (auto verdict = gate->Closed(now)) return {std::move(verdict), now, {}};
  }
  Opening opening;
  opening.at = now;
  bool known = false;
  bool uncertain = false;
  for (const ProjectModel::Bound& bound : route.buckets) {
    const absl::Time at =
        bound.bucket->Next(Amount(bound.unit, demand.input_tokens), now);
    opening.at = std::max(opening.at, at);
    known |= bound.bucket->cap().has_value();
    uncertain |= bound.bucket->uncertain();
  }
  if (opening.at > now) {
    opening.why =
        route.last_refusal != nullptr ? route.last_refusal : stated_limit_;
  }
  if (!known || uncertain) {
    const absl::Time next = route.slow_start.Next(route.in_flight, now);
    if (next > opening.at) {
      opening.at = next;
      opening.why = nullptr;
    }
  }
  if (route.told_until > opening.at) {
    opening.at = route.told_until;
    opening.why = model.last_fault;
  }
  const absl::Time healthy =
      model.breaker.Next(model.in_flight, demand.deadline, now);
  if (healthy > opening.at) {
    opening.at = healthy;
    opening.why = model.last_fault;
  }
  return opening;
}

Admission Gates::AskForTurn(const Demand& demand, Queue* queue,
                            absl::Time now) {
  const auto place = queue
                         ->try_emplace({demand.priority, demand.place},
                                       Waiter{demand.deadline, demand.ticket})
                         .first;
  if (place == queue->begin()) wants_turn_ = true;
  return AskAgain{std::nullopt, now, nullptr};
}

Gates::Choice Gates::Choose(const Demand& demand, Entry<ModelState>* model,
                            absl::Time now) {
  Choice choice;
  for (size_t i = 0; i < credentials_.size(); ++i) {
    if (std::count(demand.exhausted.begin(), demand.exhausted.end(), i) > 0) {
      continue;
    }
    const Way& way = model->second.ways[i];
    Opening opening = Check(way, demand, now);
    if (opening.closed != nullptr) {
      // What heals by itself says more about what to do than what does not.
      if (choice.closed == nullptr || (!choice.closed->retry_at.has_value() &&
                                       opening.closed->retry_at.has_value())) {
        choice.closed = std::move(opening.closed);
      }
      continue;
    }
    if (!choice.best.has_value() || opening.at < choice.best->at) {
      choice.best = std::move(opening);
      choice.credential = i;
      choice.way = way;
    }
  }
  return choice;
}

std::optional<absl::Time> Gates::OpensAt(const Demand& demand, absl::Time now) {
  const Choice choice = Choose(demand, Model(demand.model), now);
  if (!choice.best.has_value()) return absl::InfiniteFuture();
  if (choice.best->at == absl::InfiniteFuture()) return std::nullopt;
  return choice.best->at;
}

Admission Gates::Admit(const Demand& demand, absl::Time now) {
  Entry<ModelState>* const model = MakeRoomFor(demand.model, now);
  Queue& queue = model->second.queue;
  auto [best, chosen, way, closed] = Choose(demand, model, now);
  const bool waits = best.has_value() && best->at > now;
  if (!waits && !has_turn(now)) return AskForTurn(demand, &queue, now);
  if (!best.has_value()) {
    LeaveQueue(demand, &queue);
    if (closed == nullptr) return NotAdmitted{};
    const std::optional<absl::Time> retry_at = closed->retry_at;
    return NotAdmitted{std::move(closed), retry_at};
  }
  const bool when_woken = best->at == absl::InfiniteFuture();
  if (when_woken) best->at = demand.deadline;
  if (!when_woken && best->at >= demand.deadline) {
    LeaveQueue(demand, &queue);
    const bool told = best->why != nullptr;
    return NotAdmitted{
        std::move(best->why),
        told ? std::optional<absl::Time>(best->at) : std::nullopt};
  }

  if (demand.repeats) {
    // Not in line, where it would hold up those who do not need the budget.
    const absl::Time budget = retry_budget_.Next(now);
    if (budget > now) {
      LeaveQueue(demand, &queue);
      return AskAgain{budget, budget, model->second.last_fault};
    }
  }

  // Who finds nobody in line and may go need not stand in it.
  if (waits || !queue.empty()) {
    const auto [place, is_new] =
        queue.try_emplace({demand.priority, demand.place},
                          Waiter{demand.deadline, demand.ticket});
    if (place != queue.begin()) {
      Waiter& waiter = place->second;
      if (is_new && std::next(place) == queue.end() && !when_woken) {
        const absl::Time turn = BestThroughput(demand, model, now)
                                    .TurnOf(queue.size() - 1, best->at);
        if (turn >= demand.deadline) waiter.too_late = turn;
      }
      if (waiter.too_late != absl::InfinitePast()) {
        const absl::Time turn = waiter.too_late;
        LeaveQueue(demand, &queue);
        return NotAdmitted{std::move(best->why), turn};
      }
      return AskAgain{std::nullopt, best->at, best->why};
    }
    if (when_woken) return AskAgain{std::nullopt, best->at, best->why};
    if (waits) return AskAgain{best->at, best->at, best->why};
    queue.erase(place);
  }
  const uint64_t id = ++last_permit_;
  Send(id, way, demand, now);
  if (alone_ || --turn_left_ > 0) {
    WakeFirst(queue);
  } else {
    turn_until_ = absl::InfinitePast();
    wants_turn_ = !queue.empty();
  }
  return Permit(this, id, chosen);
}

void Gates::Send(uint64_t id, const Way& way, const Demand& demand,
                 absl::Time now) {
  ModelState& model = way.model->second;
  ++model.in_flight;
  model.breaker.OnSent(id, now);
  if (demand.repeats) retry_budget_.OnRetry(now);
  const Sent sent{way, demand.input_tokens, now, demand.repeats};
  Note(LedgerEvent::Kind::kSent, id, sent, now, std::nullopt);
  TakeQuota(id, sent, now);
}

void Gates::TakeQuota(uint64_t id, const Sent& sent, absl::Time now) {
  ProjectModel& route = *sent.way.route;
  ++route.in_flight;
  route.slow_start.OnSent(id, route.in_flight, now);
  for (VerdictGate* gate : sent.way.verdicts()) gate->OnSent(id, now);
  for (const ProjectModel::Bound& bound : route.buckets) {
    bound.bucket->OnSent(id, Amount(bound.unit, sent.input_tokens), now);
  }
  route.record.push_back({id, now, sent.input_tokens, false});
  while (route.record.size() > kMaxRecord ||
         route.record.front().at < now - record_time_) {
    route.record.pop_front();
  }
  sent_.emplace(id, sent);
}

void Gates::OnUnderWay(const Permit& permit, absl::Time now) {
  const auto entry = sent_.find(permit.id_);
  if (entry == sent_.end()) return;
  entry->second.under_way = true;
  ProjectModel& route = *entry->second.way.route;
  route.slow_start.OnUnderWay(permit.id_, now);
  for (const auto& bound : route.buckets) {
    bound.bucket->OnUnderWay(permit.id_, now);
  }
}

void Gates::Record(Permit permit, absl::Time now,
                   const std::optional<Diagnosis>& diagnosis, double random) {
  permit.gates_ = nullptr;
  const auto entry = sent_.find(permit.id_);
  if (entry == sent_.end()) return;
  const Sent sent = entry->second;
  sent_.erase(entry);
  const bool unsent = !sent.under_way && diagnosis.has_value() &&
                      diagnosis->cause == Cause::kTransient &&
                      !diagnosis->http_status.has_value();
  Note(unsent ? LedgerEvent::Kind::kUnsent : LedgerEvent::Kind::kEnded,
       permit.id_, sent, now, unsent ? std::nullopt : diagnosis);
  RecordHealth(permit.id_, sent, diagnosis, now, random);
  if (unsent) {
    WithdrawQuota(permit.id_, sent);
    return;
  }
  RecordQuota(permit.id_, sent, diagnosis.has_value() ? &*diagnosis : nullptr,
              now);
}

void Gates::RecordHealth(uint64_t id, const Sent& sent,
                         const std::optional<Diagnosis>& diagnosis,
                         absl::Time now, double random) {
  ModelState& model = sent.way.model->second;
  --model.in_flight;
  switch (TellingOf(diagnosis.has_value() ? &*diagnosis : nullptr)) {
    case Telling::kServed:
      model.breaker.OnServed(id, sent.at, now);
      break;
    case Telling::kFailed:
      model.last_fault = std::make_shared<const Diagnosis>(*diagnosis);
      model.breaker.OnFailed(id, sent.at, model.in_flight + 1,
                             diagnosis->retry_at, now, random);
      break;
    case Telling::kNothing:
      model.breaker.OnReleased(id);
      break;
  }
  if (!diagnosis.has_value()) retry_budget_.OnSuccess(now);
}

void Gates::RecordQuota(uint64_t id, const Sent& sent,
                        const Diagnosis* diagnosis, absl::Time now) {
  ProjectModel& route = *sent.way.route;
  Queue& queue = sent.way.model->second.queue;
  --route.in_flight;
  const Cause cause = diagnosis != nullptr ? diagnosis->cause : Cause::kNoImage;
  VerdictGate* closing = nullptr;
  switch (cause) {
    case Cause::kZeroQuota:
    case Cause::kDailyQuota:
      closing = &route.verdict;
      break;
    case Cause::kBilling:
      closing = &sent.way.money->second;
      break;
    case Cause::kCredential:
      closing = &sent.way.key->second;
      break;
    case Cause::kModelNotFound:
      closing = &sent.way.model->second.verdict;
      break;
    default:
      break;
  }
  if (diagnosis != nullptr && MayBeQuota(*diagnosis)) {
    NoteRefusalTook(now - sent.at);
    Refused(id, sent, *diagnosis, now);
  } else if (closing != nullptr) {
    closing->OnVerdict(id, sent.at, *diagnosis, now);
    route.slow_start.OnReleased(id);
    for (const auto& bound : route.buckets) bound.bucket->OnReleased(id);
  } else {
    route.slow_start.OnSettled(id, now);
    if (diagnosis != nullptr && diagnosis->retry_at.has_value()) {
      route.told_until =
          std::max(route.told_until,
                   std::min(*diagnosis->retry_at,
                            now + options_.minute * kLongestDelayInMinutes));
    }
    if (diagnosis == nullptr) {
      const size_t wanted = static_cast<size_t>(route.in_flight) + queue.size();
      route.slow_start.OnDelivered(sent.at, static_cast<double>(wanted), now);
    }
    for (const auto& bound : route.buckets) bound.bucket->OnSettled(id, now);
  }
  for (VerdictGate* gate : sent.way.verdicts()) {
    if (gate == closing) continue;
    // A refusal for one cause leaves the others open, a rate limit proves that
    // there is a quota at all.
    if (closing == nullptr && TellingOf(diagnosis) == Telling::kServed) {
      gate->OnDisproved(sent.at);
    }
    gate->OnReleased(id);
  }
  if (closing != nullptr) {
    for (const auto& model : models_) {
      for (const auto& waiter : model.second.queue) {
        woken_.push_back(waiter.second.ticket);
      }
    }
  } else {
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a Way has all.
    WakeFirst(queue);
  }
}

std::deque<Gates::ProjectModel::Use>::iterator Gates::UseOf(ProjectModel* route,
                                                            uint64_t id) {
  auto& record = route->record;
  const auto use =
      std::lower_bound(record.begin(), record.end(), id,
                       [](const ProjectModel::Use& u, uint64_t wanted) {
                         return u.id < wanted;
                       });
  return use != record.end() && use->id == id ? use : record.end();
}

// Nothing else tells how long the network takes: pictures take many seconds,
// each another time. The first refusal alone tells the most that it can be.
void Gates::NoteSpread(absl::Duration time) {
  if (!refusals_take_.has_value()) {
    refusals_take_ = time;
    refusals_deviate_ = time / kDeviations;
  } else {
    const absl::Duration off = time - *refusals_take_;
    *refusals_take_ += off / kWeightOfMean;
    refusals_deviate_ +=
        (absl::AbsDuration(off) - refusals_deviate_) / kWeightOfDeviation;
  }
  options_.spread = refusals_deviate_ * kDeviations;
  for (auto& [name, bucket] : buckets_) bucket->SetSpread(options_.spread);
}

// Long ones only: the hold is long enough for the others.
void Gates::NoteRefusalTook(absl::Duration time) {
  NoteSpread(time);
  const absl::Duration hold =
      std::min(time * kHoldOfRefusals, options_.max_hold);
  if (hold <= options_.hold) return;
  options_.hold = hold;
  options_.cold_hold = std::max(options_.cold_hold, hold);
  for (auto& [name, route] : routes_) {
    route->slow_start.SetHold(options_.cold_hold);
    for (auto& bucket : route->own) bucket->SetHold(hold);
  }
  for (auto& [name, bucket] : buckets_) bucket->SetHold(hold);
}

void Gates::Refused(uint64_t id, const Sent& sent, const Diagnosis& diagnosis,
                    absl::Time now) {
  ProjectModel* const route = sent.way.route;
  route->last_refusal = std::make_shared<const Diagnosis>(diagnosis);
  std::vector<QuotaViolation> violations = diagnosis.violations;
  if (violations.empty()) {
    violations.emplace_back();
    if (diagnosis.cause == Cause::kSpendRate) {
      violations[0].unit = QuotaUnit::kSpend;
      violations[0].window = QuotaWindow::kTenMinutes;
    }
  }
  bool uncertain = false;
  const auto use = UseOf(route, id);
  for (const QuotaViolation& violation : violations) {
    const auto [bucket, is_its_own] = BucketFor(sent, violation, now);
    bucket->OnRefused(id, sent.at,
                      is_its_own ? LimitOf(violation) : std::nullopt,
                      diagnosis.retry_at, now);
    uncertain |= bucket->uncertain();
  }
  if (use != route->record.end()) use->refused = true;
  if (uncertain) {
    route->slow_start.Reset();
  } else {
    route->slow_start.OnReleased(id);
  }
  // Who cannot wait so long goes elsewhere now.
  absl::Time opens = now;
  for (const auto& bound : route->buckets) {
    opens = std::max(opens, bound.bucket->closed_until().value_or(now));
  }
  Demand demand;
  demand.model = sent.way.model->first;
  demand.input_tokens = sent.input_tokens;
  const Throughput best = BestThroughput(demand, sent.way.model, now);
  size_t ahead = 0;
  for (auto& [key, waiter] : sent.way.model->second.queue) {
    const absl::Time turn = best.TurnOf(ahead, opens);
    if (ahead++ > 0 && turn >= waiter.deadline) waiter.too_late = turn;
    if (waiter.too_late != absl::InfinitePast() || opens >= waiter.deadline) {
      woken_.push_back(waiter.ticket);
    }
  }
  // Others than those named had let it in.
  for (const auto& bound : route->buckets) bound.bucket->OnSettled(id, now);
}

absl::Time Gates::Throughput::TurnOf(size_t ahead, absl::Time first) const {
  if (requests < 1) return first;
  return first + window * std::floor(static_cast<double>(ahead) / requests);
}

Gates::Throughput Gates::BestThroughput(const Demand& demand,
                                        Entry<ModelState>* model,
                                        absl::Time now) {
  Throughput best;
  for (const Way& way : model->second.ways) {
    if (Check(way, demand, now).closed != nullptr) continue;
    std::optional<double> least;
    for (const ProjectModel::Bound& bound : way.route->buckets) {
      if (!bound.bucket->limit().has_value()) continue;
      const double admitted = std::floor(
          *bound.bucket->limit() / Amount(bound.unit, demand.input_tokens));
      least = std::min(least.value_or(admitted), admitted);
      best.window = std::min(best.window, bound.bucket->window());
    }
    if (!least.has_value()) return {};
    best.requests += *least;
  }
  return best;
}

void Gates::Release(uint64_t id) {
  const auto entry = sent_.find(id);
  if (entry == sent_.end()) return;
  const Sent sent = entry->second;
  sent_.erase(entry);
  Note(sent.under_way ? LedgerEvent::Kind::kReleased
                      : LedgerEvent::Kind::kUnsent,
       id, sent, sent.at, std::nullopt);
  ModelState& model = sent.way.model->second;
  --model.in_flight;
  if (sent.under_way) {
    model.breaker.OnReleased(id);
    ReleaseQuota(id, sent);
    return;
  }
  model.breaker.OnUnsent(id, sent.at);
  if (sent.repeats) retry_budget_.OnUnsent();
  WithdrawQuota(id, sent);
}

void Gates::WithdrawQuota(uint64_t id, const Sent& sent) {
  ProjectModel& route = *sent.way.route;
  for (const auto& bound : route.buckets) bound.bucket->OnUnsent(id);
  const auto use = UseOf(&route, id);
  if (use != route.record.end()) route.record.erase(use);
  ReleaseQuota(id, sent);
}

void Gates::ReleaseQuota(uint64_t id, const Sent& sent) {
  ProjectModel& route = *sent.way.route;
  --route.in_flight;
  route.slow_start.OnReleased(id);
  for (const auto& bound : route.buckets) bound.bucket->OnReleased(id);
  for (VerdictGate* gate : sent.way.verdicts()) gate->OnReleased(id);
  WakeFirst(sent.way.model->second.queue);
}

void Gates::Leave(const Demand& demand) {
  const auto model = models_.find(demand.model);
  if (model != models_.end()) LeaveQueue(demand, &model->second.queue);
}

void Gates::LeaveQueue(const Demand& demand, Queue* queue) {
  const auto place = queue->find({demand.priority, demand.place});
  if (place == queue->end()) return;
  const bool first = place == queue->begin();
  queue->erase(place);
  if (first) WakeFirst(*queue);
}

void Gates::WakeFirst(const Queue& queue) {
  if (!queue.empty()) woken_.push_back(queue.begin()->second.ticket);
}

}  // namespace gemini::internal
