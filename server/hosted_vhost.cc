#include "hosted_vhost.h"

#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "server.h"

namespace leveret::server {
namespace {

/// How long the clients of a deleted virtual host may take to answer their connection.close.
constexpr TimeMs clients_patience_ms = 5'000;
constexpr std::chrono::milliseconds clients_poll{50};

/// A store that has failed cannot say any more what is on disk: nothing may be confirmed after
/// this.
[[noreturn]] void end_after_store_failure(const std::string& text) {
  log::critical(text);
  std::_Exit(exit_io_error);
}

store::StoreCallbacks callbacks_to(CoreLoop* core, broker::Keeper keeper) {
  return {.committed =
              [core, keeper](broker::CommitNumber number) {
                core->post(
                    [number, keeper](broker::Vhost& vhost) { vhost.take_commit(number, keeper); });
              },
          .post =
              [core](std::function<void()> turn) {
                core->post([turn = std::move(turn)](broker::Vhost&) { turn(); });
              },
          .disk_full =
              [core, keeper](bool is_full) {
                core->post([is_full, keeper](broker::Vhost& vhost) {
                  vhost.set_disk_full(is_full, keeper);
                });
              },
          .fatal = [](const std::string& text) { end_after_store_failure(text); }};
}

}  // namespace

HostedVhost::HostedVhost(const VhostSetting& setting, const std::string& name,
                         const std::string& file)
    : clock_(setting.clock),
      core_(std::make_shared<CoreLoop>(setting.loop, setting.clock, name)),
      timer_(setting.loop) {
  store::StoreOptions options = setting.store;
  options.file = file;
  using broker::Keeper;
  store_ = std::make_unique<store::Store>(options, callbacks_to(core_.get(), Keeper::journal));
  transient_store_ = std::make_unique<store::TransientStore>(
      options, callbacks_to(core_.get(), Keeper::transient_store));
  vhost_ = std::make_unique<broker::Vhost>(name, *store_, *transient_store_, setting.limits);
  vhost_->begin_turn(clock_.now());
  vhost_->recover(store_->recover());
  vhost_->end_turn();
  core_->set_vhost(*vhost_);
  // A turn without content arms the timer for what was recovered.
  core_->post([](broker::Vhost&) {});
}

HostedVhost::~HostedVhost() = default;

void HostedVhost::retire(const std::string& reason, std::function<void()> then) {
  core_->run([&reason](broker::Vhost& vhost) {
    vhost.refuse_connections(reason);
    vhost.close_all(reason);
  });
  retire_until_ = clock_.now() + clients_patience_ms;
  await_clients(then);
}

/// At least once around: a connection that was let in just before may still be on its way here.
void HostedVhost::await_clients(const std::function<void()>& then) {
  timer_.expires_after(clients_poll);
  timer_.async_wait([this, then](const boost::system::error_code& error) {
    if (error) return;
    if (vhost_->has_connections() && clock_.now() < retire_until_) return await_clients(then);
    drop_vhost();
    then();
  });
}

void HostedVhost::drop_vhost() {
  core_->retire();
  vhost_.reset();
}

void HostedVhost::close() {
  if (vhost_) {
    vhost_->begin_turn(clock_.now());
    vhost_->prepare_close();
    vhost_->end_turn();
  }
  close_stores();
}

void HostedVhost::close_stores() {
  store_->close();
  transient_store_->close();
}

}  // namespace leveret::server
