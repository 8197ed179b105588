// The metadata of the object itself: a name, and its syntax, which depends on the kind. Labels and
// annotations of kinds with a structure are checked in the walk; of other kinds, here.
#include <fmt/format.h>

#include "base/text.hpp"
#include "kube/api_kinds.hpp"
#include "kube/internal/structure_rules.hpp"
#include "kube/internal/structure_walk.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube::internal {

namespace {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

const Name kMetadata{"metadata"};
const Name kName{"name"};
const Name kGenerateName{"generateName"};
const Name kNamespace{"namespace"};

// Requests that are answered and not stored have no name.
bool is_nameless(const scalar::ObjectRef& ref) {
  return ref.group == "authentication.k8s.io" || ref.group == "authorization.k8s.io" ||
         (ref.group.empty() && ref.kind == "Binding") ||
         (ref.group == "policy" && ref.kind == "Eviction");
}

std::string_view name_problem(const scalar::ObjectRef& ref) {
  // "system:node", "v1." (kube-aggregator, ValidateAPIService), "signer.example.com:roots"
  // (pkg/apis/certificates/validation, ValidateClusterTrustBundle).
  if (ref.group == "rbac.authorization.k8s.io" || ref.group == "apiregistration.k8s.io" ||
      (ref.group == "certificates.k8s.io" && ref.kind == "ClusterTrustBundle")) {
    return scalar::path_segment_problem(ref.name);
  }
  if (ref.group.empty() && (ref.kind == "Namespace" || ref.kind == "Service")) {
    return scalar::dns1123_label_problem(ref.name);
  }
  if (ref.group == "batch" && ref.kind == "CronJob" && ref.name.size() > 52) {
    return "must be no more than 52 characters";
  }
  if (ref.group == "networking.k8s.io" && ref.kind == "IPAddress") {
    return {};  // an address
  }
  return scalar::dns1123_subdomain_problem(ref.name);
}

void report_missing_name(StructureWalk& walk, const Frame& root) {
  const Node* misplaced =
      walk.object.kind == nullptr || !walk.object.kind->type ? root.node->find(kName) : nullptr;
  std::string message = "metadata.name: Required value: name or generateName is required";
  if (misplaced != nullptr && misplaced->is_string()) {
    message += fmt::format("; found name \"{}\" at the top: it belongs under metadata",
                           excerpt(misplaced->text()));
  }
  const Node* metadata = root.node->find(kMetadata);
  const std::string found = metadata == nullptr     ? std::string{}
                            : metadata->is_object() ? "metadata without a name"
                                                    : "metadata: " + found_text(*metadata);
  if (metadata != nullptr && metadata->is_object()) {
    const Frame in_metadata{
        .up = &root, .node = metadata, .type = nullptr, .key = "metadata", .index = 0};
    walk.report_child(Kind::RequiredField, in_metadata, "name", found,
                      "metadata.name or metadata.generateName", message);
  } else {
    walk.report_child(Kind::RequiredField, root, "metadata", found,
                      "metadata.name or metadata.generateName", message);
  }
}

}  // namespace

void check_metadata(StructureWalk& walk) {
  const Object& object = walk.object;
  const Frame root{.up = nullptr, .node = &object.root, .type = nullptr, .key = {}, .index = 0};
  const bool structured = object.kind != nullptr && object.kind->type.has_value();
  const Node* metadata = object.root.find(kMetadata);
  if (metadata != nullptr && !metadata->is_object() && !metadata->is_null()) {
    if (!structured) {
      walk.report_child(Kind::WrongType, root, "metadata", found_text(*metadata), "a map",
                        fmt::format("metadata: found {}, expected a map", found_text(*metadata)));
    }
    return;
  }
  const Node* name = object.metadata.find(kName);
  const Node* generated = object.metadata.find(kGenerateName);
  const bool has_name =
      name != nullptr && !name->is_null() && !(name->is_string() && name->text().empty());
  const bool has_generated =
      generated != nullptr && generated->is_string() && !generated->text().empty();
  if (!has_name && !has_generated && !is_nameless(object.ref)) {
    report_missing_name(walk, root);
  }
  if (metadata == nullptr || metadata->is_null()) {
    return;
  }
  const Frame in_metadata{
      .up = &root, .node = metadata, .type = nullptr, .key = "metadata", .index = 0};
  if (!object.ref.name.empty()) {
    if (const auto problem = name_problem(object.ref); !problem.empty()) {
      walk.invalid(Kind::InvalidName, in_metadata, "name",
                   fmt::format("\"{}\"", excerpt(object.ref.name)), problem);
    }
  }
  if (!object.ref.name_space.empty()) {
    const Node* written = metadata->find(kNamespace);
    if (written != nullptr && written->is_string() && !written->text().empty()) {
      if (const auto problem = scalar::dns1123_label_problem(written->text()); !problem.empty()) {
        walk.invalid(Kind::InvalidName, in_metadata, "namespace", found_text(*written), problem);
      }
    }
  }
  if (!structured) {
    if (name != nullptr && !name->is_string() && !name->is_null()) {
      walk.report_child(
          Kind::WrongType, in_metadata, "name", found_text(*name), "a string",
          fmt::format("metadata.name: found {}, expected a string", found_text(*name)));
    }
    check_object_meta(walk, in_metadata);
  }
}

}  // namespace tally::kube::internal
