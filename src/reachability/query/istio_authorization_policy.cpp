// AuthorizationPolicy as network-config-analyzer reads it (nca/Parsers/IstioPolicyYamlParser.py): a
// rule is from sources, to operations, under conditions. A field that the tool refuses makes the
// rule one that never matches in an ALLOW and always in a DENY, which is the safe side.
#include <algorithm>
#include <array>

#include "reachability/query/internal/layer_reader.hpp"
#include "scalar/ip_address.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;

// "a", "a*", "*a", "*"
bool matches(std::string_view pattern, std::string_view value) {
  if (pattern == "*") {
    return true;
  }
  if (pattern.starts_with('*')) {
    return value.ends_with(pattern.substr(1));
  }
  if (pattern.ends_with('*')) {
    return value.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return pattern == value;
}

class Reader {
 public:
  Reader(const LayerWorld& world, LayerPolicy& policy) : world_(world), policy_(policy) {}

  LayerRule rule(const Node& node) {
    PeerSet sources = world_.everybody();
    if (const Node* from = node.find("from"); from != nullptr) {
      sources = world_.nobody();
      for (const Node& one : items_of(from)) {
        sources.unite(source(one.find("source")));
      }
    }
    std::vector<TrafficCube> cubes;
    const Node* to = node.find("to");
    for (const Node& one : items_of(to)) {
      if (auto cube = operation(one.find("operation"))) {
        cubes.push_back(std::move(*cube));
      }
    }
    if (to == nullptr) {
      cubes.emplace_back();
    }
    const Node* when = node.find("when");
    for (const Node& condition : items_of(when)) {
      apply(condition, sources, cubes);
    }
    LayerRule rule{.is_ingress = true, .is_empty = sources.is_empty(), .flows = {}};
    for (TrafficCube& cube : cubes) {
      cube.is_tcp = cube.is_tcp || when != nullptr;
      rule.flows.push_back(
          {.sources = sources, .destinations = policy_.selected, .traffic = std::move(cube)});
    }
    return rule;
  }

 private:
  PeerSet namespaces(const Node* in, const Node* not_in) {
    PeerSet set = world_.nobody();
    for (const std::string_view name : world_.cluster().namespace_names()) {
      const auto is_named = [name](const Node& pattern) { return matches(pattern.text(), name); };
      if ((in == nullptr || std::ranges::any_of(items_of(in), is_named)) &&
          std::ranges::none_of(items_of(not_in), is_named)) {
        set.unite(world_.of_namespace(name));
      }
    }
    return set;
  }

  PeerSet principals(const Node* in, const Node* not_in) {
    PeerSet set = in == nullptr ? world_.pods_and_hosts() : world_.nobody();
    for (const Node& pattern : items_of(in)) {
      set.unite(principal(pattern.text()));
    }
    for (const Node& pattern : items_of(not_in)) {
      set.subtract(principal(pattern.text()));
    }
    return set;
  }

  PeerSet principal(std::string_view pattern) {
    PeerSet set = world_.nobody();
    for (std::size_t i = 0; i < world_.peers().size(); ++i) {
      const ClusterPeer& peer = world_.peers()[i];
      set.endpoints[i] = peer.is_pod() && !peer.is_host_endpoint &&
                         matches(pattern, "cluster.local/ns/" + std::string(peer.name_space->name) +
                                              "/sa/" + std::string(peer.endpoint.service_account));
    }
    return set;
  }

  scalar::AddressSet addresses(const Node* list) {
    scalar::AddressSet set;
    for (const Node& text : items_of(list)) {
      std::optional<scalar::Cidr> cidr;
      if (auto parsed = scalar::Cidr::parse(text.text())) {
        cidr = *parsed;
        set = set.unite(scalar::AddressSet(*cidr));
      } else if (auto address = scalar::IpAddress::parse(text.text())) {
        set = set.unite(scalar::AddressSet(*address));
      }
    }
    policy_.names_v6 = policy_.names_v6 || !set.v6().is_empty();
    return set;
  }

  PeerSet blocks(const Node* in, const Node* not_in) {
    PeerSet set = world_.nobody();
    set.addresses = in == nullptr ? scalar::AddressSet::all() : addresses(in);
    set.addresses = set.addresses.minus(addresses(not_in));
    return set;
  }

  PeerSet source(const Node* node) {
    if (node == nullptr || !node->is_object()) {
      return world_.nobody();
    }
    const auto field = [node](std::string_view key) { return node->find(key); };
    const bool has_namespaces = field("namespaces") != nullptr || field("notNamespaces") != nullptr;
    const bool has_blocks = field("ipBlocks") != nullptr || field("notIpBlocks") != nullptr;
    const bool has_principals = field("principals") != nullptr || field("notPrincipals") != nullptr;
    if (has_blocks && (has_namespaces || has_principals)) {
      return world_.nobody();
    }
    PeerSet set = world_.everybody();
    if (has_principals) {
      set.intersect(principals(field("principals"), field("notPrincipals")));
    }
    if (has_namespaces) {
      set.intersect(namespaces(field("namespaces"), field("notNamespaces")));
    } else if (has_blocks) {
      set.intersect(blocks(field("ipBlocks"), field("notIpBlocks")));
    }
    return set;
  }

  static NumberSet ports(const Node* in, const Node* not_in) {
    const auto listed = [](const Node* list) {
      NumberSet set;
      for (const Node& port : items_of(list)) {
        std::int64_t value = port.integer().value_or(0);
        if (value == 0) {
          for (const char c : port.text()) {
            value = c >= '0' && c <= '9' && value < scalar::kPortMax ? value * 10 + (c - '0') : -1;
          }
        }
        if (value >= scalar::kPortMin && value <= scalar::kPortMax) {
          const auto number = static_cast<std::uint16_t>(value);
          set.add(number, number);
        }
      }
      return set;
    };
    const NumberSet all(scalar::kPortMin, scalar::kPortMax);
    return (in == nullptr ? all : listed(in)).minus(listed(not_in));
  }

  static NumberSet methods(const Node* in, const Node* not_in) {
    NumberSet set;
    for (std::size_t i = 0; i < kMethods.size(); ++i) {
      const auto is_named = [i](const Node& text) { return matches(text.text(), kMethods[i]); };
      if ((in == nullptr || std::ranges::any_of(items_of(in), is_named)) &&
          std::ranges::none_of(items_of(not_in), is_named)) {
        set.add(static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(i));
      }
    }
    return set;
  }

  // A star stands for any text; alone for any but the empty one.
  static std::optional<Language> texts(const Node* list) {
    std::optional<Language> all = Language::none();
    for (const Node& text : items_of(list)) {
      std::string pattern;
      for (const char c : text.text()) {
        pattern += c == '.' ? "[.]" : c == '*' ? ".*" : std::string(1, c);
      }
      const auto one = text.text() == "*"        ? Language::regex(".+")
                       : !pattern.contains(".*") ? Language::literal(text.text())
                                                 : Language::regex(pattern);
      if (!one) {
        return std::nullopt;
      }
      all = all->is_empty() ? *one : all->unite(*one);
    }
    return all;
  }

  // Nothing: a text that is not understood.
  static bool restrict(const Node* in, const Node* not_in, std::optional<Language>& into) {
    if (in == nullptr && not_in == nullptr) {
      return true;
    }
    const auto wanted = in == nullptr ? std::optional(Language::all()) : texts(in);
    const auto unwanted = not_in == nullptr ? std::optional(Language::none()) : texts(not_in);
    if (!wanted || !unwanted) {
      return false;
    }
    into = wanted->minus(*unwanted);
    return true;
  }

  std::optional<TrafficCube> operation(const Node* node) {
    if (node == nullptr || !node->is_object()) {
      return std::nullopt;
    }
    const auto field = [node](std::string_view key) { return node->find(key); };
    TrafficCube cube{.is_tcp = true};
    cube.destination_ports = ports(field("ports"), field("notPorts"));
    cube.methods = methods(field("methods"), field("notMethods"));
    if (!restrict(field("paths"), field("notPaths"), cube.paths) ||
        !restrict(field("hosts"), field("notHosts"), cube.hosts)) {
      return policy_.denies ? std::optional(TrafficCube{.is_tcp = true}) : std::nullopt;
    }
    return cube;
  }

  void apply(const Node& condition, PeerSet& sources, std::vector<TrafficCube>& cubes) {
    const std::string_view key = text_of(&condition, "key");
    const Node* in = condition.find("values");
    const Node* not_in = condition.find("notValues");
    if (key == "source.ip") {
      sources.intersect(blocks(in, not_in));
    } else if (key == "source.namespace") {
      sources.intersect(namespaces(in, not_in));
    } else if (key == "source.principal") {
      sources.intersect(principals(in, not_in));
    } else if (key == "destination.port") {
      const NumberSet wanted = ports(in, not_in);
      for (TrafficCube& cube : cubes) {
        cube.destination_ports =
            cube.destination_ports ? cube.destination_ports->intersect(wanted) : wanted;
      }
    } else if (!policy_.denies) {
      cubes.clear();
    }
  }

  const LayerWorld& world_;
  LayerPolicy& policy_;
};

}  // namespace

LayerPolicy read_authorization_policy(const LayerWorld& world, const Node& object) {
  LayerPolicy policy{.layer = Layer::Istio,
                     .kind = "IstioAuthorizationPolicy",
                     .title = "AuthorizationPolicy",
                     .selected = world.nobody()};
  name_policy(policy, object);
  const Node* spec = object.find("spec");
  if (spec == nullptr || !spec->is_object()) {
    return policy;
  }
  policy.denies = text_of(spec, "action") == "DENY";
  policy.closes = !policy.denies;
  policy.affects_ingress = true;
  policy.selected = world.selected(spec->find("selector"), "matchLabels",
                                   namespace_of_object(object), policy.labels);
  Reader reader(world, policy);
  for (const Node& rule : items_of(spec->find("rules"))) {
    policy.rules.push_back(reader.rule(rule));
  }
  return policy;
}

}  // namespace tally::reachability::query
