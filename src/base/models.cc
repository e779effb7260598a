#include "gemini/models.h"

#include "absl/strings/strip.h"

namespace gemini {
namespace {

// The only place that knows model ids. Sources: Google's model and deprecation
// pages as of 2026-11-23.
constexpr char kNanoBanana21[] = "gemini-nano-banana-2.1";
constexpr char kPro[] = "gemini-3-pro-image";

constexpr KnownModel kModels[] = {
    {kNanoBanana21, ModelState::kRecommended, "", ""},
    {kPro, ModelState::kAvailable, "", ""},
    {"gemini-3.1-flash-lite-image", ModelState::kAvailable, "", ""},
    {"nano-banana-pro-preview", ModelState::kAvailable, kPro, ""},
    {"gemini-3.1-flash-image", ModelState::kShutdownAnnounced, kNanoBanana21,
     "2026-10-29"},
    {"gemini-2.5-flash-image", ModelState::kShutdownAnnounced, kNanoBanana21,
     "2026-10-02"},
    {"gemini-3-pro-image-preview", ModelState::kShutDown, kPro, "2026-06-25"},
    {"gemini-3.1-flash-image-preview", ModelState::kShutDown, kNanoBanana21,
     "2026-06-25"},
    {"gemini-2.5-flash-image-preview", ModelState::kShutDown, kNanoBanana21,
     "2026-01-15"},
    {"gemini-2.5-flash-preview-image", ModelState::kInternalName, kNanoBanana21,
     ""},
    {"gemini-2.0-flash-preview-image-generation", ModelState::kShutDown,
     kNanoBanana21, ""},
    {"gemini-2.0-flash-exp-image-generation", ModelState::kShutDown,
     kNanoBanana21, ""},
    {"gemini-2.0-flash-exp", ModelState::kShutDown, kNanoBanana21, ""},
    {"imagen-4.0-generate-001", ModelState::kShutDown, kNanoBanana21,
     "2026-08-17"},
    {"imagen-4.0-ultra-generate-001", ModelState::kShutDown, kPro,
     "2026-08-17"},
    {"imagen-4.0-fast-generate-001", ModelState::kShutDown, kNanoBanana21,
     "2026-08-17"},
    {"imagen-3.0-generate-002", ModelState::kShutDown, kNanoBanana21,
     "2025-11-10"},
    {"imagen-3.0-generate-001", ModelState::kShutDown, kNanoBanana21,
     "2025-11-10"},
    {"imagen-3.0-fast-generate-001", ModelState::kShutDown, kNanoBanana21,
     "2025-11-10"},
};

}  // namespace

KnownModelList KnownModels() {
  return {kModels, sizeof(kModels) / sizeof(kModels[0])};
}

const KnownModel* FindModel(absl::string_view id) {
  absl::ConsumePrefix(&id, "models/");
  for (const KnownModel& model : kModels) {
    if (model.id == id) return &model;
  }
  return nullptr;
}

absl::string_view DefaultModel() { return kNanoBanana21; }

}  // namespace gemini
