// Services that are open outside: type NodePort and LoadBalancer, externalIPs (core v1 API,
// ServiceSpec; kubernetes.io/docs/concepts/services-networking/service).
//
// A LoadBalancer opens a port of each node, too, unless allocateLoadBalancerNodePorts is false; the
// load balancer and that port are one entry, so that internal and restricted ones are called so.

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "reachability/entries/internal/entry_book.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using netpol_analyzer::field;
using netpol_analyzer::text_at;
using scalar::AddressSet;

namespace {

// An annotation by which a cloud is told that the load balancer is for the private network.
struct InternalAnnotation {
  std::string_view key;
  std::string_view value;  // in any letter case; "": any but "false" and ""
};
constexpr std::array<InternalAnnotation, 13> kInternal{{
    // kubernetes/cloud-provider-aws pkg/providers/v1/aws.go (EnsureLoadBalancer): any text but
    // "false" means internal.
    {"service.beta.kubernetes.io/aws-load-balancer-internal", ""},
    // kubernetes-sigs/aws-load-balancer-controller docs/guide/service/annotations.md
    {"service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"},
    // kubernetes-sigs/cloud-provider-azure site: LoadBalancer annotations
    {"service.beta.kubernetes.io/azure-load-balancer-internal", "true"},
    // kubernetes/cloud-provider-gcp providers/gce/gce_annotations.go
    {"networking.gke.io/load-balancer-type", "internal"},
    {"cloud.google.com/load-balancer-type", "internal"},
    {"service.beta.kubernetes.io/openstack-internal-load-balancer", "true"},
    {"service.beta.kubernetes.io/oci-load-balancer-internal", "true"},
    {"oci-network-load-balancer.oraclecloud.com/internal", "true"},
    {"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private"},
    {"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", "intranet"},
    {"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", ""},
    {"service.beta.kubernetes.io/cce-load-balancer-internal-vpc", "true"},
    // the list of kubernetes.io/docs/concepts/services-networking/service, "Internal load balancer"
    {"service.beta.kubernetes.io/scw-loadbalancer-private", "true"},
}};

bool is_same_word(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

void read_ranges(EntryBook* book, const kube::Object& service, const Node& place,
                 std::string_view pointer, std::string_view text, AddressSet& sources) {
  const auto range = scalar::Cidr::parse(trim(text));
  if (range) {
    sources = sources.unite(AddressSet(*range));
  } else if (book != nullptr) {
    book->problem(EntryProblem::Kind::Invalid,
                  {.object = &service, .pointer = std::string(pointer), .offset = place.offset()},
                  "\"" + std::string(text) + "\" is no block of addresses");
  }
}

void read_service(EntryBook& book, std::uint32_t position, Door& clients, Door& clients_or_nodes) {
  const topology::Service& service = book.services().at(position);
  const kube::Object& object = *service.object;
  const Node* spec = field(&object.root, "spec");
  const Node* addresses = field(spec, "externalIPs");
  const bool is_balanced = service.type == "LoadBalancer";
  const bool is_open = is_balanced || service.type == "NodePort";
  // kube-proxy passes over headless Services and names (pkg/proxy/util ShouldSkipService).
  if (service.is_headless || service.type == "ExternalName" ||
      (!is_open && (addresses == nullptr || addresses->size() == 0))) {
    return;
  }
  const Door& door = text_at(spec, "externalTrafficPolicy") == "Local" ? clients : clients_or_nodes;
  Entry entry;
  const std::string_view load_balancer_class = text_at(spec, "loadBalancerClass");
  if (is_balanced && !load_balancer_class.empty()) {
    entry.via = "load balancer class " + std::string(load_balancer_class);
  }
  const std::string internal =
      is_balanced ? internal_by_annotations(object.annotations(), load_balancer_class)
                  : std::string();
  const AddressSet restricted = is_balanced ? source_ranges(&book, object) : AddressSet::all();
  std::string outer;
  for (const Node& address : addresses == nullptr ? std::span<const Node>{} : addresses->items()) {
    outer.append(outer.empty() ? "" : ", ").append(address.text());
  }
  entry.service = std::string(object.ref.name_space) + "/" + std::string(service.name);
  const bool has_pods = !book.services().pods(position).empty();
  const Node* ports = field(spec, "ports");
  const Place whole{.object = &object, .pointer = "/spec", .offset = object.root.offset()};
  if (!has_pods) {
    book.problem(EntryProblem::Kind::NoPods, whole,
                 "Service " + entry.service + " has no workload of the input behind it");
  }
  bool has_room = true;
  for (std::size_t i = 0; i < service.ports.size() && has_room; ++i) {
    const topology::ServicePort& port = service.ports[i];
    // Ports that could not be read are left out of the Topology, so that positions may differ.
    const Node* item =
        ports != nullptr && ports->size() == service.ports.size() ? &ports->items()[i] : ports;
    const Place place{.object = &object,
                      .pointer = item == ports ? "/spec/ports" : "/spec/ports/" + std::to_string(i),
                      .offset = item == nullptr ? object.root.offset() : item->offset()};
    const std::vector<Target> targets = book.services().targets(position, port);
    if (has_pods && targets.empty() && !port.target_name.empty()) {
      book.problem(EntryProblem::Kind::NamedPortAbsent, place,
                   "no pod of Service " + entry.service + " has the port \"" +
                       std::string(port.target_name) + "\"");
    }
    entry.protocol = port.protocol;
    entry.service_port = port.port;
    if (is_open) {
      entry.kind = is_balanced ? EntryKind::LoadBalancer : EntryKind::NodePort;
      entry.port = is_balanced ? port.port : port.node_port;
      entry.host.clear();
      entry.internal = internal;
      entry.sources = restricted;
      has_room = book.add(entry, place, door, targets);
    }
    if (!outer.empty()) {
      entry.kind = EntryKind::ExternalIp;
      entry.port = port.port;
      entry.host = outer;
      entry.internal.clear();
      entry.sources = AddressSet::all();
      has_room = book.add(entry, place, door, targets) && has_room;
    }
  }
}

}  // namespace

std::string internal_by_annotations(const Node& annotations, std::string_view load_balancer_class) {
  for (const InternalAnnotation& known : kInternal) {
    const Node* value = annotations.find(known.key);
    if (value == nullptr) {
      continue;
    }
    const bool is_internal = known.value.empty()
                                 ? !value->text().empty() && value->text() != "false"
                                 : is_same_word(value->text(), known.value);
    if (is_internal) {
      return "the annotation " + std::string(known.key) + ": " + std::string(value->text());
    }
  }
  // aws-load-balancer-controller docs/guide/service/annotations.md: its scheme is internal unless
  // it is told otherwise.
  const Node* type = annotations.find("service.beta.kubernetes.io/aws-load-balancer-type");
  const std::string_view type_text = type == nullptr ? std::string_view{} : type->text();
  const bool is_aws_controller = load_balancer_class == "service.k8s.aws/nlb" ||
                                 type_text == "external" || type_text == "nlb-ip";
  if (is_aws_controller) {
    const Node* scheme = annotations.find("service.beta.kubernetes.io/aws-load-balancer-scheme");
    const Node* old = annotations.find("service.beta.kubernetes.io/aws-load-balancer-internal");
    if (scheme == nullptr && old == nullptr) {
      return "the default of the AWS load balancer controller";
    }
  }
  return {};
}

AddressSet source_ranges(EntryBook* book, const kube::Object& service) {
  AddressSet sources;
  const Node* list = field(field(&service.root, "spec"), "loadBalancerSourceRanges");
  if (list != nullptr && list->size() > 0) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_ranges(book, service, list->items()[i],
                  "/spec/loadBalancerSourceRanges/" + std::to_string(i), list->items()[i].text(),
                  sources);
    }
    return sources;
  }
  // Kubernetes pkg/api/v1/service/util.go GetLoadBalancerSourceRanges: the annotation counts where
  // the field is empty.
  const Node annotations = service.annotations();
  constexpr std::string_view kKey = "service.beta.kubernetes.io/load-balancer-source-ranges";
  const Node* annotation = annotations.find(kKey);
  if (annotation == nullptr || trim(annotation->text()).empty()) {
    return AddressSet::all();
  }
  std::string_view rest = annotation->text();
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    read_ranges(book, service, *annotation,
                "/metadata/annotations/service.beta.kubernetes.io~1load-balancer-source-ranges",
                rest.substr(0, comma), sources);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return sources;
}

void read_services(EntryBook& book) {
  Door& clients = book.add_door({.kind = Door::Kind::Clients});
  Door& clients_or_nodes = book.add_door({.kind = Door::Kind::ClientsOrNodes});
  const auto services = book.topology().services();
  for (std::uint32_t i = 0; i < services.size() && !book.is_full(); ++i) {
    read_service(book, i, clients, clients_or_nodes);
  }
}

}  // namespace tally::reachability::entries
