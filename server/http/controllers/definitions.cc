#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/definitions/multipart.h"
#include "http/error.h"
#include "http/importer.h"
#include "http/in_turn.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// A file name that needs no quotes in a header.
bool is_token(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
                              "YZ0123456789!#$%&'*+-.^_`|~") == std::string_view::npos;
}

Response export_response(const Request& request, std::string json) {
  Response response;
  response.body = std::move(json);
  const auto download = request.query.value("download");
  if (download && !is_token(*download))
    throw bad_request("'download' is a file name of letters, digits and -._");
  if (download)
    response.headers.emplace_back("Content-Disposition", "attachment; filename=" + *download);
  return response;
}

asio::awaitable<Response> export_all(ContextPtr context, Request request) {
  auto work = [context] { return context->importer->export_all(cluster_name(*context)); };
  std::string json = co_await change(context, std::move(work));
  co_return export_response(request, std::move(json));
}

asio::awaitable<Response> export_vhost(ContextPtr context, Request request) {
  const std::string vhost = request.path.at("vhost");
  find_core(*context, vhost);
  auto work = [context, vhost] { return context->importer->export_vhost(vhost); };
  std::optional<std::string> json = co_await change(context, std::move(work));
  if (!json) throw not_found("no virtual host '" + vhost + "'");
  co_return export_response(request, std::move(*json));
}

ImportOptions read_options(const Request& request) {
  ImportOptions options;
  options.vhost = request.path.find("vhost").value_or("");
  options.is_dry_run = request.query.flag("dry_run");
  options.wants_report = request.query.flag("report");
  const std::string conflicts = request.query.value("conflicts").value_or("refuse");
  if (conflicts != "keep" && conflicts != "refuse")
    throw bad_request("'conflicts' is '" + conflicts + "': keep or refuse is expected");
  options.keeps_conflicts = conflicts == "keep";
  return options;
}

Response answer_with(const ImportOptions& options, ImportResult result) {
  using Kind = ImportResult::Kind;
  Response response;
  response.body = std::move(result.report);
  switch (result.kind) {
    case Kind::done:
      // RabbitMQ's clients expect no body.
      if (!options.is_dry_run && !options.wants_report) return empty_response(204);
      return response;
    case Kind::invalid:
    case Kind::conflict: response.status = 400; return response;
    case Kind::unfinished: throw HttpError{503, "unfinished", result.reason};
    case Kind::overtaken: throw HttpError{409, "overtaken", result.reason};
  }
  return response;
}

asio::awaitable<Response> import(ContextPtr context, Request request) {
  const ImportOptions options = read_options(request);
  if (!options.vhost.empty()) find_core(*context, options.vhost);
  const auto shared = std::make_shared<const Request>(std::move(request));
  const std::string_view json = is_form(shared->content_type)
                                    ? form_part(shared->body, shared->content_type, "file")
                                    : std::string_view{shared->body};
  auto work = [context, shared, json, options] { return context->importer->import(json, options); };
  ImportResult result = co_await change(context, std::move(work));
  co_return answer_with(options, std::move(result));
}

}  // namespace

std::vector<Route> definition_routes() {
  using enum Rule;
  constexpr std::size_t body_bytes_max = std::size_t{100} << 20U;
  return {
      {"GET", "/api/definitions", administrator, in_turn<export_all>},
      {"POST", "/api/definitions", administrator, import, body_bytes_max},
      {"GET", "/api/definitions/{vhost}", administrator, in_turn<export_vhost>},
      {"POST", "/api/definitions/{vhost}", administrator, import, body_bytes_max},
  };
}

}  // namespace leveret::http
