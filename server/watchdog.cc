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
  ++round_;
  missing_ = others_.size();
  if (missing_ == 0) return feed();
  for (const Post& other : others_)
    other([this, round = round_] { boost::asio::post(loop_, [this, round] { answered(round); }); });
}

void Watchdog::answered(std::size_t round) {
  if (round == round_ && --missing_ == 0) feed();
}

void Watchdog::ask_no_more() {
  others_.clear();
  if (std::exchange(missing_, 0) > 0) {
    ++round_;  // what still answers answers an old question
    feed();
  }
}

}  // namespace leveret::server
