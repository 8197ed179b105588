// Calico's policies, tiers and profiles (projectcalico.org/v3, Calico 3.30;
// docs.tigera.io/calico/latest/reference/resources).
//
// Tiers go by order, then by name; a tier without order is last (felix/calc/policy_sorter.go,
// TierLess). Policies of a tier likewise, their names as Felix knows them (PolKVLess). What no rule
// of a tier decides is denied at its end for the endpoints that one of its policies selects, unless
// its default action is Pass. Last come the profiles of the namespaces, which allow everything
// unless the input says otherwise.
#include <algorithm>
#include <limits>
#include <utility>

#include "network_policy/internal/calico.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;

// Calico's names of the tiers of AdminNetworkPolicy: those of 3.29, then those of 3.30.
std::string_view tier_name(std::string_view name) {
  if (name.empty()) {
    return kDefaultTier;
  }
  if (name == "adminnetworkpolicy" || name == "kube-admin") {
    return kAdminTier;
  }
  if (name == "baselineadminnetworkpolicy" || name == "kube-baseline") {
    return kBaselineTier;
  }
  return name;
}

// Behind every number, and before the profiles.
constexpr double kNoTierOrder = std::numeric_limits<double>::max();
constexpr double kProfileOrder = std::numeric_limits<double>::infinity();
// felix/calc/policy_sorter.go, polMetaDefaultOrder
constexpr double kNoPolicyOrder = std::numeric_limits<double>::infinity();

Read<double> read_order(const Node& spec, double otherwise) {
  const Node* order = field(spec, "order");
  if (order == nullptr) {
    return otherwise;
  }
  if (!order->is_number()) {
    return fault("/order", *order, "found " + quoted(*order) + ", expected a number");
  }
  return order->number();
}

bool is_true(const Node& spec, std::string_view key) {
  const Node* value = field(spec, key);
  return value != nullptr && value->boolean();
}

const Node& spec_of(const kube::Object& object) {
  static const Node kEmpty;
  const Node* spec = object.root.find("spec");
  return spec == nullptr ? kEmpty : *spec;
}

void invalid(PolicySetBuilder& builder, const kube::Object& object, Fault fault) {
  builder.invalid(object, "/spec" + fault.pointer, fault.offset, std::move(fault.message));
}

class PolicyReader {
 public:
  PolicyReader(CalicoWorld& world, const kube::Object& object, bool is_namespaced)
      : world_(world),
        builder_(world.builder()),
        object_(object),
        spec_(spec_of(object)),
        name_space_(is_namespaced ? object.ref.name_space : std::string_view{}) {}

  Read<std::optional<PolicyDraft>> run() {
    PolicyDraft draft{.object = &object_};
    const Node* tier = field(spec_, "tier");
    draft.tier = tier_name(tier == nullptr ? std::string_view{} : tier->text());
    auto order = read_order(spec_, kNoPolicyOrder);
    if (!order) {
      return std::unexpected(std::move(order).error());
    }
    draft.order = *order;
    draft.tie = tie();
    for (const auto read : {&PolicyReader::read_subject, &PolicyReader::read_types}) {
      if (auto done = (this->*read)(draft); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      if (auto done = read_rules(direction, draft); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    // felix/calc/policy_resolver.go: such policies reach host endpoints only.
    for (const std::string_view key : {"doNotTrack", "preDNAT"}) {
      if (is_true(spec_, key)) {
        builder_.ignored(object_, "/spec/" + std::string(key), spec_.offset(),
                         "the policy is for host endpoints, which are not judged");
        return std::optional<PolicyDraft>();
      }
    }
    return std::optional(std::move(draft));
  }

  // What a Profile has of a policy: its rules.
  Read<void> read_rules(Direction direction, PolicyDraft& draft) {
    const std::string_view key = to_text(direction);
    const Node* rules = field(spec_, key);
    for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
      const std::string at = "/" + std::string(key) + "/" + std::to_string(i);
      auto rule = read_calico_rule(
          world_, {.object = object_, .policy_namespace = name_space_, .direction = direction},
          rules->items()[i]);
      if (!rule) {
        rule.error().pointer = at + rule.error().pointer;
        return std::unexpected(std::move(rule).error());
      }
      if (*rule) {
        (*rule)->ordinal = static_cast<std::uint32_t>(i);
        (*rule)->pointer = "/spec" + at;
        draft.rules.push_back(std::move(**rule));
      }
    }
    return {};
  }

 private:
  // The names by which Felix sorts: "shop/default.web", "default.everything".
  std::string tie() const {
    const Node* tier = field(spec_, "tier");
    const std::string_view named = tier == nullptr ? std::string_view{} : tier->text();
    const std::string prefix = std::string(named.empty() ? kDefaultTier : named) + ".";
    std::string name(object_.ref.name);
    if (!name.starts_with(prefix)) {
      name = prefix + name;
    }
    return name_space_.empty() ? name : std::string(name_space_) + "/" + name;
  }

  Read<void> add_selector(std::string_view key, CalicoScope scope, std::vector<SelectorId>& parts) {
    const Node* text = field(spec_, key);
    if (text == nullptr || (text->is_string() && text->text().empty())) {
      return {};
    }
    const std::string at = "/" + std::string(key);
    auto selector = read_calico_selector(*text, at);
    if (!selector) {
      return std::unexpected(std::move(selector).error());
    }
    if (selector->contains(CalicoSelector::Kind::Global)) {
      return fault(at, *text, "global() can stand in the namespaceSelector of a rule only");
    }
    if (scope == CalicoScope::ServiceAccount && !world_.has_service_accounts()) {
      builder_.ignored(object_, "/spec" + at, text->offset(),
                       "the input holds no ServiceAccount: all count as without labels");
    }
    parts.push_back(world_.pods(*selector, scope));
    return {};
  }

  Read<void> read_subject(PolicyDraft& draft) {
    std::vector<SelectorId> parts{world_.workload_endpoints()};
    if (!name_space_.empty()) {
      parts.push_back(builder_.selectors().in_namespace(name_space_));
    } else if (auto done = add_selector("namespaceSelector", CalicoScope::Namespace, parts);
               !done) {
      return done;
    }
    if (auto done = add_selector("selector", CalicoScope::Endpoint, parts); !done) {
      return done;
    }
    if (auto done = add_selector("serviceAccountSelector", CalicoScope::ServiceAccount, parts);
        !done) {
      return done;
    }
    draft.subject = builder_.selectors().all_of(std::move(parts));
    return {};
  }

  // libcalico-go/lib/clientv3/networkpolicy.go, defaultPolicyTypesField: without types, Egress
  // alone if there are egress rules alone, Ingress unless there are, both if both.
  Read<void> read_types(PolicyDraft& draft) {
    const auto has_rules = [&](Direction direction) {
      const Node* rules = field(spec_, to_text(direction));
      return rules != nullptr && rules->size() > 0;
    };
    const Node* types = field(spec_, "types");
    if (types == nullptr || types->size() == 0) {
      const bool has_egress = has_rules(Direction::Egress);
      draft.applies[static_cast<int>(Direction::Egress)] = has_egress;
      draft.applies[static_cast<int>(Direction::Ingress)] =
          !has_egress || has_rules(Direction::Ingress);
    } else {
      for (std::size_t i = 0; i < types->size(); ++i) {
        const Node& type = types->items()[i];
        const std::string at = "/types/" + std::to_string(i);
        if (type.text() != "Ingress" && type.text() != "Egress") {
          return fault(at, type, "found " + quoted(type) + ", expected Ingress or Egress");
        }
        bool& applies = draft.applies[static_cast<int>(
            type.text() == "Ingress" ? Direction::Ingress : Direction::Egress)];
        if (applies) {
          return fault(at, type, quoted(type) + " stands there twice");
        }
        applies = true;
      }
    }
    std::ranges::copy(draft.applies, std::begin(draft.isolates));
    return {};
  }

  CalicoWorld& world_;
  PolicySetBuilder& builder_;
  const kube::Object& object_;
  const Node& spec_;
  std::string_view name_space_;
};

struct PolicyKind {
  std::string_view kind;
  bool is_namespaced = true;
  std::string_view staged_of{};  // the kind that it would become
};

constexpr PolicyKind kPolicyKinds[] = {
    {.kind = "NetworkPolicy"},
    {.kind = "GlobalNetworkPolicy", .is_namespaced = false},
    {.kind = "StagedNetworkPolicy", .staged_of = "NetworkPolicy"},
    {.kind = "StagedGlobalNetworkPolicy",
     .is_namespaced = false,
     .staged_of = "GlobalNetworkPolicy"},
};

// docs.tigera.io/calico/latest/reference/resources/stagednetworkpolicy: "Set" (or nothing) puts the
// policy in the place of the enforced one of its name, "Delete" takes that one off; "Learn" and
// "Ignore" do nothing. None of it happens until it is committed.
std::string_view staged_action(const kube::Object& object) {
  const Node* action = field(spec_of(object), "stagedAction");
  return action == nullptr || action->text().empty() ? "Set" : action->text();
}

// Whether there is a policy to add.
bool stage(PolicySetBuilder& builder, const kube::Object& object, std::string_view group,
           std::string_view replaced_kind) {
  const std::string_view action = staged_action(object);
  if (action != "Set" && action != "Delete") {
    return false;
  }
  if (builder.options().with_staged) {
    builder.remove(group, replaced_kind, object.ref.name_space, object.ref.name);
  }
  return action == "Set";
}

void read_policies(CalicoWorld& world, std::string_view group, const PolicyKind& kind) {
  PolicySetBuilder& builder = world.builder();
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind(group, kind.kind)) {
    const kube::Object& object = snapshot.objects()[position];
    const bool is_staged = !kind.staged_of.empty();
    if (is_staged && !stage(builder, object, group, kind.staged_of)) {
      continue;
    }
    auto draft = PolicyReader(world, object, kind.is_namespaced).run();
    if (!draft) {
      invalid(builder, object, std::move(draft).error());
    } else if (*draft) {
      (*draft)->is_staged = is_staged && !builder.options().with_staged;
      builder.add(std::move(**draft));
    }
  }
}

void read_staged_kubernetes_policies(PolicySetBuilder& builder, std::string_view group) {
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind(group, "StagedKubernetesNetworkPolicy")) {
    const kube::Object& object = snapshot.objects()[position];
    if (!stage(builder, object, "networking.k8s.io", "NetworkPolicy")) {
      continue;
    }
    if (auto draft = draft_network_policy(builder, object)) {
      draft->is_staged = !builder.options().with_staged;
      builder.add(std::move(*draft));
    }
  }
}

void read_tiers(PolicySetBuilder& builder, std::string_view group) {
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind(group, "Tier")) {
    const kube::Object& object = snapshot.objects()[position];
    const Node& spec = spec_of(object);
    auto order = read_order(spec, kNoTierOrder);
    if (!order) {
      invalid(builder, object, std::move(order).error());
      continue;
    }
    const Node* action = field(spec, "defaultAction");
    const std::string_view ends = action == nullptr ? "Deny" : action->text();
    if (ends != "Deny" && ends != "Pass") {
      builder.invalid(object, "/spec/defaultAction", action->offset(),
                      "found " + quoted(*action) + ", expected Deny or Pass");
      continue;
    }
    const std::string_view name = tier_name(object.ref.name);
    if (name == kDefaultTier) {
      builder.end_tier(name, ends == "Deny");
    } else if (name == object.ref.name) {
      builder.add_tier(name, *order, ends == "Deny");
    }
  }
}

// A profile named after a namespace is what its pods have behind all tiers: what it does not allow
// is denied (felix/rules/endpoints.go). Other profiles are given to endpoints by orchestrators
// only.
void read_profiles(CalicoWorld& world, std::string_view group, bool& has_tier) {
  PolicySetBuilder& builder = world.builder();
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind(group, "Profile")) {
    const kube::Object& object = snapshot.objects()[position];
    if (!object.ref.name.starts_with(kNamespaceProfilePrefix)) {
      builder.ignored(
          object, "", object.root.offset(),
          "the pods of a cluster have the profiles of their namespaces (kns.NAME) only");
      continue;
    }
    PolicyDraft draft{.object = &object, .tier = kProfileTier};
    draft.subject = builder.selectors().all_of(
        {world.workload_endpoints(),
         builder.selectors().in_namespace(object.ref.name.substr(kNamespaceProfilePrefix.size()))});
    std::ranges::fill(draft.applies, true);
    std::ranges::fill(draft.isolates, true);
    PolicyReader reader(world, object, false);
    bool is_good = true;
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      if (auto done = reader.read_rules(direction, draft); !done) {
        invalid(builder, object, std::move(done).error());
        is_good = false;
        break;
      }
    }
    if (!is_good) {
      continue;
    }
    if (!has_tier) {
      builder.add_tier(kProfileTier, kProfileOrder, true);
      has_tier = true;
    }
    builder.add(std::move(draft));
  }
}

}  // namespace

void read_calico_policies(PolicySetBuilder& builder) {
  const kube::Snapshot& snapshot = builder.snapshot();
  const bool has_any = std::ranges::any_of(kCalicoGroups, [&](std::string_view group) {
    return std::ranges::any_of(snapshot.objects(), [group](const kube::Object& object) {
      return object.ref.group == group;
    });
  });
  if (!has_any) {
    return;
  }
  CalicoWorld world(builder);
  bool has_profile_tier = false;
  for (const std::string_view group : kCalicoGroups) {
    read_tiers(builder, group);
    for (const PolicyKind& kind : kPolicyKinds) {
      read_policies(world, group, kind);
    }
    read_staged_kubernetes_policies(builder, group);
    read_profiles(world, group, has_profile_tier);
    for (const std::uint32_t position : snapshot.by_kind(group, "HostEndpoint")) {
      const kube::Object& object = snapshot.objects()[position];
      builder.ignored(object, "", object.root.offset(),
                      "host endpoints are not judged: what reaches the nodes themselves is not "
                      "known");
    }
  }
}

}  // namespace tally::network_policy
