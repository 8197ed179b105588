// Connections that are kept between calls, and answers that are read as they come, against a
// server inside the test.
#include <gtest/gtest.h>

#include <condition_variable>

#include "net/client.hpp"
#include "net/testing/keep_alive_server.hpp"

namespace tally::net {
namespace {

using namespace std::chrono_literals;

using testing::Identity;
using testing::Peer;
using testing::Server;

constexpr const char* kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr const char* kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

Client client_for(std::size_t kept, const ClientLimits& limits = {}) {
  ClientOptions options;
  options.allowed = *HostList::parse(std::vector<std::string>{"127.0.0.1"});
  options.limits = limits;
  options.kept_connections = kept;
  return Client(std::move(options));
}

Request request_of(const Server& server, std::string method = "GET", std::string ca = {}) {
  Request request;
  request.method = std::move(method);
  request.url = server.url("127.0.0.1");
  request.ca_bundle = std::move(ca);
  return request;
}

std::string shown(const Result<Response>& response, const Server& server) {
  std::string text = response ? std::to_string(response->status) + " " + response->body
                              : "! " + response.error().message;
  const std::string port = ":" + std::to_string(server.port());
  for (std::size_t at = text.find(port); at != std::string::npos; at = text.find(port)) {
    text.erase(at, port.size());
  }
  return text;
}

// Answers each request of a connection with the next of the texts; behind the last it closes.
Server::Behaviour say_in_turn(std::vector<std::string> texts) {
  return [texts = std::move(texts)](Peer& peer, std::string request) {
    for (const std::string& text : texts) {
      if (request.empty() || !peer.write(text)) {
        return;
      }
      request = peer.read_request();
    }
  };
}

TEST(KeptConnection, ServesTheNextCall) {
  const Identity identity("IP:127.0.0.1");
  for (const Identity* own : {static_cast<const Identity*>(nullptr), &identity}) {
    const Server server(say_in_turn({kHello, kHello, kHello}), own);
    const Client client = client_for(1);
    for (int call = 0; call < 3; ++call) {
      EXPECT_EQ(
          shown(client.call(request_of(server, call == 1 ? "POST" : "GET", identity.pem)), server),
          "200 hello");
    }
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(server.requests().front().find("Connection:"), std::string::npos);
  }
}

TEST(KeptConnection, IsNotKept) {
  struct Row {
    std::string_view name;
    std::size_t kept;
    std::string answer;
  };
  for (const auto& [name, kept, answer] :
       {Row{"none are kept", 0, kHello},
        Row{"the server closes", 1,
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"},
        Row{"something came behind", 1, std::string(kHello) + "HTTP/1.1 200"},
        Row{"an old version", 1,
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"}}) {
    const Server server(say_in_turn({answer, kHello}));
    const Client client = client_for(kept);
    EXPECT_EQ(shown(client.call(request_of(server)), server), "200 hello") << name;
    EXPECT_EQ(shown(client.call(request_of(server)), server), "200 hello") << name;
    EXPECT_EQ(server.connections(), 2) << name;
  }
}

// The same server, but another idea of whom to trust.
TEST(KeptConnection, ServesNoOther) {
  const Identity identity("IP:127.0.0.1");
  const testing::KeepAliveServer server(
      [](Peer& peer, const testing::ReceivedRequest&) { return peer.write(kHello); }, &identity);
  const Client client = client_for(2);
  const auto ask = [&](const std::string& ca) {
    Request request;
    request.url = server.url();
    request.ca_bundle = ca;
    EXPECT_TRUE(client.call(request).has_value());
    return server.connections();
  };
  EXPECT_EQ(ask(identity.pem), 1);
  EXPECT_EQ(ask(identity.pem + "\n"), 2);
  EXPECT_EQ(ask(identity.pem), 2);
  EXPECT_EQ(ask(identity.pem + "\n"), 2);
  EXPECT_EQ(ask(identity.pem + "\n\n"), 3);  // in the place of the oldest
  EXPECT_EQ(ask(identity.pem + "\n"), 3);
  EXPECT_EQ(ask(identity.pem), 4);
}

// The server closes where a request waits for its answer: only what changes nothing is repeated.
TEST(KeptConnection, RepeatsOnce) {
  struct Row {
    std::string_view method;
    std::string_view shown;
    int connections;
  };
  for (const auto& [method, expected, connections] :
       {Row{"GET", "200 hello", 2},
        Row{"POST", "! 127.0.0.1: the connection was closed before the response was complete", 1},
        Row{"DELETE", "! 127.0.0.1: the connection was closed before the response was complete",
            1}}) {
    const Server server([](Peer& peer, const std::string&) {
      peer.write(kHello);
      static_cast<void>(peer.read_request());  // and closes
    });
    const Client client = client_for(1);
    EXPECT_EQ(shown(client.call(request_of(server)), server), "200 hello");
    EXPECT_EQ(shown(client.call(request_of(server, std::string(method))), server), expected);
    EXPECT_EQ(server.connections(), connections) << method;
  }
}

// One that was never kept has no second try, nor one that gave a byte.
TEST(KeptConnection, RepeatsNothingElse) {
  const Server silent([](Peer&, const std::string&) {});
  EXPECT_EQ(shown(client_for(1).call(request_of(silent)), silent),
            "! 127.0.0.1: the connection was closed before the response was complete");
  EXPECT_EQ(silent.connections(), 1);
  const Server partial(say_in_turn({kHello, "H"}));
  const Client client = client_for(1);
  EXPECT_EQ(shown(client.call(request_of(partial)), partial), "200 hello");
  EXPECT_TRUE(shown(client.call(request_of(partial)), partial).starts_with("! "));
  EXPECT_EQ(partial.connections(), 1);
}

// Before a request goes out the connection is looked at: a POST is not lost on one that is closed.
TEST(KeptConnection, NoticesThatItIsClosed) {
  testing::KeepAliveServer server(
      [](Peer& peer, const testing::ReceivedRequest&) { return peer.write(kHello); });
  const Client client = client_for(1);
  Request request;
  request.url = server.url();
  EXPECT_TRUE(client.call(request).has_value());
  server.stop();
  server.start();
  request.method = "POST";
  EXPECT_TRUE(client.call(request).has_value());
  EXPECT_EQ(server.connections(), 2);
}

// What the client was given and the server goes on after.
class Pieces {
 public:
  Result<void> take(std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    text_ += bytes;
    changed_.notify_all();
    return {};
  }
  bool wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 5s, [&] { return text_ == text; });
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

TEST(Stream, ComesAsItIsSent) {
  Pieces pieces;
  std::atomic<int> in_time = 0;
  const Server server([&](Peer& peer, const std::string&) {
    peer.write(std::string(kChunked) + "3\r\none\r\n");
    in_time += pieces.wait_for("one") ? 1 : 0;
    peer.write("3\r\ntwo\r\n");
    in_time += pieces.wait_for("onetwo") ? 1 : 0;
    peer.write("0\r\n\r\n");
  });
  const auto done = client_for(1).stream(
      request_of(server), {.idle = 5s}, [&](std::string_view bytes) { return pieces.take(bytes); });
  EXPECT_EQ(shown(done, server), "200 ");
  EXPECT_EQ(in_time, 2);
}

std::string stream_of(const std::string& text, const ResponseLimits& limits = {}) {
  const Server server([&](Peer& peer, const std::string&) { peer.write(text); });
  std::string taken;
  const auto done = client_for(0, {.response = limits})
                        .stream(request_of(server), {.idle = 5s}, [&](std::string_view bytes) {
                          taken += bytes;
                          return Result<void>{};
                        });
  return taken + "|" + shown(done, server);
}

TEST(Stream, Ends) {
  const std::string chunked = kChunked;
  struct Row {
    std::string text;
    std::string_view expected;
  };
  for (const auto& [text, expected] :
       {Row{chunked + "1\r\na\r\n0\r\n\r\n", "a|200 "}, Row{kHello, "hello|200 "},
        Row{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end|200 "},
        Row{"HTTP/1.1 410 Gone\r\nContent-Length: 3\r\n\r\nold", "|410 old"},
        Row{"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", "|403 no"},
        Row{"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", "|302 "},
        Row{chunked + "2\r\nab\r\nzz\r\n", "ab|! 127.0.0.1: the response is malformed: bad chunk"},
        Row{chunked + "2\r\nabc\r\n0\r\n\r\n",
            "ab|! 127.0.0.1: the response is malformed: bad chunk"},
        Row{chunked + "9\r\nabc",
            "abc|! 127.0.0.1: the connection was closed before the response was complete"},
        Row{chunked + "1\r\na\r\n",
            "a|! 127.0.0.1: the connection was closed before the response was complete"}}) {
    EXPECT_EQ(stream_of(text), expected) << text;
  }
}

TEST(Stream, HasNoLimitButOfWhatWaits) {
  const ResponseLimits limits{.header_bytes = 256, .body_bytes = 64};
  std::string many = kChunked;
  for (int chunk = 0; chunk < 100; ++chunk) {
    many += "10\r\n0123456789abcdef\r\n";
  }
  // In pieces as large as they come: what waits is at most one read.
  EXPECT_TRUE(stream_of(many + "0\r\n\r\n", {.header_bytes = 256}).ends_with("|200 "));
  EXPECT_EQ(stream_of(std::string(kChunked) + "1;" + std::string(300, 'x'), limits),
            "|! 127.0.0.1: a chunk of the response carries too many bytes around its content");
  EXPECT_EQ(stream_of("HTTP/1.1 500 No\r\n\r\n" + std::string(65, 'x'), limits),
            "|! 127.0.0.1: the body of the response has more than the 64 bytes that are read");
}

TEST(Stream, IsOverWhenNothingComes) {
  Pieces pieces;
  const Server server([&](Peer& peer, const std::string&) {
    peer.write(std::string(kChunked) + "1\r\na\r\n");
    peer.wait();
  });
  const auto done =
      client_for(0).stream(request_of(server), {.idle = 30ms},
                           [&](std::string_view bytes) { return pieces.take(bytes); });
  EXPECT_EQ(shown(done, server), "! 127.0.0.1 said nothing for 30 ms");
  EXPECT_EQ(pieces.text(), "a");
}

// Whether before anything came, in the middle, or while a call waits.
TEST(Stream, Stops) {
  const Identity identity("IP:127.0.0.1");
  const Server server(
      [&](Peer& peer, const std::string& request) {
        if (request.starts_with("GET")) {
          peer.write(std::string(kChunked) + "1\r\na\r\n");
        }
        peer.wait();
      },
      &identity);
  const Client client = client_for(1);
  std::stop_source stop;
  const auto done = client.stream(request_of(server, "GET", identity.pem),
                                  {.idle = 60s, .stop = stop.get_token()}, [&](std::string_view) {
                                    stop.request_stop();
                                    return Result<void>{};
                                  });
  EXPECT_EQ(shown(done, server), "! the call of 127.0.0.1 was stopped");
  EXPECT_EQ(shown(client.call(request_of(server, "GET", identity.pem), {.stop = stop.get_token()}),
                  server),
            "! the call of 127.0.0.1 was stopped");
  std::stop_source later;
  std::jthread thread([&] {
    while (server.requests().size() < 3 && !server.requests().back().starts_with("POST")) {
      std::this_thread::yield();
    }
    later.request_stop();
  });
  EXPECT_EQ(shown(client.call(request_of(server, "POST", identity.pem),
                              {.time = 60s, .stop = later.get_token()}),
                  server),
            "! the call of 127.0.0.1 was stopped");
}

TEST(Stream, EndsWithTheErrorOfWhoTakesIt) {
  const Server server([&](Peer& peer, const std::string&) {
    peer.write(std::string(kChunked) + "1\r\na\r\n");
    peer.wait();
  });
  const auto done = client_for(0).stream(
      request_of(server), {.idle = 60s},
      [](std::string_view) -> Result<void> { return content_error("not for me"); });
  EXPECT_EQ(shown(done, server), "! not for me");
}

TEST(Call, HasATimeOfItsOwn) {
  const Server server([](Peer& peer, const std::string&) { peer.wait(); });
  EXPECT_EQ(shown(client_for(0).call(request_of(server), {.time = 30ms}), server),
            "! 127.0.0.1 did not complete its response in time");
}

}  // namespace
}  // namespace tally::net
