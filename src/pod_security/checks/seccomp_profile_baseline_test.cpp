#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kSeccompProfileBaseline;

namespace {

TEST(SeccompProfileBaselineTest, Passes) {
  const Case cases[] = {
      {"no profile", 37, "spec: {containers: [{name: a}]}", "", ""},
      {"allowed types", 19,
       "spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, "
       "securityContext: {seccompProfile: {type: Localhost}}}]}",
       "", ""},
      {"a field before there was one", 18,
       "spec: {containers: [{name: a, securityContext: {seccompProfile: {type: Unconfined}}}]}", "",
       ""},
      {"an annotation after the field came", 19,
       "metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}", "", ""},
      {"allowed annotations", 0,
       "{metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: docker/default, "
       "container.seccomp.security.alpha.kubernetes.io/a: localhost/p, "
       "container.seccomp.security.alpha.kubernetes.io/gone: unconfined}}, spec: {containers: "
       "[{name: a}]}}",
       "", ""},
  };
  expect_cases(kSeccompProfileBaseline, cases);
}

TEST(SeccompProfileBaselineTest, Fails) {
  const Case cases[] = {
      {"annotations", 18,
       R"({metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/b: "a\"b", container.seccomp.security.alpha.kubernetes.io/a: ""}}, spec: {containers: [{name: a}], ephemeralContainers: [{name: b}, {name: b}]}})",
       R"(seccompProfile (forbidden annotations container.seccomp.security.alpha.kubernetes.io/a="", container.seccomp.security.alpha.kubernetes.io/b="a\"b", seccomp.security.alpha.kubernetes.io/pod="unconfined"))",
       R"(/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod: unconfined | /metadata/annotations/container.seccomp.security.alpha.kubernetes.io~1b: a"b (b) | /metadata/annotations/container.seccomp.security.alpha.kubernetes.io~1a: "" (a))"},
      {"one annotation, null", 0,
       "metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: null}}",
       R"(seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod=""))",
       R"(/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod: "")"},
      {"an annotation that is a boolean", 0,
       "metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: true}}",
       R"(seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="true"))",
       "/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod: true"},
      {"annotations that are a text", 0, "metadata: {annotations: x}",
       R"(seccompProfile (forbidden annotation annotations="x"))", "/metadata/annotations: x"},
      {"the pod", 19, "spec: {securityContext: {seccompProfile: {type: Unconfined}}}",
       R"(seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined"))",
       "/spec/securityContext/seccompProfile/type: Unconfined"},
      {"pod and containers", 37,
       "spec: {securityContext: {seccompProfile: {}}, containers: [{name: a, securityContext: "
       "{seccompProfile: {type: Unconfined}}}]}",
       R"(seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "", "Unconfined"))",
       "/spec/securityContext/seccompProfile/type: not set | "
       "/spec/containers/0/securityContext/seccompProfile/type: Unconfined (a)"},
      {"a profile that is a text", 37,
       "spec: {containers: [{name: a, securityContext: {seccompProfile: RuntimeDefault}}]}",
       R"(seccompProfile (container "a" must not set securityContext.seccompProfile.type to "value of a wrong type"))",
       "/spec/containers/0/securityContext/seccompProfile: string (a)"},
  };
  expect_cases(kSeccompProfileBaseline, cases);
}

}  // namespace

}  // namespace tally::pod_security
