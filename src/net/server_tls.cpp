#include "net/internal/server_tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>

namespace tally::net {

namespace {

// RFC 9113 section 9.2.2: what HTTP/2 may use with TLS 1.2; forward secret and authenticated.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::array<unsigned char, 12> kProtocols{2,   'h', '2', 8,   'h', 't',
                                                   't', 'p', '/', '1', '.', '1'};

// RFC 7301 section 3.2: the first of ours that the client has too; none: the handshake fails.
int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* /*data*/) {
  unsigned char* out = nullptr;
  const int found = SSL_select_next_proto(&out, size, kProtocols.data(), kProtocols.size(), offered,
                                          offered_size);
  *chosen = out;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The authorities of clients: for verifying, and their names to tell clients whom they may show.
Result<void> ask_clients(SSL_CTX& context, const ServerTls& tls) {
  auto trusted = trust_bundle(tls.client_ca);
  if (!trusted) {
    return content_error(fmt::format("the CA of clients: {}", trusted.error().message));
  }
  X509_STORE* store = SSL_CTX_get_cert_store(trusted->get());
  SSL_CTX_set1_cert_store(&context, store);
  const auto* objects = X509_STORE_get0_objects(store);
  for (int at = 0; at < sk_X509_OBJECT_num(objects); ++at) {
    if (X509* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, at))) {
      SSL_CTX_add_client_CA(&context, authority);
    }
  }
  SSL_CTX_set_verify(&context,
                     SSL_VERIFY_PEER | (tls.client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return {};
}

}  // namespace

Result<TlsContext> server_context(const ServerTls& tls) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  constexpr std::string_view kName = "tally";
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers) != 1 ||
      SSL_CTX_set_session_id_context(
          context.get(), reinterpret_cast<const unsigned char*>(kName.data()), kName.size()) != 1) {
    return environment_error("TLS cannot be set up");
  }
  SSL_CTX_set_security_level(context.get(), kSecurityLevel);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets: nothing is kept
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  TALLY_CHECK(
      show_certificate(*context, {.chain = tls.certificate, .key = tls.key, .of = "server"}));
  if (!tls.client_ca.empty()) {
    TALLY_CHECK(ask_clients(*context, tls));
  } else if (tls.client_required) {
    return content_error("client certificates are required, but no CA of clients is given");
  }
  return context;
}

std::string client_name_of(SSL* session) {
  X509* certificate = SSL_get0_peer_certificate(session);
  if (certificate == nullptr || SSL_get_verify_result(session) != X509_V_OK) {
    return {};
  }
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) {
    return {};
  }
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  std::string name;
  if (size > 0) {
    name.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  }
  OPENSSL_free(text);
  // A name that ends early for who reads it as C does is nobody's.
  return name.find('\0') == std::string::npos ? name : std::string();
}

bool has_chosen_http2(const SSL* session) noexcept {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(session, &protocol, &size);
  return size == 2 && protocol[0] == 'h' && protocol[1] == '2';
}

}  // namespace tally::net
