#pragma once
// The server's side of TLS as an OpenSSL context: TLS 1.2 and 1.3, ALPN h2 and http/1.1, sessions
// resumed by tickets whose keys are the context's own.

#include <openssl/ssl.h>

#include <string>

#include "net/internal/trust.hpp"
#include "net/server.hpp"

namespace tally::net {

// An error quotes nothing of the key.
[[nodiscard]] Result<TlsContext> server_context(const ServerTls& tls);
// Of the certificate that the client showed and that was verified; else empty.
[[nodiscard]] std::string client_name_of(SSL* session);
[[nodiscard]] bool has_chosen_http2(const SSL* session) noexcept;

}  // namespace tally::net
