#include "emulator/fault_effect.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gemini_emulator {
namespace {

ApiError ErrorOf(const Fault& fault, const ErrorContext& context) {
  ApiError error =
      ErrorFromTemplate(fault.error_template, context)
          .value_or(ErrorFromStatus(fault.status == 0 ? 503 : fault.status));
  if (fault.status != 0) error.http_status = fault.status;
  return error;
}

std::string ContentTypeOf(const Fault& fault) {
  if (!fault.content_type.empty()) return fault.content_type;
  const size_t first = fault.body->find_first_not_of(" \t\r\n");
  const std::string start =
      first == std::string::npos ? "" : fault.body->substr(first, 5);
  if (absl::StartsWith(start, "{") || absl::StartsWith(start, "[")) {
    return "application/json; charset=UTF-8";
  }
  if (absl::StartsWith(start, "data:")) return "text/event-stream";
  if (absl::StartsWith(start, "<")) return "text/html; charset=UTF-8";
  return "text/plain; charset=UTF-8";
}

void SetHeaders(const Fault& fault, Reply* reply) {
  for (const auto& header : fault.headers) {
    const auto known = std::find_if(
        reply->headers.begin(), reply->headers.end(), [&](const auto& other) {
          return absl::EqualsIgnoreCase(other.first, header.first);
        });
    if (known == reply->headers.end()) {
      reply->headers.push_back(header);
    } else {
      known->second = header.second;
    }
  }
  reply->chunked = reply->chunked || fault.chunked;
  reply->close = reply->close || fault.close_connection;
}

// Where in the body the fault happens.
size_t PositionOf(const Fault& fault, const Reply& reply) {
  if (fault.after_bytes.has_value()) return *fault.after_bytes;
  if (!fault.after_events.has_value()) return reply.BodySize() / 2;
  size_t position = 0;
  for (size_t i = 0; i < reply.parts.size() && i < *fault.after_events; ++i) {
    position += reply.parts[i].size();
  }
  return position;
}

void Truncate(size_t size, Reply* reply) {
  std::vector<std::string> kept;
  for (std::string& part : reply->parts) {
    if (part.size() > size) part.resize(size);
    size -= part.size();
    if (!part.empty()) kept.push_back(std::move(part));
  }
  reply->parts = std::move(kept);
}

}  // namespace

Reply FramedError(const ApiError& error, Framing framing) {
  Reply reply = ErrorReply(error);
  if (framing == Framing::kJsonArray) {
    reply.parts[0] = absl::StrCat("[", reply.parts[0], "]\n");
  }
  return reply;
}

bool ReplacesAnswer(const Fault& fault) {
  return fault.action == FaultAction::kStatus;
}

bool NeedsPicture(const Fault& fault) {
  return fault.action == FaultAction::kBadBase64 ||
         fault.action == FaultAction::kWrongMagic ||
         fault.action == FaultAction::kThoughtImage ||
         fault.action == FaultAction::kNoImage;
}

Reply ReplacedAnswer(const Fault& fault, const ErrorContext& context,
                     Framing framing) {
  Reply reply;
  if (fault.body.has_value()) {
    reply.status = fault.status == 0 ? 503 : fault.status;
    reply.headers = {{"Content-Type", ContentTypeOf(fault)}};
    reply.parts.push_back(*fault.body);
  } else {
    reply = FramedError(ErrorOf(fault, context), framing);
  }
  SetHeaders(fault, &reply);
  return reply;
}

std::optional<std::string> ApplyToReply(const Fault& fault,
                                        const ErrorContext& context,
                                        Framing framing, Reply* reply) {
  SetHeaders(fault, reply);
  Delivery& delivery = reply->delivery;
  const bool has_position =
      fault.after_bytes.has_value() || fault.after_events.has_value();
  switch (fault.action) {
    case FaultAction::kSlow:
      if (fault.piece >= reply->BodySize()) {
        return absl::StrCat("the answer had only ", reply->BodySize(),
                            " bytes");
      }
      delivery.piece = fault.piece;
      delivery.interval = fault.interval;
      return std::nullopt;
    case FaultAction::kClose:
      delivery.event = WireEvent::kClose;
      delivery.before_head = true;
      return std::nullopt;
    case FaultAction::kReset:
      delivery.event = WireEvent::kReset;
      delivery.before_head = !has_position;
      break;
    case FaultAction::kStall:
      delivery.event = WireEvent::kStall;
      delivery.stall = fault.duration;
      delivery.before_head = !has_position;
      break;
    case FaultAction::kBrokenStream:
      delivery.event = WireEvent::kClose;
      break;
    case FaultAction::kStatusAfter:
      break;
    default:
      return std::nullopt;
  }
  if (delivery.before_head) return std::nullopt;
  const size_t position = PositionOf(fault, *reply);
  const size_t size = reply->BodySize();
  if (position >= size) {
    delivery = Delivery();
    return absl::StrCat("the answer had only ", size, " bytes in ",
                        reply->parts.size(), " parts");
  }
  if (fault.action != FaultAction::kStatusAfter) {
    delivery.at = position;
    return std::nullopt;
  }
  if (reply->status != 200) return "the answer was an error already";
  Truncate(position, reply);
  const std::string error = PrettyJson(ErrorOf(fault, context).body);
  reply->parts.push_back(framing == Framing::kJsonArray
                             ? absl::StrCat(",\n", error, "]\n")
                             : error);
  reply->chunked = true;
  return std::nullopt;
}

void SpoilPicture(const Fault& fault, std::string* base64) {
  if (base64->empty()) return;
  if (fault.action == FaultAction::kBadBase64) {
    const size_t middle = base64->size() / 2;
    (*base64)[std::min(fault.offset.value_or(middle), base64->size() - 1)] =
        '!';
  } else if (fault.action == FaultAction::kWrongMagic) {
    // "NOT-A-PIC".
    base64->replace(0, 12, "Tk9ULUEtUElD");
  }
}

}  // namespace gemini_emulator
