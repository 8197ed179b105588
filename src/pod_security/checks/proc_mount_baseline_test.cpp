#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kProcMountBaseline;

namespace {

TEST(ProcMountBaselineTest, Passes) {
  const Case cases[] = {
      {"not set", 0, "spec: {containers: [{name: a}]}", "", ""},
      {"Default", 37, "spec: {containers: [{name: a, securityContext: {procMount: Default}}]}", "",
       ""},
      {"in a user namespace", 35,
       "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}",
       "", ""},
  };
  expect_cases(kProcMountBaseline, cases);
}

TEST(ProcMountBaselineTest, Fails) {
  const Case cases[] = {
      {"Unmasked", 0, "spec: {containers: [{name: a, securityContext: {procMount: Unmasked}}]}",
       R"(procMount (container "a" must not set securityContext.procMount to "Unmasked"))",
       "/spec/containers/0/securityContext/procMount: Unmasked (a)"},
      {"in a user namespace, before that counted", 34,
       "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}",
       R"(procMount (container "a" must not set securityContext.procMount to "Unmasked"))",
       "/spec/containers/0/securityContext/procMount: Unmasked (a)"},
      {"a user namespace that is a text", 37,
       R"(spec: {hostUsers: "false", containers: [{name: a, securityContext: {procMount: Unmasked}}]})",
       R"(procMount (container "a" must not set securityContext.procMount to "Unmasked"))",
       "/spec/containers/0/securityContext/procMount: Unmasked (a)"},
      {"the user namespace of the node", 37,
       R"(spec: {hostUsers: true, containers: [{name: a, securityContext: {procMount: ""}}, {name: b, securityContext: {procMount: A}}]})",
       R"(procMount (containers "a", "b" must not set securityContext.procMount to "", "A"))",
       R"(/spec/containers/0/securityContext/procMount: "" (a) | /spec/containers/1/securityContext/procMount: A (b))"},
      {"a list", 37, "spec: {containers: [{name: a, securityContext: {procMount: [Default]}}]}",
       R"(procMount (container "a" must not set securityContext.procMount to "list"))",
       "/spec/containers/0/securityContext/procMount: list (a)"},
  };
  expect_cases(kProcMountBaseline, cases);
}

}  // namespace

}  // namespace tally::pod_security
