// What the model says of all queues as they are found at one moment.

#include <algorithm>
#include <utility>

#include "sim/model.h"

namespace leveret::sim {

void Model::crashed() {
  lines_.clear();
  for (Message& of : messages_) {
    for (Copy& copy : of.copies) {
      copy.holder = 0;
      if (std::exchange(copy.is_gone_for_now, false)) copy.is_gone = copy.is_assured = false;
      // A dead letter that was not on disk dies again, and the second one has not been seen.
      if (copy.source >= 0 && !copy.is_assured) copy.was_delivered = false;
      // What only one life knew of is open again.
      if (copy.ack != Ack::durable && copy.ack != Ack::none) copy.ack = Ack::sent;
      if (!survives_crash(copy)) copy.is_gone = true;
    }
    if (of.publish.is_in_tx)
      for (Copy& copy : of.copies) copy.is_gone = true;
  }
}

void Model::audit(const std::vector<std::vector<Found>>& found, bool is_after_crash) {
  Counts counts;
  count_found(found, counts);
  for (int queue = 0; queue < queue_count(); ++queue)
    check_queue_order(queue, found[static_cast<std::size_t>(queue)]);
  for (Message& of : messages_)
    for (Copy& copy : of.copies)
      if (copy.source < 0) check_copy(of, copy, counts, is_after_crash);
  if (is_after_crash) check_whole(counts);
  if (violation_) return;
  for (Message& of : messages_)
    for (Copy& copy : of.copies) adopt(copy, counts, is_after_crash);
}

void Model::count_found(const std::vector<std::vector<Found>>& found, Counts& counts) {
  for (int queue = 0; queue < queue_count(); ++queue) {
    for (const Found& each : found[static_cast<std::size_t>(queue)]) {
      Message* of = identify(each.body);
      Copy* copy = of ? find(*of, queue) : nullptr;
      if (copy == nullptr)
        return fail("GHOST",
                    "'" + each.body.substr(0, 8) + "' is in queue '" + rules(queue).name + "'");
      if (++counts[copy] > 1) fail("DUPLICATE", name(*copy) + " is there twice");
    }
  }
}

/// By arrival: what one channel has published in its order, and what was confirmed before the other
/// was published before it.
void Model::check_queue_order(int queue, const std::vector<Found>& found) {
  std::map<std::uint32_t, MessageId> last;
  std::uint64_t latest_sent = 0;
  for (const Found& each : found) {
    Message* of = identify(each.body);
    const Copy* copy = of ? find(*of, queue) : nullptr;
    if (copy == nullptr || copy->source >= 0) continue;
    MessageId& before = last[of->publish.publisher];
    if (copy->message < before)
      fail("ORDER", name(*copy) + " stands behind message " + std::to_string(before));
    before = copy->message;
    // What a transaction publishes is published by its commit.
    if (of->assured_stamp != 0 && of->assured_stamp < latest_sent)
      fail("ORDER", name(*copy) + " stands behind one that was published after its confirm");
    latest_sent = std::max(latest_sent, of->sent_stamp);
  }
}

void Model::check_copy(Message& of, Copy& copy, const Counts& counts, bool is_after_crash) {
  Copy* dead = dead_letter_of(of, copy);
  const bool is_here = counts.contains(&copy);
  const bool is_dead = dead && counts.contains(dead);
  const Ack over = is_after_crash ? Ack::durable : Ack::processed;
  if (is_here && !copy.is_sent) fail("GHOST", name(copy) + " is there before it was sent");
  if (is_here && copy.is_gone) fail("RESURRECT", name(copy) + " is there, and was gone");
  if (is_here && copy.ack >= over)
    fail("RESURRECT", name(copy) + " is there, and was acknowledged");
  if (is_here && copy.has_moved && !is_after_crash)
    fail("RESURRECT", name(copy) + " is there, and was a dead letter already");
  if (is_dead && !may_have_died(copy)) fail("GHOST", name(copy) + " is dead, and had no reason");
  if (is_dead && dead->is_gone) fail("RESURRECT", name(*dead) + " is there, and was gone");
  if (is_dead && dead->ack >= over)
    fail("RESURRECT", name(*dead) + " is there, and was acknowledged");
  if (is_here && is_dead) fail("DUPLICATE", name(copy) + " is there, and dead as well");
  // A dead letter that was seen stands for its source.
  const Copy& last = dead && dead->is_assured ? *dead : copy;
  const bool is_due = (copy.is_assured || last.is_assured) && last.ack == Ack::none &&
                      !last.is_gone && !may_be_dropped(copy) && !(dead && dead->ack != Ack::none) &&
                      !(dead && dead->is_gone);
  const bool may_be_dead = dead && may_have_died(copy);
  if (is_due && !is_here && !(may_be_dead && is_dead))
    fail("LOSS", name(copy) + (is_after_crash ? " did not survive" : " is not there"));
}

/// What was published at once is there whole or not at all.
void Model::check_whole(const Counts& counts) {
  struct Parts {
    bool some_there = false;
    bool some_missing = false;
  };
  std::map<std::uint32_t, Parts> transactions;
  for (Message& of : messages_) {
    if (of.is_answered || of.transaction == 0) continue;
    for (const Copy& copy : of.copies) {
      const bool is_telling = copy.source < 0 && survives_crash(copy) && !copy.was_delivered &&
                              !rules_of(copy).may_refuse && !may_be_dropped(copy) &&
                              !may_have_died(copy) && copy.ack == Ack::none && !copy.is_gone;
      if (!is_telling) continue;
      Parts& parts = transactions[of.transaction];
      (counts.contains(&copy) ? parts.some_there : parts.some_missing) = true;
      if (parts.some_there && parts.some_missing)
        fail("TORN", name(copy) + " and what was published with it is there in part");
    }
  }
}

void Model::adopt(Copy& copy, const Counts& counts, bool is_after_crash) {
  Message& of = message(copy.message);
  if (of.publish.is_in_tx) return;
  if (is_after_crash) of.is_answered = true;
  const Copy* source =
      copy.source < 0 ? nullptr : &of.copies[static_cast<std::size_t>(copy.source)];
  if (counts.contains(&copy)) {
    copy.is_sent = copy.is_assured = true;
    copy.ack = Ack::none;
    if (is_after_crash) copy.has_moved = false;
  } else if (source && counts.contains(source)) {
    copy = {
        .message = copy.message, .queue = copy.queue, .source = copy.source};  // it may die again
  } else if (source == nullptr || copy.is_sent) {
    // What expired while the broker was down dies when it starts; the clock may be set back before
    // the next start, when that is not on disk yet.
    copy.is_gone_for_now = is_after_crash && !copy.is_gone && may_have_died(copy);
    copy.is_gone = true;
  }
}

}  // namespace leveret::sim
