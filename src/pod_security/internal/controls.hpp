#pragma once
// The frameworks that check records refer to, spelt once. Numbers and section names only: their
// wording is not ours.

#include <string_view>

#include "finding/finding.hpp"

namespace tally::pod_security {

constexpr finding::Control pci_dss(std::string_view requirement) {
  return {"PCI DSS", "4.0.1", requirement};
}
constexpr finding::Control nist_800_53(std::string_view control) {
  return {"NIST 800-53", "r5", control};
}
constexpr finding::Control nsa_cisa(std::string_view section) {
  return {"NSA/CISA Kubernetes Hardening Guide", "1.2", section};
}
constexpr finding::Control cis(std::string_view number) {
  return {"CIS Kubernetes Benchmark", "1.12", number};
}

// Sections of the guide's chapter on Pod security.
inline constexpr std::string_view kPodSecurityEnforcement = "Pod security enforcement";
inline constexpr std::string_view kNonRootContainers = "Non-root containers";
inline constexpr std::string_view kHardeningContainers = "Hardening container environments";

inline constexpr std::string_view kPodSecurityStandards =
    "https://kubernetes.io/docs/concepts/security/pod-security-standards/";
inline constexpr std::string_view kSecurityContext =
    "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/";

}  // namespace tally::pod_security
