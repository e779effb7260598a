#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "emulator/error_bodies.h"
#include "emulator/options.h"
#include "emulator/response.h"

namespace gemini_emulator {
namespace {

constexpr absl::string_view kApi = R"(
THE API
  POST /{v1,v1beta}/models/MODEL:generateContent
  POST /{v1,v1beta}/models/MODEL:streamGenerateContent[?alt=sse]
  POST /{v1,v1beta}/models/MODEL:countTokens
  GET  /{v1,v1beta}/models/MODEL    GET /{v1,v1beta}/models[?pageSize=&pageToken=]
  Requests are checked in the service's order: body, key, model, quota. Pictures
  are drawn from the prompt: the same prompt gives the same bytes, and stands in
  the picture, in its iTXt chunk "Description" (PNG) or its comment (JPEG).
  A client that closes its side while it waits has cancelled its request.

KEYS
  x-goog-api-key, ?key= or Authorization: Bearer. Without a scenario any key is
  good that does not begin with "invalid"; each is a project of its own, of a
  paid tier without limits. Keys never stand in logs or recorded requests.
)";

constexpr absl::string_view kControl = R"(
CONTROL ENDPOINTS (JSON; they are neither counted nor recorded)
  POST   /emulator/faults      order one fault, or {"faults": [...]}; gives ids
  POST   /emulator/faults/raw  answer with this request's body, byte for byte;
                               a fault's fields are query parameters, those of
                               its match with "match." before them:
                               ?status=429&times=2&match.model=MODEL
  GET    /emulator/faults      of each fault: ordered, seen (requests that
                               matched), applied, met, unmet, lastMiss
  DELETE /emulator/faults      forget all faults
  GET    /emulator/stats       counts of requests by method, model, project and
                               outcome, of connections, pictures, ...
  GET    /emulator/requests?limit=N   the last requests, without keys
  GET    /emulator/quotas      what is used
  POST   /emulator/quotas      {"quotas": [], "spend": [], "capacity": []}
  POST   /emulator/clock       {"advance": "24h"}: quotas see time pass
  POST   /emulator/scenario    play another scenario from its start
  POST   /emulator/reset       play the first scenario from its start
  A request counts once its body is read completely, whatever its answer.
)";

constexpr absl::string_view kScenario = R"(
SCENARIO (a JSON file; all members are optional)
  {
    "keys": [{"key": "k-free", "project": "p1", "tier": "free"},
             {"key": "k-old", "state": "key_expired"}],
    "unknown_keys": "reject",
    "models": [{"id": "gemini-2.5-flash-image", "state": "shut_down"},
               {"id": "my-model", "like": "gemini-3-pro-image"}],
    "latency": {"least": "100ms", "most": "300ms"},
    "picture": {"format": "jpeg", "min_kib": 2048},
    "quotas": [{"project": "p1", "model": "gemini-3*", "rpm": 10, "rpd": 250}],
    "spend": [{"project": "p1", "monthly_cap_usd": 5}],
    "capacity": [{"in_flight": 100}],
    "faults": [{"action": "status", "template": "overloaded", "times": 2}]
  }
  keys[]      key; project [a number made of the key]; tier free, paid [paid],
              tier1, tier2, tier3; state: ok or a template of an error
  unknown_keys  reject, or the tier of keys that are not listed [paid]
  models[]    id; like: the model it resembles; state available, shut_down or
              closed_to_new_users; quota_name: its name in refusals
  latency     of answers that generate: a duration, or least and most
  refusal_latency  the same of refusals to generate [0]
  picture     format png or jpeg; min_kib: filled up to this size
  chunked_unary  true: unary answers without Content-Length
  seed        of all that is random [1]; it follows from the seed, the prompt
              and how often the prompt came
  quotas[]    project, model, tier: patterns, "*" at the end for anything;
              rpm, tpm, ipm, rpd (0: no access at all); window sliding or fixed
              [sliding]; count_refused [false]; daily_retry short or reset:
              what a daily refusal tells [short]; template: of refusals, which
              then tell nothing else. The first that matches holds;
              each project and model is counted on its own. Days end at midnight
              in Los Angeles.
  spend[]     project, tier; per_ten_minutes_usd, monthly_cap_usd, prepaid_usd
  capacity[]  model; in_flight; refuse_rate from 0 to 1; template [overloaded];
              from [0s] and for [ever]: when it holds, in the quotas' time since
              the scenario began; in_flight_at_end: grows to this while it holds
  Without a rule, the free tier has no quota for models that draw, and tiers 1
  to 3 have the spending limits of the service.
)";

constexpr absl::string_view kFaults = R"(
FAULTS (in scenarios and for POST /emulator/faults)
  {"id": "cut", "match": {"model": "gemini-3-pro-image", "nth": 2}, "times": 1,
   "action": "broken_stream", "after_kib": 4}
  id          its name in reports [made up]
  times       how many requests it meets [1]; 0: all
  rate        the part of the matching requests that it meets, by chance [1]
  match       all that is given must hold: method (generateContent, ...,
              models.list; * for all) [the two that generate], model, version,
              project, key, prompt (a part of it), tag (header x-emulator-tag),
              path (any path; "*" at the end for anything), nth: the first of
              the matching requests that it meets [1]
  action      [status]
    status         answer with status, template or body; content_type [by the
                   body]; body_file: a file beside the scenario
    status_after   200, a part of the body, then the error of template or status
    broken_stream  a part of the body, then the connection ends
    reset          a part of the body, then TCP reset; without a position,
                   before the answer begins
    close          the connection ends without an answer
    stall          a pause of "for" at the position; without one, before the
                   answer begins
    slow           bytes [1024] at a time, every [100ms]
    bad_base64     a wrong character in the picture, at offset [its middle]
    wrong_magic    picture data that begins like no picture
    no_image       200 without a picture, in the way of variant [no_image]
    thought_image  a draft among the thoughts, before the picture
    headers        the usual answer
  position    after_kib, after_bytes or after_events (of a stream) [the middle]
  with all    headers {name: value}, retry_after, close_connection, chunked
  The first fault that matches a request is applied, one a request. A fault is
  met when it takes effect: a cut behind the end of an answer is not. With
  --require-faults-met the program ends with exit code 1 and names each fault
  that was met less often than ordered.

THE HEADER x-emulator-fault
  orders a fault for the request that carries it: NAME=VALUE;NAME=VALUE... with
  the fields above, but for match, headers and body_file. The action may stand
  first by its name: "status=503", "stall=2s;after_kib=4", "no_image=safety",
  "reset;times=1". It is met each time the header comes, or as often as times
  tells; equal texts (or ids) are one fault.
)";

std::string Templates() {
  std::string text = "\nTEMPLATES OF ERRORS\n";
  for (const ErrorTemplate& entry : ErrorTemplates()) {
    absl::StrAppend(
        &text, "  ", entry.name,
        std::string(entry.name.size() < 24 ? 24 - entry.name.size() : 1, ' '),
        entry.http_status, "  ", entry.meaning, "\n");
  }
  return text;
}

// The list, broken into lines.
std::string Variants() {
  std::string text = "\nVARIANTS OF no_image\n ";
  size_t column = 1;
  for (absl::string_view name : absl::StrSplit(NoImageVariants(), ' ')) {
    if (column + 1 + name.size() > 78) {
      text += "\n ";
      column = 1;
    }
    absl::StrAppend(&text, " ", name);
    column += 1 + name.size();
  }
  return text + "\n";
}

}  // namespace

std::string Manual() {
  return absl::StrCat(kApi, kControl, kScenario, kFaults, Templates(),
                      Variants(), R"(
EXIT CODES
  0 ended by a signal; 1 could not serve, or a required fault was not met;
  2 the command line or the scenario is wrong
)");
}

}  // namespace gemini_emulator
