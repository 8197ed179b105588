// Rule: containers must drop ALL capabilities and may add back NET_BIND_SERVICE only.
//   spec.containers[*].securityContext.capabilities.drop, also of initContainers and
//   ephemeralContainers allowed: a list that holds ALL
//   spec.containers[*].securityContext.capabilities.add
//   allowed: empty, NET_BIND_SERVICE
// Since 1.22; since 1.25 pods with spec.os.name: windows are exempt.
// k8s.io/pod-security-admission v0.37.2, policy/check_capabilities_restricted.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kDrop{.root = Place::Root::Container,
                      .path = "securityContext/capabilities/drop",
                      .allowed = "a list that holds ALL"};
constexpr Place kAdd{.root = Place::Root::Container,
                     .path = "securityContext/capabilities/add",
                     .allowed = "NET_BIND_SERVICE or not set"};
const document::Name kAddName{"add"};
const document::Name kDropName{"drop"};

bool drops_all(const document::Node* drop) {
  return std::ranges::any_of(
      elements(drop), [](const document::Node& dropped) { return is_text(&dropped, "ALL"); });
}

// One site for the list, which shows all that it holds.
void add_drop(const ContainerView& container, const document::Node* drop, Offences& offences) {
  const auto dropped = elements(drop);
  if (dropped.empty()) {
    offences.add_container(kDrop, container, drop);
  }
  for (const document::Node& capability : dropped) {
    offences.add_container(kDrop, container, &capability);
  }
}

void test_1_22(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    const document::Node* capabilities = container.security.capabilities;
    const document::Node* drop = member(capabilities, kDropName);
    if (!drops_all(drop)) {
      add_drop(container, drop, offences);
    }
    for (const document::Node& added : elements(member(capabilities, kAddName))) {
      if (!is_text(&added, "NET_BIND_SERVICE")) {
        offences.add_container(kAdd, container, &added);
      }
    }
  }
}

void test_1_25(const PodView& pod, Offences& offences) {
  if (!is_windows(pod)) {
    test_1_22(pod, offences);
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("unrestricted capabilities");
  if (description.write_containers(description.at(offences, kDrop)) > 0) {
    description.write(R"( must set securityContext.capabilities.drop=["ALL"])");
  }
  const auto adding = description.at(offences, kAdd);
  if (!adding.empty()) {
    description.write_separator("; ").write_containers(adding);
    description.write(" must not include ").write_quoted(description.set_of_texts(adding));
    description.write(" in securityContext.capabilities.add");
  }
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 22, .test = test_1_22, .describe = describe},
    {.since = 25, .test = test_1_25, .describe = describe},
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

extern constinit const PodCheck kCapabilitiesRestricted{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "capabilities_restricted",
         .title = "Capabilities not dropped",
         .description =
             "A container starts with some dozen capabilities that almost no application uses, and "
             "each of them has helped an attacker before: NET_RAW forges packets, SETUID changes "
             "users, DAC_OVERRIDE ignores file permissions. A container that drops ALL has none of "
             "them; only binding a port below 1024 may be added back.",
         .remedy = "Set `securityContext.capabilities.drop: [\"ALL\"]` on every container and add "
                   "nothing but "
                   "`NET_BIND_SERVICE`.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = "capabilities_baseline"};

}  // namespace tally::pod_security
