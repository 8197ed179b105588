#include "policy_test/internal/surroundings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "input/file_walk.hpp"
#include "kube/objects.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

Node namespace_object(Arena& arena, std::string_view name, const Node& labels) {
  std::vector<Field> metadata{{.key = "name", .value = make_text(arena, name)}};
  if (labels.is_object()) {
    metadata.push_back({.key = "labels", .value = labels});
  }
  const Field fields[] = {{.key = "apiVersion", .value = make_text(arena, "v1")},
                          {.key = "kind", .value = make_text(arena, "Namespace")},
                          {.key = "metadata", .value = make_map(arena, metadata)}};
  return make_map(arena, fields);
}

std::vector<std::string_view> texts_of(std::span<const Node> items) {
  std::vector<std::string_view> texts;
  for (const Node& item : items) {
    texts.push_back(text_of(&item));
  }
  return texts;
}

}  // namespace

Result<void> Surroundings::load(Files& files, const TestCase& test) {
  if (test.values.is_object()) {
    TALLY_CHECK(load_values(files, test.values));
  } else if (!test.variables.empty()) {
    const std::string file = input::join_path(test.folder, test.variables);
    TALLY_TRY(const std::span<const Root> roots, files.documents(file));
    for (const Root& root : roots) {
      TALLY_CHECK(load_values(files, root.node));
    }
  }
  if (!test.user_info.empty()) {
    TALLY_CHECK(load_user(files, input::join_path(test.folder, test.user_info)));
  }
  return {};
}

Result<void> Surroundings::load_values(Files& files, const Node& values) {
  values_ = values;
  const Node* operation = nullptr;
  if (const Node* globals = values.find("globalValues")) {
    operation = globals->find("request.operation");
  }
  operation_ = std::string(text_of(operation));
  constexpr std::string_view kOperations[] = {"", "CREATE", "UPDATE", "DELETE", "CONNECT"};
  if (std::ranges::find(kOperations, operation_) == std::end(kOperations)) {
    return content_error(
        fmt::format("request.operation must be CREATE, UPDATE, DELETE or CONNECT, found '{}'",
                    excerpt(operation_)));
  }
  for (const Node& one : list_at(values, "namespaceSelector")) {
    const Node* labels = one.find("labels");
    labels_.insert_or_assign(std::string(text_at(one, "name")),
                             labels == nullptr ? Node{} : *labels);
  }
  for (const Node& one : list_at(values, "namespaces")) {
    const Node* labels = find_path(one, "metadata.labels");
    labels_.insert_or_assign(std::string(text_at(one, "metadata.name")),
                             labels == nullptr ? Node{} : *labels);
    Node whole = with_member(files.arena(), one, "apiVersion", make_text(files.arena(), "v1"));
    whole = with_member(files.arena(), whole, "kind", make_text(files.arena(), "Namespace"));
    if (auto object = kube::object_from_node(whole, files.made_source())) {
      namespaces_.push_back(*object);
    }
  }
  for (const auto& [name, labels] : labels_) {
    const bool is_known =
        std::ranges::any_of(namespaces_, [&](const kube::Object& n) { return n.ref.name == name; });
    const auto object =
        kube::object_from_node(namespace_object(files.arena(), name, labels), files.made_source());
    if (!is_known && object) {
      namespaces_.push_back(*object);
    }
  }
  for (const Node& one : list_at(values, "subresources")) {
    const std::string_view path = text_at(one, "subresource.name");
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) {
      continue;
    }
    const auto kind_of = [&](std::string_view field) {
      const Node* at = one.find(field);
      return at == nullptr ? kube::GroupVersionKind{}
                           : kube::GroupVersionKind{.group = text_at(*at, "group"),
                                                    .version = text_at(*at, "version"),
                                                    .kind = text_at(*at, "kind")};
    };
    const kube::GroupVersionKind parent = kind_of("parentResource");
    subresources_.push_back({.kind = kind_of("subresource"),
                             .parent_kind = parent,
                             .parent = {.group = parent.group,
                                        .version = parent.version,
                                        .resource = text_at(one, "parentResource.name")},
                             .name = path.substr(slash + 1)});
  }
  for (const Node& policy : list_at(values, "policies")) {
    for (const Node& rule : list_at(policy, "rules")) {
      RuleValues found{
          .policy = text_at(policy, "name"), .rule = text_at(rule, "name"), .values = {}};
      if (const Node* own = rule.find("values")) {
        for (const document::Member member : own->members()) {
          found.values.push_back({.key = member.key, .value = member.value});
        }
      }
      // Of a foreach the first element's values count, for every element: as upstream has it.
      if (const Node* each = rule.find("foreachValues")) {
        for (const document::Member member : each->members()) {
          if (member.value.is_array() && member.value.size() > 0) {
            found.values.push_back({.key = member.key, .value = member.value.items().front()});
          }
        }
      }
      rule_values_.push_back(std::move(found));
    }
  }
  return {};
}

Result<void> Surroundings::load_user(Files& files, const std::string& file) {
  TALLY_TRY(const std::span<const Root> roots, files.documents(file));
  if (roots.empty()) {
    return {};
  }
  const Node& root = roots.front().node;
  if (const Node* user = root.find("userInfo")) {
    const Node* groups = user->find("groups");
    const Node* extra = user->find("extra");
    user_ = {.username = text_at(*user, "username"),
             .uid = text_at(*user, "uid"),
             .groups = groups == nullptr ? Node{} : *groups,
             .extra = extra == nullptr ? Node{} : *extra};
  }
  roles_ = texts_of(list_at(root, "roles"));
  cluster_roles_ = texts_of(list_at(root, "clusterRoles"));
  return {};
}

std::vector<Field> Surroundings::values_for(std::string_view policy,
                                            std::string_view object) const {
  std::vector<Field> fields;
  const auto put = [&](const Node* values) {
    if (values == nullptr) {
      return;
    }
    for (const document::Member member : values->members()) {
      const auto old = std::ranges::find(fields, member.key, &Field::key);
      if (old != fields.end()) {
        old->value = member.value;
      } else {
        fields.push_back({.key = member.key, .value = member.value});
      }
    }
  };
  put(values_.find("globalValues"));
  for (const Node& one : list_at(values_, "policies")) {
    if (text_at(one, "name") != policy) {
      continue;
    }
    for (const Node& resource : list_at(one, "resources")) {
      if (text_at(resource, "name") == object) {
        put(resource.find("values"));
      }
    }
  }
  return fields;
}

const Node* Surroundings::namespace_labels(std::string_view name) const {
  const auto found = labels_.find(name);
  return found == labels_.end() ? nullptr : &found->second;
}

const Subresource* Surroundings::subresource(const kube::GroupVersionKind& kind) const {
  const auto found = std::ranges::find(subresources_, kind, &Subresource::kind);
  return found == subresources_.end() ? nullptr : &*found;
}

kube::Review Surroundings::review_of(const kube::Object& object, std::string_view operation,
                                     Arena& arena) const {
  kube::Review review = kube::Review::from_file_object(object, "default", arena);
  review.user_info = user_;
  review.source = object.source;
  if (const Subresource* sub = subresource(review.kind)) {
    review.resource = sub->parent;
    review.request_resource = sub->parent;
    review.subresource = sub->name;
    review.request_subresource = sub->name;
  }
  if (operation == "UPDATE") {
    review.operation = kube::Operation::Update;
    review.old_object = review.object;
  } else if (operation == "DELETE") {
    review.operation = kube::Operation::Delete;
    review.old_object = review.object;
    review.object = Node{};
  }
  return review;
}

}  // namespace tally::policy_test
