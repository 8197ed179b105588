// IP addresses and prefixes: the libraries kubernetes.net.ip and kubernetes.net.cidr
// (k8s.io/apiserver v0.36, pkg/cel/library/{ip,cidr}.go) and the network library of cel-go
// (ext/network.go of v0.31; cel-spec network_ext), which have the same functions under the same
// names and differ in texts of errors. Zones and IPv4-mapped IPv6 addresses are refused.
#include "cel/internal/network.hpp"

#include <array>

#include "cel/functions/all.hpp"
#include "scalar/ip_address.hpp"

namespace tally::cel {

using scalar::Cidr;
using scalar::IpAddress;

namespace {

std::string_view ip_text(Arena& arena, const void* data) {
  return arena.copy(static_cast<const IpAddress*>(data)->to_string());
}
bool ip_equal(const void* a, const void* b) {
  return *static_cast<const IpAddress*>(a) == *static_cast<const IpAddress*>(b);
}
// What cel-go's cost model takes for the size: octets.
std::uint64_t ip_size(const void* data) {
  return static_cast<const IpAddress*>(data)->bit_count() / 8;
}
std::string_view cidr_text(Arena& arena, const void* data) {
  return arena.copy(static_cast<const Cidr*>(data)->to_string());
}
std::uint64_t cidr_size(const void* data) {
  return (static_cast<const Cidr*>(data)->bits + 7U) / 8U;
}
bool cidr_equal(const void* a, const void* b) {
  return *static_cast<const Cidr*>(a) == *static_cast<const Cidr*>(b);
}

}  // namespace

const OpaqueKind kIpKind{
    .type_name = "net.IP", .equal = ip_equal, .text = ip_text, .size = ip_size};
const OpaqueKind kCidrKind{
    .type_name = "net.CIDR", .equal = cidr_equal, .text = cidr_text, .size = cidr_size};

namespace {

const IpAddress& ip_of(const Value& value) { return opaque_data<IpAddress>(value); }
const Cidr& cidr_of(const Value& value) { return opaque_data<Cidr>(value); }

Value mapped_not_allowed(EvalContext& context, std::string_view text) {
  return invalid(context,
                 {"IPv4-mapped IPv6 address ", quoted(context.arena, text), " is not allowed"});
}

// An IP, or an error.
Value parse_ip(EvalContext& context, std::string_view text) {
  const auto parsed = IpAddress::parse_with_zone(text);
  if (!parsed) {
    return invalid(context,
                   {"IP Address ", quoted(context.arena, text),
                    " parse error during conversion from string: ", parsed.error().message});
  }
  if (!parsed->zone.empty()) {
    return invalid(context,
                   {"IP address ", quoted(context.arena, text), " with zone value is not allowed"});
  }
  if (parsed->address.is_v4_mapped()) {
    return mapped_not_allowed(context, text);
  }
  return opaque_value(context.arena, kIpKind, parsed->address);
}

enum class Flavor : std::uint8_t { Kubernetes, Extension };

// A CIDR, or an error.
template <Flavor kFlavor>
Value parse_cidr(EvalContext& context, std::string_view text) {
  constexpr std::string_view kPrefix =
      "network address parse error during conversion from string: ";
  const auto parsed = Cidr::parse(text);
  if (!parsed) {
    return kFlavor == Flavor::Kubernetes
               ? invalid(context, {kPrefix, kPrefix, parsed.error().message})
               : invalid(context,
                         {"CIDR ", quoted(context.arena, text),
                          " parse error during conversion from string: ", parsed.error().message});
  }
  if (parsed->address.is_v4_mapped()) {
    const Value error = mapped_not_allowed(context, text);
    return kFlavor == Flavor::Kubernetes ? invalid(context, {kPrefix, error.as_error().message})
                                         : error;
  }
  return opaque_value(context.arena, kCidrKind, *parsed);
}

Value to_ip(EvalContext& context, std::span<const Value> args) {
  return parse_ip(context, args[0].text());
}

Value is_ip(EvalContext& /*context*/, std::span<const Value> args) {
  const auto parsed = IpAddress::parse_with_zone(args[0].text());
  return Value::boolean(parsed && parsed->zone.empty() && !parsed->address.is_v4_mapped());
}

Value is_canonical(EvalContext& context, std::span<const Value> args) {
  const Value ip = parse_ip(context, args[0].text());
  return ip.is_error() ? ip : Value::boolean(ip_of(ip).to_string() == args[0].text());
}

Value ip_to_string(EvalContext& context, std::span<const Value> args) {
  return Value::string(context.arena.copy(ip_of(args[0]).to_string()));
}

Value family(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::integer(ip_of(args[0]).is_v4() ? 4 : 6);
}

template <bool (IpAddress::*kTest)() const noexcept>
Value test_ip(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean((ip_of(args[0]).*kTest)());
}

template <Flavor kFlavor>
Value to_cidr(EvalContext& context, std::span<const Value> args) {
  return parse_cidr<kFlavor>(context, args[0].text());
}

Value is_cidr(EvalContext& /*context*/, std::span<const Value> args) {
  const auto parsed = Cidr::parse(args[0].text());
  return Value::boolean(parsed && !parsed->address.is_v4_mapped());
}

Value cidr_to_string(EvalContext& context, std::span<const Value> args) {
  return Value::string(context.arena.copy(cidr_of(args[0]).to_string()));
}

Value contains_ip(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(cidr_of(args[0]).contains(ip_of(args[1])));
}

template <Flavor kFlavor>
Value contains_ip_text(EvalContext& context, std::span<const Value> args) {
  const Value ip = parse_ip(context, args[1].text());
  if (ip.is_error()) {
    // cidr.go looks at the wrong operand when the text is no address.
    return kFlavor == Flavor::Kubernetes ? no_such_overload() : ip;
  }
  return Value::boolean(cidr_of(args[0]).contains(ip_of(ip)));
}

Value contains_cidr(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(cidr_of(args[0]).contains(cidr_of(args[1])));
}

template <Flavor kFlavor>
Value contains_cidr_text(EvalContext& context, std::span<const Value> args) {
  const Value cidr = parse_cidr<kFlavor>(context, args[1].text());
  return cidr.is_error() ? cidr : Value::boolean(cidr_of(args[0]).contains(cidr_of(cidr)));
}

Value ip_of_cidr(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kIpKind, cidr_of(args[0]).address);
}

Value masked(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kCidrKind, cidr_of(args[0]).masked());
}

Value prefix_length(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::integer(cidr_of(args[0]).bits);
}

Value is_mask(EvalContext& /*context*/, std::span<const Value> args) {
  const Cidr& cidr = cidr_of(args[0]);
  return Value::boolean(cidr == cidr.masked());
}

constexpr auto kToIp = std::to_array<Overload>({
    {.id = "string_to_ip",
     .signature = "(string) -> net.IP",
     .apply = to_ip,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIpOfCidr = std::to_array<Overload>({
    {.id = "cidr_ip", .signature = "(net.CIDR) -> net.IP", .apply = ip_of_cidr, .member = true},
});
constexpr auto kIsIp = std::to_array<Overload>({
    {.id = "is_ip",
     .signature = "(string) -> bool",
     .apply = is_ip,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsCanonical = std::to_array<Overload>({
    {.id = "ip_is_canonical", .signature = "(string) -> bool", .apply = is_canonical},
});
constexpr auto kIpToString = std::to_array<Overload>({
    {.id = "ip_to_string", .signature = "(net.IP) -> string", .apply = ip_to_string},
});
constexpr auto kFamily = std::to_array<Overload>({
    {.id = "ip_family", .signature = "(net.IP) -> int", .apply = family, .member = true},
});
constexpr auto kIsUnspecified = std::to_array<Overload>({
    {.id = "ip_is_unspecified",
     .signature = "(net.IP) -> bool",
     .apply = test_ip<&IpAddress::is_unspecified>,
     .member = true},
});
constexpr auto kIsLoopback = std::to_array<Overload>({
    {.id = "ip_is_loopback",
     .signature = "(net.IP) -> bool",
     .apply = test_ip<&IpAddress::is_loopback>,
     .member = true},
});
constexpr auto kIsLinkLocalMulticast = std::to_array<Overload>({
    {.id = "ip_is_link_local_multicast",
     .signature = "(net.IP) -> bool",
     .apply = test_ip<&IpAddress::is_link_local_multicast>,
     .member = true},
});
constexpr auto kIsLinkLocalUnicast = std::to_array<Overload>({
    {.id = "ip_is_link_local_unicast",
     .signature = "(net.IP) -> bool",
     .apply = test_ip<&IpAddress::is_link_local_unicast>,
     .member = true},
});
constexpr auto kIsGlobalUnicast = std::to_array<Overload>({
    {.id = "ip_is_global_unicast",
     .signature = "(net.IP) -> bool",
     .apply = test_ip<&IpAddress::is_global_unicast>,
     .member = true},
});
template <Flavor kFlavor>
constexpr auto kToCidr = std::to_array<Overload>({
    {.id = "string_to_cidr",
     .signature = "(string) -> net.CIDR",
     .apply = to_cidr<kFlavor>,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsCidr = std::to_array<Overload>({
    {.id = "is_cidr",
     .signature = "(string) -> bool",
     .apply = is_cidr,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kCidrToString = std::to_array<Overload>({
    {.id = "cidr_to_string", .signature = "(net.CIDR) -> string", .apply = cidr_to_string},
});
template <Flavor kFlavor>
constexpr auto kContainsIp = std::to_array<Overload>({
    {.id = "cidr_contains_ip_string",
     .signature = "(net.CIDR, string) -> bool",
     .apply = contains_ip_text<kFlavor>,
     .member = true},
    {.id = "cidr_contains_ip_ip",
     .signature = "(net.CIDR, net.IP) -> bool",
     .apply = contains_ip,
     .member = true},
});
template <Flavor kFlavor>
constexpr auto kContainsCidr = std::to_array<Overload>({
    {.id = "cidr_contains_cidr_string",
     .signature = "(net.CIDR, string) -> bool",
     .apply = contains_cidr_text<kFlavor>,
     .member = true},
    {.id = "cidr_contains_cidr",
     .signature = "(net.CIDR, net.CIDR) -> bool",
     .apply = contains_cidr,
     .member = true},
});
constexpr auto kMasked = std::to_array<Overload>({
    {.id = "cidr_masked", .signature = "(net.CIDR) -> net.CIDR", .apply = masked, .member = true},
});
constexpr auto kPrefixLength = std::to_array<Overload>({
    {.id = "cidr_prefix_length",
     .signature = "(net.CIDR) -> int",
     .apply = prefix_length,
     .member = true},
});
constexpr auto kIsMask = std::to_array<Overload>({
    {.id = "cidr_is_mask", .signature = "(net.CIDR) -> bool", .apply = is_mask, .member = true},
});

// The functions of one flavor, whose addresses and prefixes may be two libraries.
template <Flavor kFlavor, Library kIp, Library kCidr>
constexpr auto kFlavorFunctions = std::to_array<Function>({
    {.name = "ip",
     .library = kIp,
     .overloads = kToIp,
     .summary = "An IP address, read from a string.\nip('::1').family() == 6"},
    {.name = "isIP",
     .library = kIp,
     .overloads = kIsIp,
     .summary = "Whether a string is an IP address.\nisIP('127.0.0.1')"},
    {.name = "ip.isCanonical",
     .library = kIp,
     .overloads = kIsCanonical,
     .summary = "Whether an IP address is written in the one canonical way (RFC 5952).\n"
                "ip.isCanonical('2001:db8::abcd')"},
    {.name = "string",
     .library = kIp,
     .overloads = kIpToString,
     .summary = "The canonical text of an IP address.\nstring(ip('::0001')) == '::1'"},
    {.name = "family",
     .library = kIp,
     .overloads = kFamily,
     .summary = "4 or 6.\nip('127.0.0.1').family() == 4"},
    {.name = "isUnspecified",
     .library = kIp,
     .overloads = kIsUnspecified,
     .summary = "Whether an address is 0.0.0.0 or ::.\nip('::').isUnspecified()"},
    {.name = "isLoopback",
     .library = kIp,
     .overloads = kIsLoopback,
     .summary = "Whether an address is in 127.0.0.0/8 or is ::1.\nip('127.0.0.1').isLoopback()"},
    {.name = "isLinkLocalMulticast",
     .library = kIp,
     .overloads = kIsLinkLocalMulticast,
     .summary = "Whether an address is in 224.0.0.0/24 or multicast of link-local scope.\n"
                "ip('ff02::1').isLinkLocalMulticast()"},
    {.name = "isLinkLocalUnicast",
     .library = kIp,
     .overloads = kIsLinkLocalUnicast,
     .summary = "Whether an address is in 169.254.0.0/16 or fe80::/10.\n"
                "ip('169.254.169.254').isLinkLocalUnicast()"},
    {.name = "isGlobalUnicast",
     .library = kIp,
     .overloads = kIsGlobalUnicast,
     .summary =
         "Whether an address may stand for one host beyond the link: private ones too, but no "
         "loopback, link-local, multicast or broadcast.\n"
         "ip('192.168.0.1').isGlobalUnicast()"},
    {.name = "cidr",
     .library = kCidr,
     .overloads = kToCidr<kFlavor>,
     .summary = "An IP prefix, read from a string.\ncidr('192.168.0.0/16').prefixLength() == 16"},
    {.name = "isCIDR",
     .library = kCidr,
     .overloads = kIsCidr,
     .summary = "Whether a string is an IP prefix.\nisCIDR('::1/128')"},
    {.name = "string",
     .library = kCidr,
     .overloads = kCidrToString,
     .summary = "The text of an IP prefix.\nstring(cidr('10.0.0.0/8')) == '10.0.0.0/8'"},
    {.name = "containsIP",
     .library = kCidr,
     .overloads = kContainsIp<kFlavor>,
     .summary = "Whether an address lies in a prefix.\n"
                "cidr('192.168.0.0/24').containsIP('192.168.0.1')"},
    {.name = "containsCIDR",
     .library = kCidr,
     .overloads = kContainsCidr<kFlavor>,
     .summary = "Whether one prefix lies in another.\n"
                "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')"},
    {.name = "ip",
     .library = kCidr,
     .overloads = kIpOfCidr,
     .summary = "The address of a prefix, as it was written.\n"
                "cidr('192.168.0.1/24').ip() == ip('192.168.0.1')"},
    {.name = "masked",
     .library = kCidr,
     .overloads = kMasked,
     .summary = "The prefix with all bits behind it cleared.\n"
                "cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')"},
    {.name = "prefixLength",
     .library = kCidr,
     .overloads = kPrefixLength,
     .summary = "How many bits the prefix has.\ncidr('::1/128').prefixLength() == 128"},
});
constexpr auto kExtensionOnly = std::to_array<Function>({
    {.name = "isMask",
     .library = Library::Network,
     .overloads = kIsMask,
     .summary = "Whether no bit behind the prefix is set.\ncidr('192.168.1.0/24').isMask()"},
});

}  // namespace

std::span<const Function> kubernetes_network_functions() noexcept {
  return kFlavorFunctions<Flavor::Kubernetes, Library::KubernetesIp, Library::KubernetesCidr>;
}

std::span<const Function> network_functions() noexcept {
  return kFlavorFunctions<Flavor::Extension, Library::Network, Library::Network>;
}

std::span<const Function> network_mask_functions() noexcept { return kExtensionOnly; }

}  // namespace tally::cel
