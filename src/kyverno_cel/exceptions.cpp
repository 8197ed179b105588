// PolicyException of policies.kyverno.io: api/policies.kyverno.io/v1alpha1/policy_exception.go.
#include <charconv>

#include "kyverno_cel/internal/nodes.hpp"
#include "kyverno_cel/internal/policy_reader.hpp"

namespace tally::kyverno_cel {

using document::Node;

namespace {

// reportutils.LabelPolicyExceptionPriority: of several exceptions, whose reportResult counts.
constexpr std::string_view kPriorityLabel = "polex.kyverno.io/priority";

}  // namespace

bool read_exception(const kube::Object& object, Arena& arena, PolicyException& exception,
                    std::vector<LoadProblem>& problems) {
  if (!is_exception(object)) {
    return false;
  }
  Fields fields(object, problems);
  const Node* spec = present(object.root, "spec");
  if (spec == nullptr || !spec->is_object()) {
    fields.invalid("/spec", object.root, "Required value");
    return false;
  }
  exception.object = &object;
  exception.key = object.ref.name_space.empty()
                      ? object.ref.name
                      : arena.concat({object.ref.name_space, "/", object.ref.name});
  const auto references = fields.maps(*spec, "policyRefs", "/spec");
  if (references.empty()) {
    fields.invalid("/spec/policyRefs", *spec,
                   "Required value: must specify at least one policy ref");
  }
  for (const auto& reference : references) {
    for (const std::string_view field : {"name", "kind"}) {
      if (fields.text(*reference.node, field, reference.pointer).empty()) {
        fields.invalid(reference.pointer + "/" + std::string(field), *reference.node,
                       "Required value");
      }
    }
  }
  const auto add_texts = [&](std::string_view field, std::vector<Node>& into) {
    const Node* list = present(*spec, field);
    for (const Node& item : list == nullptr ? std::span<const Node>{} : list->items()) {
      if (item.is_string()) {
        into.push_back(item);
      } else {
        fields.invalid("/spec/" + std::string(field), item, "expected a list of strings");
      }
    }
  };
  add_texts("images", exception.images);
  add_texts("allowedValues", exception.values);
  static constexpr std::array<std::string_view, 2> kResults{"skip", "pass"};
  exception.reports_pass = fields.choice(*spec, "reportResult", "/spec", kResults) == 1;
  if (const auto priority = object.label(kPriorityLabel)) {
    std::int64_t value = 0;
    const auto [end, problem] =
        std::from_chars(priority->data(), priority->data() + priority->size(), value);
    if (problem == std::errc{} && end == priority->data() + priority->size()) {
      exception.priority = value;
    }
  }
  return !fields.is_refused();
}

bool names_policy(const PolicyException& exception, std::string_view kind, std::string_view name) {
  const Node* references = present_at(exception.object->root, {"spec", "policyRefs"});
  for (const Node& reference : references->items()) {
    if (text_at(reference, {"name"}) == name && text_at(reference, {"kind"}) == kind) {
      return true;
    }
  }
  return false;
}

}  // namespace tally::kyverno_cel
