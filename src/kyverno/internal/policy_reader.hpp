#pragma once
// Reading policies and exceptions into the table. What is wrong is a problem; a rule that cannot be
// applied is left out, the others stand.

#include <vector>

#include "kyverno/internal/policy_table.hpp"

namespace tally::kyverno::internal {

void read_policy(PolicySet::Table& table, const kube::Object& object,
                 std::vector<LoadProblem>& problems);
void read_exception(PolicySet::Table& table, const kube::Object& object,
                    std::vector<LoadProblem>& problems);
// Hangs exceptions on the policies that they name, and makes the public records.
void finish_table(PolicySet::Table& table);

[[nodiscard]] bool is_policy(const kube::Object& object) noexcept;
[[nodiscard]] bool is_exception(const kube::Object& object) noexcept;

}  // namespace tally::kyverno::internal
