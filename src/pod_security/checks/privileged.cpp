// Rule: containers must not be privileged.
//   spec.containers[*].securityContext.privileged, also of initContainers and ephemeralContainers
//   allowed: false, not set
// k8s.io/pod-security-admission v0.37.2, policy/check_privileged.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kField{.root = Place::Root::Container,
                       .path = "securityContext/privileged",
                       .allowed = "false or not set"};

void test_1_0(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    if (is_other_than(container.security.privileged, false)) {
      offences.add_container(kField, container, container.security.privileged);
    }
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("privileged");
  description.write_containers(offences);
  description.write(" must not set securityContext.privileged=true");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.2"),         nist_800_53("AC-6"),
                                  nist_800_53("SC-39"), pci_dss("2.2.6"),
                                  pci_dss("7.2.5"),     nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {kPodSecurityStandards, kSecurityContext};

}  // namespace

extern constinit const PodCheck kPrivileged{
    .record = {.engine = kEngine,
               .policy = "baseline",
               .id = "privileged",
               .title = "Privileged container",
               .description = "A privileged container has every capability, every device of the "
                              "node and no seccomp, "
                              "AppArmor or SELinux confinement. Whoever controls a process in it "
                              "controls the node and "
                              "all that runs there.",
               .remedy = "Remove `securityContext.privileged` or set it to false; add the one "
                         "capability that is truly "
                         "needed instead.",
               .severity = finding::Severity::Critical,
               .controls = kControls,
               .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
