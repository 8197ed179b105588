#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kHostProbesAndHostLifecycle;

namespace {

TEST(HostProbesAndHostLifecycleTest, Passes) {
  const Case cases[] = {
      {"probes of the pod", 34,
       R"(spec: {containers: [{name: a, livenessProbe: {httpGet: {port: 80}}, readinessProbe: {tcpSocket: {port: 80, host: ""}}, startupProbe: {exec: {command: [host]}}, lifecycle: {preStop: {httpGet: {host: null}}}}]})",
       "", ""},
      {"before the rule", 33,
       "spec: {containers: [{name: a, livenessProbe: {httpGet: {host: x}}}]}", "", ""},
  };
  expect_cases(kHostProbesAndHostLifecycle, cases);
}

TEST(HostProbesAndHostLifecycleTest, Fails) {
  const Case cases[] = {
      {"a probe", 34,
       "spec: {containers: [{name: a, livenessProbe: {httpGet: {host: 169.254.169.254}}}]}",
       R"(probe or lifecycle host (container "a" uses probe or lifecycle host "169.254.169.254"))",
       "/spec/containers/0/livenessProbe/httpGet/host: 169.254.169.254 (a)"},
      {"every place; names and hosts are sets", 37,
       "spec: {containers: [{name: b, readinessProbe: {tcpSocket: {host: w}}, startupProbe: "
       "{httpGet: {host: x}, tcpSocket: {host: x}}}, {name: a, lifecycle: {postStart: {tcpSocket: "
       "{host: x}}, preStop: {httpGet: {host: z}}}}]}",
       R"(probe or lifecycle host (containers "a", "b" use probe or lifecycle hosts "w", "x", "z"))",
       "/spec/containers/0/readinessProbe/tcpSocket/host: w (b) | "
       "/spec/containers/0/startupProbe/httpGet/host: x (b) | "
       "/spec/containers/0/startupProbe/tcpSocket/host: x (b) | "
       "/spec/containers/1/lifecycle/postStart/tcpSocket/host: x (a) | "
       "/spec/containers/1/lifecycle/preStop/httpGet/host: z (a)"},
      {"a number as host", 37,
       "spec: {containers: [{name: a, readinessProbe: {httpGet: {host: 1}}}]}",
       R"(probe or lifecycle host (container "a" uses probe or lifecycle host "1"))",
       "/spec/containers/0/readinessProbe/httpGet/host: 1 (a)"},
      {"a probe that is a list is one site", 37,
       "spec: {containers: [{name: a, livenessProbe: []}]}",
       R"(probe or lifecycle host (container "a" uses probe or lifecycle host "value of a wrong type"))",
       "/spec/containers/0/livenessProbe: list (a)"},
  };
  expect_cases(kHostProbesAndHostLifecycle, cases);
}

}  // namespace

}  // namespace tally::pod_security
