#include "cli/migrate/target.h"

#include <algorithm>

#include "base/random.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

constexpr const char* user_name = "leveret.migrate";

/// The same address for somebody else.
std::string address_for(std::string_view address, const std::string& user,
                        const std::string& password) {
  const client::UrlParts parts = client::split_url(address);
  std::string text = std::string{parts.scheme} + "://" + client::percent_encode(user) + ":" +
                     client::percent_encode(password) + "@";
  const bool is_bare_v6 =
      parts.host.find(':') != std::string_view::npos && !parts.host.starts_with('[');
  text += is_bare_v6 ? "[" + std::string{parts.host} + "]" : std::string{parts.host};
  if (parts.port) text += ":" + std::to_string(*parts.port);
  text += parts.path;
  if (!parts.query.empty()) text += "?" + std::string{parts.query};
  return text;
}

Arrived arrived_from(const Json& item) {
  std::string body = text_at(item, "/payload");
  if (text_at(item, "/payload_encoding") == "base64") body = base64_decode(body);
  return {number_at(item, "/payload_bytes"), std::move(body)};
}

}  // namespace

MigrationTarget::MigrationTarget(const Context& context)
    : url_(context.url()), administrator_(context.api()), password_(random_name("")) {
  api_address_ = address_for(context.api(), user_name, password_);
  administrator_.put(Api::path("/api/users", {user_name}),
                     {{"password", password_}, {"tags", "management,impersonator"}});
  url_.user = user_name;
  url_.password = password_;
  url_.is_external = false;
}

MigrationTarget::~MigrationTarget() {
  try {
    administrator_.remove(Api::path("/api/users", {user_name}));
  } catch (const std::exception& error) {
    say("the user '" + std::string{user_name} + "' is left at the target: " + error.what());
  }
}

client::Url MigrationTarget::open(const std::string& vhost) {
  administrator_.put(Api::path("/api/permissions", {vhost, user_name}),
                     {{"configure", ".*"}, {"write", ".*"}, {"read", ".*"}});
  url_.vhost = vhost;
  return url_;
}

std::vector<Arrived> MigrationTarget::last_messages(const std::string& vhost,
                                                    const std::string& queue,
                                                    std::uint64_t count) const {
  const Api api(api_address_);
  const std::string path = Api::path("/api/x/queues", {vhost, queue}) +
                           "/messages?truncate=" + std::to_string(compared_bytes_max) + "&limit=";
  const std::uint64_t last = number_at(api.get(path + "1"), "/snapshot_seq");
  std::vector<Arrived> messages;
  for (std::uint64_t after = last > count ? last - count : 0;;) {
    const Json page = api.get(path + "500&after=" + std::to_string(after));
    for (const Json& item : page.at("items")) messages.push_back(arrived_from(item));
    if (page.at("next").is_null()) break;
    after = page["next"].get<std::uint64_t>();
  }
  if (messages.size() > count)
    messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(count));
  return messages;
}

}  // namespace leveret::cli
