// HTTP/2 of a server (RFC 9113). nghttp2 reads and writes frames, keeps the windows and refuses
// what is no HTTP (pseudo-fields, fields of a connection, lengths that do not fit); this file turns
// streams into requests and holds the limits:
//   * header list, fields, target, body of a stream: answered 431, 414, 413; the body that still
//     comes is thrown away, and the stream reset without an error when the answer is sent
//   * all streams together: the Budget, 503
//   * rapid reset (CVE-2023-44487, and CVE-2025-8671 where the peer makes us reset): a stream that
//     was reset stays counted until its handler has answered; beyond the limit new ones are refused
//     before they reach a handler. Resets of either side come from a bucket.
//   * floods of SETTINGS, PING, PRIORITY and empty DATA: a bucket. Both end in GOAWAY
//     ENHANCE_YOUR_CALM. CONTINUATION and acknowledgements that wait are bounded by nghttp2.
//   * a header that does not end, a body that does not come, an answer that is not read: by time
// Priorities are read over (section 5.3), pushing does not exist. Extended CONNECT is not offered.
#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <new>

#include "net/internal/answer.hpp"
#include "net/internal/leaky_bucket.hpp"
#include "net/internal/request_head.hpp"
#include "net/session.hpp"

namespace tally::net {

namespace {

constexpr std::uint32_t kStreamWindow = std::uint32_t{256} * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
// A client whose calls run out of time resets them: as nghttp2's own limit of later versions.
constexpr double kResetBurst = 1000;
constexpr double kResetRate = 33;
constexpr double kControlBurst = 1000;
constexpr double kControlRate = 100;
constexpr std::size_t kOutboundFramesMax = 1000;
constexpr std::size_t kFieldOverhead = 32;  // RFC 9113 section 6.5.2, SETTINGS_MAX_HEADER_LIST_SIZE

struct FreeSession {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
};

std::string_view view_of(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv field(std::string_view name, std::string_view value) noexcept {
  // nghttp2 copies both; it takes pointers to what is not const for the sake of C.
  return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

bool is_request_header(const nghttp2_frame& frame) noexcept {
  return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
}

bool ends_stream(const nghttp2_frame& frame) noexcept {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

struct Stream {
  explicit Stream(std::shared_ptr<Budget> budget) : charge(std::move(budget)) {}

  ServerRequest request;
  std::size_t header_bytes = 0;
  std::size_t header_list = 0;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts
  unsigned refused = 0;         // a status, once it is clear
  std::string_view why;
  bool expects_continue = false;
  bool is_complete = false;  // nothing comes any more
  bool is_begun = false;     // the handler has it
  bool is_answered = false;
  bool sends_no_body = false;  // to HEAD
  Charge charge;               // of the request, then of the answer
  std::string body;
  std::size_t sent = 0;  // of it
};

class Http2Session final : public Session {
 public:
  explicit Http2Session(SessionOptions options)
      : options_(std::move(options)),
        limits_(*options_.limits),
        now_(options_.now),
        idle_since_(options_.now),
        resets_(kResetBurst, kResetRate, now_),
        controls_(kControlBurst, kControlRate, now_) {
    open();
  }

  void receive(std::string_view bytes, TimePoint now) override {
    now_ = now;
    const auto read = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (read < 0) {
      // What nghttp2 ends by itself it has a GOAWAY for; the rest is no HTTP/2 at all.
      end(NGHTTP2_PROTOCOL_ERROR, Refusal::Protocol);
    }
  }

  void answer(std::uint64_t id, ServerResponse response, TimePoint now) override {
    now_ = now;
    under_way_ -= under_way_ > 0 ? 1 : 0;
    const auto found = streams_.find(static_cast<std::int32_t>(id));
    if (found != streams_.end() && found->second.is_begun && !found->second.is_answered) {
      respond(found->first, found->second, checked_answer(std::move(response)));
    }
  }

  void take_output(std::string& out, std::size_t bytes_max, TimePoint now) override {
    now_ = now;
    while (out.size() < bytes_max) {
      const std::uint8_t* bytes = nullptr;
      const auto count = nghttp2_session_mem_send(session_.get(), &bytes);
      if (count <= 0) {
        is_broken_ = is_broken_ || count < 0;
        return;
      }
      out.append(view_of(bytes, static_cast<std::size_t>(count)));
    }
  }

  [[nodiscard]] bool wants_input() const override {
    return !is_finished() &&
           nghttp2_session_get_outbound_queue_size(session_.get()) < kOutboundFramesMax;
  }

  [[nodiscard]] bool is_finished() const override {
    return is_broken_ || (nghttp2_session_want_read(session_.get()) == 0 &&
                          nghttp2_session_want_write(session_.get()) == 0);
  }

  [[nodiscard]] std::optional<TimePoint> deadline() const override {
    if (is_finished()) {
      return std::nullopt;
    }
    std::optional<TimePoint> first;
    const auto consider = [&first](TimePoint end) { first = first ? std::min(*first, end) : end; };
    if (streams_.empty()) {
      consider(idle_since_ + (has_requests_ ? limits_.idle_time : limits_.header_time));
    }
    for (const auto* waiting : {&headers_, &bodies_, &answers_}) {
      if (!waiting->empty()) {
        consider(waiting->front().end);
      }
    }
    return first;
  }

  void expire(TimePoint now) override {
    now_ = now;
    // A header block that stands open holds up all streams.
    if (!headers_.empty() && headers_.front().end <= now) {
      end(NGHTTP2_ENHANCE_YOUR_CALM, Refusal::Timeout);
      return;
    }
    while (!bodies_.empty() && bodies_.front().end <= now) {
      const std::int32_t id = bodies_.front().stream;
      bodies_.pop_front();
      if (const auto found = streams_.find(id); found != streams_.end()) {
        refuse(id, found->second, 408, "the body did not come in time");
      }
    }
    while (!answers_.empty() && answers_.front().end <= now) {
      const std::int32_t id = answers_.front().stream;
      answers_.pop_front();
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    const auto idle = has_requests_ ? limits_.idle_time : limits_.header_time;
    if (streams_.empty() && idle_since_ + idle <= now) {
      nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
    }
  }

  // RFC 9113 section 6.8: a first GOAWAY says so, and the last one, which names the last stream, is
  // sent when the client has seen the first: it has answered a PING behind it.
  void drain(TimePoint now) override {
    now_ = now;
    if (std::exchange(is_draining_, true)) {
      return;
    }
    nghttp2_submit_shutdown_notice(session_.get());
    nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, kDrainPing);
  }

 private:
  static constexpr std::uint8_t kDrainPing[8] = {'d', 'r', 'a', 'i', 'n', 0, 0, 0};

  struct Waiting {
    std::int32_t stream;
    TimePoint end;
  };

  void open();
  // What a step throws must not pass through nghttp2, which is C.
  template <class Step>
  static auto self(void* user, const Step& step) noexcept {
    try {
      return step(*static_cast<Http2Session*>(user));
    } catch (...) {
      return static_cast<decltype(step(std::declval<Http2Session&>()))>(
          NGHTTP2_ERR_CALLBACK_FAILURE);
    }
  }

  // --- What nghttp2 tells.

  int begin_header(const nghttp2_frame& frame) {
    headers_.push_back({frame.hd.stream_id, now_ + limits_.header_time});
    if (is_request_header(frame)) {
      has_requests_ = true;
      streams_.emplace(frame.hd.stream_id, Stream(options_.budget));
    }
    return 0;
  }

  int add_field(const nghttp2_frame& frame, std::string_view name, std::string_view value) {
    const auto found = streams_.find(frame.hd.stream_id);
    if (found == streams_.end()) {
      return 0;
    }
    Stream& stream = found->second;
    stream.header_list += name.size() + value.size() + kFieldOverhead;
    ServerRequest& request = stream.request;
    if (stream.header_list > limits_.header_bytes ||
        request.headers.size() >= limits_.header_fields) {
      mark(stream, 431, "the header is too long or has too many fields");
    }
    if (!is_request_header(frame) || stream.refused != 0) {
      return 0;  // trailers are read over
    }
    stream.header_bytes += name.size() + value.size() + sizeof(Header);
    if (!stream.charge.grow_to(stream.header_bytes)) {
      mark(stream, 503, "too many bytes are under way");
      return 0;
    }
    if (!name.starts_with(':')) {
      // The authority stands first, and is what Host would say (section 8.3.1).
      if (name != "host" || !request.header("host")) {
        request.headers.push_back({std::string(name), std::string(value)});
      }
      stream.expects_continue = stream.expects_continue || name == "expect";
      if (name == "expect" && !equal_names(value, "100-continue")) {
        mark(stream, 417, "only 100-continue can be expected");
      }
    } else if (name == ":method") {
      request.method = value;
    } else if (name == ":authority") {
      request.headers.insert(request.headers.begin(), {"host", std::string(value)});
    } else if (name == ":path") {
      if (value.size() > limits_.target_bytes) {
        mark(stream, 414, "the target is too long");
      } else if (!is_target_text(value)) {
        mark(stream, 400, "the target holds what no target does");
      } else {
        set_target(request, value);
      }
    }
    return 0;
  }

  int end_frame(const nghttp2_frame& frame) {
    switch (frame.hd.type) {
      case NGHTTP2_RST_STREAM:
        spend(resets_);
        break;
      case NGHTTP2_SETTINGS:
        if ((frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
          spend(controls_);
        }
        break;
      case NGHTTP2_PING:
        end_ping(frame.ping);
        break;
      case NGHTTP2_PRIORITY:
        spend(controls_);
        break;
      case NGHTTP2_HEADERS:
        end_header(frame);
        break;
      case NGHTTP2_DATA:
        if (frame.hd.length == 0 && !ends_stream(frame)) {
          spend(controls_);
        }
        break;
      default:
        break;
    }
    if ((frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) && ends_stream(frame)) {
      if (const auto found = streams_.find(frame.hd.stream_id); found != streams_.end()) {
        end_request(found->first, found->second);
      }
    }
    return 0;
  }

  void end_ping(const nghttp2_ping& ping) {
    if ((ping.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
      spend(controls_);
    } else if (is_draining_ && std::ranges::equal(ping.opaque_data, kDrainPing)) {
      nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                            nghttp2_session_get_last_proc_stream_id(session_.get()),
                            NGHTTP2_NO_ERROR, nullptr, 0);
    }
  }

  void end_header(const nghttp2_frame& frame) {
    headers_.clear();  // one at a time (section 4.3)
    const auto found = streams_.find(frame.hd.stream_id);
    if (!is_request_header(frame) || found == streams_.end()) {
      return;
    }
    Stream& stream = found->second;
    stream.request.received = now_;
    stream.request.http_version = 2;
    stream.sends_no_body = stream.request.method == "HEAD";
    if (stream.request.method == "CONNECT") {
      mark(stream, 501, "CONNECT is not done here");
    }
    if (limits_.requests_per_connection != 0 && ++requests_ == limits_.requests_per_connection) {
      drain(now_);
    }
    if (ends_stream(frame)) {
      return;
    }
    if (stream.refused != 0) {
      refuse(frame.hd.stream_id, stream, stream.refused, stream.why);
      return;
    }
    bodies_.push_back({frame.hd.stream_id, now_ + limits_.body_time});
    if (stream.expects_continue) {
      const nghttp2_nv status = field(":status", "100");
      nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, frame.hd.stream_id, nullptr,
                             &status, 1, nullptr);
    }
  }

  int add_body(std::int32_t id, std::string_view bytes) {
    const auto found = streams_.find(id);
    if (found == streams_.end() || found->second.refused != 0) {
      return 0;
    }
    Stream& stream = found->second;
    std::string& body = stream.request.body;
    if (bytes.size() > limits_.body_bytes - body.size()) {
      refuse(id, stream, 413, "the body is too long");
      return 0;
    }
    body.append(bytes);
    if (!stream.charge.grow_to(stream.header_bytes + body.capacity())) {
      refuse(id, stream, 503, "too many bytes are under way");
    }
    return 0;
  }

  // A frame that breaks a rule costs the peer what the reset does that it leads to.
  int end_bad_frame() {
    spend(resets_);
    return 0;
  }

  int end_sending(const nghttp2_frame& frame) {
    if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR &&
        !std::exchange(is_ended_, true)) {
      count(options_.observer, Refusal::Protocol);  // nghttp2 found it
    }
    const bool is_answer = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
    if (!is_answer || !ends_stream(frame)) {
      return 0;
    }
    // Section 8.1: a complete answer to a request that is not: stop sending, without an error.
    const auto found = streams_.find(frame.hd.stream_id);
    if (found != streams_.end() && !found->second.is_complete) {
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                                NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  int close_stream(std::int32_t id) {
    streams_.erase(id);
    for (auto* waiting : {&headers_, &bodies_, &answers_}) {
      forget(*waiting, id);
    }
    if (streams_.empty()) {
      idle_since_ = now_;
    }
    return 0;
  }

  ssize_t read_answer(std::int32_t id, std::uint8_t* out, std::size_t size, std::uint32_t* flags) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    Stream& stream = found->second;
    const std::size_t count = stream.body.copy(reinterpret_cast<char*>(out), size, stream.sent);
    stream.sent += count;
    if (stream.sent == stream.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(count);
  }

  // --- What follows from it.

  static void mark(Stream& stream, unsigned status, std::string_view why) {
    if (stream.refused == 0) {
      stream.refused = status;
      stream.why = why;
    }
  }

  void end_request(std::int32_t id, Stream& stream) {
    stream.is_complete = true;
    forget(bodies_, id);
    if (stream.is_answered) {
      return;
    }
    if (stream.refused != 0) {
      refuse(id, stream, stream.refused, stream.why);
      return;
    }
    if (under_way_ >= limits_.streams) {
      // Section 8.7: nothing was done, it may be tried again.
      count(options_.observer, Refusal::Busy);
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
      spend(resets_);
      return;
    }
    ++under_way_;
    stream.is_begun = true;
    stream.request.peer = options_.peer;
    options_.requests->begin(static_cast<std::uint64_t>(id), std::move(stream.request),
                             std::exchange(stream.charge, Charge(options_.budget)));
  }

  void refuse(std::int32_t id, Stream& stream, unsigned status, std::string_view why) {
    mark(stream, status, why);
    if (stream.is_answered || stream.is_begun) {
      return;
    }
    count(options_.observer, refusal_of_status(status));
    stream.request = {};
    stream.charge.clear();
    respond(id, stream, own_answer(status, why));
  }

  void respond(std::int32_t id, Stream& stream, ServerResponse response);

  void spend(LeakyBucket& bucket) {
    if (!bucket.take(now_)) {
      end(NGHTTP2_ENHANCE_YOUR_CALM, Refusal::Flood);
    }
  }

  void end(std::uint32_t code, Refusal refusal) {
    if (!std::exchange(is_ended_, true)) {
      count(options_.observer, refusal);
      is_broken_ = nghttp2_session_terminate_session(session_.get(), code) != 0;
    }
  }

  static void forget(std::deque<Waiting>& waiting, std::int32_t id) {
    std::erase_if(waiting, [id](const Waiting& row) { return row.stream == id; });
  }

  SessionOptions options_;
  const ServerLimits& limits_;
  TimePoint now_;  // of what is going on
  TimePoint idle_since_;
  LeakyBucket resets_;
  LeakyBucket controls_;
  std::map<std::int32_t, Stream> streams_;
  std::deque<Waiting> headers_;  // open; each in the order of its ends
  std::deque<Waiting> bodies_;
  std::deque<Waiting> answers_;
  std::uint64_t requests_ = 0;
  std::uint32_t under_way_ = 0;  // at handlers, those of streams that were reset too
  bool has_requests_ = false;
  bool is_draining_ = false;
  bool is_ended_ = false;
  bool is_broken_ = false;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
};

void Http2Session::respond(std::int32_t id, Stream& stream, ServerResponse response) {
  stream.is_answered = true;
  forget(bodies_, id);
  answers_.push_back({id, now_ + limits_.write_time});
  const bool has_body = allows_body(response.status) && !stream.sends_no_body;
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  std::vector<nghttp2_nv> fields{field(":status", status)};
  for (Header& header : response.headers) {
    // Section 8.2.1: names in lower case.
    std::ranges::transform(header.name, header.name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    fields.push_back(field(header.name, header.value));
  }
  if (allows_body(response.status)) {
    fields.push_back(field("content-length", length));
  }
  const nghttp2_data_provider source{
      .source = {.ptr = nullptr},
      .read_callback = [](nghttp2_session*, std::int32_t stream_id, std::uint8_t* out,
                          std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                          void* user) {
        return self(user, [&](Http2Session& session) {
          return session.read_answer(stream_id, out, size, flags);
        });
      }};
  if (has_body && !response.body.empty()) {
    stream.body = std::move(response.body);
    stream.charge.grow_anyway(stream.body.size());
  }
  const bool is_sent = nghttp2_submit_response(session_.get(), id, fields.data(), fields.size(),
                                               stream.body.empty() ? nullptr : &source) == 0;
  if (!is_sent) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
  }
}

void Http2Session::open() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) {
    throw std::bad_alloc();
  }
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return self(user, [&](Http2Session& session) { return session.begin_header(*frame); });
      });
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes,
                    std::uint8_t, void* user) {
        return self(user, [&](Http2Session& session) {
          return session.add_field(*frame, view_of(name, name_bytes), view_of(value, value_bytes));
        });
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return self(user, [&](Http2Session& session) { return session.end_frame(*frame); });
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                    std::size_t size, void* user) {
        return self(user, [&](Http2Session& session) {
          return session.add_body(id, view_of(bytes, size));
        });
      });
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame*, int, void* user) {
        return self(user, [&](Http2Session& session) { return session.end_bad_frame(); });
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return self(user, [&](Http2Session& session) { return session.end_sending(*frame); });
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        return self(user, [&](Http2Session& session) { return session.close_stream(id); });
      });
  // Closed streams are kept for priorities only, which are read over.
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_session* made = nullptr;
  const int failed = nghttp2_session_server_new2(&made, callbacks, this, option);
  session_.reset(made);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  if (failed != 0) {
    throw std::bad_alloc();
  }
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.streams},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_bytes)}}};
  nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

}  // namespace

std::unique_ptr<Session> make_http2_session(SessionOptions options) {
  return std::make_unique<Http2Session>(std::move(options));
}

}  // namespace tally::net
