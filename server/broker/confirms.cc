#include "broker/confirms.h"

namespace leveret::broker {

std::uint64_t Confirms::add(CommitNumber commit) {
  pending_.push_back({.commit = commit});
  return first_ + pending_.size() - 1;
}

void Confirms::copy_settled(std::uint64_t number) {
  if (number < first_ || number >= first_ + pending_.size()) return;
  ++pending_[number - first_].settled;
}

void Confirms::collect(ChannelNumber channel, std::vector<Outgoing>& out) {
  std::uint64_t acked = 0;  // how many acks wait to be sent as one
  const auto send_acked = [&] {
    if (acked > 0) out.emplace_back(Confirm{channel, acked > 1, false, first_ - 1});
    acked = 0;
  };
  while (has_ready()) {
    const bool is_refused = pending_.front().is_refused;
    if (is_refused) send_acked();
    pending_.pop_front();
    ++first_;
    if (is_refused)
      out.emplace_back(Confirm{channel, false, true, first_ - 1});
    else
      ++acked;
  }
  send_acked();
}

}  // namespace leveret::broker
