#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kCapabilitiesBaseline;

namespace {

TEST(CapabilitiesBaselineTest, Passes) {
  const Case cases[] = {
      {"nothing added", 0,
       "spec: {containers: [{name: a, securityContext: {capabilities: {drop: [NET_RAW]}}}]}", "",
       ""},
      {"the default set", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {add: [AUDIT_WRITE, CHOWN, "
       "DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, "
       "SETUID, SYS_CHROOT]}}}]}",
       "", ""},
      {"null", 37, "spec: {containers: [{name: a, securityContext: {capabilities: {add: null}}}]}",
       "", ""},
  };
  expect_cases(kCapabilitiesBaseline, cases);
}

TEST(CapabilitiesBaselineTest, Fails) {
  const Case cases[] = {
      {"two of them, sorted and once each", 0,
       "spec: {containers: [{name: a, securityContext: {capabilities: {add: [SYS_TIME, CHOWN, "
       "NET_RAW, SYS_TIME]}}}]}",
       R"(non-default capabilities (container "a" must not include "NET_RAW", "SYS_TIME" in securityContext.capabilities.add))",
       "/spec/containers/0/securityContext/capabilities/add: SYS_TIME, NET_RAW, SYS_TIME (a)"},
      {"two containers", 37,
       "spec: {initContainers: [{name: i, securityContext: {capabilities: {add: [B]}}}], "
       "containers: [{name: a, securityContext: {capabilities: {add: [A]}}}]}",
       R"(non-default capabilities (containers "i", "a" must not include "A", "B" in securityContext.capabilities.add))",
       "/spec/initContainers/0/securityContext/capabilities/add: B (i) | "
       "/spec/containers/0/securityContext/capabilities/add: A (a)"},
      {"lower case", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {add: [chown]}}}]}",
       R"(non-default capabilities (container "a" must not include "chown" in securityContext.capabilities.add))",
       "/spec/containers/0/securityContext/capabilities/add: chown (a)"},
      {"null in the list", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {add: [null]}}}]}",
       R"(non-default capabilities (container "a" must not include "" in securityContext.capabilities.add))",
       R"(/spec/containers/0/securityContext/capabilities/add: "" (a))"},
      {"a text instead of a list", 37,
       "spec: {containers: [{name: a, securityContext: {capabilities: {add: CHOWN}}}]}",
       R"(non-default capabilities (container "a" must not include "value of a wrong type" in securityContext.capabilities.add))",
       "/spec/containers/0/securityContext/capabilities/add: CHOWN (a)"},
  };
  expect_cases(kCapabilitiesBaseline, cases);
}

}  // namespace

}  // namespace tally::pod_security
