// The image models that are known to this version of the library.
//
// Model ids are configuration: any id may be used, known or not. The table only
// provides the default, and lets advice name the successor of a model that was
// shut down.

#ifndef GEMINI_MODELS_H_
#define GEMINI_MODELS_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace gemini {

enum class ModelState {
  kRecommended,  // The default. Exactly one model is.
  kAvailable,
  kShutdownAnnounced,  // May be off already.
  kShutDown,
  kInternalName  // Not callable: a name under which Google keeps a quota.
};

struct KnownModel {
  absl::string_view id;
  ModelState state;
  absl::string_view successor;  // Empty where the model has a future.
  absl::string_view shutdown;   // "2026-01-15", or empty.
};

// A view of the table, valid for the whole program.
struct KnownModelList {
  const KnownModel* first;
  size_t count;

  const KnownModel* begin() const { return first; }
  const KnownModel* end() const { return first + count; }
  size_t size() const { return count; }
};

KnownModelList KnownModels();

// Returns the entry of `id`, with or without a leading "models/", or null.
const KnownModel* FindModel(absl::string_view id);

// Returns the id that is used when none is given.
absl::string_view DefaultModel();

}  // namespace gemini

#endif  // GEMINI_MODELS_H_
