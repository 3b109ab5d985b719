#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/users.h"
#include "broker/access.h"
#include "broker/core.h"
#include "connection_limits.h"
#include "hosted_vhost.h"
#include "parameters.h"
#include "store/catalog.h"
#include "store/data_dir.h"

namespace leveret::server {

/// The virtual hosts, and who is let into them. Lookups come from any thread; changes block and are
/// made one after another.
class Vhosts final : public broker::CoreDirectory {
 public:
  /// All outlive it. `users` tells it of changes by user_changed().
  Vhosts(VhostSetting setting, const store::DataDir& data_dir, store::Catalog& catalog,
         auth::Users& users, Parameters& parameters);
  ~Vhosts() override;

  /// Opens what the catalog lists, and removes the files of what it does not list any more. Before
  /// the loop runs. Throws store::StoreError.
  void open_all();
  /// For those that are and those to come, but for the windows of queues that exist. Any thread.
  void set_limits(const broker::Limits& limits);
  /// For connections to come. Any thread.
  void set_connection_limits(const ConnectionLimits& limits);
  /// What the machine is short of, for those that are and those to come. Any thread.
  void set_alarms(broker::Alarms alarms);
  /// The rights of `user` have changed, or he is gone. Any thread.
  void user_changed(const std::string& user);
  /// A token is gone. Any thread.
  void token_ended(const std::string& token);

  std::shared_ptr<broker::Core> find(std::string_view vhost) const override;
  std::vector<std::shared_ptr<broker::Core>> all() const override;
  std::optional<broker::VhostInfo> describe(std::string_view vhost) const override;
  std::shared_ptr<const broker::Access> access(const std::string& user,
                                               const std::string& vhost) const override;
  broker::Admission admit(const std::string& user, const std::string& vhost,
                          const std::string& address) override;
  bool put(const broker::VhostInfo& info) override;
  bool remove(const std::string& vhost) override;
  void set_limit(const std::string& vhost, const std::string& name, std::int64_t value) override;
  void clear_limit(const std::string& vhost, const std::string& name) override;

  // Stopping, on the loop.
  /// Consumers get nothing more.
  void stop_delivering();
  /// Messages that consumers hold.
  std::size_t unacked_count() const;
  /// Sends connection.close 320 to everybody.
  void close_clients(const std::string& reason);
  /// When the loop has stopped: writes everything and closes the files.
  void close_stores();
  /// Frees the virtual hosts, and with them the sessions that they hold; before the loops go.
  void drop_all();

 private:
  struct Entry {
    std::int64_t id = 0;
    broker::VhostInfo info;
    std::unique_ptr<HostedVhost> host;
  };
  /// Open connections; shared with the connections that are counted.
  struct Counts {
    std::mutex mutex;
    std::size_t all = 0;
    std::map<std::string, std::size_t> of_vhost;
    std::map<std::string, std::size_t> of_user;
    std::map<std::string, std::size_t> of_address;
  };

  std::shared_ptr<const broker::Access> find_access(const auth::User& user,
                                                    const std::string& vhost) const;
  std::string take_place(const auth::User& user, const broker::VhostInfo& vhost,
                         const std::string& address, std::shared_ptr<void>& place);
  std::vector<std::int64_t> orphans(const std::vector<store::VhostRow>& rows) const;
  VhostSetting setting() const;
  broker::Limits adapted(broker::Limits limits) const;
  void add(std::int64_t id, const broker::VhostInfo& info);
  void change(const std::string& vhost, const std::function<void(broker::VhostInfo&)>& edit);
  void retire(std::unique_ptr<Entry> entry);
  void remove_files(Entry* entry);

  broker::Alarms alarms_;
  /// Its limits change under mutex_.
  VhostSetting setting_;
  const store::DataDir& data_dir_;
  store::Catalog& catalog_;
  auth::Users& users_;
  Parameters& parameters_;
  /// Held over a change as a whole; mutex_ only while memory is touched.
  std::mutex change_mutex_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
  /// Deleted, and not quite gone.
  std::list<std::unique_ptr<Entry>> retiring_;
  ConnectionLimits connection_limits_;  // under the mutex of counts_
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  /// Compiled for connections that have come, as long as nothing changes.
  mutable std::mutex access_mutex_;
  mutable std::uint64_t access_generation_ = 0;
  mutable std::map<std::pair<std::string, std::string>, std::shared_ptr<const broker::Access>>
      access_;
  /// Closes the stores of what was deleted.
  boost::asio::thread_pool closer_{1};
};

}  // namespace leveret::server
