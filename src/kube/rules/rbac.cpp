// Role bindings and roles.
#include <fmt/format.h>

#include "base/text.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kApiGroup{"apiGroup"};
const Name kApiGroups{"apiGroups"};
const Name kKind{"kind"};
const Name kName{"name"};
const Name kNamespace{"namespace"};
const Name kNonResourceUrls{"nonResourceURLs"};
const Name kResources{"resources"};
const Name kVerbs{"verbs"};

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";

void report_unsupported(StructureWalk& walk, const Frame& frame, const Name& name,
                        std::string_view found, std::string_view supported) {
  walk.report_child(Kind::UnsupportedValue, frame, name.text(),
                    fmt::format("\"{}\"", excerpt(found)), supported,
                    fmt::format("{}: Unsupported value: \"{}\": supported values: {}",
                                dotted_path(frame, name.text()), excerpt(found), supported));
}

}  // namespace

void check_role_ref(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  if (const auto group = text_at(node, kApiGroup); !group.empty() && group != kRbacGroup) {
    report_unsupported(walk, frame, kApiGroup, group, "\"rbac.authorization.k8s.io\"");
  }
  const std::string_view kind = text_at(node, kKind);
  const bool cluster = walk.object.ref.kind == "ClusterRoleBinding";
  if (!kind.empty() && kind != "ClusterRole" && (cluster || kind != "Role")) {
    report_unsupported(walk, frame, kKind, kind,
                       cluster ? "\"ClusterRole\"" : "\"Role\", \"ClusterRole\"");
  }
  if (const Node* name = node.find(kName);
      name != nullptr && name->is_string() && name->text().empty()) {
    walk.required(frame, kName.text());
  }
}

void check_subject(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  const std::string_view kind = text_at(node, kKind);
  const std::string_view group = text_at(node, kApiGroup);
  if (kind == "ServiceAccount") {
    if (!group.empty()) {
      report_unsupported(walk, frame, kApiGroup, group, "\"\"");
    }
    if (is_absent(node, kNamespace)) {
      // A RoleBinding's own namespace is not taken: the field is required all the same.
      walk.required(frame, kNamespace.text());
    }
  } else if (kind == "User" || kind == "Group") {
    if (!group.empty() && group != kRbacGroup) {
      report_unsupported(walk, frame, kApiGroup, group, "\"rbac.authorization.k8s.io\"");
    }
  } else if (!kind.empty()) {
    report_unsupported(walk, frame, kKind, kind, "\"ServiceAccount\", \"User\", \"Group\"");
  }
}

void check_policy_rule(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  if (const Node* verbs = list_at(node, kVerbs); verbs != nullptr && verbs->size() == 0) {
    walk.required(frame, kVerbs.text(), "verbs must contain at least one value");
  }
  if (!is_empty_list(node, kNonResourceUrls)) {
    if (walk.object.ref.kind == "Role") {
      walk.invalid(Kind::InvalidValue, frame, kNonResourceUrls.text(), "a list",
                   "namespaced rules cannot apply to non-resource URLs");
    }
    return;
  }
  if (is_empty_list(node, kApiGroups)) {
    walk.required(frame, kApiGroups.text(), "resource rules must supply at least one api group");
  }
  if (is_empty_list(node, kResources)) {
    walk.required(frame, kResources.text(), "resource rules must supply at least one resource");
  }
}

}  // namespace tally::kube::internal
