#include "output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

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
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      failure_ = errno == EPIPE ? 0 : errno;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

namespace {

std::string system_text(int code) {
  return std::error_code(code, std::generic_category()).message();
}

Result<void> write_to_file(const Output& output, const finding::Assessment& assessment,
                           const report::WriteOptions& options) {
  const std::string temporary = fmt::format("{}.{}.tmp", output.file, ::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return environment_error(fmt::format("cannot write {}: {}", output.file, system_text(errno)));
  }
  DescriptorSink sink(descriptor);
  const bool complete = report::write(output.format, assessment, options, sink);
  int failure = complete ? 0 : sink.failure();
  if (::close(descriptor) != 0 && failure == 0) {
    failure = errno;
  }
  if (failure == 0 && std::rename(temporary.c_str(), output.file.c_str()) == 0) {
    return {};
  }
  failure = failure == 0 ? errno : failure;
  static_cast<void>(::unlink(temporary.c_str()));
  return environment_error(fmt::format("cannot write {}: {}", output.file, system_text(failure)));
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
        fmt::format("cannot write to standard output: {}", system_text(sink.failure())));
  }
  return {};
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
