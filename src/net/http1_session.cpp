// HTTP/1.1 of a server (RFC 9112): one request at a time; what a client sends ahead (pipelining,
// section 9.3.2) waits in `ahead_`, one read at most, as nothing is read meanwhile.
#include <fmt/format.h>

#include "net/internal/answer.hpp"
#include "net/request_reader.hpp"
#include "net/session.hpp"

namespace tally::net {

namespace {

// An idle client that is about to be left may have a request on its way.
constexpr std::chrono::milliseconds kDrainGrace{200};

class Http1Session final : public Session {
 public:
  explicit Http1Session(SessionOptions options)
      : options_(std::move(options)),
        limits_(*options_.limits),
        request_limits_{.header_bytes = limits_.header_bytes,
                        .header_fields = limits_.header_fields,
                        .target_bytes = limits_.target_bytes,
                        .body_bytes = limits_.body_bytes},
        reader_(request_limits_),
        charge_(options_.budget),
        output_charge_(options_.budget),
        sent_charge_(options_.budget),
        end_(options_.now + limits_.header_time) {}

  void receive(std::string_view bytes, TimePoint now) override {
    if (state_ != State::Reading || !ahead_.empty()) {
      ahead_.append(bytes);
      return;
    }
    read(bytes, now);
  }

  void answer(std::uint64_t id, ServerResponse response, TimePoint now) override {
    if (state_ != State::Handling || id != id_) {
      return;
    }
    response = checked_answer(std::move(response));
    const bool closes = !keeps_alive_ || is_draining_;
    send(response, closes);
    if (closes) {
      state_ = State::Finished;
      return;
    }
    state_ = State::Reading;
    reader_ = RequestReader(request_limits_);
    has_begun_ = false;
    has_header_ = false;
    end_ = now + limits_.idle_time;
    const std::string ahead = std::exchange(ahead_, {});
    read(ahead, now);
  }

  void take_output(std::string& out, std::size_t /*bytes_max*/, TimePoint /*now*/) override {
    out.empty() ? out.swap(output_) : static_cast<void>(out += output_);
    output_.clear();
    sent_charge_ = std::exchange(output_charge_, Charge(options_.budget));
  }

  [[nodiscard]] bool wants_input() const override {
    return state_ == State::Reading && output_.size() <= kOutputMax;
  }
  [[nodiscard]] bool is_finished() const override { return state_ == State::Finished; }

  [[nodiscard]] std::optional<TimePoint> deadline() const override {
    return state_ == State::Reading ? std::optional(end_) : std::nullopt;
  }

  void expire(TimePoint now) override {
    if (state_ != State::Reading || now < end_) {
      return;
    }
    if (!has_begun_) {
      state_ = State::Finished;
      return;
    }
    refuse(
        {408, has_header_ ? "the body did not come in time" : "the header did not come in time"});
  }

  void drain(TimePoint now) override {
    is_draining_ = true;
    if (state_ == State::Reading && !has_begun_) {
      end_ = std::min(end_, now + kDrainGrace);
    }
  }

 private:
  enum class State : std::uint8_t { Reading, Handling, Finished };
  // Interim answers to a client that never reads them.
  static constexpr std::size_t kOutputMax = std::size_t{16} * 1024;

  void read(std::string_view bytes, TimePoint now) {
    if (bytes.empty()) {
      return;
    }
    if (!has_begun_) {
      has_begun_ = true;
      end_ = now + limits_.header_time;
    }
    const auto used = reader_.feed(bytes);
    if (!used) {
      refuse(used.error());
      return;
    }
    if (!charge_.grow_to(reader_.buffered_bytes())) {
      refuse({503, "too many bytes are under way"});
      return;
    }
    if (!has_header_ && reader_.has_header()) {
      has_header_ = true;
      received_ = now;
      end_ = now + limits_.body_time;
      // RFC 9110 section 10.1.1: not when the body is there already.
      if (reader_.request().expects_continue && !reader_.is_done() && *used == bytes.size()) {
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
      }
    }
    if (reader_.is_done()) {
      ahead_.assign(bytes.substr(*used));
      begin();
    }
  }

  void begin() {
    IncomingRequest incoming = reader_.take();
    state_ = State::Handling;
    ++id_;
    is_old_ = incoming.is_old;
    is_head_ = incoming.method == "HEAD";
    keeps_alive_ = incoming.keeps_alive &&
                   (limits_.requests_per_connection == 0 || id_ < limits_.requests_per_connection);
    ServerRequest request;
    set_target(request, incoming.target);
    request.method = std::move(incoming.method);
    request.headers = std::move(incoming.headers);
    request.body = std::move(incoming.body);
    request.peer = options_.peer;
    request.http_version = 1;
    request.received = received_;
    options_.requests->begin(id_, std::move(request),
                             std::exchange(charge_, Charge(options_.budget)));
  }

  void refuse(const RequestFault& fault) {
    count(options_.observer, refusal_of_status(fault.status));
    charge_.clear();
    // Whether it was HEAD is not known when the line itself is bad; closing ends the answer anyway.
    is_head_ = has_header_ && reader_.request().method == "HEAD";
    send(own_answer(fault.status, fault.text), true);
    state_ = State::Finished;
    reader_ = RequestReader(request_limits_);
    ahead_ = {};
  }

  void send(const ServerResponse& response, bool closes) {
    fmt::format_to(std::back_inserter(output_), "HTTP/1.1 {} {}\r\n", response.status,
                   phrase_of(response.status));
    for (const Header& header : response.headers) {
      output_.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    if (closes) {
      output_ += "Connection: close\r\n";
    } else if (is_old_) {
      output_ += "Connection: keep-alive\r\n";
    }
    // RFC 9110 section 8.6: none in a 204; in answers to HEAD the length that GET would have.
    const bool has_body = allows_body(response.status);
    if (has_body) {
      fmt::format_to(std::back_inserter(output_), "Content-Length: {}\r\n", response.body.size());
    }
    output_ += "\r\n";
    if (has_body && !is_head_) {
      output_ += response.body;
    }
    output_charge_.grow_anyway(output_.size());
  }

  SessionOptions options_;
  const ServerLimits& limits_;
  RequestLimits request_limits_;
  RequestReader reader_;
  Charge charge_;         // of what is read
  Charge output_charge_;  // of answers that wait
  Charge sent_charge_;    // of those that were taken last
  TimePoint end_;         // of waiting for more
  TimePoint received_;
  State state_ = State::Reading;
  bool has_begun_ = false;  // the first byte of the request has come
  bool has_header_ = false;
  bool is_draining_ = false;
  bool is_old_ = false;
  bool is_head_ = false;
  bool keeps_alive_ = true;
  std::uint64_t id_ = 0;
  std::string ahead_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Session> make_http1_session(SessionOptions options) {
  return std::make_unique<Http1Session>(std::move(options));
}

}  // namespace tally::net
