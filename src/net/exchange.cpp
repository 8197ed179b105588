#include "net/internal/exchange.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

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

}  // namespace

// Each operation is started, and the loop turned until it has ended or its time is up; then the
// socket is closed and the loop turned until nothing refers to it. Who stops a call from another
// thread has the loop close the socket.
class Connection::State {
 public:
  explicit State(const ConnectOptions& options)
      : place_(options.target->host_port()),
        context_(asio::ssl::context::tls_client),
        socket_(loop_) {}

  Answer open(const ConnectOptions& options) {
    const std::stop_callback closing(options.stop, [this] { close_soon(); });
    if (const Answer connected = connect(options); !connected) {
      return connected;
    }
    return options.tls == nullptr ? Answer{} : handshake(options);
  }

  Answer exchange(const ExchangeOptions& options, ResponseReader& reader) {
    const std::stop_callback closing(options.stop, [this] { close_soon(); });
    if (const Answer sent = send(options); !sent) {
      return sent;
    }
    return receive(options, reader);
  }

  bool is_quiet() {
    loop_.restart();
    loop_.poll();
    if (!socket_.is_open()) {
      return false;
    }
    char byte = 0;
    const auto count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  struct Done {
    bool in_time = false;
    error_code code;
    std::size_t bytes = 0;
  };

  void close_soon() {
    asio::post(loop_, [this] { close(); });
  }
  void close() {
    error_code ignored;
    static_cast<void>(socket_.close(ignored));
  }

  template <class Start>
  Done await(TimePoint end, const Start& start) {
    Done done;
    start([&done](const error_code& code, std::size_t bytes = 0) {
      done = {.in_time = true, .code = code, .bytes = bytes};
    });
    loop_.restart();
    // Until this operation has ended: what was posted meanwhile is none.
    while (!done.in_time && loop_.run_one_until(end) > 0) {
    }
    if (!done.in_time) {
      close();
      loop_.restart();
      loop_.run();
      done.in_time = false;
    }
    return done;
  }

  std::unexpected<ExchangeFailure> stopped() const {
    return failed(ExchangeStep::Rest, fmt::format("the call of {} was stopped", place_));
  }

  Answer connect(const ConnectOptions& options) {
    const tcp::endpoint endpoint = endpoint_of(options.address, options.target->port);
    const Done done = await(options.connect_end, [&](auto handler) {
      socket_.async_connect(endpoint, [handler](const error_code& code) { handler(code); });
    });
    if (options.stop.stop_requested()) {
      return stopped();
    }
    if (!done.in_time) {
      return failed(ExchangeStep::Connect, fmt::format("{} did not answer in time", place_));
    }
    if (done.code) {
      return failed(ExchangeStep::Connect,
                    fmt::format("{} cannot be reached: {}", place_, done.code.message()));
    }
    // Small requests go out at once; not all systems' sockets can be told.
    error_code ignored;
    static_cast<void>(socket_.set_option(tcp::no_delay(true), ignored));
    return {};
  }

  // Server name (RFC 6066 section 3) and the name that the certificate must have (RFC 9525): its
  // subjectAltName, never its common name.
  static bool expect_name(SSL* session, const ConnectOptions& options) {
    const bool is_named = !options.server_name.empty();
    const std::string host = is_named ? std::string(options.server_name) : options.target->host;
    X509_VERIFY_PARAM* wanted = SSL_get0_param(session);
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (!is_named && options.target->is_address()) {
      return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
    }
    return X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(session, host.c_str()) == 1;
  }

  Answer handshake(const ConnectOptions& options) {
    // Asio owns what it wraps: one more reference to the shared context.
    SSL_CTX_up_ref(options.tls);
    context_ = asio::ssl::context(options.tls);
    stream_.emplace(socket_, context_);
    SSL* session = stream_->native_handle();
    constexpr std::array<unsigned char, 9> kProtocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    if (!expect_name(session, options) ||
        SSL_set_alpn_protos(session, kProtocols.data(), kProtocols.size()) != 0) {
      return failed(ExchangeStep::Rest, fmt::format("TLS to {} cannot be set up", place_));
    }
    const Done done = await(options.end, [&](auto handler) {
      stream_->async_handshake(asio::ssl::stream_base::client,
                               [handler](const error_code& code) { handler(code); });
    });
    const long verdict = SSL_get_verify_result(session);
    if (options.stop.stop_requested()) {
      return stopped();
    }
    if (!done.in_time) {
      return failed(ExchangeStep::Rest, fmt::format("{} did not finish TLS in time", place_));
    }
    if (verdict != X509_V_OK) {
      return failed(ExchangeStep::Rest, fmt::format("the certificate of {} is refused: {}", place_,
                                                    X509_verify_cert_error_string(verdict)));
    }
    if (done.code) {
      return failed(ExchangeStep::Rest,
                    fmt::format("TLS to {} failed: {}", place_, done.code.message()));
    }
    return {};
  }

  // The end of the next step.
  static TimePoint end_of(const ExchangeOptions& options) {
    return options.on_bytes == nullptr ? options.end
                                       : std::chrono::steady_clock::now() + options.idle;
  }

  Answer send(const ExchangeOptions& options) {
    const auto bytes = asio::buffer(options.request.data(), options.request.size());
    const Done done = await(end_of(options), [&](auto handler) {
      stream_ ? asio::async_write(*stream_, bytes, handler)
              : asio::async_write(socket_, bytes, handler);
    });
    if (options.stop.stop_requested()) {
      return stopped();
    }
    if (!done.in_time) {
      return failed(ExchangeStep::Rest, fmt::format("{} did not take the request in time", place_));
    }
    // A server may answer and close before it has read everything: the answer counts.
    return {};
  }

  Answer receive(const ExchangeOptions& options, ResponseReader& reader) {
    bool is_answered = false;
    while (!reader.is_done()) {
      const Done done = await(end_of(options), [&](auto handler) {
        stream_ ? stream_->async_read_some(asio::buffer(buffer_), handler)
                : socket_.async_read_some(asio::buffer(buffer_), handler);
      });
      if (options.stop.stop_requested()) {
        return stopped();
      }
      if (!done.in_time) {
        return failed(ExchangeStep::Rest, silence(options));
      }
      is_answered = is_answered || done.bytes > 0;
      if (Answer taken = take(options, done, reader); !taken) {
        if (done.code && !is_answered) {
          taken.error().step = ExchangeStep::Unanswered;
        }
        return taken;
      }
    }
    return {};
  }

  std::string silence(const ExchangeOptions& options) const {
    return options.on_bytes == nullptr
               ? fmt::format("{} did not complete its response in time", place_)
               : fmt::format("{} said nothing for {} ms", place_, options.idle.count());
  }

  Answer take(const ExchangeOptions& options, const Done& done, ResponseReader& reader) {
    const auto because = [this](Error error) {
      error.message = fmt::format("{}: {}", place_, error.message);
      return std::unexpected(ExchangeFailure{ExchangeStep::Rest, std::move(error)});
    };
    Result<void> read = reader.feed({buffer_.data(), done.bytes});
    const bool has_ended = read && done.code == asio::error::eof;
    if (has_ended) {
      read = reader.finish();
    }
    // What came before it broke off counts.
    if (options.on_bytes != nullptr && reader.status() == 200) {
      if (const std::string bytes = reader.take_body(); !bytes.empty()) {
        if (auto taken = (*options.on_bytes)(bytes); !taken) {
          return std::unexpected(ExchangeFailure{ExchangeStep::Rest, std::move(taken).error()});
        }
      }
    }
    if (!read) {
      return because(std::move(read).error());
    }
    if (done.code && !has_ended) {
      // Without close_notify anybody on the way can have cut the text (RFC 8446 section 6.1).
      return failed(
          ExchangeStep::Rest,
          done.code == asio::ssl::error::stream_truncated
              ? fmt::format("{} closed the connection without ending TLS", place_)
              : fmt::format("the response of {} cannot be read: {}", place_, done.code.message()));
    }
    return {};
  }

  std::string place_;  // "10.0.0.1:6443"
  asio::io_context loop_{1};
  asio::ssl::context context_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> stream_;
  std::array<char, std::size_t{16} * 1024> buffer_{};
};

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

std::expected<Connection, ExchangeFailure> Connection::open(const ConnectOptions& options) {
  try {
    auto state = std::make_unique<State>(options);
    TALLY_CHECK(state->open(options));
    return Connection(std::move(state));
  } catch (const std::exception& thrown) {
    return failed(ExchangeStep::Rest, fmt::format("the call of {} failed: {}",
                                                  options.target->host_port(), thrown.what()));
  }
}

Answer Connection::exchange(const ExchangeOptions& options, ResponseReader& reader) {
  try {
    return state_->exchange(options, reader);
  } catch (const std::exception& thrown) {
    return failed(ExchangeStep::Rest, fmt::format("the call failed: {}", thrown.what()));
  }
}

bool Connection::is_quiet() { return state_->is_quiet(); }

}  // namespace tally::net
