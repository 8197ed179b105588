#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kHostPathVolumes;

namespace {

TEST(HostPathVolumesTest, Passes) {
  const Case cases[] = {
      {"no volumes", 0, "spec: {}", "", ""},
      {"null", 37, "spec: {volumes: [{name: v, hostPath: null}, null, {name: w, emptyDir: {}}]}",
       "", ""},
  };
  expect_cases(kHostPathVolumes, cases);
}

TEST(HostPathVolumesTest, Fails) {
  const Case cases[] = {
      {"one", 0,
       "spec: {volumes: [{name: e, emptyDir: {}}, {name: v, hostPath: {path: "
       "/var/run/docker.sock}}]}",
       R"(hostPath volumes (volume "v"))", "/spec/volumes/1/hostPath: /var/run/docker.sock"},
      {"two, in order", 37,
       "spec: {volumes: [{name: w, hostPath: {path: /b}}, {name: v, hostPath: {}}]}",
       R"(hostPath volumes (volumes "w", "v"))",
       "/spec/volumes/0/hostPath: /b | /spec/volumes/1/hostPath: {}"},
      {"a text", 37, "spec: {volumes: [{name: v, hostPath: /etc}]}",
       R"(hostPath volumes (volume "v"))", "/spec/volumes/0/hostPath: /etc"},
      {"volumes as a map", 37, "spec: {volumes: {v: {hostPath: {path: /}}}}",
       R"(hostPath volumes (volume ""))", "/spec/volumes: map"},
  };
  expect_cases(kHostPathVolumes, cases);
}

}  // namespace

}  // namespace tally::pod_security
