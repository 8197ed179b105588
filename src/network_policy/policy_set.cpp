#include "network_policy/policy_set.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "network_policy/internal/builder.hpp"

namespace tally::network_policy {

std::string_view to_text(Direction direction) noexcept {
  return direction == Direction::Ingress ? "ingress" : "egress";
}

std::string_view to_text(Action action) noexcept {
  switch (action) {
    case Action::Allow:
      return "allow";
    case Action::Deny:
      return "deny";
    case Action::Pass:
      return "pass";
  }
  return "";
}

PolicySetBuilder::PolicySetBuilder(const kube::Snapshot& snapshot, const LoadOptions& options)
    : snapshot_(&snapshot), options_(options) {
  set_.texts_ = std::make_unique<Arena>();
  (void)addresses({});
  (void)connections({});
  add_tier(kAdminTier, kAdminTierOrder, false);
  add_tier(kDefaultTier, kDefaultTierOrder, true);
  add_tier(kBaselineTier, kBaselineTierOrder, false);
}

AddressesId PolicySetBuilder::addresses(const scalar::AddressSet& addresses) {
  const auto next = static_cast<AddressesId>(set_.addresses_.size());
  const auto [at, is_new] = address_ids_.try_emplace(addresses, next);
  if (is_new) {
    set_.addresses_.push_back(addresses);
  }
  return at->second;
}

ConnectionsId PolicySetBuilder::connections(const scalar::ConnectionSet& connections) {
  const auto next = static_cast<ConnectionsId>(set_.connections_.size());
  const auto [at, is_new] = connection_ids_.try_emplace(connections.to_string(), next);
  if (is_new) {
    set_.connections_.push_back(connections);
  }
  return at->second;
}

void PolicySetBuilder::add_tier(std::string_view name, double order, bool ends_with_deny) {
  set_.tiers_.push_back({.name = text(name), .order = order, .ends_with_deny = ends_with_deny});
}

void PolicySetBuilder::end_tier(std::string_view name, bool ends_with_deny) {
  for (Tier& tier : set_.tiers_) {
    if (tier.name == name) {
      tier.ends_with_deny = ends_with_deny;
    }
  }
}

void PolicySetBuilder::remove(std::string_view group, std::string_view kind,
                              std::string_view name_space, std::string_view name) {
  std::erase_if(drafts_, [&](const PolicyDraft& draft) {
    const scalar::ObjectRef& ref = draft.object->ref;
    return ref.group == group && ref.kind == kind && ref.name_space == name_space &&
           ref.name == name;
  });
}

void PolicySetBuilder::add(PolicyDraft draft) { drafts_.push_back(std::move(draft)); }

void PolicySetBuilder::invalid(const kube::Object& object, std::string pointer,
                               std::uint32_t offset, std::string message) {
  set_.problems_.push_back({.kind = LoadProblem::Kind::Invalid,
                            .object = &object,
                            .pointer = std::move(pointer),
                            .offset = offset,
                            .message = std::move(message)});
}

void PolicySetBuilder::ignored(const kube::Object& object, std::string pointer,
                               std::uint32_t offset, std::string message) {
  set_.problems_.push_back({.kind = LoadProblem::Kind::Ignored,
                            .object = &object,
                            .pointer = std::move(pointer),
                            .offset = offset,
                            .message = std::move(message)});
}

PolicySet PolicySetBuilder::finish() {
  std::ranges::sort(set_.tiers_, {},
                    [](const Tier& tier) { return std::pair(tier.order, tier.name); });
  std::unordered_map<std::string_view, std::uint32_t> tier_of;
  for (std::uint32_t i = 0; i < set_.tiers_.size(); ++i) {
    tier_of.emplace(set_.tiers_[i].name, i);
  }
  std::vector<std::pair<std::uint32_t, const PolicyDraft*>> ordered;
  for (const PolicyDraft& draft : drafts_) {
    const auto tier = tier_of.find(draft.tier);
    if (tier == tier_of.end()) {
      invalid(*draft.object, "/spec/tier", draft.object->root.offset(),
              "no Tier is named \"" + std::string(draft.tier) + "\"");
      continue;
    }
    ordered.emplace_back(tier->second, &draft);
  }
  std::ranges::sort(ordered, {}, [](const std::pair<std::uint32_t, const PolicyDraft*>& entry) {
    const kube::Object& object = *entry.second->object;
    return std::tuple(entry.first, entry.second->order, std::string_view(entry.second->tie),
                      object.ref.name_space, object.ref.name, object.ref.kind);
  });
  for (const auto& [tier, draft] : ordered) {
    Policy policy;
    policy.object = draft->object;
    policy.tier = tier;
    policy.order = draft->order;
    policy.subject = draft->subject;
    policy.is_staged = draft->is_staged;
    std::ranges::copy(draft->applies, std::begin(policy.applies));
    std::ranges::copy(draft->isolates, std::begin(policy.isolates));
    policy.rules_begin = static_cast<std::uint32_t>(set_.rules_.size());
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      for (const RuleDraft& from : draft->rules) {
        if (from.direction != direction) {
          continue;
        }
        Rule rule;
        rule.policy = static_cast<std::uint32_t>(set_.policies_.size());
        rule.direction = direction;
        rule.action = from.action;
        rule.is_any_peer = from.is_any_peer;
        rule.is_first_in_tier = from.is_first_in_tier;
        rule.peers_begin = static_cast<std::uint32_t>(set_.peers_.size());
        set_.peers_.insert(set_.peers_.end(), from.peers.begin(), from.peers.end());
        rule.peers_end = static_cast<std::uint32_t>(set_.peers_.size());
        rule.own = from.own;
        rule.own_within = from.own_within;
        rule.unknown = from.unknown;
        rule.connections = connections(from.connections);
        rule.ports_begin = static_cast<std::uint32_t>(set_.named_ports_.size());
        set_.named_ports_.insert(set_.named_ports_.end(), from.named_ports.begin(),
                                 from.named_ports.end());
        rule.ports_end = static_cast<std::uint32_t>(set_.named_ports_.size());
        rule.ordinal = from.ordinal;
        rule.name = from.name;
        rule.pointer = text(from.pointer);
        rule.offset = from.offset;
        set_.rules_.push_back(rule);
      }
    }
    policy.rules_end = static_cast<std::uint32_t>(set_.rules_.size());
    set_.policies_.push_back(policy);
  }
  return std::move(set_);
}

PolicySet PolicySet::load(const kube::Snapshot& snapshot, const LoadOptions& options) {
  PolicySetBuilder builder(snapshot, options);
  read_network_policies(builder);
  read_admin_network_policies(builder);
  read_cluster_network_policies(builder);
  read_calico_policies(builder);
  read_cilium_policies(builder);
  return builder.finish();
}

}  // namespace tally::network_policy
