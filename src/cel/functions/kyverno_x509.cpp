// Kyverno's library `x509` (github.com/kyverno/sdk, extensions/cel/libs/x509): a certificate or a
// request as the value of the JSON that Go writes for its struct. As upstream, RSA keys only, and
// all numbers are doubles.
#include <array>
#include <initializer_list>

#include "cel/functions/all.hpp"
#include "cel/internal/base64.hpp"
#include "cel/internal/library.hpp"
#include "crypto/certificate.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/url.hpp"

namespace tally::cel {

namespace {

constexpr std::size_t kPemBytesMax = std::size_t{1} << 20U;

using Field = std::pair<std::string_view, Value>;

// Copies what a parsed certificate holds into the arena of an evaluation.
class Writer {
 public:
  explicit Writer(Arena& arena) : arena_(arena) {}

  [[nodiscard]] Value text(std::string_view text) const {
    return Value::string(valid_utf8(arena_, arena_.copy(text)));
  }
  [[nodiscard]] Value base64(std::string_view octets) const {
    TextBuilder out(arena_);
    append_base64(out, octets);
    return out.finish();
  }
  template <class Number>
  [[nodiscard]] static Value number(Number number) {
    return Value::real(static_cast<double>(number));
  }
  [[nodiscard]] Value map(std::initializer_list<Field> fields) const {
    MapBuilder out(arena_, fields.size());
    for (const auto& [name, value] : fields) {
      out.add(Value::string(name), value);
    }
    return out.finish();
  }
  // Go writes a list that nothing was added to as null.
  template <class Items, class Make>
  [[nodiscard]] Value list(const Items& items, Make make) const {
    if (items.empty()) {
      return Value::null();
    }
    ListBuilder out(arena_, items.size());
    for (const auto& item : items) {
      out.add(make(item));
    }
    return out.finish();
  }
  [[nodiscard]] Value texts(const std::vector<std::string>& texts) const {
    return list(texts, [this](const std::string& item) { return text(item); });
  }
  [[nodiscard]] Value identifier(const crypto::ObjectIdentifier& id) const {
    return list(id, [](std::uint64_t arc) { return number(arc); });
  }

  [[nodiscard]] Value extension(const crypto::Extension& extension) const {
    return map({{"Id", identifier(extension.id)},
                {"Critical", Value::boolean(extension.critical)},
                {"Value", base64(extension.value)}});
  }
  [[nodiscard]] Value extensions(const std::vector<crypto::Extension>& extensions) const {
    return list(extensions, [this](const crypto::Extension& item) { return extension(item); });
  }

  // pkix.Name.
  [[nodiscard]] Value name(const std::vector<crypto::NameAttribute>& attributes) const {
    const Value names = list(attributes, [this](const crypto::NameAttribute& attribute) {
      return map({{"Type", identifier(attribute.type)}, {"Value", text(attribute.value)}});
    });
    return map({{"Country", attribute_values(attributes, 6)},
                {"Organization", attribute_values(attributes, 10)},
                {"OrganizationalUnit", attribute_values(attributes, 11)},
                {"Locality", attribute_values(attributes, 7)},
                {"Province", attribute_values(attributes, 8)},
                {"StreetAddress", attribute_values(attributes, 9)},
                {"PostalCode", attribute_values(attributes, 17)},
                {"SerialNumber", last_attribute(attributes, 5)},
                {"CommonName", last_attribute(attributes, 3)},
                {"Names", names},
                {"ExtraNames", Value::null()}});
  }

  [[nodiscard]] Value addresses(const std::vector<std::string>& ips) const {
    return list(ips, [this](const std::string& octets) { return address(octets); });
  }
  // net.IPNet.
  [[nodiscard]] Value ranges(const std::vector<std::string>& ranges) const {
    return list(ranges, [this](const std::string& range) {
      const std::string_view octets = range;
      return map({{"IP", address(octets.substr(0, octets.size() / 2))},
                  {"Mask", base64(octets.substr(octets.size() / 2))}});
    });
  }
  [[nodiscard]] Value key(const crypto::RsaKey& key) const {
    return map({{"N", text(key.modulus)}, {"E", number(key.exponent)}});
  }

 private:
  // X.520: 2.5.4.number.
  static bool is_attribute(const crypto::NameAttribute& attribute, std::uint64_t number) {
    return attribute.type == crypto::ObjectIdentifier{2, 5, 4, number};
  }
  [[nodiscard]] Value attribute_values(const std::vector<crypto::NameAttribute>& attributes,
                                       std::uint64_t number) const {
    ListBuilder out(arena_);
    for (const auto& attribute : attributes) {
      if (is_attribute(attribute, number)) {
        out.add(text(attribute.value));
      }
    }
    return out.size() == 0 ? Value::null() : out.finish();
  }
  [[nodiscard]] Value last_attribute(const std::vector<crypto::NameAttribute>& attributes,
                                     std::uint64_t number) const {
    std::string_view last;
    for (const auto& attribute : attributes) {
      if (is_attribute(attribute, number)) {
        last = attribute.value;
      }
    }
    return text(last);
  }
  // net.IP prints an IPv4 address in IPv6 as IPv4. Precondition: 4 or 16 bytes.
  [[nodiscard]] Value address(std::string_view octets) const {
    constexpr std::string_view kMapped{"\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12};
    if (octets.starts_with(kMapped)) {
      octets.remove_prefix(kMapped.size());
    }
    TextBuilder out(arena_);
    if (octets.size() == 4) {
      for (std::size_t i = 0; i < 4; ++i) {
        out.add(i == 0 ? "" : ".");
        out.add(decimal(arena_, std::uint64_t{static_cast<unsigned char>(octets[i])}));
      }
      return out.finish();
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = 0; i < octets.size(); ++i) {
      const auto byte = static_cast<unsigned char>(octets[i]);
      out.add(i == 0 || i % 2 != 0 ? "" : ":");
      out.add(kDigits[byte >> 4U]);
      out.add(kDigits[byte & 15U]);
    }
    // The canonical text (RFC 5952) is that of the parser of addresses.
    const auto parsed = scalar::IpAddress::parse(out.text());
    return parsed ? text(parsed->to_string()) : out.finish();
  }

  Arena& arena_;
};

Value certificate(Arena& arena, const crypto::Certificate& from) {
  const Writer write(arena);
  return write.map({
      {"Raw", write.base64(from.raw)},
      {"RawTBSCertificate", write.base64(from.raw_to_be_signed)},
      {"RawSubjectPublicKeyInfo", write.base64(from.raw_key)},
      {"RawSubject", write.base64(from.raw_name)},
      {"RawIssuer", write.base64(from.raw_issuer)},
      {"Signature", write.base64(from.signature)},
      {"PublicKeyAlgorithm", Writer::number(1)},
      {"PublicKey", write.key(from.key)},
      {"SerialNumber", Writer::number(from.serial_number)},
      {"Issuer", write.name(from.issuer)},
      {"NotBefore", write.text(from.not_before)},
      {"NotAfter", write.text(from.not_after)},
      {"KeyUsage", Writer::number(from.key_usage)},
      {"Extensions", write.extensions(from.extensions)},
      {"ExtraExtensions", Value::null()},
      {"ExtKeyUsage", write.list(from.key_purposes, [](int p) { return Writer::number(p); })},
      {"BasicConstraintsValid", Value::boolean(from.has_basic_constraints)},
      {"IsCA", Value::boolean(from.is_authority)},
      {"MaxPathLen", Writer::number(from.path_length_max)},
      {"MaxPathLenZero", Value::boolean(from.has_basic_constraints && from.path_length_max == 0)},
      {"AuthorityKeyId",
       from.authority_key_id.empty() ? Value::null() : write.base64(from.authority_key_id)},
      {"OCSPServer", write.texts(from.ocsp_servers)},
      {"IssuingCertificateURL", write.texts(from.issuer_urls)},
      {"DNSNames", write.texts(from.alternatives.dns)},
      {"EmailAddresses", write.texts(from.alternatives.emails)},
      {"IPAddresses", write.addresses(from.alternatives.ips)},
      {"PermittedDNSDomainsCritical", Value::boolean(from.name_constraints_critical)},
      {"PermittedDNSDomains", write.texts(from.permitted.dns)},
      {"ExcludedDNSDomains", write.texts(from.excluded.dns)},
      {"PermittedIPRanges", write.ranges(from.permitted.ips)},
      {"ExcludedIPRanges", write.ranges(from.excluded.ips)},
      {"PermittedEmailAddresses", write.texts(from.permitted.emails)},
      {"ExcludedEmailAddresses", write.texts(from.excluded.emails)},
      {"PermittedURIDomains", write.texts(from.permitted.uris)},
      {"ExcludedURIDomains", write.texts(from.excluded.uris)},
      {"CRLDistributionPoints", write.texts(from.revocation_lists)},
      {"PolicyIdentifiers",
       from.has_policies && from.policies.empty()
           ? Value::list(std::span<const Value>{})
           : write.list(from.policies, [&](const auto& id) { return write.identifier(id); })},
  });
}

// Attributes of a request that can be read as lists of pairs: in practice the one that asks for
// extensions (PKCS #9, 1.2.840.113549.1.9.14), of whose triples the second part counts.
Value request_attributes(const Writer& write, const crypto::CertificateRequest& from) {
  if (from.extensions.empty()) {
    return Value::null();
  }
  const Value pairs = write.list(from.extensions, [&](const crypto::Extension& extension) {
    return write.map(
        {{"Type", write.identifier(extension.id)},
         {"Value", extension.critical ? Value::boolean(true) : write.base64(extension.value)}});
  });
  const std::array one{0};
  const Value sets = write.list(one, [&](int) { return pairs; });
  return write.list(one, [&](int) {
    return write.map({{"Type", write.identifier({1, 2, 840, 113549, 1, 9, 14})}, {"Value", sets}});
  });
}

// url.URL. Only what needs no unescaping is taken apart: is_plain_uri() has looked.
Value uri(const Writer& write, const std::string& text) {
  const auto parsed = scalar::Url::parse(text);
  return write.map({{"Scheme", write.text(parsed ? parsed->scheme() : "")},
                    {"Opaque", write.text("")},
                    {"User", Value::null()},
                    {"Host", write.text(parsed ? parsed->host() : "")},
                    {"Path", write.text(parsed ? parsed->escaped_path() : "")},
                    {"RawPath", write.text("")},
                    {"OmitHost", Value::boolean(false)},
                    {"ForceQuery", Value::boolean(false)},
                    {"RawQuery", write.text("")},
                    {"Fragment", write.text("")},
                    {"RawFragment", write.text("")}});
}

bool is_plain_uri(std::string_view text) {
  return text.find("://") != std::string_view::npos &&
         text.find_first_of("%?#@") == std::string_view::npos && scalar::Url::parse(text);
}

Value request(EvalContext& context, const crypto::CertificateRequest& from) {
  const Writer write(context.arena);
  for (const std::string& text : from.alternatives.uris) {
    if (!is_plain_uri(text)) {
      return invalid(context, {"x509: URI of the request is not supported: ", text});
    }
  }
  return write.map({
      {"Raw", write.base64(from.raw)},
      {"RawTBSCertificateRequest", write.base64(from.raw_to_be_signed)},
      {"RawSubjectPublicKeyInfo", write.base64(from.raw_key)},
      {"RawSubject", write.base64(from.raw_name)},
      {"Version", Writer::number(from.version)},
      {"Signature", write.base64(from.signature)},
      {"SignatureAlgorithm", Writer::number(from.signature_algorithm)},
      {"PublicKeyAlgorithm", Writer::number(1)},
      {"PublicKey", write.key(from.key)},
      {"Subject", write.name(from.name)},
      {"Attributes", request_attributes(write, from)},
      {"Extensions", write.extensions(from.extensions)},
      {"ExtraExtensions", Value::null()},
      {"DNSNames", write.texts(from.alternatives.dns)},
      {"EmailAddresses", write.texts(from.alternatives.emails)},
      {"IPAddresses", write.addresses(from.alternatives.ips)},
      {"URIs", write.list(from.alternatives.uris,
                          [&](const std::string& text) { return uri(write, text); })},
  });
}

// Either kind, once its key is known to be RSA.
template <class Parsed, class Make>
Value rsa_only(EvalContext& context, const Result<Parsed>& parsed, Make make) {
  if (!parsed) {
    return invalid(context, {parsed.error().message});
  }
  if (!parsed->is_rsa) {
    return invalid(context, {"certificate should use rsa algorithm"});
  }
  return make(*parsed);
}

Value decode(EvalContext& context, std::span<const Value> args) {
  const std::string_view text = args[0].text();
  const auto block = text.size() > kPemBytesMax ? std::nullopt : crypto::read_pem(text);
  if (!block) {
    return invalid(context, {"failed to decode PEM block"});
  }
  if (block->type == "CERTIFICATE") {
    return rsa_only(context, crypto::parse_certificate(block->der),
                    [&](const auto& parsed) { return certificate(context.arena, parsed); });
  }
  if (block->type == "CERTIFICATE REQUEST") {
    return rsa_only(context, crypto::parse_certificate_request(block->der),
                    [&](const auto& parsed) { return request(context, parsed); });
  }
  return invalid(context, {"PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST"});
}

constexpr auto kDecode = std::to_array<Overload>({
    {.id = "x509_decode_string",
     .signature = "(string) -> dyn",
     .apply = decode,
     .cost = CostRule::TraverseFirst},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "x509.decode",
     .library = Library::KyvernoX509,
     .overloads = kDecode,
     .summary = "What a certificate or a certificate request in PEM says; its key must be RSA.\n"
                "!has(object.certificate) || x509.decode(object.certificate).IsCA == false"},
});

}  // namespace

std::span<const Function> kyverno_x509_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
