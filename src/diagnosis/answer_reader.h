// Reads answers that came with 200 and hold no picture.

#ifndef GEMINI_SRC_DIAGNOSIS_ANSWER_READER_H_
#define GEMINI_SRC_DIAGNOSIS_ANSWER_READER_H_

#include "diagnosis/facts.h"
#include "wire/json.h"

namespace gemini::internal {

// Adds what `object` says to `facts` if it is an answer, whole or one event of
// a stream: of generateContent, of Imagen, of the OpenAI, Stability, FLUX and
// Midjourney families.
void ReadAnswer(JsonValue object, AnswerFacts* facts);

}  // namespace gemini::internal

#endif  // GEMINI_SRC_DIAGNOSIS_ANSWER_READER_H_
