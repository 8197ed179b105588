#include "reachability/mesh/client_settings.hpp"

#include <algorithm>
#include <tuple>

#include "reachability/mesh/internal/hosts.hpp"

namespace tally::reachability::mesh {

using document::Node;
using kube::Object;
using topology::Endpoint;

namespace {

constexpr std::string_view kNetworking = "networking.istio.io";

Step step_of(const Object& object, const Node* at, std::string what) {
  return {.title = title_of(object),
          .place = place_of(object, at == nullptr ? object.root.offset() : at->offset()),
          .what = std::move(what)};
}

bool has_labels(const Endpoint& endpoint, const Node* wanted) {
  if (wanted == nullptr) {
    return true;
  }
  for (const document::Member label : wanted->members()) {
    if (endpoint.label(label.key) != label.value.text()) {
      return false;
    }
  }
  return true;
}

std::optional<std::uint16_t> number_of(const Node* port) {
  const Node* number = port == nullptr ? nullptr : port->find("number");
  const auto value = number == nullptr ? std::nullopt : number->integer();
  return value && *value > 0 && *value <= scalar::kPortMax
             ? std::optional(static_cast<std::uint16_t>(*value))
             : std::nullopt;
}

// The rule of one namespace for a host: the most specific host, the oldest; one that selects the
// client by labels before one for all.
const Object* best_rule(const std::vector<const Object*>& rules, std::string_view name_space,
                        std::string_view host, const auto& is_visible, const Endpoint& client) {
  const Object* best = nullptr;
  std::string best_host;
  bool best_selects = false;
  for (const Object* rule : rules) {
    const Node* spec = rule->root.find("spec");
    if (rule->ref.name_space != name_space || spec == nullptr || !is_visible(*rule)) {
      continue;
    }
    const std::string own = full_host(text_at(*spec, "host"), name_space);
    const Node* selector = at_path(*spec, {"workloadSelector", "matchLabels"});
    if (!matches_host(own, host) || !has_labels(client, selector)) {
      continue;
    }
    const bool selects = selector != nullptr;
    if (best == nullptr || is_more_specific(own, best_host) ||
        (own == best_host && selects && !best_selects)) {
      best = rule;
      best_host = own;
      best_selects = selects;
    }
  }
  return best;
}

ClientTls::Mode mode_of(const Node* tls) {
  const std::string_view mode = tls == nullptr ? std::string_view{} : text_at(*tls, "mode");
  if (tls == nullptr) {
    return ClientTls::Mode::Automatic;
  }
  if (mode == "ISTIO_MUTUAL") {
    return ClientTls::Mode::Istio;
  }
  if (mode == "SIMPLE") {
    return ClientTls::Mode::Simple;
  }
  return mode == "MUTUAL" ? ClientTls::Mode::Mutual : ClientTls::Mode::Disable;
}

// Settings of a port are not inherited: where there are any, they stand for all.
const Node* tls_of_policy(const Node& policy, std::uint16_t port) {
  if (const Node* levels = policy.find("portLevelSettings")) {
    for (const Node& level : levels->items()) {
      if (number_of(level.find("port")) == port) {
        return level.find("tls");
      }
    }
  }
  return policy.find("tls");
}

// Whether a match of some route asks for labels of the client.
bool routes_by_source(const Object* object) {
  const Node* spec = object->root.find("spec");
  for (const std::string_view kind : {"http", "tls", "tcp"}) {
    const Node* routes = spec == nullptr ? nullptr : spec->find(kind);
    for (const Node& route : routes == nullptr ? std::span<const Node>{} : routes->items()) {
      const Node* matches = route.find("match");
      for (const Node& match : matches == nullptr ? std::span<const Node>{} : matches->items()) {
        if (match.find("sourceLabels") != nullptr) {
          return true;
        }
      }
    }
  }
  return false;
}

}  // namespace

ClientSettings::ClientSettings(const kube::Snapshot& snapshot, const topology::Topology& topology,
                               const authorization::MeshSettings& settings)
    : snapshot_(snapshot),
      topology_(topology),
      settings_(settings),
      rules_(of_kind("DestinationRule")),
      sidecars_(of_kind("Sidecar")),
      entries_(of_kind("ServiceEntry")),
      virtual_services_(of_kind("VirtualService")) {}

std::vector<const Object*> ClientSettings::of_kind(std::string_view kind) const {
  std::vector<const Object*> objects;
  for (const std::uint32_t at : snapshot_.by_kind(kNetworking, kind)) {
    objects.push_back(&snapshot_.objects()[at]);
  }
  // RFC 3339 in UTC compares as text; the name decides between equals, as istiod sorts.
  std::ranges::sort(objects, {}, [](const Object* object) {
    return std::tuple(text_at(object->metadata, "creationTimestamp"), object->ref.name,
                      object->ref.name_space);
  });
  return objects;
}

std::string ClientSettings::host_of(const CalledPort& called) const {
  const topology::Service& service = topology_.services()[called.service];
  return full_host(service.name, topology_.namespaces()[service.name_space].name);
}

const Object* ClientSettings::rule_of(const Endpoint& client, const CalledPort& called) const {
  const std::string host = host_of(called);
  const std::string_view own = name_of(client);
  const auto everywhere = [](const Object&) { return true; };
  const auto exported = [&](const Object& rule) {
    return is_exported(at_path(rule.root, {"spec", "exportTo"}), rule.ref.name_space, own);
  };
  const std::string_view of_service =
      topology_.namespaces()[topology_.services()[called.service].name_space].name;
  const Object* rule = nullptr;
  if (own != settings_.root_namespace) {
    rule = best_rule(rules_, own, host, everywhere, client);
  }
  if (rule == nullptr) {
    rule = best_rule(rules_, of_service, host, exported, client);
  }
  return rule != nullptr ? rule
                         : best_rule(rules_, settings_.root_namespace, host, exported, client);
}

ClientSettings::InSubset ClientSettings::in_subset(const Endpoint& client, const CalledPort& called,
                                                   const Endpoint& destination,
                                                   std::string_view subset) const {
  const Object* rule = rule_of(client, called);
  const Node* subsets = rule == nullptr ? nullptr : at_path(rule->root, {"spec", "subsets"});
  for (const Node& one : subsets == nullptr ? std::span<const Node>{} : subsets->items()) {
    if (text_at(one, "name") == subset) {
      return has_labels(destination, one.find("labels")) ? InSubset::Yes : InSubset::No;
    }
  }
  return InSubset::Absent;
}

ClientTls ClientSettings::tls_of(const Endpoint& client, const CalledPort& called,
                                 const Endpoint& destination) const {
  const Object* rule = rule_of(client, called);
  ClientTls out;
  if (rule == nullptr) {
    return out;
  }
  const Node* policy = at_path(rule->root, {"spec", "trafficPolicy"});
  const Node* tls = policy == nullptr ? nullptr : tls_of_policy(*policy, called.number);
  out.mode = mode_of(tls);
  if (tls != nullptr) {
    out.by = step_of(*rule, tls, "tls mode " + std::string(text_at(*tls, "mode")));
  }
  const Node* subsets = at_path(rule->root, {"spec", "subsets"});
  for (const Node& subset : subsets == nullptr ? std::span<const Node>{} : subsets->items()) {
    const Node* own_policy = subset.find("trafficPolicy");
    const Node* own_tls =
        own_policy == nullptr ? nullptr : tls_of_policy(*own_policy, called.number);
    if (own_tls != nullptr && mode_of(own_tls) != out.mode &&
        has_labels(destination, subset.find("labels"))) {
      out.missing.push_back("whether a route leads to subset " +
                            std::string(text_at(subset, "name")) + " of " + title_of(*rule));
    }
  }
  return out;
}

// A Sidecar that selects the client, else that of its namespace, else that of the root namespace.
ClientSettings::Egress ClientSettings::egress_of(const Endpoint& client) const {
  const std::string_view own = name_of(client);
  const Object* of_namespace = nullptr;
  const Object* of_root = nullptr;
  const Object* selecting = nullptr;
  for (const Object* sidecar : sidecars_) {
    const Node* labels = at_path(sidecar->root, {"spec", "workloadSelector", "labels"});
    if (sidecar->ref.name_space == own) {
      const Object*& slot = labels == nullptr ? of_namespace : selecting;
      if (slot == nullptr && has_labels(client, labels)) {
        slot = sidecar;
      }
    }
    if (sidecar->ref.name_space == settings_.root_namespace && labels == nullptr &&
        of_root == nullptr) {
      of_root = sidecar;
    }
  }
  Egress egress;
  egress.is_registry_only = settings_.is_registry_only;
  egress.by.what = "outboundTrafficPolicy of the mesh is REGISTRY_ONLY";
  egress.sidecar = selecting != nullptr      ? selecting
                   : of_namespace != nullptr ? of_namespace
                                             : of_root;
  if (egress.sidecar == nullptr) {
    return egress;
  }
  if (const Node* policy = at_path(egress.sidecar->root, {"spec", "outboundTrafficPolicy"})) {
    egress.is_registry_only = text_at(*policy, "mode") == "REGISTRY_ONLY";
    egress.by = step_of(*egress.sidecar, policy, "outboundTrafficPolicy is REGISTRY_ONLY");
  }
  return egress;
}

bool ClientSettings::imports(const Egress& egress, std::string_view own_namespace,
                             std::string_view host_namespace, std::string_view host,
                             std::uint16_t port) const {
  const Node* listeners =
      egress.sidecar == nullptr ? nullptr : at_path(egress.sidecar->root, {"spec", "egress"});
  if (listeners == nullptr || listeners->items().empty()) {
    return true;
  }
  for (const Node& listener : listeners->items()) {
    const auto only = number_of(listener.find("port"));
    const Node* hosts = listener.find("hosts");
    if ((only && *only != port) || hosts == nullptr) {
      continue;
    }
    for (const Node& item : hosts->items()) {
      const std::string_view text = item.text();
      const std::size_t slash = text.find('/');
      const std::string_view where =
          slash == std::string_view::npos ? std::string_view("*") : text.substr(0, slash);
      const std::string_view pattern =
          slash == std::string_view::npos ? text : text.substr(slash + 1);
      const bool is_there = where == "*" || where == host_namespace ||
                            (where == "." && host_namespace == own_namespace);
      if (is_there && matches_host(pattern, host)) {
        return true;
      }
    }
  }
  return false;
}

Outbound ClientSettings::to_service(const Endpoint& client, const CalledPort& called) const {
  const topology::Service& service = topology_.services()[called.service];
  const std::string_view own = name_of(client);
  const std::string_view of_service = topology_.namespaces()[service.name_space].name;
  const Egress egress = egress_of(client);
  Outbound out;
  // networking.istio.io/exportTo: "., other".
  const auto exported = service.object->annotation("networking.istio.io/exportTo");
  if (exported) {
    bool is_visible = false;
    for (std::string_view rest = *exported; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      std::string_view word = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      while (word.starts_with(' ')) {
        word.remove_prefix(1);
      }
      while (word.ends_with(' ')) {
        word.remove_suffix(1);
      }
      is_visible = is_visible || word == "*" || word == own || (word == "." && own == of_service);
    }
    if (!is_visible) {
      out.by =
          step_of(*service.object, nullptr, "is not exported to namespace " + std::string(own));
    }
  }
  if (out.by.what.empty() && !imports(egress, own, of_service, host_of(called), called.number)) {
    out.by = step_of(*egress.sidecar, at_path(egress.sidecar->root, {"spec", "egress"}),
                     "its egress hosts leave out " + host_of(called));
  }
  if (out.by.what.empty()) {
    return out;
  }
  out.answer = egress.is_registry_only ? Outbound::Answer::Refused : Outbound::Answer::Passthrough;
  return out;
}

Outbound ClientSettings::to_pod(const Endpoint& client) const {
  const Egress egress = egress_of(client);
  if (!egress.is_registry_only) {
    return {};
  }
  return {.answer = Outbound::Answer::Unknown,
          .by = egress.by,
          .missing = "a Service that leads to the port: " + egress.by.what};
}

Outbound ClientSettings::to_addresses(const Endpoint& client, const scalar::AddressSet& addresses,
                                      std::uint16_t port) const {
  const Egress egress = egress_of(client);
  if (!egress.is_registry_only) {
    return {.answer = Outbound::Answer::Passthrough};
  }
  const std::string_view own = name_of(client);
  scalar::AddressSet covered;
  const Object* by_name = nullptr;
  for (const Object* entry : entries_) {
    const Node* spec = entry->root.find("spec");
    if (spec == nullptr || !is_exported(spec->find("exportTo"), entry->ref.name_space, own)) {
      continue;
    }
    const auto items = [&](std::string_view key) {
      const Node* list = spec->find(key);
      return list == nullptr ? std::span<const Node>{} : list->items();
    };
    const bool has_port = std::ranges::any_of(
        items("ports"), [&](const Node& item) { return number_of(&item) == port; });
    const bool is_imported = std::ranges::any_of(items("hosts"), [&](const Node& host) {
      return imports(egress, own, entry->ref.name_space, host.text(), port);
    });
    if (!has_port || !is_imported) {
      continue;
    }
    scalar::AddressSet of_entry;
    const auto add = [&](std::string_view text) {
      if (const auto cidr = scalar::Cidr::parse(text)) {
        of_entry = of_entry.unite(scalar::AddressSet(*cidr));
      } else if (const auto address = scalar::IpAddress::parse(text)) {
        of_entry = of_entry.unite(scalar::AddressSet(*address));
      }
    };
    for (const Node& item : items("addresses")) {
      add(item.text());
    }
    for (const Node& item : items("endpoints")) {
      add(text_at(item, "address"));
    }
    if (of_entry.is_empty()) {
      by_name = by_name == nullptr ? entry : by_name;
    }
    covered = covered.unite(of_entry);
  }
  if (covered.contains(addresses)) {
    return {};
  }
  if (by_name != nullptr || covered.intersects(addresses)) {
    return {.answer = Outbound::Answer::Unknown,
            .by = egress.by,
            .missing = by_name != nullptr
                           ? "the addresses of the hosts of " + title_of(*by_name)
                           : "which of the addresses are meant: a ServiceEntry names some"};
  }
  return {.answer = Outbound::Answer::Refused, .by = egress.by};
}

bool ClientSettings::selects_clients() const {
  const auto selects = [](const Object* object) {
    return at_path(object->root, {"spec", "workloadSelector"}) != nullptr;
  };
  return std::ranges::any_of(rules_, selects) || std::ranges::any_of(sidecars_, selects) ||
         std::ranges::any_of(virtual_services_, routes_by_source);
}

std::string ClientSettings::client_key(const Endpoint& client) const {
  std::string key(name_of(client));
  if (selects_clients()) {
    for (const document::Member label : client.labels.members()) {
      key.append("|").append(label.key).append("=").append(label.value.text());
    }
  }
  return key;
}

std::string ClientSettings::service_key(std::uint32_t service, const Endpoint& destination) const {
  const topology::Service& own = topology_.services()[service];
  const std::string_view name_space = topology_.namespaces()[own.name_space].name;
  const std::string host = full_host(own.name, name_space);
  std::string key;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Node* spec = rules_[i]->root.find("spec");
    if (spec == nullptr ||
        !matches_host(full_host(text_at(*spec, "host"), rules_[i]->ref.name_space), host)) {
      continue;
    }
    key.append("rule ").append(std::to_string(i));
    const Node* subsets = spec->find("subsets");
    for (const Node& subset : subsets == nullptr ? std::span<const Node>{} : subsets->items()) {
      key += has_labels(destination, subset.find("labels")) ? 'y' : 'n';
    }
    key += '|';
  }
  const auto exported = own.object->annotation("networking.istio.io/exportTo");
  const bool is_routed = std::ranges::any_of(virtual_services_, [&](const Object* object) {
    const Node* hosts = at_path(object->root, {"spec", "hosts"});
    return hosts != nullptr && std::ranges::any_of(hosts->items(), [&](const Node& item) {
             return matches_host(full_host(item.text(), object->ref.name_space), host);
           });
  });
  if (is_routed || !sidecars_.empty()) {
    key.append(host);
  } else if (!key.empty() || exported) {
    key.append(name_space);
  }
  return exported ? key.append("|").append(*exported) : key;
}

std::vector<std::uint16_t> ClientSettings::entry_ports() const {
  std::vector<std::uint16_t> ports;
  for (const Object* entry : entries_) {
    const Node* list = at_path(entry->root, {"spec", "ports"});
    for (const Node& item : list == nullptr ? std::span<const Node>{} : list->items()) {
      if (const auto number = number_of(&item)) {
        ports.push_back(*number);
      }
    }
  }
  return ports;
}

}  // namespace tally::reachability::mesh
