import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** RabbitMQ's Java client. See test_91_clients.py for the story. */
public class JavaClient {
  static final BlockingQueue<String> heard = new ArrayBlockingQueue<>(100);

  static void say(String step) {
    System.out.println("ok " + step);
  }

  static void check(boolean truth, Object what) {
    if (!truth) throw new AssertionError("not so: " + what);
  }

  static void hear(String expected) throws InterruptedException {
    String said = heard.poll(20, TimeUnit.SECONDS);
    check(expected.equals(said), said);
  }

  static GetResponse get(Channel channel, String queue) throws IOException {
    GetResponse response = null;
    while (response == null) response = channel.basicGet(queue, true);
    return response;
  }

  static class Worker extends DefaultConsumer {
    Worker(Channel channel) {
      super(channel);
    }

    @Override
    public void handleDelivery(String tag, Envelope envelope, BasicProperties properties, byte[] body)
        throws IOException {
      String text = new String(body);
      if (text.equals("7") && !envelope.isRedeliver()) {
        getChannel().basicNack(envelope.getDeliveryTag(), false, true);
        return;
      }
      if (text.equals("13")) getChannel().basicReject(envelope.getDeliveryTag(), false);
      else getChannel().basicAck(envelope.getDeliveryTag(), false);
      heard.add(text.equals("7") ? "7 again" : "done");
    }

    @Override
    public void handleCancel(String tag) {
      heard.add("cancelled " + tag);
    }
  }

  interface Refused {
    void run() throws IOException;
  }

  static void refused(int code, String text, Refused action) throws IOException {
    try {
      action.run();
    } catch (IOException refusal) {
      ShutdownSignalException cause = (ShutdownSignalException) refusal.getCause();
      var close = (com.rabbitmq.client.AMQP.Channel.Close) cause.getReason();
      check(close.getReplyCode() == code && close.getReplyText().startsWith(text), close);
      return;
    }
    throw new AssertionError("no " + code);
  }

  public static void main(String[] arguments) throws Exception {
    String prefix = arguments[1];
    String exchange = prefix + ".x", jobs = prefix + ".jobs", dead = prefix + ".dead", misc = prefix + ".misc";
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(arguments[0]);
    Connection connection = factory.newConnection();
    Channel channel = connection.createChannel();

    channel.exchangeDeclare(exchange, "topic", false, true, null);
    channel.queueDeclare(dead, false, true, false, null);
    channel.queueDeclare(jobs, false, true, false,
        Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead));
    channel.queueBind(jobs, exchange, "jobs.#");
    say("declare");

    channel.confirmSelect();
    for (int n = 0; n < 20; n++)
      channel.basicPublish(exchange, "jobs." + n, MessageProperties.PERSISTENT_BASIC, ("" + n).getBytes());
    channel.waitForConfirmsOrDie(20000);
    check(channel.messageCount(jobs) == 20, channel.messageCount(jobs));
    say("confirms");

    channel.addReturnListener((code, text, from, key, properties, body) ->
        heard.add(code + " " + text + " " + key + " " + new String(body)));
    channel.basicPublish(exchange, "nowhere", true, null, "back".getBytes());
    hear("312 NO_ROUTE nowhere back");
    say("return");

    channel.basicQos(5);
    String tag = channel.basicConsume(jobs, false, new Worker(channel));
    int again = 0;
    for (int n = 0; n < 20; n++) again += heard.poll(20, TimeUnit.SECONDS).equals("7 again") ? 1 : 0;
    channel.basicCancel(tag);
    check(again == 1, again);
    say("consume");

    var deaths = (List<?>) get(channel, dead).getProps().getHeaders().get("x-death");
    var death = (Map<?, ?>) deaths.get(0);
    check(death.get("reason").toString().equals("rejected"), death);
    check(death.get("queue").toString().equals(jobs) && death.get("count").equals(1L), death);
    say("dead letter");

    Map<String, Object> headers = new HashMap<>();
    headers.put("list", Arrays.asList(1, true, Map.of("three", 3)));
    headers.put("none", null);
    headers.put("big", 1L << 40);
    headers.put("half", 0.5);
    channel.queueDeclare(misc, false, true, false, null);
    channel.basicPublish("", misc, new BasicProperties.Builder().headers(headers).build(), new byte[0]);
    Map<String, Object> back = get(channel, misc).getProps().getHeaders();
    check(back.equals(headers), back);
    say("headers");

    byte[] body = new byte[1 << 20];
    for (int n = 0; n < body.length; n++) body[n] = (byte) (n * 31);
    channel.basicPublish("", misc, null, body);
    check(Arrays.equals(get(channel, misc).getBody(), body), "the large body arrives whole");
    say("large body");

    channel.basicConsume(misc, true, "mine", new Worker(channel));
    channel.queueDelete(misc);
    hear("cancelled mine");
    say("cancel");

    refused(404, "NOT_FOUND - no queue '" + prefix + ".absent' in vhost '/'",
        () -> connection.createChannel().queueDeclarePassive(prefix + ".absent"));
    refused(406, "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter",
        () -> connection.createChannel().queueDeclare(jobs, false, true, false, null));
    say("refusals");

    factory.setRequestedHeartbeat(7);
    Connection beating = factory.newConnection();
    check(beating.getHeartbeat() == 7, beating.getHeartbeat());
    beating.close();
    say("heartbeat");

    connection.close();
    say("close");
  }
}
