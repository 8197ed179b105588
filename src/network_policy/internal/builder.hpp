#pragma once
// What the readers of the dialects fill.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "network_policy/policy_set.hpp"

namespace tally::network_policy {

// A rule before its parts have places in the set.
struct RuleDraft {
  Direction direction = Direction::Ingress;
  Action action = Action::Allow;
  bool is_any_peer = false;
  bool is_first_in_tier = false;
  std::vector<Peers> peers{};
  SelectorId own = kEverything;
  AddressesId own_within = kNoAddresses;
  std::string_view unknown{};
  scalar::ConnectionSet connections{};
  std::vector<NamedPort> named_ports{};
  std::uint32_t ordinal = 0;
  std::string_view name{};
  std::string pointer{};
  std::uint32_t offset = 0;
};

struct PolicyDraft {
  const kube::Object* object = nullptr;
  std::string_view tier{};
  double order = 0;
  std::string tie{};  // what decides between equal orders, before namespace and name (Calico)
  SelectorId subject = kNothing;
  bool applies[2] = {false, false};
  bool isolates[2] = {false, false};
  bool is_staged = false;
  std::vector<RuleDraft> rules{};
};

inline constexpr std::string_view kAdminTier = "admin";
inline constexpr std::string_view kDefaultTier = "default";
inline constexpr std::string_view kBaselineTier = "baseline";

class PolicySetBuilder {
 public:
  PolicySetBuilder(const kube::Snapshot& snapshot, const LoadOptions& options);

  [[nodiscard]] const kube::Snapshot& snapshot() const noexcept { return *snapshot_; }
  [[nodiscard]] const LoadOptions& options() const noexcept { return options_; }
  [[nodiscard]] SelectorPool& selectors() noexcept { return set_.selectors_; }
  [[nodiscard]] AddressesId addresses(const scalar::AddressSet& addresses);
  // Copies into the set.
  [[nodiscard]] std::string_view text(std::string_view text) { return set_.texts_->copy(text); }

  void add_tier(std::string_view name, double order, bool ends_with_deny);
  // Of a tier that is there already.
  void end_tier(std::string_view name, bool ends_with_deny);
  // Takes off what was added of an object (Calico: a staged policy replaces it).
  void remove(std::string_view group, std::string_view kind, std::string_view name_space,
              std::string_view name);
  // A tier that nobody defined: the policy is left out with a problem.
  void add(PolicyDraft draft);
  void invalid(const kube::Object& object, std::string pointer, std::uint32_t offset,
               std::string message);
  void ignored(const kube::Object& object, std::string pointer, std::uint32_t offset,
               std::string message);

  [[nodiscard]] PolicySet finish();

 private:
  [[nodiscard]] ConnectionsId connections(const scalar::ConnectionSet& connections);

  const kube::Snapshot* snapshot_;
  LoadOptions options_;
  PolicySet set_;
  std::vector<PolicyDraft> drafts_;
  std::map<scalar::AddressSet, AddressesId> address_ids_;
  std::unordered_map<std::string, ConnectionsId> connection_ids_;  // by text
};

// A NetworkPolicy, or another kind whose spec has its shape (MultiNetworkPolicy). Nothing: it is
// invalid, and the builder has the problem.
[[nodiscard]] std::optional<PolicyDraft> draft_network_policy(PolicySetBuilder& builder,
                                                              const kube::Object& object);

// Objects are read in the order of their kinds; each reader takes its own groups and kinds.
void read_network_policies(PolicySetBuilder& builder);
void read_admin_network_policies(PolicySetBuilder& builder);
void read_cluster_network_policies(PolicySetBuilder& builder);
void read_calico_policies(PolicySetBuilder& builder);
void read_cilium_policies(PolicySetBuilder& builder);

}  // namespace tally::network_policy
