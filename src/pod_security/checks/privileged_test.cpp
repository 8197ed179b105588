#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kPrivileged;

namespace {

TEST(PrivilegedTest, Passes) {
  const Case cases[] = {
      {"no security context", 0, "spec: {containers: [{name: a}]}", "", ""},
      {"false", 37, "spec: {containers: [{name: a, securityContext: {privileged: false}}]}", "",
       ""},
      {"null", 37, "spec: {containers: [{name: a, securityContext: {privileged: null}}]}", "", ""},
      {"privileged mode of something else", 37,
       R"(spec: {privileged: true, containers: [{name: a, env: [{name: privileged, value: "true"}]}]})",
       "", ""},
  };
  expect_cases(kPrivileged, cases);
}

TEST(PrivilegedTest, Fails) {
  const Case cases[] = {
      {"true", 0, "spec: {containers: [{name: a, securityContext: {privileged: true}}]}",
       R"(privileged (container "a" must not set securityContext.privileged=true))",
       "/spec/containers/0/securityContext/privileged: true (a)"},
      {"every kind of container, in the order of visits", 37,
       "spec: {ephemeralContainers: [{name: e, securityContext: {privileged: true}}], containers: "
       "[{name: c}, {name: d, securityContext: {privileged: true}}], initContainers: [{name: i, "
       "securityContext: {privileged: true}}]}",
       R"(privileged (containers "i", "d", "e" must not set securityContext.privileged=true))",
       "/spec/initContainers/0/securityContext/privileged: true (i) | "
       "/spec/containers/1/securityContext/privileged: true (d) | "
       "/spec/ephemeralContainers/0/securityContext/privileged: true (e)"},
      {"two of one name", 37,
       "spec: {containers: [{name: a, securityContext: {privileged: true}}, {name: a, "
       "securityContext: {privileged: true}}]}",
       R"(privileged (containers "a", "a" must not set securityContext.privileged=true))",
       "/spec/containers/0/securityContext/privileged: true (a) | "
       "/spec/containers/1/securityContext/privileged: true (a)"},
      {"a text", 37, R"(spec: {containers: [{name: a, securityContext: {privileged: "true"}}]})",
       R"(privileged (container "a" must not set securityContext.privileged=true))",
       "/spec/containers/0/securityContext/privileged: true (a)"},
      {"a text that says false", 37,
       R"(spec: {containers: [{name: a, securityContext: {privileged: "false"}}]})",
       R"(privileged (container "a" must not set securityContext.privileged=true))",
       "/spec/containers/0/securityContext/privileged: false (a)"},
      {"a security context that is a list", 37,
       "spec: {containers: [{name: a, securityContext: [{privileged: false}]}]}",
       R"(privileged (container "a" must not set securityContext.privileged=true))",
       "/spec/containers/0/securityContext: list (a)"},
      {"containers as a map", 37,
       "spec: {containers: {name: a, securityContext: {privileged: true}}}",
       R"(privileged (container "" must not set securityContext.privileged=true))",
       "/spec/containers: map"},
  };
  expect_cases(kPrivileged, cases);
}

}  // namespace

}  // namespace tally::pod_security
