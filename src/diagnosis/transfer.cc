#include "diagnosis/transfer.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "diagnosis/codes.h"
#include "util/redact.h"

namespace gemini::internal {
namespace {

struct EndMeaning {
  TransferEnd end;
  absl::string_view name;    // For the evidence.
  absl::string_view unsent;  // The code if not all of the request went out.
  absl::string_view sent;    // The code if it did.
  absl::string_view words;   // For the message, if the transport has none.
};

constexpr EndMeaning kMeanings[] = {
    // A whole answer that says nothing.
    {TransferEnd::kComplete, "complete", "empty_answer", "empty_answer",
     "the answer is empty"},
    {TransferEnd::kStoppedByReader, "stopped by reader", "not_json", "not_json",
     "the answer could not be read"},
    {TransferEnd::kCancelled, "cancelled", "unknown", "unknown", "cancelled"},
    {TransferEnd::kCannotConnect, "cannot connect", "cannot_connect",
     "cannot_connect", "could not connect"},
    {TransferEnd::kConnectTimeout, "connect timeout", "connect_timeout",
     "connect_timeout", "connecting took too long"},
    {TransferEnd::kTlsUntrusted, "certificate not trusted",
     "certificate_untrusted", "certificate_untrusted",
     "the server's certificate is not trusted"},
    {TransferEnd::kLost, "connection lost", "connection_lost_unsent",
     "connection_lost", "the connection was lost"},
    {TransferEnd::kStalled, "stalled", "stalled", "stalled",
     "the answer stopped arriving"},
    {TransferEnd::kAttemptTimeout, "attempt timeout", "connect_timeout",
     "attempt_timeout", "the attempt's time limit passed"},
    {TransferEnd::kTooLarge, "answer too large", "response_too_large",
     "response_too_large", "the answer exceeds max_response_bytes"},
    {TransferEnd::kHeadTooLarge, "head too large", "response_too_complex",
     "response_too_complex",
     "the head of the answer, or its trailers, are too large"},
    {TransferEnd::kLocalResource, "out of descriptors or memory",
     "local_resource", "local_resource",
     "this machine is out of descriptors or memory"},
    {TransferEnd::kOther, "transport failure", "connection_lost_unsent",
     "connection_lost", "the transport failed"},
};

const EndMeaning& MeaningOf(TransferEnd end) {
  for (const EndMeaning& meaning : kMeanings) {
    if (meaning.end == end) return meaning;
  }
  return kMeanings[std::size(kMeanings) - 1];
}

}  // namespace

Diagnosis DiagnoseTransfer(const TransferResult& transfer,
                           absl::string_view model) {
  const EndMeaning& meaning = MeaningOf(transfer.end);
  Diagnosis diagnosis =
      MakeDiagnosis(transfer.request_sent ? meaning.sent : meaning.unsent,
                    absl::StrCat("transfer: ", meaning.name,
                                 transfer.request_sent ? " after" : " before",
                                 " the request was sent"));
  diagnosis.message = transfer.error.empty() ? std::string(meaning.words)
                                             : Redact(transfer.error);
  diagnosis.model = std::string(model);
  return diagnosis;
}

}  // namespace gemini::internal
