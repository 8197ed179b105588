// Rule: the root file system of a container is read-only.
// Fields: spec.containers[*].securityContext.readOnlyRootFilesystem. Allowed: true.
#include "workload/checks/all.hpp"

namespace tally::workload {
namespace {

const document::Name kReadOnly{"readOnlyRootFilesystem"};

constexpr std::array kControls = {finding::Control{"NIST 800-53", "r5", "CM-7"},
                                  finding::Control{"NSA/CISA Kubernetes Hardening Guide", "1.2",
                                                   "Immutable container file systems"}};
constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"}};
constexpr finding::Check kCheck{
    .engine = "workload",
    .policy = "hygiene",
    .id = "read-only-root-filesystem",
    .title = "Root file system can be written",
    .description =
        "An attacker who can write beside the program can replace it, drop tools and persist until "
        "the container ends. "
        "Programs that need scratch space get an emptyDir volume for just that path.",
    .remedy =
        "Set `securityContext.readOnlyRootFilesystem: true` and mount an `emptyDir` where the "
        "program writes.",
    .severity = finding::Severity::Info,
    .controls = kControls,
    .references = kReferences};

void examine(const ContainerView& container, Reporter& reporter) {
  const document::Node* field =
      container.security_context == nullptr ? nullptr : container.security_context->find(kReadOnly);
  if (container.init || (field != nullptr && field->boolean())) {
    return;
  }
  const bool has_context =
      container.security_context != nullptr && container.security_context->is_object();
  const document::Node* at = field != nullptr ? field
                             : has_context    ? container.security_context
                                              : container.node;
  reporter.object(kCheck, &container,
                  {.field = field != nullptr ? "/securityContext/readOnlyRootFilesystem"
                            : has_context    ? "/securityContext"
                                             : "",
                   .offset = at->offset(),
                   .found = field != nullptr && field->is_bool() ? "false" : "not set (false)",
                   .allowed = "true",
                   .message = "the container can write to its root file system"});
}

}  // namespace

Entry read_only_root_filesystem_check() {
  return {.check = &kCheck, .pod = nullptr, .container = examine};
}

}  // namespace tally::workload
