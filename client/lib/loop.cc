#include "lib/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>
#include <utility>

#include "base/this_thread.h"

namespace leveret::client {

namespace asio = boost::asio;

struct Loop::State {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread{[this] {
    this_thread::be_prompt();
    context.run();
  }};
};

Loop::Loop() : state_(std::make_unique<State>()) {}

Loop::~Loop() {
  state_->context.stop();
  state_->thread.join();
}

void Loop::post(Task task) {
  asio::post(state_->context, [task = std::move(task)]() mutable { task(); });
}

void Loop::run(Task task) {
  if (is_current()) return task();
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

bool Loop::is_current() const {
  return state_->thread.get_id() == std::this_thread::get_id();
}

boost::asio::io_context& Loop::context() {
  return state_->context;
}

}  // namespace leveret::client
