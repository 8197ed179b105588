// Kyverno's functions over addresses of things: image references and URLs
// (pkg/utils/image/infos.go, pkg/engine/jmespath/functions.go, v1.19.1).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "scalar/image_name.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/url.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool apply_image_normalize(Call& call, Arguments arguments, Node& out) {
  static const Host kPlain;
  const Host& host = call.host() == nullptr ? kPlain : *call.host();
  const auto image = scalar::ImageName::parse(
      arguments[0].text(),
      {.registry = host.default_registry(), .is_added = host.adds_default_registry()});
  if (!image) {
    return call.fail_function("image_normalize", image.error().message);
  }
  // A first part with an underscore passes for the registry; printed, both look alike.
  return call.give_text(image->to_string(), out);
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
