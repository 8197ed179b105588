#pragma once
// ServerConnection: a client's socket, and the session that understands it. Handshake, reading,
// writing, closing, each with its time; one timer that is moved only when it would ring too late.
//
//   handshake -> (by ALPN, or by the first bytes of plain TCP) session -> lingering -> closed
//
// Lingering: the last answer is sent, and what the client still sends is thrown away for a moment;
// closing with unread bytes would make its system drop the answer (RFC 9112 section 9.6).
// Only the loop's thread touches it.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "net/internal/loop.hpp"
#include "net/session.hpp"

namespace tally::net {

class ServerConnection final : public ServerRequests,
                               public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Loop& loop, std::uint64_t id, boost::asio::ip::tcp::socket socket);

  void start();
  void answer(std::uint64_t request, ServerResponse response);
  void drain();
  void close();

 private:
  using Tls = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;
  using ErrorCode = boost::system::error_code;
  enum class Phase : std::uint8_t { Handshake, Session, Lingering, Closed };

  void begin(std::uint64_t id, ServerRequest request, Charge charge) override;

  template <class Step>
  void guarded(const Step& step) noexcept;
  void handshake(SSL_CTX* context);
  void open_session(bool is_http2);
  void recognise(std::string_view bytes);
  void pump();
  void read();
  void write();
  void end_read(const ErrorCode& code, std::size_t count);
  void end_write(const ErrorCode& code);
  void linger();
  void discard();
  void arm();
  void ring();
  [[nodiscard]] std::optional<TimePoint> deadline() const;

  Loop& loop_;
  std::uint64_t id_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<Tls> tls_;
  boost::asio::steady_timer timer_;
  TimePoint rings_at_ = TimePoint::max();
  Phase phase_ = Phase::Handshake;
  TimePoint phase_end_;  // of the handshake, of the first bytes, of lingering
  TimePoint write_end_;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool has_input_ended_ = false;
  Peer peer_;
  std::string first_bytes_;  // of plain TCP, until the protocol is clear
  std::unique_ptr<Session> session_;
  std::string out_;
  std::array<char, std::size_t{16} * 1024> in_;
};

}  // namespace tally::net
