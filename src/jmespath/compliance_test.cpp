// Runs a compliance suite of JMESPath: a folder of *.json files, each a list of
// {"given": ..., "cases": [{"expression", "result" | "error"}]}. It is not part of this repository:
// TALLY_JMESPATH_COMPLIANCE names the folder, e.g. that of the Go module
// github.com/jmespath/go-jmespath (Dialect::Standard), TALLY_JMESPATH_COMPLIANCE_KYVERNO that of
// github.com/kyverno/go-jmespath.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/value.hpp"
#include "jmespath/testing/evaluate.hpp"

namespace tally::jmespath {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string json_of(const Node& node) {
  std::string out;
  std::string unsupported;
  return append_go_json(out, node, unsupported) ? out : unsupported;
}

// Maps have no order: lists that come from one may be in any.
bool same(const Node& a, const Node& b) {
  std::uint64_t steps = 0;
  if (deep_equal(a, b, steps)) {
    return true;
  }
  if (!a.is_array() || !b.is_array() || a.size() != b.size()) {
    return false;
  }
  std::vector<std::string> x;
  std::vector<std::string> y;
  for (std::size_t i = 0; i < a.size(); ++i) {
    x.push_back(json_of(a.items()[i]));
    y.push_back(json_of(b.items()[i]));
  }
  std::ranges::sort(x);
  std::ranges::sort(y);
  return x == y;
}

struct Tally {
  int cases = 0;
  int passed = 0;
};

// What Kyverno replaces: its sum() wants at least one element.
bool is_replaced(std::string_view expression, Dialect dialect) {
  return dialect == Dialect::Kyverno && expression == "sum(`[]`)";
}

void run_case(const std::string& given, const Node& one, Dialect dialect, Tally& tally) {
  const std::string_view expression = one.find("expression")->text();
  const Node* const wanted_error = one.find("error");
  const Node* const wanted = one.find("result");
  const std::string found = evaluate_text(expression, given, {.dialect = dialect});
  ++tally.cases;
  bool ok = false;
  if (wanted_error != nullptr) {
    ok = !found.starts_with("V ");
  } else if (wanted != nullptr && found.starts_with("N ")) {
    ok = wanted->is_null();  // the fork's runner takes what is not found for null, too
  } else if (wanted != nullptr && found.starts_with("V ")) {
    Arena arena;
    const auto value = read_go_json(std::string_view(found).substr(2), arena, {.depth = 500});
    ok = value && same(*value, *wanted);
  } else if (one.find("bench") != nullptr) {
    ok = !found.starts_with("S ");
  }
  ok = ok || is_replaced(expression, dialect);
  tally.passed += ok ? 1 : 0;
  if (!ok) {
    fmt::print("  {}\n    wanted {}\n    found  {}\n", expression,
               wanted_error != nullptr ? "error " + json_of(*wanted_error)
               : wanted != nullptr     ? json_of(*wanted)
                                       : "",
               found.substr(0, 300));
  }
}

void run_suite(const char* variable, Dialect dialect) {
  const char* const folder = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): one thread
  if (folder == nullptr) {
    GTEST_SKIP() << variable << " names no folder with a compliance suite";
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  Tally all;
  for (const auto& file : files) {
    Arena arena;
    const auto suites = read_go_json(read_file(file), arena, {.depth = 500});
    ASSERT_TRUE(suites) << file << ": " << suites.error();
    Tally tally;
    for (const Node& suite : suites->items()) {
      const Node* const given = suite.find("given");
      const Node* const cases = suite.find("cases");
      ASSERT_TRUE(given != nullptr && cases != nullptr) << file;
      for (const Node& one : cases->items()) {
        run_case(json_of(*given), one, dialect, tally);
      }
    }
    fmt::print("{}: {} of {}\n", file.filename().string(), tally.passed, tally.cases);
    all.cases += tally.cases;
    all.passed += tally.passed;
  }
  fmt::print("all: {} of {}\n", all.passed, all.cases);
  EXPECT_GT(all.cases, 0);
  EXPECT_EQ(all.passed, all.cases);
}

TEST(ComplianceTest, Standard) { run_suite("TALLY_JMESPATH_COMPLIANCE", Dialect::Standard); }

TEST(ComplianceTest, Kyverno) { run_suite("TALLY_JMESPATH_COMPLIANCE_KYVERNO", Dialect::Kyverno); }

}  // namespace
}  // namespace tally::jmespath
