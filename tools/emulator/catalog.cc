#include "emulator/catalog.h"

#include <cmath>
#include <utility>

#include "absl/strings/strip.h"

namespace gemini_emulator {
namespace {

struct RatioPixels {
  const char* ratio;
  PixelSize third;   // Of the models of generation 3, at 1K.
  PixelSize second;  // Of those of generation 2.5, which has one size.
};

constexpr RatioPixels kRatios[] = {
    {"1:1", {1024, 1024}, {1024, 1024}}, {"2:3", {848, 1264}, {832, 1248}},
    {"3:2", {1264, 848}, {1248, 832}},   {"3:4", {896, 1200}, {864, 1184}},
    {"4:3", {1200, 896}, {1184, 864}},   {"4:5", {928, 1152}, {896, 1152}},
    {"5:4", {1152, 928}, {1152, 896}},   {"9:16", {768, 1376}, {768, 1344}},
    {"16:9", {1376, 768}, {1344, 768}},  {"21:9", {1584, 672}, {1536, 672}},
    {"1:4", {512, 2048}, {512, 2048}},   {"4:1", {2048, 512}, {2048, 512}},
    {"1:8", {384, 3072}, {384, 3072}},   {"8:1", {3072, 384}, {3072, 384}},
};
constexpr size_t kCoreRatios = 10;

std::vector<std::string> Ratios(size_t count) {
  std::vector<std::string> ratios;
  for (const RatioPixels& entry : kRatios) {
    if (ratios.size() < count) ratios.push_back(entry.ratio);
  }
  return ratios;
}

Model ImageModel(std::string id, std::string display_name, size_t ratios,
                 std::vector<OutputSize> sizes) {
  Model model;
  model.quota_name = id;
  model.id = std::move(id);
  model.display_name = std::move(display_name);
  model.description = "Draws and edits pictures";
  model.version = "3.0";
  model.kind = ModelKind::kImage;
  model.aspect_ratios = Ratios(ratios);
  model.sizes = std::move(sizes);
  return model;
}

Model TextModel(std::string id, std::string display_name) {
  Model model;
  model.quota_name = id;
  model.id = std::move(id);
  model.display_name = std::move(display_name);
  model.description = "Writes text";
  model.version = "001";
  model.input_token_limit = 1048576;
  model.output_token_limit = 65536;
  model.signs_thoughts = false;
  return model;
}

}  // namespace

Catalog::Catalog() {
  const size_t all = AllAspectRatios().size();
  const std::vector<OutputSize> pro = {
      {"1K", 1120, 0.134}, {"2K", 1120, 0.134}, {"4K", 2000, 0.24}};
  Add(ImageModel(
      "gemini-nano-banana-2.1", "Nano Banana 2.1", all,
      {{"1K", 1120, 0.0336}, {"2K", 1680, 0.0504}, {"4K", 3780, 0.113}}));
  Add(ImageModel("gemini-3-pro-image", "Nano Banana Pro", kCoreRatios, pro));
  Add(ImageModel("nano-banana-pro-preview", "Nano Banana Pro", kCoreRatios,
                 pro));
  Add(ImageModel("gemini-3.1-flash-image", "Nano Banana 2", all,
                 {{"512", 747, 0.045},
                  {"1K", 1120, 0.067},
                  {"2K", 1680, 0.101},
                  {"4K", 2520, 0.151}}));
  Add(ImageModel("gemini-3.1-flash-lite-image", "Nano Banana 2 Lite",
                 kCoreRatios, {{"1K", 1120, 0.0336}}));

  Model first = ImageModel("gemini-2.5-flash-image", "Nano Banana", kCoreRatios,
                           {{"1K", 1290, 0.039}});
  first.quota_name = "gemini-2.5-flash-preview-image";
  first.version = "2.0";
  first.thinking = false;
  first.signs_thoughts = false;
  first.breaks_on_image_size = true;
  first.second_generation = true;
  Add(std::move(first));

  Add(TextModel("gemini-2.5-flash", "Gemini 2.5 Flash"));
  Add(TextModel("gemini-2.5-pro", "Gemini 2.5 Pro"));
  Model closed = TextModel("gemini-2.0-flash", "Gemini 2.0 Flash");
  closed.availability = ModelAvailability::kClosedToNewUsers;
  Add(std::move(closed));
}

const Model* Catalog::Find(absl::string_view id) const {
  absl::ConsumePrefix(&id, "models/");
  for (const Model& model : models_) {
    if (model.id == id) return &model;
  }
  return nullptr;
}

void Catalog::Add(Model model) {
  for (Model& known : models_) {
    if (known.id == model.id) {
      known = std::move(model);
      return;
    }
  }
  models_.push_back(std::move(model));
}

const std::vector<std::string>& AllAspectRatios() {
  static const auto* const ratios =
      new std::vector<std::string>(Ratios(sizeof(kRatios) / sizeof(*kRatios)));
  return *ratios;
}

const OutputSize* FindSize(const Model& model, absl::string_view size) {
  for (const OutputSize& entry : model.sizes) {
    if (entry.name == size) return &entry;
  }
  return nullptr;
}

PixelSize PixelsOf(const Model& model, absl::string_view ratio,
                   absl::string_view size) {
  PixelSize pixels = kRatios[0].third;
  for (const RatioPixels& entry : kRatios) {
    if (ratio != entry.ratio) continue;
    pixels = model.second_generation ? entry.second : entry.third;
  }
  if (size == "512") return {pixels.width / 2, pixels.height / 2};
  const int factor = size == "2K" ? 2 : size == "4K" ? 4 : 1;
  return {pixels.width * factor, pixels.height * factor};
}

std::string NearestAspectRatio(const Model& model, PixelSize pixels) {
  const double wanted =
      std::log(static_cast<double>(pixels.width) / pixels.height);
  std::string nearest = "1:1";
  double least = 1e9;
  for (const std::string& ratio : model.aspect_ratios) {
    const PixelSize size = PixelsOf(model, ratio, "1K");
    const double distance = std::abs(
        std::log(static_cast<double>(size.width) / size.height) - wanted);
    if (distance < least) {
      least = distance;
      nearest = ratio;
    }
  }
  return nearest;
}

}  // namespace gemini_emulator
