#pragma once
// For tests: a server on loopback, plain or TLS, that behaves as it is told. Ports are the system's
// choice, certificates are made here.

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
#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

namespace tally::net::testing {

// A key and a certificate that it signs itself: both its own authority and a server's.
struct Identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  std::string pem;  // of the certificate
  std::string key_pem;

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
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    const long key_size = BIO_get_mem_data(bio, &bytes);
    key_pem.assign(bytes, static_cast<std::size_t>(key_size));
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

  // `clients`: who signs for clients, that must show a certificate then.
  explicit Server(Behaviour behaviour, const Identity* identity = nullptr, int tls_max = 0,
                  const Identity* clients = nullptr)
      : behaviour_(std::move(behaviour)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that are gone
    if (identity != nullptr) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_set_security_level(tls_, 0);
      SSL_CTX_set_max_proto_version(tls_, tls_max);
      SSL_CTX_use_certificate(tls_, identity->certificate);
      SSL_CTX_use_PrivateKey(tls_, identity->key);
    }
    if (clients != nullptr) {
      SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(tls_), clients->certificate);
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

}  // namespace tally::net::testing
