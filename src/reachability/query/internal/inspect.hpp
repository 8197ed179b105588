#pragma once
// The questions about one configuration.

#include "reachability/query/queries.hpp"

namespace tally::reachability::query {

[[nodiscard]] Answer inspect(QueryKind kind, const View& view, const QueryOptions& options);

}  // namespace tally::reachability::query
