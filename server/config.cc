#include "config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <utility>

#include "settings.h"

namespace leveret::server {
namespace {

/// A source, as an error text or an origin names it.
struct Source {
  std::string where;
  bool is_usage = false;
};

[[noreturn]] void refuse(const Source& source, const Setting& setting, const std::string& value) {
  throw ConfigError{source.where + ": " + std::string{setting.name} + " is " + value +
                        ", but has to be " + std::string{setting.expected},
                    source.is_usage};
}

void apply(LoadedConfig& loaded, const Setting& setting, const GivenValue& given, Source source) {
  if (!setting.set(loaded.config, given)) refuse(source, setting, show(given));
  loaded.origins[setting.name] = std::move(source.where);
}

// The file.

std::string position(std::string_view file, const toml::source_region& source) {
  return std::string{file} + ":" + std::to_string(source.begin.line);
}

/// The value of a setting; nothing for a type that no setting has.
std::optional<GivenValue> given_by(const toml::node& node) {
  if (const auto number = node.value_exact<std::int64_t>()) return *number;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto text = node.value_exact<std::string>()) return std::vector<std::string>{*text};
  const toml::array* array = node.as_array();
  if (!array) return std::nullopt;
  std::vector<std::string> items;
  for (const toml::node& item : *array) {
    const auto text = item.value_exact<std::string>();
    if (!text) return std::nullopt;
    items.push_back(*text);
  }
  return items;
}

void apply_table(LoadedConfig& loaded, const toml::table& table, const std::string& prefix,
                 const std::string& file) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string{key.str()};
    const std::string where = position(file, key.source());
    if (const Setting* setting = find_setting(name)) {
      const std::optional<GivenValue> given = given_by(node);
      if (!given) refuse({where}, *setting, "of another type");
      apply(loaded, *setting, *given, {where});
    } else if (node.is_table() && std::ranges::any_of(all_settings(), [&](const Setting& known) {
                 return known.name.starts_with(name + ".");
               })) {
      apply_table(loaded, *node.as_table(), name + ".", file);
    } else {
      throw ConfigError{where + ": unknown key '" + log::escape(name) + "'" + suggest_setting(name),
                        false};
    }
  }
}

void apply_file(LoadedConfig& loaded, const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) throw ConfigError{"cannot read the configuration file " + file, false};
  try {
    apply_table(loaded, toml::parse(stream, file), "", file);
  } catch (const toml::parse_error& error) {
    throw ConfigError{position(file, error.source()) + ": " + std::string{error.description()},
                      false};
  }
}

// The rest.

std::string variable_of(std::string_view name) {
  std::string variable = "LEVERET_";
  for (const char c : name)
    variable += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

void apply_environment(LoadedConfig& loaded, const ConfigSources& sources) {
  if (!sources.environment) return;
  for (const Setting& setting : all_settings()) {
    const std::string variable = variable_of(setting.name);
    if (const char* value = sources.environment(variable.c_str()))
      apply(loaded, setting, std::vector<std::string>{value}, {"environment variable " + variable});
  }
}

void make_ephemeral(LoadedConfig& loaded) {
  loaded.config.is_ephemeral = true;
  const std::pair<std::string_view, std::string> defaults[] = {
      {"bind", "127.0.0.1"},  {"amqp.port", "0"},       {"amqp.tls_port", "0"}, {"http.port", "0"},
      {"http.tls_port", "0"}, {"metrics.port", "none"}, {"log_level", "warn"}};
  for (const auto& [name, value] : defaults)
    apply(loaded, *find_setting(name), std::vector<std::string>{value}, {"--ephemeral"});
}

}  // namespace

LoadedConfig load_config(const ConfigSources& sources) {
  LoadedConfig loaded;
  if (sources.is_ephemeral) make_ephemeral(loaded);
  if (!sources.file.empty()) apply_file(loaded, sources.file);
  apply_environment(loaded, sources);
  for (const ConfigSources::Argument& argument : sources.arguments)
    apply(loaded, *find_setting(argument.setting), std::vector<std::string>{argument.value},
          {argument.option, true});
  for (const auto& [name, value] : sources.running)
    apply(loaded, *find_setting(name), std::vector<std::string>{value}, {"set while running"});
  loaded.config.limits.channel_max = loaded.config.tuning.channel_max;
  return loaded;
}

std::vector<std::string_view> setting_names() {
  std::vector<std::string_view> names;
  for (const Setting& setting : all_settings()) names.push_back(setting.name);
  return names;
}

}  // namespace leveret::server
