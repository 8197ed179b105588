// Rule: the masks over /proc must stay in place.
//   spec.containers[*].securityContext.procMount, also of initContainers and ephemeralContainers
//   allowed: Default, not set
// Since 1.35 any value is allowed for pods in a user namespace (spec.hostUsers: false); the
// restricted level keeps the strict rule, see proc_mount_restricted.cpp.
// k8s.io/pod-security-admission v0.37.2, policy/check_procMount_baseline.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"
#include "pod_security/internal/proc_mount.hpp"

namespace tally::pod_security {

namespace {

void test_1_35(const PodView& pod, Offences& offences) {
  if (!has_user_namespace(pod)) {
    test_proc_mount(pod, offences);
  }
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_proc_mount, .describe = describe_proc_mount},
    {.since = 35, .test = test_1_35, .describe = describe_proc_mount},
});
constexpr std::array kControls = {nist_800_53("SC-39"), nist_800_53("CM-6"), pci_dss("2.2.6"),
                                  nsa_cisa(kHardeningContainers)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/"}};

}  // namespace

extern constinit const PodCheck kProcMountBaseline{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "procMount",
         .title = "Masks over /proc removed",
         .description =
             "The container runtime hides or write-protects the parts of /proc through which a "
             "process could read or change the node's kernel. `procMount: Unmasked` takes these "
             "masks "
             "away.",
         .remedy = "Remove `securityContext.procMount` or set it to `Default`; containers that "
                   "nest containers "
                   "need `hostUsers: false` as well.",
         .severity = finding::Severity::High,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
