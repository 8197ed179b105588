#include "policy_cel/match_resources.hpp"

#include <algorithm>

#include "kube/namespace_labels.hpp"

namespace tally::policy_cel {

namespace {

using document::Name;
using document::Node;
using kube::GroupVersionKind;
using kube::GroupVersionResource;
using kube::Match;
using kube::Review;

const Name kResourceRules{"resourceRules"};
const Name kExcludeResourceRules{"excludeResourceRules"};
const Name kNamespaceSelector{"namespaceSelector"};
const Name kObjectSelector{"objectSelector"};
const Name kMatchPolicy{"matchPolicy"};
const Name kApiGroups{"apiGroups"};
const Name kApiVersions{"apiVersions"};
const Name kOperations{"operations"};
const Name kResources{"resources"};
const Name kResourceNames{"resourceNames"};
const Name kScope{"scope"};
const Name kMetadata{"metadata"};
const Name kLabels{"labels"};

class Reader {
 public:
  explicit Reader(std::vector<FieldProblem>& problems) : problems_(problems) {}

  void report(const std::string& pointer, const Node& at, std::string message) {
    problems_.push_back({.pointer = pointer, .offset = at.offset(), .message = std::move(message)});
  }

  std::vector<std::string_view> texts(const Node& map, const Name& field,
                                      const std::string& pointer, bool required) {
    std::vector<std::string_view> found;
    const Node* list = map.find(field);
    const std::string at = pointer + "/" + std::string(field.text());
    if (list == nullptr || list->is_null()) {
      if (required) {
        report(at, map, "Required value");
      }
      return found;
    }
    if (!list->is_array()) {
      report(at, *list,
             "expected a list, found a " + std::string(document::kind_name(list->kind())));
      return found;
    }
    for (const Node& item : list->items()) {
      if (item.is_string()) {
        found.push_back(item.text());
      } else {
        report(at, item,
               "expected strings, found a " + std::string(document::kind_name(item.kind())));
      }
    }
    if (required && found.empty()) {
      report(at, *list, "Required value");
    }
    return found;
  }

  void operations(const Node& map, const std::string& pointer, ResourceRule& rule) {
    const auto names = texts(map, kOperations, pointer, true);
    for (const std::string_view name : names) {
      const OperationMask bits = name == "*"         ? kEveryOperation
                                 : name == "CREATE"  ? mask_of(kube::Operation::Create)
                                 : name == "UPDATE"  ? mask_of(kube::Operation::Update)
                                 : name == "DELETE"  ? mask_of(kube::Operation::Delete)
                                 : name == "CONNECT" ? mask_of(kube::Operation::Connect)
                                                     : OperationMask{0};
      if (bits == 0) {
        report(pointer + "/operations", *map.find(kOperations),
               "Unsupported value: \"" + std::string(name) +
                   "\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"DELETE\", \"UPDATE\"");
      }
      rule.operations = static_cast<OperationMask>(rule.operations | bits);
    }
    if (names.size() > 1 && std::ranges::find(names, "*") != names.end()) {
      report(pointer + "/operations", *map.find(kOperations),
             "if '*' is present, must not specify other operations");
    }
  }

  void scope(const Node& map, const std::string& pointer, ResourceRule& rule) {
    const Node* scope = map.find(kScope);
    if (scope == nullptr || scope->is_null()) {
      return;
    }
    if (scope->text() == "Namespaced") {
      rule.scope = ResourceRule::Scope::Namespaced;
    } else if (scope->text() == "Cluster") {
      rule.scope = ResourceRule::Scope::Cluster;
    } else if (scope->text() != "*") {
      report(pointer + "/scope", *scope,
             "Unsupported value: \"" + std::string(scope->text()) +
                 "\": supported values: \"*\", \"Cluster\", \"Namespaced\"");
    }
  }

  std::vector<ResourceRule> rules(const Node& map, const Name& field, const std::string& pointer) {
    std::vector<ResourceRule> found;
    const Node* list = map.find(field);
    if (list == nullptr || list->is_null()) {
      return found;
    }
    const std::string base = pointer + "/" + std::string(field.text());
    if (!list->is_array()) {
      report(base, *list,
             "expected a list, found a " + std::string(document::kind_name(list->kind())));
      return found;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node& item = list->items()[i];
      const std::string at = base + "/" + std::to_string(i);
      if (!item.is_object()) {
        report(at, item,
               "expected a map, found a " + std::string(document::kind_name(item.kind())));
        continue;
      }
      ResourceRule rule;
      rule.groups = texts(item, kApiGroups, at, true);
      rule.versions = texts(item, kApiVersions, at, true);
      for (const std::string_view name : texts(item, kResources, at, true)) {
        const std::size_t slash = name.find('/');
        rule.resources.push_back({name.substr(0, slash), slash == std::string_view::npos
                                                             ? std::string_view{}
                                                             : name.substr(slash + 1)});
      }
      rule.resource_names = texts(item, kResourceNames, at, false);
      operations(item, at, rule);
      scope(item, at, rule);
      found.push_back(std::move(rule));
    }
    return found;
  }

  bool selector(const Node& map, const Name& field, const std::string& pointer,
                scalar::LabelSelector& into) {
    const Node* node = map.find(field);
    if (node == nullptr || node->is_null()) {
      return true;  // defaulted to the empty selector
    }
    auto read = kube::read_label_selector(*node);
    if (!read) {
      report(pointer + "/" + std::string(field.text()), *node, std::move(read.error().message));
      return false;
    }
    into = std::move(*read);
    return true;
  }

 private:
  std::vector<FieldProblem>& problems_;
};

bool is_namespace_resource(const GroupVersionResource& resource) noexcept {
  return resource.group.empty() && resource.version == "v1" && resource.resource == "namespaces";
}

bool exact_or_wildcard(const std::vector<std::string_view>& items,
                       std::string_view requested) noexcept {
  return std::ranges::any_of(
      items, [&](std::string_view item) { return item == "*" || item == requested; });
}

std::string_view generate_name_of(const Node& object) noexcept {
  const Node* metadata = object.find(kMetadata);
  const Node* name = metadata == nullptr ? nullptr : metadata->find("generateName");
  return name == nullptr ? std::string_view{} : name->text();
}

bool starts_with_one_of(std::string_view text,
                        const std::vector<std::string_view>& starts) noexcept {
  return std::ranges::any_of(starts,
                             [&](std::string_view start) { return text.starts_with(start); });
}

// rules.Matcher.Matches, and the names of a NamedRuleWithOperations.
bool rule_matches(const ResourceRule& rule, const Review& review,
                  const GroupVersionResource& resource, const MatchContext& context) noexcept {
  if ((rule.operations & mask_of(review.operation)) == 0 && !context.is_any_operation) {
    return false;
  }
  switch (rule.scope) {
    case ResourceRule::Scope::All:
      break;
    case ResourceRule::Scope::Namespaced:
      if (is_namespace_resource(resource) || review.name_space.empty()) {
        return false;
      }
      break;
    case ResourceRule::Scope::Cluster:
      if (!is_namespace_resource(resource) && !review.name_space.empty()) {
        return false;
      }
      break;
  }
  if (!exact_or_wildcard(rule.groups, resource.group) ||
      !exact_or_wildcard(rule.versions, resource.version)) {
    return false;
  }
  const bool named = std::ranges::any_of(rule.resources, [&](const ResourceRule::Resource& one) {
    return (one.name == "*" || one.name == resource.resource) &&
           (one.subresource == "*" || one.subresource == review.subresource);
  });
  if (!named || rule.resource_names.empty()) {
    return named;
  }
  if (context.is_kyverno && review.name.empty()) {
    return starts_with_one_of(generate_name_of(review.object), rule.resource_names);
  }
  return std::ranges::find(rule.resource_names, review.name) != rule.resource_names.end();
}

struct RuleMatch {
  bool matches = false;
  GroupVersionResource resource;
  GroupVersionKind kind;
};

// matchesResourceRules
RuleMatch match_rules(std::span<const ResourceRule> rules, bool exact, const Review& review,
                      const MatchContext& context) {
  for (const ResourceRule& rule : rules) {
    if (rule_matches(rule, review, review.resource, context)) {
      return {.matches = true, .resource = review.resource, .kind = review.kind};
    }
  }
  if (exact || context.is_kyverno) {
    return {};
  }
  thread_local std::vector<Equivalent> buffer;
  const auto others = equivalents(review.resource, context, buffer);
  for (const ResourceRule& rule : rules) {
    for (const Equivalent& other : others) {
      if (rule_matches(rule, review, other.resource, context)) {
        return {.matches = true,
                .resource = other.resource,
                .kind = {.group = other.resource.group,
                         .version = other.resource.version,
                         .kind = other.kind}};
      }
    }
  }
  return {};
}

Node labels_of(const Node& object) {
  const Node* metadata = object.find(kMetadata);
  const Node* labels = metadata == nullptr ? nullptr : metadata->find(kLabels);
  return labels == nullptr ? Node{} : *labels;
}

// MatchNamespaceSelector
Match match_namespaces(const scalar::LabelSelector& selector, const Review& review,
                       const MatchContext& context) {
  const bool of_namespace = review.resource.resource == "namespaces";
  if ((review.name_space.empty() && !of_namespace) || selector.is_empty()) {
    return Match::Yes;
  }
  // A namespace that is created or changed is judged by its new labels.
  if (of_namespace && review.subresource.empty() && review.object.is_object() &&
      (review.operation == kube::Operation::Create ||
       review.operation == kube::Operation::Update)) {
    const Node labels = labels_of(review.object);
    const bool matches =
        selector.matches([&](std::string_view key) -> std::optional<std::string_view> {
          if (key == kube::kNamespaceNameLabel) {
            return review.name;
          }
          const Node* label = labels.find(key);
          return label != nullptr && label->is_string() ? std::optional{label->text()}
                                                        : std::nullopt;
        });
    return matches ? Match::Yes : Match::No;
  }
  if (context.are_namespaces_complete &&
      (context.snapshot == nullptr ||
       context.snapshot->find("", "Namespace", "", review.name_space) == nullptr)) {
    const bool matches =
        selector.matches([&](std::string_view key) -> std::optional<std::string_view> {
          return key == kube::kNamespaceNameLabel ? std::optional{review.name_space} : std::nullopt;
        });
    return matches ? Match::Yes : Match::No;
  }
  if (context.snapshot != nullptr) {
    return kube::match_namespace(*context.snapshot, review.name_space, selector);
  }
  bool unknown = false;
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    if (requirement.key != kube::kNamespaceNameLabel) {
      unknown = true;
    } else if (!requirement.matches(review.name_space)) {
      return Match::No;
    }
  }
  return unknown ? Match::Unknown : Match::Yes;
}

// MatchObjectSelector: either object is enough.
bool match_objects(const scalar::LabelSelector& selector, const Review& review) {
  if (selector.is_empty()) {
    return true;
  }
  return (review.object.is_object() && kube::matches(selector, labels_of(review.object))) ||
         (review.old_object.is_object() && kube::matches(selector, labels_of(review.old_object)));
}

// Groups whose resources are one in storage: cmd/kube-apiserver, DefaultStorageFactory's
// AddCohabitatingResources. The others of that list are served no more.
struct Cohabitation {
  std::string_view resource;
  std::string_view groups[2];
};
constexpr Cohabitation kCohabitations[] = {
    {"events", {"", "events.k8s.io"}},
    {"deployments", {"apps", "extensions"}},
    {"daemonsets", {"apps", "extensions"}},
    {"replicasets", {"apps", "extensions"}},
    {"networkpolicies", {"networking.k8s.io", "extensions"}},
    {"ingresses", {"networking.k8s.io", "extensions"}},
};

}  // namespace

std::span<const Equivalent> equivalents(const GroupVersionResource& resource,
                                        const MatchContext& context,
                                        std::vector<Equivalent>& buffer) {
  buffer.clear();
  std::string_view other_group = resource.group;
  for (const Cohabitation& together : kCohabitations) {
    if (together.resource == resource.resource) {
      for (std::size_t i = 0; i < 2; ++i) {
        if (together.groups[i] == resource.group) {
          other_group = together.groups[1 - i];
        }
      }
    }
  }
  const auto add = [&](const kube::ApiKind& row) {
    if (row.plural == resource.resource &&
        (row.group == resource.group || row.group == other_group) &&
        (row.group != resource.group || row.version != resource.version)) {
      buffer.push_back(
          {.resource = {.group = row.group, .version = row.version, .resource = row.plural},
           .kind = row.kind});
    }
  };
  // The table is sorted by group.
  const auto rows = kube::api_kinds();
  for (const std::string_view group : {resource.group, other_group}) {
    const auto first = std::ranges::lower_bound(rows, group, {}, &kube::ApiKind::group);
    for (auto row = first; row != rows.end() && row->group == group; ++row) {
      add(*row);
    }
    if (other_group == resource.group) {
      break;
    }
  }
  if (context.kinds != nullptr) {
    for (const kube::ApiKind& row : context.kinds->kinds()) {
      add(row);
    }
  }
  return buffer;
}

MatchResources MatchResources::read(const Node& node, const std::string& pointer,
                                    std::vector<FieldProblem>& problems) {
  MatchResources result;
  Reader reader(problems);
  if (!node.is_object()) {
    reader.report(pointer, node,
                  "expected a map, found a " + std::string(document::kind_name(node.kind())));
    result.is_broken_ = true;
    return result;
  }
  result.rules_ = reader.rules(node, kResourceRules, pointer);
  result.excluded_ = reader.rules(node, kExcludeResourceRules, pointer);
  result.is_broken_ = !reader.selector(node, kNamespaceSelector, pointer, result.namespaces_) ||
                      !reader.selector(node, kObjectSelector, pointer, result.objects_);
  if (const Node* policy = node.find(kMatchPolicy); policy != nullptr && !policy->is_null()) {
    if (policy->text() == "Exact") {
      result.is_exact_ = true;
    } else if (policy->text() != "Equivalent") {
      reader.report(pointer + "/matchPolicy", *policy,
                    "Unsupported value: \"" + std::string(policy->text()) +
                        "\": supported values: \"Equivalent\", \"Exact\"");
    }
  }
  return result;
}

// Matcher.Matches
Matched MatchResources::match(const Review& review, const MatchContext& context) const {
  if (is_broken_) {
    return {};
  }
  const Match namespaces = match_namespaces(namespaces_, review, context);
  if (namespaces == Match::No || !match_objects(objects_, review)) {
    return {};
  }
  if (match_rules(excluded_, is_exact_, review, context).matches) {
    return {};
  }
  if (rules_.empty()) {
    return {.verdict = namespaces, .resource = review.resource, .kind = review.kind};
  }
  const RuleMatch found = match_rules(rules_, is_exact_, review, context);
  if (!found.matches) {
    return {};
  }
  return {.verdict = namespaces, .resource = found.resource, .kind = found.kind};
}

}  // namespace tally::policy_cel
