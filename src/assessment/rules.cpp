#include "assessment/internal/rules.hpp"

#include <array>
#include <vector>

#include "assessment/admission.hpp"
#include "assessment/assessment.hpp"
#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/input_findings.hpp"
#include "assessment/kyverno_policies.hpp"
#include "reachability/lint/lint.hpp"
#include "workload/workload.hpp"

namespace tally::assessment {

using finding::Check;
using finding::Control;
using finding::Severity;

namespace {

constexpr std::array kStructureReferences = {
    std::string_view{"https://kubernetes.io/docs/reference/using-api/api-concepts/"
                     "#setting-the-field-validation-level"}};
constexpr std::array kTierControls = {Control{"CIS Kubernetes Benchmark", "1.12", "5.2.1"},
                                      Control{"NIST 800-53", "r5", "CM-6"},
                                      Control{"PCI DSS", "4.0.1", "2.2.1"}};
constexpr std::array kTierReferences = {
    std::string_view{"https://kubernetes.io/docs/tasks/configure-pod-container/"
                     "enforce-standards-namespace-labels/"}};
constexpr std::array kExceptionControls = {Control{"PCI DSS", "4.0.1", "6.5.1"},
                                           Control{"NIST 800-53", "r5", "CM-3"}};

}  // namespace

constexpr Check kLabelsMissing{
    .engine = "tiers",
    .policy = "namespace-labels",
    .id = "pod-security-labels-missing",
    .title = "Namespace without Pod Security labels",
    .description =
        "A namespace without pod-security.kubernetes.io labels enforces nothing: any pod is "
        "admitted, a privileged one too, "
        "unless the cluster's own default says otherwise.",
    .remedy = "Apply the labels that the report prints for this namespace.",
    .severity = Severity::Medium,
    .controls = kTierControls,
    .references = kTierReferences};
constexpr Check kLabelsUnversioned{
    .engine = "tiers",
    .policy = "namespace-labels",
    .id = "pod-security-labels-unversioned",
    .title = "Pod Security label without a version",
    .description =
        "A level without a version means the newest version that the API server knows: the next "
        "upgrade of the cluster "
        "may refuse pods that run today.",
    .remedy =
        "Pin the version, e.g. `pod-security.kubernetes.io/enforce-version: v1.36`, and raise it "
        "on purpose.",
    .severity = Severity::Info,
    .controls = kTierControls,
    .references = kTierReferences};
constexpr Check kLabelsLaxer{.engine = "tiers",
                             .policy = "namespace-labels",
                             .id = "pod-security-labels-laxer",
                             .title = "Namespace enforces less than its tier",
                             .description =
                                 "tally.yaml assigns the namespace to a stricter tier than its "
                                 "labels enforce: the API server admits pods that the "
                                 "tier forbids.",
                             .remedy =
                                 "Apply the labels that the report prints for this namespace; "
                                 "start with warn and audit where workloads still fail.",
                             .severity = Severity::High,
                             .controls = kTierControls,
                             .references = kTierReferences};
constexpr Check kLabelsInvalid{
    .engine = "tiers",
    .policy = "namespace-labels",
    .id = "pod-security-labels-invalid",
    .title = "Pod Security label that cannot be read",
    .description =
        "The API server refuses a namespace with such a label; one that it holds already is "
        "treated as restricted (enforce) "
        "or privileged (audit, warn), and as the latest version.",
    .remedy =
        "Use the levels privileged, baseline or restricted, and versions such as v1.36 or latest.",
    .severity = Severity::High,
    .controls = kTierControls,
    .references = kTierReferences};
constexpr Check kTierUnknown{
    .engine = "tiers",
    .policy = "namespace-labels",
    .id = "namespace-tier-unknown",
    .title = "Tier cannot be decided",
    .description =
        "A tier in tally.yaml selects namespaces by a label, and the input does not hold this "
        "namespace: its labels are "
        "not known.",
    .remedy = "Add the Namespace to the input, or name the namespace in tally.yaml.",
    .severity = Severity::Medium,
    .controls = kTierControls,
    .references = kTierReferences};
constexpr Check kExceptionExpired{
    .engine = "exceptions",
    .policy = "exceptions",
    .id = "exception-expired",
    .title = "Exception has expired",
    .description =
        "The waiver's last day is over: it accepts nothing any more, and what it accepted is "
        "reported again.",
    .remedy = "Repair what it waived, or have it approved again with a new date.",
    .severity = Severity::Medium,
    .controls = kExceptionControls,
    .references = {}};
constexpr Check kDuplicateObject{.engine = "structure",
                                 .policy = "structure",
                                 .id = "duplicate-object",
                                 .title = "The same object twice",
                                 .description =
                                     "Two documents of the input describe the same object. Both "
                                     "are judged; applied in this order, the later one stands.",
                                 .remedy = "Keep one of them.",
                                 .severity = Severity::Info,
                                 .controls = {},
                                 .references = {}};

std::span<const Check> structure_checks() {
  static const std::vector<Check> kChecks = [] {
    std::vector<Check> checks;
    for (const kube::StructureCheck& rule : kube::structure_checks()) {
      Check check;
      check.engine = "structure";
      check.policy = "structure";
      check.id = rule.id;
      check.title = rule.title;
      check.description = rule.description;
      check.remedy = rule.remedy;
      check.severity = Severity::High;  // the API server refuses the object
      check.references = kStructureReferences;
      checks.push_back(check);
    }
    return checks;
  }();
  return kChecks;
}

const Check& check_of(kube::StructureProblemKind kind) {
  return structure_checks()[static_cast<std::size_t>(kind)];
}

std::span<const Check* const> own_checks() {
  static constexpr std::array kChecks = {&kLabelsMissing,     &kLabelsLaxer, &kLabelsInvalid,
                                         &kLabelsUnversioned, &kTierUnknown, &kExceptionExpired,
                                         &kDuplicateObject};
  return kChecks;
}

std::vector<const Check*> all_rules() {
  std::vector<const Check*> rules;
  for (const Check* check : pod_security::all_checks()) {
    rules.push_back(check);
  }
  for (const Check* check : workload::all_checks()) {
    rules.push_back(check);
  }
  for (const Check& check : structure_checks()) {
    rules.push_back(&check);
  }
  for (const Check* check : own_checks()) {
    rules.push_back(check);
  }
  for (const Check* check : admission_checks()) {
    rules.push_back(check);
  }
  for (const Check* check : gatekeeper_checks()) {
    rules.push_back(check);
  }
  for (const Check* check : kyverno_checks()) {
    rules.push_back(check);
  }
  for (const Check* check : reachability::lint_checks()) {
    rules.push_back(check);
  }
  for (const Check& check : pasted_checks()) {
    rules.push_back(&check);
  }
  return rules;
}

}  // namespace tally::assessment
