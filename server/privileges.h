#pragma once

#include <string>

namespace leveret::server {

/// Makes this process, which root has started, that of `user` for good, with his groups, after it
/// has made `data_dir` (if there is none) and given it to him; nothing when `user` is empty or who
/// we are already. Before the first thread. Throws StartError that says what cannot be done.
void become(const std::string& user, const std::string& data_dir);

}  // namespace leveret::server
