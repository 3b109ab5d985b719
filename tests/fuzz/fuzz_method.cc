// A method frame's payload: what is decoded is encoded to something that decodes to the same.

#include "amqp/methods.h"
#include "amqp/reply_code.h"
#include "harness.h"

using namespace leveret;

namespace {

std::string encoded(const amqp::Method& method) {
  std::string out;
  amqp::write_method(out, method);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string once;
  try {
    once = encoded(amqp::read_method(view_of(data, size)));
  } catch (const amqp::Error& error) {
    require(error.code == amqp::ReplyCode::syntax_error ||
            error.code == amqp::ReplyCode::command_invalid);
    return 0;
  }
  // The bytes may differ from the input in unused bits and in the letter of an int64, no more.
  require(once.size() == size);
  require(encoded(amqp::read_method(once)) == once);
  return 0;
}
