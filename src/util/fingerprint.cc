#include "util/fingerprint.h"

// SHA256() asks OpenSSL 3 for a provider, which takes milliseconds the first
// time: a tenth of what a program with one call costs.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace gemini::internal {

std::string Fingerprint(absl::string_view secret) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
#ifdef OPENSSL_NO_DEPRECATED_3_0
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
         digest);
#else
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, secret.data(), secret.size());
  SHA256_Final(digest, &context);
#endif
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), 4));
}

}  // namespace gemini::internal
