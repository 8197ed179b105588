#pragma once
// libyaml's complaints as sentences that name the likely cause.

#include <cstdint>
#include <string>
#include <string_view>

#include "document/source.hpp"

namespace tally::document {

struct YamlProblem {
  std::string_view problem;          // parser->problem
  std::string_view context;          // parser->context, may be empty
  std::uint32_t problem_offset = 0;  // bytes in the source
  std::uint32_t context_offset = 0;
  bool has_context_mark = false;
};

[[nodiscard]] Error describe_yaml_problem(const Source& source, const YamlProblem& problem);

}  // namespace tally::document
