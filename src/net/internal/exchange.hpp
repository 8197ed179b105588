#pragma once
// One connection: connect, TLS when there is a context, then exchanges one after the other: send,
// read until the response is complete. Every step ends at its time, or when it is to stop.

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/result.hpp"
#include "net/resolver.hpp"
#include "net/response_reader.hpp"
#include "net/target.hpp"

namespace tally::net {

struct ConnectOptions {
  const Target* target = nullptr;
  scalar::IpAddress address;
  SSL_CTX* tls = nullptr;        // null: plain
  std::string_view server_name;  // that the certificate must have; empty: the target's host
  TimePoint connect_end;
  TimePoint end;  // of TLS
  std::stop_token stop;
};

struct ExchangeOptions {
  std::string_view request;
  TimePoint end;
  // Of a stream: no end but this, without a byte, and the body of a 200 goes to on_bytes.
  std::chrono::milliseconds idle{0};
  const std::function<Result<void>(std::string_view)>* on_bytes = nullptr;
  std::stop_token stop{};
};

enum class ExchangeStep : std::uint8_t {
  Connect,     // another address may do
  Unanswered,  // the connection was closed without a byte of an answer
  Rest,
};

struct ExchangeFailure {
  ExchangeStep step = ExchangeStep::Rest;
  Error error;
};

class Connection {
 public:
  [[nodiscard]] static std::expected<Connection, ExchangeFailure> open(
      const ConnectOptions& options);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // After a failure the connection is of no more use.
  [[nodiscard]] std::expected<void, ExchangeFailure> exchange(const ExchangeOptions& options,
                                                              ResponseReader& reader);
  // Between two exchanges: the other side has neither closed nor said anything.
  [[nodiscard]] bool is_quiet();

 private:
  class State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tally::net
