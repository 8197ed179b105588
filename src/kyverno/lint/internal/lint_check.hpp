#pragma once
// What the checks of a policy work on, and how they say what they found.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kyverno/lint/lint.hpp"

namespace tally::kyverno::lint {

inline constexpr std::string_view kEngine = "policy-lint";
// Nesting beyond this is not looked at: readers refuse more.
inline constexpr std::size_t kDepthMax = 512;

enum class Dialect : std::uint8_t {
  Classic,  // kyverno.io ClusterPolicy, Policy
  Cleanup,  // kyverno.io ClusterCleanupPolicy, CleanupPolicy: one rule, the spec itself
  Cel,      // policies.kyverno.io kinds
  Native,   // ValidatingAdmissionPolicy
};

struct Place {
  std::string pointer{};
  std::uint32_t offset = 0;
};

// One element of match or exclude: {resources, subjects, roles, clusterRoles}.
struct FilterView {
  const document::Node* node = nullptr;
  const document::Node* resources = nullptr;  // null: absent
  std::string pointer{};
};

struct RuleView {
  const document::Node* node = nullptr;
  std::string_view name{};
  std::string pointer{};
  const document::Node* validate = nullptr;  // null: absent
  std::vector<FilterView> match{};
  std::vector<FilterView> exclude{};
  bool is_match_all = false;              // match.all: every filter must hold
  bool is_exclude_all = false;            // exclude.all
  std::vector<std::string_view> kinds{};  // of match, as written
};

// validate.pattern, one of validate.anyPattern, or one of a foreach.
struct PatternView {
  const document::Node* node = nullptr;
  std::string pointer{};
  bool is_of_element = false;  // of a foreach: its root is no object
};

struct ExpressionView {
  std::string_view text{};
  Place place{};
  const RuleView* rule = nullptr;  // null: of a policy without rules
};

struct PolicyView {
  const kube::Object* object = nullptr;
  Dialect dialect = Dialect::Classic;
  const document::Node* spec = nullptr;
  std::vector<RuleView> rules{};
  std::vector<ExpressionView> expressions{};  // CEL
  const kube::CustomKinds* kinds = nullptr;
  bool is_background = true;
  bool is_admission = true;
};

class Report {
 public:
  explicit Report(std::vector<LintFinding>& findings) : findings_(findings) {}

  void add(const finding::Check& check, const PolicyView& policy, const RuleView* rule, Place place,
           std::string message) {
    add(check, policy, rule, std::move(place), std::move(message), check.severity);
  }
  void add(const finding::Check& check, const PolicyView& policy, const RuleView* rule, Place place,
           std::string message, finding::Severity severity);

 private:
  std::vector<LintFinding>& findings_;
};

// A check, or a small family that looks at the same fields.
struct LintCheck {
  std::span<const finding::Check* const> records;
  void (*run)(const PolicyView& policy, Report& report);
};
[[nodiscard]] std::span<const LintCheck* const> all_lint_checks();

}  // namespace tally::kyverno::lint
