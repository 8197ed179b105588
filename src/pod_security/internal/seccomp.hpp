#pragma once
// What both seccomp checks share since 1.19, when the profile became a field.
// k8s.io/pod-security-admission v0.37.2, policy/check_seccompProfile_baseline.go,
// check_seccompProfile_restricted.go

#include "pod_security/internal/check.hpp"

namespace tally::pod_security {

// The type of a profile; nullptr: not set, which is not allowed where there is a profile.
[[nodiscard]] const document::Node* seccomp_type(const document::Node* profile);
[[nodiscard]] bool is_allowed_seccomp_type(const document::Node* type);

// `pod and container "a" must not set securityContext.seccompProfile.type to "x"`.
void describe_seccomp_setters(std::span<const Offence> offences, Description& description);

inline constexpr std::string_view kSeccompPath = "securityContext/seccompProfile/type";
inline constexpr std::string_view kSeccompTutorial =
    "https://kubernetes.io/docs/tutorials/security/seccomp/";

}  // namespace tally::pod_security
