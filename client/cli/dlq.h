#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/context.h"

namespace leveret::cli {

/// What the subcommands of `leveret dlq` are given.
struct DlqOptions {
  std::string queue;
  // Of list.
  std::uint64_t limit = 100;
  // Of show.
  std::uint64_t seq = 0;
  bool is_body_only = false;
  // Of replay.
  std::vector<std::uint64_t> seqs;
  bool is_all = false;
  std::string to;
  bool is_yes = false;
  bool is_dry_run = false;
  bool is_detached = false;
  std::int64_t expect = -1;
};

/// The API's path of a queue's messages.
std::string messages_path(const std::string& vhost, const std::string& queue);
/// One page of a queue's messages, behind the one with number `after`.
Json browse(const Api& api, const std::string& vhost, const std::string& queue, std::uint64_t after,
            std::uint64_t limit);

/// `dlq replay`, in dlq_replay.cc.
Exit replay(const DlqOptions& options, const Context& context);

}  // namespace leveret::cli
