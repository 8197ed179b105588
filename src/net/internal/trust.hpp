#pragma once
// Trust: the certificates that sign for servers, as an OpenSSL context that never leaves verifying
// out. TLS 1.2 and 1.3; the context is shared by threads, each call makes its own session.

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::net {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

// Only these: PEM, at least one certificate.
[[nodiscard]] Result<TlsContext> trust_bundle(std::string_view pem);
// The first of the files that can be read. No environment variable names another one.
[[nodiscard]] Result<TlsContext> trust_files(std::span<const std::string> paths);
// Our own certificate with its chain, and the key that belongs to it; both PEM. An error quotes
// nothing of them.
struct ShownCertificate {
  std::string_view chain;
  std::string_view key;
  std::string_view of = "client";  // for the error
};
[[nodiscard]] Result<void> show_certificate(SSL_CTX& context, const ShownCertificate& shown);

inline constexpr int kSecurityLevel = 2;  // 112 bits: no SHA-1, no RSA below 2,048 bits

}  // namespace tally::net
