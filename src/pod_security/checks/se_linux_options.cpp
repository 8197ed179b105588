// Rule: the SELinux type may be chosen among those of containers only; user and role may not be
// chosen.
//   spec.securityContext.seLinuxOptions.type, and that of every container
//   allowed: empty, container_t, container_init_t, container_kvm_t; since 1.31 container_engine_t
//   spec.securityContext.seLinuxOptions.user and .role, and those of every container
//   allowed: empty
// k8s.io/pod-security-admission v0.37.2, policy/check_seLinuxOptions.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

// One place per field of the options; the allowed types differ by version.
struct Places {
  Place type;
  Place user;
  Place role;
};
constexpr Places make_places(Place::Root root, std::string_view allowed_types) {
  return {
      .type = {.root = root,
               .path = "securityContext/seLinuxOptions/type",
               .allowed = allowed_types},
      .user = {.root = root, .path = "securityContext/seLinuxOptions/user", .allowed = "not set"},
      .role = {.root = root, .path = "securityContext/seLinuxOptions/role", .allowed = "not set"}};
}

struct Revision {
  std::span<const std::string_view> types;
  Places pod;
  Places container;
};
constexpr Revision make_revision(std::span<const std::string_view> types,
                                 std::string_view allowed) {
  return {.types = types,
          .pod = make_places(Place::Root::Spec, allowed),
          .container = make_places(Place::Root::Container, allowed)};
}

constexpr auto kTypes = std::to_array<std::string_view>(
    {"container_t", "container_init_t", "container_kvm_t", "container_engine_t"});
constexpr Revision k10 = make_revision(std::span{kTypes}.first<3>(),
                                       "container_t, container_init_t, container_kvm_t or not set");
constexpr Revision k131 = make_revision(
    kTypes, "container_t, container_init_t, container_kvm_t, container_engine_t or not set");

const document::Name kRole{"role"};
const document::Name kType{"type"};
const document::Name kUser{"user"};

bool is_allowed_type(std::span<const std::string_view> types, const document::Node* type) {
  return is_empty_text(type) ||
         (type->is_string() && std::ranges::find(types, type->text()) != types.end());
}

void test_options(const Revision& revision, const ContainerView* container,
                  const document::Node* options, Offences& offences) {
  if (options == nullptr) {
    return;
  }
  const Places& places = container == nullptr ? revision.pod : revision.container;
  const auto add = [&](const Place& place, const document::Node* field) {
    if (container == nullptr) {
      offences.add_pod(place, field);
    } else {
      offences.add_container(place, *container, field);
    }
  };
  const document::Node* type = member(options, kType);
  if (!is_allowed_type(revision.types, type)) {
    add(places.type, type);
  }
  if (const document::Node* user = member(options, kUser); !is_empty_text(user)) {
    add(places.user, user);
  }
  if (const document::Node* role = member(options, kRole); !is_empty_text(role)) {
    add(places.role, role);
  }
}

void test(const Revision& revision, const PodView& pod, Offences& offences) {
  test_options(revision, nullptr, pod.security.se_linux_options, offences);
  for (const ContainerView& container : pod.containers) {
    test_options(revision, &container, container.security.se_linux_options, offences);
  }
}

void test_1_0(const PodView& pod, Offences& offences) { test(k10, pod, offences); }
void test_1_31(const PodView& pod, Offences& offences) { test(k131, pod, offences); }

// The same field of the pod and of its containers, at any version.
bool is_of_field(const Offence& offence, std::string_view path) {
  return offence.place->path == path;
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("seLinuxOptions");
  description.write_setters(offences);
  description.write(" set forbidden securityContext.seLinuxOptions: ");
  std::string_view separator;
  const auto types = description.set_of_texts_at_path(offences, k10.pod.type.path);
  if (!types.empty()) {
    description.write(pluralize("type ", "types ", types.size())).write_quoted(types);
    separator = "; ";
  }
  const auto any_of = [offences](std::string_view path) {
    return std::ranges::any_of(
        offences, [path](const Offence& offence) { return is_of_field(offence, path); });
  };
  if (any_of(k10.pod.user.path)) {
    description.write(separator).write("user may not be set");
    separator = "; ";
  }
  if (any_of(k10.pod.role.path)) {
    description.write(separator).write("role may not be set");
  }
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
    {.since = 31, .test = test_1_31, .describe = describe},
});
constexpr std::array kControls = {cis("5.6.3"), nist_800_53("AC-3(3)"), nist_800_53("CM-6"),
                                  pci_dss("2.2.6"), nsa_cisa(kHardeningContainers)};
constexpr std::array kReferences = {
    kPodSecurityStandards, kSecurityContext,
    std::string_view{
        "https://kubernetes.io/docs/concepts/security/linux-kernel-security-constraints/"}};

}  // namespace

extern constinit const PodCheck kSeLinuxOptions{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "seLinuxOptions",
         .title = "SELinux confinement changed",
         .description =
             "On nodes with SELinux the type of a process decides what it may touch. Types such as "
             "spc_t, and users and roles of one's own, lift a container out of the confinement "
             "that "
             "keeps it from the node and from other pods' files.",
         .remedy = "Remove `user` and `role` from `seLinuxOptions`, and its `type` or choose one "
                   "of container_t, "
                   "container_init_t, container_kvm_t and container_engine_t.",
         .severity = finding::Severity::High,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
