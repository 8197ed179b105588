#pragma once
// Loop: one I/O thread and the connections that stay with it. ServerShared: what all loops of a
// server have in common.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "net/internal/mailbox.hpp"
#include "net/internal/server_tls.hpp"
#include "net/server.hpp"

namespace tally::net {

struct ServerShared {
  ServerLimits limits;
  Handler handler;
  ServerObserver own_observer;  // when nobody else counts
  ServerObserver* observer = &own_observer;
  std::shared_ptr<Budget> budget;
  std::atomic<bool> is_draining = false;

  // Of new handshakes; null: plain.
  [[nodiscard]] std::shared_ptr<SSL_CTX> tls() const;
  void set_tls(TlsContext context);

  // Connections that are open, over all loops.
  [[nodiscard]] bool add_connection();  // false: one too many
  void remove_connection();
  [[nodiscard]] bool wait_until_empty(std::chrono::milliseconds time);

 private:
  mutable std::mutex mutex_;
  std::condition_variable is_empty_;
  std::size_t connections_ = 0;
  std::shared_ptr<SSL_CTX> tls_;
};

class ServerConnection;

class Loop {
 public:
  explicit Loop(ServerShared& shared);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void run();   // starts the thread
  void stop();  // closes what is left, and waits for the thread

  // Any thread: done by the loop.
  void add(boost::asio::ip::tcp::socket socket);
  void drain();
  void close_all();

  // The loop's own thread.
  void remove(std::uint64_t connection);

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  [[nodiscard]] ServerShared& shared() noexcept { return shared_; }
  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }

 private:
  void turn();
  void deliver();

  ServerShared& shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<std::uint64_t, std::shared_ptr<ServerConnection>> connections_;
  std::uint64_t last_ = 0;
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace tally::net
