#pragma once
// The answers of SnapshotHost, one function a capability.

#include <span>
#include <string_view>

#include "assessment/host.hpp"
#include "cel/value.hpp"

namespace tally::assessment {

// An answer that nobody here knows: Unknown for the policy.
[[nodiscard]] cel::Value not_known(Arena& arena, std::initializer_list<std::string_view> parts);

[[nodiscard]] cel::Value answer_authorizer(Arena& arena, const HostContext& world,
                                           const Asker& asker, const cel::Value& question);
// `function`: get, list, toGVR, post.
[[nodiscard]] cel::Value answer_resource(Arena& arena, const HostContext& world, const Asker& asker,
                                         std::string_view function,
                                         std::span<const cel::Value> args);
[[nodiscard]] cel::Value answer_global_context(Arena& arena, const HostContext& world,
                                               const Asker& asker,
                                               std::span<const cel::Value> args);
// capability: http (get, post) or jwks (Fetch). `outside` may be null.
[[nodiscard]] cel::Value answer_call(Arena& arena, const Outside* outside,
                                     std::string_view capability, std::string_view function,
                                     std::span<const cel::Value> args);
[[nodiscard]] cel::Value answer_now(Arena& arena, const Outside* outside);
// JSON as Go's `any` holds it: every number is a double. The texts are the node's.
[[nodiscard]] cel::Value json_value(Arena& arena, const document::Node& node);
[[nodiscard]] cel::Value answer_image_data(Arena& arena, std::span<const cel::Value> args);

// What a list of objects is to CEL: `resource.list()` and entries of the global context.
struct ObjectQuery {
  std::string_view group;
  std::string_view version;
  std::string_view resource;    // plural
  std::string_view name_space;  // empty: all
};
// The items; an error value if the Snapshot does not know.
[[nodiscard]] cel::Value objects_of(Arena& arena, const HostContext& world,
                                    const ObjectQuery& query, const cel::Value* labels,
                                    std::string_view& kind);

}  // namespace tally::assessment
