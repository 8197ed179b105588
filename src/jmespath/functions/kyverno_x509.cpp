// x509_decode (pkg/engine/jmespath/functions.go, v1.19.1): a certificate or a request in PEM as the
// JSON that Go 1.26 writes for its struct. RSA keys only; nothing is verified.
#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <vector>

#include "crypto/certificate.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/der.hpp"
#include "jmespath/internal/numbers.hpp"
#include "scalar/base64.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/url.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

constexpr std::size_t kPemBytesMax = std::size_t{1} << 20U;

using Field = std::pair<std::string_view, Node>;

// Go writes a list that nothing was added to as null.
class Writer {
 public:
  explicit Writer(Arena& arena) : arena_(arena) {}

  [[nodiscard]] Node text(std::string_view text) const {
    return Node::make_string(arena_.copy(text), 0);
  }
  [[nodiscard]] Node base64(std::string_view octets) const {
    return text(scalar::encode_base64(octets));
  }
  [[nodiscard]] Node base64_or_null(std::string_view octets) const {
    return octets.empty() ? Node{} : base64(octets);
  }
  template <class Number>
  [[nodiscard]] Node number(Number value) const {
    return make_number(arena_, static_cast<double>(value));
  }
  [[nodiscard]] static Node boolean(bool value) { return Node::make_bool(value, 0); }
  [[nodiscard]] Node map(std::initializer_list<Field> fields) const {
    std::vector<Node> values;
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : fields) {
      keys.push_back(key);
      values.push_back(value);
    }
    return Node::make_object(arena_, values, keys, {}, 0);
  }
  template <class Items, class Make>
  [[nodiscard]] Node list(const Items& items, Make make) const {
    if (std::empty(items)) {
      return {};
    }
    std::vector<Node> nodes;
    for (const auto& item : items) {
      nodes.push_back(make(item));
    }
    return Node::make_array(arena_, nodes, 0);
  }
  [[nodiscard]] Node texts(const std::vector<std::string>& texts) const {
    return list(texts, [this](const std::string& item) { return text(item); });
  }
  [[nodiscard]] Node identifier(const crypto::ObjectIdentifier& id) const {
    return list(id, [this](std::uint64_t arc) { return number(arc); });
  }
  [[nodiscard]] Node identifiers(const std::vector<crypto::ObjectIdentifier>& ids) const {
    return list(ids, [this](const auto& id) { return identifier(id); });
  }
  // x509.OID is written as text.
  [[nodiscard]] Node identifier_text(const crypto::ObjectIdentifier& id) const {
    std::string out;
    for (const std::uint64_t arc : id) {
      out += (out.empty() ? "" : ".") + std::to_string(arc);
    }
    return text(out);
  }

  [[nodiscard]] Node extensions(const std::vector<crypto::Extension>& extensions) const {
    return list(extensions, [this](const crypto::Extension& item) {
      return map({{"Id", identifier(item.id)},
                  {"Critical", boolean(item.critical)},
                  {"Value", base64(item.value)}});
    });
  }

  // pkix.Name.
  [[nodiscard]] Node name(const std::vector<crypto::NameAttribute>& attributes) const {
    return map({{"Country", attribute_values(attributes, 6)},
                {"Organization", attribute_values(attributes, 10)},
                {"OrganizationalUnit", attribute_values(attributes, 11)},
                {"Locality", attribute_values(attributes, 7)},
                {"Province", attribute_values(attributes, 8)},
                {"StreetAddress", attribute_values(attributes, 9)},
                {"PostalCode", attribute_values(attributes, 17)},
                {"SerialNumber", last_attribute(attributes, 5)},
                {"CommonName", last_attribute(attributes, 3)},
                {"Names", list(attributes,
                               [this](const crypto::NameAttribute& attribute) {
                                 return map({{"Type", identifier(attribute.type)},
                                             {"Value", text(attribute.value)}});
                               })},
                {"ExtraNames", Node{}}});
  }

  [[nodiscard]] Node addresses(const std::vector<std::string>& ips) const {
    return list(ips, [this](const std::string& octets) { return address(octets); });
  }
  // net.IPNet.
  [[nodiscard]] Node ranges(const std::vector<std::string>& ranges) const {
    return list(ranges, [this](const std::string& range) {
      const std::string_view octets = range;
      return map({{"IP", address(octets.substr(0, octets.size() / 2))},
                  {"Mask", base64(octets.substr(octets.size() / 2))}});
    });
  }
  [[nodiscard]] Node key(const crypto::RsaKey& key) const {
    return map({{"N", text(key.modulus)}, {"E", number(key.exponent)}});
  }
  // url.URL, of what needs no unescaping.
  [[nodiscard]] Node uris(const std::vector<std::string>& uris) const {
    return list(uris, [this](const std::string& uri) {
      const auto parsed = scalar::Url::parse(uri);
      return map({{"Scheme", text(parsed ? parsed->scheme() : "")},
                  {"Opaque", text("")},
                  {"User", Node{}},
                  {"Host", text(parsed ? parsed->host() : "")},
                  {"Path", text(parsed ? parsed->escaped_path() : "")},
                  {"RawPath", text("")},
                  {"OmitHost", boolean(false)},
                  {"ForceQuery", boolean(false)},
                  {"RawQuery", text("")},
                  {"Fragment", text("")},
                  {"RawFragment", text("")}});
    });
  }

 private:
  // X.520: 2.5.4.number.
  static bool is_attribute(const crypto::NameAttribute& attribute, std::uint64_t number) {
    return attribute.type == crypto::ObjectIdentifier{2, 5, 4, number};
  }
  [[nodiscard]] Node attribute_values(const std::vector<crypto::NameAttribute>& attributes,
                                      std::uint64_t number) const {
    std::vector<std::string> values;
    for (const auto& attribute : attributes) {
      if (is_attribute(attribute, number)) {
        values.push_back(attribute.value);
      }
    }
    return texts(values);
  }
  [[nodiscard]] Node last_attribute(const std::vector<crypto::NameAttribute>& attributes,
                                    std::uint64_t number) const {
    std::string_view last;
    for (const auto& attribute : attributes) {
      last = is_attribute(attribute, number) ? std::string_view(attribute.value) : last;
    }
    return text(last);
  }
  // net.IP prints an IPv4 address in IPv6 as IPv4. Precondition: 4 or 16 bytes.
  [[nodiscard]] Node address(std::string_view octets) const {
    constexpr std::string_view kMapped{"\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12};
    if (octets.starts_with(kMapped)) {
      octets.remove_prefix(kMapped.size());
    }
    std::string written;
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = 0; i < octets.size(); ++i) {
      const auto byte = static_cast<unsigned char>(octets[i]);
      if (octets.size() == 4) {
        written += (i == 0 ? "" : ".") + std::to_string(byte);
      } else {
        written += i == 0 || i % 2 != 0 ? "" : ":";
        written += kDigits[byte >> 4U];
        written += kDigits[byte & 15U];
      }
    }
    // The canonical text (RFC 5952) is that of the parser of addresses.
    const auto parsed = scalar::IpAddress::parse(written);
    return text(parsed ? parsed->to_string() : written);
  }

  Arena& arena_;
};

// Parts that crypto::Certificate leaves out: the beginning of the TBSCertificate
// (RFC 5280 section 4.1): [0] version, serial number, algorithm.
struct Head {
  int version = 1;
  double serial_number = 0;
  int signature_algorithm = 0;
};

// x509.SignatureAlgorithm.
int algorithm_number(const crypto::ObjectIdentifier& id) {
  struct Row {
    crypto::ObjectIdentifier id;
    int number;
  };
  static const std::vector<Row> kRows{
      {{1, 2, 840, 113549, 1, 1, 4}, 2},
      {{1, 2, 840, 113549, 1, 1, 5}, 3},
      {{1, 3, 14, 3, 2, 29}, 3},
      {{1, 2, 840, 113549, 1, 1, 11}, 4},
      {{1, 2, 840, 113549, 1, 1, 12}, 5},
      {{1, 2, 840, 113549, 1, 1, 13}, 6},
      {{1, 2, 840, 10045, 4, 1}, 9},
      {{1, 2, 840, 10045, 4, 3, 2}, 10},
      {{1, 2, 840, 10045, 4, 3, 3}, 11},
      {{1, 2, 840, 10045, 4, 3, 4}, 12},
      {{1, 3, 101, 112}, 16},
  };
  const auto found = std::ranges::find(kRows, id, &Row::id);
  return found == kRows.end() ? 0 : found->number;
}

Head read_head(std::string_view to_be_signed) {
  Head head;
  auto outer = DerReader(to_be_signed).read();
  DerReader reader(outer ? outer->content : std::string_view{});
  auto item = reader.read();
  if (item && item->tag == 0xA0) {
    const auto version = DerReader(item->content).read();
    head.version = version && version->content.size() == 1 ? version->content[0] + 1 : 1;
    item = reader.read();
  }
  if (item && item->tag == 0x02) {
    head.serial_number = der_integer(item->content);
    item = reader.read();
  }
  if (item && item->tag == 0x30) {
    const auto id = DerReader(item->content).read();
    head.signature_algorithm = id ? algorithm_number(der_identifier(id->content)) : 0;
  }
  return head;
}

// RFC 5280 section 4.2.1.2.
std::string_view subject_key_id(const std::vector<crypto::Extension>& extensions) {
  for (const crypto::Extension& extension : extensions) {
    if (extension.id == crypto::ObjectIdentifier{2, 5, 29, 14}) {
      const auto octets = DerReader(extension.value).read();
      return octets ? octets->content : std::string_view{};
    }
  }
  return {};
}

Node certificate(const Writer& write, const crypto::Certificate& from) {
  const Head head = read_head(from.raw_to_be_signed);
  return write.map({
      {"Raw", write.base64(from.raw)},
      {"RawTBSCertificate", write.base64(from.raw_to_be_signed)},
      {"RawSubjectPublicKeyInfo", write.base64(from.raw_key)},
      {"RawSubject", write.base64(from.raw_name)},
      {"RawIssuer", write.base64(from.raw_issuer)},
      {"Signature", write.base64(from.signature)},
      {"SignatureAlgorithm", write.number(head.signature_algorithm)},
      {"PublicKeyAlgorithm", write.number(1)},
      {"PublicKey", write.key(from.key)},
      {"Version", write.number(head.version)},
      {"SerialNumber", write.number(head.serial_number)},
      {"Issuer", write.name(from.issuer)},
      {"Subject", write.name(from.name)},
      {"NotBefore", write.text(from.not_before)},
      {"NotAfter", write.text(from.not_after)},
      {"KeyUsage", write.number(from.key_usage)},
      {"Extensions", write.extensions(from.extensions)},
      {"ExtraExtensions", Node{}},
      {"UnhandledCriticalExtensions", Node{}},
      {"ExtKeyUsage", write.list(from.key_purposes, [&](int p) { return write.number(p); })},
      {"UnknownExtKeyUsage", Node{}},
      {"BasicConstraintsValid", Writer::boolean(from.has_basic_constraints)},
      {"IsCA", Writer::boolean(from.is_authority)},
      {"MaxPathLen", write.number(from.path_length_max)},
      {"MaxPathLenZero", Writer::boolean(from.has_basic_constraints && from.path_length_max == 0)},
      {"SubjectKeyId", write.base64_or_null(subject_key_id(from.extensions))},
      {"AuthorityKeyId", write.base64_or_null(from.authority_key_id)},
      {"OCSPServer", write.texts(from.ocsp_servers)},
      {"IssuingCertificateURL", write.texts(from.issuer_urls)},
      {"DNSNames", write.texts(from.alternatives.dns)},
      {"EmailAddresses", write.texts(from.alternatives.emails)},
      {"IPAddresses", write.addresses(from.alternatives.ips)},
      {"URIs", write.uris(from.alternatives.uris)},
      {"PermittedDNSDomainsCritical", Writer::boolean(from.name_constraints_critical)},
      {"PermittedDNSDomains", write.texts(from.permitted.dns)},
      {"ExcludedDNSDomains", write.texts(from.excluded.dns)},
      {"PermittedIPRanges", write.ranges(from.permitted.ips)},
      {"ExcludedIPRanges", write.ranges(from.excluded.ips)},
      {"PermittedEmailAddresses", write.texts(from.permitted.emails)},
      {"ExcludedEmailAddresses", write.texts(from.excluded.emails)},
      {"PermittedURIDomains", write.texts(from.permitted.uris)},
      {"ExcludedURIDomains", write.texts(from.excluded.uris)},
      {"CRLDistributionPoints", write.texts(from.revocation_lists)},
      {"PolicyIdentifiers", write.identifiers(from.policies)},
      {"Policies",
       write.list(from.policies, [&](const auto& id) { return write.identifier_text(id); })},
      {"InhibitAnyPolicy", write.number(0)},
      {"InhibitAnyPolicyZero", Writer::boolean(false)},
      {"InhibitPolicyMapping", write.number(0)},
      {"InhibitPolicyMappingZero", Writer::boolean(false)},
      {"RequireExplicitPolicy", write.number(0)},
      {"RequireExplicitPolicyZero", Writer::boolean(false)},
      {"PolicyMappings", Node{}},
  });
}

// Attributes of a request that can be read as lists of pairs: in practice the one that asks for
// extensions (PKCS #9, 1.2.840.113549.1.9.14), of whose triples the second part counts.
Node request_attributes(const Writer& write, const crypto::CertificateRequest& from) {
  if (from.extensions.empty()) {
    return {};
  }
  const Node pairs = write.list(from.extensions, [&](const crypto::Extension& extension) {
    return write.map(
        {{"Type", write.identifier(extension.id)},
         {"Value", extension.critical ? Writer::boolean(true) : write.base64(extension.value)}});
  });
  const Node sets = write.list(std::array{pairs}, [](const Node& node) { return node; });
  const Node attribute =
      write.map({{"Type", write.identifier({1, 2, 840, 113549, 1, 9, 14})}, {"Value", sets}});
  return write.list(std::array{attribute}, [](const Node& node) { return node; });
}

Node request(const Writer& write, const crypto::CertificateRequest& from) {
  return write.map({
      {"Raw", write.base64(from.raw)},
      {"RawTBSCertificateRequest", write.base64(from.raw_to_be_signed)},
      {"RawSubjectPublicKeyInfo", write.base64(from.raw_key)},
      {"RawSubject", write.base64(from.raw_name)},
      {"Version", write.number(from.version)},
      {"Signature", write.base64(from.signature)},
      {"SignatureAlgorithm", write.number(from.signature_algorithm)},
      {"PublicKeyAlgorithm", write.number(1)},
      {"PublicKey", write.key(from.key)},
      {"Subject", write.name(from.name)},
      {"Attributes", request_attributes(write, from)},
      {"Extensions", write.extensions(from.extensions)},
      {"ExtraExtensions", Node{}},
      {"DNSNames", write.texts(from.alternatives.dns)},
      {"EmailAddresses", write.texts(from.alternatives.emails)},
      {"IPAddresses", write.addresses(from.alternatives.ips)},
      {"URIs", write.uris(from.alternatives.uris)},
  });
}

// Either kind, once its key is known to be RSA.
template <class Parsed, class Make>
bool rsa_only(Call& call, const Result<Parsed>& parsed, Make make, Node& out) {
  if (!parsed) {
    return call.fail(parsed.error().message);
  }
  if (!parsed->is_rsa) {
    return call.fail("certificate should use rsa algorithm");
  }
  out = make(Writer(call.arena()), *parsed);
  return call.charge_bytes(parsed->raw.size() * 8);
}

bool apply_x509_decode(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  const auto block = text.size() > kPemBytesMax ? std::nullopt : crypto::read_pem(text);
  if (!call.charge_steps(text.size())) {
    return false;
  }
  if (!block) {
    return call.fail("failed to decode PEM block");
  }
  if (block->type == "CERTIFICATE") {
    return rsa_only(call, crypto::parse_certificate(block->der), certificate, out);
  }
  if (block->type == "CERTIFICATE REQUEST") {
    return rsa_only(call, crypto::parse_certificate_request(block->der), request, out);
  }
  return call.fail("PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST");
}

constexpr std::array kOneText{kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "x509_decode",
     .parameters = kOneText,
     .returns = kObject,
     .apply = apply_x509_decode,
     .summary = "What a certificate or a certificate request in PEM says; its key must be RSA. "
                "Nothing is verified.",
     .example = ""},
});

}  // namespace

std::span<const Function> kyverno_x509_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
