// Rule: containers must not open ports on the node's addresses.
//   spec.containers[*].ports[*].hostPort, also of initContainers and ephemeralContainers
//   allowed: 0, not set
// k8s.io/pod-security-admission v0.37.2, policy/check_hostPorts.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kHostPort{
    .root = Place::Root::Container, .path = "ports/*/hostPort", .allowed = "0 or not set"};
const document::Name kHostPortName{"hostPort"};

void test_1_0(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    std::uint32_t index = 0;
    for (const document::Node& port : elements(container.ports)) {
      const document::Node* host_port = member(element_map(port), kHostPortName);
      if (host_port != nullptr && host_port->integer() != 0) {
        offences.add_container(kHostPort, container, host_port, index);
      }
      ++index;
    }
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("hostPort");
  const std::size_t containers = description.write_containers(offences);
  const auto ports = description.set_of_texts(offences);
  description.write(pluralize(" uses ", " use ", containers))
      .write(pluralize("hostPort ", "hostPorts ", ports.size()))
      .write_joined(ports);
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.12"),       nist_800_53("CM-7"),
                                  nist_800_53("SC-7"), pci_dss("1.2.5"),
                                  pci_dss("2.2.4"),    nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/concepts/configuration/overview/"}};

}  // namespace

extern constinit const PodCheck kHostPorts{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "hostPorts",
         .title = "Opens a port of the node",
         .description =
             "A hostPort binds the container to the node's own address. The port is reachable "
             "wherever the node is, often past the network policies and load balancers that were "
             "meant to stand before it, and a pod may take the place of a service of the node.",
         .remedy = "Remove `hostPort` and publish the container through a Service, or an Ingress "
                   "or Gateway.",
         .severity = finding::Severity::High,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
