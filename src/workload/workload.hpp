#pragma once
// Hygiene of workloads: what no Pod Security level forbids and an auditor asks about all the same:
// limits, pinned images, mounted tokens, probes, writable root file systems. Findings are low or
// info: they never fail a run by default.
//
// evaluate() is pure and allocates from the arena only when something is found. Threads: immutable;
// one arena per thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "finding/finding.hpp"

namespace tally::workload {

struct Workload {
  const document::Node* spec = nullptr;  // pod spec, a map
  std::string_view spec_pointer;         // RFC 6901, "/spec/template/spec"
  bool runs_forever = false;  // Deployment, StatefulSet, DaemonSet ...: probes make sense
  std::optional<bool> account_mounts_token;  // automountServiceAccountToken of its ServiceAccount,
                                             // where that is known
};

// One place that a check objects to.
struct Site {
  const finding::Check* check = nullptr;
  std::string_view container;
  std::string_view pointer;
  std::uint32_t offset = 0;  // of the field, or of the nearest ancestor that exists
  std::string_view found;
  std::string_view allowed;
  std::string_view message;
};

// What the figures count.
struct Census {
  std::uint32_t images = 0;
  std::uint32_t images_unpinned = 0;  // without a digest
  bool without_limits = false;        // a container lacks a CPU or a memory limit
};

// Appends what is found, container by container in the order of the spec, checks in the order of
// all.cpp.
Census evaluate(const Workload& workload, Arena& arena, std::vector<Site>& sites);

[[nodiscard]] std::span<const finding::Check* const> all_checks();

}  // namespace tally::workload
