#include "http/settings.h"

#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/json.h"
#include "http/render.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

Json to_json(const SettingValue& value) {
  return std::visit([](const auto& plain) { return Json(plain); }, value);
}

Settings& settings_of(const Context& context) {
  if (!context.options.settings) throw not_found("this broker has no settings to show");
  return *context.options.settings;
}

/// As the environment would say it.
std::string value_of(const Json& body) {
  const auto found = body.find("value");
  if (found == body.end()) throw bad_request("the body has to be {\"value\": ...}");
  if (found->is_string()) return found->get<std::string>();
  if (found->is_boolean() || found->is_number_integer()) return found->dump();
  std::string joined;
  if (!found->is_array()) throw bad_request("value has to be a text, a number, a flag or a list");
  for (const Json& item : *found) {
    if (!item.is_string()) throw bad_request("a list has to be one of texts");
    joined += (joined.empty() ? "" : ",") + item.get<std::string>();
  }
  return joined;
}

Json to_json(const std::vector<SettingsChange::Entry>& entries) {
  Json items = Json::array();
  for (const auto& entry : entries)
    items.push_back(
        {{"name", entry.name}, {"from", to_json(entry.from)}, {"to", to_json(entry.to)}});
  return items;
}

/// Runs `act(settings)` on the thread for changes, which may read files.
template <class Act>
asio::awaitable<Response> change_settings(ContextPtr context, Act act) {
  auto work = [&settings = settings_of(*context), act = std::move(act)] {
    try {
      return act(settings);
    } catch (const NoSuchSetting& error) {
      throw not_found(error.what());
    } catch (const SettingsError& error) {
      throw bad_request(error.what());
    }
  };
  const SettingsChange done = co_await change(context, std::move(work));
  co_return json_response({{"changed", to_json(done.changed)}, {"waiting", to_json(done.waiting)}});
}

asio::awaitable<Response> list_settings(ContextPtr context, Request) {
  Json items = Json::array();
  for (const SettingRow& row : settings_of(*context).rows())
    items.push_back({{"name", row.name},
                     {"value", to_json(row.value)},
                     {"default", to_json(row.default_value)},
                     {"origin", row.origin},
                     {"live", row.is_live},
                     {"waits_for_restart", row.waits_for_restart}});
  co_return json_response(std::move(items));
}

asio::awaitable<Response> reload_settings(ContextPtr context, Request) {
  auto reload = [](Settings& settings) { return settings.reload(); };
  co_return co_await change_settings(context, std::move(reload));
}

asio::awaitable<Response> put_setting(ContextPtr context, Request request) {
  auto set = [name = request.path.at("name"), value = value_of(parse_object(request.body))](
                 Settings& settings) { return settings.set(name, value); };
  co_return co_await change_settings(context, std::move(set));
}

asio::awaitable<Response> delete_setting(ContextPtr context, Request request) {
  auto unset = [name = request.path.at("name")](Settings& settings) {
    return settings.unset(name);
  };
  co_return co_await change_settings(context, std::move(unset));
}

}  // namespace

std::vector<Route> setting_routes() {
  using enum Rule;
  return {
      {"GET", "/api/x/config", administrator, list_settings},
      {"POST", "/api/x/config/reload", administrator, reload_settings},
      {"PUT", "/api/x/config/{name}", administrator, put_setting},
      {"DELETE", "/api/x/config/{name}", administrator, delete_setting},
  };
}

}  // namespace leveret::http
