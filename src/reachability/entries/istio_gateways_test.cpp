// Istio's Gateways with VirtualServices: istio.io/latest/docs/reference/config/networking, and
// pilot where istio_gateways.cpp and virtual_services.cpp name it.
#include "reachability/entries/testing/rows.hpp"

namespace tally::reachability::testing {
namespace {

// "P", "G" and "V" stand for these lines.
constexpr std::string_view kPods =
    "Pod mesh/igw #{istio: ingressgateway} {containers: [{name: a, image: a}]}\n";
constexpr std::string_view kGateway =
    "IstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: "
    "http, protocol: HTTP}, hosts: [\"*\"]}]}\n";
constexpr std::string_view kService =
    "VirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: [{destination: "
    "{host: web, port: {number: 80}}}]}]}\n";

constexpr Row kRows[] = {
    {"a Gateway and a VirtualService", "P\nG\nV",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"without VirtualServices nothing is open", "P\nG", ""},
    {"mesh is no way in",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [mesh], http: [{route: "
     "[{destination: {host: web, port: {number: 80}}}]}]}",
     ""},
    {"no gateways is mesh",
     "P\nG\nVirtualService shop/v {hosts: [web], http: [{route: [{destination: {host: web, port: "
     "{number: 80}}}]}]}",
     ""},
    {"no such Gateway",
     "VirtualService shop/v {hosts: [a.example], gateways: [mesh, none], http: [{route: "
     "[{destination: {host: web, port: {number: 80}}}]}]}",
     "! ParentAbsent v /spec/gateways/1"},
    {"a Gateway of another namespace",
     "P\nG\nVirtualService bank/v {hosts: [a.example], gateways: [shop/g], http: [{route: "
     "[{destination: {host: ledger}}]}]}",
     "VirtualService bank/v (a.example) on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 "
     "allowed"},
    {"a name without a namespace is its own",
     "P\nG\nVirtualService bank/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: ledger}}]}]}",
     "! ParentAbsent v /spec/gateways/0"},
    {"the server takes hosts of one namespace",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 80, "
     "protocol: HTTP}, hosts: [\"./*\"]}]}\nV\nVirtualService bank/v {hosts: [b.example], "
     "gateways: [shop/g], http: [{route: [{destination: {host: ledger}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\n! "
     "NamespaceNotAllowed v /spec/gateways/0"},
    {"namespace by name",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 80, "
     "protocol: HTTP}, hosts: [bank/b.example]}]}\nVirtualService bank/v {hosts: [b.example], "
     "gateways: [shop/g], http: [{route: [{destination: {host: ledger}}]}]}",
     "VirtualService bank/v (b.example) on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 "
     "allowed"},
    {"hosts that do not meet",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 80, "
     "protocol: HTTP}, hosts: [\"*.example\"]}]}\nVirtualService shop/v {hosts: [example, b.test], "
     "gateways: [g], http: [{route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "! HostMismatch v /spec/gateways/0"},
    {"the narrower host counts",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 80, "
     "protocol: HTTP}, hosts: [\"*.example\"]}]}\nVirtualService shop/v {hosts: [\"*\"], gateways: "
     "[g], http: [{route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "VirtualService shop/v (*.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"exportTo its own namespace: the gateway's pods run elsewhere",
     "P\nG\nVirtualService shop/v {exportTo: [\".\"], hosts: [a.example], gateways: [g], http: "
     "[{route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "! NamespaceNotAllowed v /spec/gateways/0"},
    {"exportTo the namespace of the pods",
     "P\nG\nVirtualService shop/v {exportTo: [mesh], hosts: [a.example], gateways: [g], http: "
     "[{route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"exportTo, and the pods are not there",
     "G\nVirtualService shop/v {exportTo: [mesh], hosts: [a.example], gateways: [g], http: "
     "[{route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 unknown\n! "
     "GatewaySelectsNothing g /spec/selector"},
    {"exportTo nobody",
     "P\nG\nVirtualService shop/v {exportTo: [\"~\"], hosts: [a.example], gateways: [g], http: "
     "[{route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "! NamespaceNotAllowed v /spec/gateways/0"},
    {"the gateway selects nothing", "G\nV",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\n! "
     "GatewaySelectsNothing g /spec/selector"},
    {"its labels are known all the same",
     "G\nV\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, "
     "podSelector: {matchLabels: {istio: ingressgateway}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\n! "
     "GatewaySelectsNothing g /spec/selector"},
    {"and denied by another value",
     "G\nV\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, "
     "podSelector: {matchLabels: {istio: egressgateway}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 denied\n! "
     "GatewaySelectsNothing g /spec/selector"},
    {"pods are selected by all labels, in any namespace",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway, zone: a}, servers: [{port: "
     "{number: 80, protocol: HTTP}, hosts: [\"*\"]}]}\nV",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\n! "
     "GatewaySelectsNothing g /spec/selector"},
    {"policies are asked of the gateway's pods",
     "P\nG\nV\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: "
     "{matchLabels: {kubernetes.io/metadata.name: mesh}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"and keep them out",
     "P\nG\nV\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 denied"},
    {"an internal load balancer before the pods",
     "P\nService mesh/igw @{networking.gke.io/load-balancer-type: Internal} {type: LoadBalancer, "
     "selector: {istio: ingressgateway}, ports: [{port: 80}]}\nG\nV",
     "LoadBalancer of Service mesh/igw on TCP 80 internal = mesh/igw TCP 80 "
     "allowed\nVirtualService shop/v (a.example) on TCP 80 to shop/web:80 internal = shop/web TCP "
     "8080 allowed"},
    {"a whole name",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: ledger.bank.svc.cluster.local}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 "
     "allowed"},
    {"a name with a dot is not completed",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: ledger.bank}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to ledger.bank\n! ServiceAbsent v "
     "/spec/http/0/route/0/destination"},
    {"a short name is of the VirtualService's namespace",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: ledger}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to ledger\n! ServiceAbsent v "
     "/spec/http/0/route/0/destination"},
    {"a host of a ServiceEntry is outside",
     "P\nG\nServiceEntry shop/s {hosts: [api.example.com]}\nVirtualService shop/v {hosts: "
     "[a.example], gateways: [g], http: [{route: [{destination: {host: api.example.com}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to api.example.com"},
    {"no port: the only one",
     "P\nG\nVirtualService bank/v {hosts: [a.example], gateways: [shop/g], http: [{route: "
     "[{destination: {host: ledger}}]}]}",
     "VirtualService bank/v (a.example) on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 "
     "allowed"},
    {"no port, several: the server's",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: web}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"no port, several, and none is the server's",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 8443, "
     "protocol: HTTP}, hosts: [\"*\"]}]}\nVirtualService shop/v {hosts: [a.example], gateways: "
     "[g], http: [{route: [{destination: {host: web}}]}]}",
     "VirtualService shop/v (a.example) on TCP 8443 to shop/web\n! PortAbsent v "
     "/spec/http/0/route/0/destination"},
    {"a port that the Service has not",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: web, port: {number: 8080}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web\n! PortAbsent v "
     "/spec/http/0/route/0/destination"},
    {"a subset that no DestinationRule has",
     "P\nG\nDestinationRule shop/d {host: web, subsets: [{name: v1, labels: {}}]}\nVirtualService "
     "shop/v {hosts: [a.example], gateways: [g], http: [{route: [{destination: {host: web, subset: "
     "v9, port: {number: 80}}}]}]}",
     "! ServiceAbsent v /spec/http/0/route/0/destination"},
    {"a subset without a DestinationRule",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: "
     "[{destination: {host: web, subset: v1, port: {number: 80}}}]}]}",
     "! ServiceAbsent v /spec/http/0/route/0/destination"},
    {"a route behind one that takes everything",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{redirect: {uri: "
     "/x}}, {route: [{destination: {host: web, port: {number: 80}}}]}]}",
     ""},
    {"a route behind one that takes its prefix",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{match: [{uri: "
     "{prefix: /a}}], redirect: {uri: /x}}, {match: [{uri: {exact: /ab}}], route: [{destination: "
     "{host: web, port: {number: 80}}}]}]}",
     ""},
    {"a route behind one that takes a part of it",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{match: [{uri: "
     "{prefix: /a}, method: {exact: GET}}], redirect: {uri: /x}}, {match: [{uri: {prefix: /a}}], "
     "route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "VirtualService shop/v (a.example, Prefix /a) on TCP 80 to shop/web:80 = shop/web TCP 8080 "
     "allowed"},
    {"a subset",
     "P\nG\nDestinationRule shop/d {host: web, subsets: [{name: v1, labels: {version: v1}}, {name: "
     "v2, labels: {version: v2}}]}\nVirtualService shop/v {hosts: [a.example], gateways: [g], "
     "http: [{route: [{destination: {host: web, subset: v1, port: {number: 80}}}, {destination: "
     "{host: web, subset: v2, port: {number: 80}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 "
     "allowed\nVirtualService shop/v (a.example) on TCP 80 to shop/web:80"},
    {"weight 0 of several gets nothing",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{route: [{weight: 0, "
     "destination: {host: web, port: {number: 80}}}, {weight: 100, destination: {host: web, port: "
     "{number: 90}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"a mirror gets a copy",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{mirror: {host: web, "
     "port: {number: 90}}, route: [{destination: {host: web, port: {number: 80}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 "
     "allowed\nVirtualService shop/v (a.example) on TCP 80 to shop/web:90 = shop/web TCP 9090 "
     "allowed"},
    {"a redirect leads nowhere",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{redirect: {uri: "
     "/x}}]}",
     ""},
    {"a server that redirects to HTTPS",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 80, "
     "protocol: HTTP}, tls: {httpsRedirect: true}, hosts: [\"*\"]}, {port: {number: 443, protocol: "
     "HTTPS}, tls: {mode: SIMPLE}, hosts: [\"*\"]}]}\nV",
     "VirtualService shop/v (a.example) on TCP 443 to shop/web:80 [terminate] = shop/web TCP 8080 "
     "allowed"},
    {"a match names another gateway",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g, mesh], http: [{match: "
     "[{gateways: [mesh], uri: {prefix: /}}], route: [{destination: {host: web, port: {number: "
     "80}}}]}]}",
     ""},
    {"a match names this gateway",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g, mesh], http: [{match: "
     "[{gateways: [g], uri: {prefix: /x}}], route: [{destination: {host: web, port: {number: "
     "80}}}]}]}",
     "VirtualService shop/v (a.example, Prefix /x) on TCP 80 to shop/web:80 = shop/web TCP 8080 "
     "allowed"},
    {"a match names another port",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{match: [{port: 81}], "
     "route: [{destination: {host: web, port: {number: 80}}}]}]}",
     ""},
    {"TLS passed through: tls routes",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 443, "
     "protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: [\"*\"]}]}\nVirtualService shop/v {hosts: "
     "[a.example], gateways: [g], http: [{route: [{destination: {host: web, port: {number: "
     "80}}}]}], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: web, port: "
     "{number: 90}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 443 to shop/web:90 [passthrough] = shop/web TCP "
     "9090 allowed"},
    {"TCP: tcp routes",
     "P\nIstioGateway shop/g {selector: {istio: ingressgateway}, servers: [{port: {number: 5432, "
     "protocol: TCP}, hosts: [\"*\"]}]}\nVirtualService shop/v {hosts: [a.example], gateways: [g], "
     "http: [{route: [{destination: {host: web, port: {number: 80}}}]}], tcp: [{route: "
     "[{destination: {host: web, port: {number: 90}}}]}]}",
     "VirtualService shop/v (a.example) on TCP 5432 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"delegation",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{delegate: {name: w, "
     "namespace: bank}}]}\nVirtualService bank/w {http: [{route: [{destination: {host: "
     "ledger}}]}]}",
     "VirtualService bank/w (a.example) on TCP 80 to bank/ledger:70 = bank/ledger TCP 7000 "
     "allowed"},
    {"delegation to nobody",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{delegate: {name: "
     "w}}]}",
     "! ParentAbsent v /spec/http/0/delegate"},
    {"delegation in a circle ends",
     "P\nG\nVirtualService shop/v {hosts: [a.example], gateways: [g], http: [{delegate: {name: "
     "v}}]}",
     ""},
    {"wrong types everywhere",
     "P\nIstioGateway shop/g {selector: [a], servers: {a: b}}\nVirtualService shop/v {hosts: {}, "
     "gateways: [g, 7, {}], http: 7}",
     "! GatewaySelectsNothing g /spec/selector\n! HostMismatch v /spec/gateways/0\n! ParentAbsent "
     "v /spec/gateways/1\n! ParentAbsent v /spec/gateways/2"},
};

TEST(IstioGateways, Rows) {
  for (const Row& row : kRows) {
    std::string lines;
    for (std::string_view rest = row.lines; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      lines += line == "P" ? kPods : line == "G" ? kGateway : line == "V" ? kService : line;
      lines += "\n";
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    expect_entries({.what = row.what, .lines = lines, .expected = row.expected});
  }
}

}  // namespace
}  // namespace tally::reachability::testing
