#pragma once
// Matches of a VirtualService's http routes (networking/virtual-service, HTTPMatchRequest): which
// requests they take, as far as one can hide another. A route is taken by the first match in the
// order of the routes.

#include <string_view>
#include <vector>

#include "document/node.hpp"

namespace tally::reachability::entries {

struct HttpMatch {
  enum class Path : std::uint8_t { Any, Exact, Prefix, Regex };
  Path path = Path::Any;
  std::string_view text{};
  bool ignores_case = false;
  // Headers, methods, query parameters, labels of the source, ...
  bool is_restricted = false;
};
[[nodiscard]] HttpMatch read_http_match(const document::Node& match);

// Whether every request that one of `later` takes is taken by one of `earlier` for sure.
[[nodiscard]] bool are_covered(const std::vector<HttpMatch>& earlier,
                               const std::vector<HttpMatch>& later);

}  // namespace tally::reachability::entries
