#pragma once
// World: the cluster as requests are judged against it. Programs stay while it changes: a new World
// takes the place of the old one, no policy is loaded again.
//
// Threads: immutable. Lifetime: `kinds` must outlive it.

#include <memory>

#include "assessment/host.hpp"
#include "kube/api_kinds.hpp"
#include "kube/snapshot.hpp"

namespace tally::assessment {

class World {
 public:
  // `kinds` may be null.
  World(std::shared_ptr<const kube::Snapshot> snapshot, const kube::CustomKinds* kinds)
      : snapshot_(std::move(snapshot)), host_(*snapshot_, kinds) {}

  [[nodiscard]] const kube::Snapshot& snapshot() const noexcept { return *snapshot_; }
  [[nodiscard]] const HostContext& host() const noexcept { return host_; }

 private:
  std::shared_ptr<const kube::Snapshot> snapshot_;
  HostContext host_;  // with its roles
};

}  // namespace tally::assessment
