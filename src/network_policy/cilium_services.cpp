// toServices (Cilium pkg/policy/k8s/service.go, processRule): a Service with a selector stands for
// the pods that it selects, in its namespace; one without stands for the addresses of its
// endpoints, which are no pods.
#include <utility>

#include "network_policy/internal/cilium.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::AddressSet;

void add_address(AddressSet& addresses, const Node* text) {
  const auto address =
      scalar::IpAddress::parse(text == nullptr ? std::string_view{} : text->text());
  if (address) {
    addresses = addresses.unite(AddressSet(*address));
  }
}

// From EndpointSlices and Endpoints; nothing: the input holds neither.
std::optional<AddressSet> endpoint_addresses(const kube::Snapshot& snapshot,
                                             const kube::Object& service) {
  std::optional<AddressSet> addresses;
  for (const std::uint32_t position :
       snapshot.by_label("kubernetes.io/service-name", service.ref.name)) {
    const kube::Object& slice = snapshot.objects()[position];
    const Node* endpoints = slice.root.find("endpoints");
    if (slice.ref.kind != "EndpointSlice" || slice.ref.name_space != service.ref.name_space ||
        endpoints == nullptr) {
      continue;
    }
    addresses = addresses.value_or(AddressSet());
    for (const Node& endpoint : endpoints->items()) {
      if (const Node* list = endpoint.find("addresses"); list != nullptr) {
        for (const Node& address : list->items()) {
          add_address(*addresses, &address);
        }
      }
    }
  }
  const kube::Object* object =
      snapshot.find("", "Endpoints", service.ref.name_space, service.ref.name);
  const Node* subsets = object == nullptr ? nullptr : object->root.find("subsets");
  if (subsets != nullptr) {
    addresses = addresses.value_or(AddressSet());
    for (const Node& subset : subsets->items()) {
      if (const Node* list = subset.find("addresses"); list != nullptr) {
        for (const Node& item : list->items()) {
          add_address(*addresses, item.find("ip"));
        }
      }
    }
  }
  return addresses;
}

void add_service(const CiliumScope& scope, const kube::Object& service, RuleDraft& rule) {
  SelectorPool& pool = scope.builder.selectors();
  const Node* spec = service.root.find("spec");
  const Node* selector = spec == nullptr ? nullptr : field(*spec, "selector");
  if (selector != nullptr && selector->size() > 0) {
    std::vector<SelectorId> parts{cilium_endpoints(scope.builder),
                                  pool.in_namespace(service.ref.name_space)};
    for (const document::Member member : selector->members()) {
      parts.push_back(pool.term({.subject = Subject::PodLabel,
                                 .key = std::string(member.key),
                                 .op = TermOperator::In,
                                 .values = {std::string(member.value.text())}}));
    }
    rule.peers.push_back({.endpoints = pool.all_of(std::move(parts))});
    return;
  }
  const auto addresses = endpoint_addresses(scope.builder.snapshot(), service);
  if (addresses) {
    rule.peers.push_back(
        {.addresses = scope.builder.addresses(addresses->minus(scope.node_addresses))});
  } else {
    rule.peers.push_back({.unknown = "a Service without selector, whose endpoints are not known"});
  }
}

}  // namespace

Read<void> read_cilium_services(const CiliumScope& scope, const Node& services,
                                const std::string& pointer, RuleDraft& rule) {
  const kube::Snapshot& snapshot = scope.builder.snapshot();
  for (std::size_t i = 0; i < services.size(); ++i) {
    const Node& item = services.items()[i];
    const std::string at = pointer + "/" + std::to_string(i);
    const Node* by_labels = field(item, "k8sServiceSelector");
    const Node* by_name = field(item, "k8sService");
    const Node* asked = by_labels != nullptr ? by_labels : by_name;
    if (asked == nullptr) {
      return fault(at, item, "expected a k8sService or a k8sServiceSelector, found neither");
    }
    const Node* name_space = field(*asked, "namespace");
    const Node* name = field(*asked, "serviceName");
    scalar::LabelSelector wanted;
    if (by_labels != nullptr) {
      const Node* selector = field(*by_labels, "selector");
      if (selector == nullptr) {
        return fault(at + "/k8sServiceSelector", *by_labels, "expected a selector, found none");
      }
      const auto read = kube::read_label_selector(*selector);
      if (!read) {
        return fault(at + "/k8sServiceSelector/selector", *selector, read.error().message);
      }
      wanted = *read;
    }
    bool is_found = false;
    for (const std::uint32_t position : snapshot.by_kind("", "Service")) {
      const kube::Object& service = snapshot.objects()[position];
      const bool is_in_namespace = name_space == nullptr || name_space->text().empty() ||
                                   name_space->text() == service.ref.name_space;
      const bool is_meant =
          by_labels != nullptr
              ? wanted.matches([&service](std::string_view key) { return service.label(key); })
              : name != nullptr && name->text() == service.ref.name;
      if (is_in_namespace && is_meant) {
        is_found = true;
        add_service(scope, service, rule);
      }
    }
    const bool is_api_server = by_labels == nullptr && name != nullptr &&
                               name->text() == "kubernetes" && name_space != nullptr &&
                               name_space->text() == "default";
    if (!is_found && is_api_server) {
      rule.peers.push_back({.unknown = "kube-apiserver, whose addresses are not known"});
    } else if (!is_found) {
      scope.ignored(at, item, "no such Service is in the input: it selects nothing");
    }
  }
  return {};
}

}  // namespace tally::network_policy
