// Rule: a seccomp profile that is named must be the runtime's or one of the node's.
// Until 1.18
//   metadata.annotations['seccomp.security.alpha.kubernetes.io/pod']
//   metadata.annotations['container.seccomp.security.alpha.kubernetes.io/NAME'] of every container
//   NAME allowed: runtime/default, docker/default, localhost/*, not set
// Since 1.19
//   spec.securityContext.seccompProfile.type, and that of every container
//   allowed: RuntimeDefault, Localhost, no profile
// k8s.io/pod-security-admission v0.37.2, policy/check_seccompProfile_baseline.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"
#include "pod_security/internal/seccomp.hpp"

namespace tally::pod_security {

namespace {

constexpr std::string_view kPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view kContainerAnnotationPrefix =
    "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view kAllowedProfiles =
    "runtime/default, docker/default, localhost/* or not set";
constexpr Place kAnnotation{
    .root = Place::Root::Metadata, .path = "annotations/*", .allowed = kAllowedProfiles};
constexpr Place kAnnotations{
    .root = Place::Root::Metadata, .path = "annotations", .allowed = kAllowedProfiles};
constexpr Place kPodType{.root = Place::Root::Spec,
                         .path = kSeccompPath,
                         .allowed = "RuntimeDefault, Localhost or not set"};
constexpr Place kContainerType{.root = Place::Root::Container,
                               .path = kSeccompPath,
                               .allowed = "RuntimeDefault, Localhost or not set"};

bool is_allowed_profile(const document::Node& value) {
  return value.is_string() &&
         (value.text() == "runtime/default" || value.text() == "docker/default" ||
          value.text().starts_with("localhost/"));
}

void add_annotation(const Place& place, const ContainerView* container, std::string_view key,
                    const document::Node& value, std::uint32_t index, Offences& offences) {
  offences.add({.place = &place,
                .container = container,
                .value = &value,
                .text = display_text(value),
                .found = {},
                .key = key,
                .index = index});
}

// Containers by name. Upstream looks up an annotation for every container; we look up a container
// for every annotation, by binary search, so that many of both cost no product.
void sort_containers(const PodView& pod, std::vector<const ContainerView*>& by_name) {
  by_name.clear();
  for (const ContainerView& container : pod.containers) {
    by_name.push_back(&container);
  }
  std::ranges::sort(by_name, [](const ContainerView* a, const ContainerView* b) {
    return a->name != b->name ? a->name < b->name : a < b;
  });
}

const ContainerView* find_container(const std::vector<const ContainerView*>& by_name,
                                    std::string_view name) {
  const auto found =
      std::ranges::lower_bound(by_name, name, {}, [](const ContainerView* c) { return c->name; });
  return found != by_name.end() && (*found)->name == name ? *found : nullptr;
}

void test_1_0(const PodView& pod, Offences& offences) {
  if (pod.annotations == nullptr) {
    return;
  }
  if (!pod.annotations->is_object()) {
    add_annotation(kAnnotations, nullptr, "annotations", *pod.annotations, 0, offences);
    return;
  }
  bool sorted = false;
  std::uint32_t index = 0;
  for (const document::Member annotation : pod.annotations->members()) {
    const std::uint32_t at = index++;
    const bool of_container = annotation.key.starts_with(kContainerAnnotationPrefix);
    if ((!of_container && annotation.key != kPodAnnotation) ||
        is_allowed_profile(annotation.value)) {
      continue;
    }
    const ContainerView* container = nullptr;
    if (of_container) {
      if (!sorted) {
        sort_containers(pod, offences.by_name);
        sorted = true;
      }
      container = find_container(offences.by_name,
                                 annotation.key.substr(kContainerAnnotationPrefix.size()));
    }
    if (!of_container || container != nullptr) {
      add_annotation(kAnnotation, container, annotation.key, annotation.value, at, offences);
    }
  }
}

void describe_1_0(std::span<const Offence> offences, Description& description) {
  description.set_reason("seccompProfile");
  const auto annotations = description.set_of_annotations(offences);
  description
      .write(pluralize("forbidden annotation ", "forbidden annotations ", annotations.size()))
      .write_joined(annotations);
}

void test_1_19(const PodView& pod, Offences& offences) {
  if (pod.security.seccomp_profile != nullptr) {
    const document::Node* type = seccomp_type(pod.security.seccomp_profile);
    if (!is_allowed_seccomp_type(type)) {
      offences.add_pod(kPodType, type);
    }
  }
  for (const ContainerView& container : pod.containers) {
    if (container.security.seccomp_profile != nullptr) {
      const document::Node* type = seccomp_type(container.security.seccomp_profile);
      if (!is_allowed_seccomp_type(type)) {
        offences.add_container(kContainerType, container, type);
      }
    }
  }
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe_1_0},
    {.since = 19, .test = test_1_19, .describe = describe_seccomp_setters},
});
constexpr std::array kControls = {cis("5.6.2"), nist_800_53("CM-7"), nist_800_53("SC-39"),
                                  pci_dss("2.2.6"), nsa_cisa(kHardeningContainers)};
constexpr std::array kReferences = {kPodSecurityStandards, kSeccompTutorial};

}  // namespace

extern constinit const PodCheck kSeccompProfileBaseline{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "seccompProfile_baseline",
         .title = "Seccomp filter switched off",
         .description =
             "A seccomp profile limits the system calls that a container may make. `Unconfined` "
             "opens "
             "the kernel's whole interface, with the rarely used calls in which most privilege "
             "escalations are found.",
         .remedy = "Remove the seccomp profile, or set its type to `RuntimeDefault`, or to "
                   "`Localhost` with a "
                   "profile that is on the nodes.",
         .severity = finding::Severity::High,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
