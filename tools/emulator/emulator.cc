#include "emulator/emulator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "emulator/fault_effect.h"
#include "emulator/field_reader.h"
#include "emulator/json_syntax.h"
#include "emulator/schema.h"

namespace gemini_emulator {
namespace {

constexpr char kGenerate[] = "generateContent";
constexpr char kStream[] = "streamGenerateContent";
constexpr char kCountTokens[] = "countTokens";
constexpr char kGetModel[] = "models.get";
constexpr char kListModels[] = "models.list";

// Parameters of every method, in front of those of each.
bool IsKnownParameter(const std::string& name, absl::string_view method) {
  for (const char* known :
       {"key", "$key", "alt", "$alt", "prettyPrint", "$prettyPrint", "fields",
        "$fields", "access_token", "oauth_token", "quotaUser", "callback",
        "uploadType", "upload_protocol", "$.xgafv"}) {
    if (name == known) return true;
  }
  return method == kListModels && (name == "pageSize" || name == "page_size" ||
                                   name == "pageToken" || name == "page_token");
}

std::optional<std::string> FindParameter(const HttpRequest& request,
                                         absl::string_view name) {
  for (const auto& parameter : request.query) {
    if (parameter.first == name) return parameter.second;
  }
  return std::nullopt;
}

// A number such as those of Google's projects.
std::string ProjectOfKey(const std::string& key) {
  return absl::StrCat(100000000000u + HashBytes(key) % 900000000000u);
}

Json ModelJson(const Model& model) {
  Json methods = Json::array({kGenerate, kCountTokens});
  Json json = {{"name", absl::StrCat("models/", model.id)},
               {"version", model.version},
               {"displayName", model.display_name},
               {"description", model.description},
               {"inputTokenLimit", model.input_token_limit},
               {"outputTokenLimit", model.output_token_limit},
               {"supportedGenerationMethods", std::move(methods)},
               {"temperature", 1},
               {"topP", 0.95},
               {"topK", 64}};
  if (model.thinking) json["thinking"] = true;
  return json;
}

// Where the answer of a call has its parts.
std::vector<std::string> StreamParts(const std::vector<Json>& events,
                                     Framing framing) {
  std::vector<std::string> parts;
  for (const Json& event : events) {
    if (framing == Framing::kServerSentEvents) {
      parts.push_back(absl::StrCat("data: ", CompactJson(event), "\r\n\r\n"));
    } else {
      parts.push_back(
          absl::StrCat(parts.empty() ? "[" : ",\n", PrettyJson(event)));
    }
  }
  if (framing == Framing::kJsonArray) parts.back() += "]\n";
  return parts;
}

}  // namespace

// One request on its way to its answer.
struct Emulator::Exchange {
  HttpRequest request;
  std::function<void(Reply)> done;
  Call call;
  Json body;
  std::optional<std::string> syntax_error;
  GenerateRequest generate;
  Caller caller;
  Luck luck;
  std::shared_ptr<OrderedFault> fault;
  std::string miss;  // Why the fault cannot take effect.
  std::shared_ptr<RequestRecord> record;
  std::shared_ptr<void> in_flight;
  double price_usd = 0;

  Framing framing() const {
    if (!call.is_stream()) return Framing::kUnary;
    return call.is_sse ? Framing::kServerSentEvents : Framing::kJsonArray;
  }
  bool HasFault(FaultAction action) const {
    return fault != nullptr && fault->fault.action == action;
  }
};

Emulator::Emulator(EmulatorOptions options)
    : options_(std::move(options)),
      scenario_(options_.scenario),
      quota_(scenario_.quotas, options_.time_scale),
      journal_(options_.most_recorded_body_bytes),
      started_(options_.clock()),
      scenario_began_(started_) {
  for (const Fault& fault : scenario_.faults) faults_.Add(fault);
}

absl::Time Emulator::QuotaNow() const {
  return started_ + (options_.clock() - started_) * options_.time_scale +
         clock_advance_;
}

Luck Emulator::NextLuck(const std::string& prompt) {
  constexpr size_t kMostPrompts = 100000;
  if (times_seen_.size() >= kMostPrompts) times_seen_.clear();
  return LuckOf(scenario_.seed, prompt, ++times_seen_[HashBytes(prompt)]);
}

void Emulator::Handle(HttpRequest request, std::function<void(Reply)> done) {
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->done = std::move(done);
  SplitTarget(&exchange->request);
  if (auto reply = Control(exchange->request)) {
    exchange->done(*std::move(reply));
    return;
  }
  Begin(exchange);
}

Emulator::Call Emulator::Route(const HttpRequest& request) {
  Call call;
  absl::string_view path = request.path;
  for (const char* version : {"v1beta", "v1alpha", "v1"}) {
    if (absl::ConsumePrefix(&path, absl::StrCat("/", version, "/"))) {
      call.version = version;
      break;
    }
  }
  if (call.version.empty()) return call;
  if (path == "models") {
    if (request.method == "GET") call.method = kListModels;
    return call;
  }
  if (!absl::ConsumePrefix(&path, "models/")) return call;
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(path, absl::MaxSplits(':', 1));
  if (absl::StrContains(halves.first, '/')) return call;
  call.model = std::string(halves.first);
  if (request.method == "GET" && halves.second.empty()) {
    call.method = kGetModel;
  } else if (request.method == "POST") {
    call.method = std::string(halves.second);
  }
  const std::string alt =
      FindParameter(request, "alt")
          .value_or(FindParameter(request, "$alt").value_or(""));
  call.is_sse = alt == "sse";
  return call;
}

std::string Emulator::KeyOf(const HttpRequest& request) {
  if (auto key = FindHeader(request.headers, "x-goog-api-key")) return *key;
  if (auto key = FindParameter(request, "key")) return *key;
  if (auto key = FindParameter(request, "$key")) return *key;
  if (auto header = FindHeader(request.headers, "authorization")) {
    absl::string_view token = *header;
    if (absl::ConsumePrefix(&token, "Bearer ")) return std::string(token);
  }
  return "";
}

KeyEntry Emulator::EntryOf(const std::string& key) const {
  KeyEntry entry;
  entry.key = key;
  entry.tier = scenario_.tier_of_unknown_keys;
  const auto known =
      std::find_if(scenario_.keys.begin(), scenario_.keys.end(),
                   [&](const KeyEntry& other) { return other.key == key; });
  if (known != scenario_.keys.end()) {
    entry = *known;
  } else if (key.empty()) {
    entry.state = "key_missing";
    return entry;
  } else if (!scenario_.accept_unknown_keys ||
             absl::StartsWith(key, "invalid")) {
    entry.state = "key_invalid";
  }
  if (entry.project.empty()) entry.project = ProjectOfKey(key);
  return entry;
}

ErrorContext Emulator::ContextOf(const Call& call,
                                 const std::string& project) const {
  ErrorContext context;
  if (!call.version.empty()) context.version = call.version;
  if (!call.method.empty()) context.method = call.method;
  if (!project.empty()) context.project = project;
  if (!call.model.empty()) {
    context.model = call.model;
    const Model* model = scenario_.catalog.Find(call.model);
    context.quota_model = model == nullptr ? call.model : model->quota_name;
  }
  return context;
}

void Emulator::Begin(const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request;
  exchange->call = Route(request);
  const Call& call = exchange->call;
  const KeyEntry entry = EntryOf(KeyOf(request));
  exchange->caller = {entry.project, entry.tier};
  if (request.method == "POST" && !call.method.empty()) {
    exchange->syntax_error = JsonSyntaxError(request.body);
    if (!exchange->syntax_error) {
      exchange->body = Json::parse(request.body, nullptr, false);
      if (exchange->body.is_discarded()) {
        exchange->syntax_error = "Unexpected token.";
      }
    }
  }
  exchange->record = journal_.Begin(request, options_.clock());
  exchange->record->method = call.method;
  exchange->record->model = call.model;
  exchange->record->project = entry.project;

  RequestFacts facts;
  facts.method = call.method;
  facts.model = call.model;
  facts.version = call.version;
  facts.project = entry.project;
  facts.key = entry.key;
  facts.prompt = PromptOf(exchange->body);
  const bool generates = call.method == kGenerate || call.method == kStream;
  if (generates) exchange->luck = NextLuck(facts.prompt);
  facts.tag = FindHeader(request.headers, "x-emulator-tag").value_or("");
  facts.path = request.path;
  if (auto header = FindHeader(request.headers, "x-emulator-fault")) {
    try {
      exchange->fault = faults_.TakeFromHeader(ParseFaultHeader(*header));
    } catch (const FieldError& error) {
      Finish(exchange, ErrorReply(InvalidArgument(error.what())));
      return;
    }
  }
  if (exchange->fault == nullptr) {
    exchange->fault = faults_.Take(facts, exchange->luck.fault);
  }
  if (exchange->fault != nullptr) {
    exchange->record->fault = exchange->fault->fault.id;
  }
  if (generates) {
    journal_.OnGenerationBegun();
    ++generating_[call.model];
    exchange->in_flight =
        std::shared_ptr<void>(nullptr, [this, model = call.model](void*) {
          journal_.OnGenerationEnded();
          --generating_[model];
        });
  }
  if (exchange->fault != nullptr && ReplacesAnswer(exchange->fault->fault)) {
    Finish(exchange,
           ReplacedAnswer(exchange->fault->fault,
                          ContextOf(call, entry.project), exchange->framing()));
    return;
  }
  AnswerCall(exchange, entry);
}

void Emulator::AnswerCall(const std::shared_ptr<Exchange>& exchange,
                          const KeyEntry& entry) {
  const HttpRequest& request = exchange->request;
  const Call& call = exchange->call;
  const bool generates = call.method == kGenerate || call.method == kStream;
  const bool known = generates || call.method == kCountTokens ||
                     call.method == kGetModel || call.method == kListModels ||
                     call.method == "predict";
  if (!known) {
    Finish(exchange, NotFoundPage(request.path));
    return;
  }
  // The service looks at the body before it looks at the key.
  if (exchange->syntax_error) {
    Fail(exchange,
         InvalidArgument(absl::StrCat("Invalid JSON payload received. ",
                                      *exchange->syntax_error)));
    return;
  }
  std::vector<FieldViolation> violations;
  for (const auto& parameter : request.query) {
    if (IsKnownParameter(parameter.first, call.method)) continue;
    violations.push_back(
        {"", absl::StrCat(
                 "Invalid JSON payload received. Unknown name \"",
                 parameter.first, "\": Cannot bind query parameter. Field '",
                 parameter.first, "' could not be found in request message.")});
  }
  if (generates || call.method == kCountTokens) {
    const auto found =
        CheckFields(exchange->body, generates ? RequestKind::kGenerateContent
                                              : RequestKind::kCountTokens);
    violations.insert(violations.end(), found.begin(), found.end());
  }
  if (!violations.empty()) {
    Fail(exchange, BadRequest(violations));
    return;
  }
  if (!entry.state.empty()) {
    Fail(exchange,
         *ErrorFromTemplate(entry.state, ContextOf(call, entry.project)));
    return;
  }
  if (call.method == kListModels) {
    Finish(exchange, ListModels(request));
    return;
  }
  const Model* model = scenario_.catalog.Find(call.model);
  if (model != nullptr &&
      model->availability == ModelAvailability::kClosedToNewUsers) {
    Fail(exchange,
         *ErrorFromTemplate("model_closed", ContextOf(call, entry.project)));
  } else if (model == nullptr || call.method == "predict" ||
             model->availability == ModelAvailability::kShutDown) {
    Fail(exchange,
         call.method == kGetModel
             ? MakeError(404, "NOT_FOUND",
                         absl::StrCat("Model is not found: models/", call.model,
                                      " for api version ", call.version))
             : ModelNotFound(call.model, call.version, call.method));
  } else if (call.method == kGetModel) {
    Finish(exchange, JsonReply(200, ModelJson(*model)));
  } else if (call.method == kCountTokens) {
    Finish(exchange, CountTokensReply(exchange->body));
  } else {
    Generate(exchange, *model);
  }
}

Reply Emulator::ListModels(const HttpRequest& request) const {
  constexpr int kDefaultPage = 50;
  constexpr int kLargestPage = 1000;
  const auto parameter = [&](absl::string_view camel, absl::string_view snake) {
    const auto value = FindParameter(request, camel);
    return value ? value : FindParameter(request, snake);
  };
  int size = kDefaultPage;
  if (const auto text = parameter("pageSize", "page_size")) {
    if (!absl::SimpleAtoi(*text, &size) || size < 0) {
      return ErrorReply(
          BadRequest({{"page_size", absl::StrCat("Invalid value at 'page_size' "
                                                 "(TYPE_INT32), \"",
                                                 *text, "\"")}}));
    }
    if (size == 0) size = kDefaultPage;
    size = std::min(size, kLargestPage);
  }
  // A token is the base64 of the index of the page's first model.
  size_t first = 0;
  if (const auto token = parameter("pageToken", "page_token")) {
    std::string index;
    if (!absl::WebSafeBase64Unescape(*token, &index) ||
        !absl::SimpleAtoi(index, &first)) {
      return ErrorReply(InvalidArgument("Page token is not valid."));
    }
  }
  std::vector<const Model*> available;
  for (const Model& model : scenario_.catalog.models()) {
    if (model.availability == ModelAvailability::kAvailable) {
      available.push_back(&model);
    }
  }
  Json models = Json::array();
  const size_t end =
      std::min(available.size(), first + static_cast<size_t>(size));
  for (size_t i = first; i < end; ++i) {
    models.push_back(ModelJson(*available[i]));
  }
  Json body = {{"models", std::move(models)}};
  if (end < available.size()) {
    body["nextPageToken"] = absl::WebSafeBase64Escape(absl::StrCat(end));
  }
  return JsonReply(200, body);
}

Reply Emulator::CountTokensReply(const Json& body) const {
  const TokenCount count = CountTokens(body);
  Json details =
      Json::array({{{"modality", "TEXT"}, {"tokenCount", count.text}}});
  if (count.pictures > 0) {
    details.push_back({{"modality", "IMAGE"}, {"tokenCount", count.pictures}});
  }
  return JsonReply(200, {{"totalTokens", count.total()},
                         {"promptTokensDetails", std::move(details)}});
}

void Emulator::Generate(const std::shared_ptr<Exchange>& exchange,
                        const Model& model) {
  auto read = ReadGenerateRequest(exchange->body, model);
  if (auto* error = std::get_if<ApiError>(&read)) {
    Fail(exchange, *error);
    return;
  }
  exchange->generate = std::get<GenerateRequest>(std::move(read));
  const GenerateRequest& request = exchange->generate;
  const ErrorContext context =
      ContextOf(exchange->call, exchange->caller.project);
  // Without the request itself.
  const int64_t in_flight = generating_[exchange->call.model] - 1;
  auto refused = quota_.AdmitToCapacity(
      model.id,
      {in_flight, exchange->luck.capacity, QuotaNow() - scenario_began_},
      context);
  if (!refused) {
    Demand demand;
    demand.project = exchange->caller.project;
    demand.tier = exchange->caller.tier;
    demand.model = model.id;
    demand.quota_model = model.quota_name;
    demand.draws = model.kind == ModelKind::kImage;
    demand.input_tokens = request.text_tokens + request.picture_tokens;
    refused = quota_.Admit(demand, QuotaNow());
  }
  if (refused) {
    exchange->in_flight.reset();
    Fail(exchange, *refused);
    return;
  }

  Answer answer;
  answer.model = model.id;
  answer.response_id = absl::StrCat(
      "emu",
      absl::Hex(HashBytes(absl::StrCat(next_response_++)), absl::kZeroPad16));
  answer.with_signatures = model.signs_thoughts;
  answer.prompt_text_tokens = request.text_tokens;
  answer.prompt_picture_tokens = request.picture_tokens;
  if (model.thinking) answer.thought_tokens = 210;
  if (request.include_thoughts) {
    answer.thought_text = "**Composing the answer**\n\nI go through it once.";
  }
  if (model.kind == ModelKind::kText) {
    answer.text = absl::StrCat("You said: ", request.prompt);
  } else if (request.wants_text || !request.wants_picture) {
    answer.text = "Here is the picture.";
  }
  if (!request.wants_picture) {
    Compose(exchange, std::move(answer));
    return;
  }
  const OutputSize& size = *FindSize(model, request.image_size);
  const PixelSize pixels =
      PixelsOf(model, request.aspect_ratio, request.image_size);
  answer.picture_tokens = size.tokens;
  exchange->price_usd = size.price_usd;
  PictureOrder order;
  order.prompt = request.prompt;
  order.variant = request.variant;
  order.width = pixels.width;
  order.height = pixels.height;
  order.min_bytes = scenario_.picture_min_bytes;
  order.format = scenario_.picture_format;
  if (absl::StrContains(absl::AsciiStrToLower(request.picture_mime_type),
                        "jpeg")) {
    order.format = PictureFormat::kJpeg;
  }
  answer.picture_mime_type = std::string(MimeTypeOf(order.format));
  options_.illustrator(
      order, [this, exchange, order, answer](
                 const std::shared_ptr<const std::string>& base64) mutable {
        if (base64->empty()) {
          Fail(exchange, ErrorFromStatus(500));
          return;
        }
        answer.picture_base64 = *base64;
        if (!exchange->HasFault(FaultAction::kThoughtImage)) {
          Compose(exchange, std::move(answer));
          return;
        }
        order.variant ^= 1;
        options_.illustrator(
            order,
            [this, exchange,
             answer](const std::shared_ptr<const std::string>& draft) mutable {
              answer.draft_base64 = *draft;
              Compose(exchange, std::move(answer));
            });
      });
}

void Emulator::Compose(const std::shared_ptr<Exchange>& exchange,
                       Answer answer) {
  const Framing framing = exchange->framing();
  const bool has_picture = !answer.picture_base64.empty();
  if (exchange->fault != nullptr) {
    if (NeedsPicture(exchange->fault->fault) && !has_picture) {
      exchange->miss = "the answer held no picture";
    }
    SpoilPicture(exchange->fault->fault, &answer.picture_base64);
  }
  std::vector<Json> events;
  if (has_picture && exchange->HasFault(FaultAction::kNoImage)) {
    events.push_back(
        ResponseWithoutImage(exchange->fault->fault.variant, answer));
  } else {
    if (has_picture) {
      journal_.OnPicture();
      quota_.Charge(exchange->caller.project, exchange->price_usd, QuotaNow());
    }
    if (framing == Framing::kUnary) {
      events.push_back(WholeResponse(answer));
    } else {
      events = StreamedResponse(answer);
    }
  }
  Reply reply;
  if (framing == Framing::kUnary) {
    reply = JsonReply(200, events[0]);
    reply.chunked = scenario_.chunked_unary;
  } else {
    reply.headers = {{"Content-Type", framing == Framing::kServerSentEvents
                                          ? "text/event-stream"
                                          : "application/json; charset=UTF-8"},
                     {"Vary", "Origin, X-Origin, Referer"}};
    reply.parts = StreamParts(events, framing);
    reply.chunked = true;
  }
  const Json* tier = FindMember(exchange->body, "serviceTier");
  reply.headers.emplace_back(
      "x-gemini-service-tier",
      tier == nullptr ? "standard" : tier->get<std::string>());
  reply.delay = scenario_.latency.At(exchange->luck.latency);
  int64_t seconds = 0;
  const auto timeout =
      FindHeader(exchange->request.headers, "x-server-timeout");
  if (timeout && absl::SimpleAtoi(*timeout, &seconds) && seconds > 0 &&
      reply.delay > absl::Seconds(seconds)) {
    reply = FramedError(ErrorFromStatus(504), framing);
    reply.delay = absl::Seconds(seconds);
  }
  Finish(exchange, std::move(reply));
}

void Emulator::Fail(const std::shared_ptr<Exchange>& exchange,
                    const ApiError& error) {
  exchange->record->retry_after = error.retry_after;
  Finish(exchange, FramedError(error, exchange->framing()));
}

void Emulator::Finish(const std::shared_ptr<Exchange>& exchange, Reply reply) {
  RequestRecord& record = *exchange->record;
  record.outcome = absl::StrCat(reply.status);
  const std::string& method = exchange->call.method;
  if (reply.status >= 400 && (method == kGenerate || method == kStream)) {
    reply.delay += scenario_.refusal_latency.At(exchange->luck.latency);
  }
  record.delay = reply.delay;
  if (const auto& ordered = exchange->fault) {
    const Fault& fault = ordered->fault;
    std::string miss = exchange->miss;
    if (NeedsPicture(fault) && reply.status != 200) {
      miss = absl::StrCat("the request was answered with ", reply.status);
    } else if (!ReplacesAnswer(fault)) {
      const auto problem = ApplyToReply(
          fault, ContextOf(exchange->call, exchange->caller.project),
          exchange->framing(), &reply);
      if (problem) miss = *problem;
    }
    if (miss.empty()) {
      reply.fault_met = [ordered] { ++ordered->met; };
    } else {
      ordered->last_miss = miss;
    }
    if (reply.delivery.before_head) {
      if (reply.delivery.event == WireEvent::kReset) record.outcome = "reset";
      if (reply.delivery.event == WireEvent::kClose) record.outcome = "closed";
    }
  }
  journal_.Count(record);
  if (options_.log) options_.log(record);
  reply.in_flight = std::move(exchange->in_flight);
  exchange->done(std::move(reply));
}

void DrawNow(const PictureOrder& order, const PictureCallback& done) {
  done(std::make_shared<std::string>(absl::Base64Escape(DrawPicture(order))));
}

}  // namespace gemini_emulator
