// Ingress (kubernetes.io/docs/concepts/services-networking/ingress) and OpenShift's Route
// (openshift/router pkg/router/template/router.go), and who stands at their door.
#include "reachability/entries/testing/rows.hpp"

namespace tally::reachability::testing {
namespace {

constexpr Row kIngress[] = {
    {"a path by number",
     "Ingress shop/i {rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, "
     "backend: {service: {name: web, port: {number: 80}}}}]}}]}",
     "Ingress shop/i (a.example, Prefix /) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"a path by name",
     "Ingress shop/i {rules: [{http: {paths: [{path: /x, pathType: Exact, backend: {service: "
     "{name: web, port: {name: admin}}}}]}}]}",
     "Ingress shop/i (Exact /x) on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"the backend for the rest",
     "Ingress shop/i {defaultBackend: {service: {name: web, port: {number: 90}}}}",
     "Ingress shop/i on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"of the older API",
     "Ingress shop/i {rules: [{http: {paths: [{backend: {serviceName: web, servicePort: "
     "http}}]}}]}",
     "Ingress shop/i on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"TLS of its host",
     "Ingress shop/i {tls: [{hosts: [a.example]}], rules: [{host: a.example, http: {paths: "
     "[{backend: {service: {name: web, port: {number: 80}}}}]}}]}",
     "Ingress shop/i (a.example) on TCP 443 to shop/web:80 [terminate] = shop/web TCP 8080 "
     "allowed"},
    {"TLS of another host",
     "Ingress shop/i {tls: [{hosts: [b.example]}], rules: [{host: a.example, http: {paths: "
     "[{backend: {service: {name: web, port: {number: 80}}}}]}}]}",
     "Ingress shop/i (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"TLS of a wildcard",
     "Ingress shop/i {tls: [{hosts: [\"*.example\"]}], rules: [{host: a.example, http: {paths: "
     "[{backend: {service: {name: web, port: {number: 80}}}}]}}]}",
     "Ingress shop/i (a.example) on TCP 443 to shop/web:80 [terminate] = shop/web TCP 8080 "
     "allowed"},
    {"TLS passed through",
     "Ingress shop/i @{nginx.ingress.kubernetes.io/ssl-passthrough: \"true\"} {rules: [{host: "
     "a.example, http: {paths: [{backend: {service: {name: web, port: {number: 80}}}}]}}]}",
     "Ingress shop/i (a.example) on TCP 443 to shop/web:80 [passthrough] = shop/web TCP 8080 "
     "allowed"},
    {"TLS on both sides",
     "Ingress shop/i @{nginx.ingress.kubernetes.io/backend-protocol: HTTPS} {tls: [{}], "
     "defaultBackend: {service: {name: web, port: {number: 80}}}}",
     "Ingress shop/i on TCP 443 to shop/web:80 [reencrypt] = shop/web TCP 8080 allowed"},
    {"no such Service",
     "Ingress shop/i {defaultBackend: {service: {name: none, port: {number: 80}}}}",
     "Ingress shop/i on TCP 80 to shop/none\n! ServiceAbsent i /spec/defaultBackend"},
    {"a Service of another namespace",
     "Ingress shop/i {defaultBackend: {service: {name: ledger, port: {number: 70}}}}",
     "Ingress shop/i on TCP 80 to shop/ledger\n! ServiceAbsent i /spec/defaultBackend"},
    {"no such port", "Ingress shop/i {defaultBackend: {service: {name: web, port: {number: 81}}}}",
     "Ingress shop/i on TCP 80 to shop/web\n! PortAbsent i /spec/defaultBackend"},
    {"no such name of a port",
     "Ingress shop/i {defaultBackend: {service: {name: web, port: {name: https}}}}",
     "Ingress shop/i on TCP 80 to shop/web\n! PortAbsent i /spec/defaultBackend"},
    {"the port of the pods: ingress-nginx takes it",
     "Ingress shop/i {defaultBackend: {service: {name: web, port: {number: 9090}}}}",
     "Ingress shop/i on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed\n! PortAbsent i "
     "/spec/defaultBackend"},
    {"no port", "Ingress shop/i {defaultBackend: {service: {name: web}}}",
     "Ingress shop/i on TCP 80 to shop/web\n! Invalid i /spec/defaultBackend"},
    {"a port out of range",
     "Ingress shop/i {defaultBackend: {service: {name: web, port: {number: 70000}}}}",
     "Ingress shop/i on TCP 80 to shop/web\n! Invalid i /spec/defaultBackend"},
    {"a resource", "Ingress shop/i {defaultBackend: {resource: {kind: StorageBucket, name: b}}}",
     "! NotFollowed i /spec/defaultBackend"},
    {"a path without a backend", "Ingress shop/i {rules: [{http: {paths: [{path: /}]}}]}",
     "! Invalid i /spec/rules/0/http/paths/0/backend"},
    {"wrong types everywhere",
     "Ingress shop/i {defaultBackend: [], rules: {a: b}, tls: 7, ingressClassName: {}}",
     "! Invalid i /spec/defaultBackend"},
    {"a headless Service: controllers send to its pods",
     "Service shop/x {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: "
     "9090}]}\nIngress shop/i {defaultBackend: {service: {name: x, port: {number: 80}}}}",
     "Ingress shop/i on TCP 80 to shop/x:80 = shop/web TCP 9090 allowed"},
    {"a name that leads back into the cluster, past namespaces",
     "Service shop/x {type: ExternalName, externalName: ledger.bank.svc.cluster.local}\nIngress "
     "shop/i {defaultBackend: {service: {name: x, port: {number: 70}}}}",
     "Ingress shop/i on TCP 80 to shop/x:70 = bank/ledger TCP 7000 allowed"},
    {"a name outside",
     "Service shop/x {type: ExternalName, externalName: www.example.com}\nIngress shop/i "
     "{defaultBackend: {service: {name: x, port: {number: 70}}}}",
     "Ingress shop/i on TCP 80 to shop/x"},
    {"names in a circle",
     "Service shop/x {type: ExternalName, externalName: y.shop.svc}\nService shop/y {type: "
     "ExternalName, externalName: x.shop.svc}\nIngress shop/i {defaultBackend: {service: {name: x, "
     "port: {number: 70}}}}",
     "Ingress shop/i on TCP 80 to shop/x"},
    {"class by field",
     "IngressClass c {controller: cilium.io/ingress-controller}\nIngress shop/i {ingressClassName: "
     "c, defaultBackend: {service: {name: web, port: {number: 80}}}}\nNetworkPolicy shop/p "
     "{podSelector: {}, policyTypes: [Ingress]}",
     "Ingress shop/i on TCP 80 to shop/web:80 = shop/web TCP 8080 denied"},
    {"Cilium's proxy has an identity of its own",
     "IngressClass c {controller: cilium.io/ingress-controller}\nIngress shop/i {ingressClassName: "
     "c, defaultBackend: {service: {name: web, port: {number: 80}}}}\nCiliumNetworkPolicy shop/p "
     "{endpointSelector: {}, ingress: [{fromEntities: [ingress]}]}",
     "Ingress shop/i on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"an ALB is internal unless it is told otherwise",
     "Ingress shop/i {ingressClassName: alb, defaultBackend: {service: {name: web, port: {number: "
     "80}}}}",
     "Ingress shop/i on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
    {"an ALB that is told otherwise",
     "Ingress shop/i @{alb.ingress.kubernetes.io/scheme: internet-facing} {ingressClassName: alb, "
     "defaultBackend: {service: {name: web, port: {number: 80}}}}",
     "Ingress shop/i on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed"},
    {"a load balancer is no pod: its addresses are not known",
     "Ingress shop/i @{kubernetes.io/ingress.class: gce} {defaultBackend: {service: {name: web, "
     "port: {number: 80}}}}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: "
     "{cidr: 130.211.0.0/22}}]}]}",
     "Ingress shop/i on TCP 80 to shop/web:80 = shop/web TCP 8080 unknown"},
    {"a load balancer is no pod: pods are let in",
     "Ingress shop/i @{kubernetes.io/ingress.class: gce} {defaultBackend: {service: {name: web, "
     "port: {number: 80}}}}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: "
     "[{namespaceSelector: {}}]}]}",
     "Ingress shop/i on TCP 80 to shop/web:80 = shop/web TCP 8080 denied"},
    {"an internal class of GKE",
     "Ingress shop/i @{kubernetes.io/ingress.class: gce-internal} {defaultBackend: {service: "
     "{name: web, port: {number: 80}}}}",
     "Ingress shop/i on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
    {"the annotation goes before the field",
     "Ingress shop/i @{kubernetes.io/ingress.class: gce-internal} {ingressClassName: nginx, "
     "defaultBackend: {service: {name: web, port: {number: 80}}}}",
     "Ingress shop/i on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
    {"the default class",
     "IngressClass c @{ingressclass.kubernetes.io/is-default-class: \"true\"} {controller: "
     "ingress.k8s.aws/alb}\nIngress shop/i {defaultBackend: {service: {name: web, port: {number: "
     "80}}}}",
     "Ingress shop/i on TCP 80 to shop/web:80 internal = shop/web TCP 8080 allowed"},
};

TEST(IngressEntries, Rows) {
  for (const Row& row : kIngress) {
    expect_entries(row);
  }
}

constexpr Row kRoutes[] = {
    {"every port without one", "Route shop/r {host: a.example, to: {kind: Service, name: web}}",
     "Route shop/r (a.example) on TCP 80 to shop/web:80 = shop/web TCP 8080 allowed\n"
     "Route shop/r (a.example) on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"a name is that of the Service's port",
     "Route shop/r {to: {name: web}, port: {targetPort: admin}}",
     "Route shop/r on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"a number is that of the pods' port",
     "Route shop/r {to: {name: web}, port: {targetPort: 9090}}",
     "Route shop/r on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"the number of the Service's port is not asked",
     "Route shop/r {to: {name: web}, port: {targetPort: 90}}",
     "Route shop/r on TCP 80 to shop/web\n! PortAbsent r /spec/to"},
    {"others, with weights",
     "Route shop/r {to: {name: web, weight: 0}, alternateBackends: [{kind: Service, name: web, "
     "weight: 10}, {kind: Pod, name: web}, {kind: Service}], port: {targetPort: 9090}}",
     "Route shop/r on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed\n! NotFollowed r "
     "/spec/alternateBackends/1\n! Invalid r /spec/alternateBackends/2"},
    {"edge", "Route shop/r {to: {name: web}, tls: {termination: edge}, port: {targetPort: 9090}}",
     "Route shop/r on TCP 443 to shop/web:90 [terminate] = shop/web TCP 9090 allowed"},
    {"reencrypt",
     "Route shop/r {to: {name: web}, tls: {termination: reencrypt}, path: /x, port: {targetPort: "
     "9090}}",
     "Route shop/r (Prefix /x) on TCP 443 to shop/web:90 [reencrypt] = shop/web TCP 9090 allowed"},
    {"passthrough",
     "Route shop/r {to: {name: web}, tls: {termination: passthrough}, port: {targetPort: 9090}}",
     "Route shop/r on TCP 443 to shop/web:90 [passthrough] = shop/web TCP 9090 allowed"},
    {"a wildcard",
     "Route shop/r {host: a.b.example, wildcardPolicy: Subdomain, to: {name: web}, port: "
     "{targetPort: 9090}}",
     "Route shop/r (*.b.example) on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
    {"no such Service", "Route shop/r {to: {name: none}}",
     "Route shop/r on TCP 80 to shop/none\n! ServiceAbsent r /spec/to"},
    {"wrong types", "Route shop/r {to: [], alternateBackends: 7, port: x}", "! Invalid r /spec/to"},
    {"the router's pods are in the input",
     "Pod bank/router #{ingresscontroller.operator.openshift.io/deployment-ingresscontroller: "
     "default} {containers: [{name: a, image: a}]}\n"
     "Route shop/r {to: {name: web}, port: {targetPort: 9090}}\nNetworkPolicy shop/p {podSelector: "
     "{}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: money}}}]}]}",
     "Route shop/r on TCP 80 to shop/web:90 = shop/web TCP 9090 allowed"},
};

TEST(RouteEntries, Rows) {
  for (const Row& row : kRoutes) {
    expect_entries(row);
  }
}

// One Ingress of class nginx to shop/web:80; what policies make of its controller.
struct DoorRow {
  std::string_view what;
  std::string_view lines;
  std::string_view expected;
};

constexpr std::string_view kController =
    "Pod edge/nginx #{app.kubernetes.io/name: ingress-nginx} {containers: [{name: a, image: a}]}\n";

constexpr DoorRow kDoors[] = {
    {"no policy", "", "allowed"},
    {"everybody", "NetworkPolicy shop/p {podSelector: {}, ingress: [{}]}", "allowed"},
    {"nobody", "NetworkPolicy shop/p {podSelector: {}, policyTypes: [Ingress]}", "denied"},
    {"every pod",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",
     "allowed"},
    {"on another port",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{ports: [{port: 9090}]}]}", "denied"},
    {"the pods of its own namespace, which is there whole",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", "denied"},
    {"a namespace that has workloads",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{kubernetes.io/metadata.name: bank}}}]}]}",
     "denied"},
    {"a namespace that is not in the input",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{kubernetes.io/metadata.name: edge}}}]}]}",
     "unknown"},
    {"a label of a namespace",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{team: front}}}]}]}",
     "unknown"},
    {"every namespace but one",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: "
     "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: "
     "[bank]}]}}]}]}",
     "allowed"},
    {"labels of pods",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, "
     "podSelector: {matchLabels: {a: b}}}]}]}",
     "unknown"},
    {"addresses",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
     "unknown"},
    {"all addresses",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
     "allowed"},
    {"its pods are there: let in",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{kubernetes.io/metadata.name: edge}}}]}]}\nC",
     "allowed"},
    {"its pods are there: kept out",
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
     "{kubernetes.io/metadata.name: bank}}}]}]}\nC",
     "denied"},
    {"its pods are there: not let out",
     "NetworkPolicy edge/p {podSelector: {}, policyTypes: [Egress]}\nC", "denied"},
    {"its pods are there: let out to the pods' port",
     "NetworkPolicy edge/p {podSelector: {}, egress: [{ports: [{port: 8080}]}]}\nC", "allowed"},
    {"its pods are there: let out to the Service's port",
     "NetworkPolicy edge/p {podSelector: {}, egress: [{ports: [{port: 80}]}]}\nC", "denied"},
};

TEST(IngressEntries, WhoStandsAtTheDoor) {
  for (const DoorRow& row : kDoors) {
    const bool has_controller = row.lines.ends_with("\nC");
    const std::string_view lines =
        has_controller ? row.lines.substr(0, row.lines.size() - 2) : row.lines;
    const Input input(
        std::string(kCluster) +
        objects(std::string(lines) + "\n" + std::string(has_controller ? kController : "") +
                "IngressClass nginx {controller: k8s.io/ingress-nginx}\n"
                "Ingress shop/i {ingressClassName: nginx, defaultBackend: {service: {name: web, "
                "port: {number: 80}}}}"));
    ASSERT_EQ(input.list().entries.size(), 1U) << row.what;
    const Entry& entry = input.list().entries.front();
    EXPECT_EQ(network_policy::to_text(entry.reach()), row.expected) << row.what << "\n"
                                                                    << row.lines;
    // The missing fact is named where it counts, and only there.
    EXPECT_EQ(entry.backends.front().missing.empty(), row.expected != "unknown") << row.what;
  }
}

// What Services before the controller say of the world's way to it.
constexpr Row kFronts[] = {
    {"an open load balancer",
     "Service edge/front {type: LoadBalancer, selector: {app.kubernetes.io/name: ingress-nginx}, "
     "ports: [{port: 80}]}",
     ""},
    {"an internal one",
     "Service edge/front @{networking.gke.io/load-balancer-type: Internal} {type: LoadBalancer, "
     "selector: {app.kubernetes.io/name: ingress-nginx}, ports: [{port: 80}]}",
     "internal"},
    {"one of each",
     "Service edge/front @{networking.gke.io/load-balancer-type: Internal} {type: LoadBalancer, "
     "selector: {app.kubernetes.io/name: ingress-nginx}, ports: [{port: 80}]}\nService edge/m "
     "{type: NodePort, selector: {app.kubernetes.io/name: ingress-nginx}, ports: [{port: 80}]}",
     ""},
    {"one for few addresses",
     "Service edge/front {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8], selector: "
     "{app.kubernetes.io/name: ingress-nginx}, ports: [{port: 80}]}",
     "10.0.0.0/8"},
    {"of other pods",
     "Service edge/front @{networking.gke.io/load-balancer-type: Internal} {type: LoadBalancer, "
     "selector: {a: b}, ports: [{port: 80}]}",
     ""},
};

TEST(IngressEntries, ServicesBeforeTheController) {
  for (const Row& row : kFronts) {
    const Input input(
        std::string(kCluster) +
        objects(std::string(kController) + std::string(row.lines) +
                "\nIngress shop/i {ingressClassName: nginx, defaultBackend: {service: "
                "{name: web, port: {number: 80}}}}"));
    const auto at = std::ranges::find(input.list().entries, EntryKind::Ingress, &Entry::kind);
    ASSERT_NE(at, input.list().entries.end());
    const std::string found = at->is_internal()                          ? "internal"
                              : at->sources == scalar::AddressSet::all() ? ""
                                                                         : to_words(at->sources);
    EXPECT_EQ(found, row.expected) << row.what;
  }
}

}  // namespace
}  // namespace tally::reachability::testing
