#pragma once

namespace leveret::server {

/// Unmaps the code and the constants that only a start needs: a broker that waits for its first
/// client is a third smaller. What is still wanted is mapped again, page by page, from the file
/// that the kernel has in memory anyway. Any thread; what cannot be unmapped stays.
void let_go_of_start_pages();

}  // namespace leveret::server
