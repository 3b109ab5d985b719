#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace leveret::store {

struct VhostRow {
  std::int64_t id = 0;
  std::string name;
};

struct UserRow {
  std::string name;
  /// Never the password itself.
  std::string password_hash;
  std::vector<std::string> tags;
};

/// What is common to all virtual hosts: which there are, and the users. Small and seldom written;
/// every put is on disk when it returns. One thread at a time. All throw StoreError.
class Catalog {
 public:
  /// Opens or creates `file`. `vfs` names a SQLite VFS, for tests.
  explicit Catalog(const std::string& file, const std::string& vfs = {});
  ~Catalog();

  std::vector<VhostRow> vhosts();
  /// The virtual host's id, new when the name is. Ids are never used again.
  std::int64_t put_vhost(const std::string& name);
  void drop_vhost(const std::string& name);

  std::vector<UserRow> users();
  /// Adds the user, or replaces the one with that name.
  void put_user(const UserRow& user);
  void drop_user(const std::string& name);

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace leveret::store
