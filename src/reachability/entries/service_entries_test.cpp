// Services that are open outside: each row says what
// kubernetes.io/docs/concepts/services-networking or the file named in service_entries.cpp says.
#include "reachability/entries/testing/rows.hpp"

namespace tally::reachability::testing {
namespace {

constexpr Row kRows[] = {
    {"ClusterIP opens nothing", "", ""},
    {"a node port",
     "Service shop/x {type: NodePort, externalTrafficPolicy: Local, selector: {app: web}, ports: "
     "[{port: 80, targetPort: http, nodePort: 30080}]}",
     "NodePort of Service shop/x on TCP 30080 = shop/web TCP 8080 allowed"},
    {"the server chooses the node port",
     "Service shop/x {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]}",
     "NodePort of Service shop/x = shop/web TCP 8080 allowed"},
    {"targetPort is port where it is absent",
     "Service shop/x {type: NodePort, selector: {app: db}, ports: [{port: 5432, nodePort: 30001}]}",
     "NodePort of Service shop/x on TCP 30001 = shop/db TCP 5432 allowed"},
    {"protocols of their own",
     "Service shop/x {type: LoadBalancer, selector: {app: db}, ports: [{name: a, port: 53, "
     "protocol: UDP}, {name: b, port: 53}]}",
     "LoadBalancer of Service shop/x on UDP 53 = shop/db UDP 53 allowed\n"
     "LoadBalancer of Service shop/x on TCP 53 = shop/db TCP 53 allowed"},
    {"a named port is that of the pod",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 443, targetPort: "
     "admin}]}",
     "LoadBalancer of Service shop/x on TCP 443 = shop/web TCP 9090 allowed"},
    {"a named port of another protocol is not there",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 443, protocol: UDP, "
     "targetPort: admin}]}",
     "LoadBalancer of Service shop/x on UDP 443\n! NamedPortAbsent x /spec/ports/0"},
    {"a named port that no pod has",
     "Service shop/x {type: LoadBalancer, selector: {app: db}, ports: [{port: 443, targetPort: "
     "admin}]}",
     "LoadBalancer of Service shop/x on TCP 443\n! NamedPortAbsent x /spec/ports/0"},
    {"nobody behind it",
     "Service shop/x {type: LoadBalancer, selector: {app: none}, ports: [{port: 443}]}",
     "LoadBalancer of Service shop/x on TCP 443\n! NoPods x /spec"},
    {"pods of another namespace are not selected",
     "Service bank/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 443}]}",
     "LoadBalancer of Service bank/x on TCP 443\n! NoPods x /spec"},
    {"policies are asked of the pod's port",
     "Service shop/x {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, "
     "ports: [{port: 80, targetPort: http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 denied"},
    {"and it is the pod's port that counts",
     "Service shop/x {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, "
     "ports: [{port: 80, targetPort: http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{ports: [{port: 8080}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed"},
    {"default deny",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
     "http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, policyTypes: [Ingress]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 denied"},
    {"pods only: no client is one",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
     "http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 denied"},
    {"Local: the client's address counts",
     "Service shop/x {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, "
     "ports: [{port: 80, targetPort: http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
     "203.0.113.0/24}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed from 203.0.113.0/24"},
    {"Cluster: the client's or a node's",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
     "http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
     "203.0.113.0/24}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 unknown"},
    {"Cluster: every address is either",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
     "http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed"},
    {"Cluster: the addresses of nodes are known and let in",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
     "http}]}\n"
     "Node node +{status: {addresses: [{type: InternalIP, address: 192.168.0.7}]}} {}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
     "192.168.0.0/16}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed"},
    {"Cluster: the addresses of nodes are known and kept out",
     "Service shop/x {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: "
     "http}]}\n"
     "Node node +{status: {addresses: [{type: InternalIP, address: 192.168.0.7}]}} {}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
     "203.0.113.0/24}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 unknown from 203.0.113.0/24"},
    {"sources of the load balancer",
     "Service shop/x {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerSourceRanges: "
     "[198.51.100.0/24, 10.0.0.0/8], selector: {app: web}, ports: [{port: 80, targetPort: http}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed from 10.0.0.0/8, "
     "198.51.100.0/24"},
    {"sources that policies keep out",
     "Service shop/x {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerSourceRanges: "
     "[198.51.100.0/24], selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n"
     "NetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
     "203.0.113.0/24}}]}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 denied"},
    {"sources by annotation",
     "Service shop/x @{service.beta.kubernetes.io/load-balancer-source-ranges: \" 198.51.100.0/24, "
     "203.0.113.0/24\"} {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, "
     "ports: [{port: 80, targetPort: http}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed from 198.51.100.0/24, "
     "203.0.113.0/24"},
    {"the field goes before the annotation",
     "Service shop/x @{service.beta.kubernetes.io/load-balancer-source-ranges: 198.51.100.0/24} "
     "{type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerSourceRanges: "
     "[203.0.113.0/24], selector: {app: web}, ports: [{port: 80, targetPort: http}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed from 203.0.113.0/24"},
    {"a source that is no block lets nobody in",
     "Service shop/x {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerSourceRanges: "
     "[everybody], selector: {app: web}, ports: [{port: 80, targetPort: http}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 denied\n! Invalid x "
     "/spec/loadBalancerSourceRanges/0"},
    {"sources are for load balancers only",
     "Service shop/x {type: NodePort, externalTrafficPolicy: Local, loadBalancerSourceRanges: "
     "[203.0.113.0/24], selector: {app: web}, ports: [{port: 80, targetPort: http}]}",
     "NodePort of Service shop/x = shop/web TCP 8080 allowed"},
    {"internal: EKS",
     "Service shop/x @{service.beta.kubernetes.io/aws-load-balancer-internal: \"true\"} {type: "
     "LoadBalancer, selector: {app: db}, ports: [{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 internal = shop/db TCP 80 allowed"},
    {"internal: EKS, as it was written first",
     "Service shop/x @{service.beta.kubernetes.io/aws-load-balancer-internal: 0.0.0.0/0} {type: "
     "LoadBalancer, selector: {app: db}, ports: [{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 internal = shop/db TCP 80 allowed"},
    {"not internal: EKS",
     "Service shop/x @{service.beta.kubernetes.io/aws-load-balancer-internal: \"false\"} {type: "
     "LoadBalancer, selector: {app: db}, ports: [{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/db TCP 80 allowed"},
    {"the AWS controller is internal unless it is told otherwise",
     "Service shop/x {type: LoadBalancer, loadBalancerClass: service.k8s.aws/nlb, selector: {app: "
     "db}, ports: [{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 internal = shop/db TCP 80 allowed"},
    {"the AWS controller is told otherwise",
     "Service shop/x @{service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing} "
     "{type: LoadBalancer, loadBalancerClass: service.k8s.aws/nlb, selector: {app: db}, ports: "
     "[{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/db TCP 80 allowed"},
    {"internal: AKS",
     "Service shop/x @{service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"} {type: "
     "LoadBalancer, selector: {app: db}, ports: [{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 internal = shop/db TCP 80 allowed"},
    {"internal: GKE, in any case",
     "Service shop/x @{networking.gke.io/load-balancer-type: Internal} {type: LoadBalancer, "
     "selector: {app: db}, ports: [{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 internal = shop/db TCP 80 allowed"},
    {"an annotation of load balancers does nothing to a node port",
     "Service shop/x @{networking.gke.io/load-balancer-type: Internal} {type: NodePort, selector: "
     "{app: db}, ports: [{port: 80}]}",
     "NodePort of Service shop/x = shop/db TCP 80 allowed"},
    {"external addresses of a ClusterIP",
     "Service shop/x {externalIPs: [192.0.2.1, 192.0.2.2], selector: {app: db}, ports: [{port: "
     "80}]}",
     "external IP of Service shop/x (192.0.2.1, 192.0.2.2) on TCP 80 = shop/db TCP 80 allowed"},
    {"external addresses beside a load balancer",
     "Service shop/x {type: LoadBalancer, externalIPs: [192.0.2.1], selector: {app: db}, ports: "
     "[{port: 80}]}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/db TCP 80 allowed\n"
     "external IP of Service shop/x (192.0.2.1) on TCP 80 = shop/db TCP 80 allowed"},
    {"kube-proxy passes over headless Services",
     "Service shop/x {clusterIP: None, externalIPs: [192.0.2.1], selector: {app: db}, ports: "
     "[{port: 80}]}",
     ""},
    {"and over names",
     "Service shop/x {type: ExternalName, externalName: web.shop.svc.cluster.local, externalIPs: "
     "[192.0.2.1]}",
     ""},
    {"without a selector: EndpointSlice by reference",
     "Service shop/x {type: LoadBalancer, ports: [{name: p, port: 80}]}\n"
     "EndpointSlice shop/x-1 #{kubernetes.io/service-name: x} +{addressType: IPv4, endpoints: "
     "[{addresses: [10.9.9.9], targetRef: {kind: Pod, name: db}}], ports: [{name: p, port: 5432}]} "
     "{}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/db TCP 5432 allowed"},
    {"without a selector: EndpointSlice by address",
     "Service shop/x {type: LoadBalancer, ports: [{name: p, port: 80}]}\n"
     "EndpointSlice shop/x-1 #{kubernetes.io/service-name: x} +{addressType: IPv4, endpoints: "
     "[{addresses: [10.0.0.1]}], ports: [{name: p, port: 8080}]} {}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/web TCP 8080 allowed"},
    {"without a selector: a pod of another namespace",
     "Service bank/x {type: LoadBalancer, ports: [{port: 80}]}\n"
     "Endpoints bank/x +{subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{port: 9090}]}]} {}",
     "LoadBalancer of Service bank/x on TCP 80 = shop/web TCP 9090 allowed"},
    {"without a selector: an address of nobody",
     "Service shop/x {type: LoadBalancer, ports: [{port: 80}]}\n"
     "Endpoints shop/x +{subsets: [{addresses: [{ip: 192.0.2.9}], ports: [{port: 9090}]}]} {}",
     "LoadBalancer of Service shop/x on TCP 80\n! NoPods x /spec"},
    {"without a selector: not ready",
     "Service shop/x {type: LoadBalancer, ports: [{port: 80}]}\n"
     "EndpointSlice shop/x-1 #{kubernetes.io/service-name: x} +{endpoints: [{addresses: "
     "[10.0.0.1], conditions: {ready: false}}], ports: [{port: 8080}]} {}",
     "LoadBalancer of Service shop/x on TCP 80\n! NoPods x /spec"},
    {"without a selector: ports of another name",
     "Service shop/x {type: LoadBalancer, ports: [{name: a, port: 80}]}\n"
     "Endpoints shop/x +{subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{name: b, port: 9090}]}]} "
     "{}",
     "LoadBalancer of Service shop/x on TCP 80"},
    {"a selector goes before lists made by hand",
     "Service shop/x {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}\n"
     "Endpoints shop/x +{subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{port: 9090}]}]} {}",
     "LoadBalancer of Service shop/x on TCP 80 = shop/db TCP 80 allowed"},
    {"ports that are none",
     "Service shop/x {type: LoadBalancer, selector: {app: db}, ports: [{port: 0}, {port: 70000}, "
     "{port: many}, 7, {port: 81}]}",
     "LoadBalancer of Service shop/x on TCP 81 = shop/db TCP 81 allowed"},
    {"wrong types everywhere",
     "Service shop/x {type: LoadBalancer, selector: [a], ports: {a: b}, externalIPs: 7, "
     "loadBalancerSourceRanges: yes}",
     "! NoPods x /spec"},
};

TEST(ServiceEntries, Rows) {
  for (const Row& row : kRows) {
    expect_entries(row);
  }
}

struct WorldRow {
  std::string_view what;
  std::string_view lines;
  std::string_view expected;  // of shop/db
};

constexpr WorldRow kWorldRows[] = {
    {"no entry", "", "denied"},
    {"a load balancer",
     "Service shop/x {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}", "allowed"},
    {"an internal one",
     "Service shop/x @{networking.gke.io/load-balancer-type: Internal} {type: LoadBalancer, "
     "selector: {app: db}, ports: [{port: 80}]}",
     "denied"},
    {"for private networks",
     "Service shop/x {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, 192.168.4.0/24, "
     "100.64.0.0/10], selector: {app: db}, ports: [{port: 80}]}",
     "denied"},
    {"for one address of the world",
     "Service shop/x {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, 8.8.8.8/32], "
     "selector: {app: db}, ports: [{port: 80}]}",
     "allowed"},
    {"closed by policy",
     "Service shop/x {type: LoadBalancer, selector: {app: db}, ports: [{port: 80}]}\nNetworkPolicy "
     "shop/p {podSelector: {}, policyTypes: [Ingress]}",
     "denied"},
    {"open to a private network by policy",
     "Service shop/x {type: NodePort, externalTrafficPolicy: Local, selector: {app: db}, ports: "
     "[{port: 80}]}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
     "10.0.0.0/8}}]}]}",
     "denied"},
    {"perhaps",
     "Service shop/x {type: NodePort, selector: {app: db}, ports: [{port: 80}]}\nNetworkPolicy "
     "shop/p {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
     "unknown"},
    {"the best of several",
     "Service shop/x {type: NodePort, selector: {app: db}, ports: [{port: 80}, {name: b, port: "
     "81}]}\nNetworkPolicy shop/p {podSelector: {}, ingress: [{ports: [{port: 81}]}]}",
     "allowed"},
};

TEST(WorldExposed, Rows) {
  for (const WorldRow& row : kWorldRows) {
    const Input input(std::string(kCluster) + objects(row.lines));
    const auto exposed = world_exposed(input.world(), input.list());
    const auto db = input.world().find("shop/db");
    ASSERT_TRUE(db.has_value());
    EXPECT_EQ(network_policy::to_text(exposed[*db]), row.expected) << row.what << "\n" << row.lines;
  }
}

}  // namespace
}  // namespace tally::reachability::testing
