#include "reachability/entries/internal/host_names.hpp"

#include <algorithm>

namespace tally::reachability::entries {
namespace {

bool is_same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_everything(std::string_view host) { return host.empty() || host == "*"; }

// Does the wildcard hold the host (which may be a wildcard itself)?
bool holds(std::string_view wildcard, std::string_view host) {
  if (!wildcard.starts_with('*')) {
    return false;
  }
  const std::string_view suffix = wildcard.substr(1);
  const std::string_view rest = host.starts_with('*') ? host.substr(1) : host;
  return rest.size() >= suffix.size() &&
         is_same(rest.substr(rest.size() - suffix.size()), suffix) &&
         (rest.size() > suffix.size() || host.starts_with('*'));
}

}  // namespace

// gateway-api apis/v1/httproute_types.go, HTTPRouteSpec.Hostnames: "*.example.com" matches
// test.example.com and foo.test.example.com, not example.com. istio pkg/config/host/name.go
// (Name.Matches, SubsetOf) says the same.
std::optional<std::string_view> common_host(std::string_view a, std::string_view b) {
  if (is_everything(a)) {
    return b == "*" ? std::string_view{} : b;
  }
  if (is_everything(b) || is_same(a, b) || holds(b, a)) {
    return a;
  }
  return holds(a, b) ? std::optional(b) : std::nullopt;
}

}  // namespace tally::reachability::entries
