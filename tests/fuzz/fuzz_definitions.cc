// Definitions as RabbitMQ exports them. The first octet chooses: all of a broker, what belongs to
// one virtual host, or a form with a file of them, whose boundary is the first line. What is wrong
// is told with its place, and reading twice tells the same.

#include "harness.h"
#include "http/definitions/definitions.h"
#include "http/definitions/multipart.h"
#include "http/error.h"

using namespace leveret;

namespace {

void read(std::string_view json, const std::string& vhost) {
  http::ImportErrors errors;
  http::ImportErrors again;
  const http::Definitions definitions = http::read_definitions(json, vhost, errors);
  http::read_definitions(json, vhost, again);
  require(errors.all().size() <= http::ImportErrors::count_max);
  require(errors.all().size() == again.all().size());
  for (const http::ImportErrors::Error& error : errors.all()) require(!error.reason.empty());
  if (errors.is_empty() && !vhost.empty()) require(definitions.users.empty());
}

void read_form(std::string_view input) {
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos) return;
  const std::string type = "multipart/form-data; boundary=" + std::string{input.substr(0, end)};
  const std::string_view body = input.substr(end + 1);
  try {
    const std::string_view part = http::form_part(body, type, "file");
    require(part.empty() ||
            (part.data() >= body.data() && part.data() + part.size() <= body.data() + body.size()));
    read(part, "");
  } catch (const http::HttpError& error) {
    require(error.status == 400);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = view_of(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: read(input, ""); break;
    case 1: read(input, "one"); break;
    default: read_form(input);
  }
  return 0;
}
