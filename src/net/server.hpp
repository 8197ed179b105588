#pragma once
// Server: HTTP/1.1 (RFC 9112, keep-alive) and HTTP/2 (RFC 9113) over TLS 1.2 and 1.3, chosen by
// ALPN, or over plain TCP, where HTTP/2 is known by its preface. It frames and bounds; what a path,
// a method or a content type means is the handler's matter.
//
// Answers of its own, each with a line of text: 400, 408, 413, 414, 417, 431, 501, 503, 505; 500
// for a Responder that was destroyed unused or given what cannot be sent. They never reach the
// handler.
//
// Memory: about 130 KB a connection, and of all headers and bodies that are under way together
// `buffered_bytes`, whatever clients do; the answers that wait to be read count too.
// Threads: each has a loop of its own, a connection stays with one of them. The handler runs there:
// it answers at once or hands the work on; other connections of that loop wait for it to return.
// Server's functions may be called from any thread but one of its own.
// The server has no clock of the day: an answer has a Date only if the handler sets one.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/message.hpp"
#include "net/resolver.hpp"

namespace tally::net {

struct Peer {
  std::string address;      // "10.0.0.1:5000", "[::1]:5000"
  std::string client_name;  // subject CN of a verified client certificate; empty: none was shown
};

struct ServerRequest {
  std::string method;
  std::string path;   // without the query; as it was sent, not decoded
  std::string query;  // without "?"
  // In their order, without trailers. HTTP/2: names in lower case, `:authority` as `host`.
  std::vector<Header> headers;
  std::string body;
  Peer peer;
  unsigned http_version = 1;  // 1 or 2
  TimePoint received;         // when the header was complete

  // The value of the first field of that name, whatever its case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

// Fields that frame a message (Content-Length, Transfer-Encoding, Connection, ...) are the
// server's: the handler's are left out. Status 200 to 599.
struct ServerResponse {
  unsigned status = 200;
  std::vector<Header> headers{};
  std::string body{};
};

// The way back of one request: called once, from any thread, or destroyed (500). Safe after the
// client has gone and after the server has stopped: then nothing happens. A second call is ignored.
class Responder {
 public:
  struct Route;  // where the answer goes; the server's own

  explicit Responder(std::unique_ptr<Route> route) noexcept;
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  void operator()(ServerResponse response);

 private:
  std::unique_ptr<Route> route_;
};

using Handler = std::function<void(ServerRequest, Responder)>;

struct ServerLimits {
  std::size_t header_bytes = std::size_t{64} * 1024;
  std::uint32_t header_fields = 100;
  std::size_t target_bytes = std::size_t{8} * 1024;  // path and query
  std::size_t body_bytes = std::size_t{12} * 1024 * 1024;
  std::size_t connections = 1024;
  std::uint32_t streams = 250;                // of an HTTP/2 connection at once
  std::uint64_t requests_per_connection = 0;  // 0: unlimited
  std::size_t buffered_bytes = std::size_t{256} * 1024 * 1024;
  std::chrono::milliseconds header_time{10'000};  // from its first byte; of a new connection: from
                                                  // the end of the handshake
  std::chrono::milliseconds body_time{30'000};    // from the end of the header
  std::chrono::milliseconds idle_time{120'000};   // between requests
  std::chrono::milliseconds handshake_time{10'000};
  std::chrono::milliseconds write_time{30'000};  // of one answer
};

struct ServerTls {
  std::string certificate{};     // PEM, leaf first
  std::string key{};             // PEM, without a pass phrase
  std::string client_ca{};       // PEM; empty: no client certificates asked
  bool client_required = false;  // only with client_ca: no handshake without a certificate
};

// Why something was turned away.
enum class Refusal : std::uint8_t {
  Connections,  // one too many: closed at once
  Malformed,    // 400
  Timeout,      // 408, or closed while idle in the middle of a message
  BodySize,     // 413
  HeaderSize,   // 414, 431
  Unsupported,  // 417, 501, 505
  Busy,         // 503: buffered_bytes, or too many streams under way
  Flood,        // HTTP/2: resets, pings, settings: GOAWAY ENHANCE_YOUR_CALM
  Protocol,     // HTTP/2: other connection errors
};
inline constexpr std::size_t kRefusals = 9;
// "connections", "malformed", ...: the label of a metric.
[[nodiscard]] std::string_view name_of(Refusal refusal) noexcept;

// Counted by the server, read by anybody at any time. One may serve several servers.
struct ServerObserver {
  std::atomic<std::uint64_t> accepted{0};            // connections
  std::atomic<std::uint64_t> handshake_failures{0};  // TLS
  std::atomic<std::uint64_t> requests{0};            // given to the handler
  std::atomic<std::int64_t> active_connections{0};
  std::atomic<std::int64_t> active_requests{0};  // given to the handler and not answered
  std::array<std::atomic<std::uint64_t>, kRefusals> refused{};  // by Refusal
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // or "0.0.0.0", "::1", "::" (IPv4 too)
  std::uint16_t port = 0;             // 0: any that is free
  std::optional<ServerTls> tls{};     // nothing: plain TCP
  unsigned threads = 1;
  ServerLimits limits{};
  Handler handler{};
  ServerObserver* observer = nullptr;  // outlives the server
};

class Server {
 public:
  // An error: the address cannot be had, or the certificate, its key or the CA cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Stops: connections are closed, requests under way are not waited for (see drain).
  ~Server();

  [[nodiscard]] std::uint16_t port() const noexcept;
  // For handshakes from now on; connections go on, no request is dropped. After an error everything
  // is as before.
  [[nodiscard]] Result<void> replace_tls(const ServerTls& tls);
  // Stops accepting, tells clients (Connection: close, GOAWAY), waits for the requests under way,
  // at most that long, and closes what is left. Returns when no connection is open.
  void drain(std::chrono::milliseconds time);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace tally::net
