#include "input/baseline.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "input/internal/test_tree.hpp"

namespace tally::input {
namespace {

const finding::Check kCheck{.engine = "pod-security",
                            .policy = "baseline",
                            .id = "host-network",
                            .title = {},
                            .description = {},
                            .remedy = {},
                            .severity = finding::Severity::High,
                            .controls = {},
                            .references = {}};

struct Findings {
  std::vector<finding::Subject> subjects;
  std::vector<finding::Finding> rows;
  explicit Findings(const std::vector<const char*>& names) {
    subjects.reserve(names.size());
    for (const char* name : names) {
      finding::Subject subject;
      subject.ref = {.group = "apps",
                     .version = "v1",
                     .kind = "Deployment",
                     .name_space = "shop",
                     .name = name};
      subjects.push_back(subject);
      finding::Finding row;
      row.check = &kCheck;
      row.subject = &subjects.back();
      row.pointer = "/spec/hostNetwork";
      rows.push_back(row);
    }
  }
};

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Baseline, KnowsWhatItWasWrittenFrom) {
  const TestTree tree;
  const std::string path = tree.path("known.json");
  Findings before({"a", "b", "\"odd\"\n"});
  ASSERT_TRUE(write_baseline(path, before.rows));
  const auto baseline = read_baseline(path);
  ASSERT_TRUE(baseline) << baseline.error().to_string();
  ASSERT_EQ(baseline->entries.size(), 3U);
  EXPECT_EQ(baseline->entries[0].rule, "pod-security/baseline/host-network");

  const Findings after({"b", "c"});
  const auto match = apply_baseline(*baseline, after.rows);
  EXPECT_EQ(match.known, (std::vector<bool>{true, false}));
  EXPECT_EQ(match.gone.size(), 2U);
}

TEST(Baseline, OrderAndRepetitionDoNotMatter) {
  Findings forth({"a", "b", "a"});
  Findings back({"b", "a"});
  EXPECT_EQ(baseline_text(forth.rows), baseline_text(back.rows));
  forth.rows[1].verdict = finding::Verdict::Pass;
  back.rows.erase(back.rows.begin());
  EXPECT_EQ(baseline_text(forth.rows), baseline_text(back.rows));
}

TEST(Baseline, AnEmptyOneIsValidAndReplacesAnother) {
  const TestTree tree;
  tree.write("b.json", "old");
  ASSERT_TRUE(write_baseline(tree.path("b.json"), {}));
  EXPECT_EQ(text_of(tree.path("b.json")),
            "{\"apiVersion\":\"tallystick.dev/v1alpha1\",\"kind\":\"Baseline\",\"findings\":[]}\n");
  EXPECT_TRUE(read_baseline(tree.path("b.json"))->entries.empty());
  EXPECT_FALSE(write_baseline(tree.path("absent/b.json"), {}));
}

TEST(Baseline, RefusesWhatIsNone) {
  const TestTree tree;
  const std::string head =
      R"({"apiVersion":"tallystick.dev/v1alpha1","kind":"Baseline","findings":)";
  const std::array rows = {
      std::pair<std::string, const char*>{"", "no document"},
      std::pair<std::string, const char*>{"{", ""},
      std::pair<std::string, const char*>{"[]", "expected a map"},
      std::pair<std::string, const char*>{"{}", "found no baseline"},
      std::pair<std::string, const char*>{head + "{}}", "expected a list"},
      std::pair<std::string, const char*>{head + "[1]}", "expected a map"},
      std::pair<std::string, const char*>{head + "[{}]}", "without 'fingerprint'"},
      std::pair<std::string, const char*>{head + R"([{"fingerprint":"12"}]})",
                                          "expected 64 hex digits"},
      std::pair<std::string, const char*>{head + R"([{"fingerprints":"12"}]})",
                                          "did you mean 'fingerprint'"},
      std::pair<std::string, const char*>{head + "[]} {}", "second document"},
  };
  for (const auto& [text, message] : rows) {
    tree.write("b.json", text);
    const auto refused = read_baseline(tree.path("b.json"));
    ASSERT_FALSE(refused) << text;
    EXPECT_NE(refused.error().message.find(message), std::string::npos)
        << text << " " << refused.error().message;
  }
  EXPECT_FALSE(read_baseline(tree.path("absent.json")));
}

}  // namespace
}  // namespace tally::input
