#pragma once
// For tests: a server on loopback that keeps connections, each on a thread of its own, and reads
// bodies. It can be stopped and started again on its port.

#include <csignal>
#include <cstdlib>
#include <list>

#include "net/testing/server.hpp"

namespace tally::net::testing {

struct ReceivedRequest {
  std::string method;
  std::string path;  // with its query
  std::string head;  // all of it, with its empty line
  std::string body;
};

inline std::string json_answer(unsigned status, const std::string& body,
                               const std::string& fields = {}) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Word\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}

class KeepAliveServer {
 public:
  // False: the connection is closed.
  using Handler = std::function<bool(Peer& peer, const ReceivedRequest& request)>;

  explicit KeepAliveServer(Handler handler, const Identity* identity = nullptr)
      : handler_(std::move(handler)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that are gone
    if (identity != nullptr) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate(tls_, identity->certificate);
      SSL_CTX_use_PrivateKey(tls_, identity->key);
    }
    start();
  }
  KeepAliveServer(const KeepAliveServer&) = delete;
  KeepAliveServer& operator=(const KeepAliveServer&) = delete;
  ~KeepAliveServer() {
    stop();
    SSL_CTX_free(tls_);
  }

  void stop() {
    if (!thread_.joinable()) {
      return;
    }
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  void start() {
    stop_ = false;
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int is_on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &is_on, sizeof(is_on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept(); });
  }

  [[nodiscard]] std::string url() const {
    return (tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
  }
  [[nodiscard]] std::vector<ReceivedRequest> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept() {
    std::list<std::thread> threads;
    while (!stop_) {
      pollfd entry{listener_, POLLIN, 0};
      if (::poll(&entry, 1, 5) > 0) {
        if (const int descriptor = ::accept(listener_, nullptr, nullptr); descriptor >= 0) {
          connections_ += 1;
          threads.emplace_back([this, descriptor] { serve(descriptor); });
        }
      }
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

  void serve(int descriptor) {
    SSL* session = nullptr;
    bool goes_on = true;
    if (tls_ != nullptr) {
      session = SSL_new(tls_);
      SSL_set_fd(session, descriptor);
      goes_on = SSL_accept(session) == 1;
    }
    Peer peer(descriptor, session, stop_);
    std::string text;
    while (goes_on) {
      const auto request = read(descriptor, session, text);
      if (!request) {
        break;
      }
      {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(*request);
      }
      goes_on = handler_(peer, *request);
    }
    if (session != nullptr) {
      SSL_shutdown(session);
      SSL_free(session);
    }
    ::close(descriptor);
  }

  // Nothing: the client closed, or the server stops.
  std::optional<ReceivedRequest> read(int descriptor, SSL* session, std::string& text) {
    while (!stop_) {
      if (auto request = cut(text)) {
        return request;
      }
      pollfd entry{descriptor, POLLIN, 0};
      if ((session == nullptr || SSL_pending(session) == 0) && ::poll(&entry, 1, 5) <= 0) {
        continue;
      }
      char bytes[4096];
      const auto count = session != nullptr
                             ? SSL_read(session, bytes, sizeof(bytes))
                             : static_cast<int>(::recv(descriptor, bytes, sizeof(bytes), 0));
      if (count <= 0) {
        return std::nullopt;
      }
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return std::nullopt;
  }

  static std::optional<ReceivedRequest> cut(std::string& text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) {
      return std::nullopt;
    }
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t at = text.find(kLength);
    const std::size_t length =
        at < end ? static_cast<std::size_t>(std::atol(text.c_str() + at + kLength.size())) : 0;
    if (text.size() < end + 4 + length) {
      return std::nullopt;
    }
    ReceivedRequest request{.method = text.substr(0, text.find(' ')),
                            .path = {},
                            .head = text.substr(0, end + 4),
                            .body = text.substr(end + 4, length)};
    const std::size_t begin = request.method.size() + 1;
    request.path = text.substr(begin, text.find(' ', begin) - begin);
    text.erase(0, end + 4 + length);
    return request;
  }

  Handler handler_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;
  std::thread thread_;
};

}  // namespace tally::net::testing
