#pragma once

#include <string>

#include "cli/command.h"
#include "lib/worker_pool.h"

namespace leveret::cli {

/// What a failed job does when its command has not said which failure it is.
enum class OnFail { retry, dead };

/// What the end of a job's command means for the job: the contract of `leveret work`.
///
///   0                     ack
///   65, 100               dead-letter now
///   99                    drop: acknowledged, counted apart
///   126, 127, no start    put back, and the worker stops: a missing binary must not burn the queue
///   ended by our stopping put back
///   all else, signals, over --timeout: by `on_fail`
///
/// What is put back keeps its place, but x-delivery-limit counts it: every requeue counts, as in
/// RabbitMQ's quorum queues, and AMQP 0-9-1 has no other way back than a requeue.
client::Outcome outcome_of(const CommandEnd& end, OnFail on_fail);

/// "exit status 3", "signal 9 (Killed)", "timed out", ...
std::string describe(const CommandEnd& end);
/// "ack", "retry", "dead", "drop", "put back".
std::string name_of(client::Outcome outcome);

/// A job as its command sees it, but for LEVERET_HEADERS_FILE: LEVERET_QUEUE, LEVERET_ID and so on.
CommandRunner::Variables variables_of(const client::Job& job);

}  // namespace leveret::cli
