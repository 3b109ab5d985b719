#include "watchdog.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace leveret::server {

void Watchdog::start(std::vector<Post> others) {
  others_ = std::move(others);
  if (supervisor_.watchdog_period()) feed();
}

void Watchdog::feed() {
  supervisor_.feed();
  timer_.expires_after(*supervisor_.watchdog_period());
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) ask();
  });
}

void Watchdog::ask() {
  missing_ = others_.size();
  if (missing_ == 0) return feed();
  for (const Post& other : others_)
    other([this] { boost::asio::post(loop_, [this] { answered(); }); });
}

/// None is missing any more once nobody is asked.
void Watchdog::answered() {
  if (missing_ > 0 && --missing_ == 0) feed();
}

void Watchdog::ask_no_more() {
  others_.clear();
  if (std::exchange(missing_, 0) > 0) feed();
}

}  // namespace leveret::server
