#include "policy_test/internal/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "policy_test/internal/nodes.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

bool is_nothing(const Node& node) {
  return node.is_null() || (node.kind() >= document::NodeKind::Array && node.size() == 0);
}

// Without what is null or empty. Depth is bounded by the reader's limit.
Node tidy(Arena& arena, const Node& node) {
  if (node.is_array()) {
    std::vector<Node> items;
    for (const Node& item : node.items()) {
      const Node kept = tidy(arena, item);
      if (!is_nothing(kept)) {
        items.push_back(kept);
      }
    }
    return Node::make_array(arena, items, node.offset());
  }
  if (!node.is_object()) {
    return node;
  }
  std::vector<Field> fields;
  for (const document::Member member : node.members()) {
    const Node kept = tidy(arena, member.value);
    if (!is_nothing(kept)) {
      fields.push_back({.key = member.key, .value = kept});
    }
  }
  return make_map(arena, fields, node.offset());
}

// FixupGenerateLabels
Node with_plain_labels(Arena& arena, const Node& object) {
  const Node* metadata = object.find("metadata");
  if (metadata == nullptr || !metadata->is_object()) {
    return object;
  }
  constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
  std::vector<Field> labels;
  bool is_managed = false;
  const Node* old = metadata->find("labels");
  if (old != nullptr) {
    for (const document::Member label : old->members()) {
      is_managed = is_managed || label.key == kManagedBy;
      if (!label.key.starts_with("generate.kyverno.io/")) {
        labels.push_back({.key = label.key, .value = label.value});
      }
    }
  }
  if (!is_managed) {
    labels.push_back({.key = kManagedBy, .value = Node::make_string("kyverno", 0)});
  }
  return with_member(arena, object, "metadata",
                     with_member(arena, *metadata, "labels", make_map(arena, labels)));
}

std::string excerpt_of(const Node* node) {
  if (node == nullptr) {
    return "nothing";
  }
  std::string text;
  document::append_json(text, *node);
  return excerpt(text, 120);
}

std::string escaped(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

void walk(const Node* actual, const Node* expected, const std::string& pointer,
          std::size_t count_max, std::vector<std::string>& out) {
  if (out.size() >= count_max ||
      (actual != nullptr && expected != nullptr && document::equal(*actual, *expected))) {
    return;
  }
  if (actual != nullptr && expected != nullptr && actual->is_object() && expected->is_object()) {
    for (const document::Member member : expected->members()) {
      walk(actual->find(member.key), &member.value, pointer + "/" + escaped(member.key), count_max,
           out);
    }
    for (const document::Member member : actual->members()) {
      if (expected->find(member.key) == nullptr) {
        walk(&member.value, nullptr, pointer + "/" + escaped(member.key), count_max, out);
      }
    }
    return;
  }
  if (actual != nullptr && expected != nullptr && actual->is_array() && expected->is_array()) {
    const std::size_t count = std::max(actual->size(), expected->size());
    for (std::size_t i = 0; i < count; ++i) {
      walk(i < actual->size() ? &actual->items()[i] : nullptr,
           i < expected->size() ? &expected->items()[i] : nullptr, fmt::format("{}/{}", pointer, i),
           count_max, out);
    }
    return;
  }
  out.push_back(fmt::format("{}: expected {}, found {}", pointer.empty() ? "/" : pointer,
                            excerpt_of(expected), excerpt_of(actual)));
}

}  // namespace

bool is_as_expected(Arena& arena, const Node& actual, const Node& expected) {
  return document::equal(tidy(arena, with_plain_labels(arena, actual)),
                         tidy(arena, with_plain_labels(arena, expected)));
}

std::vector<std::string> differences(Arena& arena, const Node& actual, const Node& expected,
                                     std::size_t count_max) {
  std::vector<std::string> out;
  const Node found = tidy(arena, with_plain_labels(arena, actual));
  const Node wanted = tidy(arena, with_plain_labels(arena, expected));
  walk(&found, &wanted, "", count_max, out);
  return out;
}

}  // namespace tally::policy_test
