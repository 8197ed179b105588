// The reading half of issue.hpp.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>

#include "crypto/certificate.hpp"
#include "crypto/internal/openssl.hpp"
#include "crypto/issue.hpp"
#include "crypto/sha256.hpp"

namespace tally::crypto {

namespace {

std::string common_name_of(const std::vector<NameAttribute>& name) {
  const ObjectIdentifier kCommonName{2, 5, 4, 3};
  for (const NameAttribute& attribute : name) {
    if (attribute.type == kCommonName) {
      return attribute.value;
    }
  }
  return "";
}

Result<std::int64_t> seconds_of(const ASN1_TIME* time) {
  constexpr std::int64_t kDay = 86'400;
  const internal::Owned<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
    ERR_clear_error();
    return content_error("the certificate has a date that is none");
  }
  return days * kDay + seconds;
}

Result<std::string> serial_of(const X509* certificate) {
  const internal::Owned<BIGNUM, BN_free> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* const digits = number ? BN_bn2hex(number.get()) : nullptr;
  if (digits == nullptr) {
    ERR_clear_error();
    return content_error("the certificate has a serial number that is none");
  }
  std::string out(digits);
  OPENSSL_free(digits);
  for (char& c : out) {
    c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// parse_certificate() has seen that they are 4 or 16 octets.
std::string address_of(const std::string& octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), text.data(), text.size());
  return text.data();
}

}  // namespace

Result<CertificateFacts> read_certificate(std::string_view pem) {
  const internal::OwnedCertificate certificate = internal::read_certificate_pem(pem);
  if (!certificate) {
    return content_error("no certificate: expected PEM ('-----BEGIN CERTIFICATE-----')");
  }
  unsigned char* octets = nullptr;
  const int size = i2d_X509(certificate.get(), &octets);
  if (size <= 0) {
    return internal::openssl_failed("write a certificate");
  }
  const std::string der(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
  OPENSSL_free(octets);
  TALLY_TRY(const Certificate parsed, parse_certificate(der));
  CertificateFacts facts;
  facts.subject = common_name_of(parsed.name);
  facts.issuer = common_name_of(parsed.issuer);
  TALLY_TRY(facts.not_before, seconds_of(X509_get0_notBefore(certificate.get())));
  TALLY_TRY(facts.not_after, seconds_of(X509_get0_notAfter(certificate.get())));
  facts.dns_names = parsed.alternatives.dns;
  for (const std::string& address : parsed.alternatives.ips) {
    facts.ip_addresses.push_back(address_of(address));
  }
  TALLY_TRY(facts.serial, serial_of(certificate.get()));
  const auto digest = to_hex(sha256(der));
  facts.fingerprint.assign(digest.data(), digest.size());
  facts.is_authority = parsed.is_authority;
  return facts;
}

Result<std::vector<std::string>> split_bundle(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  std::vector<std::string> out;
  for (std::size_t at = pem.find(kBegin); at != std::string_view::npos; at = pem.find(kBegin, at)) {
    const std::size_t end = pem.find(kEnd, at);
    const auto certificate =
        end == std::string_view::npos
            ? nullptr
            : internal::read_certificate_pem(pem.substr(at, end + kEnd.size() - at));
    if (!certificate) {
      return content_error(
          fmt::format("certificate {} of the bundle cannot be read", out.size() + 1));
    }
    if (out.size() == kBundleCertificatesMax) {
      return limit_error(
          fmt::format("a bundle of more than {} certificates", kBundleCertificatesMax));
    }
    TALLY_TRY(std::string text, internal::certificate_pem(certificate.get()));
    out.push_back(std::move(text));
    at = end + kEnd.size();
  }
  if (out.empty()) {
    return content_error("the bundle holds no certificate in PEM");
  }
  return out;
}

}  // namespace tally::crypto
