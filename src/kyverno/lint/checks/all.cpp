// The list of checks. A new check is its file, its test and one line here; docs/lint.md and the
// report follow.
#include <array>

#include "kyverno/lint/internal/lint_check.hpp"

#define TALLY_LINT_CHECKS(CHECK) \
  CHECK(kLoads)                  \
  CHECK(kAnchors)                \
  CHECK(kMatch)                  \
  CHECK(kVariables)              \
  CHECK(kContainers)             \
  CHECK(kPodLevel)               \
  CHECK(kAnyValue)               \
  CHECK(kAutogen)                \
  CHECK(kCelGuards)              \
  CHECK(kPodSecurity)            \
  CHECK(kMessage)                \
  CHECK(kPlatform)               \
  CHECK(kDeprecated)

namespace tally::kyverno::lint {

#define TALLY_DECLARE(check) extern const LintCheck check;
TALLY_LINT_CHECKS(TALLY_DECLARE)

namespace {
#define TALLY_ADDRESS(check) &check,
constexpr std::array kAll = {TALLY_LINT_CHECKS(TALLY_ADDRESS)};
}  // namespace

std::span<const LintCheck* const> all_lint_checks() { return kAll; }

}  // namespace tally::kyverno::lint
