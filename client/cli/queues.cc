// leveret queues: what is waiting, running and moving.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

struct QueuesOptions {
  std::string contains;
  std::string sort = "name";
  bool is_every_vhost = false;
};

constexpr const char* rate_in = "/message_stats/publish_details/rate";
constexpr const char* rate_out = "/message_stats/deliver_get_details/rate";

std::string format_rate(double rate) {
  return with_commas(static_cast<std::uint64_t>(std::llround(std::max(rate, 0.0))));
}

std::string dead_letter_queues(const Json& queue) {
  const Json::json_pointer at{"/x/dead_letter_queues"};
  std::string out;
  if (!queue.contains(at) || !queue[at].is_array()) return out;
  for (const Json& name : queue[at])
    if (name.is_string()) out += (out.empty() ? "" : ", ") + name.get<std::string>();
  return out;
}

void sort_queues(std::vector<Json>& queues, const std::string& by) {
  if (by == "name") return;
  const auto key = [&](const Json& queue) {
    if (by == "in") return real_at(queue, rate_in);
    if (by == "out") return real_at(queue, rate_out);
    const char* const field = by == "ready"     ? "/messages_ready"
                              : by == "unacked" ? "/messages_unacknowledged"
                                                : "/consumers";
    return static_cast<double>(number_at(queue, field));
  };
  std::ranges::stable_sort(queues, std::greater{}, key);
}

std::string to_table(const std::vector<Json>& queues, bool is_every_vhost) {
  std::vector<std::string> headings{"NAME",  "READY",     "UNACKED", "IN/S",
                                    "OUT/S", "CONSUMERS", "DLQ"};
  if (is_every_vhost) headings.insert(headings.begin(), "VHOST");
  TextTable table(std::move(headings));
  for (const Json& queue : queues) {
    std::vector<std::string> row{queue.value("name", ""),
                                 with_commas(number_at(queue, "/messages_ready")),
                                 with_commas(number_at(queue, "/messages_unacknowledged")),
                                 format_rate(real_at(queue, rate_in)),
                                 format_rate(real_at(queue, rate_out)),
                                 with_commas(number_at(queue, "/consumers")),
                                 dead_letter_queues(queue)};
    if (is_every_vhost) row.insert(row.begin(), queue.value("vhost", ""));
    table.add(std::move(row));
  }
  return table.to_string();
}

/// Queues with this in their names, in whatever case, and how many there are in all.
struct Found {
  std::map<std::pair<std::string, std::string>, Json> by_vhost_and_name;
  std::uint64_t total = 0;
};

/// As many at once as the API shows in a page. Nothing when queues have come or gone between two
/// pages: some may have been left out.
std::optional<Found> find_by_pages(const Api& api, const std::string& list,
                                   const std::string& name) {
  constexpr int page_size = 500;
  Found found;
  std::uint64_t pages = 1;
  for (std::uint64_t page = 1; page <= pages; ++page) {
    const Json answer =
        api.get(list + "?page=" + std::to_string(page) + "&page_size=" + std::to_string(page_size) +
                "&name=" + client::percent_encode(name));
    const std::uint64_t total = number_at(answer, "/total_count");
    if (page > 1 && total != found.total) return std::nullopt;
    found.total = total;
    pages = number_at(answer, "/page_count");
    for (const Json& queue : answer.at("items"))
      found.by_vhost_and_name.insert_or_assign({queue.value("vhost", ""), queue.value("name", "")},
                                               queue);
  }
  return found;
}

/// Where queues come and go all the time pages do not help.
Found find_all(const Api& api, const std::string& list) {
  Found found;
  for (const Json& queue : api.get(list)) {
    ++found.total;
    found.by_vhost_and_name.insert_or_assign({queue.value("vhost", ""), queue.value("name", "")},
                                             queue);
  }
  return found;
}

Exit queues(const QueuesOptions& options, const Context& context) {
  const Api api(context.api());
  const std::string vhost = context.url().vhost;
  const std::string list =
      options.is_every_vhost ? "/api/queues" : Api::path("/api/queues", {vhost});
  auto found = find_by_pages(api, list, options.contains);
  if (!found) found = find_all(api, list);
  std::vector<Json> chosen;
  for (auto& [key, queue] : found->by_vhost_and_name)
    if (key.second.find(options.contains) != std::string::npos) chosen.push_back(std::move(queue));
  sort_queues(chosen, options.sort);
  if (context.is_json)
    print_json(Json(chosen));
  else if (!chosen.empty())
    print(to_table(chosen, options.is_every_vhost));
  else
    say(found->total == 0
            ? "no queues in virtual host '" + vhost + "' yet"
            : "0 of " + with_commas(found->total) + " queues match '" + options.contains + "'");
  return Exit::ok;
}

void set_up(CLI::App& command, Context& context, Selected& selected) {
  const auto options = std::make_shared<QueuesOptions>();
  add_common_options(command, context);
  command.add_option("name", options->contains, "Only queues whose name contains this");
  command
      .add_option("--sort", options->sort,
                  "name, or largest first: ready, unacked, in, out, consumers")
      ->check(CLI::IsMember({"name", "ready", "unacked", "in", "out", "consumers"}))
      ->option_text("COLUMN");
  command.add_flag("--all-vhosts", options->is_every_vhost, "Not only of the --url's virtual host");
  command.callback([options, &context, &selected] {
    selected.run = [options, &context] { return queues(*options, context); };
  });
}

}  // namespace

void add_queues(CLI::App& app, Context& context, Selected& selected) {
  CLI::App& command = *app.add_subcommand("queues", "List queues: depth, rates, consumers");
  set_up(command, context, selected);
  // The spelling of the noun-verb grammar; not in the help, which shows one way only.
  CLI::App& noun = *app.add_subcommand("queue", "List queues")->group("");
  noun.require_subcommand(1);
  set_up(*noun.add_subcommand("list", "List queues"), context, selected);
}

}  // namespace leveret::cli
