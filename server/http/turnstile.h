#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/fair_line.h"

namespace leveret::http {

/// Lets through a few at a time, those of each owner in turn: whoever asks for a hundred long lists
/// waits for his own, and nobody else for more than one of them. Nor does anybody get through all
/// the time: each has a share of it, so that asking without end costs the message path nothing. On
/// the HTTP loop; outlives its turns.
class Turnstile {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  /// How much of the time those of one owner may be inside.
  struct Share {
    /// One part of so many; 0 for all of it: what is used costs nothing.
    int part = 0;
    /// What he may have at once, when he has had nothing for long.
    Duration at_once{};
  };

  Turnstile(boost::asio::any_io_executor executor, std::size_t places, Share share,
            std::function<TimePoint()> now = &std::chrono::steady_clock::now)
      : places_(places), share_(share), now_(std::move(now)), alarm_(std::move(executor)) {}

  /// A place; the next one has it when this goes.
  class Turn {
   public:
    Turn() = default;
    Turn(Turnstile& turnstile, std::string owner)
        : turnstile_(&turnstile), owner_(std::move(owner)), since_(turnstile.now_()) {}
    Turn(Turn&& other) noexcept
        : turnstile_(std::exchange(other.turnstile_, nullptr)),
          owner_(std::move(other.owner_)),
          since_(other.since_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turnstile_) turnstile_->leave(owner_, since_);
    }

   private:
    Turnstile* turnstile_ = nullptr;
    std::string owner_;
    TimePoint since_;
  };
  boost::asio::awaitable<Turn> take(std::string owner);

  /// From now on everybody goes through, those who wait too.
  void open();

  std::size_t waiting() const { return waiting_.size(); }
  std::size_t waiting(const std::string& owner) const { return waiting_.size_of(owner); }

 private:
  using Ticket = std::shared_ptr<boost::asio::steady_timer>;

  void leave(const std::string& owner, TimePoint since);
  void admit();
  bool may_enter(const std::string& owner) const;
  void charge(const std::string& owner, Duration inside);

  std::size_t places_;
  Share share_;
  std::function<TimePoint()> now_;
  std::size_t inside_ = 0;
  FairLine<Ticket> waiting_;
  /// Until when each owner's share is used up; of those who have used some lately.
  std::unordered_map<std::string, TimePoint> used_until_;
  /// Rings when the first of those who wait for their share has it.
  boost::asio::steady_timer alarm_;
};

}  // namespace leveret::http
