#pragma once
// Session: the protocol of one connection, HTTP/1.1 or HTTP/2, without its socket: bytes and times
// go in, requests and bytes come out. All memory that a peer can make it hold is taken from the
// Budget. Used by one thread; nothing is called back but ServerRequests::begin(), from inside
// receive(), answer() and take_output().

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/server.hpp"

namespace tally::net {

// What requests and answers that are under way may hold together. Any thread.
class Budget {
 public:
  explicit Budget(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}
  [[nodiscard]] bool take(std::size_t bytes) noexcept;
  void take_anyway(std::size_t bytes) noexcept { used_.fetch_add(bytes); }
  void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes); }
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(); }

 private:
  std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

// A part of the budget, given back when it is destroyed.
class Charge {
 public:
  explicit Charge(std::shared_ptr<Budget> budget) noexcept : budget_(std::move(budget)) {}
  Charge(Charge&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept;
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() { clear(); }

  // False: there is no room, and nothing is taken.
  [[nodiscard]] bool grow_to(std::size_t bytes) noexcept;
  void grow_anyway(std::size_t bytes) noexcept;  // by so many
  void clear() noexcept;

 private:
  std::shared_ptr<Budget> budget_;
  std::size_t bytes_ = 0;
};

// Who takes the requests of a session.
class ServerRequests {
 public:
  virtual ~ServerRequests() = default;
  // `charge`: what the request holds; until it is answered. The answer comes by Session::answer(),
  // once for each, later: not from inside this call.
  virtual void begin(std::uint64_t id, ServerRequest request, Charge charge) = 0;
};

struct SessionOptions {
  const ServerLimits* limits = nullptr;
  ServerObserver* observer = nullptr;
  ServerRequests* requests = nullptr;
  std::shared_ptr<Budget> budget;
  Peer peer;
  TimePoint now;  // when the connection was ready
};

class Session {
 public:
  virtual ~Session() = default;
  virtual void receive(std::string_view bytes, TimePoint now) = 0;
  // Of a request that was begun; ids that are not known (any more) are passed over.
  virtual void answer(std::uint64_t id, ServerResponse response, TimePoint now) = 0;
  // Appends what is to be sent now, if there is anything. What was taken before has been sent.
  // HTTP/2 gives about `bytes_max` at a time, HTTP/1.1 a whole answer.
  virtual void take_output(std::string& out, std::size_t bytes_max, TimePoint now) = 0;
  // False: what comes would only be kept. receive() is not to be called until it is true.
  [[nodiscard]] virtual bool wants_input() const = 0;
  // Nothing comes any more: when the output is sent, the connection is to be closed.
  [[nodiscard]] virtual bool is_finished() const = 0;
  // When expire() is to be called.
  [[nodiscard]] virtual std::optional<TimePoint> deadline() const = 0;
  virtual void expire(TimePoint now) = 0;
  // No new requests after those that are on their way; finished when they are answered.
  virtual void drain(TimePoint now) = 0;
};

[[nodiscard]] std::unique_ptr<Session> make_http1_session(SessionOptions options);
[[nodiscard]] std::unique_ptr<Session> make_http2_session(SessionOptions options);

// The first bytes of a client that speaks HTTP/2 (RFC 9113 section 3.4).
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace tally::net
