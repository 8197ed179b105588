// Rule: pods may set the safe kernel parameters only: those of their own namespaces that disturb no
// neighbour.
//   spec.securityContext.sysctls[*].name
//   allowed: kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.tcp_syncookies,
//            net.ipv4.ping_group_range, net.ipv4.ip_unprivileged_port_start
//     since 1.27 net.ipv4.ip_local_reserved_ports
//     since 1.29 net.ipv4.tcp_keepalive_time, tcp_fin_timeout, tcp_keepalive_intvl,
//     tcp_keepalive_probes since 1.32 net.ipv4.tcp_rmem, tcp_wmem since 1.37
//     net.ipv4.tcp_slow_start_after_idle, tcp_notsent_lowat
// k8s.io/pod-security-admission v0.37.2, policy/check_sysctls.go
#include <algorithm>
#include <array>

#include "pod_security/internal/check.hpp"
#include "pod_security/internal/controls.hpp"

namespace tally::pod_security {

namespace {

// In the order of their versions: a version allows a prefix.
constexpr auto kSafe = std::to_array<std::string_view>({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",  // 1.0
    "net.ipv4.ip_local_reserved_ports",                                  // 1.27
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",           // 1.29
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",     //
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",                            // 1.32
    "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",  // 1.37
});

constexpr Place kSysctl{.root = Place::Root::Spec,
                        .path = "securityContext/sysctls/*/name",
                        .allowed = "a safe sysctl of this version of the standard"};
const document::Name kName{"name"};

template <std::size_t Allowed>
void test(const PodView& pod, Offences& offences) {
  constexpr auto kAllowed = std::span{kSafe}.first<Allowed>();
  std::uint32_t index = 0;
  for (const document::Node& sysctl : elements(pod.security.sysctls)) {
    const document::Node* name = member(element_map(sysctl), kName);
    if (name == nullptr || !name->is_string() ||
        std::ranges::find(kAllowed, name->text()) == kAllowed.end()) {
      offences.add({.place = &kSysctl,
                    .container = nullptr,
                    .value = name,
                    .text = name == nullptr ? std::string_view{} : display_text(*name),
                    .found = {},
                    .key = {},
                    .index = index});
    }
    ++index;
  }
}

void describe(std::span<const Offence> offences, Description& description) {
  description.set_reason("forbidden sysctls");
  description.write_joined(description.texts(offences));
}

constexpr auto kRows = std::to_array<Row>({
    {.since = 0, .test = test<5>, .describe = describe},
    {.since = 27, .test = test<6>, .describe = describe},
    {.since = 29, .test = test<10>, .describe = describe},
    {.since = 32, .test = test<12>, .describe = describe},
    {.since = 37, .test = test<14>, .describe = describe},
});
constexpr std::array kControls = {nist_800_53("CM-6"), nist_800_53("CM-7"), nist_800_53("SC-39"),
                                  pci_dss("2.2.6"), nsa_cisa(kPodSecurityEnforcement)};
constexpr std::array kReferences = {
    kPodSecurityStandards,
    std::string_view{"https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/"}};

}  // namespace

extern constinit const PodCheck kSysctls{
    .record =
        {.engine = kEngine,
         .policy = "baseline",
         .id = "sysctls",
         .title = "Unsafe kernel parameter",
         .description =
             "Most sysctls act on the whole node or can starve its other pods; some switch off "
             "protections of the kernel. Only a short list of parameters that stay inside the "
             "pod's "
             "own namespaces is safe for any pod to set.",
         .remedy = "Remove the sysctl, or have the platform set it on the nodes.",
         .severity = finding::Severity::High,
         .controls = kControls,
         .references = kReferences},
    .level = Level::Baseline,
    .rows = kRows,
    .overrides = {}};

}  // namespace tally::pod_security
