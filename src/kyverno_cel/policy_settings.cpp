// How a policy is run: evaluation, failurePolicy, validationActions and the like
// (api/policies.kyverno.io/v1beta1).
#include <array>

#include "kyverno_cel/internal/nodes.hpp"
#include "kyverno_cel/internal/policy_reader.hpp"
#include "scalar/cron.hpp"

namespace tally::kyverno_cel {

using document::Node;

void read_settings(Fields& fields, const Node& spec, LoadedPolicy& policy) {
  Policy& about = policy.about;
  static constexpr std::array<std::string_view, 5> kModes{"", "Kubernetes", "JSON", "HTTP",
                                                          "Envoy"};
  if (const Node* evaluation = present(spec, "evaluation")) {
    switch (fields.choice(*evaluation, "mode", "/spec/evaluation", kModes)) {
      case 2:
        about.mode = Mode::Json;
        break;
      case 3:
        about.mode = Mode::Http;
        break;
      case 4:
        about.mode = Mode::Envoy;
        break;
      default:
        break;
    }
  }
  static constexpr std::array<std::string_view, 3> kFailurePolicies{"", "Fail", "Ignore"};
  about.ignores_failures = fields.choice(spec, "failurePolicy", "/spec", kFailurePolicies) == 2;
  if (const Node* actions = present(spec, "validationActions");
      actions != nullptr && actions->size() != 0) {
    about.is_denied = false;
    for (const Node& action : actions->items()) {
      about.is_denied = about.is_denied || action.text() == "Deny";
      about.is_warned = about.is_warned || action.text() == "Warn";
      about.is_audited = about.is_audited || action.text() == "Audit";
    }
  }
  const auto flag = [&](std::string_view part, bool otherwise) {
    return flag_at(spec, {"evaluation", part, "enabled"}, otherwise);
  };
  about.runs_on_admission = flag("admission", true);
  about.runs_in_background = flag("background", true);
  about.mutates_existing = flag("mutateExisting", false);
  about.generates_existing = flag("generateExisting", false);
  about.is_synchronized = flag("synchronize", false);
  about.orphans_downstream = flag("orphanDownstreamOnPolicyDelete", false);
  about.is_reinvoked = text_at(spec, {"reinvocationPolicy"}) == "IfNeeded";
  about.schedule = text_at(spec, {"schedule"});
  if (about.kind == PolicyKind::Deleting) {
    // pkg/cel/policies/dpol/validate.go
    const Node* schedule = present(spec, "schedule");
    const auto cron = scalar::Cron::parse(about.schedule, scalar::Cron::Syntax::Extended);
    if (about.schedule.empty()) {
      fields.invalid("/spec/schedule", schedule == nullptr ? spec : *schedule,
                     "Required value: schedule is required");
    } else if (!cron) {
      fields.invalid("/spec/schedule", *schedule,
                     "Invalid value: schedule spec in the deletingPolicy is not in proper cron "
                     "format: " +
                         cron.error().message);
    }
  }
  about.deletion_propagation = text_at(spec, {"deletionPropagationPolicy"});
  policy.applies_by_server = flag_at(spec, {"evaluation", "useServerSideApply"}, false);
  policy.verifies_digest = flag_at(spec, {"validationConfigurations", "verifyDigest"}, true);
  policy.pins_digest = flag_at(spec, {"validationConfigurations", "mutateDigest"}, true);
  policy.requires_verification = flag_at(spec, {"validationConfigurations", "required"}, true);
}

}  // namespace tally::kyverno_cel
