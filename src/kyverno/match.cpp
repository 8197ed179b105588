#include "kyverno/internal/match.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "kube/selectors.hpp"
#include "kyverno/internal/nodes.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

// ^(v\d((alpha|beta)\d)?|\*)$
bool is_version(std::string_view text) {
  if (text == "*") {
    return true;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < 2 || text[0] != 'v' || !is_digit(text[1])) {
    return false;
  }
  std::string_view rest = text.substr(2);
  if (rest.empty()) {
    return true;
  }
  for (const std::string_view stage : {"alpha", "beta"}) {
    if (rest.starts_with(stage)) {
      rest.remove_prefix(stage.size());
      return rest.size() == 1 && is_digit(rest[0]);
    }
  }
  return false;
}

std::vector<std::string_view> texts_of(const Node* list) {
  std::vector<std::string_view> out;
  if (list != nullptr) {
    for (const Node& item : list->items()) {
      if (item.is_string()) {
        out.push_back(item.text());
      }
    }
  }
  return out;
}

// As unstructured's GetLabels: a map of which one value is no text counts as absent.
Node text_map(const Node& object, std::string_view field) {
  const Node* map = at(object, {"metadata", field});
  if (map == nullptr || !map->is_object() ||
      !std::ranges::all_of(map->items(), [](const Node& value) { return value.is_string(); })) {
    return {};
  }
  return *map;
}

bool holds(const Node& list, std::span<const std::string_view> values) {
  return std::ranges::any_of(list.items(), [&](const Node& item) {
    return std::ranges::find(values, item.text()) != values.end();
  });
}

}  // namespace

KindSelector KindSelector::parse(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
      break;
    }
    parts.push_back(text.substr(0, slash));
    text.remove_prefix(slash + 1);
  }
  // The last part may hold a subresource behind a dot: "Pod.exec".
  while (true) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) {
      break;
    }
    text.remove_prefix(dot + 1);
  }
  const auto is_lower = [](std::string_view part) {
    return std::ranges::none_of(part, [](char c) { return c >= 'A' && c <= 'Z'; });
  };
  switch (parts.size()) {
    case 1:
      return {"*", "*", parts[0], ""};
    case 2:
      if (parts[0] == "*" && parts[1] == "*") {
        return {"*", "*", "*", "*"};
      }
      if (parts[0] == "*" && is_lower(parts[1])) {
        return {"*", "*", parts[0], parts[1]};
      }
      if (is_version(parts[0])) {
        return {"*", parts[0], parts[1], ""};
      }
      return {"*", "*", parts[0], parts[1]};
    case 3:
      if (is_version(parts[0])) {
        return {"*", parts[0], parts[1], parts[2]};
      }
      return {parts[0], parts[1], parts[2], ""};
    case 4:
      return {parts[0], parts[1], parts[2], parts[3]};
    default:
      return {};
  }
}

bool KindSelector::matches(const kube::GroupVersionKind& of,
                           std::string_view of_subresource) const noexcept {
  return wildcard_match(group, of.group) && wildcard_match(version, of.version) &&
         wildcard_match(kind, of.kind) && wildcard_match(subresource, of_subresource);
}

WildSelector WildSelector::read(const Node& selector) {
  WildSelector out;
  if (const Node* labels = selector.find("matchLabels"); labels != nullptr) {
    for (const document::Member member : labels->members()) {
      if (has_wildcard(member.key) || has_wildcard(member.value.text())) {
        out.wild_.push_back({member.key, member.value.text()});
      } else if (!out.plain_.add({.key = std::string(member.key),
                                  .op = scalar::SelectorOperator::In,
                                  .values = {std::string(member.value.text())}})) {
        out.is_broken_ = true;
      }
    }
  }
  if (const Node* expressions = selector.find("matchExpressions"); expressions != nullptr) {
    for (const Node& expression : expressions->items()) {
      const auto op = scalar::parse_operator(text_at(expression, "operator"));
      std::vector<std::string> values;
      if (const Node* list = expression.find("values"); list != nullptr) {
        for (const Node& value : list->items()) {
          values.emplace_back(value.text());
        }
      }
      if (!op || !out.plain_.add({.key = std::string(text_at(expression, "key")),
                                  .op = *op,
                                  .values = std::move(values)})) {
        out.is_broken_ = true;
      }
    }
  }
  return out;
}

bool WildSelector::matches(const Node& labels) const {
  if (is_broken_) {
    return false;
  }
  for (const Pair& pair : wild_) {
    bool is_found = false;
    for (const document::Member member : labels.members()) {
      if (wildcard_match(pair.key, member.key) && wildcard_match(pair.value, member.value.text())) {
        is_found = true;
        break;
      }
    }
    if (!is_found) {
      return false;
    }
  }
  return kube::matches(plain_, labels);
}

ResourceFilter ResourceFilter::read(const Node& filter) {
  ResourceFilter out;
  if (const Node* resources = filter.find("resources"); resources != nullptr) {
    for (const std::string_view kind : texts_of(resources->find("kinds"))) {
      out.kinds_.push_back(KindSelector::parse(kind));
    }
    out.operations_ = texts_of(resources->find("operations"));
    out.name_ = text_at(*resources, "name");
    out.names_ = texts_of(resources->find("names"));
    out.namespaces_ = texts_of(resources->find("namespaces"));
    if (const Node* annotations = resources->find("annotations"); annotations != nullptr) {
      out.annotations_ = *annotations;
    }
    if (const Node* selector = resources->find("selector");
        selector != nullptr && selector->is_object()) {
      out.selector_ = WildSelector::read(*selector);
    }
    if (const Node* selector = resources->find("namespaceSelector");
        selector != nullptr && selector->is_object()) {
      out.namespace_selector_ = WildSelector::read(*selector);
    }
    out.has_resources_ = !out.kinds_.empty() || !out.operations_.empty() || !out.name_.empty() ||
                         !out.names_.empty() || !out.namespaces_.empty() ||
                         out.annotations_.size() > 0 || out.selector_ || out.namespace_selector_;
  }
  const auto list = [&](std::string_view field, Node& into) {
    if (const Node* found = filter.find(field); found != nullptr && found->size() > 0) {
      into = *found;
      out.has_user_ = true;
    }
  };
  list("roles", out.roles_);
  list("clusterRoles", out.cluster_roles_);
  list("subjects", out.subjects_);
  return out;
}

bool ResourceFilter::matches_resource(const Subject& subject,
                                      EphemeralContainers containers) const {
  if (!kinds_.empty()) {
    const bool is_ephemeral = containers == EphemeralContainers::MatchPods &&
                              subject.subresource == "ephemeralcontainers" &&
                              subject.kind == kube::GroupVersionKind{"", "v1", "Pod"};
    const bool is_one = std::ranges::any_of(kinds_, [&](const KindSelector& selector) {
      return selector.matches(subject.kind, subject.subresource) ||
             (is_ephemeral && wildcard_match(selector.group, subject.kind.group) &&
              wildcard_match(selector.version, subject.kind.version) &&
              wildcard_match(selector.kind, subject.kind.kind));
    });
    if (!is_one) {
      return false;
    }
  }
  const Node* metadata = subject.object.find("metadata");
  const Node& meta = metadata == nullptr ? subject.object : *metadata;
  std::string_view name = metadata == nullptr ? std::string_view{} : text_at(meta, "name");
  const std::string_view full_name = name;
  if (name.empty() && metadata != nullptr) {
    name = text_at(meta, "generateName");
  }
  if (!name_.empty() && !wildcard_match(name_, name)) {
    return false;
  }
  const auto any_matches = [](const std::vector<std::string_view>& patterns,
                              std::string_view text) {
    return std::ranges::any_of(
        patterns, [&](std::string_view pattern) { return wildcard_match(pattern, text); });
  };
  if (!names_.empty() && !any_matches(names_, name)) {
    return false;
  }
  const std::string_view object_kind = text_at(subject.object, "kind");
  if (!namespaces_.empty()) {
    // A namespace is in itself.
    const std::string_view name_space =
        object_kind == "Namespace"
            ? full_name
            : (metadata == nullptr ? std::string_view{} : text_at(meta, "namespace"));
    if (!any_matches(namespaces_, name_space)) {
      return false;
    }
  }
  if (annotations_.size() > 0) {
    const Node annotations = text_map(subject.object, "annotations");
    for (const document::Member expected : annotations_.members()) {
      bool is_found = false;
      for (const document::Member member : annotations.members()) {
        is_found = is_found || (wildcard_match(expected.key, member.key) &&
                                wildcard_match(expected.value.text(), member.value.text()));
      }
      if (!is_found) {
        return false;
      }
    }
  }
  if (selector_ && !selector_->matches(text_map(subject.object, "labels"))) {
    return false;
  }
  if (namespace_selector_) {
    if (object_kind == "Namespace") {
      return false;
    }
    if (!object_kind.empty() && !namespace_selector_->matches(subject.namespace_labels)) {
      return false;
    }
  }
  return true;
}

bool ResourceFilter::matches_user(const Subject& subject) const {
  if (roles_.size() > 0 && !holds(roles_, subject.roles)) {
    return false;
  }
  if (cluster_roles_.size() > 0 && !holds(cluster_roles_, subject.cluster_roles)) {
    return false;
  }
  if (subjects_.size() == 0) {
    return true;
  }
  for (const Node& of : subjects_.items()) {
    const std::string_view kind = text_at(of, "kind");
    const std::string_view name = text_at(of, "name");
    if (kind == "User") {
      if (wildcard_match(name, subject.username)) {
        return true;
      }
    } else if (kind == "Group") {
      if (std::ranges::any_of(subject.groups.items(), [&](const Node& group) {
            return wildcard_match(name, group.text());
          })) {
        return true;
      }
    } else if (kind == "ServiceAccount") {
      constexpr std::string_view kPrefix = "system:serviceaccount:";
      if (subject.username.starts_with(kPrefix)) {
        const std::string pattern = std::string(text_at(of, "namespace")) + ":" + std::string(name);
        if (wildcard_match(pattern, subject.username.substr(kPrefix.size()))) {
          return true;
        }
      }
    }
  }
  return false;
}

bool ResourceFilter::matches(const Subject& subject, EphemeralContainers containers,
                             OfUser of_user) const {
  if (!operations_.empty() &&
      std::ranges::find(operations_, subject.operation) == operations_.end()) {
    return false;
  }
  if (of_user == OfUser::IsIgnoredWithoutUser && !subject.has_user()) {
    // Nothing but a user was asked for, and there is none: upstream has nothing left to match.
    return has_resources_ && matches_resource(subject, containers);
  }
  return !is_empty() && matches_resource(subject, containers) && matches_user(subject);
}

// Unlike a rule's, an exception's filter does not look at the operation.
bool ResourceFilter::excepts(const Subject& subject) const {
  return !is_empty() && matches_resource(subject, EphemeralContainers::MatchPods) &&
         matches_user(subject);
}

MatchBlock MatchBlock::read(const Node& block) {
  MatchBlock out;
  for (const auto& [field, mode] : {std::pair{"any", Mode::Any}, std::pair{"all", Mode::All}}) {
    const Node* list = block.find(field);
    if (list != nullptr && list->size() > 0) {
      out.mode_ = mode;
      for (const Node& filter : list->items()) {
        out.filters_.push_back(ResourceFilter::read(filter));
      }
      return out;
    }
  }
  out.filters_.push_back(ResourceFilter::read(block));
  return out;
}

bool MatchBlock::is_empty() const noexcept {
  return mode_ == Mode::Single && (filters_.empty() || filters_.front().is_empty());
}

bool MatchBlock::matches(const Subject& subject) const {
  const auto one = [&](const ResourceFilter& filter) {
    return filter.matches(subject, EphemeralContainers::MatchPods, OfUser::IsIgnoredWithoutUser);
  };
  return mode_ == Mode::Any ? std::ranges::any_of(filters_, one)
                            : !filters_.empty() && std::ranges::all_of(filters_, one);
}

bool MatchBlock::excludes(const Subject& subject) const {
  const auto one = [&](const ResourceFilter& filter) {
    return !filter.is_empty() &&
           filter.matches(subject, EphemeralContainers::MatchPods, OfUser::Counts);
  };
  if (filters_.empty() || is_empty()) {
    return false;
  }
  return mode_ == Mode::All ? std::ranges::all_of(filters_, one)
                            : std::ranges::any_of(filters_, one);
}

bool MatchBlock::excepts(const Subject& subject) const {
  if (mode_ == Mode::Single) {
    return false;
  }
  const auto one = [&](const ResourceFilter& filter) { return filter.excepts(subject); };
  return mode_ == Mode::Any ? std::ranges::any_of(filters_, one)
                            : std::ranges::all_of(filters_, one);
}

}  // namespace tally::kyverno::internal
