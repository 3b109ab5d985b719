#include "auth/backoff.h"

#include <algorithm>

namespace leveret::auth {
namespace {

/// Longer names share an entry: what somebody makes up must not fill the memory.
constexpr std::size_t name_bytes_max = 255;

std::string key_of_pair(std::string_view user, std::string_view address) {
  return std::string{address} + '\n' + std::string{user.substr(0, name_bytes_max)};
}

/// No address is empty, nor has it a line break, so it is no other's key.
std::string key_of_user(std::string_view user) {
  return '\n' + std::string{user.substr(0, name_bytes_max)};
}

}  // namespace

std::optional<Backoff::Duration> Backoff::delay(std::string_view user, std::string_view address,
                                                Time now) {
  const std::string key = key_of_pair(user, address);
  const Duration delay =
      std::max({delay_after(key, of_pair, now), delay_after(key_of_user(user), of_user, now),
                delay_after(std::string{address}, of_address, now)});
  if (delay == Duration::zero()) return delay;
  // The line is that of the pair: one address must not make another one wait for its attempts.
  Entry* const pair = find(key, now);
  Time start = now;
  if (pair) start = std::max(start, pair->free_at);
  const Time turn = start + delay;
  if (turn - now > wait_max) return std::nullopt;
  if (pair) pair->free_at = turn;
  return std::chrono::ceil<Duration>(turn - now);
}

void Backoff::failed(std::string_view user, std::string_view address, Time now) {
  note(std::string{address}, of_address, now);
  note(key_of_user(user), of_user, now);
  note(key_of_pair(user, address), of_pair, now);
}

void Backoff::succeeded(std::string_view user, std::string_view address) {
  const auto found = by_key_.find(key_of_pair(user, address));
  if (found == by_key_.end()) return;
  const auto entry = found->second;
  by_key_.erase(found);
  entries_.erase(entry);
}

Backoff::Entry* Backoff::find(const std::string& key, Time now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  Entry& entry = *found->second;
  if (now - entry.last_failure > memory) entry.failures = 0;
  return &entry;
}

void Backoff::note(const std::string& key, const Rule& rule, Time now) {
  if (Entry* known = find(key, now)) {
    entries_.splice(entries_.begin(), entries_, by_key_.at(known->key));
  } else {
    if (entries_.size() >= entries_max) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({.key = key, .failures = 0, .last_failure = now, .free_at = now});
    by_key_.emplace(entries_.front().key, entries_.begin());
  }
  Entry& entry = entries_.front();
  entry.failures = failures_of(entry, rule, now) + 1;
  entry.last_failure = now;
}

Backoff::Duration Backoff::delay_after(const std::string& key, const Rule& rule, Time now) {
  const Entry* entry = find(key, now);
  const unsigned failures = entry ? failures_of(*entry, rule, now) : 0;
  if (failures < rule.free_failures) return Duration::zero();
  const unsigned doublings = std::min(failures - rule.free_failures, 10U);
  return std::min<Duration>(delay_first * (1U << doublings), rule.delay_max);
}

unsigned Backoff::failures_of(const Entry& entry, const Rule& rule, Time now) {
  if (!rule.forgives) return entry.failures;
  const auto passed = std::chrono::floor<std::chrono::seconds>(now - entry.last_failure).count();
  return passed >= entry.failures ? 0 : entry.failures - static_cast<unsigned>(passed);
}

}  // namespace leveret::auth
