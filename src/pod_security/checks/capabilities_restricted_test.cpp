#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kCapabilitiesRestricted;

namespace {

TEST(CapabilitiesRestrictedTest, Passes) {
  const Case cases[] = {
      {"ALL dropped", 22,
       "spec: {containers: [{name: a, securityContext: {capabilities: {drop: [ALL]}}}]}", "", ""},
      {"ALL among others, NET_BIND_SERVICE added", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {drop: [CHOWN, ALL], add: "
       "[NET_BIND_SERVICE]}}}]}",
       "", ""},
      {"before the rule", 21, "spec: {containers: [{name: a}]}", "", ""},
      {"a Windows pod", 25, "spec: {os: {name: windows}, containers: [{name: a}]}", "", ""},
  };
  expect_cases(kCapabilitiesRestricted, cases);
}

TEST(CapabilitiesRestrictedTest, Fails) {
  const Case cases[] = {
      {"nothing set", 22, "spec: {containers: [{name: a}]}",
       R"(unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]))",
       "/spec/containers/0/securityContext/capabilities/drop: not set (a)"},
      {"lower case", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {drop: [all]}}}]}",
       R"(unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]))",
       "/spec/containers/0/securityContext/capabilities/drop: all (a)"},
      {"adds", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {drop: [ALL], add: [CHOWN, "
       "NET_BIND_SERVICE, AUDIT_WRITE]}}}]}",
       R"(unrestricted capabilities (container "a" must not include "AUDIT_WRITE", "CHOWN" in securityContext.capabilities.add))",
       "/spec/containers/0/securityContext/capabilities/add: CHOWN, AUDIT_WRITE (a)"},
      {"both", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {add: [CHOWN]}}}, {name: "
       "b}]}",
       R"(unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add))",
       "/spec/containers/0/securityContext/capabilities/drop: not set (a) | "
       "/spec/containers/0/securityContext/capabilities/add: CHOWN (a) | "
       "/spec/containers/1/securityContext/capabilities/drop: not set (b)"},
      {"drop as a text", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {drop: ALL}}}]}",
       R"(unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]))",
       "/spec/containers/0/securityContext/capabilities/drop: ALL (a)"},
  };
  expect_cases(kCapabilitiesRestricted, cases);
}

}  // namespace

}  // namespace tally::pod_security
