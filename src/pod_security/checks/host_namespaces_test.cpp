#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kHostNamespaces;

namespace {

TEST(HostNamespacesTest, Passes) {
  const Case cases[] = {
      {"none", 0, "spec: {containers: [{name: a}]}", "", ""},
      {"false and null", 37, "spec: {hostNetwork: false, hostPID: null, hostIPC: false}", "", ""},
      {"of a container", 37, "spec: {containers: [{name: a, hostPID: true}]}", "", ""},
  };
  expect_cases(kHostNamespaces, cases);
}

TEST(HostNamespacesTest, Fails) {
  const Case cases[] = {
      {"all", 0, "spec: {hostIPC: true, hostPID: true, hostNetwork: true}",
       "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
       "/spec/hostNetwork: true | /spec/hostPID: true | /spec/hostIPC: true"},
      {"one", 37, "spec: {hostPID: true}", "host namespaces (hostPID=true)", "/spec/hostPID: true"},
      {"a text", 37, R"(spec: {hostNetwork: "yes"})", "host namespaces (hostNetwork=true)",
       "/spec/hostNetwork: yes"},
      {"a number", 37, "spec: {hostIPC: 0}", "host namespaces (hostIPC=true)", "/spec/hostIPC: 0"},
      {"a spec that is a list", 37, "spec: [{hostPID: true}]",
       "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)", "/spec: list"},
  };
  expect_cases(kHostNamespaces, cases);
}

}  // namespace

}  // namespace tally::pod_security
