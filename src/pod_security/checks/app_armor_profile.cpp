// Rule: the runtime's AppArmor profile must not be switched off or replaced by one of unknown
// content.
//   spec.securityContext.appArmorProfile.type and that of every container
//   allowed: RuntimeDefault, Localhost, no profile
//   metadata.annotations['container.apparmor.security.beta.kubernetes.io/*']
//   allowed: runtime/default, localhost/*, empty
// k8s.io/pod-security-admission v0.37.2, policy/check_appArmorProfile.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

constexpr std::string_view kAnnotationPrefix = "container.apparmor.security.beta.kubernetes.io/";
constexpr std::string_view kAllowedTypes = "RuntimeDefault, Localhost or not set";
constexpr Place kPodType{.root = Place::Root::Spec,
                         .path = "securityContext/appArmorProfile/type",
                         .allowed = kAllowedTypes};
constexpr Place kContainerType{.root = Place::Root::Container,
                               .path = "securityContext/appArmorProfile/type",
                               .allowed = kAllowedTypes};
constexpr Place kAnnotation{.root = Place::Root::Metadata,
                            .path = "annotations/*",
                            .allowed = "runtime/default, localhost/* or not set"};
constexpr Place kAnnotations{.root = Place::Root::Metadata,
                             .path = "annotations",
                             .allowed = "runtime/default, localhost/* or not set"};
const document::Name kType{"type"};

bool is_allowed_type(const document::Node* type) {
  return is_text(type, "RuntimeDefault") || is_text(type, "Localhost");
}

bool is_allowed_annotation(const document::Node& value) {
  return value.is_null() ||
         (value.is_string() && (value.text().empty() || value.text() == "runtime/default" ||
                                value.text().starts_with("localhost/")));
}

void test_annotations(const PodView& pod, Offences& offences) {
  if (pod.annotations == nullptr) {
    return;
  }
  if (!pod.annotations->is_object()) {
    offences.add({.place = &kAnnotations,
                  .container = nullptr,
                  .value = pod.annotations,
                  .text = display_text(*pod.annotations),
                  .found = {},
                  .key = "annotations",
                  .index = 0});
    return;
  }
  std::uint32_t index = 0;
  for (const document::Member annotation : pod.annotations->members()) {
    if (annotation.key.starts_with(kAnnotationPrefix) && !is_allowed_annotation(annotation.value)) {
      offences.add({.place = &kAnnotation,
                    .container = nullptr,
                    .value = &annotation.value,
                    .text = display_text(annotation.value),
                    .found = {},
                    .key = annotation.key,
                    .index = index});
    }
    ++index;
  }
}

void test_1_0(const PodView& pod, Offences& offences) {
  if (pod.security.app_armor_profile != nullptr) {
    const document::Node* type = member(pod.security.app_armor_profile, kType);
    if (!is_allowed_type(type)) {
      offences.add_pod(kPodType, type);
    }
  }
  for (const ContainerView& container : pod.containers) {
    if (container.security.app_armor_profile != nullptr) {
      const document::Node* type = member(container.security.app_armor_profile, kType);
      if (!is_allowed_type(type)) {
        offences.add_container(kContainerType, container, type);
      }
    }
  }
  test_annotations(pod, offences);
}

void describe(std::span<const Offence> offences, Description& description) {
  // The tests name annotations last.
  const auto annotations =
      std::ranges::find_if(offences, [](const Offence& offence) { return !offence.key.empty(); });
  const auto fields = offences.first(static_cast<std::size_t>(annotations - offences.begin()));
  const auto annotated = offences.subspan(fields.size());
  const std::size_t annotated_values = description.set_of_annotations(annotated).size();
  const std::size_t field_values = description.set_of_texts(fields).size();
  description.set_reason(pluralize("forbidden AppArmor profile", "forbidden AppArmor profiles",
                                   annotated_values + field_values));
  description.write_setters(fields);
  if (!annotated.empty()) {
    description.write_separator(" and ").write(
        pluralize("annotation", "annotations", annotated_values));
  }
  description.write(" must not set AppArmor profile type to ");
  description.write_quoted(description.set_of_texts(fields));
  if (!annotated.empty()) {
    description.write(fields.empty() ? "" : ", ")
        .write_quoted(description.set_of_annotations(annotated));
  }
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.6.3"), nist_800_53("AC-3(3)"), nist_800_53("CM-6"),
                                  pci_dss("2.2.6"), nsa_cisa(kHardeningContainers)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/tutorials/security/apparmor/"}};

}  // namespace

extern constinit const PodCheck kAppArmorProfile{
    .record = {.engine = kEngine,
               .policy = "baseline",
               .id = "appArmorProfile",
               .title = "AppArmor confinement switched off",
               .description = "On nodes with AppArmor the runtime confines every container with "
                              "its default profile, "
                              "which keeps a compromised process from mounting file systems and "
                              "from writing to kernel "
                              "interfaces. The profile Unconfined, as a field or as the older "
                              "annotation, takes that "
                              "confinement away.",
               .remedy = "Remove the AppArmor profile, or set its type to `RuntimeDefault`, or to "
                         "`Localhost` with a "
                         "profile that is loaded on the nodes.",
               .severity = finding::Severity::High,
               .controls = kControls,
               .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
