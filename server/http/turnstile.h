#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "base/fair_line.h"

namespace leveret::http {

/// Lets through a few at a time, those of each owner in turn: whoever asks for a hundred long lists
/// waits for his own, and nobody else for more than one of them. On the HTTP loop; outlives its
/// turns.
class Turnstile {
 public:
  Turnstile(boost::asio::any_io_executor executor, std::size_t places)
      : executor_(std::move(executor)), places_(places) {}

  /// A place; the next one has it when this goes.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(Turnstile& turnstile) : turnstile_(&turnstile) {}
    Turn(Turn&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turnstile_) turnstile_->leave();
    }

   private:
    Turnstile* turnstile_ = nullptr;
  };
  boost::asio::awaitable<Turn> take(std::string owner);

  std::size_t waiting() const { return waiting_.size(); }

 private:
  using Ticket = std::shared_ptr<boost::asio::steady_timer>;

  void leave();

  boost::asio::any_io_executor executor_;
  std::size_t places_;
  std::size_t inside_ = 0;
  FairLine<Ticket> waiting_;
};

}  // namespace leveret::http
