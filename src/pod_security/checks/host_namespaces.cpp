// Rule: pods must not share the node's network, process or IPC namespace.
//   spec.hostNetwork, spec.hostPID, spec.hostIPC
//   allowed: false, not set
// k8s.io/pod-security-admission v0.37.2, policy/check_hostNamespaces.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr std::string_view kAllowed = "false or not set";
constexpr Place kHostNetwork{.root = Place::Root::Spec, .path = "hostNetwork", .allowed = kAllowed};
constexpr Place kHostPid{.root = Place::Root::Spec, .path = "hostPID", .allowed = kAllowed};
constexpr Place kHostIpc{.root = Place::Root::Spec, .path = "hostIPC", .allowed = kAllowed};

void test_field(const Place& place, const document::Node* field, Offences& offences) {
  if (is_other_than(field, false)) {
    offences.add_pod(place, field);
  }
}

void test_1_0(const PodView& pod, Offences& offences) {
  test_field(kHostNetwork, pod.host_network, offences);
  test_field(kHostPid, pod.host_pid, offences);
  test_field(kHostIpc, pod.host_ipc, offences);
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("host namespaces");
  for (const Offence& offence : offences) {
    description.write_separator(", ").write(offence.place->path).write("=true");
  }
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {
    cis("5.2.3"),        cis("5.2.4"),        cis("5.2.5"),
    nist_800_53("AC-6"), nist_800_53("SC-7"), nist_800_53("SC-39"),
    pci_dss("2.2.3"),    pci_dss("2.2.6"),    nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {kPodSecurityStandards};

}  // namespace

extern constinit const PodCheck kHostNamespaces{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "hostNamespaces",
         .title = "Shares a namespace of the node",
         .description =
             "A pod in the node's network namespace sees the node's traffic, reaches services that "
             "listen on localhost and escapes network policies. In the process namespace it sees, "
             "and "
             "may trace, every process of the node; in the IPC namespace it reads the shared "
             "memory "
             "of its neighbours.",
         .remedy = "Remove `hostNetwork`, `hostPID` and `hostIPC` or set them to false; run node "
                   "agents that need "
                   "them in a namespace of their own with a privileged policy.",
         .severity = finding::Severity::Critical,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
