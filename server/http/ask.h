#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "broker/core.h"
#include "http/context.h"
#include "http/error.h"

/// Questions from the HTTP loop to a core. The question is a function that runs in a turn of the
/// core and returns copies; the coroutine that asks goes on with them on its own loop.
namespace leveret::http {

/// A value or why there is none: exceptions do not cross the mailbox as such.
template <class T>
struct Answer {
  std::optional<T> value;
  std::exception_ptr error;
};

/// Asks `core` by `start(vhost, reply)`, which calls `reply(T)` once, in this turn of the core or
/// in a later one. What `start` throws is thrown here.
template <class T, class Start>
boost::asio::awaitable<T> ask_later(ContextPtr context, std::shared_ptr<broker::Core> core,
                                    Start start) {
  namespace asio = boost::asio;
  auto loop = context->loop.lock();
  auto initiate = [loop, core, start = std::move(start)](auto handler) mutable {
    using LoopHandler = decltype(handler);
    // Keeps the loop alive and running while the core owes the answer. The handler goes first: when
    // a core drops the question, that is what unwinds the coroutine, on the loop.
    struct Pending {
      std::shared_ptr<asio::io_context> loop;
      asio::executor_work_guard<asio::io_context::executor_type> work;
      LoopHandler handler;
      bool is_answered = false;

      Pending(std::shared_ptr<asio::io_context> loop_in, LoopHandler handler_in)
          : loop(std::move(loop_in)),
            work(asio::make_work_guard(*loop)),
            handler(std::move(handler_in)) {}
      Pending(const Pending&) = delete;
      Pending& operator=(const Pending&) = delete;
      // The virtual host has been deleted while the question was on its way.
      ~Pending() {
        if (is_answered || loop->stopped()) return;
        asio::post(*loop, [last = std::move(handler)]() mutable {
          std::move(last)(Answer<T>{std::nullopt, std::make_exception_ptr(not_found(
                                                      "the virtual host has been deleted"))});
        });
      }
    };
    auto pending = std::make_shared<Pending>(loop, std::move(handler));
    auto answer_with = [pending](Answer<T> answer) {
      pending->is_answered = true;
      asio::post(*pending->loop, [pending, answer = std::move(answer)]() mutable {
        std::move(pending->handler)(std::move(answer));
      });
    };
    core->run([start = std::move(start), answer_with](broker::Vhost& vhost) mutable {
      try {
        start(vhost, [answer_with](T value) { answer_with({std::move(value), nullptr}); });
      } catch (...) {
        answer_with({std::nullopt, std::current_exception()});
      }
    });
  };
  const auto& token = asio::use_awaitable;
  Answer<T> answer = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Answer<T>)>(
      std::move(initiate), token);
  if (answer.error) std::rethrow_exception(answer.error);
  co_return std::move(*answer.value);
}

/// Asks `core` for the result of `function(vhost)`. What it throws is thrown here.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&, broker::Vhost&>> ask(
    ContextPtr context, std::shared_ptr<broker::Core> core, F function) {
  using T = std::invoke_result_t<F&, broker::Vhost&>;
  auto start = [function = std::move(function)](broker::Vhost& vhost, const auto& reply) mutable {
    reply(function(vhost));
  };
  co_return co_await ask_later<T>(std::move(context), std::move(core), std::move(start));
}

/// As ask(), and goes on when what `function` changed is on disk.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&, broker::Vhost&>> ask_durably(
    ContextPtr context, std::shared_ptr<broker::Core> core, F function) {
  using T = std::invoke_result_t<F&, broker::Vhost&>;
  auto start = [function = std::move(function)](auto& vhost, const auto& reply) mutable {
    vhost.when_recorded([reply, result = function(vhost)] { reply(result); });
  };
  co_return co_await ask_later<T>(std::move(context), std::move(core), std::move(start));
}

/// For change().
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_now(F function) {
  co_return function();
}

/// The result of `function()`, which may wait for the disk or hash a password: it runs on the
/// thread for changes.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> change(ContextPtr context, F function) {
  auto work = run_now(std::move(function));
  co_return co_await boost::asio::co_spawn(context->changes, std::move(work),
                                           boost::asio::use_awaitable);
}

}  // namespace leveret::http
