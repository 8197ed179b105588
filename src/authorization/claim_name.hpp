#pragma once
// How claims of a token are named: in `when` keys and in routes.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tally::authorization {

// "@request.auth.claims.a.b" or "@request.auth.claims[a][b]", the header name by which a
// VirtualService routes (istio.io/istio pkg/jwt/routing.go).
struct RoutingClaim {
  enum class Separator : std::uint8_t { Dot, Square };
  Separator separator = Separator::Dot;
  std::vector<std::string_view> claims;
};
// Nothing: an ordinary header.
[[nodiscard]] std::optional<RoutingClaim> parse_routing_claim(std::string_view header_name);

// "[a]" is a. Nothing if the brackets are not there.
[[nodiscard]] std::optional<std::string_view> name_in_brackets(std::string_view text) noexcept;
// "[a][b]" is a, b; "[a[b]" is one name "a[b" (pilot/pkg/security/authz/model/util.go).
[[nodiscard]] std::optional<std::vector<std::string_view>> names_in_brackets(std::string_view text);

}  // namespace tally::authorization
