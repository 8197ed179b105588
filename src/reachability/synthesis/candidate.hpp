#pragma once
// Candidate: a cluster with other policies than it has: those of a text are added, read back as any
// file is, so that what was written is what is judged.

#include <memory>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/source.hpp"
#include "kube/snapshot.hpp"
#include "scalar/object_ref.hpp"

namespace tally::reachability {

struct Candidate {
  std::unique_ptr<Arena> arena;
  std::shared_ptr<const document::Source> source;
  std::shared_ptr<const kube::Snapshot> snapshot;  // of all objects
};

// The snapshot's sources and arenas must outlive the candidate.
[[nodiscard]] Result<Candidate> with_policies(const kube::Snapshot& snapshot,
                                              std::string_view default_namespace,
                                              std::string_view yaml);

// A kind that network_policy reads as a policy.
[[nodiscard]] bool is_network_policy(const scalar::ObjectRef& ref) noexcept;

}  // namespace tally::reachability
