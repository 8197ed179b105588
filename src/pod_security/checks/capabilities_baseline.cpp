// Rule: containers must not add capabilities beyond the runtime's default set (without NET_RAW).
//   spec.containers[*].securityContext.capabilities.add, also of initContainers and
//   ephemeralContainers allowed: empty, or AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD
//   NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT
// k8s.io/pod-security-admission v0.37.2, policy/check_capabilities_baseline.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr auto kAllowed = std::to_array<std::string_view>(
    {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
     "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"});
static_assert(std::ranges::is_sorted(kAllowed));

constexpr Place kAdd{
    .root = Place::Root::Container,
    .path = "securityContext/capabilities/add",
    .allowed =
        "AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, "
        "SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT or not set"};
const document::Name kAddName{"add"};

void test_1_0(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    for (const document::Node& capability :
         elements(member(container.security.capabilities, kAddName))) {
      if (!capability.is_string() || !std::ranges::binary_search(kAllowed, capability.text())) {
        offences.add_container(kAdd, container, &capability);
      }
    }
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("non-default capabilities");
  description.write_containers(offences);
  description.write(" must not include ").write_quoted(description.set_of_texts(offences));
  description.write(" in securityContext.capabilities.add");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.8"),
                                  cis("5.2.9"),
                                  nist_800_53("AC-6"),
                                  nist_800_53("CM-7"),
                                  pci_dss("2.2.4"),
                                  pci_dss("7.2.5"),
                                  nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {kPodSecurityStandards, kSecurityContext};

}  // namespace

extern constinit const PodCheck kCapabilitiesBaseline{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "capabilities_baseline",
         .title = "Dangerous capability added",
         .description =
             "Capabilities are the parts into which Linux divides the power of root. Those beyond "
             "the "
             "container runtime's default set reach past the container: SYS_ADMIN is close to root "
             "on "
             "the node, NET_ADMIN rewrites its network, SYS_PTRACE reads other processes. NET_RAW "
             "allows forged packets and counts as dangerous as well.",
         .remedy = "Remove the capability from `securityContext.capabilities.add`; give a node "
                   "agent that truly "
                   "needs it a namespace of its own with a privileged policy.",
         .severity = finding::Severity::Critical,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
