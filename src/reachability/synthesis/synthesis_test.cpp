// Policies made from manifests and flows, and the proof of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "flow/reader.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "network_policy/pair.hpp"
#include "reachability/synthesis/candidate.hpp"
#include "reachability/synthesis/generate.hpp"
#include "reachability/synthesis/pod_labels.hpp"
#include "reachability/synthesis/replay.hpp"

namespace tally::reachability {
namespace {

constexpr std::string_view kShop = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web, pod-template-hash: "1", helm.sh/chart: c-1}}
    spec:
      serviceAccountName: web
      containers:
      - name: server
        image: a
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {port: 8080}}
        env:
        - {name: CART_ADDR, value: "cart:7070"}
        - {name: LEDGER_URL, value: "http://ledger.bank.svc.cluster.local/x"}
        - {name: NOTE, value: "the cart of a customer"}
        - {name: GONE_ADDR, value: "cart:9999"}
        - {name: PEER, value: "db-0.db:5432"}
        - {name: QUEUE, valueFrom: {configMapKeyRef: {name: cm, key: queue}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm, namespace: shop}
data: {queue: "amqp://u:p@queue:5672/", other: "cart:7070"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart, tier: back}}
    spec: {containers: [{name: a, image: a, args: ["--db=db"], ports: [{name: grpc, containerPort: 7777}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  template:
    metadata: {labels: {app: db, tier: back}}
    spec: {containers: [{name: a, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: queue, namespace: shop}
spec:
  template:
    metadata: {labels: {app: queue}}
    spec: {containers: [{name: a, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: bank}
spec:
  template:
    metadata: {labels: {app.kubernetes.io/name: ledger, app: x}}
    spec: {containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{port: 7070, targetPort: grpc}]}
---
apiVersion: v1
kind: Service
metadata: {name: queue, namespace: shop}
spec: {selector: {app: queue}, ports: [{port: 5672}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank}
spec: {selector: {app: x}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: in, namespace: bank}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ledger, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: dns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {containers: [{name: a, image: a}]}
)";

class Town {
 public:
  explicit Town(std::string_view yaml, std::string_view flows_text = {})
      : source_(document::Source::from_text("shop.yaml", yaml)) {
    kube::load_api_kinds();
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty());
    std::vector<kube::Object> objects;
    for (const document::Document& document : documents) {
      objects.push_back(*kube::object_from_node(document.root, source_.get()));
    }
    snapshot = kube::Snapshot::create(std::move(objects), "default");
    topology = std::make_unique<topology::Topology>(topology::Topology::read(*snapshot));
    flows = std::make_unique<flow::FlowSet>(*topology);
    flow::FlowReader reader({}, [this](const flow::Flow& one) { flows->add(one); });
    reader.feed(flows_text);
    reader.finish();
    EXPECT_EQ(reader.counts().problems, 0U);
    links = links_without_reasons(*topology);
  }

  // Of the generated policies, beside those of the input.
  [[nodiscard]] Candidate after(const Generated& generated) const {
    auto candidate = with_policies(*snapshot, "default", generated.to_yaml());
    EXPECT_TRUE(candidate.has_value()) << generated.to_yaml();
    return std::move(*candidate);
  }
  [[nodiscard]] std::string between(const network_policy::PolicySet& policies,
                                    std::string_view source, std::string_view destination) const {
    const auto find = [&](std::string_view name) {
      for (const topology::Endpoint& endpoint : topology->endpoints()) {
        if (endpoint.workload_name == name) {
          return network_policy::EndpointPeer(*topology, endpoint);
        }
      }
      ADD_FAILURE() << name;
      return network_policy::EndpointPeer(*topology, topology->endpoints().front());
    };
    return network_policy::connections_between(policies, find(source), find(destination))
        .allowed.to_string();
  }
  [[nodiscard]] std::uint32_t unit(std::string_view name) const {
    return static_cast<std::uint32_t>(std::ranges::find(links.units, name, &Unit::name) -
                                      links.units.begin());
  }

 private:
  Arena arena_;
  std::shared_ptr<const document::Source> source_;

 public:
  std::shared_ptr<const kube::Snapshot> snapshot;
  std::unique_ptr<topology::Topology> topology;
  std::unique_ptr<flow::FlowSet> flows;
  Links links;
};

TEST(Synthesis, LeastPrivilegeOfManifests) {
  Town town(kShop);
  add_links_of_manifests(*town.snapshot, *town.topology, town.links);
  add_entry_points(*town.snapshot, *town.topology, town.links);
  const Generated generated = generate_policies(*town.topology, town.links, {});
  const Candidate after = town.after(generated);
  const auto policies = network_policy::PolicySet::load(*after.snapshot, {});
  EXPECT_TRUE(policies.problems().empty());
  struct Row {
    std::string_view source;
    std::string_view destination;
    std::string_view expected;
  };
  constexpr Row kRows[] = {
      {"web", "cart", "TCP 7777"},    // the pod's port behind a named targetPort
      {"web", "ledger", "TCP 8080"},  // across namespaces
      {"web", "queue", "TCP 5672"},   // from a config map, behind a user
      {"web", "db", "TCP 5432"},      // a pod of a headless Service
      {"cart", "db", "none"},         // "--db=db" is no address
      {"cart", "queue", "none"},      // a key that nothing reads
      {"queue", "web", "TCP 8080"},   // a LoadBalancer is everybody's...
      {"queue", "cart", "none"},        {"db", "ledger", "none"},
      {"web", "dns", "TCP 53; UDP 53"}, {"db", "dns", "TCP 53; UDP 53"},
  };
  for (const Row& row : kRows) {
    if (row.source == "queue" && row.destination == "web") {
      // ...who may go out.
      EXPECT_EQ(town.between(policies, row.source, row.destination), "none");
      continue;
    }
    EXPECT_EQ(town.between(policies, row.source, row.destination), row.expected)
        << row.source << " -> " << row.destination << "\n"
        << generated.to_yaml();
  }
  const Connectivity before =
      connectivity_of(*town.topology, network_policy::PolicySet::load(*town.snapshot, {}));
  const Connectivity now = connectivity_of(*town.topology, policies);
  EXPECT_EQ(before.pairs, 30U);
  EXPECT_EQ(before.open, 30U);
  EXPECT_EQ(now.open, 0U);
  // The nine of the rows, and the DNS pod, which nothing isolates, to the two entries.
  EXPECT_EQ(now.connected, 11U);
}

TEST(Synthesis, TextOfOnePolicy) {
  Town town(kShop);
  add_links_of_manifests(*town.snapshot, *town.topology, town.links);
  const Generated generated = generate_policies(*town.topology, town.links, {});
  const auto cart = std::ranges::find(generated.policies, "cart", &GeneratedPolicy::name);
  ASSERT_NE(cart, generated.policies.end());
  EXPECT_EQ(cart->yaml, R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: cart
  namespace: shop
  annotations:
    tallystick.dev/evidence.ingress-0: env CART_ADDR of container server (shop.yaml:16)
spec:
  podSelector:
    matchLabels:
      app: cart
  policyTypes:
  - Ingress
  - Egress
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: web
    ports:
    - protocol: TCP
      port: 7777
)");
  EXPECT_EQ(generated.policies.front().name_space, "bank");
  EXPECT_EQ(generated.policies.front().name, "default-deny");
  EXPECT_EQ(generated.policies.front().yaml, R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: bank
spec:
  podSelector: {}
  policyTypes:
  - Ingress
  - Egress
  egress:
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
)");
  // A port that the Service does not have is said, not guessed.
  EXPECT_TRUE(std::ranges::any_of(town.links.notes, [](const std::string& note) {
    return note.contains("GONE_ADDR") && note.contains("port 9999");
  }));
  // The cluster's own namespaces are left alone.
  EXPECT_TRUE(std::ranges::none_of(generated.policies, [](const GeneratedPolicy& policy) {
    return policy.name_space == "kube-system";
  }));
}

TEST(Synthesis, ResultAllowsEveryObservedFlow) {
  Town town(kShop,
            "source,destination,protocol,port,time,verdict\n"
            "shop/web,shop/cart,TCP,7777,2026-01-01T00:00:00Z,\n"
            "shop/web,shop/cart,TCP,7777,2026-01-02T00:00:00Z,\n"
            "shop/queue,bank/ledger,UDP,99,,\n"
            "shop/cart,20.1.2.3,TCP,443,,\n"
            "shop/cart,20.1.2.4,TCP,443,,\n"
            "world,shop/web,TCP,8080,,\n"
            "8.8.8.8,shop/db,TCP,5432,,\n"
            "shop/db,shop/web,TCP,1,,denied\n"
            "shop/gone,shop/web,TCP,8080,,\n");
  add_links_of_flows(*town.flows, "flows.csv", town.links);
  const Generated generated = generate_policies(*town.topology, town.links, {});
  const Candidate after = town.after(generated);
  const auto policies = network_policy::PolicySet::load(*after.snapshot, {});
  const Replayed replayed = replay(*town.topology, policies, *town.flows);
  EXPECT_TRUE(replayed.denials.empty()) << replayed.denials.front().reason;
  EXPECT_EQ(replayed.allowed, 6U);
  EXPECT_EQ(replayed.was_denied, 1U);
  EXPECT_EQ(replayed.not_asked, 1U);
  // And nothing else.
  EXPECT_EQ(town.between(policies, "web", "cart"), "TCP 7777");
  EXPECT_EQ(town.between(policies, "queue", "ledger"), "UDP 99");
  EXPECT_EQ(town.between(policies, "cart", "db"), "none");
  EXPECT_EQ(town.between(policies, "db", "web"), "none");
  const std::string text = generated.to_yaml();
  EXPECT_TRUE(text.contains("evidence.egress-0: seen 2 times, first 2026-01-01T00:00:00Z, last\n"))
      << text;
  EXPECT_TRUE(text.contains("2026-01-02T00:00:00Z (flows.csv:2)\n")) << text;
  EXPECT_TRUE(text.contains("cidr: 20.1.2.3/32")) << text;
  EXPECT_TRUE(text.contains("cidr: 8.8.8.8/32")) << text;
}

TEST(Synthesis, ManyAddressesAreSaid) {
  std::string text = "source,destination,protocol,port\n";
  for (int i = 0; i < 70; i += 2) {
    text += "shop/cart,20.1.2." + std::to_string(i) + ",TCP,443\n";
  }
  Town town(kShop, text);
  add_links_of_flows(*town.flows, "f", town.links);
  const Generated generated = generate_policies(*town.topology, town.links, {});
  EXPECT_TRUE(generated.to_yaml().contains("169.254.0.0/16"));
  EXPECT_TRUE(std::ranges::any_of(generated.notes, [](const std::string& note) {
    return note.contains("35 outside addresses");
  }));
}

TEST(Synthesis, FewestStableLabels) {
  struct Row {
    std::string_view labels;  // of the pods a, b, ...
    std::string_view expected;
    std::size_t also;
  };
  constexpr Row kRows[] = {
      {"{app: a, version: v1}", "app=a", 0},
      {"{app: a, app.kubernetes.io/name: nn}", "app.kubernetes.io/name=nn", 0},
      {"{app: a, pod-template-hash: x, helm.sh/chart: c}", "app=a", 0},
      {"{app: b, version: v1}", "app=b,version=v1", 0},
      {"{zone: z}", "zone=z", 0},
      {"{app: b}", "app=b", 1},
      {"{pod-template-hash: x}", "", 1},
  };
  for (const Row& row : kRows) {
    const std::string yaml =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: one, namespace: n, labels: " +
        std::string(row.labels) +
        "}\nspec: {containers: []}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: two, "
        "namespace: n, labels: {app: b, version: v2}}\nspec: {containers: []}\n";
    const Town town(yaml);
    const PodLabels selected = select_pods(*town.topology, town.links, town.unit("one"));
    std::string text;
    for (const auto& [key, value] : selected.labels) {
      text.append(text.empty() ? "" : ",").append(key).append("=").append(value);
    }
    EXPECT_EQ(text, row.expected) << row.labels;
    EXPECT_EQ(selected.also.size(), row.also) << row.labels;
  }
}

TEST(Replay, NamesTheRuleOrThePolicies) {
  const std::string policies = std::string(kShop) + R"(---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec: {podSelector: {matchLabels: {app: cart}}, ingress: [{ports: [{port: 1}]}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: no-web, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: db}}, enableDefaultDeny: {ingress: false}, ingressDeny: [{fromEndpoints: [{matchLabels: {app: web}}]}]}
)";
  const Town town(policies,
                  "source,destination,protocol,port\nshop/web,shop/cart,TCP,1\n"
                  "shop/web,shop/cart,TCP,7777\nshop/web,shop/db,TCP,5432\n");
  const auto set = network_policy::PolicySet::load(*town.snapshot, {});
  const Replayed replayed = replay(*town.topology, set, *town.flows);
  EXPECT_EQ(replayed.allowed, 1U);
  ASSERT_EQ(replayed.denials.size(), 2U);
  EXPECT_EQ(replayed.denials[0].reason,
            "ingress of shop/cart: no rule of NetworkPolicy shop/cart (shop.yaml:95) allows it");
  EXPECT_EQ(replayed.denials[1].reason,
            "ingress of shop/db: denied by /spec/ingressDeny/0 of CiliumNetworkPolicy shop/no-web "
            "(shop.yaml:103)");
}

// A pod that only the observer knows is judged by its labels.
TEST(Replay, Strangers) {
  const std::string policies = std::string(kShop) + R"(---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: old}}}]}]}
)";
  const auto hubble = [](std::string_view app) {
    return "{\"flow\":{\"verdict\":\"FORWARDED\",\"l4\":{\"TCP\":{\"destination_port\":5432}},"
           "\"source\":{\"namespace\":\"shop\",\"pod_name\":\"q-" +
           std::string(app) + "\",\"labels\":[\"k8s:app=" + std::string(app) +
           "\"]},\"destination\":{\"namespace\":\"shop\",\"pod_name\":\"db-0\"}}}\n";
  };
  const Town town(policies, hubble("old") + hubble("new"));
  const auto set = network_policy::PolicySet::load(*town.snapshot, {});
  const Replayed replayed = replay(*town.topology, set, *town.flows);
  EXPECT_EQ(replayed.allowed, 1U);
  ASSERT_EQ(replayed.denials.size(), 1U);
  EXPECT_EQ(replayed.denials[0].source, "shop/q-new (not in the input)");
}

}  // namespace
}  // namespace tally::reachability
