#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/api.h"

namespace leveret::cli {

/// What stands behind the name of one of rabbitmqctl's commands.
struct CtlCall {
  /// Of --vhost, or of the broker's address.
  std::string vhost;
  std::vector<std::string> words;
  /// table, csv or json.
  std::string formatter = "table";
  bool is_quiet = false;
  bool has_headers = true;
  std::string priority = "0";
  std::string apply_to = "all";
  std::string description;
  std::string tags;
  std::string default_queue_type;
};

/// One of rabbitmqctl's commands in its own spelling, for hands and scripts that know it.
struct CtlCommand {
  std::string name;
  /// Its words, as rabbitmqctl's help has them: "<username> <password>"; empty for none.
  std::string usage;
  /// Our own spelling; empty where there is none.
  std::string leveret;
  std::size_t words_min = 0;
  std::size_t words_max = 0;
  std::function<void(const Api&, const CtlCall&)> run;
};

/// Those that show lists: ctl_lists.cc.
std::vector<CtlCommand> ctl_lists();
/// Those that change something: ctl_changes.cc.
std::vector<CtlCommand> ctl_changes();

}  // namespace leveret::cli
