// The client against a server inside the test: plain and TLS, well-behaved and not. Ports are the
// system's choice, certificates are made here, and time limits are short enough to wait for.
#include "net/client.hpp"

#include <gtest/gtest.h>

#include "net/testing/server.hpp"

namespace tally::net {
namespace {

using namespace std::chrono_literals;

using testing::Identity;
using testing::Peer;
using testing::Server;

Server::Behaviour say(std::string text) {
  return [text = std::move(text)](Peer& peer, const std::string&) { peer.write(text); };
}
const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// Names lead to the test's server; what leads elsewhere says so in its name.
Result<std::vector<scalar::IpAddress>> resolve(const std::string& host, TimePoint) {
  if (host == "nowhere.test") {
    return environment_error("nowhere.test cannot be resolved: it is not known");
  }
  std::vector<scalar::IpAddress> out = {scalar::IpAddress::from_v4({127, 0, 0, 1})};
  if (host == "metadata.test") {
    out.push_back(scalar::IpAddress::from_v4({169, 254, 169, 254}));
  } else if (host == "wrapped.test") {
    out = {*scalar::IpAddress::parse("64:ff9b::a9fe:a9fe")};
  }
  return out;
}

Client client_for(const std::vector<std::string>& hosts, const ClientLimits& limits = {}) {
  ClientOptions options;
  options.allowed = *HostList::parse(hosts);
  options.limits = limits;
  options.resolve = &resolve;
  options.root_files = {"/nowhere/roots.pem"};
  return Client(std::move(options));
}

std::string shown(const Result<Response>& response) {
  return response ? std::to_string(response->status) + " " + response->body
                  : "! " + response.error().message;
}

std::string call(const Client& client, std::string url, std::string ca_bundle = {}) {
  Request request;
  request.url = std::move(url);
  request.ca_bundle = std::move(ca_bundle);
  return shown(client.call(request));
}

// The port differs from run to run.
std::string without_port(std::string text, const Server& server) {
  const std::string port = ":" + std::to_string(server.port());
  for (std::size_t at = text.find(port); at != std::string::npos; at = text.find(port)) {
    text.erase(at, port.size());
  }
  return text;
}

TEST(Client, AsksTheHostThatIsAllowed) {
  const Server server(say(kHello));
  const std::string port = std::to_string(server.port());
  EXPECT_EQ(call(client_for({"server.test"}), server.url("server.test", "/a?b=c")), "200 hello");
  EXPECT_EQ(call(client_for({"SERVER.test.:" + port}), server.url("Server.TEST")), "200 hello");
  EXPECT_EQ(call(client_for({"127.0.0.1:" + port}), server.url("127.0.0.1")), "200 hello");
  EXPECT_EQ(server.requests().front(),
            "GET /a?b=c HTTP/1.1\r\nHost: server.test:" + port +
                "\r\nUser-Agent: tally\r\nAccept: */*\r\n"
                "Accept-Encoding: identity\r\nConnection: close\r\n\r\n");
}

TEST(Client, RefusesBeforeAnythingIsSent) {
  const Server server(say(kHello));
  const std::string port = std::to_string(server.port());
  struct Row {
    std::string url;
    std::vector<std::string> allowed;
    const char* expected;
  };
  const Row rows[] = {
      {server.url("server.test"), {}, "! server.test is not an allowed host"},
      {server.url("server.test"), {"other.test"}, "! server.test is not an allowed host"},
      {server.url("server.test"), {"server.test:1"}, "! server.test is not an allowed host"},
      {server.url("sub.server.test"), {"server.test"}, "! sub.server.test is not an allowed host"},
      {server.url("127.0.0.1"), {"server.test"}, "! 127.0.0.1 is not an allowed host"},
      {"http://user:secret@server.test/",
       {"server.test"},
       "! the URL holds user information ('user@'), which is refused"},
      {"ftp://server.test/",
       {"server.test"},
       "! the URL 'ftp://server.test/' is neither http nor https"},
      {server.url("nowhere.test"),
       {"nowhere.test"},
       "! nowhere.test cannot be resolved: it is not known"},
      {server.url("metadata.test"),
       {"metadata.test"},
       "! metadata.test leads to 169.254.169.254, which is link-local (169.254.0.0/16)"},
      {server.url("metadata.test"),
       {"metadata.test", "169.254.169.254:1"},
       "! metadata.test leads to 169.254.169.254, which is link-local (169.254.0.0/16)"},
      {server.url("wrapped.test"),
       {"wrapped.test"},
       "! wrapped.test leads to 64:ff9b::a9fe:a9fe, which is link-local (169.254.0.0/16)"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(without_port(call(client_for(row.allowed), row.url), server), row.expected)
        << row.url;
  }
  EXPECT_EQ(server.connections(), 0);
  // The address itself was named: the first one that leads somewhere is asked.
  EXPECT_EQ(call(client_for({"metadata.test", "169.254.169.254"}), server.url("metadata.test")),
            "200 hello");
  Request request;
  request.url = server.url("server.test");
  EXPECT_EQ(client_for({}).call(request).error().hint, "server.test:" + port);
}

TEST(Client, Post) {
  const Server server(say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"));
  Request request{.method = "POST",
                  .url = server.url("server.test"),
                  .headers = {{"Authorization", "Bearer the-policy-s"}, {"X-A", "1"}},
                  .body = R"({"a":1})",
                  .ca_bundle = {}};
  const Client client = client_for({"server.test"});
  EXPECT_EQ(shown(client.call(request)), "201 ");
  const std::string seen = server.requests().front();
  EXPECT_NE(seen.find("\r\nAuthorization: Bearer the-policy-s\r\nX-A: 1\r\n"), std::string::npos);
  EXPECT_NE(seen.find("\r\nContent-Length: 7\r\n"), std::string::npos);
  request.headers = {{"Host", "evil.test"}};
  EXPECT_EQ(shown(client.call(request)), "! the header field Host is set by tally itself");
  request.headers.clear();
  request.body.assign(2U << 20U, 'x');
  EXPECT_EQ(shown(client.call(request)),
            "! the body of the request has 2097152 bytes, more than the 1048576 allowed");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, AnswersThatAreNotTaken) {
  const ClientLimits limits{
      .response = {.header_bytes = 1000, .header_fields = 20, .body_bytes = 100}};
  struct Row {
    std::string answer;
    const char* expected;
  };
  const Row rows[] = {
      {"", "! server.test: the connection was closed before the response was complete"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
       "! server.test: the connection was closed before the response was complete"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
       "! server.test: the connection was closed before the response was complete"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(2000, 'x') + "\r\n\r\n",
       "! server.test: the header of the response has more than the 1000 bytes that are read"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
       "! server.test: the body of the response has 101 bytes, more than the 100 that are read"},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'),
       "! server.test: the body of the response has more than the 100 bytes that are read"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       "! server.test: the response is malformed: bad chunk"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
       "! server.test: the response is malformed: both Transfer-Encoding and Content-Length are "
       "given"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n",
       "! server.test: the response is malformed: the status line is 'SSH-2.0-OpenSSH_9.2'"},
  };
  for (const Row& row : rows) {
    const Server server(say(row.answer));
    EXPECT_EQ(
        without_port(call(client_for({"server.test"}, limits), server.url("server.test")), server),
        row.expected)
        << row.answer;
  }
}

TEST(Client, TimeEnds) {
  const ClientLimits limits{.call = 300ms, .connect = 300ms};
  const Identity identity("DNS:server.test");
  const Server silent([](Peer& peer, const std::string&) { peer.wait(); });
  // A byte now and then keeps a connection alive, never a call.
  const Server slow([](Peer& peer, const std::string&) {
    peer.write("HTTP/1.1 200 OK\r\n");
    while (!peer.is_stopped() && peer.write("X: y\r\n")) {
      peer.pause();
    }
  });
  const Server slow_body([](Peer& peer, const std::string&) {
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (!peer.is_stopped() && peer.write("x")) {
      peer.pause();
    }
  });
  for (const Server* server : {&silent, &slow, &slow_body}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(without_port(call(client_for({"server.test"}, limits), server->url("server.test")),
                           *server),
              "! server.test did not complete its response in time");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  }
  // A plain server never answers the client's TLS.
  const Server plain([](Peer& peer, const std::string&) { peer.wait(); });
  EXPECT_EQ(
      without_port(call(client_for({"server.test"}, limits),
                        "https://server.test:" + std::to_string(plain.port()) + "/", identity.pem),
                   plain),
      "! server.test did not finish TLS in time");
}

TEST(Client, NobodyListens) {
  std::string url;
  {
    const Server server(say(kHello));
    url = server.url("server.test");
  }
  EXPECT_NE(call(client_for({"server.test"}), url).find("cannot be reached: Connection refused"),
            std::string::npos);
}

TEST(Client, Tls) {
  const Identity identity("DNS:server.test,DNS:*.wild.test,IP:127.0.0.1");
  const Identity other("DNS:server.test");
  const Identity expired("DNS:server.test", -3600);
  const Identity nameless("email:a@b.test");  // only its common name is server.test
  struct Row {
    const char* name;
    const Identity* server;
    const Identity* trusted;
    const char* host;
    const char* expected;
  };
  const Row rows[] = {
      {"trusted", &identity, &identity, "server.test", "200 hello"},
      {"wildcard", &identity, &identity, "a.wild.test", "200 hello"},
      {"address", &identity, &identity, "127.0.0.1", "200 hello"},
      {"wrong authority", &identity, &other, "server.test",
       "! the certificate of server.test is refused: self-signed certificate"},
      {"wrong name", &identity, &identity, "other.test",
       "! the certificate of other.test is refused: hostname mismatch"},
      {"wildcard is one label", &identity, &identity, "a.b.wild.test",
       "! the certificate of a.b.wild.test is refused: hostname mismatch"},
      {"wrong address", &other, &other, "127.0.0.1",
       "! the certificate of 127.0.0.1 is refused: IP address mismatch"},
      {"common name only", &nameless, &nameless, "server.test",
       "! the certificate of server.test is refused: hostname mismatch"},
      {"expired", &expired, &expired, "server.test",
       "! the certificate of server.test is refused: certificate has expired"},
  };
  for (const Row& row : rows) {
    const Server server(say(kHello), row.server);
    EXPECT_EQ(
        without_port(call(client_for({row.host}), server.url(row.host), row.trusted->pem), server),
        row.expected)
        << row.name;
    // Nothing of a request is seen by who cannot prove the name.
    EXPECT_EQ(server.requests().size(), row.expected[0] == '!' ? 0U : 1U) << row.name;
  }
  const Server server(say(kHello), &identity);
  EXPECT_EQ(call(client_for({"server.test"}), server.url("server.test"), "no certificate"),
            "! the CA bundle holds no certificate in PEM");
  EXPECT_EQ(call(client_for({"server.test"}), server.url("server.test")),
            "! this machine has no file of trusted certificates (package ca-certificates)");
}

TEST(Client, TlsMustBeEnded) {
  const Identity identity("DNS:server.test");
  const Server cut(
      [](Peer& peer, const std::string&) {
        peer.write("HTTP/1.1 200 OK\r\n\r\nall that came");
        peer.end_tls_abruptly();
      },
      &identity);
  EXPECT_EQ(
      without_port(call(client_for({"server.test"}), cut.url("server.test"), identity.pem), cut),
      "! server.test closed the connection without ending TLS");
  const Server ended(say("HTTP/1.1 200 OK\r\n\r\nall that came"), &identity);
  EXPECT_EQ(call(client_for({"server.test"}), ended.url("server.test"), identity.pem),
            "200 all that came");
}

TEST(Client, OldTlsIsRefused) {
  const Identity identity("DNS:server.test");
  const Server server(say(kHello), &identity, TLS1_1_VERSION);
  EXPECT_TRUE(
      without_port(call(client_for({"server.test"}), server.url("server.test"), identity.pem),
                   server)
          .starts_with("! TLS to server.test failed: "));
}

TEST(Client, Redirects) {
  const Server last(say(kHello));
  std::string location;
  const Server first([&](Peer& peer, const std::string& request) {
    peer.write(request.starts_with("GET /loop") || request.starts_with("POST")
                   ? "HTTP/1.1 307 Again\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n"
                   : "HTTP/1.1 302 Found\r\nLocation: " + location +
                         "\r\nContent-Length: 0\r\n\r\n");
  });
  const Client both = client_for({"server.test", "last.test"});
  Request request;
  request.url = first.url("server.test");
  request.headers = {{"Authorization", "Bearer x"}, {"COOKIE", "a=b"}, {"X-Team", "shop"}};
  location = last.url("last.test", "/here");
  EXPECT_EQ(shown(both.call(request)), "200 hello");
  const std::string seen = last.requests().back();
  EXPECT_TRUE(seen.starts_with("GET /here HTTP/1.1\r\nHost: last.test:")) << seen;
  EXPECT_NE(seen.find("X-Team: shop"), std::string::npos);
  EXPECT_EQ(seen.find("Bearer"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("a=b"), std::string::npos) << seen;

  struct Row {
    std::string location;
    const char* expected;
  };
  const Row rows[] = {
      {last.url("evil.test"), "! server.test redirects: evil.test is not an allowed host"},
      {"http://169.254.169.254/latest",
       "! server.test redirects: 169.254.169.254:80 is not an allowed host"},
      {"//last.test/",
       "! server.test redirects: the URL '//last.test/' of a redirect is neither absolute nor a "
       "path"},
      {"http://u:p@last.test/",
       "! server.test redirects: the URL holds user information ('user@'), which is refused"},
      {"file:///etc/passwd",
       "! server.test redirects: the URL 'file:///etc/passwd' is neither http nor https"},
      {"/loop", "! server.test redirects more than 5 times"},
  };
  for (const Row& row : rows) {
    location = row.location;
    std::string got = without_port(shown(both.call(request)), first);
    EXPECT_EQ(without_port(std::move(got), last), row.expected) << row.location;
  }
  request.method = "POST";
  EXPECT_EQ(without_port(shown(both.call(request)), first),
            "! server.test answers POST with a redirect, which only GET and HEAD follow");
}

TEST(Client, RedirectsDoNotLeaveTls) {
  const Identity identity("DNS:server.test");
  const Server plain(say(kHello));
  const Server server(say("HTTP/1.1 301 Moved\r\nLocation: " + plain.url("server.test") +
                          "\r\nContent-Length: 0\r\n\r\n"),
                      &identity);
  EXPECT_EQ(without_port(call(client_for({"server.test"}), server.url("server.test"), identity.pem),
                         server),
            "! server.test redirects from https to http, which is refused");
  EXPECT_EQ(plain.connections(), 0);
}

TEST(Client, EnvironmentIsNotObeyed) {
  ::setenv("http_proxy", "http://127.0.0.1:1/", 1);
  ::setenv("HTTP_PROXY", "http://127.0.0.1:1/", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
  const Server server(say(kHello));
  EXPECT_EQ(call(client_for({"server.test"}), server.url("server.test")), "200 hello");
  ::unsetenv("http_proxy");
  ::unsetenv("HTTP_PROXY");
  ::unsetenv("ALL_PROXY");
}

TEST(Client, SlowNames) {
  ClientOptions options;
  options.allowed = *HostList::parse(std::vector<std::string>{"localhost"});
  const Server server(say(kHello));
  // The system's resolver, for the one name that needs no network.
  EXPECT_EQ(call(Client(std::move(options)), server.url("localhost")), "200 hello");
  const auto late = resolve_with_system("localhost", std::chrono::steady_clock::now() - 1s);
  EXPECT_EQ(late.has_value() ? "" : late.error().message, "localhost was not resolved in time");
}

TEST(Client, ManyThreads) {
  const Server server(say(kHello));
  const Client client = client_for({"server.test"});
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 5; ++turn) {
        good += call(client, server.url("server.test")) == "200 hello" ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 20);
}

// The name of the certificate may be another than that of the URL; then that one counts alone.
TEST(Client, ExpectsTheNamedServer) {
  const Identity identity("DNS:api.test");
  const Server server(say(kHello), &identity);
  const auto ask = [&](const std::string& server_name) {
    const Request request{.url = server.url("127.0.0.1"),
                          .headers = {},
                          .body = {},
                          .ca_bundle = identity.pem,
                          .server_name = server_name};
    return without_port(shown(client_for({"127.0.0.1"}).call(request)), server);
  };
  EXPECT_EQ(ask("api.test"), "200 hello");
  EXPECT_EQ(ask("other.test"), "! the certificate of 127.0.0.1 is refused: hostname mismatch");
  EXPECT_EQ(ask(""), "! the certificate of 127.0.0.1 is refused: IP address mismatch");
}

TEST(Client, ShowsACertificate) {
  const Identity identity("DNS:server.test");
  const Identity own("DNS:client.test");
  const Identity other("DNS:other.test");
  const Server server(say(kHello), &identity, 0, &own);
  const auto ask = [&](const std::string& certificate, const std::string& key) {
    const Request request{.url = server.url("server.test"),
                          .headers = {},
                          .body = {},
                          .ca_bundle = identity.pem,
                          .client_certificate = certificate,
                          .client_key = key};
    return without_port(shown(client_for({"server.test"}).call(request)), server);
  };
  EXPECT_EQ(ask(own.pem, own.key_pem), "200 hello");
  EXPECT_TRUE(ask(other.pem, other.key_pem).starts_with("! ")) << "signed by nobody it knows";
  EXPECT_TRUE(ask("", "").starts_with("! ")) << "none shown";
  constexpr const char* kBadKey =
      "! the client's key cannot be used: expected PEM without a pass phrase, of the client "
      "certificate";
  EXPECT_EQ(ask(own.pem, other.key_pem), kBadKey);
  EXPECT_EQ(ask(own.pem, ""), kBadKey);
  EXPECT_EQ(ask(own.pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            kBadKey);
  EXPECT_EQ(ask("no PEM", own.key_pem), "! the client certificate cannot be used: expected PEM");
}

}  // namespace
}  // namespace tally::net
