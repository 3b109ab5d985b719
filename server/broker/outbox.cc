#include "broker/outbox.h"

namespace leveret::broker {
namespace {

/// Method and header frames around a message, besides its properties and body.
constexpr std::size_t content_overhead_bytes = 64;

std::size_t content_bytes(const MessagePtr& message) {
  return content_overhead_bytes + message->memory_bytes();
}

struct CostOf {
  std::size_t operator()(const EncodedFrame& record) const { return record.bytes.size(); }
  std::size_t operator()(const Deliver& record) const { return content_bytes(record.message); }
  std::size_t operator()(const GetOk& record) const { return content_bytes(record.message); }
  std::size_t operator()(const Return& record) const { return content_bytes(record.message); }
  std::size_t operator()(const Confirm&) const { return 21; }
  std::size_t operator()(const CloseConnection& record) const { return record.frame.size(); }
};

}  // namespace

std::size_t cost_bytes(const Outgoing& record) {
  return std::visit(CostOf{}, record);
}

}  // namespace leveret::broker
