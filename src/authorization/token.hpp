#pragma once
// Bearer tokens, validated as Envoy's jwt_authn filter does with what RequestAuthentication says
// (pilot/pkg/security/authn/policy_applier.go convertToEnvoyJwtConfig(), RFC 7519).
//
//   * A token is looked for where the rule says: fromHeaders, fromParams, fromCookies; without any
//     of them in "Authorization: Bearer" and the query parameter access_token.
//   * It is accepted if one rule of those that apply accepts it: issuer, audience, exp and nbf (60
//   s
//     of clock skew), signature by a key of the rule's set.
//   * No token is no error.
//
// A token for whose rule the keys are not here stays "not validated".

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"
#include "base/arena.hpp"

namespace tally::authorization {

struct TokenCheck {
  Token token = Token::Absent;
  document::Node claims;                 // of a valid token; lives in the arena
  const kube::Object* object = nullptr;  // the RequestAuthentication that accepts it
  std::string reason;                    // why it is not valid
};

struct TokenOptions {
  std::int64_t now_s = 0;  // seconds since 1970
  // The JSON Web Key Set behind a jwksUri; nothing if it is not here.
  std::function<std::optional<std::string_view>(std::string_view uri)> key_set;
};

// Looks at `headers` and `path` of the request. The result goes into request.token and
// request.claims.
[[nodiscard]] TokenCheck check_token(const PolicySet& set, const Request& request,
                                     const TokenOptions& options, Arena& arena);

}  // namespace tally::authorization
