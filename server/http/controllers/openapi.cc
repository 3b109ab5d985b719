#include "http/openapi.h"

#include "http/context.h"
#include "http/controllers/routes.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> get_document(ContextPtr context, Request) {
  Json document = openapi_document();
  document["info"]["version"] = context->listeners.version;
  co_return json_response(document);
}

}  // namespace

std::vector<Route> openapi_routes() {
  return {{"GET", "/api/x/openapi.json", Rule::anyone, get_document}};
}

}  // namespace leveret::http
