#include "pod_security/internal/check_cases.hpp"

namespace tally::pod_security {

extern const PodCheck kSysctls;

namespace {

TEST(SysctlsTest, Passes) {
  const Case cases[] = {
      {"allowed from the first version", 0,
       R"(spec: {securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: "1"}, {name: net.ipv4.ip_local_port_range, value: "1"}, {name: net.ipv4.tcp_syncookies, value: "1"}, {name: net.ipv4.ping_group_range, value: "1"}, {name: net.ipv4.ip_unprivileged_port_start, value: "1"}]}})",
       "", ""},
      {"allowed since 1.27", 27,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.ip_local_reserved_ports, value: "1"}]}})",
       "", ""},
      {"allowed since 1.29", 29,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_keepalive_time, value: "1"}, {name: net.ipv4.tcp_fin_timeout, value: "1"}, {name: net.ipv4.tcp_keepalive_intvl, value: "1"}, {name: net.ipv4.tcp_keepalive_probes, value: "1"}]}})",
       "", ""},
      {"allowed since 1.32", 32,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: "1"}, {name: net.ipv4.tcp_wmem, value: "1"}]}})",
       "", ""},
      {"allowed since 1.37", 37,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_slow_start_after_idle, value: "1"}, {name: net.ipv4.tcp_notsent_lowat, value: "1"}]}})",
       "", ""},
  };
  expect_cases(kSysctls, cases);
}

TEST(SysctlsTest, Fails) {
  const Case cases[] = {
      {"too early for 1.27", 26,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.ip_local_reserved_ports, value: "1"}]}})",
       "forbidden sysctls (net.ipv4.ip_local_reserved_ports)",
       "/spec/securityContext/sysctls/0/name: net.ipv4.ip_local_reserved_ports"},
      {"too early for 1.29", 28,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_keepalive_time, value: "1"}, {name: net.ipv4.tcp_fin_timeout, value: "1"}, {name: net.ipv4.tcp_keepalive_intvl, value: "1"}, {name: net.ipv4.tcp_keepalive_probes, value: "1"}]}})",
       "forbidden sysctls (net.ipv4.tcp_keepalive_time, net.ipv4.tcp_fin_timeout, "
       "net.ipv4.tcp_keepalive_intvl, net.ipv4.tcp_keepalive_probes)",
       "/spec/securityContext/sysctls/0/name: net.ipv4.tcp_keepalive_time | "
       "/spec/securityContext/sysctls/1/name: net.ipv4.tcp_fin_timeout | "
       "/spec/securityContext/sysctls/2/name: net.ipv4.tcp_keepalive_intvl | "
       "/spec/securityContext/sysctls/3/name: net.ipv4.tcp_keepalive_probes"},
      {"too early for 1.32", 31,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: "1"}, {name: net.ipv4.tcp_wmem, value: "1"}]}})",
       "forbidden sysctls (net.ipv4.tcp_rmem, net.ipv4.tcp_wmem)",
       "/spec/securityContext/sysctls/0/name: net.ipv4.tcp_rmem | "
       "/spec/securityContext/sysctls/1/name: net.ipv4.tcp_wmem"},
      {"too early for 1.37", 36,
       R"(spec: {securityContext: {sysctls: [{name: net.ipv4.tcp_slow_start_after_idle, value: "1"}, {name: net.ipv4.tcp_notsent_lowat, value: "1"}]}})",
       "forbidden sysctls (net.ipv4.tcp_slow_start_after_idle, net.ipv4.tcp_notsent_lowat)",
       "/spec/securityContext/sysctls/0/name: net.ipv4.tcp_slow_start_after_idle | "
       "/spec/securityContext/sysctls/1/name: net.ipv4.tcp_notsent_lowat"},
      {"in order, not as a set", 37,
       R"(spec: {securityContext: {sysctls: [{name: vm.swappiness, value: "1"}, {name: net.ipv4.tcp_rmem, value: "1"}, {name: kernel.msgmax, value: "1"}, {name: vm.swappiness, value: "1"}]}})",
       "forbidden sysctls (vm.swappiness, kernel.msgmax, vm.swappiness)",
       "/spec/securityContext/sysctls/0/name: vm.swappiness | "
       "/spec/securityContext/sysctls/2/name: kernel.msgmax | "
       "/spec/securityContext/sysctls/3/name: vm.swappiness"},
      {"without a name: no detail", 37, "spec: {securityContext: {sysctls: [null]}}",
       "forbidden sysctls", "/spec/securityContext/sysctls/0/name: not set"},
      {"a list of names", 37, "spec: {securityContext: {sysctls: [net.ipv4.tcp_rmem]}}",
       "forbidden sysctls (value of a wrong type)", "/spec/securityContext/sysctls/0: string"},
  };
  expect_cases(kSysctls, cases);
}

}  // namespace

}  // namespace tally::pod_security
