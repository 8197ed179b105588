// Lists of small clusters, and inputs that are refused. The cases of the tool itself run in
// tests/conformance/netpol.
#include "reachability/netpol_analyzer/connection_list.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "reachability/netpol_analyzer/difference.hpp"
#include "reachability/netpol_analyzer/evaluation.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

struct Cluster {
  std::shared_ptr<const document::Source> source;
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();
  std::shared_ptr<const kube::Snapshot> snapshot;
};

Cluster parse(const std::string& text) {
  Cluster cluster;
  cluster.source = document::Source::from_text("cluster.yaml", text);
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*cluster.source)) {
    document::read_slice(*cluster.source, slice, *cluster.arena, {}, documents, errors);
  }
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const document::Document& document : documents) {
    kube::append_objects(document, *cluster.source, objects, rejected);
  }
  EXPECT_TRUE(errors.empty() && rejected.empty()) << text;
  complete_namespaces(objects, "default");
  cluster.snapshot = kube::Snapshot::create(std::move(objects), "default");
  return cluster;
}

std::string workload(std::string_view name, std::string_view port = "80") {
  return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + std::string(name) +
         "}\nspec:\n  template:\n    metadata: {labels: {app: " + std::string(name) +
         "}}\n    spec: {containers: [{name: c, ports: [{name: web, containerPort: " +
         std::string(port) + "}]}]}\n";
}

std::string policy(std::string_view spec) {
  return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: " +
         std::string(spec) + "\n";
}

std::string admin(std::string_view name, std::string_view spec) {
  return "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: "
         "{name: " +
         std::string(name) + "}\nspec: " + std::string(spec) + "\n";
}

constexpr std::string_view kEverywhere = "0.0.0.0-255.255.255.255[External]";

TEST(ConnectionList, ListsWhatPoliciesAllow) {
  struct Row {
    std::string name;
    std::string policies;
    std::string from_b;  // the line from b to a; empty: none
  };
  const Row rows[] = {
      {"nothing said", "", "default/b[Deployment] => default/a[Deployment] : All Connections\n"},
      {"denied", policy("{podSelector: {}, policyTypes: [Ingress]}"), ""},
      {"no isolation by an empty egress list",
       policy("{podSelector: {matchLabels: {app: b}}, egress: []}"),
       "default/b[Deployment] => default/a[Deployment] : All Connections\n"},
      {"a port", policy("{podSelector: {}, ingress: [{ports: [{port: 80}]}]}"),
       "default/b[Deployment] => default/a[Deployment] : TCP 80\n"},
      {"a protocol without a port",
       policy("{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}"),
       "default/b[Deployment] => default/a[Deployment] : UDP 1-65535\n"},
      {"a named port", policy("{podSelector: {}, ingress: [{ports: [{port: web}]}]}"),
       "default/b[Deployment] => default/a[Deployment] : TCP 80\n"},
      {"a name that no pod has", policy("{podSelector: {}, ingress: [{ports: [{port: other}]}]}"),
       ""},
      {"a name of another protocol",
       policy("{podSelector: {}, ingress: [{ports: [{port: web, protocol: UDP}]}]}"), ""},
      {"blocks select no pods",
       policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}"), ""},
      {"an admin policy before it",
       policy("{podSelector: {}, policyTypes: [Ingress]}") +
           admin(
               "x",
               "{priority: 1, subject: {namespaces: {}}, ingress: [{name: r, action: Allow, from: "
               "[{namespaces: {}}], ports: [{portNumber: {port: 9, protocol: SCTP}}]}]}"),
       "default/b[Deployment] => default/a[Deployment] : SCTP 9\n"},
      {"passed on",
       admin("x",
             "{priority: 1, subject: {namespaces: {}}, ingress: [{name: r, action: "
             "Pass, from: [{namespaces: {}}]}, {name: s, action: Deny, from: "
             "[{namespaces: {}}]}]}"),
       "default/b[Deployment] => default/a[Deployment] : All Connections\n"},
  };
  for (const Row& row : rows) {
    const Cluster cluster = parse(workload("a") + workload("b") + row.policies);
    const auto list = ConnectionList::make(*cluster.snapshot, {});
    ASSERT_TRUE(list.has_value()) << row.name << ": " << list.error().to_string();
    const std::string text = list->to_string();
    const std::string start = "default/b[Deployment] => default/a[Deployment]";
    const std::size_t at = text.find(start);
    const std::string found =
        at == std::string::npos ? "" : text.substr(at, text.find('\n', at) + 1 - at);
    EXPECT_EQ(found, row.from_b) << row.name << "\n" << text;
  }
}

TEST(ConnectionList, RefusesWhatCannotBeAnalysed) {
  struct Row {
    std::string name;
    std::string objects;
    std::string message;
  };
  const std::string namespaces = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n";
  const Row rows[] = {
      {"two policies of a name", policy("{podSelector: {}}") + policy("{podSelector: {}}"),
       "NetworkPolicy \"default/p\""},
      {"two namespaces of a name", namespaces + namespaces, "Namespace \"team\""},
      {"port 0", policy("{podSelector: {}, ingress: [{ports: [{port: 0}]}]}"), "0"},
      {"an empty range", policy("{podSelector: {}, ingress: [{ports: [{port: 10, endPort: 1}]}]}"),
       "port range 10-1"},
      {"no CIDR", policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: nonsense}}]}]}"),
       "invalid CIDR address"},
      {"an empty peer", policy("{podSelector: {}, ingress: [{from: [{}]}]}"),
       "rule NetworkPolicyPeer error: cannot have empty rule peer"},
      {"a block and a selector",
       policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: "
              "{}}]}]}"),
       "cannot have both IPBlock and PodSelector/NamespaceSelector set"},
      {"an endPort behind a name",
       policy("{podSelector: {}, ingress: [{ports: [{port: web, endPort: 90}]}]}"),
       "endPort field cannot be defined"},
      {"one priority",
       admin("x", "{priority: 1, subject: {namespaces: {}}}") +
           admin("y", "{priority: 1, subject: {namespaces: {}}}"),
       "assigned the same priority"},
      {"a priority too great", admin("x", "{priority: 1001, subject: {namespaces: {}}}"),
       "Invalid Priority Value: 1001"},
      {"no subject", admin("x", "{priority: 1}"), "exactly one field must be set in a subject"},
      {"an unknown action",
       admin("x",
             "{priority: 1, subject: {namespaces: {}}, egress: [{action: Maybe, to: [{namespaces: "
             "{}}]}]}"),
       "unrecognized action"},
      {"no peers",
       admin("x", "{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: []}]}"),
       "to field must be defined"},
      {"a named port of addresses",
       policy("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: "
              "web}]}]}"),
       "named port"},
  };
  for (const Row& row : rows) {
    const Cluster cluster = parse(workload("a") + row.objects);
    const auto list = ConnectionList::make(*cluster.snapshot, {});
    ASSERT_FALSE(list.has_value()) << row.name;
    EXPECT_NE(list.error().message.find(row.message), std::string::npos)
        << row.name << ": " << list.error().to_string();
    EXPECT_EQ(list.error().file, "cluster.yaml") << row.name;
    EXPECT_GT(list.error().at.line, 0U) << row.name;
  }
}

TEST(ConnectionList, SplitsAddressesWherePoliciesDo) {
  const Cluster cluster =
      parse(workload("a") + policy("{podSelector: {}, policyTypes: [Egress], egress: [{to: "
                                   "[{ipBlock: {cidr: 10.0.0.0/8, except: "
                                   "[10.1.0.0/16]}}]}]}"));
  const auto list = ConnectionList::make(*cluster.snapshot, {});
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->to_string(),
            std::string(kEverywhere) +
                " => default/a[Deployment] : All Connections\n"
                "default/a[Deployment] => 10.0.0.0-10.0.255.255[External] : All Connections\n"
                "default/a[Deployment] => 10.2.0.0-10.255.255.255[External] : All Connections\n");
}

TEST(ConnectionList, ExposesToPodsThatAreNotThere) {
  const Cluster cluster = parse(
      workload("a") +
      policy("{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: x}}}], ports: "
             "[{port: 80}]}, {from: [{podSelector: {matchLabels: {app: a}}}]}]}"));
  Options options;
  options.exposure = true;
  const auto list = ConnectionList::make(*cluster.snapshot, options);
  ASSERT_TRUE(list.has_value());
  const std::string text = list->to_string();
  EXPECT_NE(text.find("default/a[Deployment] \t<= \tdefault/[pod with {app=x}] : TCP 80\n"),
            std::string::npos)
      << text;
  // What a workload answers to is in the list already.
  EXPECT_EQ(text.find("{app=a}"), std::string::npos) << text;
  EXPECT_NE(text.find("default/a[Deployment] is not protected on Egress\n"), std::string::npos);
}

TEST(ConnectionList, ExplainsBothVerdicts) {
  const Cluster cluster = parse(workload("a") + workload("b") +
                                policy("{podSelector: {matchLabels: {app: a}}, ingress: [{from: "
                                       "[{podSelector: {}}], ports: [{port: 80}]}]}"));
  Options options;
  options.explain = true;
  const auto list = ConnectionList::make(*cluster.snapshot, options);
  ASSERT_TRUE(list.has_value());
  const std::string text = list->to_string();
  for (const std::string_view expected :
       {"Allowed TCP:[80] due to the following policies and rules:\n",
        "NetworkPolicy 'default/p' allows connections by Ingress rule #1\n",
        "Denied TCP:[1-79,81-65535], UDP, SCTP due to",
        "Ingress rule #1 selects default/b[Deployment], but the protocols and ports do not match\n",
        "is not allowed by any Ingress rule\n"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
}

TEST(ConnectionList, ReadsFocusConnections) {
  for (const std::string_view text : {"tcp-80", "UDP-53", "sctp-65535"}) {
    EXPECT_TRUE(ConnectionFocus::parse(text).has_value()) << text;
  }
  for (const std::string_view text :
       {"", "tcp", "tcp-", "tcp-0", "tcp-65536", "tcp-80-90", "icmp-1", "tcp-8x", "80-tcp"}) {
    EXPECT_FALSE(ConnectionFocus::parse(text).has_value()) << text;
  }
}

TEST(Difference, SaysWhatChanged) {
  const Cluster before = parse(workload("a") + workload("b"));
  const Cluster after =
      parse(workload("a") + workload("c") +
            policy("{podSelector: {matchLabels: {app: a}}, ingress: [{ports: [{port: 80}]}]}"));
  const auto difference = Difference::make(*before.snapshot, *after.snapshot, {});
  ASSERT_TRUE(difference.has_value());
  const std::string text = difference->to_string();
  for (const std::string_view expected :
       {"diff-type: changed, source: 0.0.0.0-255.255.255.255[External], destination: "
        "default/a[Deployment], ref1: All Connections, ref2: TCP 80\n",
        "diff-type: added, source: default/c[Deployment], destination: default/a[Deployment], "
        "ref1: "
        "No Connections, ref2: TCP 80, workloads-diff-info: workload default/c[Deployment] added\n",
        "diff-type: removed, source: default/b[Deployment]"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  const auto same = Difference::make(*before.snapshot, *before.snapshot, {});
  ASSERT_TRUE(same.has_value());
  EXPECT_TRUE(same->is_empty());
  EXPECT_EQ(same->to_string(), "");
}

TEST(Evaluation, AnswersOneQuestion) {
  const Cluster cluster =
      parse(workload("a") + workload("b") +
            policy("{podSelector: {matchLabels: {app: a}}, ingress: [{ports: [{port: 80}]}]}"));
  struct Row {
    std::string name;
    Question question;
    std::optional<bool> answer;  // nothing: an error
  };
  const Row rows[] = {
      {"open", {{"b", "default", ""}, {"a", "default", ""}, scalar::Protocol::Tcp, 80}, true},
      {"closed", {{"b", "default", ""}, {"a", "default", ""}, scalar::Protocol::Tcp, 81}, false},
      {"from outside",
       {{"", "default", "1.2.3.4"}, {"a", "default", ""}, scalar::Protocol::Udp, 80},
       false},
      {"to itself",
       {{"a-1", "default", ""}, {"a-1", "default", ""}, scalar::Protocol::Udp, 1},
       true},
      {"nobody", {{"x", "default", ""}, {"a", "default", ""}, scalar::Protocol::Tcp, 80}, {}},
      {"no address",
       {{"", "default", "1.2.3"}, {"a", "default", ""}, scalar::Protocol::Tcp, 80},
       {}},
      {"two addresses",
       {{"", "default", "1.2.3.4"}, {"", "default", "1.2.3.5"}, scalar::Protocol::Tcp, 80},
       {}},
      {"IPv6", {{"", "default", "fd00::1"}, {"a", "default", ""}, scalar::Protocol::Tcp, 80}, {}},
  };
  for (const Row& row : rows) {
    std::vector<Warning> warnings;
    const auto answer = evaluate(*cluster.snapshot, row.question, warnings);
    ASSERT_EQ(answer.has_value(), row.answer.has_value()) << row.name;
    if (row.answer) {
      EXPECT_EQ(*answer, *row.answer) << row.name;
    }
  }
}

std::string network(std::string_view name_space, std::string_view layer, std::string_view role) {
  return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + std::string(name_space) +
         ", labels: {k8s.ovn.org/primary-user-defined-network: \"\"}}\n---\napiVersion: "
         "k8s.ovn.org/v1\nkind: UserDefinedNetwork\nmetadata: {name: u, namespace: " +
         std::string(name_space) + "}\nspec: {topology: " + std::string(layer) +
         ", layer2: {role: " + std::string(role) +
         "}}\n---\napiVersion: v1\nkind: Pod\nmetadata: "
         "{name: w, namespace: " +
         std::string(name_space) + "}\nspec: {containers: []}\n";
}

TEST(ConnectionList, KeepsPrimaryNetworksApart) {
  Options options;
  options.multiple_networks = true;
  const Cluster cluster = parse(workload("a") + network("blue", "Layer2", "Primary") +
                                network("red", "Layer2", "Primary"));
  const auto list = ConnectionList::make(*cluster.snapshot, options);
  ASSERT_TRUE(list.has_value()) << list.error().to_string();
  const std::string text = list->to_string();
  EXPECT_NE(text.find("blue[udn]/w[Pod] => 0.0.0.0-"), std::string::npos) << text;
  EXPECT_EQ(text.find("blue[udn]/w[Pod] => red"), std::string::npos) << text;
  struct Row {
    std::string objects;
    std::string message;
  };
  const Row rows[] = {
      {network("blue", "Layer4", "Primary"), "Layer4"},
      {network("blue", "Layer3", "Primary"), "Layer3"},
      {network("blue", "Layer2", "Chief"), "Chief"},
      {network("openshift-x", "Layer2", "Primary"), "openshift-x"},
      {network("default", "Layer2", "Primary"), "default"},
  };
  for (const Row& row : rows) {
    const Cluster broken = parse(row.objects);
    const auto refused = ConnectionList::make(*broken.snapshot, options);
    ASSERT_FALSE(refused.has_value()) << row.message;
    EXPECT_NE(refused.error().message.find(row.message), std::string::npos)
        << refused.error().to_string();
  }
}

std::string attached(std::string_view name, std::string_view address) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
         ", labels: {app: " + std::string(name) +
         "}, annotations: {k8s.v1.cni.cncf.io/networks: '[{\"name\": \"net\", \"ips\": [\"" +
         std::string(address) + "\"]}]'}}\nspec: {containers: []}\n";
}

std::string multi_policy(std::string_view annotations, std::string_view spec) {
  return "---\napiVersion: k8s.cni.cncf.io/v1beta1\nkind: MultiNetworkPolicy\nmetadata: {name: m, "
         "annotations: {" +
         std::string(annotations) + "}}\nspec: " + std::string(spec) + "\n";
}

TEST(ConnectionList, AsksThePoliciesOfASecondaryNetwork) {
  const std::string network =
      "---\napiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: "
      "net}\n" +
      attached("a", "10.0.0.1/24") + attached("b", "10.0.0.2/24") + attached("c", "10.0.0.3/24");
  const std::string for_net = "k8s.v1.cni.cncf.io/policy-for: default/net";
  struct Row {
    std::string name;
    std::string policy;
    std::string section;  // the lines of the network towards a
  };
  const std::string from_b = "default/b[Pod] => default/a[Pod] : All Connections\n";
  const std::string from_c = "default/c[Pod] => default/a[Pod] : All Connections\n";
  const Row rows[] = {
      {"none", "", from_b + from_c},
      {"another network",
       multi_policy("k8s.v1.cni.cncf.io/policy-for: other",
                    "{podSelector: {}, policyTypes: [Ingress]}"),
       from_b + from_c},
      {"closed",
       multi_policy(for_net, "{podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress]}"), ""},
      {"no types and no rules isolate nothing", multi_policy(for_net, "{podSelector: {}}"),
       from_b + from_c},
      {"by label",
       multi_policy(for_net,
                    "{podSelector: {matchLabels: {app: a}}, ingress: [{from: [{podSelector: "
                    "{matchLabels: {app: b}}}]}]}"),
       from_b},
      {"by address",
       multi_policy(for_net,
                    "{podSelector: {matchLabels: {app: a}}, ingress: [{from: [{ipBlock: {cidr: "
                    "10.0.0.3/32}}]}]}"),
       from_c},
  };
  Options options;
  options.multiple_networks = true;
  for (const Row& row : rows) {
    const Cluster cluster = parse(network + row.policy);
    const auto list = ConnectionList::make(*cluster.snapshot, options);
    ASSERT_TRUE(list.has_value()) << row.name << ": " << list.error().to_string();
    std::string found;
    for (const ListedConnection& line : list->connections()) {
      if (list->networks()[line.network].name == "net" &&
          list->destination_text(line) == "default/a[Pod]") {
        found += list->source_text(line) + " => " + list->destination_text(line) + " : " +
                 list->text(line.connections) + "\n";
      }
    }
    EXPECT_EQ(found, row.section) << row.name;
  }
  const Cluster broken = parse(network + multi_policy("", "{podSelector: {}}"));
  const auto refused = ConnectionList::make(*broken.snapshot, options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("a policy-for annotation"), std::string::npos)
      << refused.error().to_string();
  options.exposure = true;
  const Cluster exposed = parse(network);
  EXPECT_FALSE(ConnectionList::make(*exposed.snapshot, options).has_value());
}

}  // namespace
}  // namespace tally::reachability::netpol_analyzer
