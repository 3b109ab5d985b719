#include "http/error.h"

namespace leveret::http {

HttpError bad_request(const std::string& reason) {
  return {400, "bad_request", reason};
}

HttpError not_found(const std::string& reason) {
  return {404, "not_found", reason};
}

HttpError to_http_error(const amqp::Error& error) {
  switch (error.code) {
    case amqp::ReplyCode::not_found: return not_found(error.what());
    case amqp::ReplyCode::internal_error: return {500, "internal_error", error.close_text()};
    case amqp::ReplyCode::resource_error: return {503, "unavailable", error.close_text()};
    case amqp::ReplyCode::success:
    case amqp::ReplyCode::content_too_large:
    case amqp::ReplyCode::no_route:
    case amqp::ReplyCode::no_consumers:
    case amqp::ReplyCode::connection_forced:
    case amqp::ReplyCode::invalid_path:
    case amqp::ReplyCode::access_refused:
    case amqp::ReplyCode::resource_locked:
    case amqp::ReplyCode::precondition_failed:
    case amqp::ReplyCode::frame_error:
    case amqp::ReplyCode::syntax_error:
    case amqp::ReplyCode::command_invalid:
    case amqp::ReplyCode::channel_error:
    case amqp::ReplyCode::unexpected_frame:
    case amqp::ReplyCode::not_allowed:
    case amqp::ReplyCode::not_implemented: break;
  }
  return bad_request(error.close_text());
}

}  // namespace leveret::http
