// Where a volume comes from: one source (validateVolumeSource, ValidatePersistentVolumeSpec and
// validateProjectionSources in pkg/apis/core/validation/validation.go).
#include <fmt/format.h>

#include <span>
#include <string_view>

#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kName{"name"};

// In the order in which upstream looks: the first one stands, the others are forbidden.
const Name kPodSources[] = {Name{"emptyDir"},
                            Name{"hostPath"},
                            Name{"gitRepo"},
                            Name{"gcePersistentDisk"},
                            Name{"awsElasticBlockStore"},
                            Name{"secret"},
                            Name{"nfs"},
                            Name{"iscsi"},
                            Name{"glusterfs"},
                            Name{"flocker"},
                            Name{"persistentVolumeClaim"},
                            Name{"rbd"},
                            Name{"cinder"},
                            Name{"cephfs"},
                            Name{"quobyte"},
                            Name{"downwardAPI"},
                            Name{"fc"},
                            Name{"flexVolume"},
                            Name{"configMap"},
                            Name{"azureFile"},
                            Name{"vsphereVolume"},
                            Name{"photonPersistentDisk"},
                            Name{"portworxVolume"},
                            Name{"azureDisk"},
                            Name{"storageos"},
                            Name{"projected"},
                            Name{"scaleIO"},
                            Name{"csi"},
                            Name{"ephemeral"},
                            Name{"image"}};

const Name kPersistentSources[] = {Name{"hostPath"},
                                   Name{"gcePersistentDisk"},
                                   Name{"awsElasticBlockStore"},
                                   Name{"glusterfs"},
                                   Name{"flocker"},
                                   Name{"nfs"},
                                   Name{"rbd"},
                                   Name{"quobyte"},
                                   Name{"cephfs"},
                                   Name{"iscsi"},
                                   Name{"cinder"},
                                   Name{"fc"},
                                   Name{"flexVolume"},
                                   Name{"azureFile"},
                                   Name{"vsphereVolume"},
                                   Name{"photonPersistentDisk"},
                                   Name{"portworxVolume"},
                                   Name{"azureDisk"},
                                   Name{"scaleIO"},
                                   Name{"local"},
                                   Name{"storageos"},
                                   Name{"csi"}};

const Name kProjectedSources[] = {Name{"secret"},
                                  Name{"configMap"},
                                  Name{"downwardAPI"},
                                  Name{"serviceAccountToken"},
                                  Name{"clusterTrustBundle"},
                                  Name{"podCertificate"}};

bool is_set(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && !found->is_null();
}

// Reports every source behind the first. True if there is one. Upstream counts a flexVolume of a
// PersistentVolume without comparing it to those before it: `uncompared`.
bool check_sources(StructureWalk& walk, const Frame& frame, std::span<const Name> sources,
                   std::string_view uncompared) {
  bool found = false;
  for (const Name& name : sources) {
    if (!is_set(*frame.node, name)) {
      continue;
    }
    if (found && name.text() != uncompared) {
      report_forbidden(walk, frame, name, "may not specify more than 1 volume type");
    }
    found = true;
  }
  return found;
}

}  // namespace

// A volume without a source becomes an emptyDir (SetDefaults_Volume).
void check_volume(StructureWalk& walk, const Frame& frame) {
  // Nearly every volume is a name and one source: no need to look.
  if (frame.node->size() > 2 || frame.node->find(kName) == nullptr) {
    static_cast<void>(check_sources(walk, frame, kPodSources, {}));
  }
}

void check_persistent_volume_spec(StructureWalk& walk, const Frame& frame) {
  if (!check_sources(walk, frame, kPersistentSources, "flexVolume")) {
    walk.report(Kind::RequiredField, frame, found_text(*frame.node), "a volume source",
                fmt::format("{}: Required value: must specify a volume type", dotted_path(frame)));
  }
}

void check_volume_projection(StructureWalk& walk, const Frame& frame) {
  std::size_t count = 0;
  for (const Name& name : kProjectedSources) {
    count += is_set(*frame.node, name) ? 1 : 0;
  }
  if (count > 1) {
    walk.report(
        Kind::InvalidValue, frame, fmt::format("{} sources", count), "one source",
        fmt::format("{}: Forbidden: may not specify more than 1 volume type", dotted_path(frame)));
  }
}

}  // namespace tally::kube::internal
