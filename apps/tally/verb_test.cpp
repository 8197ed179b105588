// `tally test PATH...`: runs kyverno-test.yaml files and says what they prove.
#include <fmt/format.h>

#include <chrono>

#include "base/parallel.hpp"
#include "kube/api_kinds.hpp"
#include "output.hpp"
#include "policy_test/suite.hpp"
#include "policy_test/test_report.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

int fail(const std::string& message) {
  print_error(fmt::format("tally test: {}\n", message));
  return 2;
}

}  // namespace

int run_test(const TestFlags& flags) {
  const auto filter = policy_test::Filter::parse(flags.filter);
  if (!filter) {
    return fail(filter.error().message);
  }
  const policy_test::FoundTests found = policy_test::find_tests(
      flags.paths.empty() ? std::vector<std::string>{"."} : flags.paths, flags.file_name);
  if (!found.errors.empty()) {
    return fail(found.errors.front().to_string());
  }
  if (found.files.empty() && found.suites.empty()) {
    print_error("tally test: no tests found\n");
    return flags.require_tests ? 2 : 0;
  }
  kube::load_api_kinds();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const policy_test::RunOptions options{
      .filter = *filter,
      .now_seconds = seconds.count(),
      .now_nanoseconds = static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(now - seconds).count())};
  std::vector<std::vector<policy_test::CaseReport>> by_file(found.files.size() +
                                                            found.suites.size());
  const unsigned threads = flags.threads == 0 ? hardware_threads() : flags.threads;
  parallel_for(by_file.size(), threads, [&](std::size_t i, unsigned) {
    by_file[i] = i < found.files.size()
                     ? policy_test::run_file(found.files[i], options)
                     : policy_test::run_suite(found.suites[i - found.files.size()], options);
  });
  std::vector<policy_test::CaseReport> reports;
  for (auto& own : by_file) {
    reports.insert(reports.end(), std::make_move_iterator(own.begin()),
                   std::make_move_iterator(own.end()));
  }
  std::string text;
  if (flags.output == "json") {
    text = policy_test::to_json(reports, flags.fail_only);
  } else if (flags.output == "junit") {
    text = policy_test::to_junit(reports, flags.fail_only);
  } else {
    text = policy_test::to_table(reports, {.fail_only = flags.fail_only,
                                           .detailed = flags.detailed,
                                           .coverage = flags.coverage,
                                           .color = !flags.no_color && detect_terminal().color});
  }
  static_cast<void>(print(text));
  const policy_test::Totals totals = policy_test::count(reports);
  if (totals.errors > 0) {
    return 2;
  }
  return totals.cases_failed > 0 ? 1 : 0;
}

}  // namespace tally::app
