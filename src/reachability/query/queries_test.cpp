// Schemes and their queries, against the meaning that nca/NetworkConfig/NetworkConfigQuery.py of
// network-config-analyzer gives them.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "reachability/query/run_scheme.hpp"

namespace tally::reachability::query {
namespace {

constexpr std::string_view kPods = R"(
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a, image: a, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: bank}
spec: {replicas: 5, template: {metadata: {labels: {app: ledger}}, spec: {containers: [{name: a, image: a}]}}}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: node1, labels: {role: node}}
spec: {node: node1}
)";

constexpr std::string_view kMorePods = R"(
apiVersion: v1
kind: Pod
metadata: {name: new, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a, image: a}]}
)";

constexpr std::string_view kNamespaces = R"(
kind: NamespaceList
apiVersion: v1
items:
- metadata: {name: shop, labels: {team: front}}
- metadata: {name: bank, labels: {team: money}}
)";

std::string kubernetes(std::string_view name, std::string_view spec) {
  return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " +
         std::string(name) + ", namespace: shop}\nspec: " + std::string(spec) + "\n";
}
std::string calico(std::string_view name, std::string_view spec) {
  return "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: " +
         std::string(name) + "}\nspec: " + std::string(spec) + "\n";
}

// Files by name, and what reads them.
class Files {
 public:
  Files() {
    kube::load_api_kinds();
    texts_["pods"] = kPods;
    texts_["more"] = std::string(kPods) + "---" + std::string(kMorePods);
    texts_["namespaces"] = kNamespaces;
    texts_["none"] = "";
    texts_["to-db"] = kubernetes("to-db",
                                 "{podSelector: {matchLabels: {app: db}}, ingress: [{from: "
                                 "[{podSelector: {matchLabels: {app: web}}}], ports: [{port: "
                                 "5432}]}]}");
    texts_["to-db-any-port"] = kubernetes(
        "to-db",
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: "
        "{app: web}}}]}]}");
    texts_["to-db-udp"] = kubernetes("to-db",
                                     "{podSelector: {matchLabels: {app: db}}, ingress: [{from: "
                                     "[{podSelector: {matchLabels: {app: web}}}], ports: "
                                     "[{protocol: UDP}]}]}");
    texts_["to-db-twice"] = texts_["to-db"] + kubernetes("again",
                                                         "{podSelector: {matchLabels: {app: db}}, "
                                                         "ingress: [{from: [{podSelector: "
                                                         "{matchLabels: {app: web}}}], ports: "
                                                         "[{port: 5432}]}]}");
    texts_["empty"] = kubernetes("nobody", "{podSelector: {matchLabels: {app: none}}}") +
                      kubernetes("no-peer",
                                 "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: "
                                 "{app: none}}}]}, {}]}");
    texts_["all"] = kubernetes("all", "{podSelector: {}, ingress: [{}]}");
    texts_["same-rule-twice"] = kubernetes("twice", "{podSelector: {}, ingress: [{}, {}]}");
    texts_["conflict"] =
        calico("a",
               "{order: 1, selector: has(app), types: [Ingress], ingress: [{action: Allow}]}") +
        calico("b", "{order: 1, selector: has(app), types: [Ingress], ingress: [{action: Deny}]}");
    texts_["host"] =
        calico("host",
               "{selector: has(role), types: [Ingress, Egress], ingress: [{action: Allow}], "
               "egress: [{action: Allow}]}");
    texts_["v6"] = kubernetes("v6",
                              "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
                              "'fd00::/8'}}]}]}");
    texts_["broken"] = "a: [";
    texts_["mesh"] =
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: m}\n";
  }

  std::vector<LoadedDocument> load(std::string_view name, std::string_view text) {
    sources_.push_back(document::Source::from_text(std::string(name), std::string(text)));
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*sources_.back())) {
      document::read_slice(*sources_.back(), slice, arena_, {}, documents, errors);
    }
    std::vector<LoadedDocument> loaded;
    for (const document::Document& document : documents) {
      loaded.push_back({.source = sources_.back().get(), .root = document.root});
    }
    return loaded;
  }

  // A scheme with one configuration for each file, and one query.
  QueryResult ask(const std::string& query, const std::string& more = "") {
    std::string text = "namespaceList: namespaces\npodList: pods\nnetworkConfigList:\n";
    for (const auto& [name, content] : texts_) {
      if (name != "pods" && name != "namespaces" && name != "more") {
        text += "- {name: " + name + ", networkPolicyList: [" + name + "]}\n";
      }
    }
    text += "- {name: grown, networkPolicyList: [to-db], podList: more}\n" + more +
            "queries:\n- {name: q, " + query + "}\n";
    const std::vector<LoadedDocument> documents = load("scheme.yaml", text);
    const auto scheme = read_scheme(documents.at(0).root);
    if (!scheme) {
      ADD_FAILURE() << scheme.error().to_string();
      return {.name = {}};
    }
    const ReadDocuments read =
        [this](std::string_view path) -> Result<std::vector<LoadedDocument>> {
      const auto at = texts_.find(path);
      if (at == texts_.end()) {
        return environment_error("no file " + std::string(path));
      }
      return load(path, at->second);
    };
    return run_scheme(*scheme, read).at(0);
  }

 private:
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::map<std::string, std::string, std::less<>> texts_;
};

struct Row {
  std::string_view query;
  std::int64_t number;
  std::string_view text;
};

TEST(Queries, Numbers) {
  constexpr Row kRows[] = {
      {"equivalence: [to-db, to-db]", 0,
       "to-db and to-db have the same network topology and the same set of policies."},
      {"equivalence: [to-db, to-db-twice]", 0,
       "to-db and to-db-twice are semantically equivalent."},
      {"equivalence: [to-db, to-db-udp]", 1,
       "to-db and to-db-udp are not semantically equivalent."},
      {"equivalence: [to-db, to-db-udp, to-db-twice]", 2, ""},
      {"equivalence: [none, all]", 0, "none and all are semantically equivalent."},
      {"equivalence: [to-db, to-db-twice/shop/again]", 0, ""},
      {"equivalence: [to-db, grown]", 1,
       "The two configurations have different network topologies and thus are not comparable."},
      {"strongEquivalence: [to-db, to-db-twice]", 1, ""},
      {"strongEquivalence: [to-db, to-db-any-port]", 1,
       "NetworkPolicy shop/to-db is not equivalent in to-db and in to-db-any-port"},
      {"strongEquivalence: [to-db, to-db]", 0, "to-db and to-db are strongly equivalent."},
      {"containment: [to-db-any-port, to-db]", 1, "to-db is contained in to-db-any-port"},
      {"containment: [to-db, to-db-any-port]", 0, "to-db-any-port is not contained in to-db"},
      {"containment: [to-db, grown]", 0, "grown is not contained in to-db "},
      {"twoWayContainment: [to-db, to-db-any-port]", 2,
       "Network configuration to-db is a proper subset of to-db-any-port but to-db-any-port is not "
       "contained in to-db"},
      {"twoWayContainment: [to-db-any-port, to-db]", 1, ""},
      {"twoWayContainment: [to-db, to-db-udp]", 0,
       "Neither network configuration to-db and to-db-udp are contained in the other"},
      {"twoWayContainment: [to-db, to-db-twice]", 3,
       "The two network configurations to-db and to-db-twice are semantically equivalent."},
      {"twoWayContainment: [to-db, to-db]", 0, ""},
      {"permits: [to-db-any-port, to-db]", 0,
       "to-db-any-port permits all connections specified in to-db"},
      {"permits: [to-db-udp, to-db]", 1,
       "to-db-udp does not permit connections specified in to-db"},
      {"permits: [to-db, none]", 0,
       "There are no NetworkPolicies in the given permits config. No traffic is specified as "
       "permitted."},
      {"forbids: [to-db-udp, to-db]", 0, ""},
      {"forbids: [to-db-any-port, to-db]", 1,
       "to-db-any-port does not forbid connections specified in to-db"},
      {"interferes: [to-db, to-db-any-port]", 1, "to-db-any-port interferes with to-db"},
      {"interferes: [to-db-any-port, to-db]", 0, "to-db does not interfere with to-db-any-port"},
      {"pairwiseInterferes: [to-db, to-db-udp]", 2, ""},
      {"redundancy: [to-db]", 0, "No redundancy found in to-db"},
      {"redundancy: [to-db-twice]", 2, "Redundancies found in to-db-twice"},
      {"redundancy: [same-rule-twice]", 2, ""},
      {"emptiness: [empty]", 2,
       "There are empty NetworkPolicies and/or empty ingress/egress rules in empty"},
      {"emptiness: [to-db]", 0, "No empty NetworkPolicies and no empty rules in to-db"},
      {"vacuity: [all]", 1,
       "Network configuration all is vacuous - it allows all default connections"},
      {"vacuity: [to-db]", 0, "Network configuration to-db is not vacuous"},
      {"vacuity: [host]", 0, "Network configuration host is not vacuous"},
      {"vacuity: [none]", 1, ""},
      {"disjointness: [to-db-twice]", 1,
       "There are policies capturing the same pods in to-db-twice"},
      {"disjointness: [to-db]", 0, "All policies are disjoint in to-db"},
      // web, the Deployment and the host endpoint; for egress db too.
      {"allCaptured: [to-db]", 7,
       "There are workload resources not captured by any policy in to-db"},
      {"allCaptured: [to-db], outputConfiguration: {outputEndpoints: pods}", 9, ""},
      {"allCaptured: [none]", 5,
       "There are no network policies in none. All workload resources are non captured"},
      // Of the mesh only whom policies select is known; nobody here.
      {"allCaptured: [mesh]", 4, ""},
      {"disjointness: [mesh]", 0, "All policies are disjoint in mesh"},
      {"sanity: [conflict]", 1, ""},
      {"sanity: [to-db]", 0, "NetworkConfig to-db passed sanity check"},
      {"sanity: [all]", 1, "NetworkConfig all failed sanity check:"},
      {"sanity: [to-db-twice]", 2, ""},
      {"sanity: [none]", 0, "No NetworkPolicies in none. Nothing to check sanity on."},
      {"semanticDiff: [to-db, to-db]", 0, ""},
      {"semanticDiff: [to-db, to-db-udp]", 2,
       "to-db and to-db-udp are not semantically equivalent."},
      {"semanticDiff: [none, to-db]", 2, ""},
      {"semanticDiff: [to-db, grown]", 2, ""},
      {"semanticDiff: [grown, to-db]", 2, ""},
      {"connectivityMap: [to-db]", 0, ""},
      {"equivalence: [v6, none]", 1, ""},
  };
  Files files;
  for (const Row& row : kRows) {
    const QueryResult result = files.ask(std::string(row.query));
    EXPECT_EQ(result.error, "") << row.query;
    EXPECT_EQ(result.number, row.number) << row.query;
    if (!row.text.empty()) {
      ASSERT_FALSE(result.texts.empty()) << row.query;
      EXPECT_EQ(result.texts.front(), row.text) << row.query;
    }
  }
}

TEST(Queries, WhatCannotBeAsked) {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {
      {"equivalence: [to-db, absent]", "no configuration is named absent"},
      {"equivalence: [to-db, to-db/shop/none]", "no policy named shop/none in to-db"},
      {"equivalence: [to-db, to-db/CalicoNetworkPolicy/shop/to-db]",
       "no policy named CalicoNetworkPolicy/shop/to-db in to-db"},
      {"vacuity: [unread]", "no file gone"},
  };
  Files files;
  for (const auto& [query, error] : kRows) {
    const QueryResult result =
        files.ask(std::string(query), "- {name: unread, networkPolicyList: [gone]}\n");
    EXPECT_EQ(result.error, error) << query;
    EXPECT_FALSE(result.is_as_expected) << query;
  }
}

TEST(Queries, Expectations) {
  Files files;
  EXPECT_TRUE(files.ask("vacuity: [all], expected: 1").is_as_expected);
  EXPECT_FALSE(files.ask("vacuity: [all], expected: 0").is_as_expected);
  EXPECT_FALSE(files.ask("vacuity: [all]").is_as_expected);
  EXPECT_TRUE(files.ask("vacuity: [all], expectedOutput: x").is_as_expected);
  EXPECT_TRUE(files.ask("permits: [to-db, none], expectedNotExecuted: 1").is_as_expected);
  EXPECT_FALSE(files.ask("permits: [to-db, none], expectedNotExecuted: 0").is_as_expected);
}

TEST(Queries, Outputs) {
  Files files;
  EXPECT_EQ(files.ask("emptiness: [empty]").output,
            "There are empty NetworkPolicies and/or empty ingress/egress rules in empty\n"
            "Policies that does not select any pods:\nNetworkPolicy shop/nobody\n\n"
            "Ingress rules that does not select any pods:\nNetworkPolicy shop/no-peer, ingress "
            "rules indexes: 1\n");
  EXPECT_EQ(
      files
          .ask("forbids: [to-db-any-port, to-db], outputConfiguration: {fullExplanation: "
               "true}")
          .output,
      "to-db-any-port does not forbid connections specified in to-db\n"
      "Both to-db and to-db-any-port allow the following connection(s):\n"
      "src: ['shop/web'], dst: ['shop/db'], conn: {'protocols': 'TCP', 'dst_ports': '5432'}\n");
  EXPECT_EQ(files.ask("vacuity: [all], outputConfiguration: {outputFormat: json}").output,
            "[\n  {\n    \"query\": \"q\",\n    \"configs\": [\n      \"all\"\n    ],\n"
            "    \"numerical_result\": 1,\n    \"textual_result\": \"Network configuration all is "
            "vacuous - it allows all default connections\"\n  }\n]");
  EXPECT_EQ(
      files.ask("redundancy: [same-rule-twice], outputConfiguration: {outputFormat: yaml}").output,
      "- query: q\n  configs:\n  - same-rule-twice\n  numerical_result: 2\n"
      "  textual_result: Redundancies found in same-rule-twice\n  explanation:\n"
      "  - description: Ingress rules that are redundant in same-rule-twice\n    pairs:\n"
      "    - policy: shop/twice\n      ingress_rules_indexes:\n      - '1'\n      - '2'\n");
}

TEST(Schemes, Refused) {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {
      {"a", "a scheme needs a list networkConfigList"},
      {"networkConfigList: {}", "a scheme needs a list networkConfigList"},
      {"networkConfigList: [{networkPolicyList: []}]", "a configuration without a name"},
      {"networkConfigList: [{name: a}, {name: a}]", "two configurations are named a"},
      {"networkConfigList: [{name: a, podList: [{}]}]", "podList: found a map, expected a text"},
      {"networkConfigList: []\nqueries: [{vacuity: [a]}]", "a query without a name"},
      {"networkConfigList: []\nqueries: [{name: q}]", "query q asks nothing"},
      {"networkConfigList: []\nqueries: [{name: q, vacuum: [a]}]",
       "query q: \"vacuum\" is no kind of query"},
      {"networkConfigList: []\nqueries: [{name: q, vacuity: [[a]]}]",
       "vacuity: found a list, expected a text"},
  };
  Files files;
  for (const auto& [text, message] : kRows) {
    const auto documents = files.load("scheme.yaml", text);
    const auto scheme = read_scheme(documents.at(0).root);
    ASSERT_FALSE(scheme.has_value()) << text;
    EXPECT_EQ(scheme.error().message, message) << text;
  }
}

}  // namespace
}  // namespace tally::reachability::query
