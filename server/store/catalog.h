#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/user.h"
#include "broker/core.h"
#include "broker/import_log.h"
#include "broker/parameters.h"

namespace leveret::store {

struct VhostRow {
  std::int64_t id = 0;
  broker::VhostInfo info;
};

/// What is common to all virtual hosts: which there are, the users and what they may do. Small and
/// seldom written; every change is on disk when it returns. Any thread. All throw StoreError.
class Catalog final : public auth::UserStore, public broker::ImportLog {
 public:
  /// Opens or creates `file`. `vfs` names a SQLite VFS, for tests.
  explicit Catalog(const std::string& file, const std::string& vfs = {});
  ~Catalog() override;

  std::vector<VhostRow> vhosts();
  /// Adds the virtual host, or changes what describes the one with that name, but not its limits.
  /// Returns its id, new when the name is. Ids are never used again.
  std::int64_t put_vhost(const broker::VhostInfo& info);
  /// With all permissions in it.
  void drop_vhost(const std::string& name);
  /// The highest that put_vhost() has ever returned, of virtual hosts that are gone too.
  std::int64_t last_vhost_id();
  void put_vhost_limit(const std::string& vhost, const std::string& name, std::int64_t value);
  void drop_vhost_limit(const std::string& vhost, const std::string& name);

  /// The global ones too.
  std::vector<broker::Parameter> parameters();
  /// All or none.
  void put_parameters(const std::vector<broker::Parameter>& parameters);
  /// The one with that virtual host, component and name.
  void drop_parameter(const broker::Parameter& parameter);

  std::vector<auth::User> users();
  std::vector<auth::Permission> permissions();
  std::vector<auth::TopicPermission> topic_permissions();
  std::vector<auth::Token> tokens();

  void put_user(const auth::User& user) override;
  void drop_user(const std::string& name) override;
  void put_permission(const auth::Permission& permission) override;
  void drop_permission(const std::string& user, const std::string& vhost) override;
  void put_topic_permission(const auth::TopicPermission& permission) override;
  void drop_topic_permission(const std::string& user, const std::string& vhost,
                             const std::string& exchange) override;
  void put_user_limit(const std::string& user, const std::string& name,
                      std::int64_t value) override;
  void drop_user_limit(const std::string& user, const std::string& name) override;
  void put_token(const auth::Token& token) override;
  void drop_token(const std::string& id) override;

  void begin_import(const broker::PendingImport& import) override;
  std::optional<broker::PendingImport> pending_import() override;
  void finish_import(const broker::PendingImport& import) override;
  std::string imported_digest(const std::string& file) override;
  /// What other threads change meanwhile becomes durable with it too.
  void group(const std::function<void()>& changes) override;

 private:
  struct Database;
  class Change;
  std::mutex mutex_;
  std::unique_ptr<Database> database_;
};

}  // namespace leveret::store
