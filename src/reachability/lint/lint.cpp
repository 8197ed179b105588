#include "reachability/lint/lint.hpp"

#include <algorithm>
#include <tuple>

#include "reachability/lint/internal/view.hpp"

namespace tally::reachability {

std::vector<LintFinding> lint(const LintInput& input) {
  std::vector<LintFinding> findings;
  linting::View view(input);
  linting::Reporter reporter(findings);
  for (const linting::Row& row : linting::rows()) {
    if (row.examine != nullptr) {
      row.examine(view, reporter);
    }
  }
  std::ranges::sort(findings, {}, [](const LintFinding& found) {
    const scalar::ObjectRef& ref = found.subject;
    return std::tuple(ref.name_space.empty() && ref.kind == "Namespace" ? ref.name : ref.name_space,
                      ref.kind, ref.name, found.offset, found.check->id,
                      std::string_view(found.pointer), std::string_view(found.message));
  });
  return findings;
}

}  // namespace tally::reachability
