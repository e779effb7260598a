#include "emulator/studio.h"

#include <boost/asio/post.hpp>
#include <exception>

#include "absl/strings/escaping.h"

namespace gemini_emulator {

Studio::Studio(boost::asio::io_context* io, size_t threads,
               size_t most_kept_bytes)
    : io_(io), most_kept_bytes_(most_kept_bytes), threads_(threads) {}

Studio::~Studio() {
  threads_.stop();
  threads_.join();
}

void Studio::Draw(const PictureOrder& order, PictureCallback done) {
  const Key key(order.prompt, order.variant, order.width, order.height,
                static_cast<int>(order.format), order.min_bytes);
  for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
    if (kept->first != key) continue;
    kept_.splice(kept_.begin(), kept_, kept);
    done(kept->second);
    return;
  }
  std::vector<PictureCallback>& waiting = waiting_[key];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  boost::asio::post(threads_, [this, key, order] {
    auto base64 = std::make_shared<std::string>();
    try {
      *base64 = absl::Base64Escape(DrawPicture(order));
    } catch (const std::exception&) {
      base64->clear();
    }
    boost::asio::post(*io_, [this, key, base64] { Deliver(key, base64); });
  });
}

void Studio::Deliver(const Key& key, const Base64& base64) {
  Keep(key, base64);
  const std::vector<PictureCallback> callbacks = std::move(waiting_[key]);
  waiting_.erase(key);
  for (const PictureCallback& callback : callbacks) callback(base64);
}

void Studio::Keep(const Key& key, const Base64& base64) {
  if (base64->size() > most_kept_bytes_) return;
  kept_.emplace_front(key, base64);
  kept_bytes_ += base64->size();
  while (kept_bytes_ > most_kept_bytes_) {
    kept_bytes_ -= kept_.back().second->size();
    kept_.pop_back();
  }
}

}  // namespace gemini_emulator
