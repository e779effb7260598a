#include "wire/base64_kernels.h"

namespace gemini::internal {

size_t DecodeGroups(const char* text, size_t size, char* out) {
  return DecodeGroupsPortable(text, size, out);
}

void EncodeGroups(const char* bytes, size_t groups, char* out) {
  EncodeGroupsPortable(bytes, groups, out);
}

std::vector<Base64Kernels> SupportedBase64Kernels() {
  return {{"portable", &DecodeGroupsPortable, &EncodeGroupsPortable}};
}

}  // namespace gemini::internal
