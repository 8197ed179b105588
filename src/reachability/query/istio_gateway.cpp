// Gateways of Istio and the virtual services that are bound to them, as network-config-analyzer
// joins them (nca/Parsers/IstioGatewayYamlParser.py, IstioVirtualServiceYamlParser.py,
// IstioGatewayPolicyGenerator.py): an ingress gateway reaches what routes name; to hosts outside
// that are routed through an egress gateway, nobody else has a way.
#include <algorithm>
#include <map>
#include <optional>

#include "document/json_writer.hpp"
#include "reachability/query/internal/layer_reader.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;

constexpr std::string_view kMesh = "mesh";
constexpr std::string_view kEgressGateway = "istio-egressgateway.istio-system.svc.cluster.local";

struct Gateway {
  std::string full_name;
  bool is_egress = false;
  PeerSet peers;
  Language hosts = Language::none();
};

struct Destination {
  std::string_view host;
  PeerSet peers;
  std::vector<std::pair<PeerSet, NumberSet>> ports;  // by pods, where a port is named
};

struct Route {
  std::optional<bool> is_internal{};
  std::vector<Destination> destinations{};
  std::optional<Language> paths{};
  std::optional<NumberSet> methods{};
  std::optional<Language> sni_hosts{};
  std::vector<std::string> gateways{};
  bool has_mesh = false;
};

void unite(std::optional<Language>& into, const Language& other) {
  into = into ? into->unite(other) : other;
}

std::optional<Gateway> read_gateway(const LayerWorld& world, const Node& object) {
  Gateway gateway{.full_name = {}, .peers = world.pods_and_hosts()};
  gateway.full_name = std::string(namespace_of_object(object)) + "/" +
                      std::string(text_of(object.find("metadata"), "name"));
  const Node* spec = object.find("spec");
  const Node* selector = node_of(spec, {"selector"});
  if (selector == nullptr || !selector->is_object()) {
    return std::nullopt;
  }
  const std::string_view type = text_of(selector, "istio");
  gateway.is_egress = type == "egressgateway";
  for (const document::Member member : selector->members()) {
    gateway.peers.intersect(world.with_label(member.key, member.value.text()));
  }
  if ((!gateway.is_egress && type != "ingressgateway") || gateway.peers.is_empty()) {
    return std::nullopt;  // no standard gateway, or none that is there
  }
  std::optional<Language> hosts;
  for (const Node& server : items_of(node_of(spec, {"servers"}))) {
    for (const Node& host : items_of(server.find("hosts"))) {
      if (const auto one = host_language(host.text())) {
        unite(hosts, *one);
      }
    }
  }
  gateway.hosts = hosts.value_or(Language::none());
  return gateway;
}

class VirtualService {
 public:
  VirtualService(const LayerWorld& world, const Node& object,
                 const std::map<std::string, Gateway>& gateways)
      : world_(world),
        name_space_(namespace_of_object(object)),
        spec_(object.find("spec")),
        gateways_(gateways) {
    full_name_ =
        std::string(name_space_) + "/" + std::string(text_of(object.find("metadata"), "name"));
  }

  void read(std::vector<LayerPolicy>& policies) {
    std::optional<Language> hosts;
    for (const Node& host : items_of(node_of(spec_, {"hosts"}))) {
      if (const auto one = host_language(host.text())) {
        unite(hosts, *one);
      }
    }
    hosts_ = hosts.value_or(Language::none());
    read_gateway_names(spec_, own_, true);
    for (const std::string_view kind : {"http", "tls", "tcp"}) {
      bool has_gateways = !own_.gateways.empty();
      std::size_t number = 0;
      for (const Node& node : items_of(node_of(spec_, {kind}))) {
        auto route = read_route(node, kind);
        ++number;
        if (!route) {
          continue;
        }
        const bool is_own = !route->gateways.empty() || route->has_mesh;
        const std::vector<std::string>& names = is_own ? route->gateways : own_.gateways;
        has_gateways = has_gateways || (is_own && !route->gateways.empty());
        const bool has_mesh = (is_own ? route->has_mesh : own_.has_mesh) || !has_gateways;
        add_from_gateways(*route, names, number, policies);
        add_to_egress_gateways(*route, has_mesh, number, policies);
      }
    }
  }

 private:
  void read_gateway_names(const Node* node, Route& into, bool is_of_service) {
    const Node* list = node_of(node, {"gateways"});
    if (list == nullptr || list->size() == 0) {
      into.has_mesh = into.has_mesh || is_of_service;
      return;
    }
    for (const Node& one : items_of(list)) {
      const std::string_view name = one.text();
      if (name == kMesh) {
        into.has_mesh = true;
      } else {
        into.gateways.push_back(name.contains('/')
                                    ? std::string(name)
                                    : std::string(name_space_) + "/" + std::string(name));
      }
    }
  }

  // {"exact": ...}, {"prefix": ...}, {"regex": ...}
  static std::optional<Language> string_match(const Node* node, bool is_path) {
    const std::string_view exact = text_of(node, "exact");
    const std::string_view prefix = text_of(node, "prefix");
    const std::string_view regex = text_of(node, "regex");
    if (!exact.empty()) {
      return Language::regex(exact);
    }
    if (!prefix.empty()) {
      return is_path ? path_prefix(prefix) : Language::regex(std::string(prefix) + ".*");
    }
    return regex.empty() ? std::nullopt : Language::regex(regex);
  }

  // Nothing: the route is to be passed over.
  std::optional<Route> read_route(const Node& node, std::string_view kind) {
    Route route;
    const Node* match = node.find("match");
    if (kind == "tls" && (match == nullptr || match->size() == 0)) {
      return std::nullopt;
    }
    for (const Node& item : items_of(match)) {
      if (kind == "http") {
        if (const auto paths = string_match(item.find("uri"), true)) {
          unite(route.paths, *paths);
        }
        NumberSet methods;
        const auto named = string_match(item.find("method"), false);
        for (std::size_t i = 0; i < kMethods.size(); ++i) {
          if (!named || named->contains(kMethods[i])) {
            methods.add(static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(i));
          }
        }
        route.methods = route.methods ? route.methods->unite(methods) : methods;
      } else if (kind == "tls") {
        for (const Node& host : items_of(item.find("sniHosts"))) {
          if (const auto one = host_language(host.text())) {
            unite(route.sni_hosts, *one);
          }
        }
        if (!route.sni_hosts || !route.sni_hosts->minus(hosts_).is_empty()) {
          return std::nullopt;
        }
      }
      read_gateway_names(&item, route, false);
    }
    for (const Node& item : items_of(node.find("route"))) {
      read_destination(item.find("destination"), route);
    }
    return route;
  }

  static bool is_service_name(std::string_view host) {
    return !host.contains('*') && (!host.contains('.') || (host.ends_with(".svc.cluster.local") &&
                                                           std::ranges::count(host, '.') == 4));
  }

  void read_destination(const Node* node, Route& route) {
    const std::string_view host = text_of(node, "host");
    const Node* port_node = node_of(node, {"port", "number"});
    const std::int64_t number = port_node == nullptr ? 0 : port_node->integer().value_or(0);
    Destination one{.host = host, .peers = world_.nobody(), .ports = {}};
    const bool is_internal = is_service_name(host);
    if (route.is_internal && *route.is_internal != is_internal) {
      return;  // the tool assumes that a route does not mix them
    }
    if (!is_internal) {
      one.peers = world_.dns_entries(host);
      if (one.peers.is_empty()) {
        return;
      }
      add_port(one, one.peers, number);
    } else {
      const std::size_t dot = host.find('.');
      const Service* service =
          dot == std::string_view::npos
              ? world_.service(name_space_, host)
              : world_.service(host.substr(dot + 1, host.find('.', dot + 1) - dot - 1),
                               host.substr(0, dot));
      if (service == nullptr) {
        return;
      }
      one.peers = world_.targets(*service);
      const auto at = std::ranges::find(service->ports, number, &ServicePort::port);
      const ServicePort* port = at != service->ports.end()                  ? &*at
                                : service->ports.size() == 1 && number == 0 ? service->ports.data()
                                                                            : nullptr;
      if (port != nullptr) {
        add_target(one, *port);
      }
    }
    route.is_internal = is_internal;
    route.destinations.push_back(std::move(one));
  }

  static void add_port(Destination& into, const PeerSet& peers, std::int64_t number) {
    if (number >= scalar::kPortMin && number <= scalar::kPortMax) {
      const auto port = static_cast<std::uint16_t>(number);
      into.ports.emplace_back(peers, NumberSet(port, port));
    }
  }

  void add_target(Destination& into, const ServicePort& port) {
    if (const auto* number = std::get_if<std::int64_t>(&port.target)) {
      add_port(into, into.peers, *number);
      return;
    }
    const auto name = std::get<std::string_view>(port.target);
    for (std::size_t i = 0; i < into.peers.endpoints.size(); ++i) {
      if (into.peers.has(i)) {
        PeerSet one = world_.nobody();
        one.endpoints[i] = true;
        into.ports.emplace_back(one, world_.peers()[i].named_port(name, port.protocol));
      }
    }
  }

  static TrafficCube cube_of(const Route& route) {
    return {
        .is_tcp = true, .methods = route.methods, .hosts = route.sni_hosts, .paths = route.paths};
  }

  static void add_flows(LayerRule& rule, const PeerSet& sources, const Destination& to,
                        const TrafficCube& cube) {
    for (const auto& [peers, ports] : to.ports) {
      TrafficCube one = cube;
      one.destination_ports = ports;
      rule.flows.push_back({.sources = sources, .destinations = peers, .traffic = std::move(one)});
    }
  }

  LayerPolicy policy(std::string name) const {
    LayerPolicy made{.layer = Layer::IstioGateway,
                     .kind = "GatewayPolicy",
                     .title = "GatewayPolicy",
                     .selected = world_.nobody()};
    made.name = std::move(name);
    made.full_name = std::string(name_space_) + "/" + made.name;
    if (spec_ != nullptr) {
      document::append_canonical_json(made.text, *spec_);
    }
    return made;
  }

  // create_gtw_to_mesh_and_deny_policies.
  void add_from_gateways(const Route& route, const std::vector<std::string>& names,
                         std::size_t number, std::vector<LayerPolicy>& policies) {
    for (const std::string& name : names) {
      const auto at = gateways_.find(name);
      if (at == gateways_.end()) {
        continue;
      }
      const Gateway& gateway = at->second;
      Language hosts = gateway.hosts.intersect(hosts_);
      if (route.sni_hosts) {
        hosts = hosts.intersect(*route.sni_hosts);
      }
      if (hosts.is_empty()) {
        continue;
      }
      const std::string where = "virtual service " + full_name_ + ", route number " +
                                std::to_string(number) + ", gateway " + gateway.full_name;
      TrafficCube cube = cube_of(route);
      cube.hosts = hosts;
      // What the gateway adds to what the virtual service says.
      const std::string of_gateway = (gateway.is_egress ? " egress " : " ingress ") + hosts.text();
      LayerPolicy allow = policy("Allow policy for " + where);
      allow.affects_egress = true;
      allow.selected = gateway.peers;
      allow.text += of_gateway;
      LayerPolicy deny = policy("Deny policy from mesh to DNS entries for " + where);
      deny.denies = true;
      deny.closes = false;
      deny.affects_egress = true;
      deny.selected = world_.pods_and_hosts();
      deny.selected.subtract(gateway.peers);
      deny.text += of_gateway;
      for (const Destination& to : route.destinations) {
        LayerRule rule{.is_empty = to.peers.is_empty(), .flows = {}};
        add_flows(rule, gateway.peers, to, cube);
        allow.rules.push_back(std::move(rule));
        deny.rules.push_back(
            {.is_empty = to.peers.is_empty(),
             .flows = {{.sources = deny.selected, .destinations = to.peers, .traffic = {}}}});
      }
      policies.push_back(std::move(allow));
      if (gateway.is_egress) {
        policies.push_back(std::move(deny));
      }
    }
  }

  // create_mesh_to_egress_policy.
  void add_to_egress_gateways(const Route& route, bool has_mesh, std::size_t number,
                              std::vector<LayerPolicy>& policies) {
    for (const Destination& to : route.destinations) {
      if (!route.is_internal.value_or(false) || !has_mesh || to.host != kEgressGateway) {
        continue;
      }
      LayerPolicy allow =
          policy("Allow policy for virtual service " + full_name_ + ", route number " +
                 std::to_string(number) + " destination " + std::string(to.host));
      allow.affects_ingress = true;
      allow.selected = to.peers;
      LayerRule rule{.is_ingress = true, .flows = {}};
      add_flows(rule, world_.pods_and_hosts(), to, cube_of(route));
      allow.rules.push_back(std::move(rule));
      policies.push_back(std::move(allow));
    }
  }

  const LayerWorld& world_;
  std::string_view name_space_;
  const Node* spec_;
  const std::map<std::string, Gateway>& gateways_;
  std::string full_name_;
  Language hosts_ = Language::none();
  Route own_;
};

// A way out of the mesh has two halves: to the egress gateway, and from it. Without one of them the
// tool passes over the other.
void drop_half_ways(std::vector<LayerPolicy>& policies,
                    const std::map<std::string, Gateway>& gateways) {
  for (const auto& [name, gateway] : gateways) {
    if (!gateway.is_egress) {
      continue;
    }
    const auto is_to = [&](const LayerPolicy& one) {
      PeerSet common = one.selected;
      common.intersect(gateway.peers);
      return one.affects_ingress && common.has_endpoints();
    };
    const auto is_from = [&](const LayerPolicy& one) {
      return one.affects_egress && one.name.ends_with(" gateway " + name);
    };
    if (!std::ranges::any_of(policies, is_to) || !std::ranges::any_of(policies, is_from)) {
      std::erase_if(policies, [&](const LayerPolicy& one) { return is_to(one) || is_from(one); });
    }
  }
}

}  // namespace

std::vector<LayerPolicy> read_gateways(const LayerWorld& world, const std::vector<Node>& gateways,
                                       const std::vector<Node>& virtual_services) {
  std::map<std::string, Gateway> known;
  for (const Node& object : gateways) {
    if (auto gateway = read_gateway(world, object)) {
      std::string name = gateway->full_name;
      known.insert_or_assign(std::move(name), std::move(*gateway));
    }
  }
  std::vector<LayerPolicy> policies;
  if (known.empty()) {
    return policies;
  }
  for (const Node& object : virtual_services) {
    VirtualService(world, object, known).read(policies);
  }
  drop_half_ways(policies, known);
  return policies;
}

void note_missing_pods(const LayerWorld& world, const std::vector<Node>& gateways,
                       AddedPods& lacks) {
  for (const Node& object : gateways) {
    const Node* selector = node_of(&object, {"spec", "selector"});
    if (selector == nullptr || !selector->is_object()) {
      continue;
    }
    for (const document::Member member : selector->members()) {
      std::string_view value = member.value.text();
      if (!world.with_label(member.key, value).is_empty()) {
        continue;
      }
      if (member.key == "app" && value.starts_with("istio-")) {
        value.remove_prefix(std::string_view("istio-").size());
      } else if (member.key != "istio") {
        continue;
      }
      lacks.istio_ingress_gateway = lacks.istio_ingress_gateway || value == "ingressgateway";
      lacks.istio_egress_gateway = lacks.istio_egress_gateway || value == "egressgateway";
    }
  }
}

}  // namespace tally::reachability::query
