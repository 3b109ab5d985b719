#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core.h"
#include "broker/inspect.h"
#include "broker/queue_survey.h"
#include "http/render.h"
#include "http/request.h"

namespace leveret::http {

struct Context;

/// The list of queues of these virtual hosts as the request's parameters want it. However many
/// there are, no turn of a core takes long, only the page that is shown is copied and written, and
/// a list without pages is written as it is read, the HTTP loop serving others meanwhile.
boost::asio::awaitable<Response> answer_queue_list(
    std::shared_ptr<Context> context, Request request,
    std::vector<std::shared_ptr<broker::Core>> cores);

/// The queues of one virtual host that others dead-letter to, sorted by name.
boost::asio::awaitable<std::vector<broker::QueueView>> view_dead_letter_queues(
    std::shared_ptr<Context> context, std::shared_ptr<broker::Core> core);

/// One queue with its consumers, in their order, when `survey` has found all; nothing when it is
/// not there.
boost::asio::awaitable<std::optional<QueueDetail>> view_queue_detail(
    std::shared_ptr<Context> context, std::shared_ptr<broker::Core> core,
    std::shared_ptr<const broker::QueueSurvey> survey, std::string name);

/// One queue with its consumers and who dead-letters to it. Throws HttpError 404.
boost::asio::awaitable<QueueDetail> require_queue_detail(std::shared_ptr<Context> context,
                                                         std::shared_ptr<broker::Core> core,
                                                         std::string name);

}  // namespace leveret::http
