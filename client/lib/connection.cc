#include "lib/connection.h"

#include <utility>

#include "lib/link.h"

namespace leveret::client {

Connection::Connection(const Url& url, ConnectionOptions options)
    : own_loop_(std::make_unique<Loop>()),
      loop_(*own_loop_),
      link_(std::make_shared<Link>(loop_, url, std::move(options))) {
  link_->open();
}

Connection::Connection(Loop& loop, const Url& url, ConnectionOptions options)
    : loop_(loop), link_(std::make_shared<Link>(loop_, url, std::move(options))) {
  link_->open();
}

Connection::~Connection() {
  close();
}

void Connection::close() {
  link_->close();
}

bool Connection::is_open() const {
  return link_->is_open();
}

std::optional<CloseReason> Connection::close_reason() const {
  return link_->close_reason();
}

std::optional<std::string> Connection::blocked_reason() const {
  return link_->blocked_reason();
}

Loop& Connection::loop() {
  return loop_;
}

}  // namespace leveret::client
