// https://github.com/openreports/reports-api, CRDs of v1alpha1.
#include "report/internal/cluster_report.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

bool write_open_reports(const finding::Assessment& assessment, const WriteOptions& options,
                        Sink& sink) {
  constexpr ClusterReportKind kKind = {.api_version = "openreports.io/v1alpha1",
                                       .kind = "Report",
                                       .cluster_kind = "ClusterReport",
                                       .report_source = true};
  return write_cluster_reports(kKind, assessment, options, sink);
}

}  // namespace tally::report
