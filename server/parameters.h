#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "broker/parameters.h"
#include "store/catalog.h"

namespace leveret::server {

/// The parameters in memory, as the catalog has them on disk.
class Parameters final : public broker::ParameterDirectory {
 public:
  /// `catalog` outlives it. Throws store::StoreError.
  explicit Parameters(store::Catalog& catalog);

  std::vector<broker::Parameter> all() const override;
  std::optional<std::string> find(std::string_view vhost, std::string_view component,
                                  std::string_view name) const override;
  std::size_t put(const std::vector<broker::Parameter>& parameters) override;
  bool remove(std::string_view vhost, std::string_view component, std::string_view name) override;
  /// The virtual host is gone, from the catalog too.
  void forget_vhost(const std::string& vhost);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;

  store::Catalog& catalog_;
  /// Held over a change as a whole; mutex_ only while memory is touched.
  std::mutex change_mutex_;
  mutable std::mutex mutex_;
  std::map<Key, std::string> values_;
};

}  // namespace leveret::server
