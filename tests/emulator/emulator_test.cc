// gemini-emulator over real sockets, as strangers use it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/program.h"
#include "wire/json.h"

namespace gemini::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kGenerate[] =
    "/v1beta/models/gemini-nano-banana-2.1:generateContent";
constexpr char kFox[] = R"({"contents":[{"parts":[{"text":"a fox"}]}]})";
constexpr char kKey[] = "x-goog-api-key: k\r\n";

std::string Prompt(absl::string_view image_config) {
  return absl::StrCat(
      R"({"contents":[{"parts":[{"text":"a fox"}]}],"generationConfig":)"
      R"({"responseModalities":["IMAGE"],"imageConfig":)",
      image_config, "}}");
}

// The bytes of the first picture in an answer.
std::string Picture(const std::string& body) {
  const auto document = internal::JsonDocument::Parse(body);
  std::string bytes;
  if (!document.has_value()) return bytes;
  for (const internal::JsonValue part :
       document->root()["candidates"].At(0)["content"]["parts"].elements()) {
    const absl::string_view data = part["inlineData"]["data"].string();
    if (!data.empty()) absl::Base64Unescape(data, &bytes);
  }
  return bytes;
}

uint32_t BigEndian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4 && i < bytes.size(); ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

TEST(EmulatorTest, DrawsThePictureOfThePromptInTheSizeAskedFor) {
  const Emulator emulator;
  struct Case {
    const char* config;
    uint32_t width;
    uint32_t height;
  };
  const Case cases[] = {
      {"{}", 1024, 1024},
      {R"({"aspectRatio":"16:9"})", 1376, 768},
      {R"({"aspectRatio":"9:16","imageSize":"1K"})", 768, 1376},
      {R"({"imageSize":"2K"})", 2048, 2048},
  };
  for (const Case& c : cases) {
    const HttpAnswer answer = emulator.Send(kGenerate, Prompt(c.config), kKey);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, StartsWith("{\n  \"candidates\": [\n"));
    const std::string png = Picture(answer.body);
    ASSERT_THAT(png, StartsWith("\x89PNG"));
    EXPECT_EQ(BigEndian(png, 16), c.width) << c.config;
    EXPECT_EQ(BigEndian(png, 20), c.height) << c.config;
    EXPECT_THAT(png, HasSubstr("a fox"));
    EXPECT_EQ(Picture(emulator.Send(kGenerate, Prompt(c.config), kKey).body),
              png);
  }
}

TEST(EmulatorTest, ServesEveryMethodUnderBothVersions) {
  const Emulator emulator;
  for (const char* version : {"/v1", "/v1beta"}) {
    const std::string models = absl::StrCat(version, "/models");
    const std::string model = absl::StrCat(models, "/gemini-nano-banana-2.1");
    EXPECT_EQ(emulator.Send(absl::StrCat(model, ":generateContent"), kFox, kKey)
                  .status,
              200);
    const HttpAnswer sse = emulator.Send(
        absl::StrCat(model, ":streamGenerateContent?alt=sse"), kFox, kKey);
    EXPECT_THAT(sse.head, HasSubstr("text/event-stream"));
    EXPECT_THAT(sse.body, StartsWith("data: {"));
    EXPECT_TRUE(sse.whole);
    const HttpAnswer array = emulator.Send(
        absl::StrCat(model, ":streamGenerateContent"), kFox, kKey);
    EXPECT_TRUE(internal::JsonDocument::Parse(array.body)->root().is_array());
    EXPECT_THAT(
        emulator.Send(absl::StrCat(model, ":countTokens"), kFox, kKey).body,
        HasSubstr("\"totalTokens\""));
    EXPECT_THAT(emulator.Send(model, "", kKey).body,
                HasSubstr("models/gemini-nano-banana-2.1"));
    EXPECT_THAT(emulator.Send(models, "", kKey).body,
                HasSubstr("\"supportedGenerationMethods\""));
  }
}

TEST(EmulatorTest, ChecksTheBodyThenTheKeyThenTheModelThenTheQuota) {
  const Emulator emulator(
      R"({"unknown_keys":"reject","keys":[{"key":"k","project":"p","tier":"free"}]})");
  const std::string unknown_model = "/v1beta/models/no-such:generateContent";
  const std::string unknown_field =
      R"({"contents":[{"parts":[{"text":"x"}]}],"colour":"red"})";
  const std::string bad_key = "x-goog-api-key: other\r\n";
  // Each request is at fault in all that comes later, too.
  const HttpAnswer body = emulator.Send(unknown_model, unknown_field, bad_key);
  EXPECT_EQ(body.status, 400);
  EXPECT_THAT(body.body, HasSubstr("Unknown name \\\"colour\\\""));
  EXPECT_THAT(body.body, HasSubstr("google.rpc.BadRequest"));
  const HttpAnswer key = emulator.Send(unknown_model, kFox, bad_key);
  EXPECT_EQ(key.status, 400);
  EXPECT_THAT(key.body, HasSubstr("API_KEY_INVALID"));
  EXPECT_EQ(emulator.Send(unknown_model, kFox, kKey).status, 404);
  const HttpAnswer quota = emulator.Send(kGenerate, kFox, kKey);
  EXPECT_EQ(quota.status, 429);
  EXPECT_THAT(quota.body, HasSubstr("limit: 0"));
  EXPECT_EQ(emulator.Send(kGenerate, kFox).status, 403) << "no key at all";
}

TEST(EmulatorTest, QuotasComeBackAsItsClockAdvances) {
  struct Case {
    const char* quota;
    const char* window;
  };
  const Case cases[] = {{"rpm", "61s"}, {"ipm", "61s"}, {"rpd", "25h"}};
  for (const Case& c : cases) {
    const Emulator emulator(absl::StrCat(
        R"({"keys":[{"key":"k","project":"p"}],"quotas":[{"project":"p",")",
        c.quota, R"(":2}]})"));
    EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200);
    EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200);
    const HttpAnswer refused = emulator.Send(kGenerate, kFox, kKey);
    EXPECT_EQ(refused.status, 429) << c.quota;
    EXPECT_THAT(refused.body, HasSubstr("google.rpc.QuotaFailure"));
    EXPECT_THAT(refused.body, HasSubstr("google.rpc.RetryInfo"));
    emulator.Post("/emulator/clock",
                  absl::StrCat(R"({"advance":")", c.window, R"("})"));
    EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200) << c.quota;
  }
}

TEST(EmulatorTest, ARefusalByATemplateTellsNothingElse) {
  const Emulator emulator(
      R"({"quotas":[{"rpm":1,"template":"resource_exhausted"}]})");
  EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200);
  const HttpAnswer refused = emulator.Send(kGenerate, kFox, kKey);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, Not(HasSubstr("details")));
}

TEST(EmulatorTest, ItsRecordTellsWhatARefusalTold) {
  const Emulator emulator(R"({"quotas":[{"rpm":1}],"refusal_latency":"1ms"})");
  emulator.Send(kGenerate, kFox, kKey);
  EXPECT_THAT(emulator.Get("/emulator/requests"),
              HasSubstr("\"retryAfter\": \"\""));
  emulator.Post("/emulator/clock", R"({"advance":"20s"})");
  const HttpAnswer refused = emulator.Send(kGenerate, kFox, kKey);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(emulator.Get("/emulator/requests?limit=1"),
              ::testing::ContainsRegex("\"delay\": \"1ms\"(.|\n)*"
                                       "\"retryAfter\": \"3[0-9]\\.[0-9]*s\""));
}

TEST(EmulatorTest, CapacityComesAndGoesWithItsClock) {
  const Emulator emulator(
      R"({"capacity":[{"from":"20s","for":"12s","in_flight":0},)"
      R"({"from":"32s","for":"1000s","in_flight":0,"in_flight_at_end":10}]})");
  const auto status_after = [&emulator](absl::string_view advance) {
    emulator.Post("/emulator/clock",
                  absl::StrCat(R"({"advance":")", advance, R"("})"));
    return emulator.Send(kGenerate, kFox, kKey).status;
  };
  EXPECT_EQ(status_after("0s"), 200);
  EXPECT_EQ(status_after("20s"), 503);
  EXPECT_EQ(status_after("12s"), 503) << "room for none yet";
  EXPECT_EQ(status_after("500s"), 200);
}

TEST(EmulatorTest, ChanceDependsOnThePromptAndHowOftenItCame) {
  const char* scenario = R"({"faults":[{"times":0,"rate":0.3,"status":503},)"
                         R"({"times":0,"rate":0.3,"status":500}]})";
  const Emulator forwards(scenario);
  const Emulator backwards(scenario);
  const auto draw = [](const Emulator& emulator, int number) {
    const std::string body = absl::StrCat(
        R"({"contents":[{"parts":[{"text":"fox )", number, R"("}]}]})");
    return emulator.Send(kGenerate, body, kKey).status;
  };
  std::map<std::pair<int, int>, int> statuses;
  for (int nth = 0; nth < 2; ++nth) {
    for (int i = 0; i < 20; ++i) statuses[{nth, i}] = draw(forwards, i);
  }
  std::set<int> met;
  bool first_decides = true;
  for (int nth = 0; nth < 2; ++nth) {
    for (int i = 19; i >= 0; --i) {
      const int status = draw(backwards, i);
      EXPECT_EQ(status, (statuses[{nth, i}])) << nth << " " << i;
      met.insert(status);
      first_decides = first_decides && status == statuses[{0, i}];
    }
  }
  EXPECT_THAT(met, ::testing::ElementsAre(200, 500, 503));
  EXPECT_FALSE(first_decides);
}

TEST(EmulatorTest, EachFaultDoesWhatItSays) {
  struct Case {
    const char* fault;
    int status;  // 0: no answer.
    bool whole;
  };
  const Case cases[] = {
      {R"({"status":503})", 503, true},
      {R"({"template":"quota_zero_free_tier"})", 429, true},
      {R"({"action":"status_after","after_kib":4,"template":"overloaded"})",
       200, false},
      {R"({"action":"broken_stream","after_kib":4})", 200, false},
      {R"({"action":"reset","after_kib":4})", 200, false},
      {R"({"action":"reset"})", 0, false},
      {R"({"action":"close"})", 0, false},
      {R"({"action":"stall","for":"20ms","after_kib":2})", 200, true},
      {R"({"action":"slow","bytes":4096,"every":"1ms"})", 200, true},
      {R"({"action":"bad_base64"})", 200, true},
      {R"({"action":"wrong_magic"})", 200, true},
      {R"({"action":"no_image"})", 200, true},
      {R"({"action":"thought_image"})", 200, true},
  };
  const Emulator emulator;
  for (const Case& c : cases) {
    emulator.Post("/emulator/reset", "");
    emulator.Order(c.fault);
    EXPECT_FALSE(emulator.AllFaultsMet()) << c.fault;
    const HttpAnswer answer = emulator.Send(kGenerate, kFox, kKey);
    EXPECT_EQ(answer.status, c.status) << c.fault;
    if (c.status == 200 && !absl::StrContains(c.fault, "status_after")) {
      EXPECT_EQ(answer.whole, c.whole) << c.fault;
    }
    EXPECT_TRUE(emulator.AllFaultsMet()) << c.fault;
    EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200)
        << "once only: " << c.fault;
  }
}

TEST(EmulatorTest, AHeaderOrdersAFaultForItsRequestAlone) {
  const Emulator emulator;
  const std::string fault =
      absl::StrCat(kKey, "x-emulator-fault: status=503\r\n");
  EXPECT_EQ(emulator.Send(kGenerate, kFox, fault).status, 503);
  EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200);
}

TEST(EmulatorTest, AnOrderedFaultThatIsNeverMetFailsTheRun) {
  Emulator met("", {"--require-faults-met"});
  met.Order(R"({"status":503})");
  EXPECT_EQ(met.Send(kGenerate, kFox, kKey).status, 503);
  EXPECT_EQ(met.Stop(), 0);

  Emulator unmet("", {"--require-faults-met"});
  unmet.Order(R"({"id":"never","status":503})");
  EXPECT_THAT(unmet.Get("/emulator/faults"), HasSubstr("\"unmet\": true"));
  EXPECT_EQ(unmet.Stop(), 1);
}

TEST(EmulatorTest, AMalformedScenarioIsNamedWithItsLine) {
  const TemporaryDirectory directory;
  directory.Write("bad.json", "{\n  \"faults\": [\n    {\"status\": \"x\"}]}");
  const ProgramResult bad =
      RunProgram("gemini-emulator", {"--port", "0", "--scenario", "bad.json"},
                 {}, directory.path());
  EXPECT_NE(bad.exit_code, 0);
  EXPECT_THAT(bad.err, HasSubstr("bad.json: line 3"));
  const ProgramResult missing = RunProgram(
      "gemini-emulator", {"--port", "0", "--scenario", "no-such.json"}, {},
      directory.path());
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_THAT(missing.err, HasSubstr("no-such.json"));
}

TEST(EmulatorTest, KeysNeverComeBack) {
  const Emulator emulator;
  emulator.Send(kGenerate, kFox, "x-goog-api-key: canary-key-1\r\n");
  emulator.Send(absl::StrCat(kGenerate, "?key=canary-key-2"), kFox);
  for (const char* path : {"/emulator/requests?limit=10", "/emulator/stats",
                           "/emulator/quotas", "/emulator/faults"}) {
    EXPECT_THAT(emulator.Get(path), Not(HasSubstr("canary-key"))) << path;
  }
}

// Connected to `emulator`, which was sent `request`.
int Begin(const Emulator& emulator, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_GE(fd, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(emulator.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  return fd;
}

std::string RequestForAFox() {
  return absl::StrCat("POST ", kGenerate,
                      " HTTP/1.1\r\nHost: e\r\nConnection: close\r\n", kKey,
                      "Content-Length: ", sizeof(kFox) - 1, "\r\n\r\n", kFox);
}

TEST(EmulatorTest, OutlivesThoseWhoGoWhileItAnswers) {
  const Emulator emulator;
  emulator.Send(kGenerate, kFox, kKey);  // It keeps the picture.
  const std::string request = RequestForAFox();
  for (size_t i = 0; i < 500 && !HasFailure(); ++i) {
    const int fd = Begin(emulator, request);
    std::vector<char> piece(64 << 10);
    size_t received = 0;
    ssize_t n;
    while ((n = recv(fd, piece.data(), piece.size(), 0)) > 0) {
      received += static_cast<size_t>(n);
      if (received > (i % 50 << 14)) shutdown(fd, SHUT_WR);
    }
    close(fd);
  }
  EXPECT_EQ(emulator.Send(kGenerate, kFox, kKey).status, 200);
}

TEST(EmulatorTest, HoldsAThousandConnectionsAtOnce) {
  const Emulator emulator(R"({"latency":"300ms"})");
  const std::string request = RequestForAFox();
  std::vector<int> sockets;
  for (int i = 0; i < 1000; ++i) sockets.push_back(Begin(emulator, request));
  int good = 0;
  for (const int fd : sockets) {
    std::string answer;
    char piece[16384];
    ssize_t n;
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0) {
      answer.append(piece, static_cast<size_t>(n));
    }
    close(fd);
    good += absl::StartsWith(answer, "HTTP/1.1 200") &&
                    absl::EndsWith(answer, "}\n")
                ? 1
                : 0;
  }
  EXPECT_EQ(good, 1000);
  EXPECT_EQ(emulator.Requests(), 1000);
}

}  // namespace
}  // namespace gemini::testing
