#pragma once
// The cluster as Kyverno's classic policies may see it when a Snapshot is judged: its ConfigMaps
// and objects, and API calls that read them. What the Snapshot does not hold is an error that the
// judge turns into Unknown.
//
// Threads: immutable. Lifetime: the snapshot and the kinds must outlive it.

#include "kube/api_kinds.hpp"
#include "kube/snapshot.hpp"
#include "kyverno/moment.hpp"
#include "kyverno/world.hpp"

namespace tally::assessment {

class KyvernoWorld final : public kyverno::World {
 public:
  // `now_seconds`: since 1970; negative: no clock.
  KyvernoWorld(const kube::Snapshot& snapshot, const kube::CustomKinds* kinds,
               std::int64_t now_seconds)
      : snapshot_(&snapshot),
        kinds_(kinds),
        moment_({.seconds = now_seconds}, static_cast<std::uint64_t>(now_seconds)) {}

  [[nodiscard]] bool provides(kyverno::Capability capability) const override;
  [[nodiscard]] Answer config_map(Arena& arena, std::string_view name_space,
                                  std::string_view name) const override;
  // GET of /api/v1/... and /apis/GROUP/VERSION/..., lists and single objects, with labelSelector.
  [[nodiscard]] Answer api_call(Arena& arena, const kyverno::ApiCall& call) const override;
  [[nodiscard]] Answer global_context(Arena& arena, std::string_view name) const override;
  [[nodiscard]] Answer image_data(Arena& arena, std::string_view reference) const override;
  [[nodiscard]] Answer get(Arena& arena, std::string_view api_version, std::string_view kind,
                           std::string_view name_space, std::string_view name) const override;
  [[nodiscard]] Answer list(Arena& arena, std::string_view api_version, std::string_view kind,
                            std::string_view name_space,
                            const document::Node& selector) const override;
  [[nodiscard]] const jmespath::Host* functions() const override { return &moment_; }

 private:
  const kube::Snapshot* snapshot_;
  const kube::CustomKinds* kinds_;
  kyverno::Moment moment_;
};

}  // namespace tally::assessment
