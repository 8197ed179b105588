#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kHostPorts;

namespace {

TEST(HostPortsTest, Passes) {
  const Case cases[] = {
      {"container ports only", 0,
       "spec: {containers: [{name: a, ports: [{containerPort: 80}, null, {containerPort: 81, "
       "hostPort: 0}]}]}",
       "", ""},
      {"null", 37,
       "spec: {containers: [{name: a, ports: [{hostPort: null}]}, {name: b, ports: null}]}", "",
       ""},
  };
  expect_cases(kHostPorts, cases);
}

TEST(HostPortsTest, Fails) {
  const Case cases[] = {
      {"one", 0, "spec: {containers: [{name: a, ports: [{containerPort: 80}, {hostPort: 8080}]}]}",
       R"(hostPort (container "a" uses hostPort 8080))",
       "/spec/containers/0/ports/1/hostPort: 8080 (a)"},
      {"several, sorted as text", 37,
       "spec: {initContainers: [{name: i, ports: [{hostPort: 9}]}], containers: [{name: a, ports: "
       "[{hostPort: 80}, {hostPort: 443}]}]}",
       R"(hostPort (containers "i", "a" use hostPorts 443, 80, 9))",
       "/spec/initContainers/0/ports/0/hostPort: 9 (i) | /spec/containers/0/ports/0/hostPort: 80 "
       "(a) | /spec/containers/0/ports/1/hostPort: 443 (a)"},
      {"one port of two containers", 37,
       "spec: {containers: [{name: a, ports: [{hostPort: 80}]}, {name: b, ports: [{hostPort: "
       "80}]}]}",
       R"(hostPort (containers "a", "b" use hostPort 80))",
       "/spec/containers/0/ports/0/hostPort: 80 (a) | /spec/containers/1/ports/0/hostPort: 80 (b)"},
      {"a text", 37, R"(spec: {containers: [{name: a, ports: [{hostPort: "0"}]}]})",
       R"(hostPort (container "a" uses hostPort 0))", "/spec/containers/0/ports/0/hostPort: 0 (a)"},
      {"ports as a number", 37, "spec: {containers: [{name: a, ports: 5}]}",
       R"(hostPort (container "a" uses hostPort value of a wrong type))",
       "/spec/containers/0/ports: number (a)"},
  };
  expect_cases(kHostPorts, cases);
}

}  // namespace

}  // namespace tally::pod_security
