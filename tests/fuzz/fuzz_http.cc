// What of an HTTP request we read ourselves, behind Beast: the first line is its target, the second
// the value of every header, the rest its body, a publish as JSON. Anything is read or refused with
// an HttpError or an amqp::Error.

#include <limits>

#include "amqp/reply_code.h"
#include "auth/tokens.h"
#include "harness.h"
#include "http/authenticator.h"
#include "http/error.h"
#include "http/history.h"
#include "http/json.h"
#include "http/list.h"
#include "http/message_json.h"
#include "http/negotiation.h"
#include "http/topic.h"
#include "http/url.h"

using namespace leveret;

namespace {

/// Whether `read` refuses what it has been given.
template <class Read>
bool is_refused(Read read) {
  try {
    read();
    return false;
  } catch (const http::HttpError& error) {
    require(error.status >= 400 && error.status < 500);
  } catch (const amqp::Error&) {
  }
  return true;
}

void read_target(std::string_view text) {
  const auto target = http::parse_target(text);
  if (!target) return;
  for (const std::string& segment : target->segments)
    require(http::percent_decode(http::percent_encode(segment)) == segment);
  const http::Query& query = target->query;
  is_refused([&] {
    const http::ListOptions options = http::read_list_options(query);
    options.name.matches("a name of a queue");
    http::page_range(options, 1'000);
  });
  is_refused([&] { query.number("limit", 1, 500); });
  is_refused([&] { query.values("columns"); });
  is_refused([&] {
    http::SampleAllowance allowance{http::read_sample_ranges(query)};
    for (int queues = 0; queues < 3; ++queues) http::sample_count(allowance.next());
  });
  query.flag("memory");
  is_refused([&] { http::parse_topics(text); });
}

/// Nobody has the secret of the one token that there is.
void read_token(std::string_view value) {
  static const auth::Tokens tokens{{{.id = "1",
                                     .user = "u",
                                     .description = {},
                                     .digest = std::string(64, '0'),
                                     .created_at = {},
                                     .expires_at = {}}}};
  const auth::Token* proved = tokens.find_proved(value, auth::Token::Time{});
  require(proved == nullptr);
}

void read_header(std::string_view value) {
  read_token(value);
  if (const auto credentials = http::read_authorization(value))
    require(credentials->user.find(':') == std::string::npos);
  http::prefers_gzip(value);
  const int weight = http::media_weight(value, "text/plain");
  require(weight >= 0 && weight <= 1'000);
  http::matches_etag(value, "\"tag\"");
  http::is_loopback_host(value);
  http::is_own_origin(value, http::host_name(value));
}

void read_publish(std::string_view body) {
  http::Json publication;
  if (is_refused([&] { publication = http::parse_object(body); })) return;
  broker::MessagePtr message;
  if (is_refused([&] { message = http::make_message(publication, "e", "guest", 1); })) return;
  http::Json shown;
  http::put_payload(shown, message->body(), http::PayloadEncoding::automatic, 7);
  require(!shown.dump().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = view_of(data, size);
  const std::size_t first = input.find('\n');
  if (first == std::string_view::npos) return 0;
  const std::size_t second = input.find('\n', first + 1);
  if (second == std::string_view::npos) return 0;
  read_target(input.substr(0, first));
  read_header(input.substr(first + 1, second - first - 1));
  read_publish(input.substr(second + 1));
  return 0;
}
