#pragma once

#include "http/definitions/definitions.h"
#include "http/json.h"

namespace leveret::http {

/// How the objects of one list are taken in.
struct ObjectList {
  std::string_view name;
  /// Whether definitions of a single virtual host have it.
  bool is_of_vhost = false;
  void (*take)(const class Item& item, const std::string& vhost, Definitions& definitions);
};

/// Null for a list that nobody knows.
const ObjectList* find_object_list(std::string_view name);

}  // namespace leveret::http
