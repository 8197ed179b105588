#pragma once
// A small certificate authority (RFC 5280): ECDSA on P-256 with SHA-256, one level deep. Keys and
// serial numbers come from OpenSSL's generator, times from the caller: seconds since 1970, both
// ends included (section 4.1.2.5). Whether a certificate is backdated is the caller's matter.
//
//   authority   critical CA:TRUE with pathlen 0, critical keyCertSign, SKI
//   serving     critical CA:FALSE, critical digitalSignature, serverAuth/clientAuth, SAN, SKI, AKI
//
// Serial numbers are 128 random bits, positive and not zero (section 4.1.2.2). Certificates are
// PEM (RFC 7468), keys PEM of PKCS #8 without a pass phrase. No error holds any part of a key.
// Threads: pure functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/secret_bytes.hpp"

namespace tally::crypto {

struct CertifiedKey {
  std::string certificate;
  SecretBytes key;
};

struct AuthorityRequest {
  std::string common_name;
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
};

enum class KeyPurpose : std::uint8_t { Server, Client, ServerAndClient };

struct IssueRequest {
  // 1 to 64 characters (ub-common-name). Names that are checked stand in the two lists below.
  std::string common_name;
  // Lower case, "a.b" or "*.b".
  std::vector<std::string> dns_names{};
  std::vector<std::string> ip_addresses{};  // "10.0.0.1", "fd00::1"
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  KeyPurpose purpose = KeyPurpose::Server;
};

// Content errors: a name or a date that cannot stand in a certificate.
[[nodiscard]] Result<CertifiedKey> create_authority(const AuthorityRequest& request);

// A new key and its certificate, signed by the authority. Refused too: an authority that may not
// sign or whose key is not its own, dates outside those of the authority, a server without names.
[[nodiscard]] Result<CertifiedKey> issue(const CertifiedKey& authority,
                                         const IssueRequest& request);

// What there is to say about a certificate. Nothing is verified.
struct CertificateFacts {
  std::string subject;  // the common name; empty without one
  std::string issuer;
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // as IssueRequest writes them, RFC 5952
  std::string serial;                     // lower case hexadecimal
  std::string fingerprint;                // SHA-256 of the DER, lower case hexadecimal
  bool is_authority = false;
};

// The first certificate of a PEM text; what follows it (the chain) is not looked at.
[[nodiscard]] Result<CertificateFacts> read_certificate(std::string_view pem);

inline constexpr std::size_t kBundleCertificatesMax = 1000;
// Each certificate of a bundle as a PEM text of its own, in order, comments left out. An error if
// there is none, or if one is broken: a bundle is trusted as a whole.
[[nodiscard]] Result<std::vector<std::string>> split_bundle(std::string_view pem);

// Whether the private key belongs to the (first) certificate. False for what is no key.
[[nodiscard]] bool matches_key(std::string_view certificate, const SecretBytes& key);

// Whether the authority's key signed the certificate, and the authority may sign. Dates are not
// looked at.
[[nodiscard]] bool is_signed_by(std::string_view certificate, std::string_view authority);

}  // namespace tally::crypto
