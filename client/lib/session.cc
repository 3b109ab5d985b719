#include "lib/session.h"

#include <algorithm>
#include <utility>

#include "amqp/reply_code.h"

namespace leveret::client {
namespace {

using amqp::ReplyCode;

/// The lower of two limits where 0 means none.
template <class T>
T lower_limit(T ours, T theirs) {
  if (ours == 0 || theirs == 0) return std::max(ours, theirs);
  return std::min(ours, theirs);
}

bool carries_content(const amqp::Method& method) {
  return std::holds_alternative<amqp::basic::Deliver>(method) ||
         std::holds_alternative<amqp::basic::GetOk>(method) ||
         std::holds_alternative<amqp::basic::Return>(method);
}

[[noreturn]] void refuse(const std::string& text) {
  throw amqp::Error{ReplyCode::unexpected_frame, text};
}

}  // namespace

/// Content of one channel on its way in. The strings keep their memory from message to message.
struct Session::Assembly {
  enum class Waiting { method, header, body };
  Waiting waiting = Waiting::method;
  std::string method_payload;
  amqp::Method method;
  std::string properties;
  std::string body;
  std::uint64_t body_bytes = 0;
};

Session::Session(SessionSettings settings, SessionListener& listener)
    : settings_(std::move(settings)), listener_(listener) {}
Session::~Session() = default;

void Session::start() {
  output_ += amqp::protocol_header;
  state_ = State::start;
}

std::size_t Session::receive(std::string_view bytes) {
  // A server that does not speak our version answers with its own protocol header (4.2.2).
  if (state_ == State::start && bytes.starts_with("AMQP"))
    throw amqp::Error{ReplyCode::not_implemented, "the server does not speak AMQP 0-9-1"};
  std::size_t used = 0;
  while (state_ != State::closed) {
    const bool is_tuned = state_ != State::start && state_ != State::tune;
    const auto frame =
        amqp::read_frame(bytes.substr(used), is_tuned ? tuning_.frame_max : frame_max_before_tune);
    if (!frame) break;
    used += frame->total_bytes();
    on_frame(*frame);
  }
  return used;
}

void Session::close() {
  if (state_ == State::closing || state_ == State::closed) return;
  state_ = State::closing;
  send(amqp::connection::Close{200, "Goodbye", 0, 0});
}

void Session::send(const amqp::Method& method) {
  amqp::write_method_frame(output_, 0, method);
}

void Session::on_frame(const amqp::Frame& frame) {
  if (frame.type == amqp::FrameType::heartbeat) return;
  if (frame.channel != 0) return on_channel_frame(frame);
  if (frame.type != amqp::FrameType::method) refuse("content on channel 0");
  on_connection_method(amqp::read_method(frame.payload));
}

void Session::on_connection_method(const amqp::Method& method) {
  if (const auto* close = std::get_if<amqp::connection::Close>(&method)) {
    send(amqp::connection::CloseOk{});
    state_ = State::closed;
    listener_.on_closed(close->reply_code, close->reply_text);
  } else if (std::holds_alternative<amqp::connection::CloseOk>(method)) {
    state_ = State::closed;
    listener_.on_closed(200, "closed by this client");
  } else if (state_ == State::closing) {
    return;  // Whatever was under way when we said goodbye.
  } else if (const auto* start = std::get_if<amqp::connection::Start>(&method)) {
    answer_start(*start);
  } else if (const auto* tune = std::get_if<amqp::connection::Tune>(&method)) {
    answer_tune(*tune);
  } else if (std::holds_alternative<amqp::connection::OpenOk>(method)) {
    if (state_ != State::open_ok) refuse("connection.open-ok out of order");
    state_ = State::open;
    listener_.on_open();
  } else if (const auto* blocked = std::get_if<amqp::connection::Blocked>(&method)) {
    listener_.on_blocked(blocked->reason);
  } else if (std::holds_alternative<amqp::connection::Unblocked>(method)) {
    listener_.on_unblocked();
  } else {
    refuse(std::string{amqp::key_of(method).name} + " on channel 0");
  }
}

void Session::answer_start(const amqp::connection::Start& start) {
  if (state_ != State::start) refuse("connection.start out of order");
  const std::string mechanisms = " " + std::string{start.mechanisms.value} + " ";
  const std::string mechanism = settings_.is_external ? "EXTERNAL" : "PLAIN";
  if (mechanisms.find(" " + mechanism + " ") == std::string::npos)
    throw amqp::Error{ReplyCode::not_implemented, "the server does not offer " + mechanism +
                                                      ", only" +
                                                      mechanisms.substr(0, mechanisms.size() - 1)};
  std::string response;
  if (!settings_.is_external) {
    response += '\0';
    response += settings_.user;
    response += '\0';
    response += settings_.password;
  }
  amqp::connection::StartOk answer;
  answer.client_properties = settings_.client_properties;
  answer.mechanism = mechanism;
  answer.response.value = response;
  answer.locale = "en_US";
  send(answer);
  state_ = State::tune;
}

void Session::answer_tune(const amqp::connection::Tune& tune) {
  if (state_ != State::tune) refuse("connection.tune out of order");
  tuning_.channel_max = lower_limit(settings_.channel_max, tune.channel_max);
  tuning_.frame_max = lower_limit(settings_.frame_max, tune.frame_max);
  tuning_.heartbeat_s = settings_.heartbeat_s == 0
                            ? std::uint16_t{0}
                            : lower_limit(settings_.heartbeat_s, tune.heartbeat);
  send(amqp::connection::TuneOk{tuning_.channel_max, tuning_.frame_max, tuning_.heartbeat_s});
  send(amqp::connection::Open{settings_.vhost, "", false});
  state_ = State::open_ok;
}

Session::Assembly& Session::assembly_of(std::uint16_t channel) {
  if (channel >= assemblies_.size()) assemblies_.resize(channel + 1U);
  auto& slot = assemblies_[channel];
  if (!slot) slot = std::make_unique<Assembly>();
  return *slot;
}

void Session::on_channel_frame(const amqp::Frame& frame) {
  if (state_ != State::open && state_ != State::closing) refuse("a channel before connection.open");
  Assembly& assembly = assembly_of(frame.channel);
  using Waiting = Assembly::Waiting;
  switch (frame.type) {
    case amqp::FrameType::heartbeat: return;
    case amqp::FrameType::method: {
      if (assembly.waiting != Waiting::method) refuse("a method where content was expected");
      assembly.method_payload.assign(frame.payload);
      assembly.method = amqp::read_method(assembly.method_payload);
      if (carries_content(assembly.method))
        assembly.waiting = Waiting::header;
      else
        listener_.on_method(frame.channel, assembly.method, assembly.method_payload);
      return;
    }
    case amqp::FrameType::header: {
      if (assembly.waiting != Waiting::header) refuse("a content header without its method");
      const amqp::ContentHeader header =
          amqp::read_content_header(frame.payload, amqp::table_limits);
      assembly.properties.assign(header.properties);
      assembly.body_bytes = header.body_bytes;
      assembly.body.clear();
      assembly.waiting = Waiting::body;
      if (header.body_bytes == 0) hand_over(frame.channel, assembly, {});
      return;
    }
    case amqp::FrameType::body: {
      if (assembly.waiting != Waiting::body) refuse("a body without its header");
      const std::uint64_t size = assembly.body.size() + frame.payload.size();
      if (size > assembly.body_bytes) refuse("a body longer than its header says");
      // Most bodies fit one frame: those are passed on from where they were read.
      if (frame.payload.size() == assembly.body_bytes)
        return hand_over(frame.channel, assembly, frame.payload);
      assembly.body.append(frame.payload);
      if (size == assembly.body_bytes) hand_over(frame.channel, assembly, assembly.body);
      return;
    }
  }
}

void Session::hand_over(std::uint16_t channel, Assembly& assembly, std::string_view body) {
  assembly.waiting = Assembly::Waiting::method;
  listener_.on_content(
      channel, Content{assembly.method, assembly.method_payload, assembly.properties, body});
}

}  // namespace leveret::client
