#include "http/importer.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "auth/password.h"
#include "base/log.h"
#include "http/definitions/apply.h"
#include "http/definitions/blocking.h"
#include "http/definitions/definitions.h"
#include "http/definitions/plan.h"
#include "http/definitions/snapshot.h"
#include "http/definitions/write.h"
#include "http/text.h"

namespace leveret::http {
namespace {

constexpr std::size_t reasons_max = 20;

ImportResult invalid(const ImportErrors& errors) {
  ImportResult result{ImportResult::Kind::invalid, "nothing was imported:", {}};
  Json items = Json::array();
  for (const ImportErrors::Error& each : errors.all()) {
    if (items.size() < reasons_max) result.reason += "\n" + each.place + ": " + each.reason;
    items.push_back({{"place", each.place}, {"reason", each.reason}});
  }
  if (items.size() > reasons_max)
    result.reason += "\nand " + std::to_string(items.size() - reasons_max) + " more";
  result.report =
      dump({{"error", "bad_request"}, {"reason", result.reason}, {"errors", std::move(items)}});
  return result;
}

/// "durable is false, true is wanted".
std::string text_of(const Json& differences) {
  std::string text;
  for (const Json& each : differences)
    text += (text.empty() ? "" : "; ") + each.at("field").get<std::string>() + " is " +
            dump(each.at("is")) + ", " + dump(each.at("wanted")) + " is wanted";
  return text;
}

ImportResult conflict(const Work& work) {
  ImportResult result{ImportResult::Kind::conflict,
                      "nothing was imported: there are others of these names, which cannot be "
                      "changed (?conflicts=keep leaves them as they are):",
                      {}};
  std::size_t count = 0;
  for (const Step& step : work.plan.steps)
    if (step.action == Action::conflict && ++count <= reasons_max)
      result.reason += "\n" + std::string{kind_name(step.kind)} + " '" + step.name +
                       "' in vhost '" + step.vhost + "': " + text_of(step.differences);
  if (count > reasons_max)
    result.reason += "\nand " + std::to_string(count - reasons_max) + " more";
  Json objects = Json::array();
  for (const Step& step : work.plan.steps)
    if (step.action == Action::conflict && objects.size() < ImportErrors::count_max)
      objects.push_back(step_json(step));
  result.report =
      dump({{"error", "conflict"}, {"reason", result.reason}, {"objects", std::move(objects)}});
  return result;
}

ImportResult done(const Work& work, const ImportOptions& options) {
  ImportResult result;
  if (options.wants_report || options.is_dry_run)
    result.report = plan_report(work.plan, work.definitions, options.is_dry_run);
  return result;
}

bool has_work(const Plan& plan) {
  return plan.count(Action::add) + plan.count(Action::change) > 0;
}

/// What a file holds, told from what it held before.
std::string digest_of(std::string_view text) {
  return base64_encode(auth::keyed_digest("definitions", text));
}

}  // namespace

Importer::Importer(Directories directories, std::string version)
    : directories_(std::move(directories)), version_(std::move(version)) {}

Importer::~Importer() = default;

ImportResult Importer::import(std::string_view json, const ImportOptions& options) {
  const std::lock_guard lock{mutex_};
  return import(json, options, Source{});
}

/// Reads, compares and, when all is right, applies. With mutex_ held.
ImportResult Importer::import(std::string_view json, const ImportOptions& options,
                              const Source& source) {
  if (!options.is_dry_run && is_unfinished_) finish_pending();
  ImportErrors errors;
  auto work = std::make_shared<Work>();
  work->definitions = read_definitions(json, options.vhost, errors);
  if (!errors.is_empty()) return invalid(errors);
  const auto wants = [&](const std::string& vhost) {
    return work->definitions.contents.contains(vhost);
  };
  const Snapshot current = take_snapshot(directories_, wants, is_stopping_);
  work->plan = make_plan(work->definitions, current, errors);
  if (!errors.is_empty()) return invalid(errors);
  if (options.is_dry_run) return done(*work, options);
  if (!options.keeps_conflicts && work->plan.count(Action::conflict) > 0) return conflict(*work);

  const broker::PendingImport pending{options.vhost, source.file, source.digest,
                                      has_work(work->plan) ? std::string{json} : std::string{}};
  if (!has_work(work->plan)) {
    if (!source.file.empty()) directories_.imports->finish_import(pending);
    return done(*work, options);
  }
  directories_.imports->begin_import(pending);
  try {
    const std::vector<std::string> failures = run(work);
    directories_.imports->finish_import(pending);
    ImportResult result = done(*work, options);
    if (failures.empty()) return result;
    result.kind = ImportResult::Kind::overtaken;
    result.reason = "imported, but clients were quicker with some of it:";
    for (const std::string& each : failures) result.reason += "\n" + each;
    return result;
  } catch (const std::exception& error) {
    is_unfinished_ = true;
    log::error(std::string{"an import of definitions is not finished yet: "} + error.what());
    return {ImportResult::Kind::unfinished,
            std::string{"the import is written down and goes on as soon as it can, at the latest "
                        "with the next start: "} +
                error.what(),
            {}};
  }
}

std::vector<std::string> Importer::run(std::shared_ptr<const Work> work) {
  std::vector<std::string> failures = apply(work, directories_, is_stopping_);
  for (const std::string& each : failures) log::warn("import of definitions: " + each);
  log::info("imported definitions: " + std::to_string(work->plan.count(Action::add)) + " added, " +
            std::to_string(work->plan.count(Action::change)) + " changed, " +
            std::to_string(work->plan.count(Action::same)) + " were there, " +
            std::to_string(work->plan.count(Action::conflict)) + " left as they were");
  return failures;
}

void Importer::finish_pending() {
  const std::optional<broker::PendingImport> pending = directories_.imports->pending_import();
  if (pending) {
    ImportErrors errors;
    auto work = std::make_shared<Work>();
    work->definitions = read_definitions(pending->content, pending->vhost, errors);
    const auto wants = [&](const std::string& vhost) {
      return work->definitions.contents.contains(vhost);
    };
    const Snapshot current = take_snapshot(directories_, wants, is_stopping_);
    work->plan = make_plan(work->definitions, current, errors);
    log::info("finishing an import of definitions that was interrupted");
    // It was right when it was begun: what is wrong now, somebody has deleted since.
    for (const ImportErrors::Error& each : errors.all())
      log::warn("import of definitions: " + each.place + ": " + each.reason);
    run(std::move(work));
    directories_.imports->finish_import(*pending);
  }
  is_unfinished_ = false;
}

ImportResult Importer::import_file(const std::string& path) {
  const std::string file = std::filesystem::absolute(path).lexically_normal().string();
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream || !text) throw std::runtime_error{"cannot read the definitions in " + file};
  const std::string json = std::move(text).str();
  const std::string digest = digest_of(json);
  const std::lock_guard lock{mutex_};
  if (directories_.imports->imported_digest(file) == digest) {
    log::info("the definitions in " + file + " have not changed since they were imported");
    return {};
  }
  return import(json, {.keeps_conflicts = true}, {file, digest});
}

std::string Importer::export_all(const std::string& cluster_name) {
  const auto all = [](const std::string&) { return true; };
  return write_definitions(take_snapshot(directories_, all, is_stopping_),
                           {version_, cluster_name});
}

std::optional<std::string> Importer::export_vhost(const std::string& vhost) {
  const auto one = [&](const std::string& each) { return each == vhost; };
  const Snapshot snapshot = take_snapshot(directories_, one, is_stopping_);
  if (!snapshot.vhosts.contains(vhost)) return std::nullopt;
  return write_vhost_definitions(snapshot, vhost, {version_, {}});
}

}  // namespace leveret::http
