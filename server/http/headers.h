#pragma once

#include <boost/beast/http/message.hpp>

#include "http/request.h"

namespace leveret::http {

/// Writes what every answer carries (the policies that keep a browser from doing more with it than
/// we want), and the answer's own headers.
void put_headers(boost::beast::http::response_header<>& header, const Response& response);

}  // namespace leveret::http
