// A record of the redo log, as it stands behind a checksum that is right: what is read is written
// and read again to the same.

#include "amqp/reply_code.h"
#include "harness.h"
#include "store/redo_record.h"

using namespace leveret;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::vector<store::Op> ops = store::read_ops(view_of(data, size));
    const std::size_t longer = 2 * size + 64;  // by what may be the same as before, and is written
    std::string record;
    require(store::write_ops(ops, {longer, longer}, record));
    const std::vector<store::Op> again = store::read_ops(record);
    require(again.size() == ops.size());
    for (std::size_t i = 0; i < ops.size(); ++i) {
      require(again[i].kind == ops[i].kind && again[i].queue == ops[i].queue);
      require(again[i].seq == ops[i].seq && again[i].last_seq == ops[i].last_seq);
      require(!ops[i].message || again[i].message->body() == ops[i].message->body());
    }
  } catch (const amqp::Error&) {
  }
  return 0;
}
