// Rule: pods must not mount directories of the node.
//   spec.volumes[*].hostPath
//   allowed: not set
// k8s.io/pod-security-admission v0.37.2, policy/check_hostPathVolumes.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kHostPath{
    .root = Place::Root::Spec, .path = "volumes/*/hostPath", .allowed = "not set"};
const document::Name kHostPathName{"hostPath"};
const document::Name kNameName{"name"};
const document::Name kPathName{"path"};

void test_1_0(const PodView& pod, Offences& offences) {
  std::uint32_t index = 0;
  for (const document::Node& volume : elements(pod.volumes)) {
    const document::Node* map = element_map(volume);
    if (const document::Node* host_path = member(map, kHostPathName); host_path != nullptr) {
      const document::Node* name = member(map, kNameName);
      const document::Node* path = member(host_path, kPathName);
      offences.add(
          {.place = &kHostPath,
           .container = nullptr,
           .value = host_path,
           .text = name_text(name),
           .found = path != nullptr && path->is_string() ? path->text() : display_text(*host_path),
           .key = {},
           .index = index});
    }
    ++index;
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("hostPath volumes");
  description.write(pluralize("volume ", "volumes ", offences.size()))
      .write_quoted(description.texts(offences));
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.11"),        nist_800_53("AC-6"),
                                  nist_800_53("SC-39"), pci_dss("2.2.3"),
                                  pci_dss("2.2.6"),     nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"}};

}  // namespace

extern constinit const PodCheck kHostPathVolumes{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "hostPathVolumes",
         .title = "Mounts a directory of the node",
         .description = "A hostPath volume shows a file or directory of the node to the container. "
                        "Through it a "
                        "pod reads the node's credentials and other pods' data, talks to the "
                        "container runtime's "
                        "socket, or plants files that the node will run.",
         .remedy =
             "Use a persistentVolumeClaim, configMap, secret, projected or emptyDir volume "
             "instead; keep "
             "node agents that need hostPath in a namespace of their own with a privileged policy.",
         .severity = finding::Severity::Critical,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
