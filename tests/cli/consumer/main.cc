// Publishes ten jobs and works on them: what a user of the library writes first.
#include <leveret/client.h>

#include <atomic>
#include <cstdio>

int main(int argc, char** argv) {
  using namespace leveret::client;
  if (argc != 2) return 64;
  const Url url = Url::parse(argv[1]);
  std::string queue;
  Connection connection(url);
  Channel channel(connection);
  QueueOptions options;
  options.durable = false;
  options.auto_delete = true;
  queue = channel.declare_queue("", options).name;

  Publisher publisher(url);
  leveret::amqp::Properties properties;
  properties.content_type = "text/plain";
  const auto envelope =
      std::make_shared<const Envelope>("", queue, properties, Unroutable::returned);
  for (int i = 1; i <= 10; ++i) publisher.publish(envelope, std::to_string(i));
  publisher.flush();

  std::atomic<int> sum = 0;
  WorkerPoolOptions pool_options;
  pool_options.queue = queue;
  pool_options.slots = 3;
  pool_options.stop_when_empty = true;
  WorkerPool pool(url, pool_options, [&](const Job& job) {
    sum += std::stoi(job.body);
    return Outcome::ack;
  });
  pool.run();
  std::printf("confirmed %d, sum %d\n", static_cast<int>(publisher.counts().confirmed), sum.load());
}
