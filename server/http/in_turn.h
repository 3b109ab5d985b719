#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "http/context.h"
#include "http/request.h"

namespace leveret::http {

/// A handler of answers that may be long: few of them are made at a time, and one whose client has
/// gone while it waited is not made at all (as nginx does it, 499).
template <Handler handler>
boost::asio::awaitable<Response> in_turn(std::shared_ptr<Context> context, Request request) {
  std::string owner = request.identity.user + '@' + request.client;
  context->occupancy.admit_to_wait(context->long_answers.waiting(owner));
  const Turnstile::Turn turn = co_await context->long_answers.take(std::move(owner));
  if (context->is_stopping || request.is_abandoned()) {
    log::debug("HTTP: nobody waits for a long answer any more");
    throw boost::system::system_error{boost::asio::error::connection_aborted};
  }
  co_return co_await handler(context, std::move(request));
}

}  // namespace leveret::http
