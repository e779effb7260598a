// Draws pictures on threads of its own and keeps the last ones.

#ifndef EMULATOR_STUDIO_H_
#define EMULATOR_STUDIO_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "emulator/emulator.h"

namespace gemini_emulator {

class Studio {
 public:
  // Calls back on the one thread that runs `io`.
  Studio(boost::asio::io_context* io, size_t threads, size_t most_kept_bytes);
  ~Studio();

  // Equal orders that wait are drawn once.
  void Draw(const PictureOrder& order, PictureCallback done);

 private:
  using Key = std::tuple<std::string, uint64_t, int, int, int, size_t>;
  using Base64 = std::shared_ptr<const std::string>;

  void Deliver(const Key& key, const Base64& base64);
  void Keep(const Key& key, const Base64& base64);

  boost::asio::io_context* const io_;
  const size_t most_kept_bytes_;
  std::map<Key, std::vector<PictureCallback>> waiting_;
  std::list<std::pair<Key, Base64>> kept_;  // Latest first.
  size_t kept_bytes_ = 0;
  boost::asio::thread_pool threads_;
};

}  // namespace gemini_emulator

#endif  // EMULATOR_STUDIO_H_
