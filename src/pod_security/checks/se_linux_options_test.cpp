#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kSeLinuxOptions;

namespace {

TEST(SeLinuxOptionsTest, Passes) {
  const Case cases[] = {
      {"no options", 0, "spec: {containers: [{name: a, securityContext: {}}]}", "", ""},
      {"types of containers", 0,
       R"(spec: {securityContext: {seLinuxOptions: {type: container_t, level: s0}}, containers: [{name: a, securityContext: {seLinuxOptions: {type: container_init_t}}}, {name: b, securityContext: {seLinuxOptions: {type: container_kvm_t, user: "", role: null}}}]})",
       "", ""},
      {"the engine type", 31,
       "spec: {containers: [{name: a, securityContext: {seLinuxOptions: {type: "
       "container_engine_t}}}]}",
       "", ""},
  };
  expect_cases(kSeLinuxOptions, cases);
}

TEST(SeLinuxOptionsTest, Fails) {
  const Case cases[] = {
      {"the engine type, too early", 30,
       "spec: {containers: [{name: a, securityContext: {seLinuxOptions: {type: "
       "container_engine_t}}}]}",
       R"(seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t"))",
       "/spec/containers/0/securityContext/seLinuxOptions/type: container_engine_t (a)"},
      {"user", 37, "spec: {securityContext: {seLinuxOptions: {user: u}}}",
       "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: user may not be set)",
       "/spec/securityContext/seLinuxOptions/user: u"},
      {"all of it", 37,
       "spec: {securityContext: {seLinuxOptions: {type: z, role: r}}, containers: [{name: a, "
       "securityContext: {seLinuxOptions: {type: b, user: u}}}, {name: c, securityContext: "
       "{seLinuxOptions: {type: z}}}]}",
       R"(seLinuxOptions (pod and containers "a", "c" set forbidden securityContext.seLinuxOptions: types "b", "z"; user may not be set; role may not be set))",
       "/spec/securityContext/seLinuxOptions/type: z | /spec/securityContext/seLinuxOptions/role: "
       "r | /spec/containers/0/securityContext/seLinuxOptions/type: b (a) | "
       "/spec/containers/0/securityContext/seLinuxOptions/user: u (a) | "
       "/spec/containers/1/securityContext/seLinuxOptions/type: z (c)"},
      {"a role that is a number", 37,
       "spec: {containers: [{name: a, securityContext: {seLinuxOptions: {role: 0}}}]}",
       R"(seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: role may not be set))",
       "/spec/containers/0/securityContext/seLinuxOptions/role: 0 (a)"},
      {"options that are a text are one site", 37,
       "spec: {containers: [{name: a, securityContext: {seLinuxOptions: container_t}}]}",
       R"(seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "value of a wrong type"; user may not be set; role may not be set))",
       "/spec/containers/0/securityContext/seLinuxOptions: string (a)"},
  };
  expect_cases(kSeLinuxOptions, cases);
}

}  // namespace

}  // namespace tally::pod_security
