#pragma once
// X.509 certificates and requests (RFC 5280, RFC 2986) taken apart through OpenSSL, in the terms in
// which crypto/x509 of Go speaks of them. Nothing is verified here: neither a signature nor a date.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::crypto {

// RFC 7468: the first block of a text.
struct PemBlock {
  std::string type;  // "CERTIFICATE"
  std::string der;
};
[[nodiscard]] std::optional<PemBlock> read_pem(std::string_view text);

using ObjectIdentifier = std::vector<std::uint64_t>;

struct NameAttribute {
  ObjectIdentifier type;
  std::string value;  // UTF-8
};

struct Extension {
  ObjectIdentifier id;
  bool critical = false;
  std::string value;  // DER
};

struct AlternativeNames {
  std::vector<std::string> dns;
  std::vector<std::string> emails;
  std::vector<std::string> uris;
  std::vector<std::string> ips;  // 4 or 16 bytes each
};

// RFC 5280 section 4.2.1.10.
struct NameConstraints {
  std::vector<std::string> dns;
  std::vector<std::string> emails;
  std::vector<std::string> uris;
  std::vector<std::string> ips;  // address and mask: 8 or 32 bytes each
};

struct RsaKey {
  std::string modulus;  // decimal
  std::int64_t exponent = 0;
};

// What certificates and requests have in common.
struct Subject {
  std::string raw;  // DER, as all that is called raw
  std::string raw_to_be_signed;
  std::string raw_key;
  std::string raw_name;
  std::string signature;
  bool is_rsa = false;  // otherwise `key` is empty
  RsaKey key;
  std::vector<NameAttribute> name;
  std::vector<Extension> extensions;
  AlternativeNames alternatives;
};

struct Certificate : Subject {
  std::string raw_issuer;
  std::int64_t serial_number = 0;  // the low 64 bits
  std::vector<NameAttribute> issuer;
  std::string not_before;  // RFC 3339
  std::string not_after;
  int key_usage = 0;              // bit 0: digitalSignature
  std::vector<int> key_purposes;  // x509.ExtKeyUsage; others are left out
  bool has_basic_constraints = false;
  bool is_authority = false;
  std::int64_t path_length_max = 0;  // -1: constraints without it
  std::string authority_key_id;
  std::vector<std::string> ocsp_servers;
  std::vector<std::string> issuer_urls;
  bool name_constraints_critical = false;
  NameConstraints permitted;
  NameConstraints excluded;
  std::vector<std::string> revocation_lists;
  bool has_policies = false;
  std::vector<ObjectIdentifier> policies;
};

struct CertificateRequest : Subject {
  std::int64_t version = 0;
  int signature_algorithm = 0;  // x509.SignatureAlgorithm; 0: one without a number
};

[[nodiscard]] Result<Certificate> parse_certificate(std::string_view der);
[[nodiscard]] Result<CertificateRequest> parse_certificate_request(std::string_view der);

}  // namespace tally::crypto
