#include "lib/worker_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "lib/backoff.h"
#include "lib/channel.h"

namespace leveret::client {
namespace {

constexpr std::chrono::milliseconds empty_poll{100};

std::uint64_t attempt_of(const amqp::Properties& properties) {
  if (!properties.headers) return 1;
  const amqp::Value* count = properties.headers->find("x-delivery-count");
  const auto earlier = count ? count->as_integer() : std::nullopt;
  return earlier && *earlier > 0 ? static_cast<std::uint64_t>(*earlier) + 1 : 1;
}

}  // namespace

class WorkerPool::State {
 public:
  State(Url url, WorkerPoolOptions options, Handler handler)
      : url_(std::move(url)), options_(std::move(options)), handler_(std::move(handler)) {
    if (options_.slots == 0) throw std::invalid_argument("a worker pool needs at least one slot");
    if (options_.prefetch == 0)
      options_.prefetch = static_cast<std::uint16_t>(std::min(options_.slots, 65535U));
  }

  void run();
  void stop();
  Counts counts() const;

 private:
  class Line;
  struct Waiting {
    std::shared_ptr<Line> line;
    Job job;
  };

  void work();
  void serve(const std::shared_ptr<Line>& line);
  bool is_drained(Line& line, std::unique_lock<std::mutex>& lock);
  void wind_up(Line& line);
  std::shared_ptr<Line> reconnect();
  void enqueue(std::shared_ptr<Line> line, const Delivery& delivery);
  void settle(Line& line, const Job& job, Outcome outcome);

  const Url url_;
  WorkerPoolOptions options_;
  const Handler handler_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable job_came_;
  std::deque<Waiting> waiting_;
  bool is_stopping_ = false;
  /// A handler has said put_back.
  bool is_unable_ = false;
  /// Slots have nothing to wait for any more.
  bool is_over_ = false;
  std::uint64_t received_ = 0;
  Counts counts_;
};

/// One connection of the pool's life. Slots share it with the pool until their job is settled.
class WorkerPool::State::Line final : public ChannelListener,
                                      public std::enable_shared_from_this<Line> {
 public:
  Line(State& pool, const Url& url, const WorkerPoolOptions& options)
      : pool_(pool), connection_(url, options.connection), channel_(connection_, this) {
    channel_.set_prefetch(options.prefetch);
  }

  void consume(const std::string& queue) { tag_ = channel_.consume(queue); }
  void cancel() { channel_.cancel(tag_); }
  void close() { connection_.close(); }
  Channel& channel() { return channel_; }
  /// Guarded by the pool's mutex.
  std::optional<CloseReason> lost;

 private:
  void on_delivery(const Delivery& delivery) override {
    pool_.enqueue(shared_from_this(), delivery);
  }
  void on_cancel(std::string_view) override {
    end({404, "the broker cancelled the consumer: its queue was deleted", false});
  }
  void on_closed(const CloseReason& reason) override { end(reason); }
  void end(const CloseReason& reason) {
    const std::lock_guard lock(pool_.mutex_);
    if (!lost) lost = reason;
    pool_.changed_.notify_all();
  }

  State& pool_;
  std::string tag_;
  Connection connection_;
  Channel channel_;
};

WorkerPool::WorkerPool(Url url, WorkerPoolOptions options, Handler handler)
    : state_(std::make_unique<State>(std::move(url), std::move(options), std::move(handler))) {}
WorkerPool::~WorkerPool() = default;

void WorkerPool::run() {
  state_->run();
}
void WorkerPool::stop() {
  state_->stop();
}
WorkerPool::Counts WorkerPool::counts() const {
  return state_->counts();
}

void WorkerPool::State::run() {
  auto line = std::make_shared<Line>(*this, url_, options_);
  std::vector<std::thread> slots;
  for (unsigned i = 0; i < options_.slots; ++i) slots.emplace_back([this] { work(); });
  std::exception_ptr failure;
  try {
    for (; line; line = reconnect()) serve(line);
  } catch (...) {
    failure = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    waiting_.clear();
    job_came_.notify_all();
  }
  if (line) line->close();  // No delivery may come to a line that nobody holds.
  for (std::thread& slot : slots) slot.join();
  if (failure) std::rethrow_exception(failure);
}

void WorkerPool::State::stop() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  changed_.notify_all();
}

WorkerPool::Counts WorkerPool::State::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

/// Works on one connection until it is lost or the pool stops. Throws ChannelError when the queue
/// is missing or gone.
void WorkerPool::State::serve(const std::shared_ptr<Line>& line) {
  try {
    line->consume(options_.queue);
    std::unique_lock lock(mutex_);
    while (!is_stopping_ && !line->lost) {
      if (!options_.stop_when_empty) {
        changed_.wait(lock);
        continue;
      }
      changed_.wait_for(lock, empty_poll);
      if (is_drained(*line, lock)) is_stopping_ = true;
    }
    if (line->lost) {
      waiting_.clear();  // The broker gives them out again.
      if (!line->lost->is_connection) throw ChannelError{line->lost->text, line->lost->reply_code};
      return;
    }
    lock.unlock();
    wind_up(*line);
  } catch (const ConnectionError&) {  // Lost: the next line goes on, unless we are stopping.
  }
}

/// True when no job is here and none was ready at the broker. Releases the lock to ask.
bool WorkerPool::State::is_drained(Line& line, std::unique_lock<std::mutex>& lock) {
  const auto is_idle = [&] { return waiting_.empty() && counts_.running == 0; };
  if (!is_idle()) return false;
  const std::uint64_t received_before = received_;
  lock.unlock();
  const bool is_empty = line.channel().check_queue(options_.queue).messages_ready == 0;
  lock.lock();
  return is_empty && is_idle() && received_ == received_before;
}

/// Gives back what has not begun, waits for what has, and closes.
void WorkerPool::State::wind_up(Line& line) {
  line.cancel();
  std::deque<Waiting> unstarted;
  std::unique_lock lock(mutex_);
  unstarted.swap(waiting_);
  counts_.put_back += unstarted.size();
  // With a broken handler, they go back with the connection: a nack would count as an attempt.
  const bool is_returning_at_once = !is_unable_;
  lock.unlock();
  if (is_returning_at_once)
    for (const Waiting& waiting : unstarted)
      line.channel().nack(waiting.job.delivery_tag, Requeue::yes);
  lock.lock();
  changed_.wait(lock, [&] { return counts_.running == 0 || line.lost; });
  lock.unlock();
  line.close();
}

/// The next connection; none when the pool is stopping.
std::shared_ptr<WorkerPool::State::Line> WorkerPool::State::reconnect() {
  const auto start = std::chrono::steady_clock::now();
  Backoff backoff;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return nullptr;
    }
    try {
      auto line = std::make_shared<Line>(*this, url_, options_);
      const std::lock_guard lock(mutex_);
      ++counts_.reconnects;
      return line;
    } catch (const ConnectionError& error) {
      const auto wait = backoff.next();
      const bool is_late = options_.reconnect_for.count() != 0 &&
                           std::chrono::steady_clock::now() + wait > start + options_.reconnect_for;
      if (is_late || !is_worth_retrying(error)) throw;
      if (options_.on_reconnect) options_.on_reconnect(error.what(), wait);
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, wait, [&] { return is_stopping_; });
    }
  }
}

void WorkerPool::State::enqueue(std::shared_ptr<Line> line, const Delivery& delivery) {
  Job job;
  job.delivery_tag = delivery.delivery_tag;
  job.redelivered = delivery.redelivered;
  job.exchange = delivery.exchange;
  job.routing_key = delivery.routing_key;
  job.properties = amqp::read_properties(delivery.properties);
  job.body = delivery.body;
  job.queue = options_.queue;
  job.attempt = attempt_of(job.properties);
  const std::lock_guard lock(mutex_);
  ++received_;
  waiting_.push_back({std::move(line), std::move(job)});
  job_came_.notify_one();
}

/// A slot's thread.
void WorkerPool::State::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    job_came_.wait(lock, [&] { return is_over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    ++counts_.running;
    lock.unlock();
    Outcome outcome = Outcome::dead;
    try {
      outcome = handler_(next.job);
    } catch (...) {  // Counts as a failure for good; the handler's own business to report.
    }
    settle(*next.line, next.job, outcome);
  }
}

void WorkerPool::State::settle(Line& line, const Job& job, Outcome outcome) {
  std::uint64_t* count = &counts_.put_back;
  try {
    switch (outcome) {
      case Outcome::ack:
        line.channel().ack(job.delivery_tag);
        count = &counts_.acked;
        break;
      case Outcome::drop:
        line.channel().ack(job.delivery_tag);
        count = &counts_.dropped;
        break;
      case Outcome::retry:
        line.channel().nack(job.delivery_tag, Requeue::yes);
        count = &counts_.retried;
        break;
      case Outcome::dead:
        line.channel().reject(job.delivery_tag, Requeue::no);
        count = &counts_.dead;
        break;
      case Outcome::put_back: break;
    }
  } catch (const Error&) {  // The connection is gone, and the job is back in its queue.
  }
  const std::lock_guard lock(mutex_);
  ++*count;
  --counts_.running;
  if (outcome == Outcome::put_back) is_stopping_ = is_unable_ = true;
  changed_.notify_all();
}

}  // namespace leveret::client
