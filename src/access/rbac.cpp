#include "access/rbac.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "access/rule.hpp"
#include "kube/selectors.hpp"
#include "scalar/go_quote.hpp"

namespace tally::access {

using document::Node;

namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";
// Who may do everything before RBAC is asked (authorizerfactory.NewPrivilegedGroups).
constexpr std::string_view kMasters = "system:masters";
// Every cluster has it, with the rule that allows everything (bootstrappolicy/policy.go).
constexpr std::string_view kClusterAdmin = "cluster-admin";

const document::Name kRules{"rules"};
const document::Name kSubjects{"subjects"};
const document::Name kRoleRef{"roleRef"};
const document::Name kKind{"kind"};
const document::Name kName{"name"};
const document::Name kNamespace{"namespace"};
const document::Name kAggregationRule{"aggregationRule"};
const document::Name kSelectors{"clusterRoleSelectors"};

std::string_view text_at(const Node& map, const document::Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

std::string role_key(std::string_view name_space, std::string_view name) {
  return fmt::format("{}/{}", name_space, name);
}

std::string quoted(std::string_view text) {
  std::string out;
  scalar::append_go_quoted(out, text);
  return out;
}

// The namespace and the name of a service account's user name.
bool split_service_account(std::string_view user, std::string_view& name_space,
                           std::string_view& name) {
  if (!user.starts_with(kServiceAccountPrefix)) {
    return false;
  }
  user.remove_prefix(kServiceAccountPrefix.size());
  const std::size_t colon = user.find(':');
  if (colon == std::string_view::npos) {
    return false;
  }
  name_space = user.substr(0, colon);
  name = user.substr(colon + 1);
  return !name_space.empty() && !name.empty() && name.find(':') == std::string_view::npos;
}

void add_once(std::vector<std::string>& groups, std::string group) {
  if (std::ranges::find(groups, group) == groups.end()) {
    groups.push_back(std::move(group));
  }
}

// appliesToUser
bool applies(const Node& written, const Subject& subject, std::string_view binding_namespace) {
  const std::string_view kind = text_at(written, kKind);
  const std::string_view name = text_at(written, kName);
  if (kind == "User") {
    return subject.user == name;
  }
  if (kind == "Group") {
    return std::ranges::find(subject.groups, name) != subject.groups.end();
  }
  if (kind != "ServiceAccount") {
    return false;
  }
  std::string_view name_space = text_at(written, kNamespace);
  name_space = name_space.empty() ? binding_namespace : name_space;
  std::string_view user_namespace;
  std::string_view user_name;
  return !name_space.empty() && split_service_account(subject.user, user_namespace, user_name) &&
         user_namespace == name_space && user_name == name;
}

// What is no selector selects nothing: rights must not grow out of a mistake.
bool is_selector(const Node& written) {
  const auto is_absent_or = [&](std::string_view field, document::NodeKind kind) {
    const Node* found = written.find(field);
    return found == nullptr || found->is_null() || found->kind() == kind;
  };
  return written.is_object() && is_absent_or("matchLabels", document::NodeKind::Object) &&
         is_absent_or("matchExpressions", document::NodeKind::Array);
}

// describeSubject: the name stands before the namespace.
std::string describe(const Node& written, std::string_view binding_namespace) {
  std::string name(text_at(written, kName));
  const std::string_view kind = text_at(written, kKind);
  if (kind == "ServiceAccount") {
    const std::string_view name_space = text_at(written, kNamespace);
    name += '/';
    name += name_space.empty() ? binding_namespace : name_space;
  }
  return fmt::format("{} {}", kind, quoted(name));
}

}  // namespace

void add_groups_of_service_account(std::string_view user, std::vector<std::string>& groups) {
  std::string_view name_space;
  std::string_view name;
  if (split_service_account(user, name_space, name)) {
    add_once(groups, "system:serviceaccounts");
    add_once(groups, fmt::format("system:serviceaccounts:{}", name_space));
  }
}

void add_groups_of_user(std::string_view user, std::vector<std::string>& groups) {
  add_groups_of_service_account(user, groups);
  add_once(groups, user == "system:anonymous" ? "system:unauthenticated" : "system:authenticated");
}

Rbac Rbac::read(const kube::Snapshot& snapshot) {
  Rbac rbac;
  rbac.read_roles(snapshot);
  rbac.read_bindings(snapshot);
  rbac.aggregate(snapshot);
  return rbac;
}

void Rbac::read_roles(const kube::Snapshot& snapshot) {
  for (const std::string_view kind : {"ClusterRole", "Role"}) {
    for (const std::uint32_t position : snapshot.by_kind(kGroup, kind)) {
      const kube::Object& object = snapshot.objects()[position];
      is_empty_ = false;
      Role& role = roles_[role_key(kind == "Role" ? object.ref.name_space : std::string_view{},
                                   object.ref.name)];
      role.is_known = true;
      if (const Node* rules = object.root.find(kRules); rules != nullptr && rules->is_array()) {
        for (const Node& rule : rules->items()) {
          role.rules.push_back(&rule);
        }
      }
    }
  }
}

void Rbac::read_bindings(const kube::Snapshot& snapshot) {
  for (const std::string_view kind : {"ClusterRoleBinding", "RoleBinding"}) {
    const bool is_cluster = kind == "ClusterRoleBinding";
    for (const std::uint32_t position : snapshot.by_kind(kGroup, kind)) {
      const kube::Object& object = snapshot.objects()[position];
      is_empty_ = false;
      const Node* role = object.root.find(kRoleRef);
      if (role == nullptr) {
        continue;  // the structure check says so
      }
      const Binding binding{.object = &object,
                            .name_space = is_cluster ? std::string_view{} : object.ref.name_space,
                            .role_kind = text_at(*role, kKind),
                            .role_name = text_at(*role, kName)};
      (is_cluster ? cluster_bindings_ : bindings_[binding.name_space]).push_back(binding);
    }
  }
}

// What the controller of aggregated roles writes into their rules (k8s.io/kubernetes
// pkg/controller/clusterroleaggregation): the rules of all roles that a selector names, which may
// be aggregated themselves. Here the rules stay with who wrote them, too: a file has seldom seen
// the controller.
void Rbac::aggregate(const kube::Snapshot& snapshot) {
  struct Aggregated {
    std::string key;
    std::vector<std::string> from;
  };
  std::vector<Aggregated> all;
  const auto positions = snapshot.by_kind(kGroup, "ClusterRole");
  for (const std::uint32_t position : positions) {
    const kube::Object& object = snapshot.objects()[position];
    const Node* rule = object.root.find(kAggregationRule);
    const Node* selectors = rule == nullptr ? nullptr : rule->find(kSelectors);
    if (selectors == nullptr || !selectors->is_array()) {
      continue;
    }
    Aggregated one{.key = role_key({}, object.ref.name), .from = {}};
    for (const Node& written : selectors->items()) {
      const auto selector = kube::read_label_selector(written);
      for (const std::uint32_t other : positions) {
        const kube::Object& role = snapshot.objects()[other];
        if (selector && is_selector(written) && other != position &&
            kube::matches(*selector, role.labels())) {
          one.from.push_back(role_key({}, role.ref.name));
        }
      }
    }
    all.push_back(std::move(one));
  }
  // Rules travel one step a round.
  bool is_changed = !all.empty();
  for (std::size_t round = 0; is_changed && round <= all.size(); ++round) {
    is_changed = false;
    for (const Aggregated& one : all) {
      std::vector<const Node*>& into = roles_[one.key].rules;
      std::unordered_set<const Node*> known(into.begin(), into.end());
      for (const std::string& from : one.from) {
        for (const Node* rule : std::vector<const Node*>(roles_[from].rules)) {
          if (known.insert(rule).second) {
            into.push_back(rule);
            is_changed = true;
          }
        }
      }
    }
  }
}

const Rbac::Role* Rbac::role_of(const Binding& binding) const {
  const auto found = roles_.find(role_key(
      binding.role_kind == "Role" ? binding.name_space : std::string_view{}, binding.role_name));
  return found == roles_.end() ? nullptr : &found->second;
}

bool Rbac::visit(const Binding& binding, const Subject& subject, const Access& access,
                 Answer& answer) const {
  const Node* subjects = binding.object->root.find(kSubjects);
  if (subjects == nullptr || !subjects->is_array()) {
    return true;
  }
  const auto items = subjects->items();
  const auto who = std::ranges::find_if(
      items, [&](const Node& one) { return applies(one, subject, binding.name_space); });
  const bool is_cluster = binding.name_space.empty();
  if (who == items.end() ||
      (binding.role_kind != "ClusterRole" && (is_cluster || binding.role_kind != "Role"))) {
    return true;
  }
  const Role* role = role_of(binding);
  const bool is_admin =
      role == nullptr && binding.role_kind == "ClusterRole" && binding.role_name == kClusterAdmin;
  if (role == nullptr && !is_admin) {
    answer = {
        .decision = Decision::Unknown,
        .reason = fmt::format("{} {} binds {} to the {} {}, which the input does not hold",
                              is_cluster ? "ClusterRoleBinding" : "RoleBinding",
                              quoted(binding.object->ref.name), describe(*who, binding.name_space),
                              binding.role_kind, quoted(binding.role_name))};
    return true;  // another binding may allow
  }
  if (!is_admin && std::ranges::none_of(
                       role->rules, [&](const Node* rule) { return rule_allows(*rule, access); })) {
    return true;
  }
  std::string name(binding.object->ref.name);
  if (!is_cluster) {
    name += '/';
    name += binding.name_space;
  }
  answer = {.decision = Decision::Allow,
            .reason = fmt::format("RBAC: allowed by {} {} of {} {} to {}",
                                  is_cluster ? "ClusterRoleBinding" : "RoleBinding", quoted(name),
                                  binding.role_kind, quoted(binding.role_name),
                                  describe(*who, binding.name_space))};
  return false;
}

Answer Rbac::decide(const Subject& subject, const Access& access) const {
  if (std::ranges::find(subject.groups, kMasters) != subject.groups.end()) {
    return {.decision = Decision::Allow, .reason = {}};
  }
  if (is_empty_) {
    return {.decision = Decision::Unknown, .reason = "the input holds no roles and no bindings"};
  }
  Answer answer;
  for (const Binding& binding : cluster_bindings_) {
    if (!visit(binding, subject, access, answer)) {
      return answer;
    }
  }
  const auto local = bindings_.find(access.path.empty() ? access.name_space : std::string_view{});
  if (local != bindings_.end()) {
    for (const Binding& binding : local->second) {
      if (!visit(binding, subject, access, answer)) {
        return answer;
      }
    }
  }
  return answer;
}

}  // namespace tally::access
