#pragma once
// Scheme: the file in which network-config-analyzer names network configurations and asks queries
// about them (np-guard/network-config-analyzer, docs/SchemeFileFormat.md).
//
//   namespaceList, podList, resourceList   the cluster that all configurations share
//   networkConfigList                      name, networkPolicyList, and what is its own of the
//   above queries                                name, one kind with names of configurations,
//   `expected`
//
// A name of a configuration may be followed by one of its policies: "config/shop/web" or
// "config/K8sNetworkPolicy/shop/web".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::reachability::query {

enum class QueryKind : std::uint8_t {
  ConnectivityMap,
  SemanticDiff,
  Equivalence,
  StrongEquivalence,
  Containment,
  TwoWayContainment,
  Permits,
  Forbids,
  Interferes,
  PairwiseInterferes,
  Redundancy,
  Emptiness,
  Vacuity,
  Disjointness,
  AllCaptured,
  Sanity,
};
// "connectivityMap", as schemes write it.
[[nodiscard]] std::string_view to_text(QueryKind kind) noexcept;
[[nodiscard]] std::optional<QueryKind> parse_query_kind(std::string_view name) noexcept;

// Paths, from the folder of the scheme. Nothing: not given, which is not the same as none.
struct ResourcePaths {
  std::optional<std::vector<std::string>> namespaces;
  std::optional<std::vector<std::string>> pods;
  std::optional<std::vector<std::string>> resources;
  std::optional<std::vector<std::string>> policies;
};

struct ConfigEntry {
  std::string name;
  ResourcePaths paths;
};

struct OutputOptions {
  std::string format = "txt";
  bool is_full_explanation = false;
  bool by_deployments = true;
  bool exclude_v6 = true;
  bool groups_single_pods = false;                   // in firewall rules, by their labels
  std::optional<std::vector<std::string>> labels{};  // that pods are grouped by, whatever selects
};

struct QueryEntry {
  std::string name;
  std::vector<std::pair<QueryKind, std::vector<std::string>>> asked;
  std::optional<std::int64_t> expected;
  std::optional<std::int64_t> expected_not_executed;
  std::string expected_output;  // a path, or empty
  OutputOptions output;
};

struct Scheme {
  ResourcePaths topology;
  std::vector<ConfigEntry> configs;
  std::vector<QueryEntry> queries;
};

// Errors have no position: the caller knows the file.
[[nodiscard]] Result<Scheme> read_scheme(const document::Node& root);

}  // namespace tally::reachability::query
