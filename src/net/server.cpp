#include "net/server.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>

#include "net/internal/answer.hpp"
#include "net/internal/loop.hpp"
#include "net/internal/server_connection.hpp"

namespace tally::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::shared_ptr<SSL_CTX> ServerShared::tls() const {
  const std::scoped_lock lock(mutex_);
  return tls_;
}

void ServerShared::set_tls(TlsContext context) {
  std::shared_ptr<SSL_CTX> next = std::move(context);
  const std::scoped_lock lock(mutex_);
  tls_.swap(next);
}

bool ServerShared::add_connection() {
  const std::scoped_lock lock(mutex_);
  if (connections_ >= limits.connections) {
    return false;
  }
  ++connections_;
  observer->active_connections.fetch_add(1);
  return true;
}

void ServerShared::remove_connection() {
  const std::scoped_lock lock(mutex_);
  --connections_;
  observer->active_connections.fetch_sub(1);
  if (connections_ == 0) {
    is_empty_.notify_all();
  }
}

bool ServerShared::wait_until_empty(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return is_empty_.wait_for(lock, time, [this] { return connections_ == 0; });
}

Loop::Loop(ServerShared& shared)
    : shared_(shared),
      work_(asio::make_work_guard(context_)),
      mailbox_(std::make_shared<Mailbox>([this] { asio::post(context_, [this] { deliver(); }); },
                                         *shared.observer)) {}

Loop::~Loop() { stop(); }

void Loop::run() {
  thread_ = std::thread([this] { turn(); });
}

void Loop::turn() {
  while (true) {
    try {
      context_.run();
      return;
    } catch (const std::exception&) {
      // Memory: the step is lost, the others go on. A connection guards its own.
      continue;
    }
  }
}

void Loop::stop() {
  mailbox_->close();
  if (!thread_.joinable()) {
    return;
  }
  asio::post(context_, [this] {
    is_stopped_ = true;
    const auto left = std::exchange(connections_, {});
    for (const auto& [id, connection] : left) {
      connection->close();
    }
    work_.reset();
  });
  thread_.join();
}

void Loop::add(tcp::socket socket) {
  // std::function would want it copied.
  auto shared_socket = std::make_shared<tcp::socket>(std::move(socket));
  asio::post(context_, [this, shared_socket] {
    if (is_stopped_) {
      shared_.remove_connection();
      return;
    }
    const std::uint64_t id = ++last_;
    auto connection = std::make_shared<ServerConnection>(*this, id, std::move(*shared_socket));
    connections_.emplace(id, connection);
    connection->start();
  });
}

void Loop::drain() {
  asio::post(context_, [this] {
    const auto all = connections_;
    for (const auto& [id, connection] : all) {
      connection->drain();
    }
  });
}

void Loop::close_all() {
  asio::post(context_, [this] {
    const auto all = connections_;
    for (const auto& [id, connection] : all) {
      connection->close();
    }
  });
}

void Loop::remove(std::uint64_t connection) {
  connections_.erase(connection);
  shared_.remove_connection();
}

void Loop::deliver() {
  for (Mailbox::Answer& answer : mailbox_->take()) {
    const auto found = connections_.find(answer.connection);
    if (found != connections_.end()) {
      const auto connection = found->second;
      connection->answer(answer.request, std::move(answer.response));
    }
  }
}

struct Server::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    stop_accepting();
    for (const auto& loop : loops) {
      loop->stop();
    }
  }

  Result<void> open(const ServerOptions& options) {
    error_code code;
    const auto address = asio::ip::make_address(options.address, code);
    if (code) {
      return content_error(fmt::format("'{}' is no address to listen at", options.address));
    }
    const tcp::endpoint end(address, options.port);
    acceptor.emplace(loops.front()->context());
    retry.emplace(loops.front()->context());
    const auto step = [&code](error_code done) { return !(code = done).failed(); };
    const bool is_open =
        step(acceptor->open(end.protocol(), code)) &&
        step(acceptor->set_option(tcp::acceptor::reuse_address(true), code)) &&
        (!address.is_v6() || step(acceptor->set_option(asio::ip::v6_only(false), code))) &&
        step(acceptor->bind(end, code)) &&
        step(acceptor->listen(asio::socket_base::max_listen_connections, code));
    if (!is_open) {
      return environment_error(fmt::format("cannot listen at {} port {}: {}", options.address,
                                           options.port, code.message()));
    }
    port = acceptor->local_endpoint().port();
    return {};
  }

  // On the first loop.
  void accept() {
    Loop& loop = *loops[next];
    next = (next + 1) % loops.size();
    acceptor->async_accept(loop.context(), [this, &loop](error_code code, tcp::socket socket) {
      if (code == asio::error::operation_aborted || !acceptor->is_open()) {
        return;
      }
      if (code) {
        // Out of descriptors or memory: others may give some back.
        retry->expires_after(std::chrono::milliseconds(50));
        retry->async_wait([this](error_code stopped) {
          if (!stopped) {
            accept();
          }
        });
        return;
      }
      shared.observer->accepted.fetch_add(1);
      if (shared.add_connection()) {
        loop.add(std::move(socket));
      } else {
        count(shared.observer, Refusal::Connections);
        error_code ignored;
        static_cast<void>(socket.close(ignored));
      }
      accept();
    });
  }

  void stop_accepting() {
    if (acceptor) {
      asio::post(loops.front()->context(), [this] {
        error_code ignored;
        static_cast<void>(acceptor->close(ignored));
        retry->cancel();
      });
    }
  }

  ServerShared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::steady_timer> retry;
  std::size_t next = 0;
  std::uint16_t port = 0;
};

Server::Server(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  try {
    auto state = std::make_unique<State>();
    ServerShared& shared = state->shared;
    if (!options.handler) {
      return content_error("a server needs a handler");
    }
    if (options.tls) {
      TALLY_TRY(TlsContext context, server_context(*options.tls));
      shared.set_tls(std::move(context));
    }
    shared.limits = options.limits;
    shared.handler = std::move(options.handler);
    shared.observer = options.observer != nullptr ? options.observer : &shared.own_observer;
    shared.budget = std::make_shared<Budget>(options.limits.buffered_bytes);
    for (unsigned at = 0; at < std::max(options.threads, 1U); ++at) {
      state->loops.push_back(std::make_unique<Loop>(shared));
    }
    TALLY_CHECK(state->open(options));
    state->accept();
    for (const auto& loop : state->loops) {
      loop->run();
    }
    return std::unique_ptr<Server>(new Server(std::move(state)));
  } catch (const std::exception& thrown) {
    return environment_error(fmt::format("the server cannot be started: {}", thrown.what()));
  }
}

std::uint16_t Server::port() const noexcept { return state_->port; }

Result<void> Server::replace_tls(const ServerTls& tls) {
  if (!state_->shared.tls()) {
    return content_error("the server speaks plain TCP: it has no certificate to replace");
  }
  TALLY_TRY(TlsContext context, server_context(tls));
  state_->shared.set_tls(std::move(context));
  return {};
}

void Server::drain(std::chrono::milliseconds time) {
  state_->shared.is_draining = true;
  state_->stop_accepting();
  for (const auto& loop : state_->loops) {
    loop->drain();
  }
  if (state_->shared.wait_until_empty(time)) {
    return;
  }
  for (const auto& loop : state_->loops) {
    loop->close_all();
  }
  static_cast<void>(state_->shared.wait_until_empty(std::chrono::seconds(10)));
}

}  // namespace tally::net
