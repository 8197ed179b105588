#pragma once
// The report resources of wgpolicyk8s.io/v1alpha2 and its successor openreports.io/v1alpha1: the
// same shape under other names.

#include <string_view>

#include "report/report.hpp"

namespace tally::report {

struct ClusterReportKind {
  std::string_view api_version;
  std::string_view kind;          // of a namespace
  std::string_view cluster_kind;  // of what has no namespace
  bool report_source = false;     // the report itself names its source
};

[[nodiscard]] bool write_cluster_reports(const ClusterReportKind& kind,
                                         const finding::Assessment& assessment,
                                         const WriteOptions& options, Sink& sink);

}  // namespace tally::report
