// Templates of advice.
//
// "{name}" stands for a value. "[…]" is left out unless every value in it is
// known. Neither nests; there is no escape, since no text needs one.

#ifndef GEMINI_SRC_DIAGNOSIS_ADVICE_TEXT_H_
#define GEMINI_SRC_DIAGNOSIS_ADVICE_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gemini::internal {

struct AdviceValue {
  absl::string_view name;
  std::string text;                  // Empty: not known.
  absl::string_view otherwise = {};  // Stands outside of "[…]" in its place.
};

// Returns `text` with values filled in. What is in a value is not looked at
// again. Between a Chinese character and a Latin word that meet where a value
// begins or ends, there comes a space.
//
// A name that is not among the values is left standing with its braces, for the
// tests to find.
std::string FillIn(absl::string_view text,
                   const std::vector<AdviceValue>& values);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_ADVICE_TEXT_H_
