#include "broker/operations.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "amqp/reply_code.h"
#include "base/limit_counts.h"
#include "broker/dead_letter.h"
#include "broker/inspect.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

constexpr std::size_t step_messages = 256;
constexpr std::size_t failed_kept_max = 1000;
constexpr std::size_t operations_kept_max = 200;

}  // namespace

struct Operations::Operation {
  OperationView view;
  Seq after = 0;             // everything up to here has been seen
  std::size_t next_seq = 0;  // into the sorted selection
};

Operations::Operations(Vhost& vhost) : vhost_(vhost) {}
Operations::~Operations() = default;

OperationView Operations::start(OperationRequest request) {
  const Queue& queue = vhost_.queue(request.queue, ConnectionId{});
  if (!request.target.empty()) vhost_.queue(request.target, ConnectionId{});
  check_limit();
  Selection& selection = request.selection;
  std::ranges::sort(selection.seqs);
  std::vector<Seq>& seqs = selection.seqs;
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
  auto operation = std::make_unique<Operation>();
  OperationView& view = operation->view;
  view.id = ++last_id_;
  view.created = vhost_.now();
  if (selection.all) {
    const Seq newer = queue.last_seq() - std::min(queue.last_seq(), selection.snapshot_seq);
    view.total = queue.ready().count() - std::min<std::uint64_t>(queue.ready().count(), newer);
  } else {
    view.total = selection.seqs.size();
  }
  view.request = std::move(request);
  running_.push_back(view.id);
  while (operations_.size() >= operations_kept_max &&
         operations_.begin()->second->view.state != OperationState::running)
    operations_.erase(operations_.begin());
  return operations_.emplace(view.id, std::move(operation)).first->second->view;
}

void Operations::check_limit() const {
  const std::size_t most = vhost_.limits().operations_max;
  if (running_.size() < most) return;
  limits_reached.add(Limit::operations);
  throw amqp::Error{amqp::ReplyCode::precondition_failed,
                    "limit of replays and removals that have not ended in vhost '" + vhost_.name() +
                        "' (" + std::to_string(most) + ") is reached"};
}

std::vector<OperationView> Operations::views() const {
  std::vector<OperationView> views;
  for (const auto& [id, operation] : operations_) views.push_back(operation->view);
  return views;
}

std::optional<OperationView> Operations::view(OperationId id) const {
  const auto it = operations_.find(id);
  if (it == operations_.end()) return std::nullopt;
  return it->second->view;
}

bool Operations::cancel(OperationId id) {
  const auto it = operations_.find(id);
  if (it == operations_.end()) return false;
  if (it->second->view.state == OperationState::running)
    finish(*it->second, OperationState::cancelled);
  return true;
}

void Operations::finish(Operation& operation, OperationState state) {
  operation.view.state = state;
  std::erase(running_, operation.view.id);
}

bool Operations::wants_step() const {
  if (running_.empty() || is_reading_) return false;
  const Queue* queue = vhost_.find_queue(operations_.at(running_.front())->view.request.queue);
  return queue == nullptr || !queue->is_held();
}

void Operations::step() {
  Operation& operation = *operations_.at(running_.front());
  const Selection& selection = operation.view.request.selection;
  if (vhost_.find_queue(operation.view.request.queue) == nullptr)
    return finish(operation, OperationState::done);
  if (!selection.all) {
    if (operation.next_seq == selection.seqs.size()) return finish(operation, OperationState::done);
    const Seq wanted = selection.seqs[operation.next_seq];
    if (wanted > 0) operation.after = std::max(operation.after, wanted - 1);
  }
  is_reading_ = true;
  vhost_.browse(operation.view.request.queue, operation.after, step_messages,
                [this, id = operation.view.id](const BrowsePage& page) { take_page(id, page); });
}

void Operations::take_page(OperationId id, const BrowsePage& page) {
  is_reading_ = false;
  const auto it = operations_.find(id);
  if (it == operations_.end() || it->second->view.state != OperationState::running) return;
  Operation& operation = *it->second;
  Queue* source = vhost_.find_queue(operation.view.request.queue);
  if (source == nullptr) return finish(operation, OperationState::done);
  const Selection& selection = operation.view.request.selection;
  const Seq page_end = page.next != 0 ? page.next : std::numeric_limits<Seq>::max();
  for (const BrowsedMessage& message : page.messages) {
    if (selection.all) {
      if (message.seq > selection.snapshot_seq) break;
    } else {
      // Those that were wanted and are not there any more.
      for (; operation.next_seq < selection.seqs.size() &&
             selection.seqs[operation.next_seq] < message.seq;
           ++operation.next_seq)
        ++operation.view.skipped;
      if (operation.next_seq == selection.seqs.size()) break;
      if (selection.seqs[operation.next_seq] != message.seq) continue;
      ++operation.next_seq;
    }
    act_on(operation, *source, message);
  }
  operation.after = page_end;
  for (; !selection.all && operation.next_seq < selection.seqs.size() &&
         selection.seqs[operation.next_seq] <= page_end;
       ++operation.next_seq)
    ++operation.view.skipped;
  vhost_.finish_command();
  const bool is_over = selection.all ? page.next == 0 || page.next >= selection.snapshot_seq
                                     : operation.next_seq == selection.seqs.size();
  if (is_over) finish(operation, OperationState::done);
}

void Operations::act_on(Operation& operation, Queue& source, const BrowsedMessage& message) {
  OperationView& view = operation.view;
  if (message.is_unacked) {
    ++view.skipped;
    return;
  }
  Queue* target = nullptr;
  MessagePtr replayed;
  if (view.request.kind == OperationKind::replay) {
    try {
      target = find_target(operation, source, message);
      if (target == nullptr) return;
      replayed =
          make_replay(*message.message, target->name(), view.request.actor, view.id, vhost_.now());
    } catch (const amqp::Error& error) {  // its headers have grown beyond what can be read again
      return fail(operation, message.seq, std::string{"its headers: "} + error.what());
    }
  }
  const StoredMessage stored{.seq = message.seq,
                             .delivery_count = message.delivery_count,
                             .content = message.content,
                             .message = message.message,
                             .keeper = message.keeper};
  std::optional<Entry> entry = source.extract(message.seq, &stored);
  if (!entry) {
    ++view.skipped;
    return;
  }
  source.forget(*entry);
  ++view.done;
  if (target == nullptr) {
    ++source.stats.purged;
    return;
  }
  target->push(replayed, 0, ConfirmOrigin{});
}

Queue* Operations::find_target(Operation& operation, const Queue& source,
                               const BrowsedMessage& message) {
  const std::string& wanted = operation.view.request.target;
  const std::string name = wanted.empty() ? original_queue(*message.message) : wanted;
  if (name.empty()) {
    fail(operation, message.seq,
         "it has no x-death header that says where it came from: name a target queue");
    return nullptr;
  }
  Queue* target = vhost_.find_queue(name);
  if (target == nullptr) {
    fail(operation, message.seq, "queue '" + name + "' does not exist");
  } else if (target == &source) {
    fail(operation, message.seq, "queue '" + name + "' is where it is already");
    target = nullptr;
  } else if (!target->accepts_publish(message.message->body().size())) {
    fail(operation, message.seq, "queue '" + name + "' is full and rejects what is published");
    target = nullptr;
  }
  return target;
}

void Operations::fail(Operation& operation, Seq seq, std::string reason) {
  ++operation.view.failed_count;
  if (operation.view.failed.size() < failed_kept_max)
    operation.view.failed.push_back({seq, std::move(reason)});
}

}  // namespace leveret::broker
