#pragma once
// The images that an object names, by extractor and container, as the variable `images` shows them
// (Kyverno 1.19 pkg/utils/api/image.go):
//
//   {"containers": {"web": {registry, path, name, tag, digest, reference, referenceWithTag,
//                           jsonPointer}}}
//
// Pods and the kinds that hold a pod template have extractors of their own; a rule may bring others
// (`imageExtractors`).

#include "kyverno/internal/context.hpp"

namespace tally::kyverno::internal {

// `extractors`: of the rule, by kind; Null: none. An empty object: no images.
[[nodiscard]] Outcome<document::Node> images_of(Arena& arena, const document::Node& object,
                                                const document::Node& extractors, Context& context);

// One image of that answer.
struct ImageEntry {
  std::string_view extractor{};
  std::string_view container{};
  document::Node info{};
  std::string_view pointer{};
  std::string_view text{};  // registry/path:tag or registry/path@digest
  std::string_view digest{};
};
[[nodiscard]] std::vector<ImageEntry> image_entries(Arena& arena, const document::Node& images);

}  // namespace tally::kyverno::internal
