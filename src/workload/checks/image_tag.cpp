// Rule: an image names a tag other than `latest`, or a digest.
// Fields: spec.(initContainers|containers)[*].image. Allowed: a tag that is not `latest`, or
// `@algorithm:digest`.
#include "workload/checks/all.hpp"

namespace tally::workload {
namespace {

constexpr std::array kControls = {finding::Control{"PCI DSS", "4.0.1", "6.3.2"},
                                  finding::Control{"NIST 800-53", "r5", "CM-2"}};
constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/concepts/containers/images/#image-names"}};
constexpr finding::Check kCheck{
    .engine = "workload",
    .policy = "hygiene",
    .id = "image-tag",
    .title = "Image without a version",
    .description =
        "An image without a tag, or with the tag `latest`, is whatever the registry holds at the "
        "moment of the pull: two "
        "replicas of one workload may run different code, and nobody can say later which code ran.",
    .remedy =
        "Name the version that was tested, best with its digest: `image: "
        "registry/name:1.4.2@sha256:...`.",
    .severity = finding::Severity::Low,
    .controls = kControls,
    .references = kReferences};

void examine(const ContainerView& container, Reporter& reporter) {
  if (container.image == nullptr || !container.image->is_string() ||
      container.image->text().empty()) {
    return;  // a missing image is a structure problem
  }
  const std::string_view image = container.image->text();
  if (has_digest(image)) {
    return;
  }
  const auto tag = image_tag(image);
  if (tag && *tag != "latest") {
    return;
  }
  reporter.object(kCheck, &container,
                  {.field = "/image",
                   .offset = container.image->offset(),
                   .found = image,
                   .allowed = "a tag other than latest, or a digest",
                   .message = tag ? "the image has the tag latest: it changes without notice"
                                  : "the image has no tag: the registry's latest is pulled"});
}

}  // namespace

Entry image_tag_check() { return {.check = &kCheck, .pod = nullptr, .container = examine}; }

}  // namespace tally::workload
