#include "diagnosis/rules.h"

#include <iterator>

namespace gemini::internal {
namespace {

constexpr Rule kErrorRules[] = {
    // Payment Required is about money whatever its status says: Gemini sends
    // RESOURCE_EXHAUSTED with it since 2026-09-18.
    {Field::kText, "credit", "credits_depleted", 402},
    {Field::kText, "spend", "spend_cap", 402},
    {Field::kHttp, "", "payment_required", 402},

    // https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
    {Field::kText, "api key expired", "key_expired"},
    {Field::kText, "reported as leaked", "key_blocked"},
    {Field::kText, "api keys are not supported", "key_wrong_kind"},
    {Field::kReason, "API_KEY_INVALID", "key_invalid"},
    {Field::kReason, "BLOCKED", "key_blocked"},
    {Field::kReason, "SERVICE_DISABLED", "api_disabled"},
    {Field::kReason, "BILLING_DISABLED", "billing_disabled"},
    {Field::kReason, "CONSUMER_SUSPENDED", "account_suspended"},
    {Field::kReason, "CONSUMER_INVALID", "permission_denied"},
    {Field::kReason, "ACCESS_TOKEN_TYPE_UNSUPPORTED", "key_wrong_kind"},
    {Field::kReason, "ACCESS_TOKEN_EXPIRED", "key_expired"},
    {Field::kReason, "CREDENTIALS_MISSING", "key_missing"},
    {Field::kReason, "JWT_TOKEN_INVALID", "key_invalid"},
    {Field::kReason, "LOCATION_POLICY_VIOLATED", "location_unsupported"},
    {Field::kReason, "IAM_PERMISSION_DENIED", "permission_denied"},
    {Field::kReason, "MODEL_CAPACITY_EXHAUSTED", "no_capacity"},

    // Codes and types of OpenAI, Stability, FLUX, OpenRouter and their like.
    {Field::kName, "credit_balance_exhausted", "credits_depleted"},
    {Field::kName, "organization_spend_limit_exceeded", "spend_cap"},
    {Field::kName, "project_spend_limit_exceeded", "spend_cap"},
    {Field::kName, "organization_usage_limit_exceeded", "spend_cap"},
    {Field::kName, "billing_hard_limit_reached", "spend_cap"},
    {Field::kName, "billing_not_active", "billing_disabled"},
    {Field::kName, "insufficient_quota", "credits_depleted"},
    {Field::kName, "insufficient_credits", "credits_depleted"},
    {Field::kName, "Account_Fee_Not_Enough", "credits_depleted"},
    {Field::kName, "moderation_blocked", "moderation_blocked"},
    {Field::kName, "content_moderation", "moderation_blocked"},
    {Field::kName, "content_policy_violation", "moderation_blocked"},
    {Field::kName, "content_filter", "moderation_blocked"},
    {Field::kName, "Msg_Sensitive", "moderation_blocked"},
    {Field::kName, "invalid_api_key", "key_invalid"},
    {Field::kName, "authentication_error", "key_invalid"},
    {Field::kName, "unsupported_country_region_territory",
     "location_unsupported"},
    {Field::kName, "model_not_found", "model_not_found"},
    {Field::kName, "invalid_image_file", "invalid_image"},
    {Field::kName, "slow_down", "rate_limited"},
    {Field::kName, "queue_full", "no_capacity"},
    {Field::kName, "server_is_overloaded", "overloaded"},
    {Field::kName, "overloaded_error", "overloaded"},
    {Field::kName, "Server_Busy", "overloaded"},

    // Where the service may be used.
    {Field::kText, "location is not supported", "location_unsupported"},
    {Field::kText, "not available in your country", "location_unsupported"},

    // Money, told by its text.
    {Field::kText, "prepayment credits", "credits_depleted"},
    {Field::kText, "credits are depleted", "credits_depleted"},
    {Field::kText, "credit balance", "credits_depleted"},
    {Field::kText, "out of credits", "credits_depleted"},
    {Field::kText, "insufficient credits", "credits_depleted"},
    {Field::kText, "10-minute", "spend_rate", 429},
    {Field::kText, "per 10 minutes", "spend_rate", 429},
    {Field::kText, "monthly spend", "spend_cap"},
    {Field::kText, "spending cap", "spend_cap"},
    {Field::kText, "spend cap", "spend_cap"},
    {Field::kText, "spending limit", "spend_cap"},
    {Field::kText, "billing hard limit", "spend_cap"},
    {Field::kText, "subscription is inactive", "billing_disabled"},
    {Field::kText, "requires billing to be enabled", "billing_disabled"},
    {Field::kText, "billing is disabled", "billing_disabled"},
    {Field::kText, "billing account", "billing_disabled"},
    {Field::kText, "only accessible to billed users", "billing_disabled"},
    {Field::kText, "only available to paid", "billing_disabled"},
    {Field::kText, "only available on the paid", "billing_disabled"},
    {Field::kText, "enable billing on", "billing_disabled"},

    // Quotas: all violations together.
    {Field::kQuotas, "", ""},

    // The key and its project.
    {Field::kText, "api key not valid", "key_invalid"},
    {Field::kText, "api key not found", "key_invalid"},
    {Field::kText, "invalid api key", "key_invalid"},
    {Field::kText, "incorrect api key", "key_invalid"},
    {Field::kText, "unregistered callers", "key_missing"},
    {Field::kText, "multiple authentication credentials", "key_wrong_kind"},
    {Field::kText, "has not been used in project", "api_disabled"},
    {Field::kText, "it is disabled. enable it", "api_disabled"},
    {Field::kText, "are blocked", "key_blocked", 403},
    {Field::kText, "has been suspended", "account_suspended"},

    // Models.
    {Field::kText, "no longer available to new users", "model_closed"},
    {Field::kText, "is no longer available", "model_shut_down", 404},
    {Field::kText, "has been shut down", "model_shut_down"},
    {Field::kText, "has been retired", "model_shut_down"},
    {Field::kHtml, "", "endpoint_not_found", 404},
    {Field::kModel, "shut down", "model_shut_down", 404},
    {Field::kText, "model", "model_not_found", 404},
    {Field::kText, "engine", "model_not_found", 404},
    {Field::kText, "is not found for api version", "model_not_found"},
    {Field::kText, "the specified engine", "model_not_found"},

    // Refusals that come as errors.
    {Field::kText, "responsible ai practices", "prompt_blocked"},
    {Field::kText, "contains sensitive words", "prompt_blocked"},
    {Field::kText, "usage guidelines", "prompt_blocked", 400},
    {Field::kText, "safety system", "moderation_blocked"},
    {Field::kText, "content moderation", "moderation_blocked"},
    {Field::kText, "flagged", "moderation_blocked", 403},
    {Field::kText, "moderation", "moderation_blocked", 403},

    // The request.
    {Field::kText, "unknown name", "unknown_field", 400},
    {Field::kText, "cannot find field", "unknown_field", 400},
    {Field::kText, "thought_signature", "thought_signature_missing", 400},
    {Field::kText, "request payload size exceeds", "request_too_large"},
    {Field::kText, "exceeds the maximum number of tokens", "request_too_large"},
    {Field::kText, "source image", "invalid_image", 400},
    {Field::kText, "invalid image", "invalid_image", 400},
    {Field::kText, "process input image", "invalid_image", 400},
    {Field::kHttp, "", "request_too_large", 413},

    // Capacity is not quota.
    {Field::kText, "no capacity", "no_capacity"},
    {Field::kText, "overloaded", "overloaded"},
    {Field::kText, "high demand", "overloaded"},
    {Field::kText, "resource has been exhausted", "no_capacity", 429},
    {Field::kText, "resource exhausted", "no_capacity", 429},
    {Field::kText, "queue is full", "no_capacity", 429},
    {Field::kText, "exceeded your current quota", "quota_unspecified"},

    // What is left to the HTTP status, then to the canonical one.
    {Field::kHttp, "", "rate_limited", 429},
    {Field::kStatus, "FAILED_PRECONDITION", "permission_denied", 400},
    {Field::kHttp, "", "invalid_request", 400},
    {Field::kHttp, "", "key_invalid", 401},
    {Field::kHttp, "", "permission_denied", 403},
    {Field::kHttp, "", "endpoint_not_found", 404},
    {Field::kHttp, "", "server_timeout", 408},
    {Field::kHttp, "", "invalid_request", 415},
    {Field::kHttp, "", "invalid_request", 422},
    {Field::kHttp, "", "location_unsupported", 451},
    {Field::kHttp, "", "cancelled_by_server", 499},
    {Field::kHttp, "", "bad_gateway", 502},
    {Field::kHttp, "", "overloaded", 503},
    {Field::kHttp, "", "server_timeout", 504},
    {Field::kHttp, "", "overloaded", 529},
    {Field::kHttp, "4xx", "invalid_request"},
    {Field::kHttp, "5xx", "server_error"},
    {Field::kStatus, "RESOURCE_EXHAUSTED", "rate_limited"},
    {Field::kStatus, "INVALID_ARGUMENT", "invalid_request"},
    {Field::kStatus, "FAILED_PRECONDITION", "permission_denied"},
    {Field::kStatus, "UNAUTHENTICATED", "key_invalid"},
    {Field::kStatus, "PERMISSION_DENIED", "permission_denied"},
    {Field::kStatus, "NOT_FOUND", "model_not_found"},
    {Field::kStatus, "CANCELLED", "cancelled_by_server"},
    {Field::kStatus, "UNAVAILABLE", "overloaded"},
    {Field::kStatus, "DEADLINE_EXCEEDED", "server_timeout"},
    {Field::kStatus, "INTERNAL", "server_error"},
    {Field::kName, "rate_limit_exceeded", "rate_limited"},
    {Field::kName, "invalid_request_error", "invalid_request"},
    {Field::kName, "server_error", "server_error"},
};

constexpr Rule kAnswerRules[] = {
    {Field::kBlocked, "SAFETY", "prompt_blocked"},
    {Field::kBlocked, "IMAGE_SAFETY", "image_safety"},
    {Field::kBlocked, "PROHIBITED_CONTENT", "prohibited_content"},
    {Field::kBlocked, "BLOCKLIST", "blocklist"},
    {Field::kBlocked, "", "prompt_blocked"},

    {Field::kFinished, "SAFETY", "safety"},
    {Field::kFinished, "PROHIBITED_CONTENT", "prohibited_content"},
    {Field::kFinished, "BLOCKLIST", "blocklist"},
    {Field::kFinished, "SPII", "personal_data"},
    {Field::kFinished, "RECITATION", "recitation"},
    {Field::kFinished, "LANGUAGE", "language"},
    {Field::kFinished, "IMAGE_SAFETY", "image_safety"},
    {Field::kFinished, "IMAGE_PROHIBITED_CONTENT", "image_prohibited_content"},
    {Field::kFinished, "IMAGE_RECITATION", "image_recitation"},
    {Field::kFinished, "NO_IMAGE", "no_image"},
    {Field::kFinished, "IMAGE_OTHER", "finish_other"},
    {Field::kFinished, "OTHER", "finish_other"},
    {Field::kFinished, "MALFORMED_RESPONSE", "finish_other"},
    {Field::kFinished, "MAX_TOKENS", "max_tokens"},
    {Field::kFinished, "CONTINUATION", "continuation"},
    {Field::kFinished, "MALFORMED_FUNCTION_CALL", "tool_call"},
    {Field::kFinished, "UNEXPECTED_TOOL_CALL", "tool_call"},
    {Field::kFinished, "TOO_MANY_TOOL_CALLS", "tool_call"},
    {Field::kFinished, "MISSING_THOUGHT_SIGNATURE",
     "thought_signature_missing"},

    // Stability, FLUX, Midjourney and their proxies answer refusals with 200.
    {Field::kState, "CONTENT_FILTERED", "moderation_blocked"},
    {Field::kState, "Request Moderated", "moderation_blocked"},
    {Field::kState, "Content Moderated", "moderation_blocked"},
    {Field::kState, "banned prompt", "moderation_blocked"},
    {Field::kState, "queue full", "no_capacity"},
    {Field::kState, "no account", "no_capacity"},
    {Field::kState, "parameter error", "invalid_request"},
    {Field::kState, "proxy failure", "server_error"},
    {Field::kState, "Task not found", "server_error"},
    {Field::kState, "FAILURE", "server_error"},
    {Field::kState, "Error", "server_error"},
    {Field::kState, "Failed", "server_error"},
    {Field::kState, "failed", "server_error"},

    {Field::kContent, "filtered", "image_safety"},
    {Field::kContent, "text", "text_only"},
    {Field::kContent, "thoughts", "thought_only"},
    {Field::kContent, "unfinished", "empty_answer"},
    {Field::kContent, "nothing", "no_image"},
};

}  // namespace

RuleList ErrorRules() { return {kErrorRules, std::size(kErrorRules)}; }
RuleList AnswerRules() { return {kAnswerRules, std::size(kAnswerRules)}; }

}  // namespace gemini::internal
