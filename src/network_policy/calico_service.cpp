// The `services` of Calico's rules: the endpoints of a Service, by its EndpointSlices. Towards them
// the ports are those of the service's endpoints; as a source any port is meant
// (felix/calc/event_sequencer.go and felix/labelindex/service_index.go of Calico 3.30). Slices of a
// service with a selector follow from the pods; of another they are read.
#include <utility>

#include "network_policy/internal/calico.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::AddressSet;
using scalar::ConnectionSet;
using scalar::Protocol;

std::optional<Protocol> protocol_of(const Node& port) {
  const Node* protocol = field(port, "protocol");
  return protocol == nullptr ? Protocol::Tcp : scalar::parse_protocol(protocol->text());
}

std::optional<std::uint16_t> port_number(const Node* node) {
  const auto number = node == nullptr ? std::nullopt : node->integer();
  if (!number || *number < scalar::kPortMin || *number > scalar::kPortMax) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*number);
}

// targetPort, else port; a name is resolved by each pod.
void add_service_ports(PolicySetBuilder& builder, const Node& spec, CalicoEntity& entity) {
  const Node* ports = field(spec, "ports");
  for (const Node& port : ports == nullptr ? std::span<const Node>() : ports->items()) {
    const auto protocol = protocol_of(port);
    const Node* target = field(port, "targetPort");
    if (!protocol) {
      continue;
    }
    if (target != nullptr && target->is_string()) {
      entity.service_ports.push_back({.protocol = *protocol, .name = builder.text(target->text())});
    } else if (const auto number = port_number(target != nullptr ? target : field(port, "port"))) {
      entity.service_connections.add(*protocol, scalar::PortSet(*number, *number));
    }
  }
}

bool is_slice_of(const kube::Object& slice, std::string_view name_space, std::string_view service) {
  return slice.ref.name_space == name_space &&
         slice.label("kubernetes.io/service-name").value_or("") == service;
}

// Slices of one service have their ports in common nearly always; those of all are put together.
AddressSet read_slices(const kube::Snapshot& snapshot, std::string_view name_space,
                       std::string_view service, CalicoEntity& entity) {
  AddressSet addresses;
  for (const std::uint32_t position : snapshot.by_kind("discovery.k8s.io", "EndpointSlice")) {
    const kube::Object& slice = snapshot.objects()[position];
    if (!is_slice_of(slice, name_space, service)) {
      continue;
    }
    if (const Node* endpoints = slice.root.find("endpoints"); endpoints != nullptr) {
      for (const Node& endpoint : endpoints->items()) {
        const Node* list = field(endpoint, "addresses");
        for (const Node& item : list == nullptr ? std::span<const Node>() : list->items()) {
          if (const auto address = scalar::IpAddress::parse(item.text())) {
            addresses = addresses.unite(AddressSet(*address));
          }
        }
      }
    }
    if (const Node* ports = slice.root.find("ports"); ports != nullptr) {
      for (const Node& port : ports->items()) {
        const auto protocol = protocol_of(port);
        const auto number = port_number(field(port, "port"));
        if (protocol && number) {
          entity.service_connections.add(*protocol, scalar::PortSet(*number, *number));
        }
      }
    }
  }
  return addresses;
}

}  // namespace

Read<CalicoEntity> read_calico_service(CalicoWorld& world, const CalicoRulePlace& place,
                                       const Node& node, const std::string& pointer) {
  PolicySetBuilder& builder = world.builder();
  const bool is_source = pointer.contains("/source");
  if (is_source != (place.direction == Direction::Ingress)) {
    return fault(pointer, node,
                 "services can stand in the source of an ingress rule or the destination of an "
                 "egress rule");
  }
  const Node* name = field(node, "name");
  if (name == nullptr || name->text().empty()) {
    return fault(pointer, node, "services needs the name of a service");
  }
  const Node* name_space = field(node, "namespace");
  const std::string_view in = name_space == nullptr || name_space->text().empty()
                                  ? place.policy_namespace
                                  : name_space->text();
  if (in.empty()) {
    return fault(pointer, node, "services needs a namespace in a policy of the whole cluster");
  }
  CalicoEntity entity{.is_any = false, .is_service = true};
  const kube::Object* service = builder.snapshot().find("", "Service", in, name->text());
  if (service == nullptr) {
    builder.ignored(place.object, pointer, node.offset(),
                    "there is no Service \"" + std::string(in) + "/" + std::string(name->text()) +
                        "\": nothing matches");
    return entity;
  }
  const Node* spec = service->root.find("spec");
  const Node* selector = spec == nullptr ? nullptr : field(*spec, "selector");
  if (selector == nullptr || selector->size() == 0) {
    const AddressSet addresses = read_slices(builder.snapshot(), in, name->text(), entity);
    if (!addresses.is_empty()) {
      entity.peers.push_back(
          {.addresses = builder.addresses(addresses),
           .addresses_reach_endpoints = builder.options().ip_blocks_select_pods});
    }
    return entity;
  }
  SelectorPool& pool = builder.selectors();
  std::vector<SelectorId> parts{pool.in_namespace(in)};
  for (const document::Member member : selector->members()) {
    parts.push_back(pool.term({.subject = Subject::PodLabel,
                               .key = std::string(member.key),
                               .op = TermOperator::In,
                               .values = {std::string(member.value.text())}}));
  }
  entity.peers.push_back({.endpoints = pool.all_of(std::move(parts))});
  add_service_ports(builder, *spec, entity);
  return entity;
}

}  // namespace tally::network_policy
