#pragma once
// What is said about namespaces and in figures, from the joined facts.

#include <span>
#include <vector>

#include "assessment/internal/judge.hpp"

namespace tally::assessment {

// Findings about the labels of each Namespace in the input, in the order of `policies`.
void judge_namespaces(const Run& run, Worker& worker, Part& part);

// One summary per namespace, with the labels to apply.
void summarise_namespaces(const Run& run, std::span<const WorkloadFacts> facts,
                          finding::Assessment& assessment);

// The figures of the whole input and of each tier.
void compute_figures(const Run& run, std::span<const WorkloadFacts> facts,
                     finding::Assessment& assessment);

}  // namespace tally::assessment
