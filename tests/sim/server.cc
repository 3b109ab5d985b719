#include "sim/server.h"

#include <exception>
#include <utility>

#include "broker/queue_survey.h"
#include "net/outgoing.h"

namespace leveret::sim {
namespace {

using net::Handshake;

/// The clock of the store's writer, which takes a function without more.
const SimClock* clock_of_writer = nullptr;
std::chrono::steady_clock::time_point writer_now() {
  return std::chrono::steady_clock::time_point(
      std::chrono::milliseconds(clock_of_writer->monotonic));
}

/// How far the core's clock is behind, in milliseconds.
TimeMs lateness(const Plant& plant) {
  return plant.fault == Fault::late_expiry ? 50 : 0;
}

}  // namespace

/// What stands between a client's octets and the core.
class Server::Session final : public broker::Outbox,
                              public std::enable_shared_from_this<Server::Session> {
 public:
  Session(Server& server, std::uint64_t id)
      : server_(server),
        id_{id},
        handshake_({.channel_max = 16, .frame_max = server.options_.frame_max, .heartbeat_s = 0},
                   "simulated") {}

  ServerOutput output;

  void receive(std::string_view bytes) {
    if (is_closing_) return;
    input_ += bytes;
    if (!reader_) shake_hands();
    while (reader_ && !is_closing_ && decode()) {
    }
  }

  void send(std::vector<broker::Outgoing>& records) override {
    plant_output(records, server_.plant_);
    net::OutgoingBytes bytes;
    for (const broker::Outgoing& record : records) {
      bytes.append(record, frame_max_);
      if (const auto* close = std::get_if<broker::CloseConnection>(&record)) {
        is_closing_ = true;
        output.is_ended = close->is_reply;
      }
    }
    records.clear();
    std::vector<net::Piece> pieces;
    bytes.collect(pieces);
    for (const net::Piece piece : pieces) output.bytes += piece;
    costs_.push_back({output.bytes.size(), bytes.cost_bytes()});
    mark();
  }
  void consumed(std::size_t) override {}

  /// What the core is to be told when the network has taken `size` octets.
  std::size_t take(std::size_t size) {
    output.bytes.erase(0, size);
    std::size_t cost = 0;
    for (Cost& each : costs_) each.end -= std::min(each.end, size);
    for (auto& each : output.marks) each.end -= std::min(each.end, size);
    while (!costs_.empty() && costs_.front().end == 0) {
      cost += costs_.front().bytes;
      costs_.pop_front();
    }
    while (!output.marks.empty() && output.marks.front().end == 0) output.marks.pop_front();
    return cost;
  }

 private:
  struct Cost {
    std::size_t end;
    std::size_t bytes;
  };

  void mark() { output.marks.push_back({output.bytes.size(), server_.now()}); }

  void shake_hands() {
    using Next = Handshake::Next;
    std::string_view rest = input_;
    while (!is_closing_ && !handshake_.is_open()) {
      Next next = handshake_.receive(rest, output.bytes);
      if (next == Next::need_bytes) break;
      if (next == Next::check_login) next = handshake_.login_result(true, output.bytes);
      if (next == Next::find_vhost) next = handshake_.vhost_result(true, output.bytes);
      is_closing_ = next == Next::closing || next == Next::end;
    }
    input_.erase(0, input_.size() - rest.size());
    mark();
    if (handshake_.is_open()) open();
  }

  void open() {
    const net::ClientHello& hello = handshake_.hello();
    frame_max_ = hello.tuned.frame_max;
    reader_.emplace(net::CommandReader::Limits{.frame_max = frame_max_,
                                               .message_bytes_max = 1U << 20U,
                                               .channels_max = 16,
                                               .work_per_read_max = 40});
    broker::ConnectionInfo info;
    info.name = "client " + std::to_string(id_.value);
    info.user = handshake_.credentials().user;
    info.channel_max = hello.tuned.channel_max;
    info.frame_max = frame_max_;
    info.consumer_cancel_notify = hello.consumer_cancel_notify;
    info.connection_blocked = hello.connection_blocked;
    server_.run([&](broker::Vhost& vhost) {
      vhost.open_connection(id_, std::move(info), shared_from_this());
    });
  }

  /// Returns whether it has to be called again.
  bool decode() {
    // The commands' views point into these octets until the core has consumed them.
    const auto chunk = std::make_shared<const std::string>(input_);
    auto kept = std::make_shared<std::vector<BlobRef>>();
    broker::CommandBatch batch;
    const auto result = reader_->read(*chunk, server_.now(), batch.commands, *kept);
    reader_->detach();
    input_.erase(0, result.consumed_bytes);
    std::erase_if(batch.commands, [&](const broker::Command& command) {
      return std::holds_alternative<amqp::basic::Ack>(command.method) &&
             server_.plant_.strikes(Fault::lost_ack);
    });
    if (!batch.commands.empty()) {
      batch.bytes = batch.octets = result.consumed_bytes;
      batch.bytes_owner =
          std::make_shared<const std::pair<decltype(chunk), decltype(kept)>>(chunk, kept);
      server_.run([&](broker::Vhost& vhost) { vhost.receive(id_, std::move(batch)); });
    }
    if (!result.failure) return result.has_more;
    const net::CommandReader::Failure& failure = *result.failure;
    server_.run([&](broker::Vhost& vhost) {
      failure.channel == 0 ? vhost.fail_connection(id_, failure.error)
                           : vhost.fail_channel(id_, failure.channel, failure.error);
    });
    return failure.channel != 0;
  }

  Server& server_;
  const ConnectionId id_;
  Handshake handshake_;
  std::optional<net::CommandReader> reader_;
  std::uint32_t frame_max_ = 0;
  std::string input_;
  std::deque<Cost> costs_;
  bool is_closing_ = false;
};

Server::Server(Options options, Disk& disk, const SimClock& clock, const Plant& plant)
    : options_(std::move(options)),
      disk_(disk),
      clock_(clock),
      plant_(plant),
      wall_at_start_(clock.wall_offset) {
  options_.store.vfs = disk.vfs_name();
  options_.store.has_threads = false;
  options_.store.steady_now = writer_now;
  options_.store.sync_commits = plant.fault != Fault::no_sync;
  // A file of bodies that was never synced is a damaged store, and so is a redo log that is newer
  // than the file beside it: not what that fault is for.
  if (plant.fault == Fault::no_sync) {
    options_.store.large_body_bytes = 1 << 30;
    options_.store.redo_bytes = 0;
  }
  clock_of_writer = &clock;
  try {
    store_ = std::make_unique<store::Store>(options_.store, callbacks(broker::Keeper::journal));
    transient_store_ = std::make_unique<store::TransientStore>(
        options_.store, callbacks(broker::Keeper::transient_store));
    planted_journal_ = plant_journal(*store_, plant);
    vhost_ =
        std::make_unique<broker::Vhost>("/", *planted_journal_, *transient_store_, options_.limits);
    const broker::Recovered recovered = store_->recover();
    run([&](broker::Vhost& vhost) { vhost.recover(recovered); });
  } catch (const std::exception& error) {
    death_ = error.what();
  }
}

/// As a process ends: what it would still write is not written. The disk has been stopped for that.
Server::~Server() {
  if (death_.empty()) death_ = "killed";
  vhost_.reset();
  transient_store_.reset();
  store_.reset();
}

store::StoreCallbacks Server::callbacks(broker::Keeper keeper) {
  return {.committed =
              [this, keeper](broker::CommitNumber number) {
                if (is_dead()) return;
                posted_.emplace_back(
                    [number, keeper](broker::Vhost& vhost) { vhost.take_commit(number, keeper); });
              },
          .post =
              [this](std::function<void()> turn) {
                if (is_dead()) return;
                posted_.emplace_back([turn = std::move(turn)](broker::Vhost&) { turn(); });
              },
          .disk_full =
              [this, keeper](bool is_full) {
                if (is_dead()) return;
                posted_.emplace_back([is_full, keeper](broker::Vhost& vhost) {
                  vhost.set_disk_full(is_full, keeper);
                });
              },
          .fatal = [this](const std::string& text) { death_ = text; }};
}

void Server::run(const std::function<void(broker::Vhost&)>& work) {
  vhost_->begin_turn(now() - lateness(plant_));
  work(*vhost_);
  vhost_->end_turn();
  const broker::CommitNumber commit = store_->current_commit() - 1;
  if (plant_.fault == Fault::early_confirm && commit > early_commit_) {
    early_commit_ = commit;
    posted_.emplace_back([commit](broker::Vhost& vhost) { vhost.take_commit(commit); });
  }
}

TimeMs Server::next_deadline() const {
  const TimeMs deadline = vhost_->next_deadline();
  return deadline == broker::Vhost::never ? deadline : deadline + lateness(plant_);
}

bool Server::turn() {
  if (posted_.empty()) {
    if (next_deadline() > now()) return false;
    run([](broker::Vhost&) {});
    return true;
  }
  const auto work = std::move(posted_.front());
  posted_.pop_front();
  run(work);
  return true;
}

bool Server::step(store::StorePart part) {
  const bool is_done = store_->step(part);
  return transient_store_->step(part) || is_done;
}

std::optional<broker::QueueView> Server::queue(std::string_view name) const {
  return broker::QueueSurvey{*vhost_}.view(*vhost_, name);
}

Server::Session* Server::find(std::uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Server::connect(std::uint64_t id) {
  sessions_.emplace(id, std::make_shared<Session>(*this, id));
}

void Server::receive(std::uint64_t id, std::string_view bytes) {
  if (Session* session = find(id)) session->receive(bytes);
}

ServerOutput& Server::output(std::uint64_t id) {
  return find(id)->output;
}

void Server::taken(std::uint64_t id, std::size_t size) {
  Session* session = find(id);
  const std::size_t cost = session->take(size);
  if (cost > 0) run([&](broker::Vhost& vhost) { vhost.drained(ConnectionId{id}, cost, size); });
}

void Server::drop(std::uint64_t id) {
  if (sessions_.erase(id) == 0) return;
  run([&](broker::Vhost& vhost) { vhost.drop_connection(ConnectionId{id}); });
}

void Server::set_memory_alarm(bool is_low) {
  run([&](broker::Vhost& vhost) { vhost.set_machine_alarms({.memory = is_low, .disk = false}); });
}

void Server::stop() {
  run([](broker::Vhost& vhost) { vhost.prepare_close(); });
  transient_store_->close();
  store_->close();
}

}  // namespace leveret::sim
