#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/methods.h"
#include "amqp/properties.h"
#include "sim/model.h"
#include "sim/setup.h"

namespace leveret::sim {

/// A client on a connection of its own: it writes and reads octets, publishes on channel 1 (with
/// confirms or in transactions) and consumes on channel 2, and tells the model of all that it does
/// and sees. What it gets that it must not get is a violation.
class Client {
 public:
  Client(const Setup& setup, Model& model, std::uint64_t connection, bool is_transactional);

  std::uint64_t connection() const { return connection_; }
  /// Octets that it has written and the network has not taken yet.
  std::string output;

  // What it may do. None of it waits for an answer.
  void declare_all();
  void publish(int route, const Model::Publish& publish);
  void barrier();
  void consume(int queue, std::uint16_t prefetch, bool no_ack);
  void cancel(std::uint32_t which);
  void get(int queue, bool no_ack);
  enum class Answer { ack, requeue, reject };
  /// One of the deliveries that it holds; with `multiple` also all before it.
  void settle(std::uint32_t which, bool multiple, Answer answer);
  void recover();
  void purge(int queue);
  void delete_and_declare(int queue);
  void commit();
  void roll_back();
  void close_channel();
  void close();

  /// Octets of the broker come in, that it has sent at `at`.
  void receive(std::string_view bytes, Time at);
  /// The connection is gone.
  void lost();
  /// Nothing is under way any more: all that was sent has been processed.
  void all_processed();

  bool is_ready() const { return is_ready_ && !is_closing_; }
  bool is_closing() const { return is_closing_; }
  bool is_blocked() const { return is_blocked_; }
  /// It has given something back since all was processed; a blocked publisher's word may wait.
  bool has_given_back() const { return has_given_back_; }
  bool is_awaiting_nothing() const { return expected_.empty() && unconfirmed_.empty(); }
  /// A consumer here that has credit for a message of this queue.
  bool could_take(int queue) const;
  std::string state() const;

 private:
  struct Consumer {
    int queue = 0;
    std::uint16_t prefetch = 0;
    bool no_ack = false;
    bool is_cancelled = false;
    std::size_t held = 0;
  };
  struct Held {
    Model::Copy* copy = nullptr;
    std::string consumer;   // empty for get
    bool is_in_tx = false;  // its answer is part of an open transaction
  };
  /// An answer that has to come; the broker answers in the order in which it was asked.
  struct Expected {
    std::string_view method;
    std::size_t proves = 0;  // acknowledgements before it
    int queue = -1;
    std::string consumer = {};
    std::vector<Model::MessageId> messages = {};
    bool no_ack = false;
  };
  struct Barrier {
    std::uint64_t tag;
    Model::Mark mark;
  };
  /// A message under way to here: what came before its body.
  struct Incoming {
    enum class Kind { none, delivery, got, returned } kind = Kind::none;
    int queue = -1;
    std::string consumer;
    std::uint64_t tag = 0;
    bool redelivered = false;
    std::uint64_t missing_bytes = 0;
    bool has_header = false;
    std::string body;
  };

  /// Where it consumes: the channel with the transaction, if there is one.
  std::uint16_t consuming() const { return is_transactional_ ? 1 : 2; }
  void send(std::uint16_t channel, const amqp::Method& method);
  void expect(Expected expected);
  void send_publish(int route, Model::MessageId id, const Model::Publish& publish);
  Model::Holder holder(std::uint16_t channel) const { return connection_ * 4 + channel; }
  void apply(Held& held, Answer answer);
  bool is_mine(const Held& held) const;
  void note_risk();
  bool is_at_risk() const;
  bool can_go_on(std::string_view input);
  void let_go();
  void on_recovered();

  void on_frame(std::uint16_t channel, const amqp::Method& method);
  void on_answer(const amqp::Method& method);
  void on_confirm(std::uint64_t tag, bool multiple, bool is_nack);
  void on_message();
  void on_delivery();
  void begin_content(std::uint64_t bytes);
  void prove(std::size_t count);
  void fail(std::string kind, std::string text);

  const Setup& setup_;
  Model& model_;
  const std::uint64_t connection_;
  const bool is_transactional_;
  bool is_ready_ = false;
  bool is_closing_ = false;
  bool is_channel_closing_ = false;
  bool is_recovering_ = false;
  bool is_blocked_ = false;
  bool has_given_back_ = false;
  bool is_refused_ = false;  // the broker has closed the channel
  std::string input_;
  /// When what is in input_ was sent.
  Time earliest_ = 0;
  Time latest_ = 0;
  std::deque<Expected> expected_;
  std::map<std::uint64_t, Model::MessageId> unconfirmed_;
  std::uint64_t last_publish_ = 0;
  std::deque<Barrier> barriers_;
  std::vector<Model::MessageId> transaction_;
  std::vector<std::pair<std::uint64_t, Answer>> settled_in_tx_;
  std::map<std::string, Consumer> consumers_;
  int last_consumer_ = 0;
  std::map<std::uint64_t, Held> held_;  // by delivery tag
  std::uint64_t last_tag_ = 0;
  std::vector<Model::Copy*> unproven_;
  Incoming incoming_;
};

}  // namespace leveret::sim
