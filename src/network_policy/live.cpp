#include "network_policy/live.hpp"

#include <algorithm>
#include <array>

namespace tally::network_policy {
namespace {

using kube::Object;
using scalar::ObjectRef;

// Beyond these a new analysis costs less than what stands beside the old one.
constexpr std::size_t kMaxChangedPods = 10'000;
constexpr std::size_t kMaxChangedPolicies = 256;
constexpr std::size_t kMaxPodsOfNamespace = 1'000;
constexpr std::size_t kMaxSets = 10'000;
constexpr std::size_t kMaxObjects = 100'000;  // that came, whatever became of them

bool is_calico(std::string_view group) {
  return group == "projectcalico.org" || group == "crd.projectcalico.org";
}

// Of kinds whose rules depend on other objects than themselves.
bool reads_context(const ObjectRef& ref) {
  return is_calico(ref.group) || ref.group == "cilium.io";
}

bool is_policy(const ObjectRef& ref) {
  constexpr std::array<std::string_view, 4> kCalico{
      "NetworkPolicy", "GlobalNetworkPolicy", "StagedNetworkPolicy", "StagedGlobalNetworkPolicy"};
  if (is_calico(ref.group)) {
    return std::ranges::find(kCalico, ref.kind) != kCalico.end();
  }
  return (ref.group == "networking.k8s.io" && ref.kind == "NetworkPolicy") ||
         (ref.group == "policy.networking.k8s.io" &&
          (ref.kind == "AdminNetworkPolicy" || ref.kind == "BaselineAdminNetworkPolicy" ||
           ref.kind == "ClusterNetworkPolicy")) ||
         (ref.group == "cilium.io" &&
          (ref.kind == "CiliumNetworkPolicy" || ref.kind == "CiliumClusterwideNetworkPolicy"));
}

// What policies read besides themselves.
bool is_context(const ObjectRef& ref) {
  return (reads_context(ref) && !is_policy(ref)) ||
         (ref.group.empty() && (ref.kind == "Service" || ref.kind == "Endpoints" ||
                                ref.kind == "Node" || ref.kind == "Namespace")) ||
         (ref.group == "discovery.k8s.io" && ref.kind == "EndpointSlice");
}

std::string key_of(std::string_view name_space, std::string_view name) {
  return std::string(name_space).append("/").append(name);
}

std::string key_of(const ObjectRef& ref) {
  return std::string(ref.group).append("/").append(ref.kind).append("/").append(
      key_of(ref.name_space, ref.name));
}

std::shared_ptr<const kube::Snapshot> snapshot_of(const std::vector<const Object*>& objects) {
  std::vector<Object> copies;
  copies.reserve(objects.size());
  for (const Object* object : objects) {
    copies.push_back(*object);
  }
  return kube::Snapshot::create(std::move(copies), "");
}

}  // namespace

Live::Live(std::shared_ptr<const kube::Snapshot> snapshot, const LoadOptions& options)
    : base_(std::move(snapshot)),
      options_(options),
      base_topology_(topology::Topology::read(*base_)),
      base_policies_(PolicySet::load(*base_, options)),
      analyser_(base_topology_, base_policies_) {
  const auto endpoints = base_topology_.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    if (endpoints[i].is_pod) {
      base_pods_.emplace(key_of(base_topology_.name_space_of(endpoints[i]).name, endpoints[i].name),
                         i);
    }
  }
  const auto policies = base_policies_.policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    const auto only = base_policies_.selectors().only_namespace(policies[i].subject);
    base_policies_in_[only.value_or("")].push_back(i);
    base_policies_of_[policies[i].object].push_back(i);
    has_context_ = has_context_ || reads_context(policies[i].object->ref);
  }
  for (const Object& object : base_->objects()) {
    if (is_context(object.ref)) {
      context_.push_back(&object);
    }
  }
}

Live::Outcome Live::put(const Object& object) { return change(object.ref, &object); }

Live::Outcome Live::remove(const ObjectRef& ref) { return change(ref, nullptr); }

Live::Outcome Live::change(const ObjectRef& ref, const Object* now) {
  if (objects_.size() >= kMaxObjects) {
    return Outcome::NeedsRebuild;
  }
  if (now != nullptr) {
    now = &objects_.emplace_back(*now);
  }
  if (ref.group.empty() && ref.kind == "Pod") {
    return change_pod(ref, now);
  }
  if (is_policy(ref)) {
    return change_policy(ref, now);
  }
  const bool is_namespace = ref.group.empty() && ref.kind == "Namespace";
  if (is_context(ref) && (has_context_ || reads_context(ref))) {
    return Outcome::NeedsRebuild;
  }
  return is_namespace ? change_namespace(ref, now) : Outcome::Taken;
}

Live::Outcome Live::change_pod(const ObjectRef& ref, const Object* now) {
  const std::string key = key_of(ref.name_space, ref.name);
  if (pods_.size() >= kMaxChangedPods && !pods_.contains(key)) {
    return Outcome::NeedsRebuild;
  }
  if (now == nullptr) {
    pods_[key] = {};
    return Outcome::Taken;
  }
  std::vector<const Object*> objects{now};
  if (const Object* name_space = current_namespace(ref.name_space)) {
    objects.push_back(name_space);
  }
  if (const document::Node* spec = now->root.find("spec")) {
    if (const document::Node* node = spec->find("nodeName"); node != nullptr) {
      if (const Object* found = base_->find("", "Node", "", node->text())) {
        objects.push_back(found);
      }
    }
  }
  auto part = std::make_shared<Part>();
  part->snapshot = snapshot_of(objects);
  part->topology = topology::Topology::read(*part->snapshot);
  const auto endpoints = part->topology->endpoints();
  // A pod that has ended, or that cannot be read, is no endpoint.
  const topology::Endpoint* endpoint = endpoints.empty() ? nullptr : &endpoints.front();
  pods_[key] = {.part = endpoint == nullptr ? nullptr : std::move(part), .endpoint = endpoint};
  return Outcome::Taken;
}

// Its labels are those of all pods in it.
Live::Outcome Live::change_namespace(const ObjectRef& ref, const Object* now) {
  std::vector<const Object*> objects;
  if (const auto position = base_topology_.find_namespace(ref.name)) {
    const auto range = base_topology_.endpoints_in(*position);
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
      const topology::Endpoint& endpoint = base_topology_.endpoints()[i];
      if (endpoint.is_pod && !pods_.contains(key_of(ref.name, endpoint.name))) {
        objects.push_back(endpoint.object);
      }
    }
  }
  for (const auto& [key, pod] : pods_) {
    if (pod.part != nullptr && pod.endpoint->object->ref.name_space == ref.name) {
      objects.push_back(pod.endpoint->object);
    }
  }
  if (objects.size() > kMaxPodsOfNamespace || pods_.size() + objects.size() > kMaxChangedPods) {
    return Outcome::NeedsRebuild;
  }
  namespaces_[std::string(ref.name)] = now;
  for (const Object* pod : objects) {
    // Copied: the part that holds it is about to go.
    const Object copy = *pod;
    static_cast<void>(change_pod(copy.ref, &objects_.emplace_back(copy)));
  }
  return Outcome::Taken;
}

Live::Outcome Live::change_policy(const ObjectRef& ref, const Object* now) {
  const std::string key = key_of(ref);
  if (policies_.size() >= kMaxChangedPolicies && !policies_.contains(key)) {
    return Outcome::NeedsRebuild;
  }
  ChangedPolicy changed;
  if (const Object* before = base_->find(ref.group, ref.kind, ref.name_space, ref.name)) {
    if (const auto at = base_policies_of_.find(before); at != base_policies_of_.end()) {
      changed.before = at->second;
    }
  }
  if (now != nullptr) {
    changed.part = read_policies({now});
    changed.now = now;
  }
  policies_[key] = std::move(changed);
  return Outcome::Taken;
}

const Object* Live::current_namespace(std::string_view name) const {
  const auto at = namespaces_.find(name);
  return at != namespaces_.end() ? at->second : base_->find("", "Namespace", "", name);
}

std::optional<Live::Side> Live::find(Pod pod) const {
  const std::string key = key_of(pod.name_space, pod.name);
  if (const auto at = pods_.find(key); at != pods_.end()) {
    if (at->second.part == nullptr) {
      return std::nullopt;
    }
    return Side{.topology = &*at->second.part->topology,
                .endpoint = at->second.endpoint,
                .is_changed = true};
  }
  const auto at = base_pods_.find(key);
  if (at == base_pods_.end()) {
    return std::nullopt;
  }
  return Side{.topology = &base_topology_, .endpoint = &base_topology_.endpoints()[at->second]};
}

Match Live::selects(const PolicySet& set, const Policy& policy, const Side& side) const {
  return set.selectors().matches(policy.subject, *side.endpoint,
                                 side.topology->name_space_of(*side.endpoint));
}

bool Live::is_touched(const Side& side) const {
  const auto selects_it = [&](const PolicySet& set, const Policy& policy) {
    return selects(set, policy, side) != Match::No;
  };
  return side.is_changed || std::ranges::any_of(policies_, [&](const auto& entry) {
           const ChangedPolicy& changed = entry.second;
           return std::ranges::any_of(changed.before,
                                      [&](std::uint32_t position) {
                                        return selects_it(base_policies_,
                                                          base_policies_.policies()[position]);
                                      }) ||
                  (changed.part != nullptr &&
                   std::ranges::any_of(changed.part->policies->policies(),
                                       [&](const Policy& policy) {
                                         return selects_it(*changed.part->policies, policy);
                                       }));
         });
}

void Live::add_governing(const Side& side, std::vector<const Object*>& objects) const {
  const std::string_view name_space = side.topology->name_space_of(*side.endpoint).name;
  for (const std::string_view in : {name_space, std::string_view()}) {
    const auto at = base_policies_in_.find(in);
    if (at == base_policies_in_.end()) {
      continue;
    }
    for (const std::uint32_t position : at->second) {
      const Policy& policy = base_policies_.policies()[position];
      if (selects(base_policies_, policy, side) != Match::No &&
          (policies_.empty() || !policies_.contains(key_of(policy.object->ref)))) {
        objects.push_back(policy.object);
      }
    }
  }
  for (const auto& [key, changed] : policies_) {
    if (changed.part != nullptr &&
        std::ranges::any_of(changed.part->policies->policies(), [&](const Policy& policy) {
          return selects(*changed.part->policies, policy, side) != Match::No;
        })) {
      objects.push_back(changed.now);
    }
  }
}

std::unique_ptr<Live::Part> Live::read_policies(const std::vector<const Object*>& objects) const {
  std::vector<const Object*> all = objects;
  if (std::ranges::any_of(objects,
                          [](const Object* object) { return reads_context(object->ref); })) {
    all.insert(all.end(), context_.begin(), context_.end());
  }
  auto part = std::make_unique<Part>();
  part->snapshot = snapshot_of(all);
  part->policies = PolicySet::load(*part->snapshot, options_);
  return part;
}

const PolicySet& Live::policies_of(std::vector<const Object*> objects) {
  std::ranges::sort(objects);
  const auto repeated = std::ranges::unique(objects);
  objects.erase(repeated.begin(), repeated.end());
  const std::string key(reinterpret_cast<const char*>(objects.data()),
                        objects.size() * sizeof(const Object*));
  if (const auto at = sets_.find(key); at != sets_.end()) {
    return *at->second->policies;
  }
  if (sets_.size() >= kMaxSets) {
    sets_.clear();
  }
  return *sets_.emplace(key, read_policies(objects)).first->second->policies;
}

std::optional<Live::Answer> Live::between(Pod source, Pod destination) {
  const auto from = find(source);
  const auto to = find(destination);
  if (!from || !to) {
    return std::nullopt;
  }
  if (from->endpoint == to->endpoint) {
    return Answer{.allowed = scalar::ConnectionSet::all(), .unknown = {}};
  }
  if (!is_touched(*from) && !is_touched(*to)) {
    const auto position = [this](const Side& side) {
      return static_cast<std::uint32_t>(side.endpoint - base_topology_.endpoints().data());
    };
    const PooledAnswer answer = analyser_.between(position(*from), position(*to));
    return Answer{.allowed = analyser_.connections().at(answer.allowed),
                  .unknown = analyser_.connections().at(answer.unknown)};
  }
  std::vector<const Object*> objects;
  add_governing(*from, objects);
  add_governing(*to, objects);
  const PolicySet& set = policies_of(std::move(objects));
  PairAnswer answer = connections_between(set, EndpointPeer(*from->topology, *from->endpoint),
                                          EndpointPeer(*to->topology, *to->endpoint));
  return Answer{.allowed = std::move(answer.allowed), .unknown = std::move(answer.unknown)};
}

}  // namespace tally::network_policy
