// Rule: a process must not gain more privileges than its parent (set-user-ID files, file
// capabilities).
//   spec.containers[*].securityContext.allowPrivilegeEscalation, also of initContainers and
//   ephemeralContainers allowed: false
// Since 1.25 pods with spec.os.name: windows are exempt: the field is not for them.
// k8s.io/pod-security-admission v0.37.2, policy/check_allowPrivilegeEscalation.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kField{.root = Place::Root::Container,
                       .path = "securityContext/allowPrivilegeEscalation",
                       .allowed = "false"};

void test_1_8(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    const document::Node* field = container.security.allow_privilege_escalation;
    if (field == nullptr || is_other_than(field, false)) {
      offences.add_container(kField, container, field);
    }
  }
}

void test_1_25(const PodView& pod, Offences& offences) {
  if (!is_windows(pod)) {
    test_1_8(pod, offences);
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("allowPrivilegeEscalation != false");
  description.write_containers(offences);
  description.write(" must set securityContext.allowPrivilegeEscalation=false");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 8, .test = test_1_8, .describe = describe},
    {.since = 25, .test = test_1_25, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.6"), nist_800_53("AC-6"), nist_800_53("AC-6(10)"),
                                  pci_dss("7.2.5"), nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {kPodSecurityStandards, kSecurityContext};

}  // namespace

extern constinit const PodCheck kAllowPrivilegeEscalation{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "allowPrivilegeEscalation",
         .title = "Container can gain privileges",
         .description =
             "Unless it is switched off, a process in the container may become more powerful than "
             "the "
             "one that started it, for example through a set-user-ID program in the image. That "
             "turns "
             "a flaw in the application into root inside the container. The kernel's no_new_privs "
             "flag, which this field sets, closes that way.",
         .remedy = "Set `securityContext.allowPrivilegeEscalation: false` on every container.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
