#include "vhosts.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>
#include <utility>

#include "base/limit_counts.h"
#include "base/log.h"
#include "store/sqlite.h"

namespace leveret::server {
namespace {

using broker::Access;

broker::VhostSettings settings_of(const broker::VhostInfo& info) {
  return {.default_queue_type = info.default_queue_type,
          .queues_max = auth::find_limit(info.limits, "max-queues")};
}

std::uint16_t channels_max_of(const auth::User& user) {
  const auto limit = auth::find_limit(user.limits, "max-channels");
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(limit.value_or(0), UINT16_MAX));
}

void release(std::map<std::string, std::size_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  if (--found->second == 0) counts.erase(found);
}

std::size_t count_of(const std::map<std::string, std::size_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

Vhosts::Vhosts(VhostSetting setting, const store::DataDir& data_dir, store::Catalog& catalog,
               auth::Users& users, Parameters& parameters)
    : setting_(std::move(setting)),
      data_dir_(data_dir),
      catalog_(catalog),
      users_(users),
      parameters_(parameters) {
  setting_.limits = adapted(setting_.limits);
}

Vhosts::~Vhosts() {
  closer_.join();
}

// Start and stop.

void Vhosts::open_all() {
  const std::vector<store::VhostRow> rows = catalog_.vhosts();
  for (const std::int64_t id : orphans(rows)) data_dir_.remove_vhost_files(id);
  for (const store::VhostRow& row : rows) {
    try {
      add(row.id, row.info);
    } catch (const store::StoreError& error) {
      // What transient messages have left may be what fills the disk.
      if (!error.is_disk_full() || !data_dir_.remove_transient_files()) throw;
      add(row.id, row.info);
    }
  }
}

/// The files of virtual hosts that were deleted shortly before the broker ended. A file that the
/// catalog has never heard of is no such: somebody has removed or put back one of the two.
std::vector<std::int64_t> Vhosts::orphans(const std::vector<store::VhostRow>& rows) const {
  std::vector<std::int64_t> ids = data_dir_.vhost_ids();
  std::erase_if(ids, [&](std::int64_t id) {
    return std::ranges::find(rows, id, &store::VhostRow::id) != rows.end();
  });
  const std::int64_t last = catalog_.last_vhost_id();
  for (const std::int64_t id : ids)
    if (id > last)
      throw store::StoreError{data_dir_.vhost_file(id) +
                              " belongs to no virtual host that is listed in " +
                              data_dir_.catalog_file() +
                              ". Nothing was changed. Put the list back that belongs to it, or "
                              "move the file out of the directory"};
  return ids;
}

VhostSetting Vhosts::setting() const {
  const std::lock_guard lock{mutex_};
  return setting_;
}

void Vhosts::add(std::int64_t id, const broker::VhostInfo& info) {
  auto entry = std::make_unique<Entry>();
  entry->id = id;
  entry->info = info;
  entry->host = std::make_unique<HostedVhost>(setting(), info.name, data_dir_.vhost_file(id));
  const std::lock_guard lock{mutex_};
  entry->host->core()->post([settings = settings_of(info), limits = setting_.limits,
                             alarms = alarms_](broker::Vhost& vhost) {
    vhost.set_settings(settings);
    vhost.set_limits(limits);
    vhost.set_machine_alarms(alarms);
  });
  entries_.insert_or_assign(info.name, std::move(entry));
}

void Vhosts::set_limits(const broker::Limits& wanted) {
  const std::lock_guard lock{mutex_};
  const broker::Limits limits = adapted(wanted);
  setting_.limits = limits;
  for (const auto& [name, entry] : entries_)
    entry->host->core()->post([limits](broker::Vhost& vhost) { vhost.set_limits(limits); });
}

/// A transient store in memory saves none.
broker::Limits Vhosts::adapted(broker::Limits limits) const {
  if (data_dir_.is_in_memory())
    limits.transient_bytes_max = std::numeric_limits<std::size_t>::max();
  return limits;
}

void Vhosts::set_alarms(broker::Alarms alarms) {
  const std::lock_guard lock{mutex_};
  alarms_ = alarms;
  for (const auto& [name, entry] : entries_)
    entry->host->core()->post([alarms](broker::Vhost& vhost) { vhost.set_machine_alarms(alarms); });
}

void Vhosts::stop_delivering() {
  for (const auto& core : all()) core->run([](broker::Vhost& vhost) { vhost.stop_delivering(); });
}

std::size_t Vhosts::unacked_count() const {
  std::size_t count = 0;
  for (const auto& core : all())
    core->run([&count](broker::Vhost& vhost) { count += vhost.unacked_count(); });
  return count;
}

void Vhosts::close_clients(const std::string& reason) {
  for (const auto& core : all())
    core->post([reason](broker::Vhost& vhost) { vhost.close_all(reason); });
}

void Vhosts::close_stores() {
  closer_.join();
  for (const auto& [name, entry] : entries_) entry->host->close();
  while (!retiring_.empty()) {
    retiring_.front()->host->drop_vhost();
    remove_files(retiring_.front().get());
  }
}

void Vhosts::drop_all() {
  for (const auto& [name, entry] : entries_) entry->host->drop_vhost();
  for (const auto& entry : retiring_) entry->host->drop_vhost();
}

// Looking.

std::shared_ptr<broker::Core> Vhosts::find(std::string_view vhost) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(vhost);
  return found == entries_.end() ? nullptr : found->second->host->core();
}

std::vector<std::shared_ptr<broker::Core>> Vhosts::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::shared_ptr<broker::Core>> cores;
  for (const auto& [name, entry] : entries_) cores.push_back(entry->host->core());
  return cores;
}

std::optional<broker::VhostInfo> Vhosts::describe(std::string_view vhost) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(vhost);
  return found == entries_.end() ? std::nullopt : std::optional{found->second->info};
}

std::shared_ptr<const Access> Vhosts::access(const std::string& user,
                                             const std::string& vhost) const {
  const std::optional<auth::User> known = users_.find(user);
  return known ? find_access(*known, vhost) : nullptr;
}

std::shared_ptr<const Access> Vhosts::find_access(const auth::User& user,
                                                  const std::string& vhost) const {
  const std::lock_guard lock{access_mutex_};
  // Asked before the rights are: what is kept may be newer than its number, never older.
  if (const std::uint64_t now = users_.generation(); now != access_generation_) {
    access_.clear();
    access_generation_ = now;
  }
  const auto known = access_.find({user.name, vhost});
  if (known != access_.end()) return known->second;
  const auto permission = users_.permission(user.name, vhost);
  std::shared_ptr<const Access> access;
  try {
    if (permission)
      access = std::make_shared<const Access>(user, permission,
                                              users_.topic_permissions(user.name, vhost));
  } catch (const broker::PatternError& error) {
    log::error("the permissions of user '" + user.name + "' in vhost '" + vhost +
               "' are broken, he has none: " + error.what());
  }
  access_.emplace(std::pair{user.name, vhost}, access);
  return access;
}

// Letting in.

void Vhosts::set_connection_limits(const ConnectionLimits& limits) {
  const std::lock_guard lock{counts_->mutex};
  connection_limits_ = limits;
}

broker::Admission Vhosts::admit(const std::string& user, const std::string& vhost,
                                const std::string& address) {
  broker::Admission admission;
  const auto core = find(vhost);
  const auto info = describe(vhost);
  if (!core || !info) {
    admission.refusal = "vhost " + vhost + " not found";
    return admission;
  }
  const std::optional<auth::User> known = users_.find(user);
  if (known) {
    admission.refusal = take_place(*known, *info, address, admission.place);
    if (!admission.refusal.empty()) return admission;
    admission.access = find_access(*known, vhost);
  }
  if (!admission.access) {
    admission.place.reset();
    admission.refusal = "access to vhost '" + vhost + "' refused for user '" + user + "'";
    return admission;
  }
  admission.core = core;
  admission.channels_max = channels_max_of(*known);
  return admission;
}

/// The text when there is none (rabbit_reader.erl, is_over_node_connection_limit,
/// is_over_vhost_connection_limit and is_over_user_connection_limit).
std::string Vhosts::take_place(const auth::User& user, const broker::VhostInfo& vhost,
                               const std::string& address, std::shared_ptr<void>& place) {
  const auto vhost_max = auth::find_limit(vhost.limits, "max-connections");
  const auto user_max = auth::find_limit(user.limits, "max-connections");
  const std::lock_guard lock{counts_->mutex};
  if (connection_limits_.all != 0 && counts_->all >= connection_limits_.all) {
    limits_reached.add(Limit::connections);
    return "connection refused: node connection limit (" + std::to_string(connection_limits_.all) +
           ") is reached";
  }
  if (connection_limits_.per_address != 0 &&
      count_of(counts_->of_address, address) >= connection_limits_.per_address) {
    limits_reached.add(Limit::connections_per_address);
    return "connection refused: limit of connections from address " + address + " (" +
           std::to_string(connection_limits_.per_address) + ") is reached";
  }
  if (vhost_max && count_of(counts_->of_vhost, vhost.name) >= *vhost_max) {
    limits_reached.add(Limit::vhost_connections);
    return "access to vhost '" + vhost.name + "' refused for user '" + user.name +
           "': connection limit (" + std::to_string(*vhost_max) + ") is reached";
  }
  if (user_max && count_of(counts_->of_user, user.name) >= *user_max) {
    limits_reached.add(Limit::user_connections);
    return "connection refused for user '" + user.name + "': user connection limit (" +
           std::to_string(*user_max) + ") is reached";
  }
  ++counts_->all;
  ++counts_->of_vhost[vhost.name];
  ++counts_->of_user[user.name];
  ++counts_->of_address[address];
  place = {nullptr, [counts = counts_, user = user.name, name = vhost.name, address](void*) {
             const std::lock_guard release_lock{counts->mutex};
             --counts->all;
             release(counts->of_address, address);
             release(counts->of_vhost, name);
             release(counts->of_user, user);
           }};
  return {};
}

void Vhosts::user_changed(const std::string& user) {
  const std::optional<auth::User> known = users_.find(user);
  const auto none = std::make_shared<const Access>(auth::User{user, {}, {}, {}}, std::nullopt,
                                                   std::vector<auth::TopicPermission>{});
  for (const auto& core : all()) {
    std::shared_ptr<const Access> access;
    if (known) access = find_access(*known, core->vhost_name());
    if (!access) access = none;
    core->post(
        [user, access, is_gone = !known,
         channels_max = known ? channels_max_of(*known) : std::uint16_t{0}](broker::Vhost& vhost) {
          vhost.set_access(user, access, channels_max);
          if (is_gone) vhost.close_user(user, "user '" + user + "' is deleted");
        });
  }
}

void Vhosts::token_ended(const std::string& token) {
  for (const auto& core : all())
    core->post([token](broker::Vhost& vhost) { vhost.end_token(token); });
}

// Changing.

bool Vhosts::put(const broker::VhostInfo& info) {
  const std::lock_guard lock{change_mutex_};
  const bool is_new = !describe(info.name);
  const std::int64_t id = catalog_.put_vhost(info);
  if (!is_new) {
    change(info.name, [&](broker::VhostInfo& known) {
      known.description = info.description;
      known.tags = info.tags;
      known.default_queue_type = info.default_queue_type;
    });
    return false;
  }
  try {
    broker::VhostInfo made = info;
    made.limits.clear();
    add(id, made);
  } catch (...) {
    catalog_.drop_vhost(info.name);
    data_dir_.remove_vhost_files(id);
    throw;
  }
  log::info("made the vhost '" + info.name + "'");
  return true;
}

/// With change_mutex_ held.
void Vhosts::change(const std::string& vhost, const std::function<void(broker::VhostInfo&)>& edit) {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(vhost);
  if (found == entries_.end()) return;
  edit(found->second->info);
  found->second->host->core()->post([settings = settings_of(found->second->info)](
                                        broker::Vhost& each) { each.set_settings(settings); });
}

void Vhosts::set_limit(const std::string& vhost, const std::string& name, std::int64_t value) {
  const std::lock_guard lock{change_mutex_};
  if (!describe(vhost)) return;
  catalog_.put_vhost_limit(vhost, name, value);
  change(vhost, [&](broker::VhostInfo& info) { info.limits.insert_or_assign(name, value); });
}

void Vhosts::clear_limit(const std::string& vhost, const std::string& name) {
  const std::lock_guard lock{change_mutex_};
  catalog_.drop_vhost_limit(vhost, name);
  change(vhost, [&](broker::VhostInfo& info) { info.limits.erase(name); });
}

bool Vhosts::remove(const std::string& vhost) {
  const std::lock_guard lock{change_mutex_};
  if (!describe(vhost)) return false;
  catalog_.drop_vhost(vhost);
  users_.forget_vhost(vhost);
  parameters_.forget_vhost(vhost);
  std::unique_ptr<Entry> entry;
  {
    const std::lock_guard memory{mutex_};
    const auto found = entries_.find(vhost);
    entry = std::move(found->second);
    entries_.erase(found);
  }
  log::info("deleted the vhost '" + vhost + "'");
  retire(std::move(entry));
  return true;
}

void Vhosts::retire(std::unique_ptr<Entry> entry) {
  Entry* const doomed = entry.get();
  {
    const std::lock_guard lock{mutex_};
    retiring_.push_back(std::move(entry));
  }
  boost::asio::post(setting_.loop, [this, doomed] {
    doomed->host->retire("vhost '" + doomed->info.name + "' is deleted", [this, doomed] {
      boost::asio::post(closer_, [this, doomed] { remove_files(doomed); });
    });
  });
}

void Vhosts::remove_files(Entry* entry) {
  entry->host->close_stores();
  data_dir_.remove_vhost_files(entry->id);
  const std::lock_guard lock{mutex_};
  retiring_.remove_if([&](const auto& each) { return each.get() == entry; });
}

}  // namespace leveret::server
