#pragma once
// Rules for pods, rewritten for the controllers that hold a pod template (Kyverno 1.19
// pkg/autogen/v1): all or nothing per policy; the paths of patterns are put below the template,
// those of variables are rewritten as text.

#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::kyverno::internal {

// For whom a rule was made.
enum class MadeFor : std::uint8_t { Everything, Controllers, CronJobs };

struct GeneratedRule {
  document::Node rule{};
  std::size_t written = 0;  // index in spec.rules
  MadeFor made_for = MadeFor::Everything;
};

struct Autogen {
  // Kinds of which the controllers' rules are asked; empty: no rules were made.
  std::vector<std::string_view> kinds{};
  std::vector<GeneratedRule> rules{};
};

// `policy`: the whole object. The rules live in `arena`.
[[nodiscard]] Autogen generate_rules(Arena& arena, const document::Node& policy);

}  // namespace tally::kyverno::internal
