#include "net/internal/exchange.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

namespace tally::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using Answer = std::expected<void, ExchangeFailure>;

std::unexpected<ExchangeFailure> failed(ExchangeStep step, std::string text) {
  return std::unexpected(ExchangeFailure{step, environment_error(std::move(text)).error()});
}

tcp::endpoint endpoint_of(const scalar::IpAddress& address, std::uint16_t port) {
  const std::string_view octets = address.octets();
  if (address.is_v4()) {
    asio::ip::address_v4::bytes_type bytes{};
    std::memcpy(bytes.data(), octets.data(), bytes.size());
    return {asio::ip::address_v4(bytes), port};
  }
  asio::ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), octets.data(), bytes.size());
  return {asio::ip::address_v6(bytes), port};
}

// The connection of one exchange. Each operation is started, and the loop turned until it has ended
// or its time is up; then the socket is closed and the loop turned until nothing refers to it.
class Connection {
 public:
  explicit Connection(const ExchangeOptions& options)
      : options_(options), context_(asio::ssl::context::tls_client), socket_(loop_) {}

  Answer run(ResponseReader& reader) {
    if (const Answer connected = connect(); !connected) {
      return connected;
    }
    if (options_.tls != nullptr) {
      if (const Answer secured = handshake(); !secured) {
        return secured;
      }
    }
    if (const Answer sent = send(); !sent) {
      return sent;
    }
    return receive(reader);
  }

 private:
  struct Done {
    bool in_time = false;
    error_code code;
    std::size_t bytes = 0;
  };

  template <class Start>
  Done await(TimePoint end, const Start& start) {
    Done done;
    start([&done](const error_code& code, std::size_t bytes = 0) {
      done = {.in_time = true, .code = code, .bytes = bytes};
    });
    loop_.restart();
    loop_.run_until(end);
    if (!done.in_time) {
      error_code ignored;
      static_cast<void>(socket_.close(ignored));
      loop_.restart();
      loop_.run();
      done.in_time = false;
    }
    return done;
  }

  std::string place() const { return options_.target->host_port(); }

  Answer connect() {
    const tcp::endpoint endpoint = endpoint_of(options_.address, options_.target->port);
    const Done done = await(options_.connect_end, [&](auto handler) {
      socket_.async_connect(endpoint, [handler](const error_code& code) { handler(code); });
    });
    if (!done.in_time) {
      return failed(ExchangeStep::Connect, fmt::format("{} did not answer in time", place()));
    }
    if (done.code) {
      return failed(ExchangeStep::Connect,
                    fmt::format("{} cannot be reached: {}", place(), done.code.message()));
    }
    return {};
  }

  // Server name (RFC 6066 section 3) and the name that the certificate must have (RFC 9525): its
  // subjectAltName, never its common name.
  bool expect_name(SSL* session) const {
    const bool is_named = !options_.server_name.empty();
    const std::string host = is_named ? std::string(options_.server_name) : options_.target->host;
    X509_VERIFY_PARAM* wanted = SSL_get0_param(session);
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (!is_named && options_.target->is_address()) {
      return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
    }
    return X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(session, host.c_str()) == 1;
  }

  Answer handshake() {
    // Asio owns what it wraps: one more reference to the shared context.
    SSL_CTX_up_ref(options_.tls);
    context_ = asio::ssl::context(options_.tls);
    stream_.emplace(socket_, context_);
    SSL* session = stream_->native_handle();
    constexpr std::array<unsigned char, 9> kProtocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    if (!expect_name(session) ||
        SSL_set_alpn_protos(session, kProtocols.data(), kProtocols.size()) != 0) {
      return failed(ExchangeStep::Rest, fmt::format("TLS to {} cannot be set up", place()));
    }
    const Done done = await(options_.end, [&](auto handler) {
      stream_->async_handshake(asio::ssl::stream_base::client,
                               [handler](const error_code& code) { handler(code); });
    });
    const long verdict = SSL_get_verify_result(session);
    if (!done.in_time) {
      return failed(ExchangeStep::Rest, fmt::format("{} did not finish TLS in time", place()));
    }
    if (verdict != X509_V_OK) {
      return failed(ExchangeStep::Rest, fmt::format("the certificate of {} is refused: {}", place(),
                                                    X509_verify_cert_error_string(verdict)));
    }
    if (done.code) {
      return failed(ExchangeStep::Rest,
                    fmt::format("TLS to {} failed: {}", place(), done.code.message()));
    }
    return {};
  }

  Answer send() {
    const auto bytes = asio::buffer(options_.request.data(), options_.request.size());
    const Done done = await(options_.end, [&](auto handler) {
      stream_ ? asio::async_write(*stream_, bytes, handler)
              : asio::async_write(socket_, bytes, handler);
    });
    if (!done.in_time) {
      return failed(ExchangeStep::Rest,
                    fmt::format("{} did not take the request in time", place()));
    }
    // A server may answer and close before it has read everything: the answer counts.
    return {};
  }

  Answer receive(ResponseReader& reader) {
    while (!reader.is_done()) {
      const Done done = await(options_.end, [&](auto handler) {
        stream_ ? stream_->async_read_some(asio::buffer(buffer_), handler)
                : socket_.async_read_some(asio::buffer(buffer_), handler);
      });
      if (!done.in_time) {
        return failed(ExchangeStep::Rest,
                      fmt::format("{} did not complete its response in time", place()));
      }
      Result<void> read = reader.feed({buffer_.data(), done.bytes});
      if (read && done.code == asio::error::eof) {
        read = reader.finish();
      } else if (read && done.code) {
        // Without close_notify anybody on the way can have cut the text (RFC 8446 section 6.1).
        return failed(ExchangeStep::Rest,
                      done.code == asio::ssl::error::stream_truncated
                          ? fmt::format("{} closed the connection without ending TLS", place())
                          : fmt::format("the response of {} cannot be read: {}", place(),
                                        done.code.message()));
      }
      if (!read) {
        read.error().message = fmt::format("{}: {}", place(), read.error().message);
        return std::unexpected(ExchangeFailure{ExchangeStep::Rest, std::move(read).error()});
      }
    }
    return {};
  }

  const ExchangeOptions& options_;
  asio::io_context loop_{1};
  asio::ssl::context context_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> stream_;
  std::array<char, std::size_t{16} * 1024> buffer_{};
};

}  // namespace

Answer exchange(const ExchangeOptions& options, ResponseReader& reader) {
  try {
    return Connection(options).run(reader);
  } catch (const std::exception& thrown) {
    return failed(ExchangeStep::Rest, fmt::format("the call of {} failed: {}",
                                                  options.target->host_port(), thrown.what()));
  }
}

}  // namespace tally::net
