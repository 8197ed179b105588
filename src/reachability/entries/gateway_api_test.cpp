// Routes of Gateway API at their Gateways: gateway-api apis/v1 and the conformance tests of the
// same names (conformance/tests).
#include "reachability/entries/testing/rows.hpp"

namespace tally::reachability::testing {
namespace {

// "G" and "R" at the beginning of a row stand for these.
constexpr std::string_view kGateway =
    "Gateway shop/g {gatewayClassName: c, listeners: [{name: http, port: 80, protocol: HTTP}]}\n";
constexpr std::string_view kRoute =
    "HTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: web, port: 80}]}]}\n";

constexpr Row kRows[] = {
    {"HTTPRouteSimpleSameNamespace", "G\nR",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"matches in words",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{matches: [{path: {value: /a}}, {path: "
     "{type: Exact, value: /b}, method: GET, headers: [{name: x, value: y}]}], backendRefs: "
     "[{name: web, port: 80}]}]}",
     "HTTPRoute shop/r (Prefix /a or GET Exact /b with header x) on TCP 80 to shop/web:80 = "
     "shop/web TCP 8080 allowed"},
    {"a Gateway without routes opens nothing", "G", ""},
    {"a route without parents is nowhere",
     "G\nHTTPRoute shop/r {rules: [{backendRefs: [{name: web, port: 80}]}]}", ""},
    {"parentRef to nobody",
     "HTTPRoute shop/r {parentRefs: [{name: none}], rules: [{backendRefs: [{name: web, port: "
     "80}]}]}",
     "! ParentAbsent r /spec/parentRefs/0"},
    {"a Gateway of another namespace has to be named",
     "G\nHTTPRoute bank/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, port: "
     "70}]}]}",
     "! ParentAbsent r /spec/parentRefs/0"},
    {"HTTPRouteInvalidCrossNamespaceParentRef: Same by default",
     "G\nHTTPRoute bank/r {parentRefs: [{name: g, namespace: shop}], rules: [{backendRefs: [{name: "
     "ledger, port: 70}]}]}",
     "! NamespaceNotAllowed r /spec/parentRefs/0"},
    {"HTTPRouteCrossNamespace: All",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: "
     "{namespaces: {from: All}}}]}\nHTTPRoute bank/r {parentRefs: [{name: g, namespace: shop}], "
     "rules: [{backendRefs: [{name: ledger, port: 70}]}]}",
     "HTTPRoute bank/r on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 allowed"},
    {"Selector holds",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: "
     "{namespaces: {from: Selector, selector: {matchLabels: {team: money}}}}}]}\nHTTPRoute bank/r "
     "{parentRefs: [{name: g, namespace: shop}], rules: [{backendRefs: [{name: ledger, port: "
     "70}]}]}",
     "HTTPRoute bank/r on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 allowed"},
    {"Selector does not hold, even of its own namespace",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: "
     "{namespaces: {from: Selector, selector: {matchLabels: {team: money}}}}}]}\nR",
     "! NamespaceNotAllowed r /spec/parentRefs/0"},
    {"Selector of a namespace that is not in the input",
     "Pod lab/x #{app: x} {containers: [{name: a, image: a}]}\nService lab/x {selector: {app: x}, "
     "ports: [{port: 1}]}\nGateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, "
     "allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: "
     "money}}}}}]}\nHTTPRoute lab/r {parentRefs: [{name: g, namespace: shop}], rules: "
     "[{backendRefs: [{name: x, port: 1}]}]}",
     "HTTPRoute lab/r on TCP 80 to lab/x:1 = lab/x TCP 1 unknown"},
    {"Selector without one",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: "
     "{namespaces: {from: Selector}}}]}\nR",
     "! NamespaceNotAllowed r /spec/parentRefs/0"},
    {"None",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: "
     "{namespaces: {from: None}}}]}\nR",
     "! NamespaceNotAllowed r /spec/parentRefs/0"},
    {"sectionName",
     "Gateway shop/g {listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, "
     "protocol: HTTP}]}\nHTTPRoute shop/r {parentRefs: [{name: g, sectionName: b}], rules: "
     "[{backendRefs: [{name: web, port: 80}]}]}",
     "HTTPRoute shop/r on TCP 81 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"HTTPRouteInvalidParentRefNotMatchingSectionName",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g, sectionName: b}], rules: [{backendRefs: [{name: "
     "web, port: 80}]}]}",
     "! ParentAbsent r /spec/parentRefs/0"},
    {"HTTPRouteParentRefPort",
     "Gateway shop/g {listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, "
     "protocol: HTTP}]}\nHTTPRoute shop/r {parentRefs: [{name: g, port: 81}], rules: "
     "[{backendRefs: [{name: web, port: 80}]}]}",
     "HTTPRoute shop/r on TCP 81 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"a port that no listener has",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g, port: 81}], rules: [{backendRefs: [{name: web, "
     "port: 80}]}]}",
     "! ParentAbsent r /spec/parentRefs/0"},
    {"every listener that takes it",
     "Gateway shop/g {listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 443, "
     "protocol: HTTPS}, {name: c, port: 90, protocol: TCP}]}\nR",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\nHTTPRoute shop/r on "
     "TCP 443 to shop/web:80 [terminate] = shop/web TCP 8080 allowed"},
    {"kinds",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: "
     "[{kind: GRPCRoute}]}}]}\nR",
     "! KindNotAllowed r /spec/parentRefs/0"},
    {"a kind that does not go with the protocol",
     "Gateway shop/g {listeners: [{name: t, port: 80, protocol: TCP, allowedRoutes: {kinds: "
     "[{kind: HTTPRoute}]}}]}\nR",
     "! KindNotAllowed r /spec/parentRefs/0"},
    {"GRPCRoute",
     "G\nGRPCRoute shop/r {parentRefs: [{name: g}], rules: [{matches: [{method: {service: a.B, "
     "method: C}}], backendRefs: [{name: web, port: 80}]}]}",
     "GRPCRoute shop/r (a.B C) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"TLSRoute",
     "Gateway shop/g {listeners: [{name: t, port: 443, protocol: TLS, hostname: \"*.example.com\", "
     "tls: {mode: Passthrough}}]}\nTLSRoute shop/r {parentRefs: [{name: g}], hostnames: "
     "[a.example.com], rules: [{backendRefs: [{name: web, port: 80}]}]}",
     "TLSRoute shop/r (a.example.com) on TCP 443 to shop/web:80 [passthrough] = shop/web TCP 8080 "
     "allowed"},
    {"TCPRoute where TLS is passed through",
     "Gateway shop/g {listeners: [{name: t, port: 443, protocol: TLS, tls: {mode: "
     "Passthrough}}]}\nTCPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: "
     "web, port: 80}]}]}",
     "! KindNotAllowed r /spec/parentRefs/0"},
    {"TCPRoute",
     "Gateway shop/g {listeners: [{name: t, port: 5432, protocol: TCP}]}\nTCPRoute shop/r "
     "{parentRefs: [{name: g}], rules: [{backendRefs: [{name: web, port: 90}]}]}",
     "TCPRoute shop/r on TCP 5432 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"UDPRoute",
     "Service shop/u {selector: {app: db}, ports: [{port: 53, protocol: UDP}]}\nGateway shop/g "
     "{listeners: [{name: t, port: 53, protocol: UDP}]}\nUDPRoute shop/r {parentRefs: [{name: g}], "
     "rules: [{backendRefs: [{name: u, port: 53}]}]}",
     "UDPRoute shop/r on UDP 53 to shop/u:53 = shop/db UDP 53 allowed"},
    {"HTTPRouteHostnameIntersection: the narrower of the two",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, hostname: "
     "\"*.example.com\"}]}\nHTTPRoute shop/r {parentRefs: [{name: g}], hostnames: [a.example.com, "
     "x.y.example.com, example.com, a.example.org], rules: [{backendRefs: [{name: web, port: "
     "80}]}]}",
     "HTTPRoute shop/r (a.example.com, x.y.example.com) on TCP 80 to shop/web:80 = shop/web TCP "
     "8080 allowed"},
    {"the listener's where the route names none",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, hostname: "
     "a.example.com}]}\nR",
     "HTTPRoute shop/r (a.example.com) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"a route's wildcard",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, hostname: "
     "a.example.com}]}\nHTTPRoute shop/r {parentRefs: [{name: g}], hostnames: [\"*.EXAMPLE.com\"], "
     "rules: [{backendRefs: [{name: web, port: 80}]}]}",
     "HTTPRoute shop/r (a.example.com) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"no host in common",
     "Gateway shop/g {listeners: [{name: http, port: 80, protocol: HTTP, hostname: "
     "\"*.example.com\"}]}\nHTTPRoute shop/r {parentRefs: [{name: g}], hostnames: [example.com], "
     "rules: [{backendRefs: [{name: web, port: 80}]}]}",
     "! HostMismatch r /spec/parentRefs/0"},
    {"HTTPRouteInvalidCrossNamespaceBackendRef",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}",
     "! NotGranted r /spec/rules/0/backendRefs/0"},
    {"HTTPRouteReferenceGrant",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}\nReferenceGrant bank/x {from: [{group: "
     "gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: \"\", kind: "
     "Service}]}",
     "HTTPRoute shop/r on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 allowed"},
    {"a grant to one name",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}\nReferenceGrant bank/x {from: [{group: "
     "gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{kind: Service, name: "
     "other}]}",
     "! NotGranted r /spec/rules/0/backendRefs/0"},
    {"a grant to another kind of route",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}\nReferenceGrant bank/x {from: [{group: "
     "gateway.networking.k8s.io, kind: GRPCRoute, namespace: shop}], to: [{kind: Service}]}",
     "! NotGranted r /spec/rules/0/backendRefs/0"},
    {"a grant to another namespace",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}\nReferenceGrant bank/x {from: [{group: "
     "gateway.networking.k8s.io, kind: HTTPRoute, namespace: lab}], to: [{kind: Service}]}",
     "! NotGranted r /spec/rules/0/backendRefs/0"},
    {"a grant that stands in the route's namespace",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}\nReferenceGrant shop/x {from: [{group: "
     "gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{kind: Service}]}",
     "! NotGranted r /spec/rules/0/backendRefs/0"},
    {"a grant to secrets",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ledger, "
     "namespace: bank, port: 70}]}]}\nReferenceGrant bank/x {from: [{group: "
     "gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{kind: Secret}]}",
     "! NotGranted r /spec/rules/0/backendRefs/0"},
    {"HTTPRouteInvalidNonExistentBackendRef",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: none, port: "
     "80}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/none\n! ServiceAbsent r /spec/rules/0/backendRefs/0"},
    {"the port of the pods is not taken",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: web, port: "
     "9090}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web\n! PortAbsent r /spec/rules/0/backendRefs/0"},
    {"a backend needs a port",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: web}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web\n! Invalid r /spec/rules/0/backendRefs/0"},
    {"HTTPRouteWeight: 0 gets nothing",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{name: web, port: 80, "
     "weight: 0}, {name: web, port: 90, weight: 1}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"HTTPRouteInvalidBackendRefUnknownKind",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{backendRefs: [{group: "
     "multicluster.x-k8s.io, kind: ServiceImport, name: web, port: 80}]}]}",
     "! NotFollowed r /spec/rules/0/backendRefs/0"},
    {"HTTPRouteRequestMirror",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{filters: [{type: RequestMirror, "
     "requestMirror: {backendRef: {name: web, port: 90}}}], backendRefs: [{name: web, port: "
     "80}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\nHTTPRoute shop/r on "
     "TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"HTTPRouteRedirect leads nowhere",
     "G\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: [{filters: [{type: RequestRedirect, "
     "requestRedirect: {scheme: https}}]}]}",
     ""},
    {"BackendTLSPolicy",
     "Gateway shop/g {listeners: [{name: https, port: 443, protocol: HTTPS}]}\nR\nBackendTLSPolicy "
     "shop/b {targetRefs: [{group: \"\", kind: Service, name: web}]}",
     "HTTPRoute shop/r on TCP 443 to shop/web:80 [reencrypt] = shop/web TCP 8080 allowed"},
    {"ExternalName: most implementations refuse it",
     "G\nService shop/x {type: ExternalName, externalName: "
     "ledger.bank.svc.cluster.local}\nHTTPRoute shop/r {parentRefs: [{name: g}], rules: "
     "[{backendRefs: [{name: x, port: 70}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/x:70 = bank/ledger TCP 7000 unknown\n! NotFollowed r "
     "/spec/rules/0/backendRefs/0"},
    {"a Service as parent is a rule of the mesh",
     "HTTPRoute shop/r {parentRefs: [{group: \"\", kind: Service, name: web}], rules: "
     "[{backendRefs: [{name: web, port: 90}]}]}",
     ""},
    {"another kind of parent",
     "HTTPRoute shop/r {parentRefs: [{group: example.com, kind: Door, name: web}], rules: "
     "[{backendRefs: [{name: web, port: 90}]}]}",
     "! NotFollowed r /spec/parentRefs/0"},
    {"a waypoint is no way in",
     "Gateway shop/g {gatewayClassName: istio-waypoint, listeners: [{name: http, port: 80, "
     "protocol: HTTP}]}\nR",
     ""},
    {"a listener without a port", "Gateway shop/g {listeners: [{name: http, protocol: HTTP}]}\nR",
     "! Invalid g /spec/listeners/0\n! ParentAbsent r /spec/parentRefs/0"},
    {"internal: a class of GKE",
     "Gateway shop/g {gatewayClassName: gke-l7-rilb, listeners: [{name: http, port: 80, protocol: "
     "HTTP}]}\nR",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
    {"GKE's proxies are no pods",
     "Gateway shop/g {gatewayClassName: gke-l7-gxlb, listeners: [{name: http, port: 80, protocol: "
     "HTTP}]}\nR\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: "
     "{}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 denied"},
    {"internal: handed on to the Service",
     "Gateway shop/g {infrastructure: {annotations: {networking.gke.io/load-balancer-type: "
     "Internal}}, listeners: [{name: http, port: 80, protocol: HTTP}]}\nR",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
    {"internal: Istio's Service is a ClusterIP",
     "Gateway shop/g @{networking.istio.io/service-type: ClusterIP} {gatewayClassName: istio, "
     "listeners: [{name: http, port: 80, protocol: HTTP}]}\nR",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
    {"its pods are not there: perhaps",
     "G\nR\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: "
     "{gateway.networking.k8s.io/gateway-name: g}}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 unknown"},
    {"its pods are not there: not those of another namespace that has workloads",
     "G\nR\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: "
     "{matchLabels: {kubernetes.io/metadata.name: bank}}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 denied"},
    {"its pods are not there, Istio makes them beside the Gateway",
     "Gateway shop/g {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: "
     "HTTP}]}\nR\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{podSelector: "
     "{matchLabels: {gateway.networking.k8s.io/gateway-name: g}}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"its pods are there",
     "G\nR\nPod shop/gp #{gateway.networking.k8s.io/gateway-name: g} {containers: [{name: a, "
     "image: a}]}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{podSelector: "
     "{matchLabels: {gateway.networking.k8s.io/gateway-name: g}}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"pods of that label elsewhere are not its",
     "G\nR\nPod bank/gp #{gateway.networking.k8s.io/gateway-name: g} {containers: [{name: a, "
     "image: a}]}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: "
     "{}, podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: g}}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 unknown"},
    {"Envoy Gateway's pods run elsewhere",
     "G\nR\nPod bank/gp #{gateway.envoyproxy.io/owning-gateway-name: g, "
     "gateway.envoyproxy.io/owning-gateway-namespace: shop} {containers: [{name: a, image: "
     "a}]}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: "
     "{matchLabels: {team: money}}}]}]}",
     "HTTPRoute shop/r on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"wrong types everywhere",
     "Gateway shop/g {listeners: {a: b}, gatewayClassName: []}\nHTTPRoute shop/r {parentRefs: [7, "
     "{name: g}], hostnames: 7, rules: [[], 7, {backendRefs: 7, matches: {}}]}",
     "! ParentAbsent r /spec/parentRefs/0\n! ParentAbsent r /spec/parentRefs/1"},
};

TEST(GatewayApi, Rows) {
  for (const Row& row : kRows) {
    std::string lines;
    for (std::string_view rest = row.lines; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      lines += line == "G" ? kGateway : line == "R" ? kRoute : line;
      lines += "\n";
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    expect_entries({.what = row.what, .lines = lines, .expected = row.expected});
  }
}

// The product of long lists is bounded: what is left out is said.
TEST(GatewayApi, HugeListsEnd) {
  std::string listeners;
  std::string parents;
  std::string hosts;
  std::string rules;
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    listeners += "{name: l" + n + ", port: 80, protocol: HTTP},";
    parents += "{name: g},";
    hosts += "h" + n + ".example.com,";
    rules += "{backendRefs: [{name: web, port: 80}, {name: web, port: 90}]},";
  }
  const Input input(std::string(kCluster) +
                    objects("Gateway shop/g {listeners: [" + listeners +
                            "]}\nHTTPRoute shop/r {parentRefs: [" + parents + "], hostnames: [" +
                            hosts + "], rules: [" + rules + "]}"));
  EXPECT_EQ(input.list().entries.size(), 10'000U);
  const auto count =
      std::ranges::count(input.list().problems, EntryProblem::Kind::TooMany, &EntryProblem::kind);
  EXPECT_EQ(count, 5);  // listeners, parentRefs, hostnames, rules, entries
}

}  // namespace
}  // namespace tally::reachability::testing
