#include "cli/definitions_plan.h"

#include <algorithm>

#include "cli/text.h"

namespace leveret::cli {
namespace {

char sign_of(const std::string& action) {
  if (action == "add") return '+';
  return action == "change" ? '~' : '!';
}

std::string line_of(const Json& object) {
  std::string kind = object.value("kind", "");
  std::ranges::replace(kind, '_', ' ');
  std::string line = std::string(1, sign_of(object.value("action", ""))) + " " + kind + " ";
  if (object.contains("vhost") && kind != "vhost") line += text_at(object, "/vhost") + ":";
  line += text_at(object, "/name");
  std::string changes;
  if (object.contains("differences"))
    for (const Json& each : object.at("differences"))
      changes += (changes.empty() ? "" : ", ") + text_at(each, "/field") + " " +
                 dump(each.at("is")) + " → " + dump(each.at("wanted"));
  if (!changes.empty()) line += " (" + changes + ")";
  return escape_for_terminal(line) + "\n";
}

}  // namespace

std::string plan_text(const Json& report) {
  std::string text;
  for (const Json& object : report.at("objects"))
    if (object.value("action", "") != "same") text += line_of(object);
  const std::uint64_t same = number_at(report, "/counts/same");
  if (same > 0) text += "= " + with_commas(same) + " unchanged\n";
  return text;
}

std::string summary_text(const Json& report) {
  std::string text = with_commas(number_at(report, "/counts/add")) + " added, " +
                     with_commas(number_at(report, "/counts/change")) + " changed, " +
                     with_commas(number_at(report, "/counts/same")) + " unchanged";
  if (const std::uint64_t kept = number_at(report, "/counts/conflict"); kept > 0)
    text += ", " + with_commas(kept) + " left as they were";
  return text;
}

}  // namespace leveret::cli
