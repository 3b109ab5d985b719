#include "net/command_reader.h"

#include <string>
#include <utility>

#include "base/limit_counts.h"

namespace leveret::net {
namespace {

using amqp::Error;
using amqp::FrameType;
using amqp::ReplyCode;
using broker::ChannelNumber;

constexpr amqp::MethodKey publish_key = amqp::basic::Publish::key;

/// An error about a message's frames is one of the publish that they belong to.
Error content_error(ReplyCode code, const std::string& text) {
  return Error{code, text, publish_key.class_id, publish_key.method_id};
}

Error unexpected_type(const amqp::Frame& frame) {
  return Error{ReplyCode::unexpected_frame, "type " + std::to_string(static_cast<int>(frame.type)) +
                                                " on channel " + std::to_string(frame.channel)};
}

std::size_t work_of(const amqp::Method& method) {
  const bool is_little = std::holds_alternative<amqp::basic::Publish>(method) ||
                         std::holds_alternative<amqp::basic::Ack>(method) ||
                         std::holds_alternative<amqp::basic::Nack>(method) ||
                         std::holds_alternative<amqp::basic::Reject>(method);
  return is_little ? 1 : CommandReader::other_work;
}

/// Closes one channel only: thrown from within on_header, caught in read().
struct ChannelFailure {
  Error error;
};

}  // namespace

CommandReader::Result CommandReader::read(std::string_view input, TimeMs now,
                                          std::vector<broker::Command>& commands,
                                          std::vector<BlobRef>& kept) {
  Result result;
  Output output{now, commands, kept};
  ChannelNumber channel = 0;
  try {
    while (const std::optional<amqp::Frame> frame =
               amqp::read_frame(input.substr(result.consumed_bytes), limits_.frame_max)) {
      channel = frame->channel;
      result.consumed_bytes += frame->total_bytes();
      on_frame(*frame, output);
      if (output.work >= limits_.work_per_read_max) {
        result.has_more = true;
        break;
      }
    }
  } catch (const ChannelFailure& failure) {
    result.failure = Failure{channel, failure.error};
  } catch (const Error& error) {
    result.failure = Failure{0, error};
  }
  return result;
}

void CommandReader::on_frame(const amqp::Frame& frame, Output& output) {
  switch (frame.type) {
    case FrameType::method: return on_method(frame, output);
    case FrameType::header: return on_header(frame, output);
    case FrameType::body: return on_body(frame, output);
    case FrameType::heartbeat:
      if (frame.channel != 0) throw unexpected_type(frame);
      return;
  }
}

void CommandReader::on_method(const amqp::Frame& frame, Output& output) {
  amqp::Method method = amqp::read_method(frame.payload);
  if (Content* content = find(frame.channel)) {
    // A client that is told of its channel's end may leave a message half sent, and answers.
    const bool may_follow = content->expected == Expected::no_more ||
                            std::holds_alternative<amqp::channel::CloseOk>(method);
    if (!may_follow)
      throw content_error(
          ReplyCode::unexpected_frame,
          content->expected == Expected::header
              ? "expected content header for class 60, got non content header frame instead"
              : "expected content body, got non content body frame instead");
    release(*content);
  }
  output.work += work_of(method);
  if (const auto* publish = std::get_if<amqp::basic::Publish>(&method))
    return begin(frame.channel, *publish);
  output.commands.push_back({frame.channel, std::move(method), {}});
}

void CommandReader::begin(ChannelNumber channel, const amqp::basic::Publish& publish) {
  if (channel == 0)
    throw content_error(ReplyCode::channel_error, "basic.publish is not expected on channel 0");
  if (current_.expected != Expected::method) {
    if (parked_.size() >= limits_.channels_max)
      throw content_error(ReplyCode::resource_error,
                          "more than " + std::to_string(limits_.channels_max) +
                              " channels are in the middle of a message");
    const ChannelNumber parked = current_.channel;
    parked_.insert_or_assign(parked, std::move(current_));
  }
  current_.channel = channel;
  current_.expected = Expected::header;
  current_.is_detached = false;
  current_.publish = publish;
  current_.bytes = 0;
}

void CommandReader::on_header(const amqp::Frame& frame, Output& output) {
  Content* content = find(frame.channel);
  if (!content)
    throw Error{ReplyCode::unexpected_frame, "expected a method, got a content header instead"};
  if (content->expected == Expected::no_more) return;
  if (content->expected != Expected::header)
    throw content_error(ReplyCode::unexpected_frame,
                        "expected content body, got a content header instead");
  const amqp::ContentHeader header = amqp::read_content_header(frame.payload);
  if (header.class_id != publish_key.class_id)
    throw content_error(ReplyCode::unexpected_frame,
                        "expected content header for class 60, got one for class " +
                            std::to_string(header.class_id) + " instead");
  if (header.body_bytes > limits_.message_bytes_max) {
    content->expected = Expected::no_more;
    limits_reached.add(Limit::message_bytes);
    throw ChannelFailure{content_error(ReplyCode::precondition_failed,
                                       "message size " + std::to_string(header.body_bytes) +
                                           " is larger than configured max size " +
                                           std::to_string(limits_.message_bytes_max))};
  }
  content->builder = broker::MessageBuilder{content->publish.exchange, content->publish.routing_key,
                                            header.properties, header.body_bytes, output.now};
  content->expected = Expected::body;
  if (header.body_bytes == 0) return complete(*content, output);
  count(*content, frame.payload.size());
}

void CommandReader::on_body(const amqp::Frame& frame, Output& output) {
  Content* content = find(frame.channel);
  if (!content)
    throw Error{ReplyCode::unexpected_frame, "expected a method, got a content body instead"};
  if (content->expected == Expected::no_more) return;
  if (content->expected != Expected::body)
    throw content_error(ReplyCode::unexpected_frame,
                        "expected content header for class 60, got a content body instead");
  if (frame.payload.size() > content->builder.missing_bytes())
    throw content_error(ReplyCode::frame_error, "body is longer than its content header announced");
  content->builder.append(frame.payload);
  if (content->builder.missing_bytes() == 0) return complete(*content, output);
  count(*content, frame.payload.size());
}

/// More has come, and the message is not whole.
void CommandReader::count(Content& content, std::size_t bytes) {
  content.bytes += bytes;
  unfinished_bytes_ += bytes;
  const bool is_only_one = content.bytes == unfinished_bytes_;
  if (is_only_one || unfinished_bytes_ <= limits_.unfinished_bytes_max) return;
  limits_reached.add(Limit::unfinished_bytes);
  throw content_error(ReplyCode::resource_error, "more than " +
                                                     std::to_string(limits_.unfinished_bytes_max) +
                                                     " bytes of messages that have not come whole");
}

void CommandReader::complete(Content& content, Output& output) {
  if (content.is_detached) output.kept.push_back(std::move(content.names));
  output.commands.push_back({content.channel, content.publish, content.builder.finish()});
  release(content);
}

void CommandReader::release(Content& content) {
  unfinished_bytes_ -= std::exchange(content.bytes, 0);
  content.expected = Expected::method;
  if (&content != &current_) parked_.erase(content.channel);
}

CommandReader::Content* CommandReader::find(ChannelNumber channel) {
  if (current_.channel == channel)
    return current_.expected == Expected::method ? nullptr : &current_;
  if (parked_.empty()) return nullptr;
  const auto found = parked_.find(channel);
  return found == parked_.end() ? nullptr : &found->second;
}

void CommandReader::detach() {
  // What is parked was either detached before, or parked since the last call; the map is empty
  // nearly always.
  if (current_.expected != Expected::method) detach(current_);
  for (auto& [channel, content] : parked_) detach(content);
}

void CommandReader::detach(Content& content) {
  if (content.is_detached) return;
  amqp::basic::Publish& publish = content.publish;
  content.names = Blob::copy(std::string{publish.exchange}.append(publish.routing_key));
  const std::string_view names = content.names->view();
  const std::size_t exchange_bytes = publish.exchange.size();
  publish.exchange = names.substr(0, exchange_bytes);
  publish.routing_key = names.substr(exchange_bytes);
  content.is_detached = true;
}

}  // namespace leveret::net
