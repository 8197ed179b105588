#include "crypto/internal/openssl.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace tally::crypto::internal {

namespace {

constexpr std::size_t kPemBytesMax = std::size_t{1} << 20U;

OwnedBio reader_of(std::string_view pem) {
  return OwnedBio(pem.size() > kPemBytesMax
                      ? nullptr
                      : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Without it, OpenSSL asks the terminal.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* /*context*/) {
  return -1;
}

std::string_view written(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

OwnedCertificate read_certificate_pem(std::string_view pem) {
  const OwnedBio bio = reader_of(pem);
  OwnedCertificate out(bio ? PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)
                           : nullptr);
  ERR_clear_error();
  return out;
}

OwnedKey read_key_pem(const SecretBytes& pem) {
  const OwnedBio bio = reader_of(pem.reveal());
  OwnedKey out(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr)
                   : nullptr);
  ERR_clear_error();
  return out;
}

Result<std::string> certificate_pem(X509* certificate) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return openssl_failed("write a certificate");
  }
  return std::string(written(bio.get()));
}

Result<SecretBytes> key_pem(const EVP_PKEY* key) {
  // Secure memory's BIO wipes what it held, whether or not a secure heap was set up.
  const OwnedBio bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_failed("write a private key");
  }
  return SecretBytes::copy_of(written(bio.get()));
}

std::unexpected<Error> openssl_failed(std::string_view what) {
  ERR_clear_error();
  return environment_error("OpenSSL could not " + std::string(what));
}

}  // namespace tally::crypto::internal
