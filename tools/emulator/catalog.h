// The models that the emulator knows, and what it knows of them.
//
// Source: Google's pages on models, image generation, prices and deprecations
// as of November 2026.

#ifndef EMULATOR_CATALOG_H_
#define EMULATOR_CATALOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini_emulator {

// One output size of an image model.
struct OutputSize {
  std::string name;  // "1K".
  int64_t tokens;    // What the picture counts for in usageMetadata.
  double price_usd;  // Of one picture.
};

enum class ModelKind { kText, kImage };

enum class ModelAvailability {
  kAvailable,
  kShutDown,         // 404: not found for this API version.
  kClosedToNewUsers  // 404: no longer available to new users.
};

struct Model {
  std::string id;  // Without "models/".
  std::string display_name;
  std::string description;
  std::string version;
  // The name under which quotas of this model are kept. It differs from the id
  // for gemini-2.5-flash-image.
  std::string quota_name;
  ModelKind kind = ModelKind::kText;
  ModelAvailability availability = ModelAvailability::kAvailable;
  int64_t input_token_limit = 65536;
  int64_t output_token_limit = 32768;
  bool thinking = true;
  // Parts of the answer carry signatures, and pictures in the history must.
  bool signs_thoughts = true;
  // Sending imageSize makes the service answer 500.
  bool breaks_on_image_size = false;
  // Generation 2.5 draws other pixel sizes than 3.
  bool second_generation = false;
  std::vector<std::string> aspect_ratios;
  std::vector<OutputSize> sizes;
};

struct PixelSize {
  int width;
  int height;
};

class Catalog {
 public:
  Catalog();  // The models of the real service.

  // Null if there is none, available or not. `id` may begin with "models/".
  const Model* Find(absl::string_view id) const;

  // Adds the model, or replaces the one of the same id.
  void Add(Model model);

  const std::vector<Model>& models() const { return models_; }

 private:
  std::vector<Model> models_;
};

// The fourteen ratios that image models know among them.
const std::vector<std::string>& AllAspectRatios();

// Returns null where the model has no such size.
const OutputSize* FindSize(const Model& model, absl::string_view size);

// `ratio` and `size` must be ones that some model knows.
PixelSize PixelsOf(const Model& model, absl::string_view ratio,
                   absl::string_view size);

// The ratio of the model that is nearest to the given pixels.
std::string NearestAspectRatio(const Model& model, PixelSize pixels);

}  // namespace gemini_emulator

#endif  // EMULATOR_CATALOG_H_
