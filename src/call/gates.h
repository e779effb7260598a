// Answers one question for all calls of a client: when may this start?
//
// Pure and without a mutex: for one thread.

#ifndef GEMINI_SRC_CALL_GATES_H_
#define GEMINI_SRC_CALL_GATES_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/ledger.h"
#include "call/circuit_breaker.h"
#include "call/gate_options.h"
#include "call/quota_bucket.h"
#include "call/retry_budget.h"
#include "call/slow_start.h"
#include "call/verdict_gate.h"
#include "gemini/call_options.h"
#include "gemini/client_options.h"
#include "gemini/diagnosis.h"

namespace gemini::internal {

class Gates;

// A key as far as the gates know it: whose quota it uses.
struct GateCredential {
  std::string id;       // Tells keys apart; not the key.
  std::string project;  // Keys of one project share its quotas.
};

// What asks to be let in, the same for all attempts at one picture.
struct Demand {
  uint64_t ticket = 0;  // By Gates::NewTicket(): who is woken.
  uint64_t place = 0;   // The same: arrival, or what it is to count for.
  std::string model;
  Priority priority = Priority::kInteractive;
  double input_tokens = 0;  // A guess.
  absl::Time deadline;
  bool repeats = false;  // After a fault, so that it needs the retry budget.
  std::vector<size_t> exhausted;  // Credentials that it may not use any more.
};

// Leave to send one request. Ends in Gates::Record(); dropping it releases it,
// and gives its places back if it was not under way.
class Permit {
 public:
  Permit(Permit&& other) noexcept
      : gates_(std::exchange(other.gates_, nullptr)),
        id_(other.id_),
        credential_(other.credential_) {}
  Permit& operator=(Permit&& other) noexcept;
  ~Permit();

  // The credential to use: its place among those of the gates.
  size_t credential() const { return credential_; }

 private:
  friend class Gates;
  Permit(Gates* gates, uint64_t id, size_t credential)
      : gates_(gates), id_(id), credential_(credential) {}

  Gates* gates_;
  uint64_t id_;
  size_t credential_;
};

// Ask again at `time`, or earlier when woken; without a time: when woken. The
// place in the queue is kept.
struct AskAgain {
  std::optional<absl::Time> time;
  absl::Time opens;  // When the gates open, to all that is known.
  std::shared_ptr<const Diagnosis> why;  // Null: too many at once.
};

// Waiting does not help within the deadline. The place in the queue is lost.
struct NotAdmitted {
  std::shared_ptr<const Diagnosis> why;  // Null: too many at once.
  std::optional<absl::Time> retry_at;    // When it may help.
};

using Admission = std::variant<Permit, AskAgain, NotAdmitted>;

class Gates {
 public:
  // Names come from servers and callers, so what is kept by them is bounded.
  // Of the quotas that refusals name, for each project and model: beyond them
  // one that holds nothing back now makes room, the one named longest ago. If
  // there is none, what more is named is taken for one further quota.
  static constexpr size_t kMaxQuotas = 32;

  // Of models: beyond them those make room that were asked for longest ago,
  // before others that hold nothing back, then those closed by a verdict or by
  // the breaker. Never one that has requests or waits for the server's time or
  // a quota, which its requests and their delays bound.
  static constexpr size_t kMaxModels = 256;

  // `credentials`: in the order in which they are tried; at least one.
  Gates(const GateOptions& options, const RateLimits& limits,
        std::vector<GateCredential> credentials);

  Gates(const Gates&) = delete;
  Gates& operator=(const Gates&) = delete;

  uint64_t NewTicket() { return ++last_ticket_; }

  size_t credentials() const { return credentials_.size(); }

  // Asks all gates of all routes to the demand's model at once.
  Admission Admit(const Demand& demand, absl::Time now);

  // When the gates open for `demand`, to all that is known, without a place in
  // line; InfiniteFuture: not by waiting. Nothing: an answer decides.
  std::optional<absl::Time> OpensAt(const Demand& demand, absl::Time now);

  // The request of `permit` is being sent. Until a connection stood it could
  // not be refused.
  void OnUnderWay(const Permit& permit, absl::Time now);

  // The request of `permit` ended: well if there is no diagnosis.
  // `random` is in [0, 1).
  void Record(Permit permit, absl::Time now,
              const std::optional<Diagnosis>& diagnosis, double random);

  // The ticket does not wait any more.
  void Leave(const Demand& demand);

  // Tickets that must ask again now. To be drained after each call of the
  // functions above, and after a permit is dropped.
  std::vector<uint64_t> TakeWoken() { return std::exchange(woken_, {}); }
  bool has_woken() const { return !woken_.empty(); }

  // What follows is for processes that share their quotas through a ledger; see
  // LedgerLink. All that is sent from now on is noted in TakeEvents(), and
  // nothing is sent but in a turn.
  void Share(std::string process);

  // Somebody could go, had this process the turn.
  bool wants_turn() const { return wants_turn_; }
  bool has_turn(absl::Time now) const { return alone_ || now < turn_until_; }

  // The turn is this process's until `until`; it sends some and wakes those who
  // wait for it. An earlier time takes it back.
  void OnTurn(absl::Time until);

  // Nobody tells whose turn it is: each for itself.
  void OnAlone(bool alone);

  // Another process sent a request, or its request ended.
  void OnForeign(const LedgerEvent& event, absl::Time now);

  // Of those whose end was not told for so long that it never will be.
  void ReleaseForeign(absl::Time now);

  // `sent` requests of this Pacific day that OnForeign() is not told of.
  void OnForeignDay(const LedgerDay& day, absl::Time now);

  // What was told so far happened before this process began: verdicts among it
  // are hypotheses, which the next request tests.
  void OnHistoryEnded(absl::Time now);

  std::vector<LedgerEvent> TakeEvents() { return std::exchange(events_, {}); }
  bool has_events() const { return !events_.empty(); }
  bool has_requests() const { return !sent_.empty(); }

  // How many are kept.
  size_t quotas() const { return buckets_.size(); }
  size_t models() const { return models_.size(); }

 private:
  friend class Permit;

  // Project, quota, and what it is of.
  using QuotaName = std::tuple<std::string, std::string, std::string>;

  // Of a project, for one model as the caller names it.
  struct ProjectModel {
    ProjectModel(const GateOptions& options, const RateLimits& limits);

    struct Bound {
      QuotaBucket* bucket;
      QuotaUnit unit;
      const QuotaName* name = nullptr;             // Null: stated by the user.
      absl::Time named_at = absl::InfinitePast();  // By a refusal, last.
    };

    struct Use {
      uint64_t id;
      absl::Time at;
      double input_tokens;
      bool refused;
    };

    SlowStart slow_start;
    VerdictGate verdict;
    int in_flight = 0;
    std::deque<Use> record;      // For quotas that are heard of later.
    std::vector<Bound> buckets;  // All that refused it so far.
    std::vector<std::unique_ptr<QuotaBucket>> own;
    std::shared_ptr<const Diagnosis> last_refusal;

    // Told with a fault: nothing is sent before.
    absl::Time told_until = absl::InfinitePast();
  };

  struct Waiter {
    absl::Time deadline;
    uint64_t ticket;
    // Its turn comes at this time at the earliest: too late. In the infinite
    // past: it may come in time.
    absl::Time too_late = absl::InfinitePast();
  };
  // Those who wait for a model, in the order in which they are let in.
  using Queue = std::map<std::pair<Priority, uint64_t>, Waiter>;

  struct Opening {
    std::shared_ptr<const Diagnosis> closed;  // Waiting does not open it.
    absl::Time at;                            // Else.
    std::shared_ptr<const Diagnosis> why;     // Null: too many at once.
  };

  struct ModelState;
  template <typename State>
  using Entry = std::pair<const std::string, State>;  // Of a map.

  // The gates that a request of one key to one model passes. They stay while it
  // is on its way.
  struct Way {
    std::array<VerdictGate*, 4> verdicts() const;

    Entry<VerdictGate>* key;
    Entry<VerdictGate>* money;  // By project.
    Entry<ModelState>* model;
    ProjectModel* route;
  };

  // What is known of a model, whoever asks it.
  struct ModelState {
    explicit ModelState(const GateOptions& options)
        : verdict(options), breaker(options) {}

    VerdictGate verdict;
    CircuitBreaker breaker;
    int in_flight = 0;
    std::shared_ptr<const Diagnosis> last_fault;
    absl::Time asked_at = absl::InfinitePast();
    Queue queue;
    std::vector<Way> ways;  // By credential.
  };

  // A request on its way.
  struct Sent {
    Way way;
    double input_tokens;
    absl::Time at;
    bool repeats = false;
    bool under_way = false;
  };

  ProjectModel* RouteOf(const std::string& project, const std::string& model);
  Way WayOf(const GateCredential& credential, Entry<ModelState>* model);
  bool IsOurs(const std::string& project) const;
  // Returns that of `model`, which may be new and one too many.
  Entry<ModelState>* Model(const std::string& model);
  // The same, and notes that it is asked for; others make room for a new one.
  Entry<ModelState>* MakeRoomFor(const std::string& model, absl::Time now);
  bool HoldsBack(const ProjectModel& route, absl::Time now);
  void ForgetModel(const std::string& model);
  void ForgetQuota(const QuotaName* name);
  bool MakeRoomForQuota(ProjectModel* route, double input_tokens,
                        absl::Time now);
  Opening Check(const Way& way, const Demand& demand, absl::Time now);
  // Of all keys that the demand may use.
  struct Choice {
    std::optional<Opening> best;  // None: all are closed.
    size_t credential = 0;        // The best one's.
    Way way = {};
    std::shared_ptr<const Diagnosis> closed;  // Why the others are.
  };
  Choice Choose(const Demand& demand, Entry<ModelState>* model, absl::Time now);
  Admission AskForTurn(const Demand& demand, Queue* queue, absl::Time now);
  void Send(uint64_t id, const Way& way, const Demand& demand, absl::Time now);
  void TakeQuota(uint64_t id, const Sent& sent, absl::Time now);
  void RecordHealth(uint64_t id, const Sent& sent,
                    const std::optional<Diagnosis>& diagnosis, absl::Time now,
                    double random);
  void RecordQuota(uint64_t id, const Sent& sent, const Diagnosis* diagnosis,
                   absl::Time now);
  void ReleaseQuota(uint64_t id, const Sent& sent);
  void WithdrawQuota(uint64_t id, const Sent& sent);
  static std::deque<ProjectModel::Use>::iterator UseOf(ProjectModel* route,
                                                       uint64_t id);
  void NoteRefusalTook(absl::Duration time);
  void NoteSpread(absl::Duration time);
  void Refused(uint64_t id, const Sent& sent, const Diagnosis& diagnosis,
               absl::Time now);
  void Note(LedgerEvent::Kind kind, uint64_t id, const Sent& sent,
            absl::Time now, const std::optional<Diagnosis>& diagnosis);
  // `bucket` knows the quota of `violation`, or all that found no place.
  struct QuotaFound {
    QuotaBucket* bucket;
    bool is_its_own;
  };
  QuotaFound BucketFor(const Sent& sent, const QuotaViolation& violation,
                       absl::Time now);
  void Release(uint64_t id);
  // What all keys together let in at best, as if nobody else used them.
  struct Throughput {
    double requests = 0;  // In each window; 0: that cannot be told.
    absl::Duration window = absl::InfiniteDuration();

    // When somebody with `ahead` others before him comes to his turn if the
    // first one does at `first`.
    absl::Time TurnOf(size_t ahead, absl::Time first) const;
  };
  Throughput BestThroughput(const Demand& demand, Entry<ModelState>* model,
                            absl::Time now);
  void LeaveQueue(const Demand& demand, Queue* queue);
  void WakeFirst(const Queue& queue);

  GateOptions options_;
  const RateLimits limits_;
  const std::vector<GateCredential> credentials_;
  const absl::Duration record_time_;  // So long is known what was sent.
  uint64_t last_ticket_ = 0;
  uint64_t last_permit_ = 0;

  using Names = std::pair<std::string, std::string>;
  // Finds names without copying them.
  struct NamesLess {
    using is_transparent = void;
    using Views = std::pair<absl::string_view, absl::string_view>;
    bool operator()(const Views& a, const Views& b) const { return a < b; }
  };
  // By project and model.
  std::map<Names, std::unique_ptr<ProjectModel>, NamesLess> routes_;
  std::map<std::string, VerdictGate> money_;  // By project.
  std::map<std::string, VerdictGate> keys_;   // By credential.
  std::map<std::string, ModelState> models_;
  RetryBudget retry_budget_;
  std::shared_ptr<const Diagnosis> stated_limit_;  // The user's limit is met.
  std::map<QuotaName, std::unique_ptr<QuotaBucket>> buckets_;
  absl::flat_hash_map<uint64_t, Sent> sent_;
  std::vector<uint64_t> woken_;

  // Of the time that refusals took: its mean, and how far from it they are.
  std::optional<absl::Duration> refusals_take_;
  absl::Duration refusals_deviate_;

  std::string process_;  // Empty: nothing is shared.
  bool alone_ = true;
  bool wants_turn_ = false;
  absl::Time turn_until_ = absl::InfinitePast();
  int turn_left_ = 0;  // Requests that may still be sent in it.
  std::vector<LedgerEvent> events_;
  using ForeignName = std::pair<std::string, uint64_t>;
  std::map<ForeignName, uint64_t> foreign_;
  std::deque<std::pair<absl::Time, ForeignName>> heard_;  // When, in order.
};

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CALL_GATES_H_
