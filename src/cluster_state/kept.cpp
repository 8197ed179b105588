#include "cluster_state/internal/kept.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "document/read.hpp"

namespace tally::cluster_state {

using document::Member;
using document::Name;
using document::Node;

namespace {

const Name kApiVersion{"apiVersion"};
const Name kKind{"kind"};
const Name kMetadata{"metadata"};
const Name kName{"name"};
const Name kNamespace{"namespace"};
const Name kStatus{"status"};
const Name kAnnotations{"annotations"};

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::array<std::string_view, 4> kDroppedMetadata{"managedFields", "resourceVersion",
                                                           "generation", "selfLink"};

// Pods: topology and what runs; nodes: network policies of hosts; namespaces: the variable
// namespaceObject of CEL; the others: ways into the cluster.
constexpr std::array<std::string_view, 5> kPod{"phase", "podIP", "podIPs", "hostIP", "hostIPs"};
constexpr std::array<std::string_view, 2> kNamespaceStatus{"phase", "conditions"};
constexpr std::array<std::string_view, 1> kAddresses{"addresses"};
constexpr std::array<std::string_view, 1> kLoadBalancer{"loadBalancer"};
constexpr std::array<KeptStatus, 6> kKeptStatus{{
    {{"", "Pod"}, kPod},
    {{"", "Node"}, kAddresses},
    {{"", "Namespace"}, kNamespaceStatus},
    {{"", "Service"}, kLoadBalancer},
    {{"networking.k8s.io", "Ingress"}, kLoadBalancer},
    {{"gateway.networking.k8s.io", "Gateway"}, kAddresses},
}};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The members of a map that `is_kept` names, as they are.
template <class IsKept>
Node keep_members(Pool& pool, const Node& map, const IsKept& is_kept) {
  const std::size_t kept = pool.open();
  for (const Member member : map.members()) {
    if (is_kept(member.key)) {
      pool.add(member.key, member.value.key_symbol(), pool.keep(member.value));
    }
  }
  return pool.close(kept);
}

Node keep_metadata(Pool& pool, const Node& metadata) {
  const std::size_t kept = pool.open();
  for (const Member member : metadata.members()) {
    if (contains(kDroppedMetadata, member.key)) {
      continue;
    }
    const bool filtered = member.key == kAnnotations.text() && member.value.is_object();
    pool.add(member.key, member.value.key_symbol(),
             filtered ? keep_members(pool, member.value,
                                     [](std::string_view key) { return key != kLastApplied; })
                      : pool.keep(member.value));
  }
  return pool.close(kept);
}

// Found where a text was expected.
std::string found(const Node* node) {
  if (node == nullptr) {
    return "nothing";
  }
  return node->is_string() ? fmt::format("\"{}\"", excerpt(node->text()))
                           : fmt::format("a {}", document::kind_name(node->kind()));
}

struct Measure {
  std::size_t bytes_max;
  std::size_t bytes_left = bytes_max;

  // False: too much.
  bool take(std::size_t bytes) noexcept {
    if (bytes > bytes_left) {
      return false;
    }
    bytes_left -= bytes;
    return true;
  }
  [[nodiscard]] std::unexpected<Error> too_big() const {
    return limit_error(fmt::format("the object takes more than {} bytes", bytes_max));
  }
  Result<void> walk(const Node& node, std::uint32_t depth) {
    if (depth == 0) {
      return limit_error("lists and maps are nested too deep to be kept");
    }
    if (!take(sizeof(Node) + node.text().size())) {
      return too_big();
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.is_object() && !take(node.key(i).size())) {
        return too_big();
      }
      TALLY_CHECK(walk(node.items()[i], depth - 1));
    }
    return {};
  }
};

}  // namespace

const KeptStatus* find_kept_status(KindName kind) noexcept {
  const auto* row = std::ranges::find(kKeptStatus, kind, &KeptStatus::kind);
  return row == kKeptStatus.end() ? nullptr : row;
}

std::string api_version_of(const Resource& resource) {
  return resource.group.empty() ? std::string(resource.version)
                                : fmt::format("{}/{}", resource.group, resource.version);
}

Result<Identity> identify(const Resource& resource, const Node& object) {
  if (!object.is_object()) {
    return content_error(fmt::format("found a {}, expected a map with metadata",
                                     document::kind_name(object.kind())));
  }
  const std::string api_version = api_version_of(resource);
  for (const auto& [name, expected] :
       {std::pair<const Name*, std::string_view>{&kApiVersion, api_version},
        {&kKind, resource.kind}}) {
    const Node* node = object.find(*name);
    if (node != nullptr && node->text() != expected) {
      return content_error(
          fmt::format("{}: found {}, expected \"{}\"", name->text(), found(node), expected));
    }
  }
  const Node* metadata = object.find(kMetadata);
  const Node* name = metadata == nullptr ? nullptr : metadata->find(kName);
  if (name == nullptr || !name->is_string() || name->text().empty()) {
    return content_error(fmt::format("metadata.name: found {}, expected a name", found(name)));
  }
  const Node* name_space = metadata->find(kNamespace);
  if (name_space != nullptr && !name_space->is_string()) {
    return content_error(fmt::format("metadata.namespace of {}: found {}, expected a name",
                                     excerpt(name->text()), found(name_space)));
  }
  return Identity{.name_space = name_space == nullptr ? std::string_view{} : name_space->text(),
                  .name = name->text()};
}

Result<void> check_size(const Node& object, std::size_t bytes_max) {
  return Measure{.bytes_max = bytes_max}.walk(object, document::ReadLimits{}.depth + 1);
}

Node keep_object(Pool& pool, const Resource& resource, const Node& object, bool whole_status) {
  const std::size_t kept = pool.open();
  pool.add(kApiVersion.text(), kApiVersion.symbol(), pool.keep_text(api_version_of(resource)));
  pool.add(kKind.text(), kKind.symbol(), pool.keep_text(resource.kind));
  for (const Member member : object.members()) {
    if (member.key == kApiVersion.text() || member.key == kKind.text()) {
      continue;
    }
    Node value;
    if (member.key == kMetadata.text()) {
      value = keep_metadata(pool, member.value);
    } else if (member.key == kStatus.text() && !whole_status) {
      const KeptStatus* status = find_kept_status({resource.group, resource.kind});
      if (status == nullptr || !member.value.is_object()) {
        continue;
      }
      value = keep_members(pool, member.value, [status](std::string_view key) {
        return contains(status->members, key);
      });
    } else {
      value = pool.keep(member.value);
    }
    pool.add(member.key, member.value.key_symbol(), value);
  }
  return pool.close(kept);
}

}  // namespace tally::cluster_state
