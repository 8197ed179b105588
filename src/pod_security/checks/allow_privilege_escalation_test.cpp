#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kAllowPrivilegeEscalation;

namespace {

TEST(AllowPrivilegeEscalationTest, Passes) {
  const Case cases[] = {
      {"false", 37,
       "spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]}", "",
       ""},
      {"before the field existed", 7, "spec: {containers: [{name: a}]}", "", ""},
      {"a Windows pod", 25, "spec: {os: {name: windows}, containers: [{name: a}]}", "", ""},
      {"no containers", 37, "spec: {}", "", ""},
  };
  expect_cases(kAllowPrivilegeEscalation, cases);
}

TEST(AllowPrivilegeEscalationTest, Fails) {
  const Case cases[] = {
      {"not set", 8, "spec: {containers: [{name: a}]}",
       R"(allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false))",
       "/spec/containers/0/securityContext/allowPrivilegeEscalation: not set (a)"},
      {"true", 37,
       "spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: true}}]}",
       R"(allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false))",
       "/spec/containers/0/securityContext/allowPrivilegeEscalation: true (a)"},
      {"null", 37,
       "spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: null}}]}",
       R"(allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false))",
       "/spec/containers/0/securityContext/allowPrivilegeEscalation: not set (a)"},
      {"a Windows pod before the exemption", 24,
       "spec: {os: {name: windows}, containers: [{name: a}]}",
       R"(allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false))",
       "/spec/containers/0/securityContext/allowPrivilegeEscalation: not set (a)"},
      {"an operating system that is a text", 37, "spec: {os: windows, containers: [{name: a}]}",
       R"(allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false))",
       "/spec/containers/0/securityContext/allowPrivilegeEscalation: not set (a)"},
      {"null among the containers", 37, "spec: {containers: [null]}",
       R"(allowPrivilegeEscalation != false (container "" must set securityContext.allowPrivilegeEscalation=false))",
       "/spec/containers/0/securityContext/allowPrivilegeEscalation: not set"},
  };
  expect_cases(kAllowPrivilegeEscalation, cases);
}

}  // namespace

}  // namespace tally::pod_security
