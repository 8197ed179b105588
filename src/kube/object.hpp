#pragma once
// Object: a Node with a Kubernetes identity, and the pod spec inside the workload kinds.

#include <cstdint>
#include <optional>
#include <string_view>

#include "document/node.hpp"
#include "document/source.hpp"
#include "scalar/object_ref.hpp"

namespace tally::kube {

struct ApiKind;  // api_kinds.hpp

// Views into its document, which must outlive it. Trivially copyable.
struct Object {
  scalar::ObjectRef ref;  // namespace: as written; "" if absent (see Snapshot for the default)
  document::Node root;
  document::Node metadata;  // Null when absent
  const document::Source* source = nullptr;
  const ApiKind* kind = nullptr;     // row of the table of API kinds; null: unknown kind
  std::uint32_t document = 0;        // ordinal in the source, from 1
  std::uint32_t item = 0;            // position in a List, from 1; 0: not from a List
  std::string_view template_source;  // from helm's "# Source:" comment, or empty

  [[nodiscard]] document::Node labels() const;       // Null when absent
  [[nodiscard]] document::Node annotations() const;  // Null when absent
  [[nodiscard]] std::optional<std::string_view> label(std::string_view key) const;
  [[nodiscard]] std::optional<std::string_view> annotation(std::string_view key) const;
  // The owner reference with controller: true, else the first; "Kind/name" parts, or nothing.
  struct Owner {
    std::string_view kind;
    std::string_view name;
    std::string_view uid;
  };
  [[nodiscard]] std::optional<Owner> owner() const;
};

// The pod that a workload object describes: Pod, Deployment, ReplicaSet, ReplicationController,
// StatefulSet, DaemonSet, Job, CronJob, PodTemplate (and List items of them). Pointers are RFC 6901
// from the object's root, e.g. "/spec/template/spec".
struct PodTemplate {
  const document::Node* spec = nullptr;      // an Object node
  const document::Node* metadata = nullptr;  // may be null
  std::string_view spec_pointer;
  std::string_view metadata_pointer;
};

// Is this a workload kind (group and kind), whatever its content?
[[nodiscard]] bool is_workload(const scalar::ObjectRef& ref) noexcept;
// Nothing if the object is no workload, or its pod spec is absent or no map. `object` must outlive
// the result.
[[nodiscard]] std::optional<PodTemplate> pod_template(const Object& object);

}  // namespace tally::kube
