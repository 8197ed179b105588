// The server over TLS and HTTP/2 on loopback: certificates, floods, limits, draining.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <thread>
#include <tuple>

#include "net/server.hpp"
#include "net/testing/http2_client.hpp"
#include "net/testing/raw_client.hpp"

namespace tally::net {
namespace {

using namespace std::chrono_literals;
using testing::becomes;
using testing::Http2Client;
using testing::Identity;
using testing::kOffersHttp2;
using testing::RawClient;
using testing::RawTls;
using testing::Waiting;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kGot = "200 GET /a  h ";
const std::string kOffersBoth = "\x02h2\x08http/1.1";

class SecureServerTest : public ::testing::Test {
 protected:
  SecureServerTest() : identity("DNS:server.test"), other("DNS:server.test") {}

  void start(ServerTls tls, const ServerLimits& limits = {}, unsigned threads = 1) {
    tls.certificate = identity.pem;
    tls.key = identity.key_pem;
    auto server = Server::start({.tls = tls,
                                 .threads = threads,
                                 .limits = limits,
                                 .handler = testing::echo(waiting),
                                 .observer = &observer});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  void start(const ServerLimits& limits = {}) { start(ServerTls{}, limits); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] RawTls http2() const { return {.trust = &identity, .protocols = kOffersHttp2}; }
  std::string ask(const RawTls& tls) const {
    RawClient client(port(), tls);
    return client.is_open() && client.send(kGet) ? client.answer() : "no TLS";
  }
  [[nodiscard]] std::uint64_t refused(Refusal refusal) const {
    return observer.refused[static_cast<std::size_t>(refusal)];
  }

  Identity identity;
  Identity other;
  Waiting waiting;
  ServerObserver observer;
  std::unique_ptr<Server> server_;
};

TEST_F(SecureServerTest, ChoosesTheProtocol) {
  start();
  const std::tuple<std::string, int, std::string> rows[] = {
      {"", 0, "-"},
      {kOffersBoth, 0, "h2"},
      {"\x08http/1.1", 0, "http/1.1"},
      {"\x08http/1.1\x02h2", TLS1_2_VERSION, "h2"},
      {"\x04spdy", 0, "no TLS"},
      {"", TLS1_1_VERSION, "no TLS"},
      {"", TLS1_VERSION, "no TLS"},
  };
  for (const auto& [protocols, version, expected] : rows) {
    RawClient client(port(), {.trust = &identity, .protocols = protocols, .version_max = version});
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.tls(), &chosen, &size);
    const std::string got = !client.is_open() ? "no TLS"
                            : size == 0       ? "-"
                                              : std::string(chosen, chosen + size);
    EXPECT_EQ(got, expected) << protocols << " " << version;
  }
  EXPECT_TRUE(becomes([&] { return observer.handshake_failures == 3; }));
  EXPECT_EQ(ask({.trust = &identity}), kGot);
  EXPECT_EQ(ask({.trust = &other}), "no TLS");  // not who it should be
}

TEST_F(SecureServerTest, BrokenTlsIsClosed) {
  ServerLimits limits;
  limits.handshake_time = 50ms;
  start(limits);
  for (const std::string& text :
       {kGet, std::string(5000, '\0'), std::string("\x16\x03\x01\x40\x00", 5), std::string()}) {
    RawClient client(port());
    ASSERT_TRUE(client.send(text));
    client.receive_all();  // an alert, perhaps; then the end
    EXPECT_EQ(ask({.trust = &identity}), kGot);
  }
  EXPECT_EQ(observer.handshake_failures, 4U);
}

TEST_F(SecureServerTest, AsksForClientCertificates) {
  const std::tuple<bool, const Identity*, std::string> rows[] = {
      {true, nullptr, "closed"}, {true, &identity, "200 server.test"},  {true, &other, "closed"},
      {false, nullptr, "200 "},  {false, &identity, "200 server.test"}, {false, &other, "closed"},
  };
  for (const auto& [required, shown, expected] : rows) {
    start({.client_ca = identity.pem, .client_required = required});
    // In TLS 1.3 the client is done before the server has looked at its certificate.
    RawClient client(port(), {.trust = &identity, .shown = shown});
    static_cast<void>(client.send("GET /who HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(client.answer(), expected) << required;
  }
}

TEST_F(SecureServerTest, ResumesSessions) {
  start({.client_ca = identity.pem});
  SSL_SESSION* session = nullptr;
  {
    RawClient client(port(), {.trust = &identity, .shown = &identity});
    ASSERT_TRUE(client.send(kGet));
    EXPECT_EQ(client.answer(), kGot);
    session = SSL_get1_session(client.tls());
    SSL_shutdown(client.tls());  // cut off, it would not be resumed
  }
  RawClient again(port(), {.trust = &identity, .resumed = session});
  ASSERT_TRUE(again.send("GET /who HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(again.answer(), "200 server.test");
  EXPECT_EQ(SSL_session_reused(again.tls()), 1);
  SSL_SESSION_free(session);
}

TEST_F(SecureServerTest, CertificateIsReplacedUnderWay) {
  start(ServerTls{}, {}, 2);
  RawClient old(port(), RawTls{.trust = &identity});
  ASSERT_TRUE(old.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n"));
  auto held = waiting.take();
  EXPECT_FALSE(server_->replace_tls({.certificate = other.pem, .key = identity.key_pem}));
  EXPECT_EQ(ask({.trust = &identity}), kGot);
  ASSERT_TRUE(server_->replace_tls({.certificate = other.pem, .key = other.key_pem}));
  EXPECT_EQ(ask({.trust = &other}), kGot);
  EXPECT_EQ(ask({.trust = &identity}), "no TLS");
  held.second({.status = 200, .headers = {}, .body = "old"});
  EXPECT_EQ(old.answer(), "200 old");
  ASSERT_TRUE(old.send(kGet));
  EXPECT_EQ(old.answer(), kGot);
}

TEST_F(SecureServerTest, AnswersOverHttp2) {
  start();
  RawClient raw(port(), http2());
  Http2Client client(raw);
  EXPECT_EQ(client.ask("POST", "/a?b=c", "body"), "200 POST /a b=c h body");
  EXPECT_EQ(client.answers[1].fields["x-echo"], "yes");
  EXPECT_EQ(client.answers[1].fields["content-length"], "18");
  EXPECT_EQ(client.answers[1].fields.count("connection"), 0U);
  EXPECT_EQ(client.ask("HEAD", "/"), "200 ");
  EXPECT_EQ(client.ask("GET", "/dropped").substr(0, 3), "500");
  EXPECT_EQ(client.ask("GET", "/broken").substr(0, 3), "500");
  EXPECT_EQ(client.ask("GET", "/throws").substr(0, 3), "500");
  EXPECT_EQ(client.ask("GET", "/big").size(), 4 + (8U << 20U));
  EXPECT_EQ(client.ask("POST", "/x", std::string(3U << 20U, 'x')).size(), 15 + (3U << 20U));
  EXPECT_EQ(client.ask("POST", "/x", "b", {{"expect", "100-continue"}}), "200 POST /x  h b");
}

TEST_F(SecureServerTest, StreamsDoNotWaitForOneAnother) {
  start();
  RawClient raw(port(), http2());
  Http2Client client(raw);
  const std::int32_t late = client.submit("POST", "/later", "x");
  EXPECT_EQ(client.ask("GET", "/a"), kGot);
  auto held = waiting.take();
  EXPECT_EQ(held.first.http_version, 2U);
  std::thread([&] { held.second({.status = 201, .headers = {}, .body = "late"}); }).join();
  ASSERT_TRUE(client.run([&] { return client.answers[late].is_closed; }));
  EXPECT_EQ(client.answers[late].status + client.answers[late].body, "201late");
}

TEST_F(SecureServerTest, HostileStreamsGetTheirStatus) {
  ServerLimits limits;
  limits.header_bytes = 2000;
  limits.header_fields = 10;
  limits.body_bytes = 1000;
  limits.target_bytes = 500;
  limits.buffered_bytes = 5000;
  limits.body_time = 50ms;
  start(limits);
  RawClient raw(port(), http2());
  Http2Client client(raw);
  Http2Client::Fields many;
  for (int at = 0; at < 20; ++at) {
    many.emplace_back("x-" + std::to_string(at), "y");
  }
  EXPECT_EQ(client.ask("GET", "/", "", {{"x", std::string(3000, 'x')}}).substr(0, 3), "431");
  EXPECT_EQ(client.ask("GET", "/", "", many).substr(0, 3), "431");
  EXPECT_EQ(client.ask("GET", "/" + std::string(600, 'x')).substr(0, 3), "414");
  EXPECT_EQ(client.ask("GET", "/#").substr(0, 3), "400");
  EXPECT_EQ(client.ask("POST", "/", std::string(1001, 'x')).substr(0, 3), "413");
  EXPECT_EQ(client.ask("POST", "/", std::string(200'000, 'x'), {}, false).substr(0, 3), "413");
  EXPECT_EQ(client.ask("POST", "/", "x", {{"expect", "tea"}}).substr(0, 3), "417");
  EXPECT_EQ(client.ask("POST", "/", "slow", {}, false),
            "408 408 Request Timeout: the body did not come in time\n");
  EXPECT_EQ(client.ask("GET", "/a"), kGot);
  EXPECT_TRUE(client.goaways.empty());
}

TEST_F(SecureServerTest, FloodsEndTheConnection) {
  using Flood = std::function<void(Http2Client&)>;
  const std::pair<const char*, Flood> rows[] = {
      {"rapid reset",
       [](Http2Client& client) {
         const std::int32_t id = client.submit("GET", "/later");
         client.flush();
         nghttp2_submit_rst_stream(client.session(), 0, id, NGHTTP2_CANCEL);
       }},
      {"pings", [](Http2Client& client) { nghttp2_submit_ping(client.session(), 0, nullptr); }},
      {"settings",
       [](Http2Client& client) { nghttp2_submit_settings(client.session(), 0, nullptr, 0); }},
  };
  for (const auto& [name, flood] : rows) {
    start();
    RawClient raw(port(), http2());
    Http2Client client(raw);
    ASSERT_EQ(client.ask("GET", "/a"), kGot);
    for (int round = 0; round < 3000; ++round) {
      flood(client);
      if (!client.flush()) {
        break;
      }
    }
    EXPECT_TRUE(becomes([&] { return refused(Refusal::Flood) == 1; })) << name;
    EXPECT_TRUE(becomes([&] { return observer.active_connections == 0; })) << name;
    EXPECT_LE(observer.requests, 251U) << name;  // of those reset before they were answered
    RawClient next(port(), http2());
    EXPECT_EQ(Http2Client(next).ask("GET", "/a"), kGot) << name;
    server_.reset();
    observer.refused[static_cast<std::size_t>(Refusal::Flood)] = 0;
    observer.requests = 0;
  }
}

TEST_F(SecureServerTest, NoHttp2IsClosed) {
  start();
  for (const std::string& text :
       {kGet, std::string(kGet.size(), '\0'),
        // The preface, then a frame of 16 MiB; a CONTINUATION without its HEADERS.
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\xff\xff\xff\x04\0\0\0\0\0", 9),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
            std::string("\0\0\0\x04\0\0\0\0\0\0\0\0\x09\x04\0\0\0\x01", 18)}) {
    RawClient raw(port(), http2());
    ASSERT_TRUE(raw.send(text));
    raw.receive_all();
    EXPECT_TRUE(becomes([&] { return observer.active_connections == 0; }));
  }
  EXPECT_EQ(refused(Refusal::Protocol), 4U);
  EXPECT_EQ(observer.requests, 0U);
}

TEST_F(SecureServerTest, IdleHttp2IsClosed) {
  ServerLimits limits;
  limits.idle_time = 40ms;
  start(limits);
  RawClient raw(port(), http2());
  Http2Client client(raw);
  EXPECT_EQ(client.ask("GET", "/a"), kGot);
  EXPECT_FALSE(client.run([] { return false; }));
  EXPECT_EQ(client.goaways, std::set<std::uint32_t>{NGHTTP2_NO_ERROR});
}

TEST_F(SecureServerTest, DrainFinishesStreams) {
  start();
  RawClient raw(port(), http2());
  Http2Client client(raw);
  const std::int32_t late = client.submit("GET", "/later");
  client.flush();
  auto held = waiting.take();
  std::thread drain([&] { server_->drain(10s); });
  ASSERT_TRUE(client.run([&] { return !client.goaways.empty(); }));
  held.second({.status = 200, .headers = {}, .body = "done"});
  EXPECT_TRUE(client.run([&] { return client.answers[late].is_closed; }));
  EXPECT_EQ(client.answers[late].body, "done");
  EXPECT_FALSE(client.run([] { return false; }));
  raw.abort();
  drain.join();
  EXPECT_EQ(observer.active_connections, 0);
}

TEST_F(SecureServerTest, TenThousandRequestsOverSixteenConnections) {
  start(ServerTls{}, {}, 2);
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int at = 0; at < 16; ++at) {
    clients.emplace_back([&] {
      RawClient raw(port(), http2());
      Http2Client client(raw);
      for (int round = 0; round < 25; ++round) {
        std::vector<std::int32_t> ids;
        for (int stream = 0; stream < 25; ++stream) {
          ids.push_back(client.submit("POST", "/x", "body"));
        }
        client.run([&] {
          return std::ranges::all_of(ids, [&](auto id) { return client.answers[id].is_closed; });
        });
        for (const std::int32_t id : ids) {
          right += client.answers[id].body == "POST /x  h body" ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(right, 10'000);
  EXPECT_EQ(observer.accepted, 16U);
}

TEST(PlainHttp2, IsKnownByItsPreface) {
  Waiting waiting;
  auto server = Server::start({.handler = testing::echo(waiting)});
  ASSERT_TRUE(server);
  RawClient raw((*server)->port());
  EXPECT_EQ(Http2Client(raw).ask("GET", "/a"), kGot);
}

}  // namespace
}  // namespace tally::net
