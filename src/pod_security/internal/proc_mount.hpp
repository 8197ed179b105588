#pragma once
// The fields of both procMount checks: baseline and, where user namespaces relax that one,
// restricted. k8s.io/pod-security-admission v0.37.2, policy/check_procMount_baseline.go,
// procMount_1_0

#include "pod_security/internal/check.hpp"

namespace tally::pod_security {

void test_proc_mount(const PodView& pod, Offences& offences);
void describe_proc_mount(std::span<const Offence> offences, Description& description);

}  // namespace tally::pod_security
