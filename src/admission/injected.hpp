#pragma once
// Which containers of a pod its author did not write: other webhooks put them there after the
// author and before the verdict. A denial says so, because the author looks for them in vain.
//
// Two ways to know what the author wrote: the pod template of the owner (ReplicaSet, Job, ...), and
// the annotation that `kubectl apply` leaves. Without either nothing is claimed.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/object.hpp"

namespace tally::admission {

struct Injected {
  std::vector<std::string> containers;  // init and ephemeral ones, too
  std::string authority;  // "the pod template of ReplicaSet web-7d4b", "kubectl's annotation"

  [[nodiscard]] bool contains(std::string_view container) const;
};

// Names of the containers in the pod template of an object; nothing: it is not known.
using OwnerContainers = std::function<std::optional<std::vector<std::string>>(
    std::string_view kind, std::string_view name_space, std::string_view name)>;

// Of every container in the template of an object.
[[nodiscard]] std::optional<std::vector<std::string>> template_containers(
    const kube::Object& object);

// `pod`: of the request, whole. `owners` may be empty.
[[nodiscard]] Injected injected_containers(const kube::Object& pod, const OwnerContainers& owners);

}  // namespace tally::admission
