#include "emulator/error_bodies.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gemini_emulator {
namespace {

constexpr char kService[] = "generativelanguage.googleapis.com";
constexpr char kFreeRequests[] = "generate_content_free_tier_requests";
constexpr char kFreeTokens[] = "generate_content_free_tier_input_token_count";
constexpr char kKeyNotValid[] =
    "API key not valid. Please pass a valid API key.";
constexpr char kHighDemand[] =
    "This model is currently experiencing high demand. Spikes in demand are "
    "usually temporary. Please try again later.";

Json TypeUrl(absl::string_view name) {
  return absl::StrCat("type.googleapis.com/google.rpc.", name);
}

void AddDetail(Json detail, ApiError* error) {
  error->body["error"]["details"].push_back(std::move(detail));
}

Json ErrorInfo(absl::string_view reason, Json metadata) {
  return {{"@type", TypeUrl("ErrorInfo")},
          {"reason", std::string(reason)},
          {"domain", "googleapis.com"},
          {"metadata", std::move(metadata)}};
}

Json Help(absl::string_view description, absl::string_view url) {
  return {{"@type", TypeUrl("Help")},
          {"links", Json::array({{{"description", std::string(description)},
                                  {"url", std::string(url)}}})}};
}

std::string Consumer(const ErrorContext& context) {
  return absl::StrCat("projects/", context.project);
}

ApiError KeyError(absl::string_view message) {
  ApiError error = InvalidArgument(message);
  AddDetail(ErrorInfo("API_KEY_INVALID", {{"service", kService}}), &error);
  AddDetail({{"@type", TypeUrl("LocalizedMessage")},
             {"locale", "en-US"},
             {"message", std::string(message)}},
            &error);
  return error;
}

ApiError Denied(absl::string_view reason, absl::string_view message,
                const ErrorContext& context) {
  ApiError error = MakeError(403, "PERMISSION_DENIED", message);
  AddDetail(ErrorInfo(reason,
                      {{"service", kService}, {"consumer", Consumer(context)}}),
            &error);
  return error;
}

ApiError KeyInvalid(const ErrorContext&) { return KeyError(kKeyNotValid); }

ApiError KeyExpired(const ErrorContext&) {
  return KeyError("API key expired. Please renew the API key.");
}

ApiError KeyNotFound(const ErrorContext&) {
  return KeyError("API Key not found. Please pass a valid API key.");
}

ApiError KeyMissing(const ErrorContext&) {
  return MakeError(
      403, "PERMISSION_DENIED",
      "Method doesn't allow unregistered callers (callers without established "
      "identity). Please use API Key or other form of API consumer identity to "
      "call this API.");
}

ApiError KeyBlocked(const ErrorContext& context) {
  std::string method = context.method;
  if (!method.empty() && method[0] == 'g') method[0] = 'G';
  const std::string full =
      absl::StrCat("google.ai.generativelanguage.", context.version,
                   ".GenerativeService.", method);
  ApiError error = MakeError(403, "PERMISSION_DENIED",
                             absl::StrCat("Requests to this API ", kService,
                                          " method ", full, " are blocked."));
  AddDetail(
      ErrorInfo("API_KEY_SERVICE_BLOCKED", {{"service", kService},
                                            {"apiName", kService},
                                            {"methodName", full},
                                            {"consumer", Consumer(context)}}),
      &error);
  return error;
}

ApiError KeyLeaked(const ErrorContext&) {
  return MakeError(403, "PERMISSION_DENIED",
                   "Your API key was reported as leaked. Please use another "
                   "API key.");
}

ApiError KeyReferrerBlocked(const ErrorContext& context) {
  return Denied("API_KEY_HTTP_REFERRER_BLOCKED",
                "Requests from referer <empty> are blocked.", context);
}

ApiError KeyIpBlocked(const ErrorContext& context) {
  return Denied("API_KEY_IP_ADDRESS_BLOCKED",
                "The provided API key has an IP address restriction. The "
                "originating IP address of the call (127.0.0.1) violates this "
                "restriction.",
                context);
}

ApiError Suspended(const ErrorContext& context) {
  return Denied("CONSUMER_SUSPENDED",
                absl::StrCat("Permission denied: Consumer '", Consumer(context),
                             "' has been suspended."),
                context);
}

ApiError ServiceDisabled(const ErrorContext& context) {
  const std::string url =
      absl::StrCat("https://console.developers.google.com/apis/api/", kService,
                   "/overview?project=", context.project);
  ApiError error = MakeError(
      403, "PERMISSION_DENIED",
      absl::StrCat(
          "Generative Language API has not been used in project ",
          context.project, " before or it is disabled. Enable it by visiting ",
          url,
          " then retry. If you enabled this API recently, wait a few minutes "
          "for the action to propagate to our systems and retry."));
  AddDetail(Help("Google developers console API activation", url), &error);
  AddDetail(ErrorInfo("SERVICE_DISABLED",
                      {{"service", kService}, {"consumer", Consumer(context)}}),
            &error);
  return error;
}

ApiError BillingDisabled(const ErrorContext& context) {
  const std::string url = absl::StrCat(
      "https://console.developers.google.com/billing/enable?project=",
      context.project);
  ApiError error = Denied(
      "BILLING_DISABLED",
      absl::StrCat("This API method requires billing to be enabled. Please "
                   "enable billing on project #",
                   context.project, " by visiting ", url, " then retry."),
      context);
  AddDetail(Help("Google developers console billing", url), &error);
  return error;
}

ApiError FreeTierLocation(const ErrorContext&) {
  return MakeError(400, "FAILED_PRECONDITION",
                   "Gemini API free tier is not available in your country. "
                   "Please enable billing on your project in Google AI "
                   "Studio.");
}

ApiError Location(const ErrorContext&) {
  return MakeError(400, "FAILED_PRECONDITION",
                   "User location is not supported for the API use.");
}

ApiError TokenTypeUnsupported(const ErrorContext&) {
  ApiError error = MakeError(
      401, "UNAUTHENTICATED",
      "Request had invalid authentication credentials. Expected OAuth 2 access "
      "token, login cookie or other valid authentication credential. See "
      "https://developers.google.com/identity/sign-in/web/devconsole-project.");
  AddDetail(ErrorInfo("ACCESS_TOKEN_TYPE_UNSUPPORTED", {{"service", kService}}),
            &error);
  return error;
}

ApiError NotFound(const ErrorContext& context) {
  return ModelNotFound(context.model, context.version, context.method);
}

ApiError ModelClosed(const ErrorContext& context) {
  return MakeError(
      404, "NOT_FOUND",
      absl::StrCat("This model models/", context.model,
                   " is no longer available to new users. Please update your "
                   "code to use a newer model for the latest features and "
                   "improvements."));
}

ApiError ImageRejected(const ErrorContext&) {
  return InvalidArgument(
      "Unable to process input image. Please retry or report in "
      "https://developers.generativeai.google/guide/troubleshooting");
}

ApiError QuotaZeroFreeTier(const ErrorContext& context) {
  const std::string& model = context.quota_model;
  return QuotaExceeded(
      {{kFreeRequests, "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
        model, 0},
       {kFreeRequests, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        model, 0},
       {kFreeTokens, "GenerateContentInputTokensPerModelPerMinute-FreeTier",
        model, 0}},
      context.retry_after);
}

ApiError QuotaZeroRegion(const ErrorContext& context) {
  ApiError error = MakeError(
      429, "RESOURCE_EXHAUSTED",
      absl::StrCat("Quota exceeded for quota metric 'Generate Content API "
                   "requests per minute' and limit 'GenerateContent request "
                   "limit per minute for a region' of service '",
                   kService, "' for consumer 'project_number:", context.project,
                   "'."));
  AddDetail(ErrorInfo("RATE_LIMIT_EXCEEDED",
                      {{"service", kService},
                       {"consumer", Consumer(context)},
                       {"quota_limit_value", "0"},
                       {"quota_limit",
                        "GenerateContentRequestsPerMinutePerProjectPerRegion"},
                       {"quota_location", "us-east2"},
                       {"quota_metric",
                        absl::StrCat(kService, "/generate_content_requests")}}),
            &error);
  AddDetail(Help("Request a higher quota limit.",
                 "https://cloud.google.com/docs/quotas/help/request_increase"),
            &error);
  return error;
}

ApiError RateMinute(const ErrorContext& context) {
  return QuotaExceeded({{"generate_requests_per_model",
                         "GenerateRequestsPerMinutePerProjectPerModel",
                         context.quota_model, 10}},
                       context.retry_after);
}

ApiError RateMinuteFreeTier(const ErrorContext& context) {
  return QuotaExceeded(
      {{kFreeRequests, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        context.quota_model, 5}},
      context.retry_after);
}

ApiError TokensMinute(const ErrorContext& context) {
  return QuotaExceeded({{"generate_content_paid_tier_input_token_count",
                         "GenerateContentPaidTierInputTokensPerModelPerMinute",
                         context.quota_model, 1000000}},
                       context.retry_after);
}

ApiError ImagesMinute(const ErrorContext& context) {
  return QuotaExceeded(
      {{"generate_content_paid_tier_images",
        "GenerateContentPaidTierImagesPerMinutePerProjectPerModel",
        context.quota_model, 10}},
      context.retry_after);
}

ApiError Daily(const ErrorContext& context) {
  return QuotaExceeded(
      {{"generate_requests_per_model_per_day",
        "GenerateRequestsPerDayPerProjectPerModel", context.quota_model, 250}},
      context.retry_after);
}

ApiError DailyFreeTier(const ErrorContext& context) {
  return QuotaExceeded(
      {{kFreeRequests, "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
        context.quota_model, 20}},
      context.retry_after);
}

ApiError SpendRate(const ErrorContext&) {
  return MakeError(429, "RESOURCE_EXHAUSTED",
                   "You exceeded your spend-based rate limit. Your spending "
                   "rate has exceeded the allowed limit for your account's "
                   "billing history and tier.");
}

ApiError SpendCap(const ErrorContext&) {
  return MakeError(429, "RESOURCE_EXHAUSTED",
                   "Your project has exceeded its monthly spending cap. Please "
                   "go to AI Studio at https://ai.studio/spend to manage your "
                   "project spend cap.");
}

ApiError PrepaidDepleted(const ErrorContext&) {
  return MakeError(402, "RESOURCE_EXHAUSTED",
                   "Your prepayment credits are depleted. Please go to AI "
                   "Studio at https://ai.studio/projects to manage your "
                   "project and billing.");
}

ApiError PrepaidDepleted429(const ErrorContext& context) {
  ApiError error = PrepaidDepleted(context);
  error.http_status = 429;
  error.body["error"]["code"] = 429;
  return error;
}

ApiError Capacity(const ErrorContext& context) {
  const std::string message = absl::StrCat("No capacity available for model ",
                                           context.model, " on the server");
  ApiError error;
  error.http_status = 429;
  error.body = {
      {"error",
       {{"code", 429},
        {"message", message},
        {"errors", Json::array({{{"message", message},
                                 {"domain", "global"},
                                 {"reason", "rateLimitExceeded"}}})},
        {"status", "RESOURCE_EXHAUSTED"},
        {"details", Json::array({ErrorInfo("MODEL_CAPACITY_EXHAUSTED",
                                           {{"model", context.model}})})}}}};
  return error;
}

ApiError ResourceExhausted(const ErrorContext&) {
  return MakeError(429, "RESOURCE_EXHAUSTED",
                   "Resource has been exhausted (e.g. check quota).");
}

ApiError QuotaUnspecified(const ErrorContext&) {
  return MakeError(429, "RESOURCE_EXHAUSTED",
                   "You exceeded your current quota, please check your plan "
                   "and billing details.");
}

ApiError Overloaded(const ErrorContext&) {
  return MakeError(503, "UNAVAILABLE", kHighDemand);
}

ApiError Internal(const ErrorContext&) { return ErrorFromStatus(500); }

ApiError Deadline(const ErrorContext&) { return ErrorFromStatus(504); }

ApiError Cancelled(const ErrorContext&) { return ErrorFromStatus(499); }

struct TemplateEntry {
  ErrorTemplate shown;
  ApiError (*make)(const ErrorContext&);
};

constexpr TemplateEntry kTemplates[] = {
    {{"quota_zero_free_tier", 429, "the free tier has no quota: limit 0"},
     QuotaZeroFreeTier},
    {{"quota_zero_region", 429, "limit 0 told by ErrorInfo alone"},
     QuotaZeroRegion},
    {{"rate_minute", 429, "requests per minute used up, paid tier"},
     RateMinute},
    {{"rate_minute_free_tier", 429, "requests per minute used up, free tier"},
     RateMinuteFreeTier},
    {{"tokens_minute", 429, "input tokens per minute used up"}, TokensMinute},
    {{"images_minute", 429, "images per minute used up"}, ImagesMinute},
    {{"daily", 429, "requests per day used up, paid tier"}, Daily},
    {{"daily_free_tier", 429, "requests per day used up, free tier"},
     DailyFreeTier},
    {{"spend_rate", 429, "spent too much in ten minutes"}, SpendRate},
    {{"spend_cap", 429, "monthly spending cap reached"}, SpendCap},
    {{"prepaid_depleted", 402, "prepaid credits used up"}, PrepaidDepleted},
    {{"prepaid_depleted_429", 429, "the same, as before September 2026"},
     PrepaidDepleted429},
    {{"capacity", 429, "MODEL_CAPACITY_EXHAUSTED"}, Capacity},
    {{"resource_exhausted", 429, "a 429 without details"}, ResourceExhausted},
    {{"quota_unspecified", 429, "the same, in the words of quotas"},
     QuotaUnspecified},
    {{"overloaded", 503, "high demand"}, Overloaded},
    {{"internal", 500, "internal error"}, Internal},
    {{"deadline", 504, "deadline expired"}, Deadline},
    {{"cancelled", 499, "operation cancelled"}, Cancelled},
    {{"key_invalid", 400, "API key not valid"}, KeyInvalid},
    {{"key_expired", 400, "API key expired"}, KeyExpired},
    {{"key_not_found", 400, "API key not found"}, KeyNotFound},
    {{"key_missing", 403, "unregistered caller"}, KeyMissing},
    {{"key_blocked", 403, "the key may not call this API"}, KeyBlocked},
    {{"key_leaked", 403, "the key was reported as leaked"}, KeyLeaked},
    {{"key_referrer_blocked", 403, "referrer restriction"}, KeyReferrerBlocked},
    {{"key_ip_blocked", 403, "IP address restriction"}, KeyIpBlocked},
    {{"suspended", 403, "the project is suspended"}, Suspended},
    {{"service_disabled", 403, "the API is disabled"}, ServiceDisabled},
    {{"billing_disabled", 403, "billing is not enabled"}, BillingDisabled},
    {{"free_tier_location", 400, "no free tier in this country"},
     FreeTierLocation},
    {{"location", 400, "location not supported"}, Location},
    {{"token_type_unsupported", 401, "wrong kind of credential"},
     TokenTypeUnsupported},
    {{"model_not_found", 404, "no such model"}, NotFound},
    {{"model_closed", 404, "model closed to new users"}, ModelClosed},
    {{"image_rejected", 400, "input picture not readable"}, ImageRejected},
};

}  // namespace

ApiError MakeError(int http_status, absl::string_view status,
                   absl::string_view message) {
  ApiError error;
  error.http_status = http_status;
  error.body = {{"error",
                 {{"code", http_status},
                  {"message", std::string(message)},
                  {"status", std::string(status)}}}};
  return error;
}

ApiError InvalidArgument(absl::string_view message) {
  return MakeError(400, "INVALID_ARGUMENT", message);
}

ApiError BadRequest(const std::vector<FieldViolation>& violations) {
  ApiError error = InvalidArgument(absl::StrJoin(
      violations, "\n", [](std::string* out, const FieldViolation& violation) {
        out->append(violation.description);
      }));
  Json listed = Json::array();
  for (const FieldViolation& violation : violations) {
    Json entry = Json::object();
    if (!violation.field.empty()) entry["field"] = violation.field;
    entry["description"] = violation.description;
    listed.push_back(std::move(entry));
  }
  AddDetail({{"@type", TypeUrl("BadRequest")},
             {"fieldViolations", std::move(listed)}},
            &error);
  return error;
}

ApiError QuotaExceeded(const std::vector<QuotaViolation>& violations,
                       absl::Duration retry_after) {
  std::string message =
      "You exceeded your current quota, please check your plan and billing "
      "details. For more information on this error, head to: "
      "https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your "
      "current usage, head to: https://ai.dev/rate-limit. ";
  Json listed = Json::array();
  for (const QuotaViolation& violation : violations) {
    const std::string metric = absl::StrCat(kService, "/", violation.metric);
    absl::StrAppend(&message, "\n* Quota exceeded for metric: ", metric,
                    ", limit: ", violation.limit, ", model: ", violation.model);
    Json entry = {{"quotaMetric", metric},
                  {"quotaId", violation.quota_id},
                  {"quotaDimensions",
                   {{"location", "global"}, {"model", violation.model}}}};
    if (violation.limit != 0) {
      entry["quotaValue"] = absl::StrCat(violation.limit);
    }
    listed.push_back(std::move(entry));
  }
  absl::StrAppend(&message, "\nPlease retry in ",
                  absl::FormatDuration(retry_after), ".");
  ApiError error = MakeError(429, "RESOURCE_EXHAUSTED", message);
  AddDetail(Help("Learn more about Gemini API quotas",
                 "https://ai.google.dev/gemini-api/docs/rate-limits"),
            &error);
  AddDetail(
      {{"@type", TypeUrl("QuotaFailure")}, {"violations", std::move(listed)}},
      &error);
  AddDetail(
      {{"@type", TypeUrl("RetryInfo")},
       {"retryDelay", absl::StrCat(absl::ToInt64Seconds(retry_after), "s")}},
      &error);
  error.retry_after = retry_after;
  return error;
}

ApiError ModelNotFound(absl::string_view model, absl::string_view version,
                       absl::string_view method) {
  return MakeError(
      404, "NOT_FOUND",
      absl::StrCat("models/", model, " is not found for API version ", version,
                   ", or is not supported for ", method,
                   ". Call ListModels to see the list of available models and "
                   "their supported methods."));
}

std::optional<ApiError> ErrorFromTemplate(absl::string_view name,
                                          const ErrorContext& context) {
  for (const TemplateEntry& entry : kTemplates) {
    if (entry.shown.name == name) return entry.make(context);
  }
  return std::nullopt;
}

const std::vector<ErrorTemplate>& ErrorTemplates() {
  static const auto* const templates = [] {
    auto* list = new std::vector<ErrorTemplate>();
    for (const TemplateEntry& entry : kTemplates) list->push_back(entry.shown);
    return list;
  }();
  return *templates;
}

absl::string_view CanonicalStatus(int http_status) {
  switch (http_status) {
    case 400:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 402:
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "ABORTED";
    case 499:
      return "CANCELLED";
    case 500:
      return "INTERNAL";
    case 501:
      return "UNIMPLEMENTED";
    case 503:
      return "UNAVAILABLE";
    case 408:
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return "UNKNOWN";
  }
}

ApiError ErrorFromStatus(int http_status) {
  absl::string_view message;
  switch (http_status) {
    case 400:
      message = "Request contains an invalid argument.";
      break;
    case 401:
      return TokenTypeUnsupported({});
    case 403:
      message = "The caller does not have permission";
      break;
    case 404:
      message = "Requested entity was not found.";
      break;
    case 429:
      return ResourceExhausted({});
    case 499:
      message = "The operation was cancelled.";
      break;
    case 500:
      message =
          "An internal error has occurred. Please retry or report in "
          "https://developers.generativeai.google/guide/troubleshooting";
      break;
    case 503:
      message = kHighDemand;
      break;
    case 408:
    case 504:
      message = "Deadline expired before operation could complete.";
      break;
    default:
      message = "The service answered with this status because it was told to.";
      break;
  }
  return MakeError(http_status, CanonicalStatus(http_status), message);
}

}  // namespace gemini_emulator
