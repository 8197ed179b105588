#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kSeccompProfileRestricted;

namespace {

TEST(SeccompProfileRestrictedTest, Passes) {
  const Case cases[] = {
      {"of the pod", 19,
       "spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a}]}",
       "", ""},
      {"of the container", 37,
       "spec: {containers: [{name: a, securityContext: {seccompProfile: {type: Localhost}}}]}", "",
       ""},
      {"before the rule", 18, "spec: {containers: [{name: a}]}", "", ""},
      {"a Windows pod", 25, "spec: {os: {name: windows}, containers: [{name: a}]}", "", ""},
  };
  expect_cases(kSeccompProfileRestricted, cases);
}

TEST(SeccompProfileRestrictedTest, Fails) {
  const Case cases[] = {
      {"not set", 19,
       "spec: {containers: [{name: a}, {name: b, securityContext: {seccompProfile: null}}]}",
       R"(seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"))",
       "/spec/containers/0/securityContext/seccompProfile/type: not set (a) | "
       "/spec/containers/1/securityContext/seccompProfile/type: not set (b)"},
      {"a Windows pod before the exemption", 24,
       "spec: {os: {name: windows}, containers: [{name: a}]}",
       R"(seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"))",
       "/spec/containers/0/securityContext/seccompProfile/type: not set (a)"},
      {"a bad profile of the pod, and nothing else is said", 37,
       "spec: {securityContext: {seccompProfile: {type: Unconfined}}, containers: [{name: a}]}",
       R"(seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined"))",
       "/spec/securityContext/seccompProfile/type: Unconfined"},
      {"a bad profile outranks what is not set", 37,
       "spec: {containers: [{name: a}, {name: b, securityContext: {seccompProfile: {type: x}}}]}",
       R"(seccompProfile (container "b" must not set securityContext.seccompProfile.type to "x"))",
       "/spec/containers/0/securityContext/seccompProfile/type: not set (a) | "
       "/spec/containers/1/securityContext/seccompProfile/type: x (b)"},
      {"a profile that is a list", 37,
       "spec: {containers: [{name: a, securityContext: {seccompProfile: []}}]}",
       R"(seccompProfile (container "a" must not set securityContext.seccompProfile.type to "value of a wrong type"))",
       "/spec/containers/0/securityContext/seccompProfile: list (a)"},
  };
  expect_cases(kSeccompProfileRestricted, cases);
}

}  // namespace

}  // namespace tally::pod_security
