#include "parameters.h"

namespace leveret::server {

Parameters::Parameters(store::Catalog& catalog) : catalog_(catalog) {
  for (const broker::Parameter& each : catalog_.parameters())
    values_.emplace(Key{each.vhost, each.component, each.name}, each.value);
}

std::vector<broker::Parameter> Parameters::all() const {
  const std::lock_guard lock{mutex_};
  std::vector<broker::Parameter> all;
  for (const auto& [key, value] : values_)
    all.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), value});
  return all;
}

std::optional<std::string> Parameters::find(std::string_view vhost, std::string_view component,
                                            std::string_view name) const {
  const std::lock_guard lock{mutex_};
  const auto found =
      values_.find(Key{std::string{vhost}, std::string{component}, std::string{name}});
  return found == values_.end() ? std::nullopt : std::optional{found->second};
}

std::size_t Parameters::put(const std::vector<broker::Parameter>& parameters) {
  const std::lock_guard change{change_mutex_};
  catalog_.put_parameters(parameters);
  const std::lock_guard lock{mutex_};
  const std::size_t before = values_.size();
  for (const broker::Parameter& each : parameters)
    values_.insert_or_assign(Key{each.vhost, each.component, each.name}, each.value);
  return values_.size() - before;
}

bool Parameters::remove(std::string_view vhost, std::string_view component, std::string_view name) {
  const std::lock_guard change{change_mutex_};
  if (!find(vhost, component, name)) return false;
  const Key key{std::string{vhost}, std::string{component}, std::string{name}};
  catalog_.drop_parameter({std::get<0>(key), std::get<1>(key), std::get<2>(key), {}});
  const std::lock_guard lock{mutex_};
  values_.erase(key);
  return true;
}

void Parameters::forget_vhost(const std::string& vhost) {
  const std::lock_guard lock{mutex_};
  std::erase_if(values_, [&](const auto& entry) { return std::get<0>(entry.first) == vhost; });
}

}  // namespace leveret::server
