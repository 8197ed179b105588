// Kyverno's functions over addresses of things: image references and URLs
// (pkg/utils/image/infos.go, pkg/engine/jmespath/functions.go, v1.19.1).
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/url.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

constexpr std::size_t kImageBytesMax = 4096;
constexpr std::size_t kPathBytesMax = 255;

// The grammar of references (https://pkg.go.dev/github.com/distribution/reference, v0.6.0):
//   reference = [ domain [ ":" port ] "/" ] path [ ":" tag ] [ "@" digest ]
const re2::RE2& reference_pattern() {
  static const re2::RE2 kPattern([] {
    const std::string label = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)";
    const std::string host = "(?:" + label + "(?:\\." + label + ")*|\\[[a-fA-F0-9:]+\\])";
    const std::string part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    return "(?:(" + host + "(?::[0-9]+)?)/)?(" + part + "(?:/" + part + ")*)" +
           "(?::([0-9A-Za-z_][0-9A-Za-z_.-]{0,127}))?" +
           "(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?";
  }());
  return kPattern;
}

struct Image {
  std::string registry;
  std::string path;
  std::string tag;
  std::string digest;
};

// github.com/opencontainers/go-digest, Digest.Validate.
std::string_view digest_problem(std::string_view digest) {
  struct Algorithm {
    std::string_view name;
    std::size_t digits;
  };
  constexpr std::array<Algorithm, 3> kAlgorithms{{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};
  const std::size_t colon = digest.find(':');
  for (const Algorithm& one : kAlgorithms) {
    if (digest.substr(0, colon) == one.name) {
      const std::string_view hex = digest.substr(colon + 1);
      return hex.size() != one.digits ? "invalid checksum digest length"
             : hex.find_first_of("ABCDEF") != std::string_view::npos
                 ? "invalid checksum digest format"
                 : "";
    }
  }
  return "unsupported digest algorithm";
}

std::string_view read_reference(const std::string& text, Image& out) {
  if (!re2::RE2::FullMatch(text, reference_pattern(), &out.registry, &out.path, &out.tag,
                           &out.digest)) {
    std::string lower = text;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return re2::RE2::FullMatch(lower, reference_pattern()) ? "repository name must be lowercase"
                                                           : "invalid reference format";
  }
  if (out.path.size() > kPathBytesMax) {
    return "repository name must not be more than 255 characters";
  }
  return out.digest.empty() ? "" : digest_problem(out.digest);
}

// Whether the first part of the name is no registry.
bool lacks_registry(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) {
    return true;
  }
  const std::string_view first = name.substr(0, slash);
  return first.find_first_of(".:") == std::string_view::npos && first != "localhost" &&
         std::ranges::none_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool apply_image_normalize(Call& call, Arguments arguments, Node& out) {
  static const Host kPlain;
  const Host& host = call.host() == nullptr ? kPlain : *call.host();
  const std::string_view name = arguments[0].text();
  const std::string_view registry = host.default_registry();
  if (name.size() > kImageBytesMax) {
    return call.fail_function("image_normalize", "bad image: the name is too long");
  }
  const bool is_short = lacks_registry(name);
  const std::string full = (is_short ? std::string(registry) + "/" : "") + std::string(name);
  Image image;
  if (const std::string_view problem = read_reference(full, image); !problem.empty()) {
    return call.fail_function(
        "image_normalize",
        fmt::format("bad image: {}, defaultRegistry: {}, enableDefaultRegistryMutation: {}: {}",
                    full, registry, host.adds_default_registry(), problem));
  }
  if (image.digest.empty() && image.tag.empty()) {
    image.tag = "latest";
  }
  if (is_short && !host.adds_default_registry()) {
    // A first part with an underscore passes for the registry all the same; printed, both look
    // alike.
    image.registry.clear();
  }
  const std::string start = image.registry.empty() ? image.path : image.registry + "/" + image.path;
  return call.give_text(image.digest.empty() ? start + ":" + image.tag : start + "@" + image.digest,
                        out);
}

// net.IP.IsLoopback and IsPrivate.
bool is_internal(const scalar::IpAddress& address) {
  const auto inside = [&address](std::string_view range) {
    const auto cidr = scalar::Cidr::parse(range);
    return cidr && cidr->contains(address);
  };
  return inside("127.0.0.0/8") || inside("10.0.0.0/8") || inside("172.16.0.0/12") ||
         inside("192.168.0.0/16") || inside("::1/128") || inside("fc00::/7");
}

// net.ParseIP: an address of IPv4 within IPv6 is one of IPv4.
std::optional<scalar::IpAddress> read_address(std::string_view text) {
  auto address = scalar::IpAddress::parse(text);
  if (!address) {
    return std::nullopt;
  }
  if (address->is_v4_mapped()) {
    const std::string_view octets = address->octets().substr(12);
    const auto part = [octets](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
    address =
        scalar::IpAddress::parse(fmt::format("{}.{}.{}.{}", part(0), part(1), part(2), part(3)));
  }
  return address ? std::optional(*address) : std::nullopt;
}

// A name is resolved by the host, if it does such a thing: a policy must not make the network ask.
bool apply_is_external_url(Call& call, Arguments arguments, Node& out) {
  const auto url = scalar::Url::parse(arguments[0].text());
  if (!url) {
    return call.fail(url.error().message);
  }
  const std::string_view name = url->hostname();
  if (const auto address = read_address(name)) {
    return call.give_bool(!is_internal(*address), out);
  }
  static const Host kPlain;
  const auto addresses = (call.host() == nullptr ? kPlain : *call.host()).resolve(name);
  if (!addresses) {
    return call.fail(addresses.error().message);
  }
  return call.give_bool(std::ranges::none_of(*addresses,
                                             [](const std::string& text) {
                                               const auto address = read_address(text);
                                               return address && is_internal(*address);
                                             }),
                        out);
}

constexpr std::array kOneText{kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "image_normalize",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_image_normalize,
     .summary = "An image reference with registry, and with a tag unless it has a digest.",
     .example = "image_normalize('nginx') == 'docker.io/nginx:latest'"},
    {.name = "is_external_url",
     .parameters = kOneText,
     .returns = kBoolean,
     .apply = apply_is_external_url,
     .summary = "Whether a URL leads to an address that is neither private nor loopback. Names are "
                "looked up only where the host does so.",
     .example = "is_external_url('http://8.8.8.8/')"},
});

}  // namespace

std::span<const Function> kyverno_image_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
