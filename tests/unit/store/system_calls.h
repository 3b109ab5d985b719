#pragma once

namespace leveret::store::test {

/// Stands between SQLite's own VFS and the system, and so under every store that names no other:
/// what a write answers, with the codes of errno(3). One at a time; nothing is open when it comes.
class SystemCalls {
 public:
  SystemCalls();
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;
  ~SystemCalls();

  /// The n-th write from now on fails, and only that one; or all from there on, until heal().
  void fail_write_at(int n, int error);
  void fail_writes_from(int n, int error);
  /// Writes are interrupted by turns, and take a part of what they were given else.
  void write_in_pieces();
  void heal();
  /// Whether a write has failed, or was cut short, as it was asked to.
  bool has_come() const;
};

}  // namespace leveret::store::test
