// What an emulator is told to be, as read from a scenario file.

#ifndef EMULATOR_SCENARIO_H_
#define EMULATOR_SCENARIO_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "emulator/catalog.h"
#include "emulator/fault.h"
#include "emulator/json.h"
#include "emulator/picture.h"
#include "emulator/quota.h"

namespace gemini_emulator {

struct KeyEntry {
  std::string key;
  std::string project;
  std::string tier = "paid";
  std::string state;  // The template with which it is refused; empty: good.
};

struct LatencyRange {
  absl::Duration least;
  absl::Duration most;

  // `part` from 0 to 1.
  absl::Duration At(double part) const { return least + (most - least) * part; }
};

struct Scenario {
  std::vector<KeyEntry> keys;
  // Any key that does not begin with "invalid" is good; each is a project.
  bool accept_unknown_keys = true;
  std::string tier_of_unknown_keys = "paid";
  Catalog catalog;
  LatencyRange latency;          // Of answers that generate.
  LatencyRange refusal_latency;  // Of refusals to generate.
  PictureFormat picture_format = PictureFormat::kPng;
  size_t picture_min_bytes = 0;
  bool chunked_unary = false;  // Unary answers without Content-Length.
  uint64_t seed = 1;
  QuotaConfig quotas;
  std::vector<Fault> faults;
};

// Errors name the field, and the line in `text` on which it stands. Files that
// faults name are read from `folder`, and refused where there is none.
absl::StatusOr<Scenario> ParseScenario(
    absl::string_view text, const std::optional<std::string>& folder);

// The members "quotas", "spend" and "capacity" of a scenario. Throws
// FieldError.
QuotaConfig ParseQuotas(const Json& value);

}  // namespace gemini_emulator

#endif  // EMULATOR_SCENARIO_H_
