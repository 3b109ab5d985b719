#include "broker/exchange.h"

#include "amqp/reply_code.h"
#include "broker/arguments.h"
#include "broker/queue.h"

namespace leveret::broker {
namespace {

/// What makes two bindings of one exchange the same: destination, key and arguments.
std::string identity_of(const Binding& binding) {
  std::string key = binding.queue ? "q" : "e";
  amqp::Writer writer{key};
  writer.write_short_string(binding.queue ? binding.queue->name() : binding.exchange->name());
  writer.write_short_string(binding.routing_key);
  amqp::write_table(writer, binding.arguments);
  return key;
}

}  // namespace

Exchange::Exchange(const ExchangeSpec& spec)
    : name_(spec.name),
      type_(spec.type),
      durable_(spec.durable),
      auto_delete_(spec.auto_delete),
      internal_(spec.internal),
      arguments_(spec.arguments),
      index_(make_routing_index(spec)) {
  if (const amqp::Value* alternate = arguments_.find("alternate-exchange")) {
    const std::string* text = alternate->as_string();
    if (text == nullptr)
      throw amqp::Error{amqp::ReplyCode::precondition_failed,
                        "invalid arg 'alternate-exchange' for exchange '" + name_ +
                            "': it must be a longstr, not " +
                            std::string{amqp::type_name(*alternate)}};
    alternate_ = *text;
  }
}

void Exchange::apply_policy(EffectivePolicy policy) {
  policy_ = std::move(policy);
  constexpr std::string_view name = "alternate-exchange";
  const amqp::Value* alternate = arguments_.find(name);
  if (alternate == nullptr) alternate = policy_.definition.find(name);
  alternate_ = alternate ? *alternate->as_string() : std::string{};
}

void Exchange::assert_equivalent(const ExchangeSpec& spec, std::string_view vhost) const {
  const std::string what = "exchange '" + name_ + "' in vhost '" + std::string{vhost} + "'";
  assert_flag_equivalent("type", spec.type, type_, what);
  assert_flag_equivalent("durable", spec.durable, durable_, what);
  assert_flag_equivalent("auto_delete", spec.auto_delete, auto_delete_, what);
  assert_flag_equivalent("internal", spec.internal, internal_, what);
  assert_argument_equivalent("alternate-exchange", spec.arguments, arguments_, what);
}

const Binding* Exchange::bind(Binding binding) {
  auto [it, is_new] = bindings_.try_emplace(identity_of(binding));
  if (!is_new) return nullptr;
  try {
    it->second = std::make_unique<Binding>(std::move(binding));
    std::visit([&added = *it->second](auto& index) { index.add(added); }, index_);
  } catch (...) {  // a bad x-match or weight: as if nothing had been asked
    bindings_.erase(it);
    throw;
  }
  return it->second.get();
}

const Binding* Exchange::find(const Binding& like) const {
  const auto it = bindings_.find(identity_of(like));
  return it == bindings_.end() ? nullptr : it->second.get();
}

void Exchange::unbind(const Binding& binding) {
  std::visit([&](auto& index) { index.remove(binding); }, index_);
  bindings_.erase(identity_of(binding));
}

}  // namespace leveret::broker
