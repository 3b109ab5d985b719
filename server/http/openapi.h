#pragma once

#include "http/json.h"

namespace leveret::http {

/// The OpenAPI document of every route, put together from the files in openapi/ at the first call.
/// Any thread.
const Json& openapi_document();

}  // namespace leveret::http
