#pragma once
// The cluster as Kyverno's classic policies may see it when a Snapshot is judged: its ConfigMaps
// and objects, and API calls that read them. What the Snapshot does not hold is an error that the
// judge turns into Unknown.
//
// Threads: immutable. Lifetime: the snapshot, the kinds and Outside must outlive it.

#include "assessment/host.hpp"
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

  // Calls of services; without it they are not made. Once, before anything is judged.
  void connect(const Outside& outside) const noexcept { outside_ = &outside; }

  [[nodiscard]] bool provides(kyverno::Capability capability) const override;
  [[nodiscard]] Answer config_map(Arena& arena, std::string_view name_space,
                                  std::string_view name) const override;
  // GET of /api/v1/... and /apis/GROUP/VERSION/..., lists and single objects, with labelSelector.
  [[nodiscard]] Answer api_call(Arena& arena, const kyverno::ApiCall& call) const override;
  // `name`: ENTRY or ENTRY.PROJECTION, as globalReference writes it.
  [[nodiscard]] Answer global_context(Arena& arena, std::string_view name) const override;

  // An entry of the global context (GlobalContextEntry of the Snapshot), or a projection of it.
  struct GlobalEntry {
    document::Node value;
    bool is_called = false;  // the answer of a call: JSON, not objects
  };
  struct NoEntry {
    std::string message;
    bool is_unknown = true;  // the input does not say; else it is wrong
  };
  [[nodiscard]] std::expected<GlobalEntry, NoEntry> global_entry(Arena& arena,
                                                                 std::string_view name,
                                                                 std::string_view projection) const;

  [[nodiscard]] Answer image_data(Arena& arena, std::string_view reference) const override;
  [[nodiscard]] Answer get(Arena& arena, std::string_view api_version, std::string_view kind,
                           std::string_view name_space, std::string_view name) const override;
  [[nodiscard]] Answer list(Arena& arena, std::string_view api_version, std::string_view kind,
                            std::string_view name_space,
                            const document::Node& selector) const override;
  [[nodiscard]] const jmespath::Host* functions() const override { return &moment_; }

 private:
  [[nodiscard]] std::expected<GlobalEntry, NoEntry> entry_data(Arena& arena, std::string_view name,
                                                               const document::Node& spec) const;
  [[nodiscard]] std::expected<document::Node, NoEntry> call_path(
      Arena& arena, const kyverno::ApiCall& call) const;
  [[nodiscard]] std::expected<document::Node, NoEntry> call_service(
      const kyverno::ApiCall& call) const;

  mutable const Outside* outside_ = nullptr;
  const kube::Snapshot* snapshot_;
  const kube::CustomKinds* kinds_;
  kyverno::Moment moment_;
};

}  // namespace tally::assessment
