#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kRunAsUser;

namespace {

TEST(RunAsUserTest, Passes) {
  const Case cases[] = {
      {"not set", 23, "spec: {containers: [{name: a}]}", "", ""},
      {"other users", 37,
       "spec: {securityContext: {runAsUser: 1000}, containers: [{name: a, securityContext: "
       "{runAsUser: 1}}, {name: b, securityContext: {runAsUser: null}}]}",
       "", ""},
      {"before the rule", 22, "spec: {securityContext: {runAsUser: 0}}", "", ""},
      {"in a user namespace", 35, "spec: {hostUsers: false, securityContext: {runAsUser: 0}}", "",
       ""},
  };
  expect_cases(kRunAsUser, cases);
}

TEST(RunAsUserTest, Fails) {
  const Case cases[] = {
      {"the pod", 23, "spec: {securityContext: {runAsUser: 0}}",
       "runAsUser=0 (pod must not set runAsUser=0)", "/spec/securityContext/runAsUser: 0"},
      {"pod and container", 37,
       "spec: {securityContext: {runAsUser: 0}, containers: [{name: a, securityContext: "
       "{runAsUser: 0}}]}",
       R"(runAsUser=0 (pod and container "a" must not set runAsUser=0))",
       "/spec/securityContext/runAsUser: 0 | /spec/containers/0/securityContext/runAsUser: 0 (a)"},
      {"a text", 37, R"(spec: {containers: [{name: a, securityContext: {runAsUser: "0"}}]})",
       R"(runAsUser=0 (container "a" must not set runAsUser=0))",
       "/spec/containers/0/securityContext/runAsUser: 0 (a)"},
      {"a text of another number", 37,
       R"(spec: {containers: [{name: a, securityContext: {runAsUser: "1000"}}]})",
       R"(runAsUser=0 (container "a" must not set runAsUser=0))",
       "/spec/containers/0/securityContext/runAsUser: 1000 (a)"},
      {"a fraction", 37, "spec: {containers: [{name: a, securityContext: {runAsUser: 0.5}}]}",
       R"(runAsUser=0 (container "a" must not set runAsUser=0))",
       "/spec/containers/0/securityContext/runAsUser: 0.5 (a)"},
      {"a number out of range", 37,
       "spec: {containers: [{name: a, securityContext: {runAsUser: 9223372036854775808}}]}",
       R"(runAsUser=0 (container "a" must not set runAsUser=0))",
       "/spec/containers/0/securityContext/runAsUser: 9223372036854775808 (a)"},
  };
  expect_cases(kRunAsUser, cases);
}

}  // namespace

}  // namespace tally::pod_security
