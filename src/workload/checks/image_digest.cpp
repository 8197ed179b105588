// Rule: an image is pinned by digest.
// Fields: spec.(initContainers|containers)[*].image. Allowed: `@algorithm:digest` at the end.
#include "workload/checks/all.hpp"

namespace tally::workload {
namespace {

constexpr std::array kControls = {finding::Control{"NIST 800-53", "r5", "SI-7"}};
constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/concepts/containers/images/#image-names"}};
constexpr finding::Check kCheck{
    .engine = "workload",
    .policy = "hygiene",
    .id = "image-digest",
    .title = "Image not pinned by digest",
    .description =
        "A tag can be moved to other content by whoever may push to the registry; a digest names "
        "the content itself. Only "
        "what is pinned can be verified against the scan and the signature that approved it.",
    .remedy =
        "Append the digest to the reference: `name:1.4.2@sha256:...`; let the build pipeline write "
        "it.",
    .severity = finding::Severity::Info,
    .controls = kControls,
    .references = kReferences};

void examine(const ContainerView& container, Reporter& reporter) {
  if (container.image == nullptr || !container.image->is_string() ||
      container.image->text().empty()) {
    return;
  }
  const std::string_view image = container.image->text();
  const auto tag = image_tag(image);
  // Without a tag, or with `latest`, image-tag speaks already.
  if (has_digest(image) || !tag || *tag == "latest") {
    return;
  }
  reporter.object(kCheck, &container,
                  {.field = "/image",
                   .offset = container.image->offset(),
                   .found = image,
                   .allowed = "a reference with @sha256:...",
                   .message = "the image is named by tag only: its content can change"});
}

}  // namespace

Entry image_digest_check() { return {.check = &kCheck, .pod = nullptr, .container = examine}; }

}  // namespace tally::workload
