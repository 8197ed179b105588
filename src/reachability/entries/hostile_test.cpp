// One object of every kind, with words replaced at random by values of wrong types and by words of
// elsewhere: nothing crashes or hangs, and what is said holds together.
#include <random>

#include "reachability/entries/testing/rows.hpp"

namespace tally::reachability::testing {
namespace {

constexpr std::string_view kLines = R"(
Node node +{status: {addresses: [{type: InternalIP, address: 192.168.0.7}]}} {}
Service shop/hand {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8], ports: [{name: p, port: 80}]}
EndpointSlice shop/hand-1 #{kubernetes.io/service-name: hand} +{endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: db}}], ports: [{name: p, port: 5432}]} {}
Endpoints shop/hand +{subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{name: p, port: 9090}]}]} {}
Service shop/alias {type: ExternalName, externalName: ledger.bank.svc.cluster.local}
Service shop/door {type: NodePort, externalTrafficPolicy: Local, externalIPs: [192.0.2.1], selector: {app: web}, ports: [{port: 80, targetPort: http, nodePort: 30080}]}
IngressClass nginx @{ingressclass.kubernetes.io/is-default-class: "true"} {controller: k8s.io/ingress-nginx}
Ingress shop/i {ingressClassName: nginx, tls: [{hosts: [a.example]}], defaultBackend: {service: {name: alias, port: {number: 70}}}, rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]}
Route shop/r {host: a.example, to: {kind: Service, name: web, weight: 1}, alternateBackends: [{name: door}], port: {targetPort: http}, tls: {termination: edge}}
GatewayClass c {controllerName: istio.io/gateway-controller}
Gateway shop/g {gatewayClassName: c, addresses: [{value: door.shop.svc}], listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: {kinds: [{kind: HTTPRoute}], namespaces: {from: Selector, selector: {matchLabels: {team: front}}}}}]}
HTTPRoute shop/h {parentRefs: [{name: g, namespace: shop, sectionName: http, port: 80}], hostnames: [a.example], rules: [{matches: [{path: {type: Exact, value: /a}}], filters: [{requestMirror: {backendRef: {name: web, port: 90}}}], backendRefs: [{name: ledger, namespace: bank, port: 70, weight: 1}]}]}
ReferenceGrant bank/x {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: "", kind: Service, name: ledger}]}
IstioGateway shop/ig {selector: {app: web}, servers: [{port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE}, hosts: ["./*.example"]}]}
VirtualService shop/v {exportTo: ["."], hosts: [a.example], gateways: [ig, shop/ig], http: [{match: [{port: 443, gateways: [ig], uri: {prefix: /}}], delegate: {name: w, namespace: shop}, mirrors: [{destination: {host: web}}], route: [{weight: 1, destination: {host: ledger.bank.svc.cluster.local, subset: s, port: {number: 70}}}]}]}
VirtualService shop/w {http: [{route: [{destination: {host: web, port: {number: 80}}}]}]}
DestinationRule shop/d {host: web, subsets: [{name: s, labels: {version: v1}}]}
ServiceEntry shop/s {hosts: [api.example.com]}
NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: front}}}, {ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 8080}]}]}
)";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '/' || c == '-' || c == '*';
}

// Words that stand as values: after ": ", "[" or ", ", before "}", "]" or ",".
std::vector<std::pair<std::size_t, std::size_t>> values_of(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool begins = is_word(text[i]) && (text[i - 1] == ' ' || text[i - 1] == '[');
    if (!begins) {
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) {
      ++end;
    }
    if (end < text.size() && (text[end] == '}' || text[end] == ']' || text[end] == ',')) {
      found.emplace_back(i, end);
    }
    i = end;
  }
  return found;
}

TEST(Entries, WhateverStandsThere) {
  std::string lines = objects(kLines);
  const auto values = values_of(lines);
  ASSERT_GT(values.size(), 150U);
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  constexpr std::string_view kAtoms[] = {"7",  "[]",    "{}",   "\"\"",   "null",   "true",
                                         "-1", "1e9",   "*",    "/",      "\"*.\"", ".",
                                         "0",  "65536", "[[]]", "{a: b}", "\"*\"",  "~"};
  std::size_t entries = 0;
  std::size_t problems = 0;
  for (int round = 0; round < 400; ++round) {
    std::string text = lines;
    const std::size_t changes = 1 + below(4);
    for (std::size_t change = 0; change < changes; ++change) {
      const auto now = values_of(text);
      const auto [begin, end] = now[below(now.size())];
      const auto [other_begin, other_end] = values[below(values.size())];
      const std::string atom = below(2) == 0 ? std::string(kAtoms[below(std::size(kAtoms))])
                                             : lines.substr(other_begin, other_end - other_begin);
      text.replace(begin, end - begin, atom == "*" ? "\"*\"" : atom);
    }
    const Input input(std::string(kCluster) + text);
    entries += input.list().entries.size();
    problems += input.list().problems.size();
    for (const Entry& entry : input.list().entries) {
      ASSERT_NE(entry.object, nullptr);
      std::uint32_t next = 0;
      for (const EntryBackend& backend : entry.backends) {
        ASSERT_LT(backend.workload, input.world().workloads().size());
        ASSERT_GE(backend.workload, next) << text;
        next = backend.workload + 1;
        const auto& own = input.world().workloads()[backend.workload].endpoints;
        ASSERT_FALSE(backend.endpoints.empty());
        ASSERT_TRUE(std::ranges::includes(own, backend.endpoints)) << text;
        ASSERT_FALSE(backend.ports.is_empty());
        ASSERT_TRUE(backend.ports.contains(backend.allowed.unite(backend.unknown))) << text;
        ASSERT_FALSE(backend.allowed.intersects(backend.unknown)) << text;
        ASSERT_EQ(backend.unknown.is_empty(), backend.missing.empty()) << text;
        ASSERT_TRUE(entry.sources.contains(backend.clients)) << text;
        const bool is_denied = backend.reach() == network_policy::Verdict::Denied;
        ASSERT_TRUE(!is_denied || backend.clients.is_empty()) << text;
        if (!entry.missing.empty()) {
          ASSERT_TRUE(backend.allowed.is_empty()) << text;
        }
      }
    }
    for (const EntryProblem& problem : input.list().problems) {
      ASSERT_FALSE(problem.message.empty());
      ASSERT_FALSE(problem.pointer.empty());
    }
  }
  EXPECT_GT(entries, 400U * 5);
  EXPECT_GT(problems, 400U);
}

}  // namespace
}  // namespace tally::reachability::testing
