#pragma once

#include <memory>
#include <string>
#include <vector>

#include "micro/quiet_broker.h"
#include "net/command_reader.h"
#include "net/outgoing.h"

namespace leveret::bench {

/// Everything between two sockets, without them: bytes of publishes and acknowledgements are read
/// into commands, the core routes, queues, delivers and confirms, and deliveries are encoded. One
/// publisher and one consumer on one queue, as many messages in a read as a socket gives under
/// load.
class Path {
 public:
  enum class Kind {
    /// No confirms, no acknowledgements, memory only.
    transient,
    /// Persistent, confirmed, each acknowledged by itself.
    job,
  };
  Path(Kind kind, std::size_t body_bytes);
  ~Path();

  /// Publishes and consumes `batch` messages; aborts when one does not come out.
  void run_batch();
  static constexpr int batch = 32;

 private:
  class Client;
  void declare();

  const Kind kind_;
  QuietBroker broker_;
  std::shared_ptr<Client> publisher_;
  std::shared_ptr<Client> consumer_;
  std::string publishes_;
  std::string acks_;
};

}  // namespace leveret::bench
