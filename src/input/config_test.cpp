#include "input/config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "input/internal/test_tree.hpp"

namespace tally::input {
namespace {

constexpr std::string_view kHeader = "apiVersion: tallystick.dev/v1alpha1\nkind: Configuration\n";

Result<Config> parse(std::string_view body) {
  return parse_config(
      *document::Source::from_text("tally.yaml", std::string(kHeader) + std::string(body)));
}

TEST(Config, ReadsEveryKey) {
  const auto config = parse(R"(
tiers:
  privileged:
    - names: [kube-system]
  baseline:
    - selector: {matchLabels: {tier: shop}, matchExpressions: [{key: open, operator: Exists}]}
  restricted:
    - names: [payments, "pay-*"]
      selector: "zone=inner,!public"
podSecurity:
  version: v1.30
  exemptions:
    usernames: [root-of-all]
    runtimeClasses: [sandboxed]
    namespaces: [kube-system]
exceptions:
  - id: E-1
    owner: platform
    reason: the agent reads the node's journal
    ticket: SEC-12
    match: {rules: [hostPathVolumes], kinds: [DaemonSet], namespaces: [ops], names: [agent], labels: {app: agent}, users: [x]}
    expires: "2027-01-31"
failOn: medium
exclude: ["vendor/**"]
defaultNamespace: shop
)");
  ASSERT_TRUE(config) << config.error().to_string();
  ASSERT_EQ(config->tiers.size(), 3U);
  EXPECT_EQ(config->tiers[0].tier, Tier::Privileged);
  ASSERT_TRUE(config->tiers[1].selector);
  EXPECT_EQ(config->tiers[1].selector->to_string(), "open,tier=shop");
  EXPECT_EQ(config->tiers[2].names, (std::vector<std::string>{"payments", "pay-*"}));
  EXPECT_EQ(config->pod_security_version, "v1.30");
  EXPECT_EQ(config->pod_security_exemptions.runtime_classes, std::vector<std::string>{"sandboxed"});
  ASSERT_EQ(config->exceptions.size(), 1U);
  EXPECT_EQ(config->exceptions[0].ticket, "SEC-12");
  EXPECT_EQ(config->exceptions[0].at.line, 19U);
  EXPECT_EQ(finding::day_to_text(config->exceptions[0].expires), "2027-01-31");
  ASSERT_TRUE(config->fail_on);
  ASSERT_TRUE(config->fail_on->severity);
  EXPECT_EQ(*config->fail_on->severity, finding::Severity::Medium);
  EXPECT_EQ(config->exclude, std::vector<std::string>{"vendor/**"});
  EXPECT_EQ(config->default_namespace, "shop");
}

TEST(Config, AnEmptyOneIsValid) {
  const auto config = parse("");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_TRUE(config->tiers.empty());
  EXPECT_FALSE(config->fail_on);
  const auto never = parse("failOn: never\n");
  ASSERT_TRUE(never);
  ASSERT_TRUE(never->fail_on);
  EXPECT_FALSE(never->fail_on->severity);
}

struct Row {
  const char* body;
  std::uint32_t line;
  std::uint32_t column;
  const char* message;
};

TEST(Config, RefusesWithPositionAndExpectation) {
  const std::vector<Row> rows = {
      {"tier: {}\n", 3, 1,
       "found the unknown key 'tier' in the configuration, did you mean 'tiers'?"},
      {"zzzzzzzz: 1\n", 3, 1,
       "found the unknown key 'zzzzzzzz' in the configuration, expected one of: apiVersion"},
      {"tiers: [a]\n", 3, 8, "found a list, expected a map: tiers"},
      {"tiers: {gold: []}\n", 3, 9,
       "found the unknown key 'gold' in tiers, expected one of: privileged"},
      {"tiers:\n  baseline: x\n", 4, 13, "found the string 'x' for 'baseline', expected a list"},
      {"tiers:\n  baseline: [{}]\n", 4, 14, "found an entry of a tier that names nothing"},
      {"tiers:\n  baseline: [{name: a}]\n", 4, 15, "did you mean 'names'?"},
      {"tiers:\n  baseline: [{names: []}]\n", 4, 22, "found an empty list for 'names'"},
      {"tiers:\n  baseline: [{names: [1]}]\n", 4, 23,
       "found the number 1 for 'names', expected a string"},
      {"tiers:\n  baseline: [{names: [yes]}]\n", 4, 23,
       "found true for 'names', expected a string"},
      {"tiers:\n  baseline: [{selector: {}}]\n", 4, 25, "found an empty selector"},
      {"tiers:\n  baseline: [{selector: \"\"}]\n", 4, 25, "found an empty selector"},
      {"tiers:\n  baseline: [{selector: {matchLabel: {a: b}}}]\n", 4, 26,
       "did you mean 'matchLabels'?"},
      {"tiers:\n  baseline: [{selector: {matchExpressions: [{key: a, operator: Near}]}}]\n", 4, 64,
       "found the operator 'Near', expected one of: In"},
      {"podSecurity: {version: 1.30}\n", 3, 24,
       "found the number 1.3 for 'version', expected a string"},
      {"podSecurity: {version: v1.x}\n", 3, 24, "found the Pod Security version 'v1.x'"},
      {"podSecurity: {exemptions: {namespaces: [\"kube-*\"]}}\n", 3, 41,
       "found the wildcard 'kube-*' in 'namespaces'"},
      {"podSecurity: {exemptions: {users: [a]}}\n", 3, 28, "found the unknown key 'users'"},
      {"exceptions: [{id: a, owner: b, match: {rules: [x]}}]\n", 3, 14,
       "found an exception without 'reason'"},
      {"exceptions: [{id: a, owner: b, reason: c}]\n", 3, 14, "found an exception without 'match'"},
      {"exceptions: [{id: a, owner: b, reason: c, match: {kinds: [Pod]}}]\n", 3, 50,
       "found a match without 'rules'"},
      {"exceptions: [{id: a, owner: b, reason: c, match: {rules: [x]}, expires: soon}]\n", 3, 73,
       "found 'soon', expected a date"},
      {"exceptions: [{id: a, owner: b, reason: c, match: {rules: [x]}, expires: \"2026-02-30\"}]\n",
       3, 73, "expected a date"},
      {"exceptions: [{id: a, owner: \" \", reason: c, match: {rules: [x]}}]\n", 3, 29,
       "found an empty string for 'owner'"},
      {"exceptions:\n- &e {id: a, owner: b, reason: c, match: {rules: [x]}}\n- *e\n", 0, 0,
       "found the exception id 'a' twice"},
      {"failOn: severe\n", 3, 9, "found 'severe' for 'failOn', expected critical"},
      {"exclude: vendor\n", 3, 10, "found the string 'vendor' for 'exclude', expected a list"},
      {"defaultNamespace: {}\n", 3, 19, "found a map for 'defaultNamespace', expected a string"},
      {"failOn: low\nfailOn: high\n", 4, 1, "failOn"},
      {"tiers: [\n", 0, 0, ""},
  };
  for (const Row& row : rows) {
    const auto config = parse(row.body);
    ASSERT_FALSE(config) << row.body;
    const Error& error = config.error();
    EXPECT_NE(error.message.find(row.message), std::string::npos) << row.body << error.message;
    EXPECT_EQ(error.file, "tally.yaml") << row.body;
    if (row.line != 0) {
      EXPECT_EQ(error.at, (Position{row.line, row.column})) << row.body << error.message;
    }
  }
}

TEST(Config, RefusesAnotherHeader) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"kind: Configuration\n", "found no apiVersion"},
      {"apiVersion: tallystick.dev/v1\nkind: Configuration\n",
       "found the string 'tallystick.dev/v1' for apiVersion"},
      {"apiVersion: tallystick.dev/v1alpha1\n", "found no kind"},
      {"apiVersion: tallystick.dev/v1alpha1\nkind: Config\n", "for kind, expected 'Configuration'"},
      {"[]\n", "found a list, expected a map"},
      {"", "no document"},
  };
  for (const auto& [text, message] : rows) {
    const auto config = parse_config(*document::Source::from_text("tally.yaml", text));
    ASSERT_FALSE(config) << text;
    EXPECT_NE(config.error().message.find(message), std::string::npos)
        << text << config.error().message;
  }
}

TEST(Config, AssignsTiers) {
  const auto config = parse(R"yaml(
tiers:
  privileged:
    - names: [kube-system, "infra-*"]
  baseline:
    - selector: {matchLabels: {zone: outer}}
  restricted:
    - names: ["pay*"]
    - names: [infra-keys]
    - selector: "kubernetes.io/metadata.name=vault"
    - names: [shop]
      selector: "zone in (inner)"
)yaml");
  ASSERT_TRUE(config) << config.error().to_string();
  struct TierRow {
    const char* name;
    const char* labels;  // "" : not in the input
    const char* tier;    // "" : none
    bool conflict;
    bool unknown;
  };
  const std::vector<TierRow> rows = {
      {"kube-system", "{}", "privileged", false, false},
      {"payments", "{}", "restricted", false, false},
      {"infra-keys", "{}", "restricted", true, false},
      {"infra-net", "{}", "privileged", false, false},
      {"web", "{zone: outer}", "baseline", false, false},
      {"web", "{zone: inner}", "", false, false},
      {"payments", "{zone: outer}", "restricted", true, false},
      {"vault", "{}", "restricted", false, false},
      {"vault", "", "restricted", false, false},
      {"web", "", "", false, true},
      {"kube-system", "", "privileged", false, true},
      {"payments", "", "restricted", false, false},
      {"shop", "{zone: inner}", "restricted", false, false},
      {"shop", "{}", "", false, false},
      {"shop", "", "", false, true},
      {"other", "{}", "", false, false},
  };
  for (const TierRow& row : rows) {
    const auto source =
        document::Source::from_text("labels", row.labels[0] == '\0' ? "{}" : row.labels);
    Arena arena;
    const auto labels = document::read_one(*source, arena);
    ASSERT_TRUE(labels) << row.labels;
    const auto assignment = config->tier_of(row.name, *labels, row.labels[0] != '\0');
    EXPECT_EQ(assignment.tier ? to_text(*assignment.tier) : "", row.tier)
        << row.name << " " << row.labels;
    EXPECT_EQ(assignment.conflict, row.conflict) << row.name << " " << row.labels;
    EXPECT_EQ(assignment.unknown, row.unknown) << row.name << " " << row.labels;
    EXPECT_EQ(assignment.note.empty(), !row.conflict && !row.unknown) << assignment.note;
  }
}

// The example of docs/configuration.md is read as it stands there.
TEST(Config, TheDocumentedExampleIsValid) {
  std::ifstream file(std::string(TALLY_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const std::size_t begin = text.find("```yaml\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string example = text.substr(begin + 8, text.find("```", begin + 8) - begin - 8);
  const auto config = parse_config(*document::Source::from_text("tally.yaml", example));
  ASSERT_TRUE(config) << config.error().to_string() << "\n" << example;
  EXPECT_EQ(config->tiers.size(), 3U);
  EXPECT_EQ(config->exceptions.size(), 1U);
}

TEST(Config, OfAFolder) {
  const TestTree tree;
  const auto none = read_config_of_folder(tree.path());
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->file.empty());
  tree.write("tally.yaml", std::string(kHeader) + "failOn: low\n");
  const auto some = read_config_of_folder(tree.path());
  ASSERT_TRUE(some) << some.error().to_string();
  EXPECT_EQ(some->file, tree.path("tally.yaml"));
  EXPECT_FALSE(read_config(tree.path("other.yaml")));
  tree.write("broken/tally.yaml", "a: [");
  EXPECT_FALSE(read_config_of_folder(tree.path("broken")));
}

}  // namespace
}  // namespace tally::input
