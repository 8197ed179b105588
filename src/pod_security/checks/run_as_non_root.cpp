// Rule: containers must be required to run as a user other than root.
//   spec.securityContext.runAsNonRoot, and that of every container, which wins
//   allowed: true; not set on a container if the pod says true
// Since 1.35 any value is allowed for pods in a user namespace (spec.hostUsers: false).
// k8s.io/pod-security-admission v0.37.2, policy/check_runAsNonRoot.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr std::string_view kPath = "securityContext/runAsNonRoot";
constexpr Place kPod{.root = Place::Root::Spec, .path = kPath, .allowed = "true"};
constexpr Place kContainer{.root = Place::Root::Container, .path = kPath, .allowed = "true"};
constexpr Place kUnset{
    .root = Place::Root::Container, .path = kPath, .allowed = "true, here or for the pod"};

void test_1_0(const PodView& pod, Offences& offences) {
  const document::Node* pod_field = pod.security.run_as_non_root;
  const bool pod_forbids = is_other_than(pod_field, true);
  if (pod_forbids) {
    offences.add_pod(kPod, pod_field);
  }
  for (const ContainerView& container : pod.containers) {
    const document::Node* field = container.security.run_as_non_root;
    if (is_other_than(field, true)) {
      offences.add_container(kContainer, container, field);
    } else if (field == nullptr && pod_field == nullptr) {
      offences.add_container(kUnset, container, field);
    }
  }
}

void test_1_35(const PodView& pod, Offences& offences) {
  if (!has_user_namespace(pod)) {
    test_1_0(pod, offences);
  }
}

// Explicit false outranks what is not set: upstream names the latter only when there is none of the
// former.
void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("runAsNonRoot != true");
  const auto unset = description.at(offences, kUnset);
  if (unset.size() == offences.size()) {
    description.write("pod or ").write_containers(unset);
    description.write(" must set securityContext.runAsNonRoot=true");
    return;
  }
  description.write_setters(description.but_at(offences, kUnset));
  description.write(" must not set securityContext.runAsNonRoot=false");
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
    {.since = 35, .test = test_1_35, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.7"), nist_800_53("AC-6"), pci_dss("7.2.5"),
                                  pci_dss("2.2.6"), nsa_cisa(kNonRootContainers)};
constexpr std::array kReferences = {kPodSecurityStandards, kSecurityContext};

}  // namespace

extern constinit const PodCheck kRunAsNonRoot{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "runAsNonRoot",
         .title = "May run as root",
         .description =
             "Without `runAsNonRoot: true` nothing keeps an image from running as root. Root in a "
             "container is root for the kernel too, unless the pod has a user namespace: a flaw in "
             "the runtime or a careless mount then makes it root of the node.",
         .remedy = "Set `securityContext.runAsNonRoot: true` for the pod and use an image whose "
                   "user is not "
                   "root.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
