#pragma once
// Answers as network-config-analyzer prints them: txt, json (json.dumps with an indent of 2), yaml
// (yaml.dump of PyYAML) (nca/NetworkConfig/QueryOutputHandler.py).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scalar/connection_set.hpp"

namespace tally::reachability::query {

// A policy and the numbers of some of its rules, from 1.
struct PolicyRules {
  std::string policy;
  std::vector<std::string> rules;
  std::string_view title = "NetworkPolicy";
};

struct CommonPods {
  std::string first;
  std::string second;
  std::vector<std::string> pods;
  std::string_view first_title = "NetworkPolicy";
  std::string_view second_title = "NetworkPolicy";
};

// The same connections from each of the sources to each of the destinations.
struct ConnectionsOf {
  std::vector<std::string> sources;
  std::vector<std::string> destinations;
  scalar::ConnectionSet connections;
  bool is_of_second = false;  // of the configuration named last
  // As they are printed, where more than protocols and ports is told apart; else empty.
  std::string text{};      // to_nca_text()
  std::string map_text{};  // to_nca_map()
  std::string example{};   // to_nca_example()
};

struct PodList {
  std::string description;
  std::vector<std::string> pods;
};

struct Explanation {
  enum class Kind : std::uint8_t { Policies, CommonPods, Connections, Difference, Pods };
  Kind kind = Kind::Policies;
  std::string description{};
  std::vector<std::string> policies{};  // as they are printed
  std::vector<PolicyRules> ingress{};
  std::vector<PolicyRules> egress{};
  std::vector<CommonPods> common{};
  std::vector<ConnectionsOf> connections{};
  std::vector<std::string> configs{};  // the two of a Difference
  std::vector<PodList> pods{};
};

struct PrintedAnswer {
  std::string query;
  std::vector<std::string> configs;
  std::int64_t number = 0;
  bool was_executed = true;
  std::string text;
  std::vector<Explanation> explanations;
  std::string map;  // a connectivity map, as it is
};

// "All connections", "{protocols:TCP,dst_ports:80}", "All but {protocols:TCP}"
[[nodiscard]] std::string to_nca_text(const scalar::ConnectionSet& connections);
// "All connections", "No connections", "{'protocols': 'TCP', 'dst_ports': '80'}"
[[nodiscard]] std::string to_nca_map(const scalar::ConnectionSet& connections);

[[nodiscard]] std::string print_answers(const std::vector<PrintedAnswer>& answers,
                                        std::string_view format);

}  // namespace tally::reachability::query
