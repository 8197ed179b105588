// Sidecar as network-config-analyzer reads it (nca/Parsers/IstioSidecarYamlParser.py): what its
// egress listeners name is what its pods may reach.
#include <set>

#include "reachability/query/internal/layer_reader.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;

struct Reached {
  PeerSet peers;
  PeerSet of_own_namespace;  // by "./" of the root namespace: as far as they share the source's
};

void add_host(const LayerWorld& world, std::string_view host, std::string_view own, Reached& into) {
  const std::size_t slash = host.find('/');
  if (slash == std::string_view::npos) {
    return;
  }
  const std::string_view name_space = host.substr(0, slash);
  const std::string_view name = host.substr(slash + 1);
  const bool is_special = name_space == "." && own == kRootNamespace;
  PeerSet peers = name_space == "*" || is_special ? world.of_services()
                  : name_space == "~"             ? world.nobody()
                                      : world.of_services(name_space == "." ? own : name_space);
  if (name.contains("svc.cluster.local")) {
    if (!name.starts_with("*.")) {
      PeerSet named = world.nobody();
      for (const Service& service : world.cluster().service_list()) {
        if (service.name == name.substr(0, name.find('.'))) {
          named.unite(world.targets(service));
        }
      }
      peers.intersect(named);
    }
  } else if (name != "*") {
    peers.intersect(world.dns_entries(name));
  }
  (is_special ? into.of_own_namespace : into.peers).unite(peers);
}

// IstioSidecar.create_opt_egress_props.
LayerRule rule_of(const LayerWorld& world, const LayerPolicy& policy, const Reached& reached,
                  bool is_open) {
  LayerRule rule{.is_ingress = false, .is_empty = reached.peers.is_empty(), .flows = {}};
  const auto add = [&](PeerSet sources, PeerSet destinations, bool is_tcp) {
    if (!sources.is_empty() && !destinations.is_empty()) {
      rule.flows.push_back({.sources = std::move(sources),
                            .destinations = std::move(destinations),
                            .traffic = {.is_tcp = is_tcp}});
    }
  };
  if (is_open) {
    PeerSet outside = world.nobody();
    outside.addresses = scalar::AddressSet::all();
    add(policy.selected, std::move(outside), false);
  }
  PeerSet entries = reached.peers;
  entries.unite(reached.of_own_namespace);
  entries.intersect(world.dns_entries());
  add(policy.selected, std::move(entries), true);
  PeerSet pods = reached.peers;
  pods.subtract(world.dns_entries());
  add(policy.selected, std::move(pods), false);
  for (const std::string_view name : world.cluster().namespace_names()) {
    PeerSet sources = policy.selected;
    sources.intersect(world.of_namespace(name));
    PeerSet destinations = reached.of_own_namespace;
    destinations.intersect(world.of_namespace(name));
    add(std::move(sources), std::move(destinations), false);
  }
  return rule;
}

struct Sidecar {
  LayerPolicy policy;
  const Node* spec = nullptr;
  std::string_view name_space;
  bool has_selector = false;
};

}  // namespace

std::vector<LayerPolicy> read_sidecars(const LayerWorld& world, const std::vector<Node>& objects) {
  std::vector<Sidecar> all;
  PeerSet taken = world.nobody();
  std::set<std::string_view> defaults;
  for (const Node& object : objects) {
    Sidecar one{.policy = {.layer = Layer::Istio,
                           .kind = "IstioSidecar",
                           .title = "Sidecar",
                           .selected = world.nobody()},
                .spec = object.find("spec"),
                .name_space = namespace_of_object(object)};
    name_policy(one.policy, object);
    const Node* selector = node_of(one.spec, {"workloadSelector"});
    one.has_selector = selector != nullptr && !selector->is_null();
    one.policy.selected = world.selected(selector, "labels", one.name_space, one.policy.labels);
    one.policy.affects_egress = node_of(one.spec, {"egress"}) != nullptr;
    if (one.has_selector) {
      one.policy.selected.subtract(taken);
      taken.unite(one.policy.selected);
    } else if (!defaults.insert(one.name_space).second) {
      continue;  // only the first of a namespace counts
    }
    all.push_back(std::move(one));
  }
  // Those with a selector first, then those of a namespace, then the mesh's own.
  std::vector<LayerPolicy> policies;
  for (const int turn : {0, 1, 2}) {
    for (Sidecar& one : all) {
      const int own = one.has_selector ? 0 : one.name_space == kRootNamespace ? 2 : 1;
      if (own != turn) {
        continue;
      }
      if (turn > 0) {
        one.policy.selected.subtract(taken);
        taken.unite(one.policy.selected);
      }
      const bool is_open =
          text_of(node_of(one.spec, {"outboundTrafficPolicy"}), "mode") != "REGISTRY_ONLY";
      for (const Node& listener : items_of(node_of(one.spec, {"egress"}))) {
        Reached reached{.peers = world.nobody(), .of_own_namespace = world.nobody()};
        for (const Node& host : items_of(listener.find("hosts"))) {
          add_host(world, host.text(), one.name_space, reached);
        }
        one.policy.rules.push_back(rule_of(world, one.policy, reached, is_open));
      }
      policies.push_back(std::move(one.policy));
    }
  }
  return policies;
}

}  // namespace tally::reachability::query
