#pragma once
// What was read, sorted into what is judged and what is passed over, with the reason in words.

#include <functional>
#include <string>
#include <string_view>

#include "document/source.hpp"
#include "finding/assessment.hpp"
#include "input/folder_marks.hpp"
#include "input/read_inputs.hpp"
#include "kube/objects.hpp"

namespace tally::input {

// A file that belongs to another tool, by its name: "an npm package file"; empty if the name says
// nothing.
[[nodiscard]] std::string_view tool_of_file_name(std::string_view path) noexcept;

// The entry for a document that is no object.
[[nodiscard]] finding::Skipped skipped_document(const kube::NotAnObject& rejected,
                                                const document::Source& source, bool in_chart);

// Moves objects that are no resources to file_objects, drops policies of policy tests, resolves
// custom kinds, and lists what no engine judges yet and what is unknown. `test_of`: the policy test
// below whose folder a source stands, or empty.
void sort_out_objects(Inputs& inputs,
                      const std::function<std::string_view(const document::Source*)>& test_of);

}  // namespace tally::input
