#pragma once
// Reports in the cluster: PolicyReport (wgpolicyk8s.io/v1alpha2) and Report (openreports.io/
// v1alpha1), one for a namespace and one for what has none, as JSON for server-side apply.
//
// Bounded: below kReportBytesMax, however many and however long the results are; the annotation
// tallystick.dev/results-left-out says how many are not shown. The summary counts all.
// Deterministic and without a time: equal content is equal text, and need not be written.

#include <cstddef>
#include <cstdint>
#include <string>

#include "audit/auditor.hpp"

namespace tally::audit {

inline constexpr std::size_t kReportBytesMax = 200'000;

enum class ReportKind : std::uint8_t { PolicyReport, OpenReport };

struct ReportIdentity {
  std::string api_version{};  // "wgpolicyk8s.io/v1alpha2"
  std::string kind{};         // "PolicyReport"; "ClusterPolicyReport" without a namespace
  std::string name_space{};
  std::string name{};
};
[[nodiscard]] ReportIdentity report_identity(ReportKind kind, std::string_view name_space);

[[nodiscard]] std::string report_json(ReportKind kind, const ReportContent& content);

}  // namespace tally::audit
