#include "crypto/certificate.hpp"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <charconv>
#include <ctime>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

namespace tally::crypto {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

// OpenSSL's own are macros.
void free_octets(unsigned char* octets) noexcept { OPENSSL_free(octets); }
void free_text(char* text) noexcept { OPENSSL_free(text); }
void free_extensions(STACK_OF(X509_EXTENSION) * extensions) noexcept {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
void free_access(AUTHORITY_INFO_ACCESS* access) noexcept { AUTHORITY_INFO_ACCESS_free(access); }

std::unexpected<Error> malformed(std::string_view what) {
  ERR_clear_error();
  return content_error("x509: malformed " + std::string(what));
}

std::string octets_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

ObjectIdentifier identifier_of(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  ObjectIdentifier out;
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  if (size <= 0 || static_cast<std::size_t>(size) >= text.size()) {
    return out;
  }
  const char* at = text.data();
  const char* const end = at + size;
  while (at < end) {
    std::uint64_t arc = 0;
    at = std::from_chars(at, end, arc).ptr;
    out.push_back(arc);
    ++at;  // the point
  }
  return out;
}

// The parts of a DER sequence, each with its header. Nothing if it is none.
std::vector<std::string_view> parts_of(std::string_view der) {
  std::vector<std::string_view> parts;
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  long length = 0;
  int tag = 0;
  int type = 0;
  const int outer = ASN1_get_object(&at, &length, &tag, &type, static_cast<long>(der.size()));
  if ((outer & 0x80) != 0 || tag != V_ASN1_SEQUENCE || length < 0) {
    return parts;
  }
  const unsigned char* const end = at + length;
  while (at < end) {
    const unsigned char* const begin = at;
    if ((ASN1_get_object(&at, &length, &tag, &type, end - at) & 0x80) != 0 || length < 0 ||
        length > end - at) {
      return {};
    }
    at += length;
    parts.emplace_back(reinterpret_cast<const char*>(begin), static_cast<std::size_t>(at - begin));
  }
  return parts;
}

Result<std::vector<NameAttribute>> name_of(const X509_NAME* name) {
  std::vector<NameAttribute> out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    const Owned<unsigned char, free_octets> owned(utf8);
    if (size < 0) {
      return malformed("name");
    }
    out.push_back({identifier_of(X509_NAME_ENTRY_get_object(entry)),
                   {reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)}});
  }
  return out;
}

Result<void> take_key(Subject& out, X509_PUBKEY* key) {
  ASN1_OBJECT* algorithm = nullptr;
  static_cast<void>(X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, key));
  out.is_rsa = OBJ_obj2nid(algorithm) == NID_rsaEncryption;
  if (!out.is_rsa) {
    return {};
  }
  EVP_PKEY* const parsed = X509_PUBKEY_get0(key);
  BIGNUM* modulus = nullptr;
  BIGNUM* exponent = nullptr;
  if (parsed != nullptr) {
    static_cast<void>(EVP_PKEY_get_bn_param(parsed, OSSL_PKEY_PARAM_RSA_N, &modulus));
    static_cast<void>(EVP_PKEY_get_bn_param(parsed, OSSL_PKEY_PARAM_RSA_E, &exponent));
  }
  const Owned<BIGNUM, BN_free> n(modulus);
  const Owned<BIGNUM, BN_free> e(exponent);
  if (n == nullptr || e == nullptr || BN_num_bits(e.get()) > 31) {
    return malformed("RSA public key");
  }
  const Owned<char, free_text> decimal(BN_bn2dec(n.get()));
  if (decimal == nullptr) {
    return malformed("RSA public key");
  }
  out.key = {decimal.get(), static_cast<std::int64_t>(BN_get_word(e.get()))};
  return {};
}

Result<void> take_extensions(Subject& out, const STACK_OF(X509_EXTENSION) * extensions) {
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
    X509_EXTENSION* const extension = sk_X509_EXTENSION_value(extensions, i);
    Extension taken{identifier_of(X509_EXTENSION_get_object(extension)),
                    X509_EXTENSION_get_critical(extension) != 0,
                    octets_of(X509_EXTENSION_get_data(extension))};
    for (const Extension& earlier : out.extensions) {
      if (earlier.id == taken.id) {
        return content_error("x509: certificate contains duplicate extensions");
      }
    }
    out.extensions.push_back(std::move(taken));
  }
  return {};
}

// The value of an extension; null without an error where there is none.
template <class T, auto Free>
Result<Owned<T, Free>> extension_of(const STACK_OF(X509_EXTENSION) * extensions, int nid,
                                    int* critical = nullptr) {
  int found = -1;
  Owned<T, Free> value(static_cast<T*>(X509V3_get_d2i(extensions, nid, &found, nullptr)));
  if (value == nullptr && found != -1) {
    return malformed(std::string("extension ") + OBJ_nid2ln(nid));
  }
  if (critical != nullptr) {
    *critical = found;
  }
  return value;
}

Result<void> take_alternatives(Subject& out, const STACK_OF(X509_EXTENSION) * extensions) {
  TALLY_TRY(const auto names,
            (extension_of<GENERAL_NAMES, GENERAL_NAMES_free>(extensions, NID_subject_alt_name)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS:
        out.alternatives.dns.push_back(octets_of(name->d.dNSName));
        break;
      case GEN_EMAIL:
        out.alternatives.emails.push_back(octets_of(name->d.rfc822Name));
        break;
      case GEN_URI:
        out.alternatives.uris.push_back(octets_of(name->d.uniformResourceIdentifier));
        break;
      case GEN_IPADD: {
        std::string address = octets_of(name->d.iPAddress);
        if (address.size() != 4 && address.size() != 16) {
          return malformed("IP address in the alternative names");
        }
        out.alternatives.ips.push_back(std::move(address));
        break;
      }
      default:
        break;
    }
  }
  return {};
}

Result<void> take_subtrees(NameConstraints& out, const STACK_OF(GENERAL_SUBTREE) * subtrees) {
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
    const GENERAL_NAME* base = sk_GENERAL_SUBTREE_value(subtrees, i)->base;
    switch (base->type) {
      case GEN_DNS:
        out.dns.push_back(octets_of(base->d.dNSName));
        break;
      case GEN_EMAIL:
        out.emails.push_back(octets_of(base->d.rfc822Name));
        break;
      case GEN_URI:
        out.uris.push_back(octets_of(base->d.uniformResourceIdentifier));
        break;
      case GEN_IPADD: {
        std::string range = octets_of(base->d.iPAddress);
        if (range.size() != 8 && range.size() != 32) {
          return malformed("IP range in the name constraints");
        }
        out.ips.push_back(std::move(range));
        break;
      }
      default:
        break;
    }
  }
  return {};
}

Result<void> take_constraints(Certificate& out, const STACK_OF(X509_EXTENSION) * extensions) {
  TALLY_TRY(const auto basic, (extension_of<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(
                                  extensions, NID_basic_constraints)));
  if (basic != nullptr) {
    out.has_basic_constraints = true;
    out.is_authority = basic->ca != 0;
    out.path_length_max = basic->pathlen == nullptr ? -1 : ASN1_INTEGER_get(basic->pathlen);
  }
  int critical = 0;
  TALLY_TRY(const auto names, (extension_of<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>(
                                  extensions, NID_name_constraints, &critical)));
  if (names == nullptr) {
    return {};
  }
  out.name_constraints_critical = critical == 1;
  TALLY_CHECK(take_subtrees(out.permitted, names->permittedSubtrees));
  return take_subtrees(out.excluded, names->excludedSubtrees);
}

// x509.ExtKeyUsage, in its order.
constexpr int kPurposes[] = {NID_anyExtendedKeyUsage, NID_server_auth,   NID_client_auth,
                             NID_code_sign,           NID_email_protect, NID_ipsecEndSystem,
                             NID_ipsecTunnel,         NID_ipsecUser,     NID_time_stamp,
                             NID_OCSP_sign,           NID_ms_sgc,        NID_ns_sgc,
                             NID_ms_code_com};

Result<void> take_usage(Certificate& out, const STACK_OF(X509_EXTENSION) * extensions) {
  TALLY_TRY(const auto usage,
            (extension_of<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(extensions, NID_key_usage)));
  for (int bit = 0; usage != nullptr && bit < 9; ++bit) {
    out.key_usage |= ASN1_BIT_STRING_get_bit(usage.get(), bit) << bit;
  }
  TALLY_TRY(const auto purposes, (extension_of<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(
                                     extensions, NID_ext_key_usage)));
  for (int i = 0; purposes != nullptr && i < sk_ASN1_OBJECT_num(purposes.get()); ++i) {
    const int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes.get(), i));
    for (std::size_t k = 0; k < std::size(kPurposes); ++k) {
      if (kPurposes[k] == nid) {
        out.key_purposes.push_back(static_cast<int>(k));
      }
    }
  }
  return {};
}

void take_uri(std::vector<std::string>& out, const GENERAL_NAME* name) {
  if (name->type == GEN_URI) {
    out.push_back(octets_of(name->d.uniformResourceIdentifier));
  }
}

Result<void> take_places(Certificate& out, const STACK_OF(X509_EXTENSION) * extensions) {
  TALLY_TRY(const auto access,
            (extension_of<AUTHORITY_INFO_ACCESS, free_access>(extensions, NID_info_access)));
  for (int i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* place = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    const int method = OBJ_obj2nid(place->method);
    if (method == NID_ad_OCSP) {
      take_uri(out.ocsp_servers, place->location);
    } else if (method == NID_ad_ca_issuers) {
      take_uri(out.issuer_urls, place->location);
    }
  }
  TALLY_TRY(const auto lists, (extension_of<CRL_DIST_POINTS, CRL_DIST_POINTS_free>(
                                  extensions, NID_crl_distribution_points)));
  for (int i = 0; lists != nullptr && i < sk_DIST_POINT_num(lists.get()); ++i) {
    const DIST_POINT_NAME* point = sk_DIST_POINT_value(lists.get(), i)->distpoint;
    if (point == nullptr || point->type != 0) {
      continue;
    }
    for (int k = 0; k < sk_GENERAL_NAME_num(point->name.fullname); ++k) {
      take_uri(out.revocation_lists, sk_GENERAL_NAME_value(point->name.fullname, k));
    }
  }
  return {};
}

Result<void> take_identifiers(Certificate& out, const STACK_OF(X509_EXTENSION) * extensions) {
  TALLY_TRY(const auto authority, (extension_of<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(
                                      extensions, NID_authority_key_identifier)));
  if (authority != nullptr && authority->keyid != nullptr) {
    out.authority_key_id = octets_of(authority->keyid);
  }
  TALLY_TRY(const auto policies, (extension_of<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>(
                                     extensions, NID_certificate_policies)));
  out.has_policies = policies != nullptr;
  for (int i = 0; policies != nullptr && i < sk_POLICYINFO_num(policies.get()); ++i) {
    out.policies.push_back(identifier_of(sk_POLICYINFO_value(policies.get(), i)->policyid));
  }
  return {};
}

Result<std::string> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return malformed("validity");
  }
  std::array<char, 32> text{};
  return std::string(text.data(),
                     std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

Result<std::int64_t> serial_of(const ASN1_INTEGER* serial) {
  if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER) {
    return content_error("x509: negative serial number");
  }
  std::uint64_t low = 0;
  for (const char octet : octets_of(serial)) {
    low = low << 8U | static_cast<unsigned char>(octet);
  }
  return static_cast<std::int64_t>(low);
}

// Of MGF1; NID_undef for everything else.
int mask_digest(const X509_ALGOR* mask) {
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  if (mask == nullptr) {
    return NID_undef;
  }
  X509_ALGOR_get0(&object, &type, &parameter, mask);
  if (OBJ_obj2nid(object) != NID_mgf1 || type != V_ASN1_SEQUENCE) {
    return NID_undef;
  }
  const auto* sequence = static_cast<const ASN1_STRING*>(parameter);
  const unsigned char* at = ASN1_STRING_get0_data(sequence);
  const Owned<X509_ALGOR, X509_ALGOR_free> digest(
      d2i_X509_ALGOR(nullptr, &at, ASN1_STRING_length(sequence)));
  if (digest == nullptr) {
    return NID_undef;
  }
  X509_ALGOR_get0(&object, nullptr, nullptr, digest.get());
  return OBJ_obj2nid(object);
}

// x509.SignatureAlgorithm of the algorithms that go with RSA keys; with PSS the digest decides.
int signature_number(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&object, &type, &parameter, algorithm);
  constexpr std::pair<int, int> kNumbers[] = {
      {NID_md2WithRSAEncryption, 1},    {NID_md5WithRSAEncryption, 2},
      {NID_sha1WithRSAEncryption, 3},   {NID_sha1WithRSA, 3},
      {NID_sha256WithRSAEncryption, 4}, {NID_sha384WithRSAEncryption, 5},
      {NID_sha512WithRSAEncryption, 6}};
  const int nid = OBJ_obj2nid(object);
  for (const auto& [known, number] : kNumbers) {
    if (known == nid) {
      return number;
    }
  }
  if (nid != NID_rsassaPss || type != V_ASN1_SEQUENCE) {
    return 0;
  }
  const auto* sequence = static_cast<const ASN1_STRING*>(parameter);
  const unsigned char* at = ASN1_STRING_get0_data(sequence);
  const Owned<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free> pss(
      d2i_RSA_PSS_PARAMS(nullptr, &at, ASN1_STRING_length(sequence)));
  if (pss == nullptr || pss->hashAlgorithm == nullptr || pss->saltLength == nullptr ||
      pss->trailerField != nullptr) {
    return 0;
  }
  // As Go: a known digest, the same for the mask, and a salt of its size.
  X509_ALGOR_get0(&object, nullptr, nullptr, pss->hashAlgorithm);
  const int digest = OBJ_obj2nid(object);
  if (digest != mask_digest(pss->maskGenAlgorithm)) {
    return 0;
  }
  constexpr std::array<std::array<int, 3>, 3> kDigests{
      {{NID_sha256, 32, 13}, {NID_sha384, 48, 14}, {NID_sha512, 64, 15}}};
  for (const auto& [known, size, number] : kDigests) {
    if (known == digest) {
      return ASN1_INTEGER_get(pss->saltLength) == size ? number : 0;
    }
  }
  return 0;
}

}  // namespace

std::optional<PemBlock> read_pem(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return std::nullopt;
  }
  const Owned<BIO, BIO_free_all> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* octets = nullptr;
  long size = 0;
  const bool found = bio != nullptr && PEM_read_bio(bio.get(), &name, &header, &octets, &size) == 1;
  const Owned<char, free_text> owned_name(name);
  const Owned<char, free_text> owned_header(header);
  const Owned<unsigned char, free_octets> owned_octets(octets);
  if (!found) {
    ERR_clear_error();
    return std::nullopt;
  }
  return PemBlock{name, {reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size)}};
}

Result<Certificate> parse_certificate(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const begin = at;
  const Owned<X509, X509_free> parsed(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (parsed == nullptr) {
    return malformed("certificate");
  }
  if (static_cast<std::size_t>(at - begin) != der.size()) {
    return content_error("x509: trailing data");
  }
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, &algorithm, parsed.get());
  if (X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(parsed.get())) != 0) {
    return content_error("x509: inner and outer signature algorithm identifiers don't match");
  }
  Certificate out;
  out.raw = der;
  const auto outer = parts_of(der);
  const auto inner = outer.empty() ? outer : parts_of(outer[0]);
  // version [0] (optional), serial number, algorithm, issuer, validity, subject, key
  const std::size_t first = !inner.empty() && inner[0].starts_with('\xA0') ? 1 : 0;
  if (inner.size() < first + 6) {
    return malformed("certificate");
  }
  out.raw_to_be_signed = outer[0];
  out.raw_issuer = inner[first + 2];
  out.raw_name = inner[first + 4];
  out.raw_key = inner[first + 5];
  out.signature = octets_of(signature);
  TALLY_TRY(out.serial_number, serial_of(X509_get0_serialNumber(parsed.get())));
  TALLY_TRY(out.issuer, name_of(X509_get_issuer_name(parsed.get())));
  TALLY_TRY(out.name, name_of(X509_get_subject_name(parsed.get())));
  TALLY_TRY(out.not_before, time_of(X509_get0_notBefore(parsed.get())));
  TALLY_TRY(out.not_after, time_of(X509_get0_notAfter(parsed.get())));
  TALLY_CHECK(take_key(out, X509_get_X509_PUBKEY(parsed.get())));
  const STACK_OF(X509_EXTENSION)* extensions = X509_get0_extensions(parsed.get());
  TALLY_CHECK(take_extensions(out, extensions));
  TALLY_CHECK(take_alternatives(out, extensions));
  TALLY_CHECK(take_constraints(out, extensions));
  TALLY_CHECK(take_usage(out, extensions));
  TALLY_CHECK(take_places(out, extensions));
  TALLY_CHECK(take_identifiers(out, extensions));
  return out;
}

Result<CertificateRequest> parse_certificate_request(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const begin = at;
  const Owned<X509_REQ, X509_REQ_free> parsed(
      d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (parsed == nullptr) {
    return malformed("certificate request");
  }
  if (static_cast<std::size_t>(at - begin) != der.size()) {
    return content_error("asn1: syntax error: trailing data");
  }
  CertificateRequest out;
  out.raw = der;
  const auto outer = parts_of(der);
  const auto inner = outer.empty() ? outer : parts_of(outer[0]);
  if (inner.size() < 3) {
    return malformed("certificate request");
  }
  out.raw_to_be_signed = outer[0];
  out.raw_name = inner[1];
  out.raw_key = inner[2];
  out.version = X509_REQ_get_version(parsed.get());
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_BIT_STRING* signature = nullptr;
  X509_REQ_get0_signature(parsed.get(), &signature, &algorithm);
  out.signature = octets_of(signature);
  out.signature_algorithm = signature_number(algorithm);
  TALLY_TRY(out.name, name_of(X509_REQ_get_subject_name(parsed.get())));
  TALLY_CHECK(take_key(out, X509_REQ_get_X509_PUBKEY(parsed.get())));
  const Owned<STACK_OF(X509_EXTENSION), free_extensions> extensions(
      X509_REQ_get_extensions(parsed.get()));
  TALLY_CHECK(take_extensions(out, extensions.get()));
  TALLY_CHECK(take_alternatives(out, extensions.get()));
  return out;
}

}  // namespace tally::crypto
