// What a careful programmer writes without this library: libcurl, RapidJSON in
// place and a table for base64, on a thread a call. The baseline of
// measurements; takes the arguments of load_client.

#include <curl/curl.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "rapidjson/document.h"

namespace {

size_t Append(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

std::array<signed char, 256> Table() {
  std::array<signed char, 256> table;
  table.fill(-1);
  const char* alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 64; ++i) {
    table[static_cast<unsigned char>(alphabet[i])] =
        static_cast<signed char>(i);
  }
  return table;
}

bool Decode(const char* text, size_t size, std::string* out) {
  static const std::array<signed char, 256> table = Table();
  while (size > 0 && text[size - 1] == '=') --size;
  out->resize(size * 3 / 4);
  size_t written = 0;
  unsigned bits = 0;
  int count = 0;
  for (size_t i = 0; i < size; ++i) {
    const int sextet = table[static_cast<unsigned char>(text[i])];
    if (sextet < 0) return false;
    bits = bits << 6 | static_cast<unsigned>(sextet);
    count += 6;
    if (count >= 8) {
      count -= 8;
      (*out)[written++] = static_cast<char>(bits >> count);
    }
  }
  return true;
}

bool Draw(CURL* easy, const std::string& url, const std::string& path,
          int index) {
  const std::string request =
      R"({"contents":[{"role":"user","parts":[{"text":"picture )" +
      std::to_string(index) +
      R"("}]}],"generationConfig":{"responseModalities":["IMAGE"]}})";
  curl_slist* headers =
      curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "x-goog-api-key: load-client");
  headers = curl_slist_append(headers, "Expect:");
  std::string body;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  const bool sent = curl_easy_perform(easy) == CURLE_OK;
  curl_slist_free_all(headers);
  if (!sent) return false;
  rapidjson::Document document;
  document.ParseInsitu(&body[0]);
  if (document.HasParseError()) return false;
  const auto& data =
      document["candidates"][0]["content"]["parts"][0]["inlineData"]["data"];
  std::string picture;
  if (!Decode(data.GetString(), data.GetStringLength(), &picture)) return false;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool written =
      std::fwrite(picture.data(), 1, picture.size(), file) == picture.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  const int count = std::atoi(options["--count"].c_str());
  const int concurrency = std::atoi(options["--concurrency"].c_str());
  const std::string out = options["--out"];
  const std::string url = options["--base-url"] + "/v1beta/models/" +
                          options["--model"] + ":generateContent";
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  std::atomic<int> next{0};
  std::atomic<bool> failed{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < concurrency; ++t) {
    threads.emplace_back([&] {
      CURL* easy = curl_easy_init();
      for (int i = next++; i < count && !failed; i = next++) {
        const std::string path =
            out == "/dev/null" ? out
                               : out + "/img-" + std::to_string(i) + ".png";
        if (!Draw(easy, url, path, i)) failed = true;
      }
      curl_easy_cleanup(easy);
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) std::fprintf(stderr, "threaded_client: a call failed\n");
  return failed ? 1 : 0;
}
