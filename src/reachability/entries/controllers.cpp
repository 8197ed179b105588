#include "reachability/entries/internal/controllers.hpp"

#include <algorithm>
#include <array>

#include "reachability/entries/internal/entry_book.hpp"

namespace tally::reachability::entries {
namespace {

constexpr auto kPod = Door::Kind::UnknownPod;
constexpr auto kAddress = Door::Kind::UnknownAddress;
constexpr std::string_view kName = "app.kubernetes.io/name";

// Names: kubernetes.io/docs/concepts/services-networking/ingress-controllers and
// gateway-api.sigs.k8s.io/implementations, and each project's own reference. Labels: their charts.
constexpr std::array kControllers{
    Controller{"k8s.io/ingress-nginx", "nginx", kPod, kName, "ingress-nginx"},
    Controller{"nginx.org/ingress-controller", "nginx", kPod, kName, "nginx-ingress"},
    Controller{"traefik.io/ingress-controller", "traefik", kPod, kName, "traefik"},
    Controller{"traefik.io/gateway-controller", "traefik", kPod, kName, "traefik"},
    Controller{"projectcontour.io/", "contour", kPod, "app", "envoy"},
    Controller{"haproxy-ingress.github.io/controller", "haproxy", kPod, kName, "haproxy-ingress"},
    Controller{"haproxy.org/ingress-controller/", "haproxy", kPod, kName, "kubernetes-ingress"},
    Controller{"ingress-controllers.konghq.com/kong", "kong", kPod, kName, "kong"},
    Controller{"konghq.com/kic-gateway-controller", "kong", kPod, kName, "kong"},
    Controller{"getambassador.io/ingress-controller", "ambassador", kPod, kName,
               "emissary-ingress"},
    Controller{"apisix.apache.org/apisix-ingress-controller", "apisix", kPod, kName, "apisix"},
    Controller{"istio.io/ingress-controller", "istio", kPod, "istio", "ingressgateway"},
    Controller{"gateway.nginx.org/nginx-gateway-controller", "nginx", kPod, kName, "nginx-gateway"},
    Controller{"gateway.nginx.org/nginx-gateway-controller", "nginx", kPod, kName,
               "nginx-gateway-fabric"},
    // openshift/cluster-ingress-operator: the router's pods carry it, with the controller's name.
    Controller{"openshift.io/ingress-to-route", "openshift-default", kPod,
               "ingresscontroller.operator.openshift.io/deployment-ingresscontroller", ""},
    Controller{"openshift.io/gateway-controller/v1", "openshift-default", kPod, "", ""},
    Controller{"cilium.io/ingress-controller", "cilium", Door::Kind::CiliumNode, "", ""},
    Controller{"io.cilium/gateway-controller", "cilium", Door::Kind::CiliumNode, "", ""},
    // docs/guide/ingress/annotations.md of aws-load-balancer-controller: internal by default.
    Controller{"ingress.k8s.aws/alb", "alb", kAddress, "", "",
               "the default of the AWS load balancer controller"},
    Controller{"gateway.k8s.aws/alb", "", kAddress, "", ""},
    Controller{"gateway.k8s.aws/nlb", "", kAddress, "", ""},
    Controller{"application-networking.k8s.aws/gateway-api-controller", "amazon-vpc-lattice",
               kAddress, "", "", "VPC Lattice"},
    Controller{"azure/application-gateway", "azure-application-gateway", kAddress, "", ""},
    Controller{"alb.networking.azure.io/alb-controller", "azure-alb-external", kAddress, "", ""},
    // cloud.google.com/kubernetes-engine/docs: classes by name, without an IngressClass.
    Controller{"", "gce", kAddress, "", ""},
    Controller{"", "gce-internal", kAddress, "", "", "the class gce-internal"},
    Controller{"networking.gke.io/gateway", "gke-l7-", kAddress, "", ""},
};

}  // namespace

std::span<const Controller> controllers() noexcept { return kControllers; }

std::vector<const Controller*> find_controllers(std::string_view name,
                                                std::string_view class_name) {
  std::vector<const Controller*> found;
  for (const Controller& row : kControllers) {
    const bool is_class = row.usual_class.ends_with('-') ? class_name.starts_with(row.usual_class)
                                                         : row.usual_class == class_name;
    const bool is_same = name.empty()              ? !class_name.empty() && is_class
                         : row.name.ends_with('/') ? name.starts_with(row.name)
                                                   : name == row.name;
    if (is_same) {
      found.push_back(&row);
    }
  }
  return found;
}

Door door_of(EntryBook& book, std::span<const Controller* const> rows) {
  Door door;
  bool is_place_known = !rows.empty();
  for (const Controller* row : rows) {
    if (!row->label.empty()) {
      for (const std::uint32_t pod : book.pods_with(row->label, row->value, "")) {
        door.pods.push_back(pod);
      }
    }
    is_place_known = is_place_known && row->place == rows.front()->place;
  }
  if (!door.pods.empty()) {
    std::ranges::sort(door.pods);
    const auto repeated = std::ranges::unique(door.pods);
    door.pods.erase(repeated.begin(), repeated.end());
    door.kind = Door::Kind::Pods;
  } else if (is_place_known) {
    door.kind = rows.front()->place;
  }
  return door;
}

}  // namespace tally::reachability::entries
