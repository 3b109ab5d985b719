#include "http/definitions/compare.h"

#include <string_view>
#include <utility>

#include "amqp/reply_code.h"
#include "auth/password.h"
#include "broker/arguments.h"

namespace leveret::http {
namespace {

void add_difference(Step& step, std::string_view field, Json is, Json wanted) {
  if (is == wanted) return;
  if (step.differences.is_null()) step.differences = Json::array();
  step.differences.push_back(
      {{"field", field}, {"is", std::move(is)}, {"wanted", std::move(wanted)}});
}

void add_table_differences(Step& step, const std::string& prefix, const amqp::Table& is,
                           const amqp::Table& wanted) {
  const Json current = to_json(is);
  const Json other = to_json(wanted);
  for (const auto& [name, value] : current.items())
    add_difference(step, prefix + name, value, other.value(name, Json{}));
  for (const auto& [name, value] : other.items())
    if (!current.contains(name)) add_difference(step, prefix + name, nullptr, value);
}

/// What differs can be changed.
void set_changed(Step& step) {
  step.action = step.differences.is_null() ? Action::same : Action::change;
}

/// `check` throws when a client's declaration with these arguments would be refused; so it would be
/// for any difference that has been found already.
template <class F>
void set_conflict(Step& step, const amqp::Table& is, const amqp::Table& wanted, F check) {
  bool is_conflict = !step.differences.is_null();
  try {
    check();
  } catch (const amqp::Error&) {
    is_conflict = true;
  }
  step.action = is_conflict ? Action::conflict : Action::same;
  if (is_conflict) add_table_differences(step, "arguments.", is, wanted);
}

}  // namespace

void compare(Step& step, const broker::VhostInfo& is, const VhostDefinition& wanted) {
  if (wanted.description) add_difference(step, "description", is.description, *wanted.description);
  if (wanted.tags) add_difference(step, "tags", is.tags, *wanted.tags);
  if (wanted.default_queue_type)
    add_difference(step, "default_queue_type", is.default_queue_type, *wanted.default_queue_type);
  set_changed(step);
}

void compare(Step& step, const auth::User& is, const UserDefinition& wanted) {
  if (wanted.tags) add_difference(step, "tags", is.tags, *wanted.tags);
  if (wanted.limits) add_difference(step, "limits", Json(is.limits), Json(*wanted.limits));
  const bool is_same = wanted.password_hash ? *wanted.password_hash == is.password_hash
                       : wanted.password ? auth::verify_password(*wanted.password, is.password_hash)
                                         : true;
  if (!is_same) add_difference(step, "password", "the present one", "another one");
  set_changed(step);
}

void compare(Step& step, const auth::Permission& is, const auth::Permission& wanted) {
  add_difference(step, "configure", is.configure, wanted.configure);
  add_difference(step, "write", is.write, wanted.write);
  add_difference(step, "read", is.read, wanted.read);
  set_changed(step);
}

void compare(Step& step, const auth::TopicPermission& is, const auth::TopicPermission& wanted) {
  add_difference(step, "write", is.write, wanted.write);
  add_difference(step, "read", is.read, wanted.read);
  set_changed(step);
}

void compare(Step& step, const std::string& is, const std::string& wanted) {
  add_difference(step, "value", Json::parse(is, nullptr, false),
                 Json::parse(wanted, nullptr, false));
  set_changed(step);
}

void compare(Step& step, const auth::Limits& is, const auth::Limits& wanted) {
  add_difference(step, "limits", Json(is), Json(wanted));
  set_changed(step);
}

void compare(Step& step, const broker::PolicyRecord& is, const broker::PolicyRecord& wanted) {
  add_difference(step, "pattern", is.pattern, wanted.pattern);
  add_difference(step, "apply-to", is.apply_to, wanted.apply_to);
  add_difference(step, "priority", is.priority, wanted.priority);
  add_table_differences(step, "definition.", is.definition, wanted.definition);
  set_changed(step);
}

void compare(Step& step, const broker::ExchangeDefinition& is,
             const broker::ExchangeDefinition& wanted) {
  add_difference(step, "type", is.type, wanted.type);
  add_difference(step, "durable", is.durable, wanted.durable);
  add_difference(step, "auto_delete", is.auto_delete, wanted.auto_delete);
  add_difference(step, "internal", is.internal, wanted.internal);
  set_conflict(step, is.arguments, wanted.arguments, [&] {
    broker::assert_argument_equivalent("alternate-exchange", wanted.arguments, is.arguments, "");
  });
}

void compare(Step& step, const broker::QueueDefinition& is, const broker::QueueDefinition& wanted) {
  add_difference(step, "durable", is.durable, wanted.durable);
  add_difference(step, "auto_delete", is.auto_delete, wanted.auto_delete);
  set_conflict(step, is.arguments, wanted.arguments, [&] {
    broker::assert_queue_arguments_equivalent(wanted.arguments, is.arguments, "");
  });
}

void compare_with_exclusive(Step& step) {
  step.action = Action::conflict;
  add_difference(step, "exclusive", true, false);
}

}  // namespace leveret::http
