// Where the workload kinds hold their pod. A table: a kind, its groups, and the way to the pod
// spec.
#include <algorithm>
#include <array>
#include <span>

#include "kube/object.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;

const Name kSpec{"spec"};
const Name kTemplate{"template"};
const Name kJobTemplate{"jobTemplate"};
const Name kMetadata{"metadata"};

enum class Shape : std::uint8_t { Pod, Template, SpecTemplate, JobTemplate };

struct ShapeRow {
  std::string_view spec_pointer;
  std::string_view metadata_pointer;
};
constexpr std::array<ShapeRow, 4> kShapes{{
    {"/spec", "/metadata"},
    {"/template/spec", "/template/metadata"},
    {"/spec/template/spec", "/spec/template/metadata"},
    {"/spec/jobTemplate/spec/template/spec", "/spec/jobTemplate/spec/template/metadata"},
}};

struct WorkloadRow {
  std::string_view kind;
  std::array<std::string_view, 2> groups;  // the second: where it lived until Kubernetes 1.15
  Shape shape;
};
constexpr std::array<WorkloadRow, 9> kWorkloads{{
    {"Deployment", {"apps", "extensions"}, Shape::SpecTemplate},
    {"Pod", {"", ""}, Shape::Pod},
    {"StatefulSet", {"apps", "apps"}, Shape::SpecTemplate},
    {"DaemonSet", {"apps", "extensions"}, Shape::SpecTemplate},
    {"ReplicaSet", {"apps", "extensions"}, Shape::SpecTemplate},
    {"Job", {"batch", "batch"}, Shape::SpecTemplate},
    {"CronJob", {"batch", "batch"}, Shape::JobTemplate},
    {"ReplicationController", {"", ""}, Shape::SpecTemplate},
    {"PodTemplate", {"", ""}, Shape::Template},
}};

const WorkloadRow* workload_row(const scalar::ObjectRef& ref) noexcept {
  const auto* at =
      std::find_if(kWorkloads.begin(), kWorkloads.end(), [&ref](const WorkloadRow& row) {
        return row.kind == ref.kind && (row.groups[0] == ref.group || row.groups[1] == ref.group);
      });
  return at == kWorkloads.end() ? nullptr : at;
}

const Node* walk(const Node& root, std::initializer_list<const Name*> path) {
  const Node* node = &root;
  for (const Name* name : path) {
    node = node->find(*name);
    if (node == nullptr) {
      return nullptr;
    }
  }
  return node;
}

// The node that has `metadata` and `spec` of the pod.
const Node* pod_holder(const Node& root, Shape shape) {
  switch (shape) {
    case Shape::Pod:
      return &root;
    case Shape::Template:
      return walk(root, {&kTemplate});
    case Shape::SpecTemplate:
      return walk(root, {&kSpec, &kTemplate});
    case Shape::JobTemplate:
      return walk(root, {&kSpec, &kJobTemplate, &kSpec, &kTemplate});
  }
  return nullptr;
}

}  // namespace

bool is_workload(const scalar::ObjectRef& ref) noexcept { return workload_row(ref) != nullptr; }

std::optional<PodTemplate> pod_template(const Object& object) {
  const WorkloadRow* row = workload_row(object.ref);
  const Node* holder = row == nullptr ? nullptr : pod_holder(object.root, row->shape);
  const Node* spec = holder == nullptr ? nullptr : holder->find(kSpec);
  if (spec == nullptr || !spec->is_object()) {
    return std::nullopt;
  }
  const Node* metadata = holder->find(kMetadata);
  const ShapeRow& pointers = kShapes[static_cast<std::size_t>(row->shape)];
  return PodTemplate{.spec = spec,
                     .metadata = metadata != nullptr && metadata->is_object() ? metadata : nullptr,
                     .spec_pointer = pointers.spec_pointer,
                     .metadata_pointer = pointers.metadata_pointer};
}

}  // namespace tally::kube
