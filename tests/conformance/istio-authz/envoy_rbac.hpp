#pragma once
// Envoy's RBAC filter, read from its configuration as text: the other side of the comparison. Slow
// and plain; nothing of the library is used to match.

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/request.hpp"
#include "document/node.hpp"

namespace tally::conformance {

// A request with memory of its own.
struct OwnedRequest {
  std::string principal;  // without the scheme; empty: plaintext
  std::string source_ip, remote_ip, destination_ip;
  std::uint16_t port = 0;
  std::string sni, method, path, host;
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_token = false;
  std::string claims = "{}";  // JSON
};

// What a filter says of a request; nothing: it depends on metadata that no request has.
using Ternary = std::optional<bool>;

// A Policy of the filter: one of its permissions and one of its principals.
[[nodiscard]] Ternary policy_matches(const document::Node& policy, const OwnedRequest& request,
                                     const document::Node& claims);

// A request that has a good chance to satisfy the policy: facts are taken from its own texts.
[[nodiscard]] OwnedRequest make_request(const document::Node& policy, bool is_http,
                                        std::mt19937& random);

}  // namespace tally::conformance
