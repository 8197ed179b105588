#pragma once
// The memory of one thread, and the request that is open in it.

#include <string>
#include <vector>

#include "kyverno_cel/internal/pod_extraction.hpp"
#include "kyverno_cel/internal/policy_table.hpp"
#include "kyverno_cel/internal/world.hpp"
#include "kyverno_cel/policy_set.hpp"

namespace tally::kyverno_cel {

// The request as policies see it, or one that was made of it: a pod of a template, a target.
struct View {
  kube::Review review;
  policy_cel::InputValues inputs;
};

struct Scratch::State {
  policy_cel::Evaluation evaluation;
  World world;
  const PolicySet::Table* table = nullptr;
  Request request;
  View view;
  std::uint32_t next_number = 1;  // of objects and of contexts
  bool has_tried_images = false;  // every image validating policy was asked for its evidence

  // Buffers of one judgement.
  std::vector<Property> properties;
  std::vector<const kube::Object*> exceptions;
  std::vector<document::Node> allowed_images;
  std::vector<document::Node> allowed_values;
  std::vector<ExtractedTemplate> templates;
  std::vector<ExtractedTemplate> other_templates;
  std::vector<std::string_view> images;
  std::string text;
};

}  // namespace tally::kyverno_cel
