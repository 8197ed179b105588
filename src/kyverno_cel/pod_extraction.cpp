#include "kyverno_cel/internal/pod_extraction.hpp"

#include <array>
#include <string>

#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using document::Node;

namespace {

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kTemplatesMax = 10'000;

bool is_template(const Node& node) {
  const Node* metadata = node.find("metadata");
  if (metadata != nullptr && !metadata->is_object()) {
    return false;
  }
  const Node* spec = node.find("spec");
  const Node* containers = spec == nullptr ? nullptr : spec->find("containers");
  if (containers == nullptr || !containers->is_array() || containers->size() == 0) {
    return false;
  }
  for (const Node& container : containers->items()) {
    const Node* name = container.find("name");
    const Node* image = container.find("image");
    if (name == nullptr || !name->is_string() || name->text().empty() || image == nullptr ||
        !image->is_string()) {
      return false;
    }
  }
  return true;
}

void walk(Arena& arena, const Node& node, const std::string& path,
          std::vector<ExtractedTemplate>& out, std::size_t depth) {
  if (depth > kDepthMax || out.size() >= kTemplatesMax) {
    return;
  }
  if (node.is_object()) {
    if (is_template(node)) {
      out.push_back({.root = node, .path = arena.copy(path)});
      return;
    }
    for (const document::Member member : node.members()) {
      walk(arena, member.value, path + "." + std::string(member.key), out, depth + 1);
    }
  } else if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      walk(arena, node.items()[i], path + "[" + std::to_string(i) + "]", out, depth + 1);
    }
  }
}

}  // namespace

void find_templates(Arena& arena, const Node& object, std::vector<ExtractedTemplate>& out) {
  if (const Node* spec = object.find("spec"); spec != nullptr && spec->is_object()) {
    walk(arena, *spec, "spec", out, 0);
  }
}

Node make_pod(Arena& arena, const Node& pod_template, std::string_view name,
              std::string_view name_space) {
  const Node* written = present(pod_template, "metadata");
  Node metadata = written == nullptr ? Node{} : *written;
  if (text_at(metadata, {"name"}).empty()) {
    metadata = with_member(arena, metadata, "name", Node::make_string(name, pod_template.offset()));
  }
  if (text_at(metadata, {"namespace"}).empty()) {
    metadata = with_member(arena, metadata, "namespace",
                           Node::make_string(name_space, pod_template.offset()));
  }
  const std::array keys{std::string_view{"apiVersion"}, std::string_view{"kind"},
                        std::string_view{"metadata"}, std::string_view{"spec"}};
  const std::array values{Node::make_string("v1", pod_template.offset()),
                          Node::make_string("Pod", pod_template.offset()), metadata,
                          *pod_template.find("spec")};
  return make_map(arena, keys, values, pod_template.offset());
}

}  // namespace tally::kyverno_cel
