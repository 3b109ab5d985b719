#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "broker/limits.h"
#include "broker/vhost.h"
#include "core_loop.h"
#include "store/store.h"
#include "store/transient_store.h"

namespace leveret::server {

/// What all virtual hosts have in common; outlives them.
struct VhostSetting {
  boost::asio::io_context& loop;
  const Clock& clock;
  broker::Limits limits;
  store::StoreOptions store;
};

/// One virtual host with all that belongs to it: core, stores, and their ends.
class HostedVhost {
 public:
  /// Opens the store in `file` and recovers what it holds; nothing runs on the loop before this is
  /// done. Throws store::StoreError. Any thread.
  HostedVhost(const VhostSetting& setting, const std::string& name, const std::string& file);
  ~HostedVhost();
  HostedVhost(const HostedVhost&) = delete;
  HostedVhost& operator=(const HostedVhost&) = delete;

  const std::shared_ptr<CoreLoop>& core() const { return core_; }

  /// Closes the connections with `reason`, lets none in any more, and calls `then` on the loop when
  /// the clients have gone or have had their time. On the loop.
  void retire(const std::string& reason, std::function<void()> then);
  /// Frees what the virtual host holds in memory. On the loop, or when it has stopped.
  void drop_vhost();
  /// Writes what is only written now and then, and closes the store; blocks. When the loop has
  /// stopped.
  void close();
  /// Closes its stores; the virtual host must have been dropped. Blocks; any thread.
  void close_stores();

 private:
  void await_clients(const std::function<void()>& then);

  const Clock& clock_;
  std::shared_ptr<CoreLoop> core_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::TransientStore> transient_store_;
  std::unique_ptr<broker::Vhost> vhost_;
  boost::asio::steady_timer timer_;
  TimeMs retire_until_ = 0;
};

}  // namespace leveret::server
