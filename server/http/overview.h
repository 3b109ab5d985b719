#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

#include "broker/core.h"
#include "broker/inspect.h"
#include "http/context.h"

namespace leveret::http {

/// Objects that a turn of a core counts: some tenth of a millisecond's work.
inline constexpr std::size_t counts_per_turn = 1000;

/// What there is in one virtual host, counted in turns of its core.
boost::asio::awaitable<broker::OverviewView> view_overview(ContextPtr context,
                                                           std::shared_ptr<broker::Core> core);

broker::OverviewView& operator+=(broker::OverviewView& sum, const broker::OverviewView& view);

/// What these virtual hosts together come to.
boost::asio::awaitable<broker::OverviewView> view_overview(
    ContextPtr context, std::vector<std::shared_ptr<broker::Core>> cores);

}  // namespace leveret::http
