#include "net/internal/trust.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <iterator>
#include <limits>

namespace tally::net {

namespace {

constexpr std::size_t kBundleBytesMax = std::size_t{8} * 1024 * 1024;

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

// A text of PEM, to be read from. Null if it is too long.
std::unique_ptr<BIO, FreeBio> open_pem(std::string_view pem) {
  static_assert(kBundleBytesMax < std::numeric_limits<int>::max());
  return std::unique_ptr<BIO, FreeBio>(
      pem.size() > kBundleBytesMax ? nullptr
                                   : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// The next certificate; null behind the last.
Certificate next_certificate(BIO* bio) {
  return Certificate(bio == nullptr ? nullptr : PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
}

// A key behind a pass phrase is not opened, and nobody is asked for one at the terminal.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* /*data*/) {
  return -1;
}

Result<TlsContext> make_context() {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return environment_error("TLS cannot be set up");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_security_level(context.get(), kSecurityLevel);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  return context;
}

}  // namespace

Result<TlsContext> trust_bundle(std::string_view pem) {
  if (pem.size() > kBundleBytesMax) {
    return limit_error(fmt::format("the CA bundle has {} bytes, more than the {} that are read",
                                   pem.size(), kBundleBytesMax));
  }
  TALLY_TRY(TlsContext context, make_context());
  const auto bio = open_pem(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context.get());
  std::size_t count = 0;
  while (const Certificate certificate = next_certificate(bio.get())) {
    count += X509_STORE_add_cert(store, certificate.get()) == 1 ? 1 : 0;
  }
  ERR_clear_error();
  if (count == 0) {
    return content_error("the CA bundle holds no certificate in PEM");
  }
  return context;
}

Result<TlsContext> trust_files(std::span<const std::string> paths) {
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      continue;
    }
    const std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    auto context = trust_bundle(pem);
    if (!context) {
      context.error().message = fmt::format("{}: {}", path, context.error().message);
    }
    return context;
  }
  return environment_error(
      "this machine has no file of trusted certificates (package ca-certificates)");
}

Result<void> show_certificate(SSL_CTX& context, const ShownCertificate& shown) {
  const auto chain_bio = open_pem(shown.chain);
  const auto key_bio = open_pem(shown.key);
  if (!chain_bio || !key_bio) {
    return limit_error(fmt::format("the {} certificate or its key is too long", shown.of));
  }
  const Certificate leaf = next_certificate(chain_bio.get());
  if (!leaf || SSL_CTX_use_certificate(&context, leaf.get()) != 1) {
    ERR_clear_error();
    return content_error(fmt::format("the {} certificate cannot be used: expected PEM", shown.of));
  }
  while (Certificate issuer = next_certificate(chain_bio.get())) {
    if (SSL_CTX_add0_chain_cert(&context, issuer.get()) == 1) {
      static_cast<void>(issuer.release());
    }
  }
  const std::unique_ptr<EVP_PKEY, FreeKey> own(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_pass_phrase, nullptr));
  const bool is_usable = own && SSL_CTX_use_PrivateKey(&context, own.get()) == 1 &&
                         SSL_CTX_check_private_key(&context) == 1;
  ERR_clear_error();
  return is_usable ? Result<void>{}
                   : content_error(fmt::format("the {}'s key cannot be used: expected PEM without "
                                               "a pass phrase, of the {} certificate",
                                               shown.of, shown.of));
}

}  // namespace tally::net
