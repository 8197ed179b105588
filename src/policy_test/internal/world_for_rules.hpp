#pragma once
// What classic rules ask of the world of a test: config maps, API calls, global context, images,
// objects.

#include <vector>

#include "kyverno/moment.hpp"
#include "kyverno/world.hpp"
#include "policy_test/internal/test_world.hpp"

namespace tally::policy_test {

class WorldForRules final : public kyverno::World {
 public:
  // `more`: objects that only some rules see (sources of clones). Both must outlive this.
  WorldForRules(const TestWorld& world, std::span<const kube::Object> more)
      : world_(world),
        moment_({.seconds = world.now().seconds, .nanoseconds = world.now().nanoseconds}),
        objects_(world.objects().begin(), world.objects().end()) {
    objects_.insert(objects_.end(), more.begin(), more.end());
  }

  [[nodiscard]] bool provides(kyverno::Capability capability) const override;
  [[nodiscard]] Answer config_map(Arena& arena, std::string_view name_space,
                                  std::string_view name) const override;
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
  const TestWorld& world_;
  kyverno::Moment moment_;
  std::vector<kube::Object> objects_;
};

}  // namespace tally::policy_test
