// istio.io/latest/docs/reference/config/networking/gateway; where the text is silent, Istio's
// pilot: the files are named above what they say.

#include "reachability/entries/internal/istio_gateways.hpp"

#include <algorithm>

#include "reachability/entries/internal/host_names.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;

namespace {

std::span<const Node> items(const Node* list) {
  const auto all = list == nullptr || !list->is_array() ? std::span<const Node>{} : list->items();
  return all.first(std::min(all.size(), kIstioListMax));
}

}  // namespace

IstioGateways::IstioGateways(EntryBook& book) : book_(book) {
  book.for_each("networking.istio.io", "Gateway", [this](const Object& object) { read(object); });
}

const IstioGateway* IstioGateways::find(std::string_view name) const {
  const auto at = gateways_.find(name);
  return at == gateways_.end() ? nullptr : &at->second;
}

// pkg/model/config.go resolveGatewayName.
std::string gateway_name(std::string_view text, std::string_view name_space) {
  if (text.starts_with("./")) {
    return std::string(name_space) + "/" + std::string(text.substr(2));
  }
  if (text.contains('/')) {
    return std::string(text);
  }
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return std::string(name_space) + "/" + std::string(text);
  }
  const std::string_view rest = text.substr(dot + 1);
  return std::string(rest.substr(0, rest.find('.'))) + "/" + std::string(text.substr(0, dot));
}

void IstioGateways::read(const Object& object) {
  const Node* spec = field(&object.root, "spec");
  IstioGateway& gateway =
      gateways_[std::string(object.ref.name_space) + "/" + std::string(object.ref.name)];
  gateway.object = &object;
  gateway.sources = scalar::AddressSet::all();
  for (const Node& item : items(field(spec, "servers"))) {
    const Node* port = field(&item, "port");
    const Node* tls = field(&item, "tls");
    const std::string_view mode = text_at(tls, "mode");
    const Node* redirect = field(tls, "httpsRedirect");
    Server server{.port = read_port_wish(field(port, "number")).number,
                  .protocol = text_at(port, "protocol"),
                  .redirects = redirect != nullptr && redirect->boolean(),
                  .hosts = field(&item, "hosts")};
    const bool is_passed = mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH";
    const bool is_secure = server.protocol == "HTTPS" || server.protocol == "TLS";
    server.tls = is_passed                                        ? EntryTls::Passthrough
                 : is_secure || (tls != nullptr && !mode.empty()) ? EntryTls::Terminate
                                                                  : EntryTls::None;
    gateway.servers.push_back(server);
  }
  const Node* selector = field(spec, "selector");
  Door door{.pods = pods_of(selector)};
  if (!door.pods.empty()) {
    door.kind = Door::Kind::Pods;
    EntryBook::Front front = book_.front_of(door.pods);
    gateway.sources = std::move(front.sources);
    gateway.internal = std::move(front.internal);
  } else {
    door.home = object.ref.name_space;
    if (selector != nullptr) {
      door.labels = *selector;
      book_.problem(EntryProblem::Kind::GatewaySelectsNothing,
                    {.object = &object, .pointer = "/spec/selector", .offset = selector->offset()},
                    "no pod of the input is selected by the Gateway");
    }
  }
  gateway.door = &book_.add_door(std::move(door));
}

// networking/gateway: the selector is over all namespaces.
std::vector<std::uint32_t> IstioGateways::pods_of(const Node* selector) {
  std::vector<std::uint32_t> pods;
  if (selector == nullptr || selector->size() == 0 || !selector->is_object()) {
    return pods;
  }
  std::string text;
  for (const document::Member label : selector->members()) {
    text.append(label.key).append("=").append(label.value.text()).append(",");
  }
  const auto [at, is_new] = pods_.try_emplace(std::move(text));
  if (is_new) {
    pods = book_.pods_with(selector->key(0), selector->items()[0].text(), "");
    std::erase_if(pods, [&](std::uint32_t pod) {
      return !has_labels(book_.topology().endpoints()[pod], *selector);
    });
    at->second = std::move(pods);
  }
  return at->second;
}

// pkg/model/push_context.go initVirtualServices: "*" or nothing is everybody, "." its own
// namespace; what counts is the namespace of the proxy. Nothing: it is not known.
std::optional<bool> is_exported(const topology::Topology& topology, const Object& service,
                                const IstioGateway& gateway) {
  const auto list = items(field(field(&service.root, "spec"), "exportTo"));
  const auto holds = [&](std::string_view name_space) {
    return std::ranges::any_of(list, [&](const Node& item) {
      return item.text() == name_space ||
             (item.text() == "." && service.ref.name_space == name_space);
    });
  };
  const auto is_everybody = [](const Node& item) { return item.text() == "*"; };
  if (list.empty() || std::ranges::any_of(list, is_everybody)) {
    return true;
  }
  if (std::ranges::any_of(list, [](const Node& item) { return item.text() == "~"; })) {
    return false;
  }
  if (gateway.door->kind != Door::Kind::Pods) {
    return std::nullopt;
  }
  return std::ranges::any_of(gateway.door->pods, [&](std::uint32_t pod) {
    return holds(topology.name_space_of(topology.endpoints()[pod]).name);
  });
}

// pkg/networking/core/gateway.go pickMatchingGatewayHosts: "namespace/host", where "." is the
// Gateway's namespace.
CommonHosts common_hosts(const Object& service, const IstioGateway& gateway, const Server& server) {
  CommonHosts found;
  for (const Node& own : items(field(field(&service.root, "spec"), "hosts"))) {
    for (const Node& item : items(server.hosts)) {
      std::string_view host = item.text();
      const std::size_t slash = host.find('/');
      std::string_view name_space = "*";
      if (slash != std::string_view::npos) {
        name_space = host.substr(0, slash);
        host = host.substr(slash + 1);
      }
      name_space = name_space == "." ? gateway.object->ref.name_space : name_space;
      const auto common = common_host(host, own.text());
      if (!common) {
        continue;
      }
      if (name_space != "*" && name_space != service.ref.name_space) {
        found.is_other_namespace = true;
        continue;
      }
      found.words.append(found.words.empty() ? "" : ", ").append(*common);
      found.is_any = true;
      break;
    }
  }
  return found;
}

}  // namespace tally::reachability::entries
