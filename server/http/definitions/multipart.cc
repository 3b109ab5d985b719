#include "http/definitions/multipart.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::string_view form_type = "multipart/form-data";

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// The value of a parameter such as boundary=x or name="x" in a header's value.
std::optional<std::string_view> find_parameter(std::string_view header, std::string_view name) {
  const std::string key = "; " + std::string{name} + "=";
  const std::size_t start = lower(header).find(key);
  if (start == std::string::npos) return std::nullopt;
  header.remove_prefix(start + key.size());
  if (!header.starts_with('"')) return header.substr(0, header.find_first_of("; \r"));
  header.remove_prefix(1);
  return header.substr(0, header.find('"'));
}

/// The Content-Disposition of a part's headers.
std::string_view disposition_of(std::string_view headers) {
  constexpr std::string_view name = "content-disposition:";
  const std::size_t start = lower(headers).find(name);
  if (start == std::string::npos) return {};
  headers.remove_prefix(start + name.size());
  return headers.substr(0, headers.find("\r\n"));
}

}  // namespace

bool is_form(std::string_view content_type) {
  return lower(content_type).starts_with(form_type);
}

std::string_view form_part(std::string_view body, std::string_view content_type,
                           std::string_view name) {
  const auto boundary = find_parameter(content_type, "boundary");
  if (!boundary || boundary->empty())
    throw bad_request("the Content-Type of the form names no boundary");
  const std::string delimiter = "--" + std::string{*boundary};
  if (!body.starts_with(delimiter)) throw bad_request("the form does not begin with its boundary");
  body.remove_prefix(delimiter.size());
  while (body.starts_with("\r\n")) {
    const std::size_t headers_end = body.find("\r\n\r\n");
    const std::size_t part_end = body.find("\r\n" + delimiter);
    if (headers_end == std::string_view::npos || part_end == std::string_view::npos ||
        part_end < headers_end)
      throw bad_request("the form ends within a part");
    const std::string_view headers = body.substr(0, headers_end);
    const std::size_t start = headers_end + 4;
    if (find_parameter(disposition_of(headers), "name") == name)
      return start > part_end ? std::string_view{} : body.substr(start, part_end - start);
    body.remove_prefix(part_end + 2 + delimiter.size());
  }
  throw bad_request("the form has no field '" + std::string{name} + "'");
}

}  // namespace leveret::http
