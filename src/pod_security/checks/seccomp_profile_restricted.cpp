// Rule: a seccomp profile must be named, the runtime's or one of the node's.
//   spec.securityContext.seccompProfile.type, and that of every container, which wins
//   allowed: RuntimeDefault, Localhost; not set on a container if the pod has an allowed one
// Since 1.19; since 1.25 pods with spec.os.name: windows are exempt.
// k8s.io/pod-security-admission v0.37.2, policy/check_seccompProfile_restricted.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"
#include "pod_security/internal/seccomp.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kPod{
    .root = Place::Root::Spec, .path = kSeccompPath, .allowed = "RuntimeDefault or Localhost"};
constexpr Place kContainer{
    .root = Place::Root::Container, .path = kSeccompPath, .allowed = "RuntimeDefault or Localhost"};
constexpr Place kUnset{.root = Place::Root::Container,
                       .path = kSeccompPath,
                       .allowed = "RuntimeDefault or Localhost, here or for the pod"};

void test_1_19(const PodView& pod, Offences& offences) {
  const document::Node* pod_profile = pod.security.seccomp_profile;
  if (pod_profile != nullptr) {
    const document::Node* type = seccomp_type(pod_profile);
    if (!is_allowed_seccomp_type(type)) {
      offences.add_pod(kPod, type);
    }
  }
  for (const ContainerView& container : pod.containers) {
    const document::Node* profile = container.security.seccomp_profile;
    if (profile == nullptr) {
      // Where the pod's own profile is bad, that is the offence.
      if (pod_profile == nullptr) {
        offences.add_container(kUnset, container, nullptr);
      }
      continue;
    }
    const document::Node* type = seccomp_type(profile);
    if (!is_allowed_seccomp_type(type)) {
      offences.add_container(kContainer, container, type);
    }
  }
}

void test_1_25(const PodView& pod, Offences& offences) {
  if (!is_windows(pod)) {
    test_1_19(pod, offences);
  }
}

// What is set badly outranks what is not set: upstream names the latter only when there is none of
// the former.
void describe(std::span<const Offence> offences, Description& description) {
  const auto unset = description.at(offences, kUnset);
  if (unset.size() != offences.size()) {
    describe_seccomp_setters(description.but_at(offences, kUnset), description);
    return;
  }
  description.set_reason("seccompProfile");
  description.write("pod or ").write_containers(unset);
  description.write(
      R"( must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 19, .test = test_1_19, .describe = describe},
    {.since = 25, .test = test_1_25, .describe = describe},
});
constexpr std::array kControls = {cis("5.6.2"), nist_800_53("CM-7"), nist_800_53("SC-39"),
                                  pci_dss("2.2.6"), nsa_cisa(kHardeningContainers)};
constexpr std::array kReferences = {kPodSecurityStandards, kSeccompTutorial};

}  // namespace

extern constinit const PodCheck kSeccompProfileRestricted{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "seccompProfile_restricted",
         .title = "No seccomp filter",
         .description =
             "Unless a pod asks for one, most clusters run it without a seccomp filter, so that a "
             "compromised process may try every system call of the node's kernel. The runtime's "
             "default profile blocks those that applications do not need and attackers do.",
         .remedy = "Set `securityContext.seccompProfile.type: RuntimeDefault` for the pod.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = "seccompProfile_baseline"};

}  // namespace tally::pod_security
