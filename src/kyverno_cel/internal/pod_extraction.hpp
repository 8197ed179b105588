#pragma once
// Pod templates inside of custom kinds, found by their shape (Kyverno 1.19,
// pkg/cel/autogen/extract): below `spec`, a map whose spec.containers is a list of maps with a name
// and an image, and whose metadata, if any, is a map.
//
// Threads: pure.

#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::kyverno_cel {

struct ExtractedTemplate {
  document::Node root;    // of the template
  std::string_view path;  // "spec.replicatedJobs[0].template"
};

// In the order in which they are written; none inside of another.
void find_templates(Arena& arena, const document::Node& object,
                    std::vector<ExtractedTemplate>& out);

// The pod of a template, with the name and the namespace of its owner where it has none.
[[nodiscard]] document::Node make_pod(Arena& arena, const document::Node& pod_template,
                                      std::string_view name, std::string_view name_space);

}  // namespace tally::kyverno_cel
