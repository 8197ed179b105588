// k8snetworkplumbingwg/multi-networkpolicy pkg/apis/k8s.cni.cncf.io/v1beta1 types.go: the spec is
// that of NetworkPolicy; the annotation is a list of [namespace/]name with commas between them.
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "network_policy/internal/builder.hpp"
#include "network_policy/internal/read_selector.hpp"
#include "network_policy/multi_network.hpp"

namespace tally::network_policy {
namespace {

constexpr std::string_view kGroup = "k8s.cni.cncf.io";

// The namespace that the annotation gives the network, or the policy's; nothing: it is not named.
std::optional<std::string_view> namespace_in(std::string_view list, std::string_view network,
                                             std::string_view own) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view item = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const std::size_t slash = item.find('/');
    const bool has_namespace = slash != std::string_view::npos;
    if ((has_namespace ? item.substr(slash + 1) : item) == network) {
      return has_namespace ? item.substr(0, slash) : own;
    }
  }
  return std::nullopt;
}

bool has_rules(const kube::Object& object, std::string_view name) {
  const document::Node* spec = object.root.find("spec");
  const document::Node* rules = spec == nullptr ? nullptr : field(*spec, name);
  return rules != nullptr && rules->size() > 0;
}

// Without policyTypes only the directions that have rules are isolated: what netpol-analyzer reads
// (pkg/netpol/eval/internal/k8s/multi_netpol.go); the API's own comment leaves it open.
void isolate_where_rules_are(const kube::Object& object, PolicyDraft& draft) {
  const document::Node* spec = object.root.find("spec");
  const document::Node* types = spec == nullptr ? nullptr : field(*spec, "policyTypes");
  if (types != nullptr && types->size() > 0) {
    return;
  }
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const bool applies = has_rules(object, to_text(direction));
    draft.applies[static_cast<int>(direction)] = applies;
    draft.isolates[static_cast<int>(direction)] = applies;
  }
}

}  // namespace

PolicySet load_multi_network(const kube::Snapshot& snapshot, std::string_view network,
                             std::span<const std::string_view> namespaces,
                             const LoadOptions& options) {
  PolicySetBuilder builder(snapshot, options);
  for (const std::uint32_t position : snapshot.by_kind(kGroup, "MultiNetworkPolicy")) {
    const kube::Object& object = snapshot.objects()[position];
    const auto list = object.annotation(kPolicyForAnnotation);
    if (!list || list->empty()) {
      builder.invalid(object, "/metadata/annotations", object.metadata.offset(),
                      "annotations error: a policy-for annotation (" +
                          std::string(kPolicyForAnnotation) +
                          ") indicating to which secondary networks the policy applies must be "
                          "specified");
      continue;
    }
    const auto in = namespace_in(*list, network, object.ref.name_space);
    if (!in || !std::ranges::binary_search(namespaces, *in)) {
      continue;
    }
    if (auto draft = draft_network_policy(builder, object)) {
      isolate_where_rules_are(object, *draft);
      builder.add(std::move(*draft));
    }
  }
  return builder.finish();
}

}  // namespace tally::network_policy
