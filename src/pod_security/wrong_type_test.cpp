// Deny in doubt (internal/pod_view.hpp): every value of a pod that examined fields are made of is
// replaced by values of every other kind. Nothing crashes, and no replacement makes a check pass
// that failed, or hides what was forbidden.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/read.hpp"
#include "pod_security/pod_security.hpp"
#include "pod_security/scratch.hpp"

namespace tally::pod_security {
namespace {

// `@` marks a value to replace, up to the next blank-separated `@@`; the text without marks is the
// pod itself.
struct Template {
  std::string_view name;
  std::string_view text;
  Level level = Level::Baseline;
  std::uint16_t minor = 37;
};

// Forbidden things: the pod fails, and must go on failing whatever stands at the mark.
constexpr Template kForbidden[] = {
    {"spec", "{spec: @{hostPID: true}@@}"},
    {"hostNetwork", "{spec: {hostNetwork: @true@@}}"},
    {"hostPID", "{spec: {hostPID: @true@@}}"},
    {"hostIPC", "{spec: {hostIPC: @true@@}}"},
    {"containers", "{spec: {containers: @[{name: a, securityContext: {privileged: true}}]@@}}"},
    {"container", "{spec: {containers: [@{name: a, securityContext: {privileged: true}}@@]}}"},
    {"initContainers", "{spec: {initContainers: @[{name: a, ports: [{hostPort: 1}]}]@@}}"},
    {"ephemeralContainers",
     "{spec: {ephemeralContainers: @[{name: a, securityContext: {privileged: true}}]@@}}"},
    {"securityContext",
     "{spec: {containers: [{name: a, securityContext: @{privileged: true}@@}]}}"},
    {"privileged", "{spec: {containers: [{name: a, securityContext: {privileged: @true@@}}]}}"},
    {"pod securityContext", "{spec: {securityContext: @{sysctls: [{name: x}]}@@}}"},
    {"sysctls", "{spec: {securityContext: {sysctls: @[{name: x}]@@}}}"},
    {"sysctl", "{spec: {securityContext: {sysctls: [@{name: x}@@]}}}"},
    {"sysctl name", "{spec: {securityContext: {sysctls: [{name: @x@@}]}}}"},
    {"capabilities",
     "{spec: {containers: [{name: a, securityContext: {capabilities: @{add: [X]}@@}}]}}"},
    {"add", "{spec: {containers: [{name: a, securityContext: {capabilities: {add: @[X]@@}}}]}}"},
    {"capability",
     "{spec: {containers: [{name: a, securityContext: {capabilities: {add: [@X@@]}}}]}}"},
    {"seccompProfile", "{spec: {securityContext: {seccompProfile: @{type: Unconfined}@@}}}"},
    {"seccompProfile type", "{spec: {securityContext: {seccompProfile: {type: @Unconfined@@}}}}"},
    {"appArmorProfile", "{spec: {securityContext: {appArmorProfile: @{type: Unconfined}@@}}}"},
    {"appArmorProfile type", "{spec: {securityContext: {appArmorProfile: {type: @Unconfined@@}}}}"},
    {"seLinuxOptions", "{spec: {securityContext: {seLinuxOptions: @{user: u}@@}}}"},
    {"seLinuxOptions type", "{spec: {securityContext: {seLinuxOptions: {type: @t@@}}}}"},
    {"seLinuxOptions user", "{spec: {securityContext: {seLinuxOptions: {user: @u@@}}}}"},
    {"seLinuxOptions role", "{spec: {securityContext: {seLinuxOptions: {role: @r@@}}}}"},
    {"windowsOptions", "{spec: {securityContext: {windowsOptions: @{hostProcess: true}@@}}}"},
    {"hostProcess", "{spec: {securityContext: {windowsOptions: {hostProcess: @true@@}}}}"},
    {"procMount", "{spec: {containers: [{name: a, securityContext: {procMount: @Unmasked@@}}]}}"},
    {"ports", "{spec: {containers: [{name: a, ports: @[{hostPort: 1}]@@}]}}"},
    {"port", "{spec: {containers: [{name: a, ports: [@{hostPort: 1}@@]}]}}"},
    {"hostPort", "{spec: {containers: [{name: a, ports: [{hostPort: @1@@}]}]}}"},
    {"volumes", "{spec: {volumes: @[{name: a, hostPath: {}}]@@}}"},
    {"volume", "{spec: {volumes: [@{name: a, hostPath: {}}@@]}}"},
    {"hostPath", "{spec: {volumes: [{name: a, hostPath: @{path: /}@@}]}}"},
    {"livenessProbe", "{spec: {containers: [{name: a, livenessProbe: @{httpGet: {host: x}}@@}]}}"},
    {"httpGet", "{spec: {containers: [{name: a, readinessProbe: {httpGet: @{host: x}@@}}]}}"},
    {"host", "{spec: {containers: [{name: a, startupProbe: {tcpSocket: {host: @x@@}}}]}}"},
    {"lifecycle",
     "{spec: {containers: [{name: a, lifecycle: @{preStop: {httpGet: {host: x}}}@@}]}}"},
    {"preStop", "{spec: {containers: [{name: a, lifecycle: {preStop: @{httpGet: {host: x}}@@}}]}}"},
    {"metadata",
     "{metadata: @{annotations: {container.apparmor.security.beta.kubernetes.io/a: x}}@@}"},
    {"annotations",
     "{metadata: {annotations: @{container.apparmor.security.beta.kubernetes.io/a: x}@@}}"},
    {"annotation",
     "{metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: @x@@}}}"},
    {"seccomp annotation",
     "{metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: @x@@}}}", Level::Baseline,
     18},
    {"runAsUser", "{spec: {securityContext: {runAsUser: @0@@}}}", Level::Restricted},
    {"container runAsUser",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: true, runAsUser: @0@@, seccompProfile: {type: RuntimeDefault}, capabilities: "
     "{drop: [ALL]}}}]}}",
     Level::Restricted},
};

// Required things: the pod passes, and must fail whatever else stands at the mark.
constexpr Template kRequired[] = {
    {"container",
     "{spec: {containers: [@{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: true, "
     "seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}@@]}}",
     Level::Restricted},
    {"securityContext",
     "{spec: {containers: [{name: a, securityContext: @{allowPrivilegeEscalation: false, "
     "runAsNonRoot: "
     "true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}@@}]}}",
     Level::Restricted},
    {"allowPrivilegeEscalation",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: @false@@, "
     "runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: "
     "[ALL]}}}]}}",
     Level::Restricted},
    {"runAsNonRoot",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: "
     "@true@@, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}]}}",
     Level::Restricted},
    {"seccompProfile",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: "
     "true, seccompProfile: @{type: RuntimeDefault}@@, capabilities: {drop: [ALL]}}}]}}",
     Level::Restricted},
    {"type",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: true, "
     "seccompProfile: {type: @RuntimeDefault@@}, capabilities: {drop: [ALL]}}}]}}",
     Level::Restricted},
    {"capabilities",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: true, "
     "seccompProfile: {type: RuntimeDefault}, capabilities: @{drop: [ALL]}@@}}]}}",
     Level::Restricted},
    {"drop",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: true, "
     "seccompProfile: {type: RuntimeDefault}, capabilities: {drop: @[ALL]@@}}}]}}",
     Level::Restricted},
    {"ALL",
     "{spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, "
     "runAsNonRoot: true, "
     "seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [@ALL@@]}}}]}}",
     Level::Restricted},
    {"emptyDir", "{spec: {volumes: [{name: v, emptyDir: @{}@@}]}}", Level::Restricted},
    // A relaxation is granted by its exact value only.
    {"hostUsers",
     "{spec: {hostUsers: @false@@, containers: [{name: a, securityContext: {procMount: "
     "Unmasked}}]}}"},
    {"os",
     "{spec: {os: @{name: windows}@@, securityContext: {runAsNonRoot: true}, containers: [{name: "
     "a}]}}",
     Level::Restricted},
    {"os name",
     "{spec: {os: {name: @windows@@}, securityContext: {runAsNonRoot: true}, containers: [{name: "
     "a}]}}",
     Level::Restricted},
};

enum class Verdict : std::uint8_t { Allowed, Refused, Unread };

Verdict judge(const std::string& text, const Template& pod_template) {
  Arena arena;
  const auto source = document::Source::from_text("pod.yaml", text);
  const auto root = document::read_one(*source, arena);
  if (!root) {
    return Verdict::Unread;
  }
  Scratch scratch;
  const Pod pod{.metadata = root->find("metadata"),
                .spec = root->find("spec"),
                .metadata_pointer = "/metadata",
                .spec_pointer = "/spec"};
  const auto results = evaluate(
      pod, plan_for({.level = pod_template.level, .version = Version::minor(pod_template.minor)}),
      scratch, arena);
  for (const CheckResult& result : results) {
    EXPECT_FALSE(result.sites.empty());
    for (const Site& site : result.sites) {
      EXPECT_LE(site.offset, text.size());
      EXPECT_FALSE(site.pointer.empty() || site.found.empty() || site.message.empty())
          << site.pointer;
    }
  }
  return results.empty() ? Verdict::Allowed : Verdict::Refused;
}

std::string with(std::string_view text, std::string_view replacement) {
  const auto begin = text.find('@');
  const auto end = text.find("@@", begin + 1);
  const std::string_view kept = text.substr(begin + 1, end - begin - 1);
  return std::string(text.substr(0, begin)) +
         std::string(replacement.empty() ? kept : replacement) + std::string(text.substr(end + 2));
}

// No value of these is right at any mark: a wrong kind, or a wrong value of the right kind.
constexpr std::string_view kWrong[] = {
    "\"true\"", "\"false\"", "yes please", "\"0\"", "3.5", "1e-3", "99999999999999999999",
    "[x]",      "[[]]",      "[{}, 5]",    "[5]",   "-0.5"};

TEST(WrongTypeTest, HidesNothingForbidden) {
  for (const Template& pod : kForbidden) {
    EXPECT_EQ(judge(with(pod.text, ""), pod), Verdict::Refused) << pod.text;
    for (const std::string_view wrong : kWrong) {
      // A list of an empty map or list is of the right kind where a list is expected, and sets
      // nothing.
      EXPECT_EQ(judge(with(pod.text, wrong), pod), Verdict::Refused) << with(pod.text, wrong);
    }
  }
}

TEST(WrongTypeTest, SatisfiesNothingRequired) {
  for (const Template& pod : kRequired) {
    EXPECT_EQ(judge(with(pod.text, ""), pod), Verdict::Allowed) << pod.text;
    for (const std::string_view wrong : kWrong) {
      EXPECT_EQ(judge(with(pod.text, wrong), pod), Verdict::Refused) << with(pod.text, wrong);
    }
  }
}

TEST(WrongTypeTest, NullIsNotSet) {
  for (const Template& pod : kForbidden) {
    const bool sets_a_profile = pod.name.ends_with("Profile type") || pod.name == "sysctl" ||
                                pod.name == "sysctl name" || pod.name == "capability" ||
                                pod.name == "seccomp annotation";
    EXPECT_EQ(judge(with(pod.text, "null"), pod),
              sets_a_profile ? Verdict::Refused : Verdict::Allowed)
        << with(pod.text, "null");
  }
}

}  // namespace
}  // namespace tally::pod_security
