#include "output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/file_writer.hpp"

namespace tally::app {

Result<std::vector<Output>> parse_outputs(const std::vector<std::string>& texts) {
  std::vector<Output> outputs;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    Output output;
    TALLY_TRY(output.format, report::parse_format(text.substr(0, equals)));
    if (equals != std::string::npos) {
      output.file = text.substr(equals + 1);
      if (output.file.empty()) {
        return content_error(
            fmt::format("-o {}: found no file name after '=', expected FORMAT=FILE", text));
      }
    }
    outputs.push_back(std::move(output));
  }
  if (outputs.empty()) {
    outputs.push_back({.format = report::Format::Table, .file = {}});
  }
  if (std::ranges::count(outputs, std::string{}, &Output::file) > 1) {
    return content_error(
        "two outputs go to standard output; give all but one a file: -o FORMAT=FILE");
  }
  return outputs;
}

bool DescriptorSink::write(std::string_view bytes) {
  const int code = write_all(descriptor_, bytes);
  failure_ = code == EPIPE ? 0 : code;
  return code == 0;
}

namespace {

class FileSink final : public report::Sink {
 public:
  explicit FileSink(FileWriter& writer) : writer_(&writer) {}
  [[nodiscard]] bool write(std::string_view bytes) override { return writer_->write(bytes); }

 private:
  FileWriter* writer_;
};

Result<void> write_to_file(const Output& output, const finding::Assessment& assessment,
                           const report::WriteOptions& options) {
  TALLY_TRY(auto writer, FileWriter::create(output.file));
  FileSink sink(writer);
  static_cast<void>(report::write(output.format, assessment, options, sink));
  return writer.commit();
}

}  // namespace

Result<void> write_report(const Output& output, const finding::Assessment& assessment,
                          const report::WriteOptions& options) {
  if (!output.file.empty()) {
    return write_to_file(output, assessment, options);
  }
  DescriptorSink sink(STDOUT_FILENO);
  if (!report::write(output.format, assessment, options, sink) && sink.failure() != 0) {
    return environment_error(
        fmt::format("cannot write to standard output: {}",
                    std::error_code(sink.failure(), std::generic_category()).message()));
  }
  return {};
}

std::optional<finding::Severity> severity_of(std::string_view text) noexcept {
  using finding::Severity;
  for (const Severity severity :
       {Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info}) {
    if (finding::to_text(severity) == text) {
      return severity;
    }
  }
  return std::nullopt;
}

bool print(std::string_view text) {
  DescriptorSink sink(STDOUT_FILENO);
  return sink.write(text);
}

void print_error(std::string_view text) {
  DescriptorSink sink(STDERR_FILENO);
  static_cast<void>(sink.write(text));
}

}  // namespace tally::app
