// What faults do to answers.

#ifndef EMULATOR_FAULT_EFFECT_H_
#define EMULATOR_FAULT_EFFECT_H_

#include <optional>
#include <string>

#include "emulator/error_bodies.h"
#include "emulator/fault.h"
#include "emulator/http_message.h"

namespace gemini_emulator {

// How answers of the call are framed.
enum class Framing {
  kUnary,
  kServerSentEvents,
  kJsonArray  // Errors are elements of an array too.
};

Reply FramedError(const ApiError& error, Framing framing);

// True for faults that answer instead of the emulator.
bool ReplacesAnswer(const Fault& fault);

// True for faults that change or leave out the picture of an answer.
bool NeedsPicture(const Fault& fault);

// The answer of a fault that replaces it.
Reply ReplacedAnswer(const Fault& fault, const ErrorContext& context,
                     Framing framing);

// Applies any other fault to a finished answer. Returns why it cannot take
// effect, if so: the answer is then as it was, but for the headers.
std::optional<std::string> ApplyToReply(const Fault& fault,
                                        const ErrorContext& context,
                                        Framing framing, Reply* reply);

// Makes base64 that does not decode, or does not begin like a picture. Does
// nothing for other faults.
void SpoilPicture(const Fault& fault, std::string* base64);

}  // namespace gemini_emulator

#endif  // EMULATOR_FAULT_EFFECT_H_
