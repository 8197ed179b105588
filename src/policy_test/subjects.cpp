#include "policy_test/internal/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "input/file_walk.hpp"
#include "kube/objects.hpp"
#include "policy_test/internal/nodes.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

constexpr std::array<std::string_view, 6> kMapFields = {"annotations",  "labels", "matchLabels",
                                                        "nodeSelector", "data",   "stringData"};

bool is_null_map(const document::Member& member) {
  return member.value.is_null() && std::ranges::find(kMapFields, member.key) != kMapFields.end();
}

// Depth is bounded by the reader's limit.
bool has_null_map(const Node& node) {
  for (const document::Member member : node.members()) {
    if (is_null_map(member) || has_null_map(member.value)) {
      return true;
    }
  }
  return node.is_array() && std::ranges::any_of(node.items(), has_null_map);
}

Node without_null_maps(Arena& arena, const Node& node) {
  if (!has_null_map(node)) {
    return node;
  }
  if (node.is_array()) {
    std::vector<Node> items;
    for (const Node& item : node.items()) {
      items.push_back(without_null_maps(arena, item));
    }
    return Node::make_array(arena, items, node.offset());
  }
  std::vector<Field> fields;
  for (const document::Member member : node.members()) {
    fields.push_back({.key = member.key,
                      .value = is_null_map(member) ? make_map(arena, {}, node.offset())
                                                   : without_null_maps(arena, member.value)});
  }
  return make_map(arena, fields, node.offset());
}

}  // namespace

kube::Object with_root(Files& files, const kube::Object& object, const Node& root) {
  static_cast<void>(files);
  auto made = kube::object_from_node(root, object.source);
  if (!made) {
    kube::Object changed = object;
    changed.root = root;
    return changed;
  }
  made->kind = object.kind != nullptr ? object.kind : made->kind;
  made->document = object.document;
  made->item = object.item;
  return *made;
}

kube::Object as_tested(Files& files, const kube::Object& object, const kube::CustomKinds& kinds) {
  Arena& arena = files.arena();
  std::array<kube::Object, 1> one{object};
  kinds.resolve(one);
  const kube::Object& known = one.front();
  Node root = without_null_maps(arena, known.root);
  const Node* metadata = root.find("metadata");
  if (known.ref.name_space.empty() && kube::is_namespaced(known) &&
      (metadata == nullptr || metadata->is_object())) {
    const Node empty = make_map(arena, {}, root.offset());
    const Node& before = metadata == nullptr ? empty : *metadata;
    root = with_member(arena, root, "metadata",
                       with_member(arena, before, "namespace", make_text(arena, "default")));
  }
  return with_root(files, known, root);
}

Result<std::vector<kube::Object>> load_subjects(Files& files, const std::string& folder,
                                                const std::vector<std::string>& paths,
                                                const kube::CustomKinds& kinds,
                                                Files::Depth depth) {
  std::vector<kube::Object> subjects;
  std::set<std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>> seen;
  for (const std::string& path : paths) {
    TALLY_TRY(const auto expanded, files.expand(input::join_path(folder, path), depth));
    for (const std::string& file : expanded) {
      TALLY_TRY(const auto objects, files.objects(file));
      for (const kube::Object& object : objects) {
        const kube::Object subject = as_tested(files, object, kinds);
        const scalar::ObjectRef& ref = subject.ref;
        if (seen.emplace(ref.group, ref.kind, ref.name_space, ref.name).second) {
          subjects.push_back(subject);
        }
      }
    }
  }
  return subjects;
}

std::string display_name(const kube::Object& object) {
  const scalar::ObjectRef& ref = object.ref;
  return fmt::format("{}{}{}/{}/{}{}{}", ref.group, ref.group.empty() ? "" : "/", ref.version,
                     ref.kind, ref.name_space, ref.name_space.empty() ? "" : "/", ref.name);
}

}  // namespace tally::policy_test
