#pragma once

#include <string_view>
#include <vector>

#include "broker/inspect.h"
#include "http/history.h"
#include "http/json.h"
#include "http/list.h"

/// The JSON of what the API and the live events both show, with rates.
namespace leveret::http {

struct Context;

/// Whose API this is: tools look at it to know what they may call.
inline constexpr std::string_view rabbitmq_version = "3.13.7";

/// One queue with its consumers.
struct QueueDetail {
  broker::QueueView queue;
  std::vector<broker::ConsumerView> consumers;
};

Json exchange_types_json();
/// What the HTTP port serves.
Json contexts_json(const Context& context);
Json overview_json(const Context& context, const broker::OverviewView& overview,
                   const SampleRanges& ranges = {});
/// As an item of a list; at least these columns of it.
Json queue_item_json(const Context& context, std::string_view vhost, const broker::QueueView& queue,
                     const SampleRanges& ranges = {}, const Columns& columns = {});
/// As an answer of its own, with consumer_details.
Json queue_detail_json(const Context& context, std::string_view vhost, const QueueDetail& detail,
                       const SampleRanges& ranges = {});

}  // namespace leveret::http
