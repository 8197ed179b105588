// Rule: probes and lifecycle hooks must go to the pod itself.
//   spec.containers[*].{livenessProbe,readinessProbe,startupProbe}.{httpGet,tcpSocket}.host
//   spec.containers[*].lifecycle.{postStart,preStop}.{httpGet,tcpSocket}.host
//   also of initContainers and ephemeralContainers
//   allowed: empty, not set
// Since 1.34.
// k8s.io/pod-security-admission v0.37.2, policy/check_hostProbesAndhostLifecycle.go
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr Place make_place(std::string_view path) {
  return {.root = Place::Root::Container, .path = path, .allowed = "not set"};
}

struct Handler {
  Place http_get;
  Place tcp_socket;
};
constexpr Handler kLiveness{make_place("livenessProbe/httpGet/host"),
                            make_place("livenessProbe/tcpSocket/host")};
constexpr Handler kReadiness{make_place("readinessProbe/httpGet/host"),
                             make_place("readinessProbe/tcpSocket/host")};
constexpr Handler kStartup{make_place("startupProbe/httpGet/host"),
                           make_place("startupProbe/tcpSocket/host")};
constexpr Handler kPostStart{make_place("lifecycle/postStart/httpGet/host"),
                             make_place("lifecycle/postStart/tcpSocket/host")};
constexpr Handler kPreStop{make_place("lifecycle/preStop/httpGet/host"),
                           make_place("lifecycle/preStop/tcpSocket/host")};

const document::Name kHost{"host"};
const document::Name kHttpGet{"httpGet"};
const document::Name kPostStartName{"postStart"};
const document::Name kPreStopName{"preStop"};
const document::Name kTcpSocket{"tcpSocket"};

void test_action(const Place& place, const ContainerView& container, const document::Node* action,
                 Offences& offences) {
  const document::Node* host = member(action, kHost);
  if (!is_empty_text(host)) {
    offences.add_container(place, container, host);
  }
}

void test_handler(const Handler& places, const ContainerView& container,
                  const document::Node* handler, Offences& offences) {
  if (handler != nullptr) {
    test_action(places.http_get, container, member(handler, kHttpGet), offences);
    test_action(places.tcp_socket, container, member(handler, kTcpSocket), offences);
  }
}

void test_1_34(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    test_handler(kLiveness, container, container.liveness_probe, offences);
    test_handler(kReadiness, container, container.readiness_probe, offences);
    test_handler(kStartup, container, container.startup_probe, offences);
    test_handler(kPostStart, container, member(container.lifecycle, kPostStartName), offences);
    test_handler(kPreStop, container, member(container.lifecycle, kPreStopName), offences);
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("probe or lifecycle host");
  // Here upstream has a set of names, unlike everywhere else.
  const auto containers = description.set_of_containers(offences);
  const std::size_t count = containers.size();
  description.write(pluralize("container ", "containers ", count)).write_quoted(containers);
  const auto hosts = description.set_of_texts(offences);
  description.write(pluralize(" uses ", " use ", count))
      .write(pluralize("probe or lifecycle host ", "probe or lifecycle hosts ", hosts.size()))
      .write_quoted(hosts);
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 34, .test = test_1_34, .describe = describe},
});
constexpr std::array kControls = {nist_800_53("SC-7"), nist_800_53("AC-4"), pci_dss("1.2.5"),
                                  pci_dss("2.2.6"), nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/tasks/configure-pod-container/"
                     "configure-liveness-readiness-startup-probes/"},
    std::string_view{"https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/"}};

}  // namespace

extern constinit const PodCheck kHostProbesAndHostLifecycle{
    .record = {.engine = kEngine,
               .policy = "baseline",
               .id = "hostProbesAndHostLifecycle",
               .title = "Probe or hook goes to another host",
               .description = "Probes and lifecycle hooks are requests that the kubelet sends from "
                              "the node's network. "
                              "With a `host` of its own choosing a pod makes the kubelet call any "
                              "address that the node "
                              "can reach, such as cloud metadata or services that trust the node, "
                              "and learns from the "
                              "probe's outcome whether it answered.",
               .remedy =
                   "Remove `host` from the probe or hook: without it the request goes to the pod.",
               .severity = finding::Severity::High,
               .controls = kControls,
               .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
