#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kRestrictedVolumes;

namespace {

TEST(RestrictedVolumesTest, Passes) {
  const Case cases[] = {
      {"no volumes", 0, "spec: {}", "", ""},
      {"allowed types", 37,
       "spec: {volumes: [{name: a, configMap: {}}, {name: b, csi: {}}, {name: c, downwardAPI: {}}, "
       "{name: d, emptyDir: {}}, {name: e, ephemeral: {}}, {name: f, image: {}}, {name: g, "
       "persistentVolumeClaim: {}}, {name: h, projected: {}}, {name: i, secret: {}}]}",
       "", ""},
      {"an allowed type decides", 37,
       "spec: {volumes: [{name: v, hostPath: {path: /}, emptyDir: {}}]}", "", ""},
  };
  expect_cases(kRestrictedVolumes, cases);
}

TEST(RestrictedVolumesTest, Fails) {
  const Case cases[] = {
      {"hostPath", 0, "spec: {volumes: [{name: v, hostPath: {path: /}}]}",
       R"(restricted volume types (volume "v" uses restricted volume type "hostPath"))",
       "/spec/volumes/0/hostPath: hostPath"},
      {"two types, sorted", 37,
       "spec: {volumes: [{name: w, nfs: {}}, {name: e, emptyDir: {}}, {name: v, iscsi: {}}, {name: "
       "x, nfs: {}}]}",
       R"(restricted volume types (volumes "w", "v", "x" use restricted volume types "iscsi", "nfs"))",
       "/spec/volumes/0/nfs: nfs | /spec/volumes/2/iscsi: iscsi | /spec/volumes/3/nfs: nfs"},
      {"the first type in upstream's order", 37,
       "spec: {volumes: [{name: v, storageos: {}, rbd: {}, nfs: {}}]}",
       R"(restricted volume types (volume "v" uses restricted volume type "nfs"))",
       "/spec/volumes/0/nfs: nfs"},
      {"portworx comes after photon", 37,
       "spec: {volumes: [{name: v, portworxVolume: {}, photonPersistentDisk: {}}]}",
       R"(restricted volume types (volume "v" uses restricted volume type "photonPersistentDisk"))",
       "/spec/volumes/0/photonPersistentDisk: photonPersistentDisk"},
      {"a type nobody knows", 37, "spec: {volumes: [{name: v, blanket: {}}]}",
       R"(restricted volume types (volume "v" uses restricted volume type "unknown"))",
       "/spec/volumes/0: unknown"},
      {"no type, null", 37, "spec: {volumes: [{name: v, emptyDir: null}, null]}",
       R"(restricted volume types (volumes "v", "" use restricted volume type "unknown"))",
       "/spec/volumes/0: unknown | /spec/volumes/1: unknown"},
      {"an allowed type that is a text", 37, R"(spec: {volumes: [{name: v, emptyDir: "x"}]})",
       R"(restricted volume types (volume "v" uses restricted volume type "unknown"))",
       "/spec/volumes/0: unknown"},
  };
  expect_cases(kRestrictedVolumes, cases);
}

}  // namespace

}  // namespace tally::pod_security
