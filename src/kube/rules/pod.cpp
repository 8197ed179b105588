// Pods and containers: names that must be unique, mounts of volumes that exist, images, ports,
// environment variables.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kContainerPort{"containerPort"};
const Name kContainers{"containers"};
const Name kEphemeralContainers{"ephemeralContainers"};
const Name kHostPort{"hostPort"};
const Name kImage{"image"};
const Name kInitContainers{"initContainers"};
const Name kName{"name"};
const Name kPorts{"ports"};
const Name kVolumes{"volumes"};
const Name kVolumeMounts{"volumeMounts"};

bool is_in_stateful_set(const StructureWalk& walk) { return walk.object.ref.kind == "StatefulSet"; }

void check_mounts(StructureWalk& walk, const Frame& frame, const Name& list_name,
                  const Node* volumes) {
  const Node* list = list_at(*frame.node, list_name);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const Node* mounts = list_at(list->items()[i], kVolumeMounts);
    for (std::size_t j = 0; mounts != nullptr && j < mounts->size(); ++j) {
      const std::string_view name = text_at(mounts->items()[j], kName);
      const bool defined =
          volumes != nullptr &&
          std::any_of(volumes->items().begin(), volumes->items().end(),
                      [name](const Node& volume) { return text_at(volume, kName) == name; });
      if (name.empty() || defined) {
        continue;
      }
      const Frame in_list = child_frame(frame, *list, list_name.text());
      const Frame in_item = child_frame(in_list, list->items()[i], {}, i);
      const Frame in_mounts = child_frame(in_item, *mounts, kVolumeMounts.text());
      const Frame in_mount = child_frame(in_mounts, mounts->items()[j], {}, j);
      walk.report_child(
          Kind::NotFound, in_mount, kName.text(), fmt::format("\"{}\"", excerpt(name)),
          "a volume of the pod",
          fmt::format("{}: Not found: \"{}\"", dotted_path(in_mount, kName.text()), excerpt(name)));
    }
  }
}

}  // namespace

void check_pod_spec(StructureWalk& walk, const Frame& frame) {
  const Node* containers = list_at(*frame.node, kContainers);
  if (containers != nullptr && containers->size() == 0) {
    walk.required(frame, kContainers.text());
  }
  report_duplicates(walk, frame, {&kContainers, &kInitContainers, &kEphemeralContainers}, kName);
  const Node* volumes = list_at(*frame.node, kVolumes);
  if (volumes != nullptr) {
    report_duplicates(walk, frame, {&kVolumes}, kName);
  }
  // Volume claim templates of a StatefulSet become volumes later; and many volumes times many
  // mounts is not looked at.
  if (!is_in_stateful_set(walk) && (volumes == nullptr || volumes->size() <= 256)) {
    for (const Name* list : {&kContainers, &kInitContainers, &kEphemeralContainers}) {
      check_mounts(walk, frame, *list, volumes);
    }
  }
}

void check_container(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  if (is_absent(node, kImage)) {
    walk.required(frame, kImage.text());
  } else if (const std::string_view image = text_at(node, kImage);
             !image.empty() && trim(image).size() != image.size()) {
    walk.invalid(Kind::InvalidValue, frame, kImage.text(), fmt::format("\"{}\"", excerpt(image)),
                 "must not have leading or trailing whitespace");
  }
  if (const Node* name = node.find(kName); name != nullptr && name->is_string()) {
    if (name->text().empty()) {
      walk.required(frame, kName.text());
    } else if (const auto problem = scalar::dns1123_label_problem(name->text()); !problem.empty()) {
      walk.invalid(Kind::InvalidName, frame, kName.text(), found_text(*name), problem);
    }
  }
  if (list_at(node, kPorts) != nullptr) {
    report_duplicates(walk, frame, {&kPorts}, kName);
  }
}

void check_container_port(StructureWalk& walk, const Frame& frame) {
  check_port(walk, frame, kContainerPort, 1);
  check_port(walk, frame, kHostPort, 0);
  if (const std::string_view name = text_at(*frame.node, kName); !name.empty()) {
    if (const auto problem = scalar::port_name_problem(name); !problem.empty()) {
      walk.invalid(Kind::InvalidPort, frame, kName.text(), fmt::format("\"{}\"", excerpt(name)),
                   problem);
    }
  }
}

void check_env_var(StructureWalk& walk, const Frame& frame) {
  const Node* name = frame.node->find(kName);
  if (name == nullptr || !name->is_string()) {
    return;
  }
  if (name->text().empty()) {
    walk.required(frame, kName.text());
  } else if (const auto problem = scalar::env_name_problem(name->text()); !problem.empty()) {
    walk.invalid(Kind::InvalidName, frame, kName.text(), found_text(*name), problem);
  }
}

}  // namespace tally::kube::internal
