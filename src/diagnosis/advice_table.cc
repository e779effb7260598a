#include "diagnosis/advice_table.h"

#include <iterator>

namespace gemini::internal {
namespace {

using S = StepId;

constexpr AdviceEntry kAdvice[] = {
    {"quota_zero_free_tier",
     {"The request was counted against the free tier, which gives {model} no "
      "quota at all (limit: 0[, metric {metric}]).",
      "请求被计入免费层（free tier），而免费层没有给{model}任何配额："
      "上限为 0（limit: 0[，指标为{metric}]）。"},
     {"Waiting does not help, whatever delay the server states. If billing is "
      "on, one of these holds: the key belongs to another project, one of the "
      "free tier (quota goes by the key's project, not by the account); the "
      "project was upgraded only now, and new quota takes minutes to hours to "
      "show; or the paid quota for image generation is not enabled there. "
      "Image models have no free tier.[ {internal_name} is Google's internal "
      "name for this quota's model.]",
      "无论服务器给出多长的等待时间，等待都没有用。如果明明已启用结算，"
      "原因不外三种：密钥属于另一个仍在免费层的项目"
      "（配额看密钥所属的项目，不看账号）；项目刚刚升级，"
      "新配额要几分钟到几小时才会生效；该项目尚未开通图像生成的付费配额。"
      "图像模型没有免费层。"
      "[{internal_name}是 Google 内部用来登记这项配额的模型名。]"},
     {S::kCheckProject, S::kNewPaidKey, S::kCheckApi, S::kViewLimits,
      S::kViewMetrics, S::kWaitForQuota, S::kOtherPaidRoute, S::kSupport}},
    {"quota_zero_paid_tier",
     {"The project is on {tier}, yet its quota for {model} is zero (limit: 0[, "
      "metric {metric}]).",
      "项目处于{tier}，但{model}的配额为零：上限为 0（limit: 0"
      "[，指标为{metric}]）。"},
     {"Waiting for a reset does not help. Billing is on, so either the quota "
      "is new (it takes minutes to hours to show), or the paid quota for this "
      "model or for image generation is not enabled for the project, or "
      "somebody has set it to 0.",
      "等配额重置没有用。结算已经启用，可能的原因："
      "配额刚开通，要几分钟到几小时才会生效；"
      "该项目未开通这个模型或图像生成的付费配额；或有人把配额设成了 0。"},
     {S::kViewLimits, S::kViewQuotas, S::kCheckApi, S::kWaitForQuota,
      S::kRequestQuota, S::kCheckProject, S::kOtherRoute, S::kSupport}},
    {"quota_zero",
     {"The key's project has no quota for {model} at all (limit: 0[, metric "
      "{metric}]).",
      "密钥所属的项目对{model}没有任何配额：上限为 0（limit: 0"
      "[，指标为{metric}]）。"},
     {"Waiting does not help, whatever delay the server states. The answer "
      "does not name a tier: the key may belong to a project of the free tier "
      "although billing is on elsewhere; new quota takes minutes to hours to "
      "show; the paid quota for image generation may not be enabled; or the "
      "project has no quota in the region that served the request.",
      "无论服务器给出多长的等待时间，等待都没有用。应答没有说明层级，"
      "可能的原因：虽然别处已启用结算，但密钥属于免费层的项目；"
      "新配额要几分钟到几小时才会生效；未开通图像生成的付费配额；"
      "项目在处理请求的地区没有配额。"},
     {S::kCheckProject, S::kNewPaidKey, S::kCheckApi, S::kViewLimits,
      S::kViewQuotas, S::kWaitForQuota, S::kRequestQuota, S::kOtherRoute,
      S::kSupport}},
    {"quota_month",
     {"The month's quota[ ({quota})] of {model} is used up.",
      "{model}本月的配额[（{quota}）]已用完。"},
     {"It counts for all keys of the project together.",
      "该项目的所有密钥共用这一配额。"},
     {S::kWaitForPeriod, S::kViewQuotas, S::kRequestQuota, S::kOtherRoute}},
    {"quota_day_free_tier",
     {"The free tier's daily quota[ ({quota})] of {model} is used up.",
      "{model}在免费层（free tier）的每日配额[（{quota}）]已用完。"},
     {"The key's project is on the free tier. The quota counts for all keys "
      "of the project together; Google resets it at midnight Pacific time. A "
      "short "
      "delay in the answer does not change that. If billing is on, the key "
      "belongs to another project, or the upgrade does not show yet (minutes "
      "to hours).[ {internal_name} is Google's internal name for this quota's "
      "model.]",
      "密钥所属的项目在免费层。该项目的所有密钥共用这一配额，Google "
      "在太平洋时间零点重置；应答里的短暂等待时间不作数。"
      "如果明明已启用结算，说明密钥属于另一个项目，或升级尚未生效"
      "（几分钟到几小时）。"
      "[{internal_name}是 Google 内部用来登记这项配额的模型名。]"},
     {S::kWaitForReset, S::kSetUpBilling, S::kCheckProject, S::kNewPaidKey,
      S::kViewLimits, S::kOtherRoute}},
    {"quota_day",
     {"The daily quota[ ({quota})] of {model} is used up.",
      "{model}的每日配额[（{quota}）]已用完。"},
     {"It counts for all keys of the project together; Google resets it at "
      "midnight Pacific time. A short delay in the answer does not change "
      "that.[ {internal_name} is Google's internal name for this quota's "
      "model.]",
      "该项目的所有密钥共用这一配额，Google 在太平洋时间零点重置；"
      "应答里的短暂等待时间不作数。"
      "[{internal_name}是 Google 内部用来登记这项配额的模型名。]"},
     {S::kWaitForReset, S::kViewLimits, S::kHigherTier, S::kRequestQuota,
      S::kUseBatch, S::kOtherRoute}},
    {"quota_hour",
     {"A quota[ ({quota})] of {model} that lasts less than a day is used up.",
      "{model}的一项短周期配额[（{quota}）]已用完。"},
     {"It renews by itself when its period ends.", "周期结束后会自动恢复。"},
     {S::kWaitForWindow, S::kSpreadRequests, S::kViewQuotas, S::kRequestQuota,
      S::kOtherRoute}},
    {"quota_minute_free_tier",
     {"The free tier's quota per minute[ ({quota})] of {model} is used up.",
      "{model}在免费层（free tier）的每分钟配额[（{quota}）]已用完。"},
     {"It renews within a minute, but free limits are low. If billing is on, "
      "the key belongs to another project, or the upgrade does not show yet "
      "(minutes to hours).",
      "一分钟内会自动恢复，但免费层的上限很低。"
      "如果明明已启用结算，说明密钥属于另一个项目，或升级尚未生效"
      "（几分钟到几小时）。"},
     {S::kWaitForWindow, S::kSpreadRequests, S::kSetUpBilling, S::kCheckProject,
      S::kViewLimits, S::kOtherRoute}},
    {"quota_minute",
     {"The quota per minute[ ({quota})] of {model} is used up.",
      "{model}的每分钟配额[（{quota}）]已用完。"},
     {"Too many requests, tokens or pictures in a short time; it renews "
      "within a minute.",
      "短时间内请求、token 或图片过多；一分钟内会自动恢复。"},
     {S::kWaitForWindow, S::kSpreadRequests, S::kViewLimits, S::kHigherTier,
      S::kOtherRoute}},
    {"quota_unspecified",
     {"A quota of {model} is used up; the answer does not say which.",
      "{model}的某项配额已用完，应答没有说明是哪一项。"},
     {"It may be the minute's, which renews within a minute, or the day's, "
      "which "
      "Google resets at midnight Pacific time.",
      "可能是每分钟配额，很快恢复；也可能是每日配额，"
      "要到太平洋时间零点才重置。"},
     {S::kViewLimits, S::kViewQuotas, S::kWaitForWindow, S::kSpreadRequests,
      S::kCheckProject, S::kOtherRoute}},
    {"rate_limited",
     {"The service refused the request because too many came.",
      "请求过于频繁，被服务端拒绝。"},
     {"The answer names no quota: it may be one per minute, or a gateway's "
      "own limit.",
      "应答没有指明配额：可能是每分钟配额，也可能是网关自身的限流。"},
     {S::kWaitForWindow, S::kSpreadRequests, S::kViewLimits, S::kHigherTier,
      S::kOtherRoute}},
    {"spend_rate",
     {"The project spends too fast: the cap per 10 minutes is reached.",
      "项目支出过快：已达到每 10 分钟的支出上限。"},
     {"Google caps the spend in any 10 minutes by usage tier. It renews by "
      "itself and is not the monthly cap.",
      "Google 按用量层级限制任意 10 分钟内的支出。它会自动恢复，"
      "与每月支出上限无关。"},
     {S::kWaitForWindow, S::kSpendSlower, S::kHigherTier, S::kOtherPayer}},

    {"spend_cap",
     {"The spend cap is reached: every request is refused until it is raised "
      "or a new month begins.",
      "已达到支出上限：在提高上限或进入新的月份之前，所有请求都会被拒绝。"},
     {"The cap is the one that somebody set for the project or organisation, "
      "or the one of the usage tier.",
      "这个上限可能是有人为项目或组织设置的，也可能来自用量层级。"},
     {S::kRaiseCap, S::kHigherTier, S::kOtherPayer, S::kSupport}},
    {"credits_depleted",
     {"The prepaid credit is used up.", "预付余额已用完。"},
     {"Every request is refused until credit is bought; waiting does not "
      "help. Billing being on is not enough.",
      "充值之前所有请求都会被拒绝，等待没有用；仅仅启用结算还不够。"},
     {S::kAddCredit, S::kCheckBillingAccount, S::kOtherPayer, S::kSupport}},
    {"billing_disabled",
     {"Billing is not active for the key's project.",
      "密钥所属的项目没有启用结算。"},
     {"It was never set up, was switched off, or its billing account is "
      "closed; or the key belongs to another project than you think. After a "
      "change it takes minutes to hours to show.",
      "可能从未设置、已被停用，或结算账号已关闭；"
      "也可能密钥不属于你以为的那个项目。更改后要几分钟到几小时才会生效。"},
     {S::kCheckBillingAccount, S::kCheckProject, S::kNewPaidKey,
      S::kWaitForQuota, S::kOtherPayer, S::kSupport}},
    {"payment_required",
     {"The service wants to be paid first (402).", "服务端要求先付款（402）。"},
     {"Credit, payment or subscription is missing.", "缺少余额、付款或订阅。"},
     {S::kAddCredit, S::kCheckBillingAccount, S::kOtherPayer, S::kSupport}},

    {"overloaded",
     {"The service is overloaded at the moment.", "服务端目前过载。"},
     {"It says nothing about your quota or your request; it usually passes "
      "within minutes.",
      "与你的配额和请求无关，通常几分钟内会恢复。"},
     {S::kRepeatWithPauses, S::kStatusPage, S::kOtherModel}},
    {"no_capacity",
     {"The service has no free capacity for {model} at the moment.",
      "服务端目前没有空闲容量可供{model}使用。"},
     {"Capacity is shared by all customers: your quota is not used up, even "
      "if the status is 429.",
      "容量由所有客户共享：即使状态码是 429，也不代表你的配额已用完。"},
     {S::kRepeatWithPauses, S::kStatusPage, S::kOtherModel}},

    {"server_error",
     {"The service failed while it worked on the request[ (HTTP {http})].",
      "服务端处理请求时出错[（HTTP {http}）]。"},
     {"Mostly passing; some parameters that a model does not take end like "
      "this too.",
      "多为暂时故障；有些参数模型不支持时也会这样。"},
     {S::kRepeatWithPauses, S::kDropParameters, S::kStatusPage, S::kOtherModel,
      S::kSupport}},
    {"bad_gateway",
     {"A gateway before the service got no good answer from it (502).",
      "服务前端的网关没有得到有效应答（502）。"},
     {"It may be Google's front end or a proxy of your own.",
      "可能是 Google 的前端，也可能是你自己的代理。"},
     {S::kRepeatWithPauses, S::kStatusPage, S::kCheckProxy}},
    {"server_timeout",
     {"The service did not finish within its time[ (HTTP {http})].",
      "服务端未能在时限内完成[（HTTP {http}）]。"},
     {"The request was large, the time that it was given short, or the "
      "service slow.",
      "请求太大、给的时间太短，或服务端太慢。"},
     {S::kRepeatWithPauses, S::kMoreTime, S::kLessWork, S::kOtherModel}},
    {"cancelled_by_server",
     {"The request was cancelled on the service's side.",
      "请求在服务端被取消。"},
     {"The service or a proxy gave it up; this library did not ask for it.",
      "服务端或代理放弃了该请求，并非本库主动取消。"},
     {S::kRepeatWithPauses, S::kCheckIdleLimits, S::kStatusPage}},
    {"cannot_connect",
     {"No connection to the service could be made.", "无法连接到服务端。"},
     {"Name look-up, firewall, proxy or network failed; nothing was sent, "
      "nothing is billed.",
      "域名解析、防火墙、代理或网络有问题；什么都没有发出，不会计费。"},
     {S::kCheckNetwork, S::kCheckProxy, S::kCheckBaseUrl, S::kStatusPage}},
    {"connect_timeout",
     {"Connecting to the service took too long.", "连接服务端超时。"},
     {"Often a firewall that drops packets, or slow name look-up; nothing was "
      "sent, nothing is billed.",
      "多半是防火墙丢包或域名解析缓慢；什么都没有发出，不会计费。"},
     {S::kCheckNetwork, S::kCheckProxy, S::kStatusPage}},
    {"connection_lost_unsent",
     {"The connection broke before the request was sent.",
      "请求发出之前连接就断开了。"},
     {"Nothing reached the service, nothing is billed.",
      "服务端什么都没有收到，不会计费。"},
     {S::kRepeatWithPauses, S::kCheckNetwork, S::kCheckProxy}},

    {"connection_lost",
     {"The connection broke after the request was sent.",
      "请求发出之后连接断开。"},
     {"The picture may have been drawn and billed; there is no way to fetch "
      "it.",
      "图片可能已经画好并计费，但无法再取回。"},
     {S::kMaybeBilled, S::kCheckCharges, S::kCheckIdleLimits, S::kStatusPage}},
    {"stalled",
     {"The answer stopped half-way.", "应答传到一半停住了。"},
     {"No byte came for TimeLimits::stall after the body had begun. The "
      "picture may have been billed.",
      "正文开始之后，超过 TimeLimits::stall 没有收到任何数据。"
      "图片可能已经计费。"},
     {S::kMaybeBilled, S::kCheckCharges, S::kCheckIdleLimits,
      S::kCheckNetwork}},
    {"attempt_timeout",
     {"No complete answer came within the attempt's time limit.",
      "在单次尝试的时限内没有收到完整应答。"},
     {"The service may still have drawn the picture and billed it. Large "
      "pictures and models that think take long.",
      "服务端可能仍然画完了并计费。大尺寸图片和带思考的模型耗时较长。"},
     {S::kMoreTime, S::kLessWork, S::kMaybeBilled, S::kCheckCharges,
      S::kStatusPage}},

    {"key_missing",
     {"The request carried no API key.", "请求没有携带 API 密钥。"},
     {"The key is not set where the process looks for it, or a proxy removed "
      "the x-goog-api-key header.",
      "进程读取的位置没有设置密钥，或代理删掉了 x-goog-api-key 请求头。"},
     {S::kSetKey, S::kCompareKey}},
    {"key_invalid",
     {"The service does not know this API key.", "服务端不认识这个 API 密钥。"},
     {"It was mistyped, cut off, deleted, or another variable wins over the "
      "one that you changed.",
      "可能写错、被截断、已删除，或有别的变量优先于你修改的那个。"},
     {S::kCompareKey, S::kNewKey, S::kCheckProject}},
    {"key_expired",
     {"The API key or token has expired.", "API 密钥或令牌已过期。"},
     {"Old keys do not come back to life; an OAuth token has to be renewed "
      "about every hour.",
      "过期的密钥不会恢复；OAuth 令牌大约每小时需要更新一次。"},
     {S::kNewKey, S::kCompareKey}},
    {"key_blocked",
     {"The API key is known but blocked for this request[ ({reason})].",
      "API 密钥有效，但不允许用于本次请求[（{reason}）]。"},
     {"Its restrictions forbid this API, address or site; or it was reported "
      "as leaked; or it is an old AIza key without restrictions, which Google "
      "refuses since June 2026.",
      "可能是密钥的限制不允许此 API、地址或网站；密钥被报告已泄露；"
      "或是没有设置限制的旧式 AIza 密钥（Google 自 2026 年 6 月起拒绝）。"},
     {S::kRestrictions, S::kNewKey, S::kDropLeakedKey}},
    {"key_wrong_kind",
     {"The service does not take this kind of credential here.",
      "此端点不接受这种凭据。"},
     {"Some endpoints want an OAuth token and no API key, some do not take "
      "keys that begin with AQ, and none takes two credentials at once.",
      "有的端点只收 OAuth 令牌而不收 API 密钥，有的不收 AQ 开头的密钥，"
      "而且都不接受同时发送两种凭据。"},
     {S::kOneCredential, S::kCheckBaseUrl, S::kNewKey}},
    {"api_disabled",
     {"The API is not enabled in the key's project.",
      "密钥所属的项目没有启用该 API。"},
     {"Keys made in the Cloud console belong to projects where it has to be "
      "enabled by hand; it is enabled per project, so another project's being "
      "on does not help.",
      "在 Cloud 控制台创建的密钥，其项目需要手动启用 API；"
      "启用状态按项目计，别的项目启用了没有用。"},
     {S::kEnableApi, S::kCheckProject, S::kNewKey}},
    {"account_suspended",
     {"Google has suspended the key's project or its account.",
      "密钥所属的项目或其账号已被 Google 停用。"},
     {"Mostly after unpaid bills or a breach of the terms. A new key of the "
      "same project does not help.",
      "多因欠费或违反条款。在同一项目里新建密钥没有用。"},
     {S::kCheckBillingAccount, S::kOtherPayer, S::kSupport}},
    {"permission_denied",
     {"The key may not do this.", "该密钥无权执行此操作。"},
     {"Its project, its restrictions or its service account's roles do not "
      "allow it; or a file belongs to another project or has expired.",
      "可能是项目、密钥限制或服务账号的角色不允许；"
      "也可能引用的文件属于别的项目或已过期。"},
     {S::kCheckProject, S::kCheckApi, S::kRestrictions, S::kCheckRoles,
      S::kNewKey, S::kSupport}},
    {"location_unsupported",
     {"The service does not serve requests from this place.",
      "服务端不支持来自该地区的请求。"},
     {"The country or region of the outgoing address is not supported, or it "
      "has no free tier and the project has no billing.",
      "出口 IP 所在的国家或地区不受支持；或当地没有免费层，"
      "而项目又没有启用结算。"},
     {S::kSupportedRegion, S::kSetUpBilling, S::kCheckProxy}},
    {"certificate_untrusted",
     {"The server's certificate is not trusted; nothing was sent.",
      "服务器证书不受信任，请求没有发出。"},
     {"The CA certificates of this machine are missing or old, a proxy opens "
      "TLS, the clock is wrong, or somebody pretends to be the service.",
      "可能是本机 CA 证书缺失或过旧、代理在解密 TLS、时钟不准，"
      "或有人冒充服务端。"},
     {S::kInspectTls, S::kCaCertificates, S::kCheckProxy}},

    {"model_not_found",
     {"The service does not know {model}, or not for this method or API "
      "version.",
      "服务端没有{model}，或它不支持此方法或 API 版本。"},
     {"The id is misspelt, the model was shut down, or this key may not use "
      "it.",
      "可能是 ID 写错、模型已停用，或该密钥无权使用。"},
     {S::kCompareModel, S::kUseSuccessor, S::kApiVersion, S::kShutdownDates}},
    {"model_shut_down",
     {"Google has shut down {model}[ (announced for {shutdown})].",
      "Google 已停用{model}[（公告日期 {shutdown}）]。"},
     {"It does not come back. The successor may differ in price, sizes and "
      "style.",
      "它不会恢复。后继模型的价格、尺寸和风格可能不同。"},
     {S::kUseSuccessor, S::kShutdownDates}},
    {"model_closed",
     {"New projects may no longer use {model}.", "{model}不再对新项目开放。"},
     {"Projects that used it before may still do so for a while.",
      "以前用过它的项目暂时还能继续使用。"},
     {S::kUseSuccessor, S::kShutdownDates}},
    {"endpoint_not_found",
     {"There is nothing at this URL (404).", "该 URL 不存在（404）。"},
     {"The answer does not come from the API's own methods: base URL, API "
      "version or location is wrong.",
      "应答不是 API 方法返回的：服务地址、API 版本或地区有误。"},
     {S::kCheckBaseUrl, S::kApiVersion, S::kCompareModel}},

    {"invalid_request",
     {"The service did not accept the request.", "服务端不接受该请求。"},
     {"A value is wrong or missing, or does not suit {model}.[ At fault: "
      "{fields}]",
      "某个值有误、缺失，或不适用于{model}。[出错之处：{fields}]"},
     {S::kFixRequest, S::kCheckParameters, S::kCompareModel}},
    {"unknown_field",
     {"The request has a field that this endpoint does not know.",
      "请求中有此端点不认识的字段。"},
     {"Fields differ between v1, v1beta and Vertex AI.[ At fault: {fields}]",
      "v1、v1beta 和 Vertex AI 支持的字段各不相同。"
      "[出错之处：{fields}]"},
     {S::kDropField, S::kApiVersion, S::kFixRequest}},
    {"invalid_image",
     {"The service could not read a reference image.",
      "服务端无法读取某张参考图。"},
     {"The file is damaged, cut off, of another format than stated, or its "
      "URL cannot be fetched.[ At fault: {fields}]",
      "文件损坏、被截断、格式与声明不符，或其 URL 无法访问。"
      "[出错之处：{fields}]"},
     {S::kCheckImage, S::kShrinkImages, S::kFixRequest}},
    {"request_too_large",
     {"The request is too large.", "请求太大。"},
     {"Reference images or the prompt exceed what the service takes.[ At "
      "fault: {fields}]",
      "参考图或提示词超过了服务端的限制。[出错之处：{fields}]"},
     {S::kShrinkImages, S::kLessWork}},
    {"request_exceeds_limit",
     {"This one request exceeds a whole limit[ ({quota})].",
      "单个请求就超过了整个上限[（{quota}）]。"},
     {"It looks like a rate limit, but no waiting makes it fit.",
      "看起来像限流，但等多久都不会通过。"},
     {S::kSmallerRequest, S::kViewLimits, S::kHigherTier}},
    {"thought_signature_missing",
     {"Earlier parts of the conversation lack their thought signature.",
      "对话历史中的内容缺少 thought signature。"},
     {"The model's pictures and texts must be sent back exactly as they came.",
      "模型返回的图片和文字必须原样送回。"},
     {S::kSendSignatures, S::kFixRequest}},

    {"prompt_blocked",
     {"The prompt was blocked[ ({reason})]; nothing was drawn.",
      "提示词被拦截[（{reason}）]，没有生成图片。"},
     {"A filter judged the prompt or a reference image before drawing.",
      "过滤器在绘制之前就判定提示词或参考图不合规。"},
     {S::kChangePrompt, S::kChangeReferences, S::kSafetySettings,
      S::kReadPolicy, S::kOtherJudge}},
    {"moderation_blocked",
     {"The provider's moderation refused the request.",
      "服务商的内容审核拒绝了该请求。"},
     {"It judged the prompt, a reference image or the picture.",
      "提示词、参考图或生成的图片未通过审核。"},
     {S::kChangePrompt, S::kChangeReferences, S::kOtherJudge}},
    {"safety",
     {"A safety filter stopped the answer.", "安全过滤器中止了应答。"},
     {"It judged what was being made, not only the prompt.",
      "判定对象是正在生成的内容，不只是提示词。"},
     {S::kChangePrompt, S::kSafetySettings, S::kReadPolicy, S::kOtherJudge}},
    {"prohibited_content",
     {"The prompt or the answer counts as prohibited content.",
      "提示词或应答属于禁止内容。"},
     {"This protection is built in and cannot be adjusted.",
      "这项保护是内置的，无法调整。"},
     {S::kChangePrompt, S::kChangeReferences, S::kReadPolicy}},
    {"blocklist",
     {"The prompt or the answer contains a term of a block list.",
      "提示词或应答命中了屏蔽词。"},
     {"Single terms are enough, whatever is meant by them.",
      "只要出现个别词就会触发，与语义无关。"},
     {S::kChangePrompt, S::kReadPolicy}},
    {"personal_data",
     {"The answer was stopped because of sensitive personal data.",
      "因涉及敏感个人信息，应答被中止。"},
     {"Names, addresses, numbers or documents of people were asked for or "
      "would have been shown.",
      "请求或结果中出现了个人的姓名、地址、号码或证件。"},
     {S::kChangePrompt, S::kChangeReferences, S::kReadPolicy}},
    {"recitation",
     {"The answer was stopped because it repeats a source.",
      "因复述已有来源的内容，应答被中止。"},
     {"It came too close to text that exists.", "内容与已有文本过于接近。"},
     {S::kChangePrompt, S::kOtherModel}},
    {"language",
     {"The model does not take the prompt's language.",
      "模型不支持提示词所用的语言。"},
     {"English works with every model.", "英语适用于所有模型。"},
     {S::kChangePrompt, S::kOtherModel}},
    {"image_safety",
     {"The picture was drawn, then held back by a safety filter.",
      "图片已生成，但被安全过滤器拦下。"},
     {"The filter judges pictures: a harmless prompt can still lead to one "
      "that is refused.",
      "过滤器审查的是图片：无害的提示词也可能画出被拒的图。"},
     {S::kChangePrompt, S::kChangeReferences, S::kReadPolicy, S::kOtherJudge}},
    {"image_prohibited_content",
     {"The picture was held back as prohibited content.",
      "图片因属于禁止内容而被拦下。"},
     {"This protection is built in and cannot be adjusted.",
      "这项保护是内置的，无法调整。"},
     {S::kChangePrompt, S::kChangeReferences, S::kReadPolicy}},
    {"image_recitation",
     {"The picture was held back because it is too close to an existing one.",
      "图片与已有作品过于相似而被拦下。"},
     {"Prompts that name works, brands or characters lead there.",
      "提示词点名作品、品牌或角色时容易出现。"},
     {S::kChangePrompt, S::kChangeReferences, S::kOtherJudge}},

    {"no_image",
     {"The service answered without a picture.", "服务端的应答里没有图片。"},
     {"The model made none and gives no reason; the same request often works "
      "the second time.",
      "模型没有出图，也没有说明原因；同样的请求再发一次往往能成功。"},
     {S::kRepeatOnce, S::kAskPlainly, S::kImageModel, S::kOtherModel}},
    {"text_only",
     {"The model answered with text instead of a picture.",
      "模型回答的是文字，没有图片。"},
     {"It took the prompt for a question, asks back, declines in words, or "
      "does not make pictures at all.",
      "它可能把提示词当成提问、在反问、用文字婉拒，或根本不是图像模型。"},
     {S::kAskPlainly, S::kImageModel, S::kRepeatOnce}},
    {"thought_only",
     {"The model thought, but gave no result.",
      "模型只输出了思考过程，没有给出结果。"},
     {"Drafts among its thoughts are not the picture and are not delivered.",
      "思考过程中的草图不是最终图片，不会交付。"},
     {S::kRepeatOnce, S::kAskPlainly, S::kLessWork}},
    {"finish_other",
     {"The model stopped without a picture, for a reason that the service "
      "does not name[ ({reason})].",
      "模型没有出图就停止了，服务端未说明原因[（{reason}）]。"},
     {"It may be a passing fault or a filter that keeps silent.",
      "可能是暂时故障，也可能是不作说明的过滤。"},
     {S::kRepeatOnce, S::kChangePrompt, S::kOtherModel}},
    {"tool_call",
     {"The model tried to call a tool instead of drawing.",
      "模型试图调用工具，而没有画图。"},
     {"Image models take no function calls, or the call that it made is "
      "broken.",
      "图像模型不支持函数调用，或它发出的调用有误。"},
     {S::kRepeatOnce, S::kAskPlainly, S::kImageModel}},
    {"continuation",
     {"The model stopped at the limit of one request and wants to be "
      "continued.",
      "模型达到单次请求的上限而停止，等待续写。"},
     {"This library does not continue answers.", "本库不会续写应答。"},
     {S::kLessWork, S::kRepeatOnce, S::kOtherModel}},

    {"max_tokens",
     {"The answer reached its token limit before there was a picture.",
      "应答在出图之前就达到了 token 上限。"},
     {"Thinking and text count too; repeated unchanged, it ends the same way.",
      "思考和文字也占用额度；原样重试结果相同。"},
     {S::kMoreTokens, S::kLessWork, S::kOtherModel}},

    {"empty_answer",
     {"The answer is empty or breaks off without a reason.",
      "应答为空，或无故中断。"},
     {"A passing fault of the service, or a proxy that cut the body.",
      "服务端的暂时故障，或代理截断了正文。"},
     {S::kRepeatOnce, S::kSeeWhoAnswered, S::kStatusPage, S::kSupport}},
    {"cut_off",
     {"The answer broke off before its end.", "应答不完整，中途断开。"},
     {"What came of the picture is not delivered, but it may have been "
      "billed.",
      "收到的部分图片不会交付，但可能已经计费。"},
     {S::kRepeatOnce, S::kCheckIdleLimits, S::kCheckCharges}},
    {"not_json",
     {"The answer is not what the API sends.", "应答不是 API 应有的格式。"},
     {"Something else answered: a login page, a proxy, a gateway.",
      "回应的不是 API，而是登录页、代理或网关之类。"},
     {S::kSeeWhoAnswered, S::kCheckProxy, S::kRepeatOnce}},
    {"bad_base64",
     {"The picture in the answer is damaged: its base64 is broken.",
      "应答中的图片已损坏：base64 无效。"},
     {"A fault of the service or of a proxy; it may have been billed.",
      "服务端或代理的故障；可能已经计费。"},
     {S::kRepeatOnce, S::kSeeWhoAnswered, S::kSupport}},
    {"wrong_image_type",
     {"What came as a picture is not one.", "作为图片返回的数据不是图片。"},
     {"Its first bytes fit no known format; it may have been billed.",
      "文件头不符合任何已知格式；可能已经计费。"},
     {S::kRepeatOnce, S::kSeeWhoAnswered, S::kSupport}},
    {"response_too_large",
     {"The answer exceeds ClientOptions::max_response_bytes.",
      "应答超过了 ClientOptions::max_response_bytes。"},
     {"It was given up to protect memory; it may have been billed.",
      "为保护内存已放弃接收；可能已经计费。"},
     {S::kLargerBody, S::kLessWork}},
    {"response_too_complex",
     {"The answer is nested too deeply, has too many parts, or its headers do "
      "not end.",
      "应答嵌套过深、包含的部分过多，或响应头没有结束。"},
     {"The API sends nothing like it, so that something else may have "
      "answered. It was given up to protect memory; it may have been billed. "
      "The evidence names the bound, which is fixed.",
      "API 不会返回这样的内容，应答的可能不是 API。为保护内存已放弃接收；"
      "可能已经计费。超过了哪项上限见 evidence；上限是固定的。"},
     {S::kSeeWhoAnswered, S::kRepeatOnce, S::kSupport}},

    {"local_resource",
     {"This machine ran out of file descriptors or memory.",
      "本机的文件描述符或内存已耗尽。"},
     {"The service has nothing to do with it: too many calls at once, a leak, "
      "or limits that are too low.",
      "与服务端无关：同时进行的调用过多、存在泄漏，或上限设得太低。"},
     {S::kMoreDescriptors, S::kFewerCalls}},
    {"sink_failed",
     {"The picture came, but could not be put where it was to go.",
      "图片已收到，但无法写到指定的位置。"},
     {"The disk is full, the file may not be written, or the receiver of the "
      "caller's refused it. It was paid for, and is not asked for again.",
      "磁盘已满、文件不可写，或调用方的接收器拒绝了它。已经计费，不会再次请求"
      "。"},
     {S::kFreeTheSink}},
    {"deadline_exceeded",
     {"The call's time was over before the next attempt could begin.",
      "还没来得及开始下一次尝试，调用的时限就到了。"},
     {"Earlier attempts and waits used it up, or the process is overloaded. "
      "The attempts of the outcome tell what failed before.",
      "时间被之前的尝试和等待用完，或进程过载。"
      "之前失败的原因见结果中的各次尝试。"},
     {S::kLongerCall, S::kFewerCalls}},
    {"unknown",
     {"The failure fits no known pattern.", "无法识别的失败。"},
     {"This library does not repeat it, since it is unclear whether that helps "
      "or costs.",
      "由于不清楚重试是否有用、是否计费，本库不会自动重试。"},
     {S::kReadErrorList, S::kStatusPage, S::kCheckProxy, S::kSupport}},
};

}  // namespace

AdviceEntryList AdviceEntries() { return {kAdvice, std::size(kAdvice)}; }

const AdviceEntry& FindAdvice(absl::string_view code) {
  const AdviceEntry* unknown = kAdvice;
  for (const AdviceEntry& entry : kAdvice) {
    if (entry.code == code) return entry;
    if (entry.code == "unknown") unknown = &entry;
  }
  return *unknown;
}

}  // namespace gemini::internal
