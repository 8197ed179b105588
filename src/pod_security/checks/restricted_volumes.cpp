// Rule: volumes must come from the cluster or live and die with the pod.
//   spec.volumes[*]: the type of the volume
//   allowed: configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim,
//   projected, secret
// As upstream, a volume with an allowed type is not looked at further: the API server refuses a
// second type. This check replaces hostPathVolumes, which would name the same volumes again.
// k8s.io/pod-security-admission v0.37.2, policy/check_restrictedVolumes.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"
#include "pod_security/internal/name_table.hpp"

namespace tally::pod_security {

namespace {

// The restricted types in the order in which upstream looks for them; the first one of a volume is
// named.
constexpr auto kRestricted = std::to_array<std::string_view>({"hostPath",
                                                              "gcePersistentDisk",
                                                              "awsElasticBlockStore",
                                                              "gitRepo",
                                                              "nfs",
                                                              "iscsi",
                                                              "glusterfs",
                                                              "rbd",
                                                              "flexVolume",
                                                              "cinder",
                                                              "cephfs",
                                                              "flocker",
                                                              "fc",
                                                              "azureFile",
                                                              "vsphereVolume",
                                                              "quobyte",
                                                              "azureDisk",
                                                              "photonPersistentDisk",
                                                              "portworxVolume",
                                                              "scaleIO",
                                                              "storageos"});

// Not one of the restricted ones, which are their index in that list plus one.
enum class Member : std::uint8_t { Other = 0, Allowed = 0xF0, Name = 0xF1 };

constexpr std::string_view kAllowed =
    "configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or "
    "secret";

constexpr auto kPlaces = [] {
  std::array<Place, kRestricted.size()> places;
  constexpr auto kPaths = std::to_array<std::string_view>({"volumes/*/hostPath",
                                                           "volumes/*/gcePersistentDisk",
                                                           "volumes/*/awsElasticBlockStore",
                                                           "volumes/*/gitRepo",
                                                           "volumes/*/nfs",
                                                           "volumes/*/iscsi",
                                                           "volumes/*/glusterfs",
                                                           "volumes/*/rbd",
                                                           "volumes/*/flexVolume",
                                                           "volumes/*/cinder",
                                                           "volumes/*/cephfs",
                                                           "volumes/*/flocker",
                                                           "volumes/*/fc",
                                                           "volumes/*/azureFile",
                                                           "volumes/*/vsphereVolume",
                                                           "volumes/*/quobyte",
                                                           "volumes/*/azureDisk",
                                                           "volumes/*/photonPersistentDisk",
                                                           "volumes/*/portworxVolume",
                                                           "volumes/*/scaleIO",
                                                           "volumes/*/storageos"});
  static_assert(kPaths.size() == kRestricted.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = {.root = Place::Root::Spec, .path = kPaths[i], .allowed = kAllowed};
  }
  return places;
}();
constexpr Place kVolume{.root = Place::Root::Spec, .path = "volumes/*", .allowed = kAllowed};

constexpr auto kMembers = [] {
  constexpr auto kAllowedTypes =
      std::to_array<std::string_view>({"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
                                       "image", "persistentVolumeClaim", "projected", "secret"});
  std::array<NameTable<Member>::Row, kRestricted.size() + kAllowedTypes.size() + 1> rows;
  std::size_t at = 0;
  for (const std::string_view type : kRestricted) {
    rows[at] = {.name = type, .meaning = static_cast<Member>(at + 1)};
    ++at;
  }
  for (const std::string_view type : kAllowedTypes) {
    rows[at++] = {.name = type, .meaning = Member::Allowed};
  }
  rows[at] = {.name = "name", .meaning = Member::Name};
  return rows;
}();
const NameTable<Member> kMemberTable{kMembers};

struct Volume {
  const document::Node* name = nullptr;
  const document::Node* source = nullptr;       // of the restricted type
  std::size_t restricted = kRestricted.size();  // index of its type; the size: none of them
  bool allowed = false;
};

Volume read_volume(const document::Node& node) {
  Volume volume;
  if (!node.is_object()) {
    return volume;
  }
  std::size_t i = 0;
  for (const document::Node& value : node.items()) {
    const Member meaning = kMemberTable.of(node, i++, value);
    if (meaning == Member::Other || value.is_null()) {
      continue;
    }
    if (meaning == Member::Allowed) {
      // Every source is a map; what is none allows nothing.
      volume.allowed = volume.allowed || value.is_object();
    } else if (meaning == Member::Name) {
      volume.name = &value;
    } else if (const std::size_t type = static_cast<std::size_t>(meaning) - 1;
               type < volume.restricted) {
      volume.restricted = type;
      volume.source = &value;
    }
  }
  return volume;
}

void test_1_0(const PodView& pod, Offences& offences) {
  std::uint32_t index = 0;
  for (const document::Node& node : elements(pod.volumes)) {
    const Volume volume = read_volume(node);
    if (!volume.allowed) {
      const bool known = volume.restricted < kRestricted.size();
      offences.add({.place = known ? &kPlaces[volume.restricted] : &kVolume,
                    .container = nullptr,
                    .value = known ? volume.source : &node,
                    .text = name_text(volume.name),
                    .found = known ? kRestricted[volume.restricted] : "unknown",
                    .key = {},
                    .index = index});
    }
    ++index;
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("restricted volume types");
  description.write(pluralize("volume ", "volumes ", offences.size()))
      .write_quoted(description.texts(offences));
  const auto types = description.set_of_found(offences);
  description.write(pluralize(" uses ", " use ", offences.size()))
      .write(pluralize("restricted volume type ", "restricted volume types ", types.size()))
      .write_quoted(types);
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test_1_0, .describe = describe},
});
constexpr std::array kControls = {cis("5.2.11"), nist_800_53("CM-7"), nist_800_53("SC-39"),
                                  pci_dss("2.2.4"), nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/concepts/storage/volumes/"}};

}  // namespace

extern constinit const PodCheck kRestrictedVolumes{
    .record =
        {.engine = kEngine,
         .policy = "restricted",
         .id = "restrictedVolumes",
         .title = "Volume of a restricted type",
         .description =
             "Volumes that a pod defines itself on the node or on a storage server (hostPath, nfs, "
             "iscsi, gitRepo and others) bring the node's files and servers of the author's choice "
             "into the container, past the storage classes and quotas that the platform controls.",
         .remedy = "Use one of configMap, csi, downwardAPI, emptyDir, ephemeral, image, "
                   "persistentVolumeClaim, "
                   "projected or secret; define storage servers as PersistentVolumes.",
         .severity = finding::Severity::Medium,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Restricted,
    .rows = kRows,
    .overrides = "hostPathVolumes"};

}  // namespace tally::pod_security
