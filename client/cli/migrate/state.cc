#include "cli/migrate/state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/json.h"

namespace leveret::cli {
namespace {

Failure cannot_write(const std::string& file) {
  return {Exit::exists_differently, "cannot write " + file + ": " + std::strerror(errno),
          "--state names another file: without one, a second run could not tell what has arrived"};
}

}  // namespace

MigrationState::MigrationState(std::string file, std::string between)
    : file_(std::move(file)), between_(std::move(between)) {
  std::ifstream stream(file_, std::ios::binary);
  if (!stream) return;
  std::ostringstream text;
  text << stream.rdbuf();
  const Json json = Json::parse(text.str(), nullptr, false);
  if (!json.is_object() || !json.contains("queues") || !json["queues"].is_array())
    throw Failure{Exit::bad_data, file_ + " is not the state of a migration",
                  "remove it, or name another one with --state"};
  if (text_at(json, "/between") != between_)
    throw Failure{
        Exit::bad_data,
        file_ + " belongs to a migration " + text_at(json, "/between") + ", not " + between_,
        "name another file with --state"};
  is_resumed_ = true;
  for (const Json& each : json["queues"])
    queues_[{text_at(each, "/vhost"), text_at(each, "/queue")}] = {
        number_at(each, "/source_before"), number_at(each, "/target_before")};
}

QueueStart MigrationState::start_of(const std::string& vhost, const std::string& queue,
                                    const QueueStart& now, bool& is_first) {
  const auto [entry, is_new] = queues_.try_emplace({vhost, queue}, now);
  is_first = is_new;
  if (is_new) save();
  return entry->second;
}

/// Whole or as it was: a new file takes the place of the old.
void MigrationState::save() const {
  Json queues = Json::array();
  for (const auto& [key, start] : queues_)
    queues.push_back({{"vhost", key.first},
                      {"queue", key.second},
                      {"source_before", start.source},
                      {"target_before", start.target}});
  const std::string text = dump({{"between", between_}, {"queues", std::move(queues)}}) + "\n";
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ignored);
  const std::string next = file_ + ".new";
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) throw cannot_write(file_);
  const bool is_written =
      write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(file) == 0;
  close(file);
  if (!is_written || rename(next.c_str(), file_.c_str()) != 0) throw cannot_write(file_);
}

void MigrationState::finish() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

std::string default_state_file(const std::string& between) {
  const char* state = std::getenv("XDG_STATE_HOME");  // NOLINT(concurrency-mt-unsafe)
  const char* home = std::getenv("HOME");             // NOLINT(concurrency-mt-unsafe)
  const std::string base = state && *state ? std::string{state}
                           : home          ? std::string{home} + "/.local/state"
                                           : std::string{"/tmp"};
  return base + "/leveret/migrate-" + std::to_string(std::hash<std::string>{}(between)) + ".json";
}

}  // namespace leveret::cli
