#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kProcMountRestricted;

namespace {

TEST(ProcMountRestrictedTest, Passes) {
  const Case cases[] = {
      {"Default", 37, "spec: {containers: [{name: a, securityContext: {procMount: Default}}]}", "",
       ""},
      {"while baseline holds", 34,
       "spec: {containers: [{name: a, securityContext: {procMount: Unmasked}}]}", "", ""},
  };
  expect_cases(kProcMountRestricted, cases);
}

TEST(ProcMountRestrictedTest, Fails) {
  const Case cases[] = {
      {"Unmasked", 35, "spec: {containers: [{name: a, securityContext: {procMount: Unmasked}}]}",
       R"(procMount (container "a" must not set securityContext.procMount to "Unmasked"))",
       "/spec/containers/0/securityContext/procMount: Unmasked (a)"},
      {"in a user namespace", 37,
       "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}",
       R"(procMount (container "a" must not set securityContext.procMount to "Unmasked"))",
       "/spec/containers/0/securityContext/procMount: Unmasked (a)"},
  };
  expect_cases(kProcMountRestricted, cases);
}

}  // namespace

}  // namespace tally::pod_security
