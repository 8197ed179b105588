#pragma once
// For tests of the server: a client that sends what it is told, plain or TLS, and a handler's other
// end. Whatever is waited for is waited for ten seconds at most.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/server.hpp"
#include "net/testing/server.hpp"

namespace tally::net::testing {

struct RawTls {
  const Identity* trust = nullptr;
  const Identity* shown = nullptr;  // the client's own
  std::string protocols{};          // ALPN, as on the wire
  int version_max = 0;
  SSL_SESSION* resumed = nullptr;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    is_open_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  RawClient(std::uint16_t port, const RawTls& options) : RawClient(port) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, options.version_max);
    if (options.trust != nullptr) {
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), options.trust->certificate);
    }
    if (options.shown != nullptr) {
      SSL_CTX_use_certificate(context_, options.shown->certificate);
      SSL_CTX_use_PrivateKey(context_, options.shown->key);
    }
    SSL_CTX_set_alpn_protos(context_,
                            reinterpret_cast<const unsigned char*>(options.protocols.data()),
                            static_cast<unsigned>(options.protocols.size()));
    session_ = SSL_new(context_);
    SSL_set_fd(session_, socket_);
    if (options.resumed != nullptr) {
      SSL_set_session(session_, options.resumed);
    }
    is_open_ = is_open_ && SSL_connect(session_) == 1;
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() {
    SSL_free(session_);
    SSL_CTX_free(context_);
    if (socket_ >= 0) {
      ::close(socket_);
    }
  }

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] SSL* tls() const { return session_; }
  [[nodiscard]] int socket() const { return socket_; }
  // Leaves without a word: a reset at the other end.
  void abort() {
    const linger off{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
    ::close(std::exchange(socket_, -1));
  }

  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto count =
          session_ != nullptr
              ? SSL_write(session_, text.data(), static_cast<int>(text.size()))
              : static_cast<int>(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL));
      if (count <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // At least a byte; empty: the end.
  std::string receive() {
    char bytes[16384];
    const auto count = session_ != nullptr
                           ? SSL_read(session_, bytes, sizeof(bytes))
                           : static_cast<int>(::recv(socket_, bytes, sizeof(bytes), 0));
    return {bytes, static_cast<std::size_t>(std::max(count, 0))};
  }
  std::string receive_all() {
    std::string all = std::exchange(left_, {});
    for (std::string part = receive(); !part.empty(); part = receive()) {
      all += part;
    }
    return all;
  }
  // One answer with a Content-Length: "200 body"; "closed" when there is none.
  std::string answer() {
    std::size_t end = 0;
    while ((end = left_.find("\r\n\r\n")) == std::string::npos) {
      const std::string part = receive();
      if (part.empty()) {
        return "closed";
      }
      left_ += part;
    }
    head = left_.substr(0, end + 4);
    left_.erase(0, end + 4);
    const std::size_t at = head.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    while (left_.size() < length) {
      const std::string part = receive();
      if (part.empty()) {
        return "cut";
      }
      left_ += part;
    }
    const std::string body = left_.substr(0, length);
    left_.erase(0, length);
    return head.substr(9, 3) + " " + body;
  }

  std::string head;  // of the last answer

 private:
  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* session_ = nullptr;
  bool is_open_ = false;
  std::string left_;
};

// Requests whose answers wait until the test gives them.
class Waiting {
 public:
  void add(ServerRequest request, Responder responder) {
    const std::scoped_lock lock(mutex_);
    rows_.emplace_back(std::move(request), std::move(responder));
    changed_.notify_all();
  }
  // The next one; fails the test when none comes.
  std::pair<ServerRequest, Responder> take() {
    std::unique_lock lock(mutex_);
    const bool came =
        changed_.wait_for(lock, std::chrono::seconds(10), [this] { return !rows_.empty(); });
    EXPECT_TRUE(came);
    if (!came) {
      std::abort();
    }
    auto row = std::move(rows_.front());
    rows_.erase(rows_.begin());
    return row;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<ServerRequest, Responder>> rows_;
};

// Turns until it holds, or ten seconds are over.
template <class Condition>
bool becomes(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

// "/later": waits in `waiting`; everything else is answered at once with method, path and body.
inline Handler echo(Waiting& waiting) {
  return [&waiting](ServerRequest request, Responder respond) {
    if (request.path == "/later") {
      waiting.add(std::move(request), std::move(respond));
    } else if (request.path == "/dropped") {
      return;
    } else if (request.path == "/throws") {
      throw std::runtime_error("the handler's own");
    } else if (request.path == "/broken") {
      respond({.status = 200, .headers = {{"X", "a\r\nY: b"}}, .body = "never"});
    } else if (request.path == "/big") {
      respond({.status = 200, .headers = {}, .body = std::string(8U << 20U, 'x')});
    } else if (request.path == "/who") {
      respond({.status = 200, .headers = {}, .body = request.peer.client_name});
    } else {
      respond({.status = 200,
               .headers = {{"X-Echo", "yes"}, {"Content-Length", "999"}, {"Connection", "upgrade"}},
               .body = request.method + " " + request.path + " " + request.query + " " +
                       std::string(request.header("HOST").value_or("-")) + " " + request.body});
    }
  };
}

}  // namespace tally::net::testing
