#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kRunAsNonRoot;

namespace {

TEST(RunAsNonRootTest, Passes) {
  const Case cases[] = {
      {"of the pod", 0, "spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a}]}",
       "", ""},
      {"of the container", 37,
       "spec: {containers: [{name: a, securityContext: {runAsNonRoot: true}}]}", "", ""},
      {"the container alone, against nothing", 37,
       "spec: {initContainers: [{name: i, securityContext: {runAsNonRoot: true}}], containers: "
       "[{name: a, securityContext: {runAsNonRoot: true}}]}",
       "", ""},
      {"in a user namespace", 35,
       "spec: {hostUsers: false, securityContext: {runAsNonRoot: false}, containers: [{name: a}]}",
       "", ""},
  };
  expect_cases(kRunAsNonRoot, cases);
}

TEST(RunAsNonRootTest, Fails) {
  const Case cases[] = {
      {"not set", 0, "spec: {containers: [{name: a}, {name: b}]}",
       R"(runAsNonRoot != true (pod or containers "a", "b" must set securityContext.runAsNonRoot=true))",
       "/spec/containers/0/securityContext/runAsNonRoot: not set (a) | "
       "/spec/containers/1/securityContext/runAsNonRoot: not set (b)"},
      {"false for the pod, and nothing else is said", 37,
       "spec: {securityContext: {runAsNonRoot: false}, containers: [{name: a}]}",
       "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)",
       "/spec/securityContext/runAsNonRoot: false"},
      {"false for the pod though the container says true", 37,
       "spec: {securityContext: {runAsNonRoot: false}, containers: [{name: a, securityContext: "
       "{runAsNonRoot: true}}]}",
       "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)",
       "/spec/securityContext/runAsNonRoot: false"},
      {"false of a container outranks what is not set", 37,
       "spec: {containers: [{name: a}, {name: b, securityContext: {runAsNonRoot: false}}]}",
       R"(runAsNonRoot != true (container "b" must not set securityContext.runAsNonRoot=false))",
       "/spec/containers/0/securityContext/runAsNonRoot: not set (a) | "
       "/spec/containers/1/securityContext/runAsNonRoot: false (b)"},
      {"pod and containers", 37,
       "spec: {securityContext: {runAsNonRoot: false}, containers: [{name: a, securityContext: "
       "{runAsNonRoot: false}}, {name: b, securityContext: {runAsNonRoot: false}}]}",
       R"(runAsNonRoot != true (pod and containers "a", "b" must not set securityContext.runAsNonRoot=false))",
       "/spec/securityContext/runAsNonRoot: false | "
       "/spec/containers/0/securityContext/runAsNonRoot: false (a) | "
       "/spec/containers/1/securityContext/runAsNonRoot: false (b)"},
      {"in a user namespace, before that counted", 34,
       "spec: {hostUsers: false, containers: [{name: a}]}",
       R"(runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true))",
       "/spec/containers/0/securityContext/runAsNonRoot: not set (a)"},
      {"a text does not hide behind the pod", 37,
       R"(spec: {securityContext: {runAsNonRoot: true}, containers: [{name: a, securityContext: {runAsNonRoot: "false"}}]})",
       R"(runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false))",
       "/spec/containers/0/securityContext/runAsNonRoot: false (a)"},
  };
  expect_cases(kRunAsNonRoot, cases);
}

}  // namespace

}  // namespace tally::pod_security
