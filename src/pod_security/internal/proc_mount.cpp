#include "pod_security/internal/proc_mount.hpp"

namespace tally::pod_security {

namespace {

constexpr Place kField{.root = Place::Root::Container,
                       .path = "securityContext/procMount",
                       .allowed = "Default or not set"};

}  // namespace

void test_proc_mount(const PodView& pod, Offences& offences) {
  for (const ContainerView& container : pod.containers) {
    const document::Node* field = container.security.proc_mount;
    if (field != nullptr && !is_text(field, "Default")) {
      offences.add_container(kField, container, field);
    }
  }
}

void describe_proc_mount(std::span<const Offence> offences, Description& description) {
  description.set_reason("procMount");
  description.write_containers(offences);
  description.write(" must not set securityContext.procMount to ")
      .write_quoted(description.set_of_texts(offences));
}

}  // namespace tally::pod_security
