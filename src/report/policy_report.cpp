// https://github.com/kubernetes-sigs/wg-policy-prototypes, CRDs of v1alpha2.
#include "report/internal/cluster_report.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

bool write_policy_report(const finding::Assessment& assessment, const WriteOptions& options,
                         Sink& sink) {
  constexpr ClusterReportKind kKind = {.api_version = "wgpolicyk8s.io/v1alpha2",
                                       .kind = "PolicyReport",
                                       .cluster_kind = "ClusterPolicyReport",
                                       .report_source = false};
  return write_cluster_reports(kKind, assessment, options, sink);
}

}  // namespace tally::report
