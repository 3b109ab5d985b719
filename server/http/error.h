#pragma once

#include <stdexcept>
#include <string>

#include "amqp/reply_code.h"

namespace leveret::http {

/// A request that is refused: thrown where the reason is found, and turned in one place into a
/// status with
/// `{"error": ..., "reason": ...}`. what() is the reason, a sentence for a person.
class HttpError : public std::runtime_error {
 public:
  HttpError(int status_in, std::string error_in, const std::string& reason)
      : std::runtime_error(reason), status(status_in), error(std::move(error_in)) {}

  int status;
  std::string error;
};

HttpError bad_request(const std::string& reason);
HttpError not_found(const std::string& reason);

/// A broken AMQP rule as RabbitMQ's management API reports it: 404 `not_found` with the plain text,
/// 400 `bad_request` with the text that a channel would be closed with, 500 for what is our fault.
/// 403 becomes 400 too, not 401: the one who asked is known, and a browser would ask for the
/// password again.
HttpError to_http_error(const amqp::Error& error);

}  // namespace leveret::http
