// Load for the admission webhook, open loop: requests leave at the given rate whether or not
// answers came back, and a latency counts from the moment when its request was to leave (no
// coordinated omission). One thread, epoll; as little work as can be, since it shares the machine.
//
//   admission_load --url https://127.0.0.1:8443/validate --ca ca.pem --rate 2500 --connections 16
//                  --seconds 30 [--count N] [--http2] FILE.jsonl...
//
// Each line of the files is a body; they are sent in turn. HTTP/1.1: one request at a time on a
// connection; HTTP/2: up to a hundred. What finds no room waits, and its latency grows. A
// connection that fails is made anew; its requests count as errors.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

[[noreturn]] void die(std::string_view text) {
  fmt::print(stderr, "admission_load: {}\n", text);
  std::exit(2);
}

struct Options {
  bool is_tls = false;
  bool is_http2 = false;
  sockaddr_in address{};
  std::string authority;
  std::string path = "/";
  std::string ca;
  double rate = 1000;
  std::size_t connections = 16;
  double seconds = 10;
  std::uint64_t count = 0;  // 0: by seconds
  std::vector<std::string> bodies;
};

struct Counts {
  std::uint64_t sent = 0, answered = 0, other_status = 0, allowed = 0, denied = 0;
  std::map<std::string, std::uint64_t> errors;
  std::vector<std::uint32_t> latencies_us;

  void answer(Time intended, unsigned status, std::string_view body) {
    ++answered;
    other_status += status == 200 ? 0 : 1;
    allowed += body.find("\"allowed\":true") != std::string_view::npos ? 1 : 0;
    denied += body.find("\"allowed\":false") != std::string_view::npos ? 1 : 0;
    latencies_us.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - intended).count()));
  }
};

// One connection: bytes of its own, the protocol on top.
class Connection {
 public:
  Connection(const Options& options, SSL_CTX* context, int poll, Counts& counts)
      : options_(options), context_(context), poll_(poll), counts_(counts) {
    open();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { drop(); }

  [[nodiscard]] bool has_room() const {
    return is_ready_ && waiting() < (options_.is_http2 ? 100U : 1U);
  }
  [[nodiscard]] std::size_t waiting() const {
    return options_.is_http2 ? streams_.size() : (is_asking_ ? 1U : 0U);
  }

  void ask(const std::string& body, Time intended) {
    ++counts_.sent;
    if (options_.is_http2) {
      ask_http2(body, intended);
    } else {
      is_asking_ = true;
      intended_ = intended;
      fmt::format_to(std::back_inserter(out_),
                     "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
                     "Content-Length: {}\r\n\r\n",
                     options_.path, options_.authority, body.size());
      out_ += body;
    }
    flush();
  }

  void step() {
    if (!is_ready_ && !shake_hands()) {
      return;
    }
    char bytes[32768];
    while (true) {
      const auto count = read(bytes, sizeof(bytes));
      if (count == 0) {
        break;
      }
      if (count < 0) {
        fail("closed");
        return;
      }
      if (!take({bytes, static_cast<std::size_t>(count)})) {
        fail("unreadable");
        return;
      }
      if (static_cast<std::size_t>(count) < sizeof(bytes) && ssl_ == nullptr) {
        break;
      }
    }
    flush();
  }

 private:
  struct Stream {
    Time intended;
    std::string_view body;
    std::size_t sent = 0;
    unsigned status = 0;
    std::string answer{};
  };

  void open() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&options_.address),
                  sizeof(options_.address)) != 0) {
      die("the server cannot be reached");
    }
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = this}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket_, &event);
    if (options_.is_tls) {
      ssl_ = SSL_new(context_);
      SSL_set_fd(ssl_, socket_);
      SSL_set_connect_state(ssl_);
    }
    if (options_.is_http2) {
      open_http2();
    }
    shake_hands();
  }

  void drop() {
    nghttp2_session_del(std::exchange(session_, nullptr));
    SSL_free(std::exchange(ssl_, nullptr));
    ::close(socket_);
    is_ready_ = false;
    is_asking_ = false;
    streams_.clear();
    in_.clear();
    out_.clear();
  }

  void fail(const std::string& why) {
    counts_.errors[why] += std::max<std::size_t>(waiting(), 1);
    drop();
    open();
  }

  bool shake_hands() {
    if (ssl_ != nullptr) {
      const int done = SSL_do_handshake(ssl_);
      if (done != 1) {
        const int why = SSL_get_error(ssl_, done);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
          die("TLS failed (is --ca right?)");
        }
        return false;
      }
    }
    is_ready_ = true;
    flush();
    return true;
  }

  // 0: not now; less: the end.
  long read(char* bytes, std::size_t size) {
    if (ssl_ != nullptr) {
      const int count = SSL_read(ssl_, bytes, static_cast<int>(size));
      return count > 0 ? count : (SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ ? 0 : -1);
    }
    const auto count = ::recv(socket_, bytes, size, 0);
    return count > 0 ? count : (count < 0 && errno == EAGAIN ? 0 : -1);
  }

  void flush() {
    if (!is_ready_) {
      return;
    }
    const std::uint8_t* bytes = nullptr;
    while (session_ != nullptr && out_.size() < 65536) {
      const auto count = nghttp2_session_mem_send(session_, &bytes);
      if (count <= 0) {
        break;
      }
      out_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    }
    while (!out_.empty()) {
      const long count = ssl_ != nullptr
                             ? SSL_write(ssl_, out_.data(), static_cast<int>(out_.size()))
                             : ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (count <= 0) {
        return;  // more room, or the end, comes as an event
      }
      out_.erase(0, static_cast<std::size_t>(count));
    }
  }

  bool take(std::string_view bytes) {
    if (session_ != nullptr) {
      return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                      bytes.size()) >= 0;
    }
    in_ += bytes;
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) {
      return true;
    }
    const std::size_t at = in_.find("Content-Length: ");
    std::size_t length = 0;
    if (at < end) {
      std::from_chars(in_.data() + at + 16, in_.data() + end, length);
    }
    if (in_.size() < end + 4 + length) {
      return true;
    }
    unsigned status = 0;
    std::from_chars(in_.data() + 9, in_.data() + 12, status);
    counts_.answer(intended_, status, std::string_view(in_).substr(end + 4));
    is_asking_ = false;
    const bool closes = in_.find("Connection: close") < end;
    in_.clear();
    return !closes;
  }

  void open_http2();
  void ask_http2(std::string_view body, Time intended);

  const Options& options_;
  SSL_CTX* context_;
  int poll_;
  Counts& counts_;
  int socket_ = -1;
  SSL* ssl_ = nullptr;
  bool is_ready_ = false;
  bool is_asking_ = false;  // HTTP/1.1
  Time intended_;
  std::string in_;
  std::string out_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
};

void Connection::open_http2() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* self) {
        const auto* text = reinterpret_cast<const char*>(value);
        if (std::string_view(reinterpret_cast<const char*>(name), name_size) == ":status") {
          auto& stream = static_cast<Connection*>(self)->streams_[frame->hd.stream_id];
          std::from_chars(text, text + value_size, stream.status);
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                    std::size_t size, void* self) {
        static_cast<Connection*>(self)->streams_[id].answer.append(
            reinterpret_cast<const char*>(bytes), size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
        auto& self = *static_cast<Connection*>(user);
        const Stream& stream = self.streams_[id];
        if (error != 0) {
          ++self.counts_.errors[nghttp2_http2_strerror(error)];
        } else {
          self.counts_.answer(stream.intended, stream.status, stream.answer);
        }
        self.streams_.erase(id);
        return 0;
      });
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
}

void Connection::ask_http2(std::string_view body, Time intended) {
  std::string length = std::to_string(body.size());
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] :
       {std::pair<std::string_view, std::string_view>{":method", "POST"},
        {":scheme", options_.is_tls ? "https" : "http"},
        {":authority", options_.authority},
        {":path", options_.path},
        {"content-type", "application/json"},
        {"content-length", length}}) {
    list.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                    value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  nghttp2_data_provider source{};
  source.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t size,
                            std::uint32_t* flags, nghttp2_data_source*, void* self) -> ssize_t {
    Stream& stream = static_cast<Connection*>(self)->streams_[id];
    const std::size_t count = stream.body.copy(reinterpret_cast<char*>(out), size, stream.sent);
    stream.sent += count;
    if (stream.sent == stream.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(count);
  };
  const std::int32_t id =
      nghttp2_submit_request(session_, nullptr, list.data(), list.size(), &source, nullptr);
  if (id > 0) {
    streams_[id] = {.intended = intended, .body = body};
  } else {
    ++counts_.errors["no stream"];
  }
}

void read_url(std::string_view url, Options& options) {
  options.is_tls = url.starts_with("https://");
  const std::size_t begin = url.find("://");
  const std::string_view rest = begin == std::string_view::npos ? "" : url.substr(begin + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  options.authority = rest.substr(0, slash);
  options.path = slash < rest.size() ? std::string(rest.substr(slash)) : "/";
  const std::size_t colon = options.authority.rfind(':');
  if (colon == std::string::npos) {
    die("--url wants http(s)://ADDRESS:PORT/PATH");
  }
  options.address.sin_family = AF_INET;
  options.address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoul(options.authority.substr(colon + 1))));
  if (::inet_pton(AF_INET, options.authority.substr(0, colon).c_str(), &options.address.sin_addr) !=
      1) {
    die("--url wants an IPv4 address");
  }
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; ++at) {
    const std::string_view name = argv[at];
    if (name == "--http2") {
      options.is_http2 = true;
    } else if (name.starts_with("--")) {
      if (at + 1 == argc) {
        die(fmt::format("{} wants a value", name));
      }
      const std::string value = argv[++at];
      if (name == "--url") {
        read_url(value, options);
      } else if (name == "--ca") {
        options.ca = value;
      } else if (name == "--rate") {
        options.rate = std::stod(value);
      } else if (name == "--connections") {
        options.connections = std::stoul(value);
      } else if (name == "--seconds") {
        options.seconds = std::stod(value);
      } else if (name == "--count") {
        options.count = std::stoull(value);
      } else {
        die(fmt::format("{} is not known", name));
      }
    } else {
      std::ifstream file{std::string(name)};
      if (!file) {
        die(fmt::format("{} cannot be read", name));
      }
      for (std::string line; std::getline(file, line);) {
        if (!line.empty()) {
          options.bodies.push_back(std::move(line));
        }
      }
    }
  }
  if (options.authority.empty() || options.bodies.empty() || options.rate <= 0 ||
      options.connections == 0) {
    die("usage: --url URL --ca FILE --rate N --connections N (--seconds S | --count N) [--http2] "
        "FILE.jsonl...");
  }
  return options;
}

SSL_CTX* make_context(const Options& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.is_tls && SSL_CTX_load_verify_locations(context, options.ca.c_str(), nullptr) != 1) {
    die("--ca cannot be read");
  }
  if (options.is_http2) {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  }
  return context;
}

void report(Counts& counts, double seconds) {
  std::ranges::sort(counts.latencies_us);
  const auto at = [&](double share) {
    const auto size = counts.latencies_us.size();
    const auto index = static_cast<std::size_t>(share * static_cast<double>(size));
    return size == 0 ? 0.0 : counts.latencies_us[std::min(index, size - 1)] / 1000.0;
  };
  std::uint64_t errors = 0;
  for (const auto& [why, count] : counts.errors) {
    fmt::print("error      {}: {}\n", why, count);
    errors += count;
  }
  fmt::print(
      "sent       {}\nanswered   {}\nerrors     {}\nnot 200    {}\nallowed    {}\n"
      "denied     {}\n",
      counts.sent, counts.answered, errors, counts.other_status, counts.allowed, counts.denied);
  fmt::print("latency ms p50 {:.3f} p90 {:.3f} p99 {:.3f} p99.9 {:.3f} max {:.3f}\n", at(0.5),
             at(0.9), at(0.99), at(0.999), at(1));
  fmt::print("rate       {:.1f} a second\n", static_cast<double>(counts.answered) / seconds);
}

// Sends what is due, in the order of the times, as far as there is room.
void run(const Options& options, Counts& counts) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  SSL_CTX* context = make_context(options);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t at = 0; at < options.connections; ++at) {
    connections.push_back(std::make_unique<Connection>(options, context, poll, counts));
  }
  const auto total = options.count != 0
                         ? options.count
                         : static_cast<std::uint64_t>(options.rate * options.seconds);
  counts.latencies_us.reserve(total);
  epoll_event events[64];
  const auto turn = [&](Time until) {
    const auto left = std::max(until - Clock::now(), Clock::duration::zero());
    const timespec wait{.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count(),
                        .tv_nsec = (left % std::chrono::seconds(1)).count()};
    const int count = ::epoll_pwait2(poll, events, 64, &wait, nullptr);
    for (int at = 0; at < count; ++at) {
      static_cast<Connection*>(events[at].data.ptr)->step();
    }
  };
  while (std::ranges::none_of(connections, [](const auto& row) { return row->has_room(); })) {
    turn(Clock::now() + std::chrono::milliseconds(10));
  }
  const Time begin = Clock::now();
  const auto due = [&](std::uint64_t number) {
    return begin + std::chrono::nanoseconds(
                       static_cast<std::int64_t>(static_cast<double>(number) * 1e9 / options.rate));
  };
  std::uint64_t next = 0;
  std::size_t first = 0;  // the connection that is tried first: all get their part
  while (next < total) {
    bool has_room = true;
    while (next < total && has_room && due(next) <= Clock::now()) {
      has_room = false;
      for (std::size_t tried = 0; tried < connections.size() && !has_room; ++tried) {
        Connection& connection = *connections[(first + tried) % connections.size()];
        if (connection.has_room()) {
          connection.ask(options.bodies[next % options.bodies.size()], due(next));
          first = (first + tried + 1) % connections.size();
          ++next;
          has_room = true;
        }
      }
    }
    turn(has_room && next < total ? due(next) : Clock::now() + std::chrono::milliseconds(100));
  }
  const Time end = Clock::now() + std::chrono::seconds(30);
  const auto is_waiting = [](const auto& row) { return row->waiting() != 0; };
  while (std::ranges::any_of(connections, is_waiting) && Clock::now() < end) {
    turn(Clock::now() + std::chrono::milliseconds(100));
  }
  for (const auto& connection : connections) {
    if (connection->waiting() != 0) {
      counts.errors["not answered"] += connection->waiting();
    }
  }
  report(counts, std::chrono::duration<double>(Clock::now() - begin).count());
  connections.clear();
  SSL_CTX_free(context);
  ::close(poll);
}

}  // namespace

int main(int argc, char** argv) {
  Counts counts;
  run(read_options(argc, argv), counts);
  return counts.errors.empty() && counts.other_status == 0 ? 0 : 1;
}
