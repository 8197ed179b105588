// Workloads: does the selector match the template, may pods restart so.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"

namespace tally::kube::internal {

using document::Member;
using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kKey{"key"};
const Name kLabels{"labels"};
const Name kMatchExpressions{"matchExpressions"};
const Name kMatchLabels{"matchLabels"};
const Name kMetadata{"metadata"};
const Name kOperator{"operator"};
const Name kRestartPolicy{"restartPolicy"};
const Name kSelector{"selector"};
const Name kSpec{"spec"};
const Name kTemplate{"template"};
const Name kValues{"values"};

bool values_hold(const Node& values, std::string_view text) {
  return std::any_of(values.items().begin(), values.items().end(), [text](const Node& value) {
    return value.is_string() && value.text() == text;
  });
}

// Without building a LabelSelector: this runs for every workload. Invalid operators were reported
// elsewhere and match.
bool selector_matches(const Node& selector, const Node* labels) {
  const auto label = [labels](std::string_view key) -> const Node* {
    return labels == nullptr ? nullptr : labels->find(key);
  };
  if (const Node* wanted = map_at(selector, kMatchLabels)) {
    for (std::size_t i = 0; i < wanted->size(); ++i) {
      const Node* value = label(wanted->key(i));
      if (wanted->items()[i].is_string() &&
          (value == nullptr || value->text() != wanted->items()[i].text())) {
        return false;
      }
    }
  }
  const Node* expressions = list_at(selector, kMatchExpressions);
  for (const Node& expression :
       expressions == nullptr ? std::span<const Node>{} : expressions->items()) {
    const std::string_view op = text_at(expression, kOperator);
    const Node* value = label(text_at(expression, kKey));
    const Node* values = list_at(expression, kValues);
    const bool holds = value != nullptr && values != nullptr && values_hold(*values, value->text());
    if ((op == "In" && !holds) || (op == "NotIn" && holds) ||
        (op == "Exists" && value == nullptr) || (op == "DoesNotExist" && value != nullptr)) {
      return false;
    }
  }
  return true;
}

bool is_empty_selector(const Node& selector) {
  const Node* labels = selector.find(kMatchLabels);
  const Node* expressions = selector.find(kMatchExpressions);
  return (labels == nullptr || labels->size() == 0) &&
         (expressions == nullptr || expressions->size() == 0);
}

constexpr std::string_view kNamedLabels = "the labels that the selector names";

void report_mismatch(StructureWalk& walk, const Frame& frame, const Node& template_node,
                     const Node* labels, std::string_view expected) {
  const Frame in_template = child_frame(frame, template_node, "template");
  const Node* metadata = map_at(template_node, kMetadata);
  const Frame in_metadata =
      child_frame(in_template, metadata == nullptr ? template_node : *metadata, "metadata");
  const std::string path = dotted_path(in_template, "metadata") + ".labels";
  const std::string found =
      labels == nullptr ? std::string{"no labels"} : fmt::format("{} labels", labels->size());
  walk.report_child(
      Kind::SelectorMismatch, in_metadata, "labels", found, expected,
      fmt::format("{}: Invalid value: `selector` does not match template `labels`: found {}", path,
                  found));
}

void check_restart_policy(StructureWalk& walk, const Frame& frame,
                          std::initializer_list<std::string_view> allowed, bool required) {
  const Node* holder = map_at(*frame.node, kTemplate);
  const Node* spec = holder == nullptr ? nullptr : map_at(*holder, kSpec);
  if (spec == nullptr) {
    return;
  }
  const std::string_view policy = text_at(*spec, kRestartPolicy);
  if ((policy.empty() && !required) ||
      std::find(allowed.begin(), allowed.end(), policy) != allowed.end()) {
    return;
  }
  const Frame in_template = child_frame(frame, *holder, "template");
  const Frame in_spec = child_frame(in_template, *spec, "spec");
  const std::string values = fmt::format("\"{}\"", fmt::join(allowed, "\", \""));
  if (policy.empty()) {
    walk.required(in_spec, kRestartPolicy.text(), fmt::format("valid values: {}", values));
    return;
  }
  walk.report_child(
      Kind::UnsupportedValue, in_spec, kRestartPolicy.text(),
      fmt::format("\"{}\"", excerpt(policy)), values,
      fmt::format("{}: Unsupported value: \"{}\": supported values: {}",
                  dotted_path(in_spec, kRestartPolicy.text()), excerpt(policy), values));
}

}  // namespace

// ValidateDeploymentSpec, ValidatePodTemplateSpecForRS and their like.
void check_selecting(StructureWalk& walk, const Frame& frame) {
  const Node* holder = map_at(*frame.node, kTemplate);
  if (holder == nullptr && frame.type->name == "apps.v1.ReplicaSetSpec" &&
      is_absent(*frame.node, kTemplate)) {
    walk.required(frame, kTemplate.text());
  }
  check_restart_policy(walk, frame, {"Always"}, false);
  const Node* metadata = holder == nullptr ? nullptr : map_at(*holder, kMetadata);
  const Node* labels = metadata == nullptr ? nullptr : map_at(*metadata, kLabels);
  const Node* selector = map_at(*frame.node, kSelector);
  if (selector == nullptr) {
    // An absent selector matches nothing, so the API server names the labels as well; worth saying
    // if there are none.
    if (holder != nullptr && (labels == nullptr || labels->size() == 0)) {
      report_mismatch(walk, frame, *holder, labels, "labels, and a selector that names them");
    }
    return;
  }
  if (is_empty_selector(*selector)) {
    std::string lower(walk.object.ref.kind);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    walk.invalid(Kind::InvalidValue, frame, kSelector.text(), "{}",
                 fmt::format("empty selector is invalid for {}", lower));
    return;
  }
  if (holder != nullptr && !selector_matches(*selector, labels)) {
    report_mismatch(walk, frame, *holder, labels, kNamedLabels);
  }
}

void check_job_spec(StructureWalk& walk, const Frame& frame) {
  check_restart_policy(walk, frame, {"OnFailure", "Never"}, true);
}

// The selector defaults to the template's labels.
void check_replication(StructureWalk& walk, const Frame& frame) {
  const Node* holder = map_at(*frame.node, kTemplate);
  if (holder == nullptr) {
    if (is_absent(*frame.node, kTemplate)) {
      walk.required(frame, kTemplate.text());
    }
    return;
  }
  check_restart_policy(walk, frame, {"Always"}, false);
  const Node* metadata = map_at(*holder, kMetadata);
  const Node* labels = metadata == nullptr ? nullptr : map_at(*metadata, kLabels);
  const Node* selector = map_at(*frame.node, kSelector);
  if (selector == nullptr || selector->size() == 0) {
    if (labels == nullptr || labels->size() == 0) {
      walk.required(frame, kSelector.text());
    }
    return;
  }
  for (const Member wanted : selector->members()) {
    const Node* value = labels == nullptr ? nullptr : labels->find(wanted.key);
    if (wanted.value.is_string() && (value == nullptr || value->text() != wanted.value.text())) {
      report_mismatch(walk, frame, *holder, labels, kNamedLabels);
      return;
    }
  }
}

}  // namespace tally::kube::internal
