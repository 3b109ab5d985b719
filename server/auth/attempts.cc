#include "auth/attempts.h"

namespace leveret::auth {
namespace {

constexpr std::size_t name_bytes_max = 255;

void count(Attempts::Counts& counts, bool has_succeeded) {
  ++(has_succeeded ? counts.succeeded : counts.failed);
}

}  // namespace

void Attempts::note(const Login& login, bool has_succeeded) {
  count(totals_.at(static_cast<std::size_t>(login.protocol)), has_succeeded);
  Source source{login.protocol,
                std::string{login.address},
                std::string{login.user.substr(0, name_bytes_max)},
                {}};
  const auto known = by_key_.find(key_of(source));
  if (known != by_key_.end()) {
    sources_.splice(sources_.begin(), sources_, known->second);
  } else {
    if (sources_.size() == sources_max) {
      by_key_.erase(key_of(sources_.back()));
      sources_.pop_back();
    }
    sources_.push_front(std::move(source));
    by_key_.emplace(key_of(sources_.front()), sources_.begin());
  }
  count(sources_.front().counts, has_succeeded);
}

std::vector<Attempts::Total> Attempts::totals() const {
  std::vector<Total> all;
  for (const Protocol protocol : {Protocol::amqp, Protocol::http}) {
    const Counts& counts = totals_.at(static_cast<std::size_t>(protocol));
    if (counts.succeeded + counts.failed > 0) all.push_back({protocol, counts});
  }
  return all;
}

void Attempts::clear() {
  totals_ = {};
  by_key_.clear();
  sources_.clear();
}

}  // namespace leveret::auth
