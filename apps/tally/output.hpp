#pragma once
// Where reports go: standard output or files, as `-o FORMAT[=FILE]` says.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "report/report.hpp"

namespace tally::app {

struct Output {
  report::Format format = report::Format::Table;
  std::string file;  // empty: standard output
};

// At most one output goes to standard output. Nothing given: the table.
[[nodiscard]] Result<std::vector<Output>> parse_outputs(const std::vector<std::string>& texts);

// A file descriptor. Short writes are continued; a closed pipe ends the writing without an error.
class DescriptorSink final : public report::Sink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}
  [[nodiscard]] bool write(std::string_view bytes) override;
  // errno of a failed write other than a closed pipe; 0 otherwise.
  [[nodiscard]] int failure() const noexcept { return failure_; }

 private:
  int descriptor_;
  int failure_ = 0;
};

// To a file through FileWriter: a reader never sees half a report.
[[nodiscard]] Result<void> write_report(const Output& output, const finding::Assessment& assessment,
                                        const report::WriteOptions& options);

// Of --fail-on: "critical" to "info"; nothing for any other text: never.
[[nodiscard]] std::optional<finding::Severity> severity_of(std::string_view text) noexcept;

// Standard output without buffering surprises; false when the reader is gone.
bool print(std::string_view text);
void print_error(std::string_view text);

}  // namespace tally::app
