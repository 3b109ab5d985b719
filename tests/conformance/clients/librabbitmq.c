/* librabbitmq, the C client. See test_91_clients.py for the story. */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES amqp_cstring_bytes
static const amqp_channel_t channel = 1;
static amqp_connection_state_t connection;

static void say(const char* step) {
  printf("ok %s\n", step);
  fflush(stdout);
}

static void check_at(int line, int truth) {
  if (truth) return;
  fprintf(stderr, "librabbitmq.c:%d: not so\n", line);
  exit(1);
}
#define CHECK(truth) check_at(__LINE__, truth)
#define CHECK_REPLY() CHECK(amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL)

static int is(amqp_bytes_t bytes, const char* text) {
  return bytes.len == strlen(text) && memcmp(bytes.bytes, text, bytes.len) == 0;
}

static amqp_connection_state_t open_connection(struct amqp_connection_info info, int heartbeat) {
  amqp_connection_state_t opened = amqp_new_connection();
  CHECK(amqp_socket_open(amqp_tcp_socket_new(opened), info.host, info.port) == AMQP_STATUS_OK);
  amqp_table_entry_t notify = {BYTES("consumer_cancel_notify"),
                               {AMQP_FIELD_KIND_BOOLEAN, {.boolean = 1}}};
  amqp_table_entry_t capabilities = {BYTES("capabilities"),
                                     {AMQP_FIELD_KIND_TABLE, {.table = {1, &notify}}}};
  const amqp_table_t properties = {1, &capabilities};
  amqp_rpc_reply_t reply =
      amqp_login_with_properties(opened, "/", 0, 131072, heartbeat, &properties,
                                 AMQP_SASL_METHOD_PLAIN, info.user, info.password);
  CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL);
  amqp_channel_open(opened, channel);
  CHECK(amqp_get_rpc_reply(opened).reply_type == AMQP_RESPONSE_NORMAL);
  return opened;
}

/* The next method of the server, which must be this one; its arguments. */
static void* expect(amqp_method_number_t id) {
  amqp_frame_t frame;
  struct timeval deadline = {20, 0};
  CHECK(amqp_simple_wait_frame_noblock(connection, &frame, &deadline) == AMQP_STATUS_OK);
  CHECK(frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == id);
  return frame.payload.method.decoded;
}

static void publish(amqp_bytes_t exchange, const char* key, amqp_bytes_t body,
                    const amqp_basic_properties_t* properties) {
  CHECK(amqp_basic_publish(connection, channel, exchange, BYTES(key), strcmp(key, "nowhere") == 0,
                           0, properties, body) == AMQP_STATUS_OK);
}

/* Takes the next message of the queue; the caller destroys it. */
static amqp_message_t get(amqp_bytes_t queue) {
  amqp_rpc_reply_t reply;
  do {
    reply = amqp_basic_get(connection, channel, queue, 1);
    CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL);
  } while (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD);
  amqp_message_t message;
  CHECK(amqp_read_message(connection, channel, &message, 0).reply_type == AMQP_RESPONSE_NORMAL);
  return message;
}

static const amqp_field_value_t* find(const amqp_table_t* table, const char* key) {
  for (int n = 0; n < table->num_entries; n++)
    if (is(table->entries[n].key, key)) return &table->entries[n].value;
  CHECK(0);
  return NULL;
}

static amqp_table_entry_t text(const char* key, const char* value) {
  amqp_table_entry_t entry = {BYTES(key), {AMQP_FIELD_KIND_UTF8, {0}}};
  entry.value.value.bytes = BYTES(value);
  return entry;
}

static void work(amqp_bytes_t jobs) {
  amqp_basic_qos(connection, channel, 0, 5, 0);
  amqp_basic_consume(connection, channel, jobs, BYTES("worker"), 0, 0, 0, amqp_empty_table);
  CHECK_REPLY();
  int again = 0;
  for (int done = 0; done < 20;) {
    amqp_envelope_t envelope;
    struct timeval deadline = {20, 0};
    amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, &deadline, 0);
    CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL);
    const int is_7 = is(envelope.message.body, "7");
    if (is_7 && !envelope.redelivered) {
      amqp_basic_nack(connection, channel, envelope.delivery_tag, 0, 1);
    } else {
      done++;
      again += is_7;
      if (is(envelope.message.body, "13"))
        amqp_basic_reject(connection, channel, envelope.delivery_tag, 0);
      else
        amqp_basic_ack(connection, channel, envelope.delivery_tag, 0);
    }
    amqp_destroy_envelope(&envelope);
  }
  CHECK(again == 1);
  amqp_basic_cancel(connection, channel, BYTES("worker"));
  CHECK_REPLY();
}

static void check_death(amqp_bytes_t dead, const char* jobs) {
  amqp_message_t message = get(dead);
  const amqp_array_t deaths = find(&message.properties.headers, "x-death")->value.array;
  const amqp_table_t death = deaths.entries[0].value.table;
  CHECK(deaths.num_entries == 1);
  CHECK(is(find(&death, "reason")->value.bytes, "rejected"));
  CHECK(is(find(&death, "queue")->value.bytes, jobs));
  CHECK(find(&death, "count")->value.i64 == 1);
  amqp_destroy_message(&message);
}

static void check_headers(const char* misc) {
  amqp_table_entry_t three = text("three", "3");
  amqp_field_value_t list[2] = {{AMQP_FIELD_KIND_I32, {.i32 = 1}},
                                {AMQP_FIELD_KIND_TABLE, {.table = {1, &three}}}};
  amqp_table_entry_t headers[3] = {
      {BYTES("list"), {AMQP_FIELD_KIND_ARRAY, {.array = {2, list}}}},
      {BYTES("none"), {AMQP_FIELD_KIND_VOID, {0}}},
      {BYTES("big"), {AMQP_FIELD_KIND_I64, {.i64 = (int64_t)1 << 40}}},
  };
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = {3, headers}};
  publish(amqp_empty_bytes, misc, BYTES("x"), &properties);
  expect(AMQP_BASIC_ACK_METHOD);
  amqp_message_t message = get(BYTES(misc));
  const amqp_table_t* back = &message.properties.headers;
  const amqp_array_t array = find(back, "list")->value.array;
  CHECK(array.num_entries == 2 && array.entries[0].value.i32 == 1);
  CHECK(is(find(&array.entries[1].value.table, "three")->value.bytes, "3"));
  CHECK(find(back, "none")->kind == AMQP_FIELD_KIND_VOID);
  CHECK(find(back, "big")->value.i64 == (int64_t)1 << 40);
  amqp_destroy_message(&message);
}

static void check_large_body(const char* misc) {
  amqp_bytes_t body = amqp_bytes_malloc(1 << 20);
  for (size_t n = 0; n < body.len; n++) ((char*)body.bytes)[n] = (char)(n * 31);
  publish(amqp_empty_bytes, misc, body, NULL);
  expect(AMQP_BASIC_ACK_METHOD);
  amqp_message_t message = get(BYTES(misc));
  CHECK(message.body.len == body.len);
  CHECK(memcmp(message.body.bytes, body.bytes, body.len) == 0);
  amqp_destroy_message(&message);
  amqp_bytes_free(body);
}

/* The server closed `number` with this code and a text that begins so. */
static void check_refusal(amqp_channel_t number, int code, const char* begin) {
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  CHECK(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION);
  CHECK(reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD);
  const amqp_channel_close_t* close = reply.reply.decoded;
  CHECK(close->reply_code == code);
  CHECK(strncmp(close->reply_text.bytes, begin, strlen(begin)) == 0);
  amqp_channel_close_ok_t answer;
  amqp_send_method(connection, number, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer);
}

int main(int argc, char** argv) {
  CHECK(argc == 3);
  struct amqp_connection_info info;
  CHECK(amqp_parse_url(argv[1], &info) == AMQP_STATUS_OK);
  char exchange[256], jobs[256], dead[256], misc[256], absent[256], refusal[300];
  snprintf(exchange, sizeof exchange, "%s.x", argv[2]);
  snprintf(jobs, sizeof jobs, "%s.jobs", argv[2]);
  snprintf(dead, sizeof dead, "%s.dead", argv[2]);
  snprintf(misc, sizeof misc, "%s.misc", argv[2]);
  snprintf(absent, sizeof absent, "%s.absent", argv[2]);
  connection = open_connection(info, 0);

  amqp_exchange_declare(connection, channel, BYTES(exchange), BYTES("topic"), 0, 0, 1, 0,
                        amqp_empty_table);
  amqp_queue_declare(connection, channel, BYTES(dead), 0, 0, 1, 0, amqp_empty_table);
  amqp_table_entry_t entries[2] = {text("x-dead-letter-exchange", ""),
                                   text("x-dead-letter-routing-key", dead)};
  const amqp_table_t arguments = {2, entries};
  amqp_queue_declare(connection, channel, BYTES(jobs), 0, 0, 1, 0, arguments);
  amqp_queue_bind(connection, channel, BYTES(jobs), BYTES(exchange), BYTES("jobs.#"),
                  amqp_empty_table);
  CHECK_REPLY();
  say("declare");

  amqp_confirm_select(connection, channel);
  const amqp_basic_properties_t persistent = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                              .delivery_mode = AMQP_DELIVERY_PERSISTENT};
  for (int n = 0; n < 20; n++) {
    char body[8];
    snprintf(body, sizeof body, "%d", n);
    publish(BYTES(exchange), "jobs.n", BYTES(body), &persistent);
    const amqp_basic_ack_t* ack = expect(AMQP_BASIC_ACK_METHOD);
    CHECK(ack->delivery_tag == (uint64_t)n + 1);
  }
  say("confirms");

  publish(BYTES(exchange), "nowhere", BYTES("back"), NULL);
  const amqp_basic_return_t* returned = expect(AMQP_BASIC_RETURN_METHOD);
  CHECK(returned->reply_code == 312 && is(returned->reply_text, "NO_ROUTE"));
  amqp_message_t message;
  CHECK(amqp_read_message(connection, channel, &message, 0).reply_type == AMQP_RESPONSE_NORMAL);
  CHECK(is(message.body, "back"));
  amqp_destroy_message(&message);
  expect(AMQP_BASIC_ACK_METHOD);
  say("return");

  work(BYTES(jobs));
  say("consume");
  check_death(BYTES(dead), jobs);
  say("dead letter");

  amqp_queue_declare(connection, channel, BYTES(misc), 0, 0, 1, 0, amqp_empty_table);
  CHECK_REPLY();
  check_headers(misc);
  say("headers");
  check_large_body(misc);
  say("large body");

  amqp_basic_consume(connection, channel, BYTES(misc), BYTES("mine"), 0, 1, 0, amqp_empty_table);
  amqp_queue_delete(connection, channel, BYTES(misc), 0, 0);
  CHECK_REPLY();
  const amqp_basic_cancel_t* cancel = expect(AMQP_BASIC_CANCEL_METHOD);
  CHECK(is(cancel->consumer_tag, "mine"));
  say("cancel");

  amqp_channel_open(connection, 2);
  amqp_queue_declare(connection, 2, BYTES(absent), 1, 0, 0, 0, amqp_empty_table);
  snprintf(refusal, sizeof refusal, "NOT_FOUND - no queue '%s' in vhost '/'", absent);
  check_refusal(2, 404, refusal);
  amqp_channel_open(connection, 3);
  amqp_queue_declare(connection, 3, BYTES(jobs), 0, 0, 1, 0, amqp_empty_table);
  check_refusal(3, 406, "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter");
  say("refusals");

  amqp_connection_state_t beating = open_connection(info, 7);
  CHECK(amqp_get_heartbeat(beating) == 7);
  CHECK(amqp_connection_close(beating, AMQP_REPLY_SUCCESS).reply_type == AMQP_RESPONSE_NORMAL);
  amqp_destroy_connection(beating);
  say("heartbeat");

  CHECK(amqp_connection_close(connection, AMQP_REPLY_SUCCESS).reply_type == AMQP_RESPONSE_NORMAL);
  amqp_destroy_connection(connection);
  say("close");
  return 0;
}
