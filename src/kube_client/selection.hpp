#pragma once
// Which resources of a server an assessment reads: the kinds that some engine judges or lists.
// Secrets never: nothing about their content is judged, and who may read them may do nearly
// everything.

#include <span>
#include <vector>

#include "document/node.hpp"
#include "kube_client/discovery.hpp"

namespace tally::kube_client {

[[nodiscard]] bool is_read(const Resource& resource);

// The kinds of parameters that admission policies among the documents name, as far as the server
// has them and is_read() leaves them out: {"spec": {"paramKind": {apiVersion, kind}}}.
[[nodiscard]] std::vector<Resource> parameters_of(std::span<const document::Node> policies,
                                                  std::span<const Resource> resources);

}  // namespace tally::kube_client
