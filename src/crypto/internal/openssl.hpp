#pragma once
// Owners of OpenSSL's objects, and PEM in both directions.

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/secret_bytes.hpp"

namespace tally::crypto::internal {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedCertificate = Owned<X509, X509_free>;
using OwnedBio = Owned<BIO, BIO_free_all>;

// The first certificate of a text, or null; certificates beyond a megabyte are none.
[[nodiscard]] OwnedCertificate read_certificate_pem(std::string_view pem);
// Null for what is no private key without a pass phrase.
[[nodiscard]] OwnedKey read_key_pem(const SecretBytes& pem);
[[nodiscard]] Result<std::string> certificate_pem(X509* certificate);
[[nodiscard]] Result<SecretBytes> key_pem(const EVP_PKEY* key);

// OpenSSL's own reasons are about its own calls: they help nobody who reads the message.
[[nodiscard]] std::unexpected<Error> openssl_failed(std::string_view what);

}  // namespace tally::crypto::internal
