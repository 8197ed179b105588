// docs/jmespath.md says what the records say, and their examples are true.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "jmespath/function.hpp"
#include "jmespath/testing/evaluate.hpp"

namespace tally::jmespath {
namespace {

TEST(FunctionReferenceTest, ExamplesAreTrue) {
  for (const std::span<const Function> family : all_functions()) {
    for (const Function& function : family) {
      if (!function.example.empty()) {
        const Dialect dialect =
            function.origin == Origin::KyvernoJson ? Dialect::KyvernoJson : Dialect::Kyverno;
        EXPECT_EQ(evaluate_text(function.example, "{}", {.dialect = dialect}), "V true")
            << function.example;
      }
    }
  }
}

// docs/jmespath.md says what the records say. UPDATE_GOLDEN=1 writes it.

std::string parameters_text(const Function& function) {
  std::string out;
  const std::size_t least = function.parameters.size() - function.optional;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    out += (out.empty() ? "" : ", ") + accepts_text(function.parameters[i]);
    out += i >= least ? "?" : "";
  }
  return function.takes_anything ? "..." : function.is_variadic ? out + ", ..." : out;
}

std::string reference() {
  std::string out =
      "# JMESPath functions\n\n"
      "Which functions the expressions of Kyverno's classic policies, and `tally jp`, may call. "
      "Generated from the\nrecords of the functions; change those, not this page.\n\n";
  for (const Origin origin : {Origin::Standard, Origin::Kyverno, Origin::KyvernoJson}) {
    out += origin == Origin::Standard  ? "## Functions of the specification\n\n"
           : origin == Origin::Kyverno ? "## Functions that Kyverno adds\n\n"
                                       : "## Functions of assertion trees only\n\n";
    for (const std::span<const Function> family : all_functions()) {
      for (const Function& function : family) {
        if (function.origin != origin) {
          continue;
        }
        out += fmt::format("### {0}\n\n{1}\n\n```\n{0}({2}) -> {3}{4}\n```\n\n", function.name,
                           function.summary, parameters_text(function),
                           accepts_text(function.returns), function.may_return_null ? "|null" : "");
        if (!function.example.empty()) {
          out += fmt::format("Example: {0}{1}{0}\n\n",
                             function.example.find('`') == std::string_view::npos ? "`" : "`` ",
                             function.example);
          if (out.find("`` ", out.size() - 5) != std::string::npos) {
            out.replace(out.size() - 5, 3, " ``");
          }
        }
      }
    }
  }
  out.pop_back();
  return out;
}

TEST(FunctionReferenceTest, DocumentationIsWhatTheRecordsSay) {
  const std::string path = TALLY_SOURCE_DIR "/docs/jmespath.md";
  const std::string wanted = reference();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
    std::ofstream(path, std::ios::binary) << wanted;
  }
  std::ostringstream found;
  found << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(found.str(), wanted) << "UPDATE_GOLDEN=1 writes docs/jmespath.md anew";
}

TEST(FunctionReferenceTest, RecordsAreWhole) {
  std::set<std::string_view> names;
  for (const std::span<const Function> family : all_functions()) {
    for (const Function& function : family) {
      EXPECT_TRUE(names.insert(function.name).second || function.name == "sum") << function.name;
      EXPECT_TRUE(function.summary.ends_with('.')) << function.name;
      EXPECT_NE(function.apply, nullptr) << function.name;
    }
  }
  EXPECT_EQ(find_function("sum", Dialect::Kyverno)->origin, Origin::Kyverno);
  EXPECT_EQ(find_function("sum", Dialect::Standard)->origin, Origin::Standard);
  EXPECT_EQ(find_function("split", Dialect::Standard), nullptr);
  EXPECT_NE(find_function("zip", Dialect::KyvernoJson), nullptr);
  EXPECT_EQ(find_function("zip", Dialect::Kyverno), nullptr);
  EXPECT_EQ(find_function("sha256", Dialect::KyvernoJson), nullptr);
  EXPECT_EQ(find_function("sum", Dialect::KyvernoJson)->origin, Origin::Kyverno);
}

}  // namespace
}  // namespace tally::jmespath
