// The server over HTTP/1.1 on loopback: what it answers by itself, what it bounds, and that one
// client does not feel another.
#include "net/server.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "net/testing/raw_client.hpp"

namespace tally::net {
namespace {

using namespace std::chrono_literals;
using testing::becomes;
using testing::RawClient;
using testing::Waiting;

const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kGot = "200 GET /a b=c h ";

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class ServerTest : public ::testing::Test {
 protected:
  void start(const ServerLimits& limits = {}, unsigned threads = 1) {
    auto server = Server::start({.threads = threads,
                                 .limits = limits,
                                 .handler = testing::echo(waiting),
                                 .observer = &observer});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  std::string ask(const std::string& text) const {
    RawClient client(port());
    EXPECT_TRUE(client.send(text));
    return client.answer();
  }
  [[nodiscard]] std::uint64_t refused(Refusal refusal) const {
    return observer.refused[static_cast<std::size_t>(refusal)];
  }

  Waiting waiting;
  ServerObserver observer;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawClient client(port());
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(client.send(kGet));
    EXPECT_EQ(client.answer(), kGot);
  }
  EXPECT_NE(client.head.find("X-Echo: yes\r\n"), std::string::npos);
  EXPECT_EQ(client.head.find("999"), std::string::npos);  // framing is the server's
  EXPECT_EQ(client.head.find("upgrade"), std::string::npos);
  ASSERT_TRUE(client.send(post("/x", "body")));
  EXPECT_EQ(client.answer(), "200 POST /x  h body");
  EXPECT_EQ(observer.accepted, 1U);
  EXPECT_EQ(observer.requests, 4U);
  EXPECT_TRUE(becomes([&] { return observer.active_requests == 0; }));
}

TEST_F(ServerTest, AnswersInOrderWhatIsSentAhead) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send(post("/1", "x") + post("/later", "y") + kGet + "GET /3 HTT"));
  EXPECT_EQ(client.answer(), "200 POST /1  h x");
  auto [request, respond] = waiting.take();
  EXPECT_EQ(request.body, "y");
  respond({.status = 204, .headers = {}, .body = "left out"});
  EXPECT_EQ(client.answer(), "204 ");
  EXPECT_EQ(client.head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(client.answer(), kGot);
  ASSERT_TRUE(client.send("P/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.answer(), "200 GET /3  h ");
  EXPECT_NE(client.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(client.answer(), "closed");
}

TEST_F(ServerTest, AnswersWhatTheHandlerDoesNot) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send(post("/dropped", "")));
  EXPECT_EQ(client.answer(), "500 500 Internal Server Error: the request was not answered\n");
  ASSERT_TRUE(client.send(post("/broken", "")));
  EXPECT_EQ(client.answer(), "500 500 Internal Server Error: the answer cannot be sent\n");
  ASSERT_TRUE(client.send(post("/throws", "")));
  EXPECT_EQ(client.answer(), "500 500 Internal Server Error: the request was not answered\n");
  ASSERT_TRUE(client.send(kGet));
  EXPECT_EQ(client.answer(), kGot);
}

TEST_F(ServerTest, HeadHasALengthAndNoBody) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  const std::string all = client.receive_all();
  EXPECT_NE(all.find("Content-Length: 11\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
}

TEST_F(ServerTest, SpeaksHttp10) {
  start();
  RawClient once(port());
  ASSERT_TRUE(once.send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(once.answer(), "200 GET /  - ");
  EXPECT_EQ(once.answer(), "closed");
  RawClient kept(port());
  ASSERT_TRUE(kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(kept.answer(), "200 GET /  - ");
  EXPECT_NE(kept.head.find("Connection: keep-alive\r\n"), std::string::npos);
  ASSERT_TRUE(kept.send(kGet));
  EXPECT_EQ(kept.answer(), kGot);
}

TEST_F(ServerTest, SaysContinueWhenTheBodyWaits) {
  start();
  RawClient client(port());
  const std::string head =
      "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  ASSERT_TRUE(client.send(head));
  EXPECT_EQ(client.answer(), "100 ");
  ASSERT_TRUE(client.send("body"));
  EXPECT_EQ(client.answer(), "200 POST /x  h body");
  ASSERT_TRUE(client.send(head + "body"));
  EXPECT_EQ(client.answer(), "200 POST /x  h body");
}

TEST_F(ServerTest, HalfClosedClientGetsItsAnswer) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send(post("/big", "")));
  ::shutdown(client.socket(), SHUT_WR);
  EXPECT_EQ(client.answer().size(), 4 + (8U << 20U));
}

TEST_F(ServerTest, HostileRequestsGetTheirStatusAndNobodyElseFeelsIt) {
  ServerLimits limits;
  limits.header_bytes = 4096;
  limits.body_bytes = 1000;
  limits.target_bytes = 1000;
  start(limits);
  RawClient other(port());
  const std::pair<std::string, const char*> rows[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET / HTTP/1.1\n\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + std::string(100'000, 'x'),
       "413"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", "413"},
      {"GET /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", "417"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x') + "\r\n\r\n", "431"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"},
      {"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "505"},
  };
  for (const auto& [text, status] : rows) {
    RawClient client(port());
    ASSERT_TRUE(client.send(text));
    // A second request hidden behind the first is never answered.
    static_cast<void>(client.send(kGet));
    EXPECT_EQ(client.answer().substr(0, 3), status) << text.substr(0, 200);
    EXPECT_NE(client.head.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(client.answer(), "closed") << text.substr(0, 200);
    ASSERT_TRUE(other.send(kGet));
    EXPECT_EQ(other.answer(), kGot);
  }
  EXPECT_EQ(refused(Refusal::Malformed), 8U);
  EXPECT_EQ(refused(Refusal::BodySize), 2U);
  EXPECT_EQ(refused(Refusal::HeaderSize), 2U);
  EXPECT_EQ(refused(Refusal::Unsupported), 5U);
  EXPECT_EQ(observer.requests, std::size(rows));
}

TEST_F(ServerTest, SlowClientsAreLeft) {
  ServerLimits limits;
  limits.header_time = 40ms;
  limits.body_time = 40ms;
  limits.idle_time = 40ms;
  start(limits);
  const std::pair<std::string, std::string> rows[] = {
      {"", "closed"},
      {"P", "closed"},  // might be HTTP/2 yet
      {"GET / HTTP/1.1\r\nHo", "408 408 Request Timeout: the header did not come in time\n"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
       "408 408 Request Timeout: the body did not come in time\n"},
  };
  for (const auto& [text, answer] : rows) {
    RawClient client(port());
    ASSERT_TRUE(client.send(text));
    EXPECT_EQ(client.answer(), answer) << text;
  }
  RawClient idle(port());
  ASSERT_TRUE(idle.send(kGet));
  EXPECT_EQ(idle.answer(), kGot);
  EXPECT_EQ(idle.answer(), "closed");
  EXPECT_TRUE(becomes([&] { return observer.active_connections == 0; }));
}

TEST_F(ServerTest, DripsDoNotMoveTheEndOfTheHeader) {
  ServerLimits limits;
  limits.header_time = 60ms;
  start(limits);
  RawClient client(port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\n"));
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<bool> is_over = false;
  std::thread drips([&] {
    while (!is_over && client.send("A: b\r\n") && std::chrono::steady_clock::now() < begin + 5s) {
      std::this_thread::yield();
    }
  });
  // 431 when the drips are faster than the time.
  const std::string answer = client.answer();
  is_over = true;
  drips.join();
  EXPECT_TRUE(answer.starts_with("408") || answer.starts_with("431")) << answer;
  EXPECT_LT(std::chrono::steady_clock::now(), begin + 5s);
}

TEST_F(ServerTest, WhoDoesNotReadIsLeft) {
  ServerLimits limits;
  limits.write_time = 50ms;
  start(limits);
  RawClient client(port());
  const int small = 4096;
  ::setsockopt(client.socket(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  ASSERT_TRUE(client.send(post("/big", "")));
  EXPECT_TRUE(becomes([&] { return refused(Refusal::Timeout) == 1; }));
  EXPECT_TRUE(becomes([&] { return observer.active_connections == 0; }));
}

TEST_F(ServerTest, OneConnectionTooManyIsClosedAtOnce) {
  ServerLimits limits;
  limits.connections = 2;
  start(limits);
  {
    RawClient a(port());
    RawClient b(port());
    ASSERT_TRUE(a.send(kGet) && b.send(kGet));
    EXPECT_EQ(a.answer(), kGot);
    EXPECT_EQ(b.answer(), kGot);
    RawClient c(port());
    EXPECT_EQ(c.answer(), "closed");
    EXPECT_EQ(refused(Refusal::Connections), 1U);
  }
  EXPECT_TRUE(becomes([&] { return observer.active_connections == 0; }));
  EXPECT_EQ(ask(kGet), kGot);
}

TEST_F(ServerTest, AllBodiesTogetherAreBounded) {
  ServerLimits limits;
  limits.buffered_bytes = 10'000;
  start(limits);
  RawClient first(port());
  ASSERT_TRUE(first.send(post("/later", std::string(6000, 'x'))));
  auto held = waiting.take();
  EXPECT_EQ(ask(post("/x", std::string(6000, 'y'))),
            "503 503 Service Unavailable: too many bytes are under way\n");
  EXPECT_EQ(ask(kGet), kGot);  // there is room for small ones
  held.second({});
  EXPECT_EQ(first.answer(), "200 ");
  EXPECT_TRUE(ask(post("/x", std::string(6000, 'y'))).starts_with("200"));
  EXPECT_EQ(refused(Refusal::Busy), 1U);
}

TEST_F(ServerTest, RequestsOfAConnectionAreBounded) {
  ServerLimits limits;
  limits.requests_per_connection = 2;
  start(limits);
  RawClient client(port());
  ASSERT_TRUE(client.send(kGet + kGet + kGet));
  EXPECT_EQ(client.answer(), kGot);
  EXPECT_EQ(client.answer(), kGot);
  EXPECT_EQ(client.answer(), "closed");
}

TEST_F(ServerTest, StuckHandlerDelaysNobody) {
  start();
  RawClient stuck(port());
  ASSERT_TRUE(stuck.send(post("/later", "")));
  auto held = waiting.take();
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(ask(kGet), kGot);
  }
  std::thread([&] { held.second({.status = 202, .headers = {}, .body = "late"}); }).join();
  EXPECT_EQ(stuck.answer(), "202 late");
}

TEST_F(ServerTest, ResponderOutlivesClientAndServer) {
  start();
  RawClient gone(port());
  ASSERT_TRUE(gone.send(post("/later", "")));
  auto first = waiting.take();
  gone.abort();
  first.second({});
  EXPECT_EQ(ask(kGet), kGot);
  RawClient client(port());
  ASSERT_TRUE(client.send(post("/later", "a")));
  auto second = waiting.take();
  RawClient another(port());
  ASSERT_TRUE(another.send(post("/later", "b")));
  auto third = waiting.take();
  server_.reset();
  EXPECT_EQ(observer.active_requests, 0);
  EXPECT_EQ(observer.active_connections, 0);
  second.second({});
  EXPECT_EQ(client.answer(), "closed");
}  // the third is destroyed unused

TEST_F(ServerTest, ClientsThatLeaveInTheMiddleAreForgotten) {
  start({}, 2);
  for (const char* text :
       {"", "GET", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123"}) {
    RawClient client(port());
    ASSERT_TRUE(client.send(text));
    client.abort();
  }
  EXPECT_TRUE(becomes([&] { return observer.accepted == 3 && observer.active_connections == 0; }));
}

TEST_F(ServerTest, DrainWaitsForWhatIsUnderWay) {
  start({}, 2);
  RawClient idle(port());
  ASSERT_TRUE(idle.send(kGet));
  EXPECT_EQ(idle.answer(), kGot);
  RawClient busy(port());
  ASSERT_TRUE(busy.send(post("/later", "")));
  auto held = waiting.take();
  std::thread drain([&] { server_->drain(10s); });
  EXPECT_EQ(idle.answer(), "closed");
  held.second({.status = 200, .headers = {}, .body = "done"});
  EXPECT_EQ(busy.answer(), "200 done");
  EXPECT_NE(busy.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(busy.answer(), "closed");
  busy.abort();
  idle.abort();
  drain.join();
  EXPECT_EQ(observer.active_connections, 0);
  RawClient late(port());
  EXPECT_FALSE(late.is_open());
}

TEST_F(ServerTest, DrainEndsInTime) {
  start();
  RawClient busy(port());
  ASSERT_TRUE(busy.send(post("/later", "")));
  auto held = waiting.take();
  server_->drain(20ms);
  EXPECT_EQ(observer.active_connections, 0);
  EXPECT_EQ(busy.answer(), "closed");
}

TEST_F(ServerTest, TenThousandRequestsOverSixteenConnections) {
  start({}, 2);
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int at = 0; at < 16; ++at) {
    clients.emplace_back([&] {
      RawClient client(port());
      for (int round = 0; round < 625; ++round) {
        right +=
            client.send(post("/x", "body")) && client.answer() == "200 POST /x  h body" ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(right, 10'000);
  EXPECT_EQ(observer.requests, 10'000U);
  EXPECT_EQ(observer.accepted, 16U);
}

TEST(Server, RefusesWhatItCannotDo) {
  const Handler handler = [](const ServerRequest&, Responder) {};
  const auto error_of = [](ServerOptions options) {
    auto server = Server::start(std::move(options));
    return server ? std::string("started") : server.error().message;
  };
  EXPECT_EQ(error_of({.address = "localhost", .handler = handler}),
            "'localhost' is no address to listen at");
  EXPECT_EQ(error_of({}), "a server needs a handler");
  EXPECT_EQ(error_of({.tls = ServerTls{.certificate = "x", .key = "y"}, .handler = handler}),
            "the server certificate cannot be used: expected PEM");
  auto first = Server::start({.handler = handler});
  ASSERT_TRUE(first);
  EXPECT_EQ(error_of({.port = (*first)->port(), .handler = handler}),
            "cannot listen at 127.0.0.1 port " + std::to_string((*first)->port()) +
                ": Address already in use");
  EXPECT_FALSE((*first)->replace_tls({}));
}

}  // namespace
}  // namespace tally::net
