#include "util/fingerprint.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace gemini::internal {

std::string Fingerprint(absl::string_view secret) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
         digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), 4));
}

}  // namespace gemini::internal
