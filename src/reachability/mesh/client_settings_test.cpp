#include "reachability/mesh/client_settings.hpp"

#include "reachability/mesh/testing/layer_rows.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using network_policy::Verdict;

std::string destination_rule(std::string_view path, std::string_view spec) {
  return object("networking.istio.io/v1", "DestinationRule", path, spec);
}

TEST(ClientSettings, DecideAboutTheWay) {
  const std::string base = kSidecars + kPods;
  const std::string other =
      name_space("other", "{istio-injection: enabled}") + pod("other/batch") + base;
  constexpr std::string_view kBatch = "cluster.local/ns/other/sa/batch";
  const std::string disable =
      "{host: api.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}";
  const auto sidecar = [](std::string_view path, std::string_view spec) {
    return object("networking.istio.io/v1", "Sidecar", path, spec);
  };
  const Row rows[] = {
      {"DISABLE of the client into STRICT",
       base + kStrict +
           destination_rule("shop/api", "{host: api, trafficPolicy: {tls: {mode: DISABLE}}}"),
       "shop/web", Verdict::Denied},
      {"DISABLE of the client", base + destination_rule("shop/api", disable), "shop/web"},
      {"of a port it stands alone",
       base + kStrict +
           destination_rule("shop/api",
                            "{host: api, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: "
                            "[{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]}}"),
       "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"of another port it does not count",
       base + kStrict +
           destination_rule("shop/api",
                            "{host: api, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, "
                            "portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}}"),
       "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"the namespace of the client first",
       other + kStrict + destination_rule("other/api", disable) +
           destination_rule("shop/api", "{host: api, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"),
       "other/batch", Verdict::Denied},
      {"exported to nobody else",
       other + kStrict +
           destination_rule(
               "shop/api", "{host: api, exportTo: [\".\"], trafficPolicy: {tls: {mode: DISABLE}}}"),
       "other/batch", Verdict::Allowed, Encryption::MutualTls, kBatch},
      {"no automatic mutual TLS",
       base + kStrict +
           "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: istio-system, name: "
           "istio}\ndata: {mesh: \"enableAutoMtls: false\"}\n",
       "shop/web", Verdict::Denied},
      {"by a pattern",
       base + kStrict +
           destination_rule("shop/all",
                            "{host: \"*.shop.svc.cluster.local\", trafficPolicy: "
                            "{tls: {mode: DISABLE}}}"),
       "shop/web", Verdict::Denied},
      {"a subset that selects the pod",
       base + destination_rule("shop/api",
                               "{host: api, subsets: [{name: v1, labels: {app: api}, "
                               "trafficPolicy: {tls: {mode: DISABLE}}}]}"),
       "shop/web", Verdict::Unknown, Encryption::MutualTls, kWeb, "subset v1"},
      {"a subset that does not",
       base + destination_rule("shop/api",
                               "{host: api, subsets: [{name: v2, labels: {app: api-2}, "
                               "trafficPolicy: {tls: {mode: DISABLE}}}]}"),
       "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"ISTIO_MUTUAL to who has no sidecar",
       kSidecars + pod("shop/web") +
           pod("shop/api", {.labels = ", sidecar.istio.io/inject: \"false\""}) +
           service("shop/api") +
           destination_rule("shop/api", "{host: api, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"),
       "shop/web", Verdict::Denied},
      {"TLS of its own has no identity",
       base + kAllowWeb +
           destination_rule("shop/api", "{host: api, trafficPolicy: {tls: {mode: SIMPLE}}}"),
       "shop/web", Verdict::Denied, Encryption::ForeignTls},
      {"not among the egress hosts: plaintext",
       base + sidecar("shop/default", "{egress: [{hosts: [\"istio-system/*\"]}]}"), "shop/web"},
      {"not among the egress hosts, into STRICT",
       base + kStrict + sidecar("shop/default", "{egress: [{hosts: [\"istio-system/*\"]}]}"),
       "shop/web", Verdict::Denied},
      {"not among the egress hosts, and nothing else may leave",
       base + sidecar("shop/default",
                      "{egress: [{hosts: [\"istio-system/*\"]}], outboundTrafficPolicy: {mode: "
                      "REGISTRY_ONLY}}"),
       "shop/web", Verdict::Denied},
      {"among them",
       base + kStrict +
           sidecar("shop/default",
                   "{egress: [{hosts: [\"./api.shop.svc.cluster.local\"]}], "
                   "outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"),
       "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"a Sidecar that selects another",
       base + kStrict +
           sidecar("shop/other",
                   "{workloadSelector: {labels: {app: api}}, egress: [{hosts: [\"~/*\"]}]}"),
       "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
      {"no Service leads there, and nothing unknown may leave",
       kSidecars + pod("shop/web") + pod("shop/api") +
           sidecar("shop/default", "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"),
       "shop/web", Verdict::Unknown, Encryption::MutualTls, kWeb, "a Service that leads"},
      {"not exported",
       kSidecars + pod("shop/web") + pod("shop/api") +
           service("shop/api", "http", ", annotations: {networking.istio.io/exportTo: \"other\"}") +
           kStrict,
       "shop/web", Verdict::Denied},
      {"a VirtualService sends it elsewhere",
       base + object("networking.istio.io/v1", "VirtualService", "shop/api",
                     "{hosts: [api], http: [{route: [{destination: {host: other}}]}]}"),
       "shop/web", Verdict::Denied},
      {"a VirtualService sends some of it there",
       base + object("networking.istio.io/v1", "VirtualService", "shop/api",
                     "{hosts: [api], http: [{match: [{uri: {prefix: /x}}], route: [{destination: "
                     "{host: other}}]}, {route: [{destination: {host: api}}]}]}"),
       "shop/web", Verdict::Unknown, Encryption::MutualTls, kWeb, "VirtualService shop/api"},
      {"a VirtualService of a gateway only",
       base + object("networking.istio.io/v1", "VirtualService", "shop/api",
                     "{hosts: [api], gateways: [edge], http: [{route: [{destination: {host: "
                     "other}}]}]}"),
       "shop/web", Verdict::Allowed, Encryption::MutualTls, kWeb},
  };
  check(rows);
}

}  // namespace
}  // namespace tally::reachability::mesh
