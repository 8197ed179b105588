#pragma once
// The values of Istio's string fields, as matchers: istio.io/istio pilot/pkg/security/authz/matcher
// {string,header,template}.go and model/generator.go of master at 86c9f01, Envoy's StringMatcher
// behind them.
//
//   value = "*" | "*" suffix | prefix "*" | exact        a star elsewhere is literal
//
// "*" means presence (at least one character; of a header, that it is there). Matching never
// allocates. A matcher views the text that it was made of.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally::authorization {

struct StringMatch {
  enum class Kind : std::uint8_t { Exact, Prefix, Suffix, Present };
  Kind kind = Kind::Exact;
  std::string_view text;

  [[nodiscard]] static StringMatch from_value(std::string_view value) noexcept;
  [[nodiscard]] bool matches(std::string_view value) const noexcept;
  // ASCII case aside: Envoy's ignore_case, which Istio sets for hosts.
  [[nodiscard]] bool matches_any_case(std::string_view value) const noexcept;

  friend bool operator==(const StringMatch&, const StringMatch&) = default;
};

[[nodiscard]] bool equals_any_case(std::string_view a, std::string_view b) noexcept;

// Principals stand without "spiffe://" on both sides. A source.namespace is a glob over the
// namespace of ".../ns/NAMESPACE/..." (every star is a run of any characters, slashes included).
[[nodiscard]] bool matches_principal(std::string_view value, std::string_view principal) noexcept;
[[nodiscard]] bool matches_namespace(std::string_view value, std::string_view principal) noexcept;
[[nodiscard]] bool matches_trust_domain(std::string_view value,
                                        std::string_view principal) noexcept;
// "spiffe://.+/ns/NAMESPACE/(.+/|)sa/NAME(/.+)?"
struct ServiceAccountMatch {
  std::string_view name_space;
  std::string_view name;
  // "name" or "namespace/name"
  [[nodiscard]] static ServiceAccountMatch from_value(std::string_view value,
                                                      std::string_view policy_namespace) noexcept;
  [[nodiscard]] bool matches(std::string_view principal) const noexcept;
};

// "{*}" is one segment, "{**}" any number of them: Envoy source/extensions/path/uri_template_lib.
[[nodiscard]] bool is_path_template(std::string_view value) noexcept;
[[nodiscard]] bool matches_path_template(std::string_view value, std::string_view path) noexcept;
// Envoy's text of it: "/foo/{*}/{**}" is "/foo/*/**".
[[nodiscard]] std::string envoy_path_template(std::string_view value);
// What is wrong with a path in AuthorizationPolicy (pkg/config/security CheckValidPathTemplate); an
// empty text if nothing is.
[[nodiscard]] std::string path_template_problem(std::string_view field, std::string_view value);

// request.auth.principal is ISSUER "/" SUBJECT; the issuer may hold slashes.
struct RequestPrincipalMatch {
  StringMatch issuer;
  StringMatch subject;
  [[nodiscard]] static RequestPrincipalMatch from_value(std::string_view value) noexcept;
};

}  // namespace tally::authorization
