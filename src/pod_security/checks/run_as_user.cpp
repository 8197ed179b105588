// Rule: containers must not choose the root user.
//   spec.securityContext.runAsUser, and that of every container
//   allowed: anything but 0, not set
// Since 1.23; since 1.35 any value is allowed for pods in a user namespace (spec.hostUsers: false).
// k8s.io/pod-security-admission v0.37.2, policy/check_runAsUser.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr std::string_view kPath = "securityContext/runAsUser";
constexpr Place kPod{
    .root = Place::Root::Spec, .path = kPath, .allowed = "a number other than 0, or not set"};
constexpr Place kContainer{.root = Place::Root::Container, .path = kPath, .allowed = kPod.allowed};

void test_1_23(const PodView& pod, Offences& offences) {
  if (is_zero_or_wrong(pod.security.run_as_user)) {
    offences.add_pod(kPod, pod.security.run_as_user);
  }
  for (const ContainerView& container : pod.containers) {
    if (is_zero_or_wrong(container.security.run_as_user)) {
      offences.add_container(kContainer, container, container.security.run_as_user);
    }
  }
}

void test_1_35(const PodView& pod, Offences& offences) {
  if (!has_user_namespace(pod)) {
    test_1_23(pod, offences);
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("runAsUser=0");
  description.write_setters(offences);
  description.write(" must not set runAsUser=0");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 23, .test = test_1_23, .describe = describe},
    {.since = 35, .test = test_1_35, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.7"), nist_800_53("AC-6"), pci_dss("7.2.5"),
                                  pci_dss("2.2.6"), nsa_cisa(kNonRootContainers)};
constexpr std::array kReferences = {kPodSecurityStandards, kSecurityContext};

}  // namespace

extern constinit const PodCheck kRunAsUser{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "runAsUser",
         .title = "Runs as root",
         .description =
             "`runAsUser: 0` runs the container as root. Root in a container is root for the "
             "kernel "
             "too, unless the pod has a user namespace: a flaw in the runtime or a careless mount "
             "then makes it root of the node.",
         .remedy = "Remove `securityContext.runAsUser` or set it to a number above 0 that the "
                   "image's files "
                   "allow.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
