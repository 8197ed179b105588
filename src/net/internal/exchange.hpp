#pragma once
// One exchange over one connection: connect, TLS when there is a context, send, read until the
// response is complete, close. Every step ends at its time.

#include <openssl/ssl.h>

#include <string_view>

#include "base/result.hpp"
#include "net/resolver.hpp"
#include "net/response_reader.hpp"
#include "net/target.hpp"

namespace tally::net {

struct ExchangeOptions {
  const Target* target = nullptr;
  scalar::IpAddress address;
  SSL_CTX* tls = nullptr;        // null: plain
  std::string_view server_name;  // that the certificate must have; empty: the target's host
  std::string_view request;
  TimePoint connect_end;
  TimePoint end;
};

enum class ExchangeStep : std::uint8_t { Connect, Rest };

struct ExchangeFailure {
  ExchangeStep step = ExchangeStep::Rest;  // Connect: another address may do
  Error error;
};

[[nodiscard]] std::expected<void, ExchangeFailure> exchange(const ExchangeOptions& options,
                                                            ResponseReader& reader);

}  // namespace tally::net
