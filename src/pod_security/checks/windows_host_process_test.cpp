#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kWindowsHostProcess;

namespace {

TEST(WindowsHostProcessTest, Passes) {
  const Case cases[] = {
      {"no options", 0, "spec: {containers: [{name: a, securityContext: {}}]}", "", ""},
      {"false", 37,
       "spec: {securityContext: {windowsOptions: {hostProcess: false}}, containers: [{name: a, "
       "securityContext: {windowsOptions: {hostProcess: null, runAsUserName: u}}}]}",
       "", ""},
  };
  expect_cases(kWindowsHostProcess, cases);
}

TEST(WindowsHostProcessTest, Fails) {
  const Case cases[] = {
      {"the pod", 0, "spec: {securityContext: {windowsOptions: {hostProcess: true}}}",
       "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
       "/spec/securityContext/windowsOptions/hostProcess: true"},
      {"a Windows pod is not exempt", 37,
       "spec: {os: {name: windows}, containers: [{name: a, securityContext: {windowsOptions: "
       "{hostProcess: true}}}]}",
       R"(hostProcess (container "a" must not set securityContext.windowsOptions.hostProcess=true))",
       "/spec/containers/0/securityContext/windowsOptions/hostProcess: true (a)"},
      {"pod and containers", 37,
       "spec: {securityContext: {windowsOptions: {hostProcess: true}}, initContainers: [{name: i, "
       "securityContext: {windowsOptions: {hostProcess: true}}}], containers: [{name: a, "
       "securityContext: {windowsOptions: {hostProcess: true}}}]}",
       R"(hostProcess (pod and containers "i", "a" must not set securityContext.windowsOptions.hostProcess=true))",
       "/spec/securityContext/windowsOptions/hostProcess: true | "
       "/spec/initContainers/0/securityContext/windowsOptions/hostProcess: true (i) | "
       "/spec/containers/0/securityContext/windowsOptions/hostProcess: true (a)"},
      {"a text", 37,
       R"(spec: {containers: [{name: a, securityContext: {windowsOptions: {hostProcess: "no"}}}]})",
       R"(hostProcess (container "a" must not set securityContext.windowsOptions.hostProcess=true))",
       "/spec/containers/0/securityContext/windowsOptions/hostProcess: no (a)"},
  };
  expect_cases(kWindowsHostProcess, cases);
}

}  // namespace

}  // namespace tally::pod_security
