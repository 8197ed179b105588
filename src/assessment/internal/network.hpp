#pragma once
// The engine "network": what policies and the mesh leave open or say wrongly, and how much of the
// input they cover.

#include <optional>
#include <span>
#include <vector>

#include "assessment/internal/judge.hpp"
#include "finding/assessment.hpp"

namespace tally::assessment {

// Findings into `part`; figures of the whole input. `workloads`: those that were judged; they are
// enough where the input holds no policy, no mesh and no way in: then nothing else is read.
[[nodiscard]] std::vector<finding::Figure> judge_network(
    const Run& run, std::span<const finding::WorkloadVerdict> workloads, Worker& worker,
    Part& part);

}  // namespace tally::assessment
