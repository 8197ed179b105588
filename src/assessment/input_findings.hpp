#pragma once
// What reading found out, as part of the Assessment: sources, skipped documents, errors, and text
// that was pasted wrongly.

#include <span>

#include "finding/assessment.hpp"
#include "input/read_inputs.hpp"

namespace tally::assessment {

// Moves sources, arenas and lists into the assessment. `objects` are those of the inputs, in their
// order (inputs.objects may have been moved into a snapshot). Findings about pasted text come
// first: they explain the errors.
void add_inputs(finding::Assessment& assessment, input::Inputs inputs,
                std::span<const kube::Object> objects);

// One record for each cause that input::diagnose_text() can name.
[[nodiscard]] std::span<const finding::Check> pasted_checks();

}  // namespace tally::assessment
