// Rule: the masks over /proc must stay in place, in a user namespace too.
//   spec.containers[*].securityContext.procMount, also of initContainers and ephemeralContainers
//   allowed: Default, not set
// Since 1.35, when baseline began to allow more; replaces the baseline check.
// k8s.io/pod-security-admission v0.37.2, policy/check_procMount_restricted.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"
#include "pod_security/internal/proc_mount.hpp"

namespace tally::pod_security {

namespace {

constexpr auto kRows = std::to_array<Row>({
    {.since = 35, .test = test_proc_mount, .describe = describe_proc_mount},
});
constexpr std::array kControls = {nist_800_53("SC-39"), nist_800_53("CM-6"), pci_dss("2.2.6"),
                                  nsa_cisa(kHardeningContainers)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/"}};

}  // namespace

extern constinit const PodCheck kProcMountRestricted{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "procMount_restricted",
         .title = "Masks over /proc removed",
         .description =
             "The container runtime hides or write-protects the parts of /proc through which a "
             "process could read or change the node's kernel. A user namespace weakens what an "
             "unmasked /proc gives away but does not undo it, so the restricted level refuses it "
             "there "
             "too.",
         .remedy = "Remove `securityContext.procMount` or set it to `Default`.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = "procMount"};

}  // namespace tally::pod_security
