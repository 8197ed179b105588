#pragma once
// One writer per format; report.cpp chooses. Each returns false when the sink was closed.

#include "report/report.hpp"

namespace tally::report {

[[nodiscard]] bool write_table(const finding::Assessment& assessment, const WriteOptions& options,
                               Sink& sink);
[[nodiscard]] bool write_json(const finding::Assessment& assessment, const WriteOptions& options,
                              Sink& sink);
[[nodiscard]] bool write_yaml(const finding::Assessment& assessment, const WriteOptions& options,
                              Sink& sink);
[[nodiscard]] bool write_sarif(const finding::Assessment& assessment, const WriteOptions& options,
                               Sink& sink);
[[nodiscard]] bool write_junit(const finding::Assessment& assessment, const WriteOptions& options,
                               Sink& sink);
[[nodiscard]] bool write_markdown(const finding::Assessment& assessment,
                                  const WriteOptions& options, Sink& sink);
[[nodiscard]] bool write_html(const finding::Assessment& assessment, const WriteOptions& options,
                              Sink& sink);
[[nodiscard]] bool write_policy_report(const finding::Assessment& assessment,
                                       const WriteOptions& options, Sink& sink);
[[nodiscard]] bool write_open_reports(const finding::Assessment& assessment,
                                      const WriteOptions& options, Sink& sink);
[[nodiscard]] bool write_github(const finding::Assessment& assessment, const WriteOptions& options,
                                Sink& sink);

}  // namespace tally::report
