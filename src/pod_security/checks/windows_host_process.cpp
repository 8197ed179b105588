// Rule: Windows pods must not run as processes of the node.
//   spec.securityContext.windowsOptions.hostProcess, and that of every container
//   allowed: false, not set
// k8s.io/pod-security-admission v0.37.2, policy/check_windowsHostProcess.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr std::string_view kPath = "securityContext/windowsOptions/hostProcess";
constexpr Place kPod{.root = Place::Root::Spec, .path = kPath, .allowed = "false or not set"};
constexpr Place kContainer{
    .root = Place::Root::Container, .path = kPath, .allowed = "false or not set"};
const document::Name kHostProcess{"hostProcess"};

void test_1_0(const PodView& pod, Offences& offences) {
  if (const auto* field = member(pod.security.windows_options, kHostProcess);
      is_other_than(field, false)) {
    offences.add_pod(kPod, field);
  }
  for (const ContainerView& container : pod.containers) {
    if (const auto* field = member(container.security.windows_options, kHostProcess);
        is_other_than(field, false)) {
      offences.add_container(kContainer, container, field);
    }
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("hostProcess");
  description.write_setters(offences);
  description.write(" must not set securityContext.windowsOptions.hostProcess=true");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.10"),        nist_800_53("AC-6"),
                                  nist_800_53("SC-39"), pci_dss("2.2.6"),
                                  pci_dss("7.2.5"),     nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{
        "https://kubernetes.io/docs/tasks/configure-pod-container/create-hostprocess-pod/"}};

}  // namespace

extern constinit const PodCheck kWindowsHostProcess{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "windowsHostProcess",
         .title = "Runs as a process of the Windows node",
         .description =
             "A HostProcess container is a process of the Windows node itself, with the node's "
             "network, file system and, as a rule, administrator rights: it is the Windows form of "
             "a "
             "privileged container.",
         .remedy = "Remove `windowsOptions.hostProcess` or set it to false; keep node agents that "
                   "need it in a "
                   "namespace of their own with a privileged policy.",
         .severity = finding::Severity::Critical,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
