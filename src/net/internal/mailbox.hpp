#pragma once
// Mailbox: answers on their way from any thread to the loop that has the connection. It outlives
// the loop as long as a Responder is left, and takes nothing once it is closed.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/server.hpp"
#include "net/session.hpp"

namespace tally::net {

class Mailbox {
 public:
  struct Answer {
    std::uint64_t connection = 0;
    std::uint64_t request = 0;
    ServerResponse response;
  };

  // `wake`: called when there is something after there was nothing; never after close().
  Mailbox(std::function<void()> wake, ServerObserver& observer)
      : wake_(std::move(wake)), observer_(&observer) {}

  void expect();  // one more answer
  void put(Answer answer);
  [[nodiscard]] std::vector<Answer> take();
  void close();

 private:
  std::mutex mutex_;
  std::vector<Answer> answers_;
  std::function<void()> wake_;
  ServerObserver* observer_;  // null: closed
  std::int64_t expected_ = 0;
};

struct Responder::Route {
  std::shared_ptr<Mailbox> mailbox;
  std::uint64_t connection = 0;
  std::uint64_t request = 0;
  Charge charge;
};

}  // namespace tally::net
