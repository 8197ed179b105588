#include "network_policy/internal/read_selector.hpp"

#include <algorithm>
#include <utility>

#include "kube/selectors.hpp"
#include "scalar/ip_address.hpp"

namespace tally::network_policy {

using document::Node;

const Node* field(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::size_t count_fields(const Node& node) {
  return static_cast<std::size_t>(
      std::ranges::count_if(node.items(), [](const Node& value) { return !value.is_null(); }));
}

Read<SelectorId> read_selector(PolicySetBuilder& builder, const Node& selector, Subject subject,
                               std::string pointer) {
  const auto read = kube::read_label_selector(selector);
  if (!read) {
    return fault(std::move(pointer), selector, read.error().message);
  }
  return builder.selectors().labels(*read, subject);
}

Read<std::optional<SelectorId>> read_namespaced_pods(PolicySetBuilder& builder, const Node& node,
                                                     const std::string& pointer) {
  SelectorPool& pool = builder.selectors();
  std::vector<SelectorId> parts;
  if (builder.options().host_network_pods_are_nodes) {
    parts.push_back(pool.term(
        {.subject = Subject::HostNetwork, .key = {}, .op = TermOperator::In, .values = {"false"}}));
  }
  if (const Node* namespaces = field(node, "namespaces"); namespaces != nullptr) {
    auto read =
        read_selector(builder, *namespaces, Subject::NamespaceLabel, pointer + "/namespaces");
    if (!read) {
      return std::unexpected(std::move(read).error());
    }
    parts.push_back(*read);
    return pool.all_of(std::move(parts));
  }
  if (const Node* pods = field(node, "pods"); pods != nullptr) {
    if (const Node* selector = field(*pods, "namespaceSelector"); selector != nullptr) {
      auto read = read_selector(builder, *selector, Subject::NamespaceLabel,
                                pointer + "/pods/namespaceSelector");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      parts.push_back(*read);
    }
    if (const Node* selector = field(*pods, "podSelector"); selector != nullptr) {
      auto read =
          read_selector(builder, *selector, Subject::PodLabel, pointer + "/pods/podSelector");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      parts.push_back(*read);
    }
    return pool.all_of(std::move(parts));
  }
  return std::optional<SelectorId>();
}

Read<std::optional<scalar::AddressSet>> read_cidr(PolicySetBuilder& builder,
                                                  const kube::Object& object, const Node& node,
                                                  const std::string& pointer) {
  const auto cidr = scalar::Cidr::parse(node.text());
  if (!node.is_string() || !cidr) {
    return fault(pointer, node,
                 "invalid CIDR address: found " + quoted(node) +
                     ", expected a prefix like 10.0.0.0/8 or fd00::/8");
  }
  if (!cidr->address.is_v4() && !builder.options().with_v6) {
    builder.ignored(object, pointer, node.offset(),
                    "IPv6 addresses are not supported: " + quoted(node) + " is left out");
    return std::optional<scalar::AddressSet>();
  }
  return scalar::AddressSet(*cidr);
}

}  // namespace tally::network_policy
