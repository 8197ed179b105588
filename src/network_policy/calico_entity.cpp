// EntityRule of Calico: whom a rule's source or destination means. Its parts narrow each other:
// nets AND selector AND not notNets AND not notSelector
// (libcalico-go/lib/backend/syncersv1/updateprocessors/rules.go, felix/rules/policy.go of Calico
// 3.30; checked as validator/v3/validator.go, validateEntityRule).
#include <optional>
#include <utility>

#include "network_policy/internal/calico.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::AddressSet;

class Reader {
 public:
  Reader(CalicoWorld& world, const CalicoRulePlace& place, const AddressSet& families,
         const Node& node, const std::string& pointer)
      : world_(world), place_(place), families_(families), node_(node), pointer_(pointer) {}

  Read<CalicoEntity> run() {
    for (const auto read :
         {&Reader::read_namespaces, &Reader::read_labels, &Reader::read_service_accounts,
          &Reader::read_not_labels, &Reader::read_nets}) {
      if (auto done = (this->*read)(); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    select();
    return make();
  }

 private:
  Read<std::optional<CalicoSelector>> selector(const Node& node, std::string_view key,
                                               const std::string& pointer) {
    const Node* text = field(node, key);
    if (text == nullptr || (text->is_string() && text->text().empty())) {
      return std::optional<CalicoSelector>();
    }
    const std::string at = pointer + "/" + std::string(key);
    auto read = read_calico_selector(*text, at);
    if (!read) {
      return std::unexpected(std::move(read).error());
    }
    const bool has_global = read->contains(CalicoSelector::Kind::Global);
    if (has_global && key != "namespaceSelector") {
      return fault(at, *text, "global() can stand in a namespaceSelector only");
    }
    if (has_global && !read->is_global() && world_.builder().options().with_calico_admission) {
      return fault(at, *text, "global() cannot be combined with other selectors");
    }
    return std::optional(std::move(*read));
  }

  Read<void> take(std::optional<CalicoSelector>& into, std::string_view key) {
    auto read = selector(node_, key, pointer_);
    if (!read) {
      return std::unexpected(std::move(read).error());
    }
    into = std::move(*read);
    return {};
  }
  Read<void> read_namespaces() { return take(namespaces_, "namespaceSelector"); }
  Read<void> read_labels() { return take(labels_, "selector"); }
  Read<void> read_not_labels() { return take(not_labels_, "notSelector"); }

  // Names AND selector.
  Read<void> read_service_accounts() {
    const Node* accounts = field(node_, "serviceAccounts");
    if (accounts == nullptr) {
      return {};
    }
    const std::string at = pointer_ + "/serviceAccounts";
    std::vector<SelectorId> parts;
    if (const Node* names = field(*accounts, "names"); names != nullptr && names->size() > 0) {
      std::vector<std::string> wanted;
      for (const Node& name : names->items()) {
        wanted.emplace_back(name.text());
      }
      parts.push_back(world_.service_account_names(std::move(wanted)));
    }
    auto read = selector(*accounts, "selector", at);
    if (!read) {
      return std::unexpected(std::move(read).error());
    }
    if (*read) {
      if (!world_.has_service_accounts()) {
        world_.builder().ignored(place_.object, at + "/selector", accounts->offset(),
                                 "the input holds no ServiceAccount: all count as without labels");
      }
      parts.push_back(world_.pods(**read, CalicoScope::ServiceAccount));
    }
    if (!parts.empty()) {
      accounts_ = world_.builder().selectors().all_of(std::move(parts));
    }
    return {};
  }

  Read<void> read_nets() {
    const auto read = [&](std::string_view key, std::optional<AddressSet>& into) -> Read<void> {
      const Node* nets = field(node_, key);
      if (nets == nullptr || nets->size() == 0) {
        return {};
      }
      auto addresses = read_calico_nets(world_.builder(), place_.object, *nets,
                                        pointer_ + "/" + std::string(key));
      if (!addresses) {
        return std::unexpected(std::move(addresses).error());
      }
      into = std::move(*addresses);
      return {};
    };
    auto done = read("nets", nets_);
    return done ? read("notNets", not_nets_) : done;
  }

  // Which pods, and which network sets, the selectors mean. In a policy of a namespace any of them
  // means that namespace, unless a namespaceSelector says another; notSelector alone does, too.
  void select() {
    SelectorPool& pool = world_.builder().selectors();
    const bool is_namespaced = !place_.policy_namespace.empty();
    has_selection_ =
        namespaces_ || labels_ || accounts_ || (is_namespaced && not_labels_.has_value());
    if (has_selection_) {
      std::vector<SelectorId> parts{world_.workload_endpoints()};
      if (namespaces_) {
        parts.push_back(world_.pods(*namespaces_, CalicoScope::Namespace));
      } else if (is_namespaced) {
        parts.push_back(pool.in_namespace(place_.policy_namespace));
      }
      if (labels_) {
        parts.push_back(world_.pods(*labels_, CalicoScope::Endpoint));
      }
      if (accounts_) {
        parts.push_back(*accounts_);
      }
      pods_ = pool.all_of(std::move(parts));
      sets_ = world_.network_sets({.labels = labels_ ? &*labels_ : nullptr,
                                   .namespaces = namespaces_ ? &*namespaces_ : nullptr,
                                   .own_namespace = place_.policy_namespace,
                                   .of_service_accounts = accounts_.has_value()});
    }
    if (not_labels_) {
      not_pods_ = pool.all_of(
          {world_.workload_endpoints(), world_.pods(*not_labels_, CalicoScope::Endpoint)});
      not_sets_ = world_.network_sets({.labels = &*not_labels_});
    }
  }

  CalicoEntity make() {
    PolicySetBuilder& builder = world_.builder();
    SelectorPool& pool = builder.selectors();
    CalicoEntity entity;
    const bool is_everything = families_ == AddressSet::all();
    entity.is_any = !has_selection_ && !not_labels_ && !nets_ && !not_nets_ && is_everything;
    if (entity.is_any) {
      return entity;
    }
    // Dialects differ in whether prefixes mean pods; where they do not, a pod is in no net and no
    // network set.
    const bool nets_reach_pods = builder.options().ip_blocks_select_pods;
    AddressSet within = nets_ ? nets_->intersect(families_) : families_;
    if (not_nets_) {
      within = within.minus(*not_nets_);
    }
    within = within.minus(not_sets_);
    const SelectorId not_excluded = pool.negate(not_pods_);

    Peers pods{.endpoints = pool.all_of({pods_, not_excluded})};
    if (nets_reach_pods && within != AddressSet::all()) {
      pods.endpoints_within = builder.addresses(within);
    }
    const bool no_pod = nets_reach_pods ? within.is_empty() : nets_.has_value();
    if (no_pod) {
      pods.endpoints = kNothing;
    }
    if (pods.endpoints != kNothing) {
      entity.peers.push_back(pods);
    }
    const AddressSet addresses = has_selection_ ? within.intersect(sets_) : within;
    if (!addresses.is_empty()) {
      entity.peers.push_back({.addresses = builder.addresses(addresses),
                              .addresses_reach_endpoints = nets_reach_pods && has_selection_,
                              .addresses_only = not_excluded,
                              .entities = !has_selection_ && !nets_ ? kEveryEntity : Entity::None});
    }
    entity.own = pods.endpoints;
    entity.own_within = pods.endpoints_within;
    return entity;
  }

  static constexpr Entity kEveryEntity =
      Entity::Host | Entity::RemoteNode | Entity::ApiServer | Entity::IngressController;

  CalicoWorld& world_;
  const CalicoRulePlace& place_;
  const AddressSet& families_;
  const Node& node_;
  const std::string& pointer_;
  std::optional<CalicoSelector> namespaces_;
  std::optional<CalicoSelector> labels_;
  std::optional<CalicoSelector> not_labels_;
  std::optional<SelectorId> accounts_;
  std::optional<AddressSet> nets_;
  std::optional<AddressSet> not_nets_;
  bool has_selection_ = false;
  SelectorId pods_ = kEverything;
  SelectorId not_pods_ = kNothing;
  AddressSet sets_;
  AddressSet not_sets_;
};

}  // namespace

Read<CalicoEntity> read_calico_entity(CalicoWorld& world, const CalicoRulePlace& place,
                                      const AddressSet& families, const Node& node,
                                      const std::string& pointer) {
  if (const Node* services = field(node, "services"); services != nullptr) {
    for (const std::string_view key : {"namespaceSelector", "selector", "notSelector",
                                       "serviceAccounts", "nets", "notNets", "ports", "notPorts"}) {
      if (const Node* other = field(node, key);
          other != nullptr && (other->size() > 0 || !other->text().empty())) {
        return fault(pointer + "/" + std::string(key), *other,
                     std::string(key) + " cannot stand beside services");
      }
    }
    return read_calico_service(world, place, *services, pointer + "/services");
  }
  return Reader(world, place, families, node, pointer).run();
}

}  // namespace tally::network_policy
