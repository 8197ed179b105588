#include "net/internal/server_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/write.hpp>

#include "net/internal/answer.hpp"

namespace tally::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kOutBytes = std::size_t{64} * 1024;  // at a time
constexpr std::chrono::milliseconds kLinger{1000};

TimePoint now() { return std::chrono::steady_clock::now(); }

std::string address_of(const asio::ip::tcp::socket& socket) {
  boost::system::error_code code;
  const auto end = socket.remote_endpoint(code);
  if (code) {
    return {};
  }
  // A client of IPv4 at a socket of both families has its own address.
  asio::ip::address address = end.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.is_v6() ? fmt::format("[{}]:{}", address.to_string(), end.port())
                         : fmt::format("{}:{}", address.to_string(), end.port());
}

}  // namespace

ServerConnection::ServerConnection(Loop& loop, std::uint64_t id, asio::ip::tcp::socket socket)
    : loop_(loop), id_(id), socket_(std::move(socket)), timer_(loop.context()) {}

// Whatever a step throws (memory, a handler of the program) ends this connection and no other.
template <class Step>
void ServerConnection::guarded(const Step& step) noexcept {
  try {
    if (phase_ != Phase::Closed) {
      step();
    }
  } catch (...) {
    close();
  }
}

void ServerConnection::start() {
  const auto self = shared_from_this();
  guarded([this] {
    ErrorCode ignored;
    static_cast<void>(socket_.set_option(asio::ip::tcp::no_delay(true), ignored));
    peer_.address = address_of(socket_);
    if (const auto context = loop_.shared().tls()) {
      handshake(context.get());
    } else {
      phase_ = Phase::Session;
      phase_end_ = now() + loop_.shared().limits.header_time;
      pump();
    }
  });
}

void ServerConnection::handshake(SSL_CTX* context) {
  SSL* session = SSL_new(context);
  if (session == nullptr) {
    close();
    return;
  }
  tls_.emplace(socket_, session);  // owns it
  phase_end_ = now() + loop_.shared().limits.handshake_time;
  arm();
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [this, self = shared_from_this()](const ErrorCode& code) {
                          guarded([&] {
                            if (code) {
                              loop_.shared().observer->handshake_failures.fetch_add(1);
                              close();
                              return;
                            }
                            peer_.client_name = client_name_of(tls_->native_handle());
                            phase_ = Phase::Session;
                            open_session(has_chosen_http2(tls_->native_handle()));
                            pump();
                          });
                        });
}

void ServerConnection::open_session(bool is_http2) {
  SessionOptions options{.limits = &loop_.shared().limits,
                         .observer = loop_.shared().observer,
                         .requests = this,
                         .budget = loop_.shared().budget,
                         .peer = peer_,
                         .now = now()};
  session_ =
      is_http2 ? make_http2_session(std::move(options)) : make_http1_session(std::move(options));
  if (loop_.shared().is_draining) {
    session_->drain(now());
  }
}

// RFC 9113 section 3.3: who knows that the server speaks HTTP/2 begins with its preface.
void ServerConnection::recognise(std::string_view bytes) {
  first_bytes_ += bytes;
  const std::size_t count = std::min(first_bytes_.size(), kHttp2Preface.size());
  const bool may_be_http2 = first_bytes_.compare(0, count, kHttp2Preface, 0, count) == 0;
  if (may_be_http2 && count < kHttp2Preface.size()) {
    return;
  }
  open_session(may_be_http2);
  session_->receive(std::exchange(first_bytes_, {}), now());
}

void ServerConnection::begin(std::uint64_t id, ServerRequest request, Charge charge) {
  auto route = std::make_unique<Responder::Route>(loop_.mailbox(), id_, id, std::move(charge));
  loop_.mailbox()->expect();
  try {
    loop_.shared().handler(std::move(request), Responder(std::move(route)));
  } catch (...) {
    return;  // its Responder is gone by now, and has answered 500
  }
}

void ServerConnection::answer(std::uint64_t request, ServerResponse response) {
  const auto self = shared_from_this();
  guarded([&] {
    if (session_) {
      session_->answer(request, std::move(response), now());
      pump();
    }
  });
}

void ServerConnection::drain() {
  const auto self = shared_from_this();
  guarded([this] {
    if (session_) {
      session_->drain(now());
      pump();
    } else if (phase_ == Phase::Session) {
      close();  // plain TCP that has said nothing
    }
  });
}

void ServerConnection::close() {
  if (phase_ == Phase::Closed) {
    return;
  }
  phase_ = Phase::Closed;
  ErrorCode ignored;
  static_cast<void>(socket_.close(ignored));
  timer_.cancel();
  session_.reset();
  loop_.remove(id_);
}

// What there is to do now.
void ServerConnection::pump() {
  if (phase_ != Phase::Session) {
    return;
  }
  if (session_ && !is_writing_) {
    out_.clear();
    session_->take_output(out_, kOutBytes, now());
    if (!out_.empty()) {
      write();
    } else if (session_->is_finished() || has_input_ended_) {
      linger();
      return;
    }
  }
  if (!is_reading_ && !has_input_ended_ && (!session_ || session_->wants_input())) {
    read();
  }
  arm();
}

void ServerConnection::read() {
  is_reading_ = true;
  const auto done = [this, self = shared_from_this()](const ErrorCode& code, std::size_t count) {
    guarded([&] { end_read(code, count); });
  };
  tls_ ? tls_->async_read_some(asio::buffer(in_), done)
       : socket_.async_read_some(asio::buffer(in_), done);
}

void ServerConnection::end_read(const ErrorCode& code, std::size_t count) {
  is_reading_ = false;
  if (phase_ == Phase::Lingering) {
    discard();
    return;
  }
  if (code == asio::error::eof && is_writing_) {
    has_input_ended_ = true;  // it still reads
    return;
  }
  if (code) {
    close();
    return;
  }
  const std::string_view bytes(in_.data(), count);
  session_ ? session_->receive(bytes, now()) : recognise(bytes);
  pump();
}

void ServerConnection::write() {
  is_writing_ = true;
  write_end_ = now() + loop_.shared().limits.write_time;
  const auto done = [this, self = shared_from_this()](const ErrorCode& code, std::size_t) {
    guarded([&] { end_write(code); });
  };
  tls_ ? asio::async_write(*tls_, asio::buffer(out_), done)
       : asio::async_write(socket_, asio::buffer(out_), done);
}

void ServerConnection::end_write(const ErrorCode& code) {
  is_writing_ = false;
  if (code) {
    close();
    return;
  }
  if (out_.capacity() > 2 * kOutBytes) {
    out_ = {};
  }
  pump();
}

void ServerConnection::linger() {
  phase_ = Phase::Lingering;
  phase_end_ = now() + std::min(kLinger, loop_.shared().limits.write_time);
  session_.reset();
  arm();
  const auto end_sending = [this, self = shared_from_this()](const ErrorCode&) {
    guarded([this] {
      ErrorCode ignored;
      static_cast<void>(socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored));
      if (!is_reading_) {
        discard();
      }
    });
  };
  tls_ ? tls_->async_shutdown(end_sending) : end_sending({});
}

void ServerConnection::discard() {
  socket_.async_read_some(asio::buffer(in_),
                          [this, self = shared_from_this()](const ErrorCode& code, std::size_t) {
                            guarded([&] { code ? close() : discard(); });
                          });
}

std::optional<TimePoint> ServerConnection::deadline() const {
  if (phase_ == Phase::Closed) {
    return std::nullopt;
  }
  if (!session_) {
    return phase_end_;
  }
  auto end = session_->deadline();
  if (is_writing_) {
    end = std::min(end.value_or(write_end_), write_end_);
  }
  return end;
}

// Ends mostly move away, from one request to the next: the timer rings, sees so, and is set again.
void ServerConnection::arm() {
  const auto end = deadline();
  if (!end || rings_at_ <= *end) {
    return;
  }
  rings_at_ = *end;
  timer_.expires_at(*end);
  timer_.async_wait([this, self = shared_from_this()](const ErrorCode& code) {
    if (code != asio::error::operation_aborted) {
      guarded([this] { ring(); });
    }
  });
}

void ServerConnection::ring() {
  rings_at_ = TimePoint::max();
  const TimePoint at = now();
  const auto end = deadline();
  if (!end || at < *end) {
    arm();
    return;
  }
  if (!session_ || (is_writing_ && write_end_ <= at)) {
    if (phase_ == Phase::Handshake) {
      loop_.shared().observer->handshake_failures.fetch_add(1);
    } else if (phase_ == Phase::Session) {
      count(loop_.shared().observer, Refusal::Timeout);
    }
    close();
    return;
  }
  session_->expire(at);
  pump();
}

}  // namespace tally::net
