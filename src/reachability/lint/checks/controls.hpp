#pragma once
// The requirements that these checks give evidence for, by what they are about.

#include <array>

#include "finding/finding.hpp"

namespace tally::reachability::linting {

// That there is a policy, and that it denies by default.
inline constexpr std::array kIsolation = {
    finding::Control{"CIS Kubernetes Benchmark", "1.12", "5.3.2"},
    finding::Control{"NIST 800-53", "r5", "SC-7(5)"},
    finding::Control{"PCI DSS", "4.0.1", "1.3.1"},
    finding::Control{"PCI DSS", "4.0.1", "1.3.2"},
};
// That a rule says what was meant.
inline constexpr std::array kFlow = {
    finding::Control{"NIST 800-53", "r5", "AC-4"},
    finding::Control{"PCI DSS", "4.0.1", "1.2.5"},
    finding::Control{"PCI DSS", "4.0.1", "1.2.7"},
};
// What may leave.
inline constexpr std::array kOutbound = {
    finding::Control{"NIST 800-53", "r5", "SC-7"},
    finding::Control{"NIST 800-53", "r5", "AC-4"},
    finding::Control{"PCI DSS", "4.0.1", "1.3.2"},
    finding::Control{"PCI DSS", "4.0.1", "1.4.4"},
};
// What may come in from outside.
inline constexpr std::array kBoundary = {
    finding::Control{"NIST 800-53", "r5", "SC-7"},
    finding::Control{"PCI DSS", "4.0.1", "1.3.1"},
    finding::Control{"PCI DSS", "4.0.1", "1.4.2"},
};
// Who the other side is, and that nobody listens.
inline constexpr std::array kIdentity = {
    finding::Control{"NIST 800-53", "r5", "IA-3"},
    finding::Control{"NIST 800-53", "r5", "SC-8"},
    finding::Control{"PCI DSS", "4.0.1", "2.2.7"},
};
// That what protects also runs.
inline constexpr std::array kOperation = {
    finding::Control{"NIST 800-53", "r5", "CM-6"},
    finding::Control{"PCI DSS", "4.0.1", "1.2.7"},
};

inline constexpr std::array kPolicyReference = {
    std::string_view{"https://kubernetes.io/docs/concepts/services-networking/network-policies/"}};

}  // namespace tally::reachability::linting
