// From options, the environment and a .env file to what a client uses.

#ifndef GEMINI_SRC_CLIENT_CONFIGURATION_H_
#define GEMINI_SRC_CLIENT_CONFIGURATION_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gemini/client.h"
#include "gemini/client_options.h"

namespace gemini::internal {

// Returns a variable's value, or nothing.
using Environment =
    std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process.
std::optional<std::string> ProcessEnvironment(const std::string& name);

// A key, ready for use.
struct ConfiguredKey {
  std::string api_key;      // Not to be shown.
  std::string fingerprint;  // To be shown instead.
  std::string project;      // Unique to the key where the user gave none.
};

struct Configuration {
  ClientConfig shown;               // What may be shown.
  std::vector<ConfiguredKey> keys;  // At least one, no key twice.
  bool is_loopback = false;
};

// What is stated explicitly comes before the environment, that before the .env
// file; within both GOOGLE_API_KEY comes before GEMINI_API_KEY. Values are
// trimmed, empty ones count as unset. Errors: see GeminiImageClient::Create().
absl::StatusOr<Configuration> Configure(const ClientOptions& options,
                                        const Environment& environment);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_CLIENT_CONFIGURATION_H_
