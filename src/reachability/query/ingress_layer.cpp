// Ingress as network-config-analyzer reads it (nca/Parsers/IngressPolicyYamlParser.py): what the
// pods behind a service named "ingress-nginx" may reach, by host and path; the longest path wins.
#include <algorithm>
#include <optional>

#include "reachability/query/internal/layer_reader.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;

constexpr std::string_view kController = "ingress-nginx";

struct Backend {
  const Service* service = nullptr;
  const ServicePort* port = nullptr;
};

struct PathRule {
  std::string text;
  bool is_exact = false;
  Language paths = Language::none();
  Backend backend;
};

class Reader {
 public:
  Reader(const LayerWorld& world, std::string_view name_space, const PeerSet& controllers)
      : world_(world), name_space_(name_space), controllers_(controllers) {}

  LayerRule read(const Node* spec) {
    default_ = backend(node_of(spec, {"defaultBackend"}));
    Language hosts = Language::none();
    for (const Node& rule : items_of(node_of(spec, {"rules"}))) {
      const std::string_view host = text_of(&rule, "host");
      const auto one = host.empty() ? std::optional(Language::all()) : host_language(host);
      if (one) {
        read_rule(rule, *one);
        hosts = hosts.is_empty() ? *one : hosts.unite(*one);
      }
    }
    // Hosts that no rule names go to the default backend.
    add(default_, Language::all().minus(hosts), Language::all());
    return std::move(rule_);
  }

 private:
  // Nothing: there is no such service, and what names it is passed over.
  std::optional<Backend> backend(const Node* node) {
    const Node* service = node_of(node, {"service"});
    const Node* port = node_of(service, {"port"});
    if (service == nullptr || port == nullptr) {
      return std::nullopt;
    }
    const Service* found = world_.service(name_space_, text_of(service, "name"));
    if (found == nullptr) {
      return std::nullopt;
    }
    const std::string_view name = text_of(port, "name");
    const Node* number_node = port->find("number");
    const std::int64_t number = number_node == nullptr ? 0 : number_node->integer().value_or(0);
    const auto at = std::ranges::find_if(found->ports, [&](const ServicePort& one) {
      return name.empty() ? one.port == number : one.name == name;
    });
    if (at == found->ports.end()) {
      return std::nullopt;
    }
    return Backend{.service = found, .port = &*at};
  }

  void read_rule(const Node& rule, const Language& hosts) {
    const Node* list = node_of(&rule, {"http", "paths"});
    std::vector<PathRule> paths;
    for (const Node& node : items_of(list)) {
      read_path(node, paths);
    }
    if (paths.empty()) {
      if (list == nullptr) {
        add(default_, hosts, Language::all());
      }
      return;
    }
    Language named = Language::none();
    for (PathRule& one : paths) {
      Language own = one.paths;
      for (const PathRule& other : paths) {
        if (!one.is_exact && &other != &one && other.text.starts_with(one.text)) {
          own = own.minus(other.paths);
        }
      }
      add(one.backend, hosts, own);
      named = named.is_empty() ? own : named.unite(own);
    }
    add(default_, hosts, Language::all().minus(named));
  }

  void read_path(const Node& node, std::vector<PathRule>& paths) {
    PathRule one{.text = std::string(text_of(&node, "path")),
                 .is_exact = text_of(&node, "pathType") == "Exact",
                 .backend = {}};
    const Node* target = node.find("backend");
    const bool has_own = node_of(target, {"service"}) != nullptr;
    const auto found = has_own ? backend(target) : default_;
    if (!found || !one.text.starts_with('/')) {
      return;
    }
    one.backend = *found;
    if (!one.is_exact && one.text.ends_with('/') && one.text.size() > 1) {
      one.text.pop_back();
    }
    auto language = one.is_exact ? Language::literal(one.text) : path_prefix(one.text);
    if (language) {
      one.paths = std::move(*language);
      paths.push_back(std::move(one));
    }
  }

  void add(const std::optional<Backend>& to, const Language& hosts, const Language& paths) {
    if (!to || hosts.is_empty() || paths.is_empty()) {
      return;
    }
    TrafficCube cube{.is_tcp = true, .hosts = hosts, .paths = paths};
    const PeerSet targets = world_.targets(*to->service);
    if (const auto* number = std::get_if<std::int64_t>(&to->port->target)) {
      if (*number < scalar::kPortMin || *number > scalar::kPortMax) {
        return;
      }
      const auto port = static_cast<std::uint16_t>(*number);
      cube.destination_ports = NumberSet(port, port);
      rule_.flows.push_back({.sources = controllers_, .destinations = targets, .traffic = cube});
      return;
    }
    const auto name = std::get<std::string_view>(to->port->target);
    for (std::size_t i = 0; i < targets.endpoints.size(); ++i) {
      if (targets.has(i)) {
        PeerSet one = world_.nobody();
        one.endpoints[i] = true;
        cube.destination_ports = world_.peers()[i].named_port(name, to->port->protocol);
        rule_.flows.push_back({.sources = controllers_, .destinations = one, .traffic = cube});
      }
    }
  }

  const LayerWorld& world_;
  std::string_view name_space_;
  const PeerSet& controllers_;
  std::optional<Backend> default_;
  LayerRule rule_;
};

}  // namespace

LayerPolicy read_ingress(const LayerWorld& world, const Node& object) {
  LayerPolicy policy{
      .layer = Layer::Ingress, .kind = "Ingress", .title = "Ingress", .selected = world.nobody()};
  name_policy(policy, object);
  policy.name += "/allow";
  policy.full_name += "/allow";
  policy.affects_egress = true;
  for (const Service& service : world.cluster().service_list()) {
    if (service.full_name.contains(kController)) {
      policy.selected.unite(world.targets(service));
    }
  }
  LayerRule rule =
      Reader(world, namespace_of_object(object), policy.selected).read(object.find("spec"));
  // Without a backend that exists, the object has no effect.
  if (rule.flows.empty()) {
    policy.affects_egress = false;
  } else {
    policy.rules.push_back(std::move(rule));
  }
  return policy;
}

}  // namespace tally::reachability::query
