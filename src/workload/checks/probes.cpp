// Rule: a container that is meant to run for ever has a readiness or a liveness probe.
// Fields: spec.containers[*].(readinessProbe|livenessProbe) of Deployment, StatefulSet, DaemonSet,
// ReplicaSet, ReplicationController. Allowed: at least one of the two.
#include "workload/checks/all.hpp"

namespace tally::workload {
namespace {

constexpr std::array kControls = {finding::Control{"NIST 800-53", "r5", "SI-13"}};
constexpr std::array kReferences = {std::string_view{
    "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"}};
constexpr finding::Check kCheck{
    .engine = "workload",
    .policy = "hygiene",
    .id = "probes",
    .title = "No readiness or liveness probe",
    .description =
        "Without a probe Kubernetes knows only that the process exists: traffic reaches replicas "
        "that cannot answer, and one "
        "that hangs stays. Availability is part of security.",
    .remedy = "Add a `readinessProbe`; add a `livenessProbe` only where a restart cures.",
    .severity = finding::Severity::Info,
    .controls = kControls,
    .references = kReferences};

void examine(const ContainerView& container, Reporter& reporter) {
  if (!reporter.workload().runs_forever || container.init || container.list != "containers" ||
      container.has_readiness_probe || container.has_liveness_probe) {
    return;
  }
  reporter.object(kCheck, &container,
                  {.field = "",
                   .offset = container.node->offset(),
                   .found = "no probe",
                   .allowed = "a readiness or a liveness probe",
                   .message = "nothing tells whether the container can do its work"});
}

}  // namespace

Entry probes_check() { return {.check = &kCheck, .pod = nullptr, .container = examine}; }

}  // namespace tally::workload
