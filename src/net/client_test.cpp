// The client against a server inside the test: plain and TLS, well-behaved and not. Ports are the
// system's choice, certificates are made here, and time limits are short enough to wait for.
#include "net/client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace tally::net {
namespace {

using namespace std::chrono_literals;

// A key and a certificate that it signs itself: both its own authority and a server's.
struct Identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  std::string pem;

  explicit Identity(const char* alternative_names, long valid_seconds = 3600) {
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("server.test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    for (const auto& [id, text] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                   std::pair{NID_subject_alt_name, alternative_names}}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, text);
      X509_add_ext(certificate, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate, key, EVP_sha256());
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    pem.assign(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

// One connection as the server's behaviour sees it.
class Peer {
 public:
  Peer(int descriptor, SSL* session, const std::atomic<bool>& stop)
      : descriptor_(descriptor), session_(session), stop_(stop) {}

  std::string read_request() const {
    std::string text;
    char bytes[4096];
    while (text.find("\r\n\r\n") == std::string::npos) {
      const auto count = session_ != nullptr
                             ? SSL_read(session_, bytes, sizeof(bytes))
                             : static_cast<int>(::recv(descriptor_, bytes, sizeof(bytes), 0));
      if (count <= 0) {
        break;
      }
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
  }
  bool write(std::string_view text) const {
    while (!text.empty()) {
      const auto count =
          session_ != nullptr
              ? SSL_write(session_, text.data(), static_cast<int>(text.size()))
              : static_cast<int>(::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL));
      if (count <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // Waits until the client closes, or the server stops.
  void wait() const {
    while (!stop_) {
      pollfd entry{descriptor_, POLLIN, 0};
      char byte = 0;
      if (::poll(&entry, 1, 10) > 0 && ::recv(descriptor_, &byte, 1, MSG_DONTWAIT) <= 0) {
        return;
      }
    }
  }
  // Until the client says something, which it does not, or a hundredth of a second is over.
  void pause() const {
    pollfd entry{descriptor_, POLLIN, 0};
    static_cast<void>(::poll(&entry, 1, 10));
  }
  [[nodiscard]] bool is_stopped() const { return stop_; }
  void end_tls_abruptly() { ends_tls_ = false; }
  [[nodiscard]] bool ends_tls() const { return ends_tls_; }

 private:
  int descriptor_;
  SSL* session_;
  const std::atomic<bool>& stop_;
  bool ends_tls_ = true;
};

class Server {
 public:
  using Behaviour = std::function<void(Peer&, const std::string& request)>;

  explicit Server(Behaviour behaviour, const Identity* identity = nullptr, int tls_max = 0)
      : behaviour_(std::move(behaviour)) {
    if (identity != nullptr) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_set_security_level(tls_, 0);
      SSL_CTX_set_max_proto_version(tls_, tls_max);
      SSL_CTX_use_certificate(tls_, identity->certificate);
      SSL_CTX_use_PrivateKey(tls_, identity->key);
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(tls_);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& host, const std::string& path = "/") const {
    return (tls_ != nullptr ? "https://" : "http://") + host + ":" + std::to_string(port_) + path;
  }
  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve() {
    while (!stop_) {
      pollfd entry{listener_, POLLIN, 0};
      if (::poll(&entry, 1, 10) <= 0) {
        continue;
      }
      const int descriptor = ::accept(listener_, nullptr, nullptr);
      if (descriptor < 0) {
        continue;
      }
      connections_ += 1;
      timeval limit{.tv_sec = 5, .tv_usec = 0};
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
      SSL* session = nullptr;
      bool is_ready = true;
      if (tls_ != nullptr) {
        session = SSL_new(tls_);
        SSL_set_fd(session, descriptor);
        is_ready = SSL_accept(session) == 1;
      }
      Peer peer(descriptor, session, stop_);
      if (is_ready) {
        const std::string request = peer.read_request();
        {
          const std::scoped_lock lock(mutex_);
          requests_.push_back(request);
        }
        behaviour_(peer, request);
      }
      if (session != nullptr) {
        if (is_ready && peer.ends_tls()) {
          SSL_shutdown(session);
        }
        SSL_free(session);
      }
      ::shutdown(descriptor, SHUT_WR);
      peer.wait();
      ::close(descriptor);
    }
  }

  Behaviour behaviour_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

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

}  // namespace
}  // namespace tally::net
