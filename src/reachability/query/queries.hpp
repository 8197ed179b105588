#pragma once
// The questions about configurations, answered as network-config-analyzer counts
// (nca/NetworkConfig/NetworkConfigQuery.py).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reachability/query/config.hpp"
#include "reachability/query/output.hpp"
#include "reachability/query/scheme.hpp"

namespace tally::reachability::query {

struct Answer {
  std::int64_t number = 0;
  bool is_true = false;      // of a question with yes or no
  bool was_executed = true;  // false: the configurations cannot be asked so
  std::string text{};        // one sentence
  std::vector<Explanation> explanations{};
  std::string map{};  // of ConnectivityMap and SemanticDiff, in the format txt_no_fw_rules
};

struct QueryOptions {
  bool exclude_v6 = true;
  bool by_deployments = true;
  bool with_map = false;
  bool with_all_examples = false;  // else one where the tool gives one
  PooledId relevant = kAll;        // what of a map goes without saying
  // Of a map as firewall rules, and where its text names the query.
  std::string format{};  // "txt", "csv", "md", "json", "yaml", "dot"; else no rules
  std::string query_name{};
  bool groups_single_pods = false;
  std::optional<std::vector<std::string>> labels{};
};

// Of one configuration.
[[nodiscard]] Answer ask(QueryKind kind, const View& view, const QueryOptions& options);
// Of two: the order is that of the tool's own functions.
[[nodiscard]] Answer ask(QueryKind kind, const View& first, const View& second,
                         const QueryOptions& options);

// How many configurations a question is about at once, and which.
enum class QueryShape : std::uint8_t {
  Each,        // every configuration alone
  VersusBase,  // every other one with the first
  EachPair,    // each with those behind it
  AllPairs,    // each with every other
};
[[nodiscard]] QueryShape shape_of(QueryKind kind) noexcept;

}  // namespace tally::reachability::query
