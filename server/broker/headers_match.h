#pragma once

#include "amqp/table.h"

namespace leveret::broker {

/// A headers exchange's binding arguments, read once (rabbit_exchange_type_headers.erl).
class HeadersMatch {
 public:
  /// Throws amqp::Error{precondition_failed} when x-match is none of all, any, all-with-x,
  /// any-with-x.
  explicit HeadersMatch(const amqp::Table& arguments);

  /// `all`: every wanted header is there with an equal value (a void value only asks that it is
  /// there); `any`: at least one is. Without a wanted header `all` matches everything and `any`
  /// nothing.
  bool matches(const amqp::Table& headers) const;

 private:
  bool any_ = false;
  amqp::Table wanted_;
};

}  // namespace leveret::broker
