#include <cstddef>
#include <iterator>

#include "diagnosis/advice_table.h"

namespace gemini::internal {
namespace {

constexpr char kKeysPage[] = "https://aistudio.google.com/apikey";
constexpr char kLimitsPage[] = "https://aistudio.google.com/rate-limit";
constexpr char kSpendPage[] = "https://aistudio.google.com/spend";
constexpr char kStatusPageUrl[] = "https://aistudio.google.com/status";
constexpr char kRateLimits[] =
    "https://ai.google.dev/gemini-api/docs/rate-limits";
constexpr char kBilling[] = "https://ai.google.dev/gemini-api/docs/billing";
constexpr char kPricing[] = "https://ai.google.dev/gemini-api/docs/pricing";
constexpr char kModels[] = "https://ai.google.dev/gemini-api/docs/models";
constexpr char kDeprecations[] =
    "https://ai.google.dev/gemini-api/docs/deprecations";
constexpr char kImages[] =
    "https://ai.google.dev/gemini-api/docs/image-generation";
constexpr char kImageInput[] =
    "https://ai.google.dev/gemini-api/docs/image-understanding";
constexpr char kKeys[] = "https://ai.google.dev/gemini-api/docs/api-key";
constexpr char kTroubleshooting[] =
    "https://ai.google.dev/gemini-api/docs/troubleshooting";
constexpr char kErrors[] = "https://ai.google.dev/gemini-api/docs/api-errors";
constexpr char kVersions[] =
    "https://ai.google.dev/gemini-api/docs/api-versions";
constexpr char kReference[] = "https://ai.google.dev/api/generate-content";
constexpr char kUsePolicy[] =
    "https://policies.google.com/terms/generative-ai/use-policy";
constexpr char kApiLibrary[] =
    "https://console.cloud.google.com/apis/library/"
    "generativelanguage.googleapis.com";

constexpr StepEntry kSteps[] = {
    {StepId::kCheckProject,
     {"Find the key's project and its plan on the API keys page. If the plan "
      "is Free, set up billing there.",
      "在 API 密钥页面查看该密钥属于哪个项目、项目处于哪个层级；"
      "若是免费层，就在该页设置结算。"},
     kKeysPage},
    {StepId::kNewPaidKey,
     {"Create a key in a paid project, put it into GEMINI_API_KEY in .env and "
      "restart. Keys in the environment, and GOOGLE_API_KEY, win over it: "
      "change those too.",
      "在付费项目中新建密钥，写入 .env 的 GEMINI_API_KEY 并重启服务。"
      "环境变量里的密钥和 GOOGLE_API_KEY 优先于它，如有设置也要一并更换。"},
     kKeysPage},
    {StepId::kCheckApi,
     {"Make sure that the Generative Language API is enabled in that project.",
      "确认该项目已启用 Generative Language API。"},
     kApiLibrary},
    {StepId::kViewLimits,
     {"See which limits the project really has; choose the key's project at "
      "the top of the page.",
      "在速率限制页面选中密钥所属的项目，查看实际生效的上限。"},
     kLimitsPage},
    {StepId::kViewQuotas,
     {"See the quotas and their use in the Cloud console[; filter by "
      "{metric}].",
      "在 Cloud 控制台查看各项配额及用量[，可按{metric}筛选]。"},
     "https://console.cloud.google.com/apis/api/"
     "generativelanguage.googleapis.com/quotas"},
    {StepId::kViewMetrics,
     {"Send one request and see whether the paid project's metrics count it. "
      "If they do not, the key belongs to another project.",
      "发一个请求，看付费项目的指标页面有没有计数；"
      "没有就说明密钥属于别的项目。"},
     "https://console.cloud.google.com/apis/api/"
     "generativelanguage.googleapis.com/metrics"},
    {StepId::kRequestQuota,
     {"Request a higher limit; the page tells how.",
      "申请提高上限，方法见该页。"},
     kRateLimits,
     "quota"},
    {StepId::kWaitForQuota,
     {"If billing was set up or the key replaced only now, wait 10 to 30 "
      "minutes, then send one request. New quota may take hours to show.",
      "如果刚刚设置结算或更换密钥，请等 10～30 分钟再发一个请求试试；"
      "新配额有时要几小时才会生效。"},
     kBilling},
    {StepId::kWaitForReset,
     {"Wait until {reset_at}. Requests sent before that are refused again.",
      "等到{reset_at}；在此之前发送仍会被拒绝。"},
     kRateLimits},
    {StepId::kWaitForPeriod,
     {"Wait for the next period[: {reset_at}].",
      "等待下一个周期开始[：{reset_at}]。"},
     kRateLimits},
    {StepId::kWaitForWindow,
     {"Wait {delay}[, until {retry_at}], then send again. This library does "
      "so by itself within max_retries and the call's time limit.",
      "等待{delay}[（至{retry_at}）]后再发送。"
      "在 max_retries 和调用时限之内，本库会自动等待并重试。"},
     kRateLimits},
    {StepId::kSpreadRequests,
     {"Send fewer requests at a time. Limits count per project and model: "
      "more keys of the same project do not help.",
      "降低并发、拉开间隔。上限按项目和模型计算，"
      "在同一项目里多建密钥没有用。"},
     kRateLimits},
    {StepId::kHigherTier,
     {"Raise the project's usage tier: higher tiers have higher limits.",
      "提升项目的用量层级：层级越高，上限越高。"},
     kBilling},
    {StepId::kSetUpBilling,
     {"Set up billing for the key's project: paid limits are far higher, and "
      "some models and regions are paid only.",
      "为密钥所属的项目设置结算：付费层的上限高得多，"
      "而且有些模型和地区只有付费层。"},
     kBilling},
    {StepId::kUseBatch,
     {"Give work that can wait to the Batch API: it has quota of its own and "
      "costs half.",
      "不急的任务改走 Batch API：配额单独计算，价格减半。"},
     "https://ai.google.dev/gemini-api/docs/batch-api"},
    {StepId::kSpendSlower,
     {"Spend more slowly: fewer calls at a time, a smaller picture size or a "
      "cheaper model.",
      "放慢支出：减少并发、降低图片尺寸，或换用更便宜的模型。"},
     kPricing},
    {StepId::kOtherRoute,
     {"Until then, use another model, a key of another project or another "
      "provider.",
      "在此之前，改用其他模型、其他项目的密钥或其他服务商。"},
     kModels},
    {StepId::kOtherPaidRoute,
     {"Until then, use a key of another, paid project or another provider. "
      "Another image model does not help: none has a free tier.",
      "在此之前，改用其他付费项目的密钥或其他服务商。"
      "换图像模型没有用：它们都没有免费层。"},
     kPricing},

    {StepId::kRaiseCap,
     {"Raise or remove the spend cap (with another provider: in its "
      "console).",
      "提高或取消支出上限（其他服务商请到其控制台操作）。"},
     kSpendPage},
    {StepId::kAddCredit,
     {"Buy credit, and consider automatic reload (with another provider: on "
      "its billing page).",
      "充值，并考虑开启自动充值（其他服务商请到其结算页面操作）。"},
     kBilling},
    {StepId::kCheckBillingAccount,
     {"Check that an active billing account with a working means of payment "
      "is linked to the project.",
      "确认项目已关联有效的结算账号，且付款方式可用。"},
     "https://console.cloud.google.com/billing",
     "billing"},
    {StepId::kOtherPayer,
     {"Until then, use a key of a project with another billing account, or "
      "another provider.",
      "在此之前，改用挂在其他结算账号下的项目的密钥，或其他服务商。"},
     kKeysPage},

    {StepId::kRepeatWithPauses,
     {"Change nothing; repeat with growing pauses[ (the server asks for "
      "{delay})]. This library does so within max_retries and the call's time "
      "limit.",
      "无需改动，逐渐拉长间隔重试即可[（服务器要求等待{delay}）]。"
      "在 max_retries 和调用时限之内，本库会自动重试。"},
     kTroubleshooting},
    {StepId::kStatusPage,
     {"See whether Google reports an incident.",
      "查看 Google 的状态页是否有故障公告。"},
     kStatusPageUrl},
    {StepId::kOtherModel,
     {"If it lasts, use another model or another provider.",
      "若持续出现，改用其他模型或其他服务商。"},
     kModels},
    {StepId::kDropParameters,
     {"If only some requests fail, send them without size, aspect ratio and "
      "seed: a model may answer 500 to a parameter that it does not take.",
      "若只有某些请求失败，去掉尺寸、宽高比和 seed 再试："
      "模型遇到不支持的参数可能返回 500。"},
     kImages},
    {StepId::kLessWork,
     {"Ask for less: fewer or smaller reference images, a smaller size, a "
      "shorter prompt.",
      "减轻单次请求：减少或缩小参考图、降低尺寸、精简提示词。"},
     kImages},
    {StepId::kMoreTime,
     {"Allow more time: TimeLimits::attempt, and TimeLimits::call above it.",
      "放宽时限：TimeLimits::attempt，以及比它更长的 TimeLimits::call。"},
     kTroubleshooting},
    {StepId::kCheckNetwork,
     {"On the same machine, run: curl -v "
      "https://generativelanguage.googleapis.com/. Any HTTP answer, even 404, "
      "means that name look-up, network and TLS are fine.",
      "在同一台机器上执行：curl -v "
      "https://generativelanguage.googleapis.com/ 。"
      "只要有 HTTP 应答（404 也算），域名解析、网络和 TLS 就没有问题。"},
     kTroubleshooting},
    {StepId::kCheckProxy,
     {"Check firewall and proxy: https_proxy, no_proxy, ClientOptions::proxy.",
      "检查防火墙和代理设置：https_proxy、no_proxy、ClientOptions::proxy。"},
     kTroubleshooting},
    {StepId::kCheckIdleLimits,
     {"Check the idle limits of proxies, load balancers and NAT on the way: "
      "the service may be silent for minutes while it draws.",
      "检查沿途代理、负载均衡和 NAT 的空闲超时："
      "服务端绘制期间可能数分钟没有任何数据。"},
     kTroubleshooting},
    {StepId::kMaybeBilled,
     {"Repeat only if paying twice is acceptable; max_ambiguous_retries says "
      "how often this library does.",
      "能接受重复计费才重试；本库自动重试的次数由 max_ambiguous_retries "
      "决定。"},
     kBilling},
    {StepId::kCheckCharges,
     {"See on the spend page whether the lost picture was charged; its "
      "figures lag behind.",
      "在支出页面查看丢失的这张图是否已计费（数据有延迟）。"},
     kSpendPage},

    {StepId::kSetKey,
     {"Create a key and set it as GEMINI_API_KEY: in the environment, or in "
      "the .env file that ClientOptions::dotenv_path names.",
      "创建密钥并设为 GEMINI_API_KEY：放在环境变量里，"
      "或放在 ClientOptions::dotenv_path 所指的 .env 文件里。"},
     kKeysPage},
    {StepId::kCompareKey,
     {"Compare the key in use (gemini-image verify shows which) with the API "
      "keys page: complete, without quotes or spaces, from the right "
      "environment. GOOGLE_API_KEY wins over GEMINI_API_KEY, and the "
      "environment over .env.",
      "用 gemini-image verify 查看实际使用的是哪个密钥，"
      "再与 API 密钥页面核对：完整、没有引号或空格、没有用错环境。"
      "GOOGLE_API_KEY 优先于 GEMINI_API_KEY，环境变量优先于 .env。"},
     kKeysPage},
    {StepId::kNewKey,
     {"Create a new key, put it into GEMINI_API_KEY in .env (or wherever the "
      "old one is set) and restart.",
      "新建密钥，写入 .env 的 GEMINI_API_KEY（或旧密钥所在之处）并重启服务。"},
     kKeysPage},
    {StepId::kRestrictions,
     {"Check the key's restrictions: they must allow the Generative Language "
      "API and this server's address.",
      "检查密钥的限制：必须允许 Generative Language API，"
      "并允许本服务器的地址。"},
     "https://console.cloud.google.com/apis/credentials"},
    {StepId::kDropLeakedKey,
     {"If the key has leaked (a repository, a web page, an app), delete it: "
      "it stays blocked. Keep the new one out of code.",
      "若密钥已泄露（代码仓库、网页、客户端应用），请删除它："
      "不会再解封。新密钥不要写进代码。"},
     kKeys},
    {StepId::kOneCredential,
     {"Send one credential, of the kind that the endpoint takes: Gemini API "
      "keys to generativelanguage.googleapis.com, OAuth tokens to Vertex AI.",
      "只发送一种凭据，且与端点匹配：Gemini API 密钥用于 "
      "generativelanguage.googleapis.com，OAuth 令牌用于 Vertex AI。"},
     "https://ai.google.dev/gemini-api/docs/oauth"},
    {StepId::kEnableApi,
     {"Enable the API in the key's project (for a Gemini API key: the "
      "Generative Language API) and wait a few minutes.",
      "在密钥所属的项目中启用该 API（Gemini API 密钥对应 Generative "
      "Language API），等几分钟生效。"},
     kApiLibrary,
     "/apis/"},
    {StepId::kCheckRoles,
     {"Check in the project that the key's service account exists and has the "
      "roles that it needs.",
      "在项目中确认密钥绑定的服务账号存在，且具备所需角色。"},
     "https://console.cloud.google.com/iam-admin/iam"},
    {StepId::kSupportedRegion,
     {"Send requests from a supported country or region; what counts is the "
      "address that Google sees.",
      "从受支持的国家或地区发送请求；以 Google 看到的出口 IP 为准。"},
     "https://ai.google.dev/gemini-api/docs/available-regions"},
    {StepId::kCaCertificates,
     {"Update the CA certificates (Debian: ca-certificates), or name your own "
      "in ClientOptions::ca_file. Verification cannot be switched off.",
      "更新 CA 证书（Debian：ca-certificates），或用 ClientOptions::ca_file "
      "指定自己的 CA。证书校验无法关闭。"},
     "https://pki.goog/faq/"},
    {StepId::kInspectTls,
     {"See who presents the certificate: openssl s_client -connect "
      "generativelanguage.googleapis.com:443. A proxy that opens TLS must "
      "have its CA trusted; the machine's clock must be right.",
      "查看证书由谁出示：openssl s_client -connect "
      "generativelanguage.googleapis.com:443。"
      "解密 TLS 的代理需要其 CA 受信任；机器时钟也必须准确。"},
     "https://pki.goog/faq/"},

    {StepId::kUseSuccessor,
     {"Use {successor}: set CallOptions::model or ClientOptions::model.",
      "改用{successor}：设置 CallOptions::model 或 ClientOptions::model。"},
     kModels},
    {StepId::kCompareModel,
     {"Compare the model id with the list, letter by letter.",
      "对照模型列表逐字核对模型 ID。"},
     kModels},
    {StepId::kShutdownDates,
     {"See the shutdown dates of the other models that you use.",
      "查看所用其他模型的停用日期，提前迁移。"},
     kDeprecations},
    {StepId::kApiVersion,
     {"Set ClientOptions::api_version to v1beta: v1 lacks some models and "
      "fields.",
      "把 ClientOptions::api_version 设为 v1beta：v1 缺少部分模型和字段。"},
     kVersions},
    {StepId::kCheckBaseUrl,
     {"Check the base URL (ClientOptions::base_url, GOOGLE_GEMINI_BASE_URL): "
      "the right host, and without the API version at its end.",
      "检查服务地址（ClientOptions::base_url、GOOGLE_GEMINI_BASE_URL）："
      "主机正确，末尾不带 API 版本号。"},
     kReference},

    {StepId::kFixRequest,
     {"Correct what the server names. Sent unchanged, the request fails "
      "again.",
      "按服务器的提示修改请求；原样重发仍会失败。"},
     kErrors},
    {StepId::kDropField,
     {"Leave the field out, or use an endpoint that has it: some exist on "
      "v1beta or on Vertex AI only.",
      "去掉该字段，或改用支持它的端点：有些字段只在 v1beta 或 Vertex AI "
      "上才有。"},
     kVersions},
    {StepId::kCheckParameters,
     {"Compare size, aspect ratio and number of reference images with what "
      "the model takes.",
      "核对尺寸、宽高比和参考图数量是否为该模型所支持。"},
     kImages},
    {StepId::kCheckImage,
     {"Send whole PNG, JPEG, WebP, HEIC or HEIF files, as bytes and not as a "
      "URL.",
      "发送完整的 PNG、JPEG、WebP、HEIC 或 HEIF 文件，"
      "传字节内容而不是 URL。"},
     kImageInput},
    {StepId::kShrinkImages,
     {"Shrink or leave out reference images: base64 adds a third, and the "
      "service takes 100 MB in all.",
      "缩小或减少参考图：base64 会增大三分之一，服务端总共只收 100 MB。"},
     kImageInput},
    {StepId::kSmallerRequest,
     {"Make the request smaller: waiting does not help, since it alone "
      "exceeds the limit.",
      "缩小请求：单个请求就超过了上限，等待没有用。"},
     kRateLimits},
    {StepId::kSendSignatures,
     {"Send the model's earlier parts back unchanged, with their "
      "thoughtSignature; or pass the earlier picture as a reference image.",
      "把模型之前返回的内容连同 thoughtSignature 原样送回；"
      "或把之前的图作为参考图传入。"},
     "https://ai.google.dev/gemini-api/docs/thought-signatures"},

    {StepId::kChangePrompt,
     {"Have the prompt changed; unchanged it is refused again. Count such "
      "refusals rather than alerting on them.",
      "修改提示词，原样重发仍会被拒。这类拒绝宜做统计，不宜触发告警。"},
     kTroubleshooting},
    {StepId::kChangeReferences,
     {"Check the reference images too: people, logos, well-known characters.",
      "也要检查参考图：人物、商标、知名角色等。"},
     kUsePolicy},
    {StepId::kReadPolicy,
     {"Read what must not be drawn.", "查阅哪些内容禁止生成。"},
     kUsePolicy},
    {StepId::kSafetySettings,
     {"Where you set safetySettings yourself, check their thresholds; the "
      "built-in protections cannot be switched off.",
      "若自行设置了 safetySettings，检查其阈值；内置保护无法关闭。"},
     "https://ai.google.dev/gemini-api/docs/safety-settings"},
    {StepId::kOtherJudge,
     {"Another provider may decide otherwise; send refused prompts there only "
      "if your rules allow it.",
      "其他服务商的判定可能不同；只有规则允许时才转发被拒的提示词。"},
     kUsePolicy},

    {StepId::kRepeatOnce,
     {"Repeat once; this library does so by itself.",
      "重试一次；本库会自动这样做。"},
     kTroubleshooting},
    {StepId::kAskPlainly,
     {"Ask for a picture in plain words (\"Draw …\"), not with a question or "
      "a task for text.",
      "在提示词里直接要求画图（“画一张……”），不要写成提问或文字任务。"},
     kImages},
    {StepId::kImageModel,
     {"Check that the model makes pictures: its id does not always tell.",
      "确认该模型能生成图片：从 ID 不一定看得出来。"},
     kModels},
    {StepId::kMoreTokens,
     {"Where you set maxOutputTokens yourself, raise or drop it (this library "
      "sends none).",
      "若自行设置了 maxOutputTokens，调高或去掉它（本库不发送该参数）。"},
     kReference},
    {StepId::kSeeWhoAnswered,
     {"See who answered: a login page, a proxy or a gateway in place of the "
      "API. Check the base URL and the proxy.",
      "查明是谁在应答：可能是登录页、代理或网关，而不是 API。"
      "检查服务地址和代理设置。"},
     kReference},
    {StepId::kLargerBody,
     {"Raise ClientOptions::max_response_bytes, or ask for a smaller size.",
      "调高 ClientOptions::max_response_bytes，或要求较小的尺寸。"},
     kImages},

    {StepId::kMoreDescriptors,
     {"Look at memory and open files (ls /proc/PID/fd | wc -l); raise the "
      "limit (ulimit -n, LimitNOFILE=) or find the leak.",
      "查看内存和打开的文件数（ls /proc/PID/fd | wc -l）；"
      "提高上限（ulimit -n、LimitNOFILE=）或排查泄漏。"},
     "https://man7.org/linux/man-pages/man2/getrlimit.2.html"},
    {StepId::kFewerCalls,
     {"Let fewer calls run at once: ClientOptions::max_calls bounds them.",
      "减少同时进行的调用：用 ClientOptions::max_calls 限制。"},
     kRateLimits},
    {StepId::kFreeTheSink,
     {"Free the disk, check the directory and its permissions, or see what the "
      "receiver says in the message; then ask again.",
      "清理磁盘，检查目录及其权限，或查看消息里接收器给出的原因；然后再次请求"
      "。"},
     "https://man7.org/linux/man-pages/man2/write.2.html"},
    {StepId::kLongerCall,
     {"Raise TimeLimits::call or CallOptions::timeout.",
      "调大 TimeLimits::call 或 CallOptions::timeout。"},
     kTroubleshooting},

    {StepId::kReadErrorList,
     {"Compare status and message with Google's list of errors.",
      "对照 Google 的错误列表查找该状态码和消息。"},
     kErrors},
    {StepId::kSupport,
     {"If it goes on, contact Google Cloud support[ and state request id "
      "{request_id}]. Without a support plan: discuss.ai.google.dev.",
      "仍未解决时联系 Google Cloud 支持[，并附上请求 ID {request_id}]；"
      "没有支持套餐可到 discuss.ai.google.dev 发帖。"},
     "https://console.cloud.google.com/support"},
};

// FindStep() counts on it.
constexpr bool IsInOrderOfIds() {
  size_t id = 0;
  for (const StepEntry& step : kSteps) {
    if (static_cast<size_t>(step.id) != ++id) return false;
  }
  return id == static_cast<size_t>(StepId::kSupport);
}
static_assert(IsInOrderOfIds());

}  // namespace

StepEntryList StepEntries() { return {kSteps, std::size(kSteps)}; }

const StepEntry& FindStep(StepId id) {
  return kSteps[static_cast<size_t>(id) - 1];
}

}  // namespace gemini::internal
