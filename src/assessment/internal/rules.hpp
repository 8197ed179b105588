#pragma once
// The Check records of the rules that live in this library: structure (kube knows the problems, but
// stands below finding), namespace tiers, exceptions and the input itself.

#include <span>

#include "finding/finding.hpp"
#include "kube/structure.hpp"

namespace tally::assessment {

[[nodiscard]] const finding::Check& check_of(kube::StructureProblemKind kind);
[[nodiscard]] std::span<const finding::Check> structure_checks();

extern const finding::Check kLabelsMissing;
extern const finding::Check kLabelsUnversioned;
extern const finding::Check kLabelsLaxer;
extern const finding::Check kLabelsInvalid;
extern const finding::Check kTierUnknown;
extern const finding::Check kExceptionExpired;
extern const finding::Check kDuplicateObject;

[[nodiscard]] std::span<const finding::Check* const> own_checks();

}  // namespace tally::assessment
