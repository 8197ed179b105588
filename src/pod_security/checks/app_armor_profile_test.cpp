#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kAppArmorProfile;

namespace {

TEST(AppArmorProfileTest, Passes) {
  const Case cases[] = {
      {"no profile", 0, "spec: {containers: [{name: a}]}", "", ""},
      {"allowed types", 37,
       "spec: {securityContext: {appArmorProfile: {type: RuntimeDefault}}, containers: [{name: a, "
       "securityContext: {appArmorProfile: {type: Localhost, localhostProfile: p}}}]}",
       "", ""},
      {"allowed annotations", 37,
       R"(metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: runtime/default, container.apparmor.security.beta.kubernetes.io/b: localhost/p, container.apparmor.security.beta.kubernetes.io/c: "", other: unconfined}})",
       "", ""},
  };
  expect_cases(kAppArmorProfile, cases);
}

TEST(AppArmorProfileTest, Fails) {
  const Case cases[] = {
      {"the pod", 0, "spec: {securityContext: {appArmorProfile: {type: Unconfined}}}",
       R"(forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined"))",
       "/spec/securityContext/appArmorProfile/type: Unconfined"},
      {"a profile without a type", 37,
       "spec: {containers: [{name: a, securityContext: {appArmorProfile: {}}}]}",
       R"(forbidden AppArmor profile (container "a" must not set AppArmor profile type to ""))",
       "/spec/containers/0/securityContext/appArmorProfile/type: not set (a)"},
      {"an annotation of a container that does not exist", 37,
       "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/gone: unconfined}}",
       R"(forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/gone="unconfined""))",
       "/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1gone: unconfined"},
      {"everything at once", 37,
       R"({metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/b: w, container.apparmor.security.beta.kubernetes.io/a: "x\ty"}}, spec: {securityContext: {appArmorProfile: {type: Z}}, containers: [{name: a, securityContext: {appArmorProfile: {type: Unconfined}}}]}})",
       R"(forbidden AppArmor profiles (pod and container "a" and annotations must not set AppArmor profile type to "Unconfined", "Z", "container.apparmor.security.beta.kubernetes.io/a="x\ty"", "container.apparmor.security.beta.kubernetes.io/b="w""))",
       "/spec/securityContext/appArmorProfile/type: Z | "
       "/spec/containers/0/securityContext/appArmorProfile/type: Unconfined (a) | "
       "/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1b: w | "
       "/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1a: x\ty"},
      {"a profile that is a text", 37,
       "spec: {containers: [{name: a, securityContext: {appArmorProfile: RuntimeDefault}}]}",
       R"(forbidden AppArmor profile (container "a" must not set AppArmor profile type to "value of a wrong type"))",
       "/spec/containers/0/securityContext/appArmorProfile: string (a)"},
      {"annotations that are a list", 37, "metadata: {annotations: [a]}",
       R"(forbidden AppArmor profile (annotation must not set AppArmor profile type to "annotations="list""))",
       "/metadata/annotations: list"},
  };
  expect_cases(kAppArmorProfile, cases);
}

}  // namespace

}  // namespace tally::pod_security
