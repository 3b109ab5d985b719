#include "cli/migrate/plan.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>
#include <utility>

#include "cli/exit_code.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

using QueueName = std::pair<std::string, std::string>;

std::string described(const std::string& vhost, const std::string& queue) {
  return "queue '" + queue + "' of '" + vhost + "'";
}

void erase_if(Json& list, auto is_doomed) {
  Json kept = Json::array();
  for (Json& item : list)
    if (!is_doomed(item)) kept.push_back(std::move(item));
  list = std::move(kept);
}

/// Before 3.13 an export says nothing of a virtual host but its name.
void describe_vhosts(const Api& source, Json& definitions) {
  const Json vhosts = source.get("/api/vhosts");
  for (Json& each : definitions["vhosts"])
    for (const Json& described : vhosts)
      if (described.value("name", "") == each.value("name", ""))
        for (const char* member : {"description", "tags"})
          if (!each.contains(member) && described.contains(member))
            each[member] = described[member];
}

bool is_stream(const Json& queue) {
  return queue.contains("arguments") && queue["arguments"].is_object() &&
         queue["arguments"].value("x-queue-type", "") == "stream";
}

/// Streams, with what leads to them.
std::set<QueueName> take_streams_out(Json& definitions) {
  std::set<QueueName> streams;
  for (const Json& each : definitions["queues"])
    if (is_stream(each)) streams.emplace(text_at(each, "/vhost"), text_at(each, "/name"));
  erase_if(definitions["queues"], is_stream);
  erase_if(definitions["bindings"], [&](const Json& each) {
    return each.value("destination_type", "") == "queue" &&
           streams.contains({text_at(each, "/vhost"), text_at(each, "/destination")});
  });
  return streams;
}

void keep_vhost(Json& definitions, const std::string& vhost) {
  for (const char* list : {"permissions", "topic_permissions", "parameters", "policies", "queues",
                           "exchanges", "bindings"})
    if (definitions.contains(list))
      erase_if(definitions[list],
               [&](const Json& each) { return each.value("vhost", "") != vhost; });
  erase_if(definitions["vhosts"],
           [&](const Json& each) { return each.value("name", "") != vhost; });
}

void keep_user(MigrationPlan& plan, const std::string& user) {
  const std::size_t before = plan.definitions["users"].size();
  erase_if(plan.definitions["users"],
           [&](const Json& each) { return each.value("name", "") == user; });
  if (plan.definitions["users"].size() != before)
    plan.notes.push_back("user '" + user +
                         "' stays as he is at the target: this command logs in with his name");
}

void add_queues(MigrationPlan& plan, const Json& listed, const PlanOptions& options) {
  std::set<QueueName> defined;
  for (const Json& each : plan.definitions["queues"])
    defined.emplace(text_at(each, "/vhost"), text_at(each, "/name"));
  for (const Json& each : listed) {
    const std::string vhost = each.value("vhost", "");
    const std::string name = each.value("name", "");
    if (!options.vhost.empty() && vhost != options.vhost) continue;
    if (!options.queues.empty() && fnmatch(options.queues.c_str(), name.c_str(), 0) != 0) continue;
    if (each.value("exclusive", false)) {
      plan.notes.push_back(described(vhost, name) + " is exclusive: it goes with its connection");
    } else if (name.starts_with("amq.")) {
      plan.notes.push_back(described(vhost, name) +
                           " has a name that nobody can declare: left out");
    } else if (defined.contains({vhost, name})) {
      const std::uint64_t messages = number_at(each, "/messages");
      plan.queues.push_back({vhost, name, each.value("type", "") == "quorum",
                             messages == 0 ? 0 : number_at(each, "/message_bytes") / messages});
    }
  }
}

}  // namespace

MigrationPlan make_migration_plan(const Api& source, const PlanOptions& options) {
  MigrationPlan plan;
  plan.definitions = source.get("/api/definitions");
  for (const char* list : {"users", "vhosts", "queues", "bindings"})
    if (!plan.definitions.contains(list) || !plan.definitions[list].is_array())
      throw Failure{Exit::bad_data, "the source's definitions have no '" + std::string{list} + "'",
                    "is --from-api the management API of a RabbitMQ?"};
  describe_vhosts(source, plan.definitions);
  for (const QueueName& each : take_streams_out(plan.definitions))
    plan.notes.push_back(described(each.first, each.second) + " is a stream: left out");
  keep_user(plan, options.target_user);
  if (!options.vhost.empty()) keep_vhost(plan.definitions, options.vhost);
  add_queues(plan, source.get("/api/queues"), options);
  std::ranges::sort(plan.queues, {}, [](const SourceQueue& each) {
    return std::pair{each.vhost, each.name};
  });
  return plan;
}

}  // namespace leveret::cli
