#include "crypto/issue.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "crypto/internal/openssl.hpp"

namespace tally::crypto {

namespace {

using internal::openssl_failed;
using internal::OwnedCertificate;
using internal::OwnedKey;
template <class T, auto Free>
using Owned = internal::Owned<T, Free>;

constexpr std::int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kNamesMax = 100;

Result<void> check_common_name(std::string_view name) {
  // X.520: ub-common-name is 64 characters.
  const auto characters = std::ranges::count_if(
      name, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  const bool has_control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (name.empty() || characters > 64 || has_control || find_invalid_utf8(name)) {
    return content_error(
        fmt::format("the common name '{}' is not 1 to 64 printable characters", excerpt(name)));
  }
  return {};
}

Result<void> check_dates(std::int64_t not_before, std::int64_t not_after) {
  if (not_before < 0 || not_after <= not_before || not_after > kLastSecond) {
    return content_error(fmt::format(
        "a certificate cannot be valid from {} to {}: expected seconds since 1970, in order",
        not_before, not_after));
  }
  return {};
}

// RFC 1123 section 2.1, in the preferred form of RFC 5280 section 4.2.1.6; a `*` may stand for the
// first label (RFC 6125 section 6.4.3).
bool is_dns_name(std::string_view name) {
  if (name.starts_with("*.")) {
    name.remove_prefix(2);
  }
  if (name.empty() || name.size() > 253) {
    return false;
  }
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !std::ranges::all_of(label, fits)) {
      return false;
    }
    if (label.size() == name.size()) {
      return true;
    }
    name.remove_prefix(label.size() + 1);
  }
}

// 4 or 16 in network order, or none. (a2i_IPADDRESS() of OpenSSL takes more than addresses.)
std::string address_octets(const std::string& text) {
  std::array<char, 16> octets{};
  if (text.find('\0') != std::string::npos) {
    return "";
  }
  if (::inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
    return {octets.data(), 4};
  }
  return ::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1 ? std::string(octets.data(), 16)
                                                                 : "";
}

Result<OwnedKey> new_key() {
  OwnedKey key(EVP_EC_gen("P-256"));
  if (!key) {
    return openssl_failed("make a private key");
  }
  return key;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> octets{};
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) {
    return false;
  }
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(octets.data(), octets.size(), nullptr));
  return number && BN_is_zero(number.get()) == 0 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_dates(X509* certificate, std::int64_t not_before, std::int64_t not_after) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), not_before) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), not_after) != nullptr;
}

// Values are ours: texts of OpenSSL's configuration language, which names from outside never enter.
bool add_extension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Takes `value`, which may be null after a failure.
bool push_name(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GENERAL_NAME* name = value == nullptr ? nullptr : GENERAL_NAME_new();
  if (name == nullptr) {
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) <= 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  return true;
}

Result<void> add_alternative_names(X509* certificate, const IssueRequest& request) {
  if (request.dns_names.size() + request.ip_addresses.size() > kNamesMax) {
    return limit_error(fmt::format("a certificate of more than {} names", kNamesMax));
  }
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(GENERAL_NAMES_new());
  for (const std::string& text : request.dns_names) {
    if (!is_dns_name(text)) {
      return content_error(fmt::format("'{}' is no DNS name in lower case", excerpt(text)));
    }
    ASN1_STRING* value = ASN1_IA5STRING_new();
    if (value != nullptr) {
      ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    }
    if (!names || !push_name(names.get(), GEN_DNS, value)) {
      return openssl_failed("write a DNS name");
    }
  }
  for (const std::string& text : request.ip_addresses) {
    const std::string octets = address_octets(text);
    if (octets.empty()) {
      return content_error(fmt::format("'{}' is no IP address", excerpt(text)));
    }
    ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
    if (value != nullptr) {
      ASN1_STRING_set(value, octets.data(), static_cast<int>(octets.size()));
    }
    if (!names || !push_name(names.get(), GEN_IPADD, value)) {
      return openssl_failed("write an IP address");
    }
  }
  if (!names || sk_GENERAL_NAME_num(names.get()) == 0) {
    return {};
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) !=
      1) {
    return openssl_failed("write the alternative names");
  }
  return {};
}

// Version, serial number, dates, subject and key: what all certificates have.
Result<OwnedCertificate> new_certificate(std::string_view common_name, std::int64_t not_before,
                                         std::int64_t not_after, EVP_PKEY* key) {
  TALLY_CHECK(check_common_name(common_name));
  TALLY_CHECK(check_dates(not_before, not_after));
  OwnedCertificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_serial(certificate.get()) || !set_dates(certificate.get(), not_before, not_after) ||
      X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName,
                                 MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return openssl_failed("make a certificate");
  }
  return certificate;
}

Result<CertifiedKey> sign(X509* certificate, EVP_PKEY* signer, const EVP_PKEY* own) {
  if (X509_sign(certificate, signer, EVP_sha256()) <= 0) {
    return openssl_failed("sign a certificate");
  }
  TALLY_TRY(std::string pem, internal::certificate_pem(certificate));
  TALLY_TRY(SecretBytes key, internal::key_pem(own));
  return CertifiedKey{std::move(pem), std::move(key)};
}

const char* usage_of(KeyPurpose purpose) noexcept {
  switch (purpose) {
    case KeyPurpose::Server:
      return "serverAuth";
    case KeyPurpose::Client:
      return "clientAuth";
    case KeyPurpose::ServerAndClient:
      return "serverAuth,clientAuth";
  }
  return "";
}

bool may_sign(X509* authority) noexcept {
  return X509_check_ca(authority) == 1 && (X509_get_key_usage(authority) & KU_KEY_CERT_SIGN) != 0;
}

}  // namespace

Result<CertifiedKey> create_authority(const AuthorityRequest& request) {
  TALLY_TRY(const OwnedKey key, new_key());
  TALLY_TRY(const OwnedCertificate made,
            new_certificate(request.common_name, request.not_before, request.not_after, key.get()));
  X509* const certificate = made.get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
      !add_extension(certificate, certificate, NID_basic_constraints,
                     "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign") ||
      !add_extension(certificate, certificate, NID_subject_key_identifier, "hash")) {
    return openssl_failed("make the certificate of an authority");
  }
  return sign(certificate, key.get(), key.get());
}

Result<CertifiedKey> issue(const CertifiedKey& authority, const IssueRequest& request) {
  const OwnedCertificate issuer = internal::read_certificate_pem(authority.certificate);
  const OwnedKey signer = internal::read_key_pem(authority.key);
  if (!issuer || !may_sign(issuer.get())) {
    return content_error("the certificate of the authority is none that may sign others");
  }
  if (!signer || !matches_key(authority.certificate, authority.key)) {
    return content_error("the key of the authority is not that of its certificate");
  }
  TALLY_TRY(const CertificateFacts facts, read_certificate(authority.certificate));
  if (request.not_before < facts.not_before || request.not_after > facts.not_after) {
    return content_error(
        fmt::format("a certificate from {} to {} does not lie within its authority's {} to {}",
                    request.not_before, request.not_after, facts.not_before, facts.not_after));
  }
  if (request.purpose != KeyPurpose::Client && request.dns_names.empty() &&
      request.ip_addresses.empty()) {
    return content_error("a server's certificate needs a DNS name or an IP address");
  }
  TALLY_TRY(const OwnedKey key, new_key());
  TALLY_TRY(const OwnedCertificate made,
            new_certificate(request.common_name, request.not_before, request.not_after, key.get()));
  X509* const certificate = made.get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer.get())) != 1 ||
      !add_extension(certificate, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate, issuer.get(), NID_ext_key_usage, usage_of(request.purpose)) ||
      !add_extension(certificate, issuer.get(), NID_subject_key_identifier, "hash") ||
      !add_extension(certificate, issuer.get(), NID_authority_key_identifier, "keyid:always")) {
    return openssl_failed("make a certificate");
  }
  TALLY_CHECK(add_alternative_names(certificate, request));
  return sign(certificate, signer.get(), key.get());
}

bool matches_key(std::string_view certificate, const SecretBytes& key) {
  const OwnedCertificate parsed = internal::read_certificate_pem(certificate);
  const OwnedKey own = internal::read_key_pem(key);
  const bool matches = parsed && own && X509_check_private_key(parsed.get(), own.get()) == 1;
  ERR_clear_error();
  return matches;
}

bool is_signed_by(std::string_view certificate, std::string_view authority) {
  const OwnedCertificate child = internal::read_certificate_pem(certificate);
  const OwnedCertificate issuer = internal::read_certificate_pem(authority);
  const bool is_signed = child && issuer && may_sign(issuer.get()) &&
                         X509_check_issued(issuer.get(), child.get()) == X509_V_OK &&
                         X509_verify(child.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  return is_signed;
}

}  // namespace tally::crypto
