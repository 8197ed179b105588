#include "input/pasted_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "input/read_inputs.hpp"

namespace tally::input {
namespace {

// "id@line:column" for each diagnosis of a text that is one document.
std::vector<std::string> diagnose(std::string_view text) {
  const auto source = document::Source::from_text("test.yaml", text);
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  const document::Node* root =
      errors.empty() && !documents.empty() ? &documents.front().root : nullptr;
  std::vector<std::string> found;
  for (const auto& diagnosis :
       diagnose_text(*source, 0, static_cast<std::uint32_t>(text.size()), root)) {
    const Position at = source->position(diagnosis.offset);
    found.push_back(std::string(diagnosis.id) + "@" + std::to_string(at.line) + ":" +
                    std::to_string(at.column));
    EXPECT_FALSE(diagnosis.message.empty()) << text;
    EXPECT_FALSE(diagnosis.remedy.empty()) << text;
    EXPECT_TRUE(std::ranges::count(every_pasted_id(), diagnosis.id) == 1) << diagnosis.id;
  }
  return found;
}

struct Row {
  const char* name;
  std::string text;
  std::vector<std::string> expected;
};

TEST(PastedText, NamesTheCause) {
  const std::vector<Row> rows = {
      {"flat object",
       "apiVersion: v1\nkind: Service\nmetadata:\nname: till\nnamespace: "
       "shop\nspec:\nselector:\napp: till\n",
       {"lost-indentation@4:1"}},
      {"flat object that repeats keys",
       "apiVersion: v1\nkind: Pod\nmetadata:\nname: a\nspec:\ncontainers:\n- name: b\nimage: "
       "c\nname: d\n",
       {"lost-indentation@4:1"}},
      {"only the spec is flat",
       "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\nhostNetwork: true\n",
       {"lost-indentation@6:1"}},
      {"comments between",
       "kind: Pod\napiVersion: v1\nmetadata: # who\n# its name\nname: a\n",
       {"lost-indentation@5:1"}},
      {"list item beside a key with a value",
       "a:\n- b:\nc: d\n- e: f\n",
       {"misplaced-list-item@4:1"}},
      {"slashes",
       "// the till\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
       {"foreign-comment@1:1"}},
      {"block comment",
       "/* the till */\nkind: Pod\napiVersion: v1\nmetadata: {name: a}\n",
       {"foreign-comment@1:1"}},
      {"words without a mark",
       "apiVersion: v1\nThis is the till\nkind: Pod\nmetadata: {name: a}\n",
       {"missing-comment-mark@2:1"}},
      {"en dash",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  \xE2\x80\x93 name: "
       "b\n    image: c\n",
       {"typographic-dash@6:3"}},
      {"minus sign and bullet",
       "items: [\n\xE2\x88\x92 a: c\n\xE2\x80\xA2 a: d\n",
       {"typographic-dash@2:1", "misplaced-list-item@2:1"}},
      {"em dash as separator",
       "kind: Pod\n\xE2\x80\x94\xE2\x80\x94\nkind: Pod\n",
       {"missing-api-version@1:1", "typographic-separator@2:1"}},
      {"curly quotes",
       "kind: Pod\napiVersion: v1\nmetadata:\n  name: [\xE2\x80\x9Ctill\xE2\x80\x9D\n",
       {"curly-quotes@4:10"}},
      {"no-break space after the colon",
       "apiVersion:\xC2\xA0v1\nkind: Pod\nmetadata:\n  name: a\n",
       {"no-break-space@1:12"}},
      {"no-break indentation",
       "kind: Pod\napiVersion: v1\nmetadata:\n\xC2\xA0\xC2\xA0name: a\n spec: b\n",
       {"no-break-space@4:1"}},
      {"ideographic space",
       "kind: Pod\napiVersion:\xE3\x80\x80v1\n x: 1\n",
       {"no-break-space@2:12"}},
      {"zero-width space in a key",
       "kind: Pod\napi\xE2\x80\x8BVersion: v1\nmetadata: [\n",
       {"missing-api-version@1:1", "invisible-character@2:4"}},
      {"full-width colon",
       "kind\xEF\xBC\x9A"
       "Pod\napiVersion: v1\nmetadata:\n  name: a\n",
       {"full-width-colon@1:5"}},
      {"tab", "kind: Pod\napiVersion: v1\nmetadata:\n\tname: a\n", {"tab-indentation@4:1"}},
      {"no apiVersion",
       "kind: Deployment\nmetadata:\n  name: a\nspec: {}\n",
       {"missing-api-version@1:1"}},
      {"no kind", "apiVersion: apps/v1\nmetadata:\n  name: a\nspec: {}\n", {"missing-kind@1:1"}},
      {"no metadata",
       "apiVersion: v1\nkind: ConfigMap\nname: a\ndata: {}\n",
       {"missing-metadata@3:1"}},
      {"neither metadata nor spec",
       "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nname: a\npodSelector: {}\n",
       {"missing-metadata@3:1", "missing-spec@4:1"}},
      {"Windows-1252 quotes",
       "kind: Pod\napiVersion: v1\nmetadata:\n  name: \xE9t\xE9\n",
       {"windows-1252@4:9"}},
      {"Markdown fence",
       "```yaml\nkind: Pod\napiVersion: v1\nmetadata: {name: a}\n```\n",
       {"markdown-fence@1:1"}},
      {"prompt and here-document",
       "$ kubectl apply -f - <<EOF\nkind: Pod\napiVersion: v1\nmetadata: {name: a}\nEOF\n",
       {"shell-command@1:1"}},
      {"diff",
       "--- a/pod.yaml\n+++ b/pod.yaml\n@@ -1,2 +1,2 @@\n kind: Pod\n+apiVersion: v1\n",
       {"diff-marker@1:1"}},
      {"line numbers",
       "1 apiVersion: v1\n2 kind: Pod\n3 metadata:\n4   name: a\n",
       {"line-numbers@1:1"}},
      {"line numbers with bars",
       " 9 | apiVersion: v1\n10 | kind: Pod\n11 | metadata: {\n",
       {"line-numbers@1:2"}},
      {"HTML entities",
       "kind: Pod\napiVersion: v1\nmetadata:\n  name: &quot;a&quot; b: c\n",
       {"html-entity@4:9"}},
      {"web page", "<!DOCTYPE html>\n<html>\n<body>kind: Pod</body>\n", {"html-tag@1:1"}},
      {"template",
       "kind: Pod\napiVersion: v1\nmetadata:\n  name: {{ .Values.name }}\n  x: {{ a }} {{ b }}\n",
       {"template-action@4:9"}},
      {"bare selector",
       "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {name: "
       "a}\nspec:\n\tpodSelector:\n\t\tapp: till\n",
       {"tab-indentation@5:1", "bare-selector@5:2"}},
  };
  for (const Row& row : rows) {
    auto found = diagnose(row.text);
    auto expected = row.expected;
    std::ranges::sort(found);
    std::ranges::sort(expected);
    EXPECT_EQ(found, expected) << row.name << "\n" << row.text;
  }
}

TEST(PastedText, SaysNothingAboutProperTexts) {
  const std::vector<Row> rows = {
      {"object", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers: []\n", {}},
      {"lists at the margin of their key",
       "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: b\n",
       {}},
      {"generated name",
       "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: a-\nspec: {}\n",
       {}},
      {"empty metadata", "apiVersion: v1\nkind: Pod\nmetadata:\nspec:\n  hostNetwork: true\n", {}},
      {"empty spec",
       "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\nspec:\nstatus: {}\n",
       {}},
      {"prose in a block",
       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    // "
       "\xE2\x80\x9Cquoted\xE2\x80\x9D\n    \xE2\x80\x93 dash\n    ```\n",
       {}},
      {"quotes in an annotation",
       "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    note: she said "
       "\xE2\x80\x9Cno\xE2\x80\x9D\n",
       {}},
      {"values of a chart", "image: nginx\nnote: a \xE2\x80\x93 b\nname: x\n", {}},
      {"compose file", "services:\n  web:\n    image: nginx\n", {}},
      {"pipeline with a kind", "kind: pipeline\ntype: docker\nname: default\n", {}},
      {"JSON with tabs", "{\n\t\"kind\": \"x\",\n\t\"a\": \"{{b}}\"\n}\n", {}},
      {"plain text", "hello there world\n", {}},
      {"nothing", "", {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(diagnose(row.text), row.expected) << row.name << "\n" << row.text;
  }
}

TEST(PastedText, TellsWhichLinesBelongWhere) {
  const std::string text =
      "apiVersion: v1\nkind: Pod\nmetadata:\nname: a\nlabels:\napp: b\nspec:\nhostNetwork: "
      "true\nspec:\n";
  const auto source = document::Source::from_text("test.yaml", text);
  const auto found = diagnose_text(*source, 0, static_cast<std::uint32_t>(text.size()), nullptr);
  ASSERT_EQ(found.size(), 1U) << text;
  EXPECT_EQ(found[0].message,
            "the indentation of this text is lost: 'name' (line 4) belongs under 'metadata:' (line "
            "3), which is empty; keys of "
            "different levels now stand side by side and repeat: 'spec' (lines 7 and 9)");
  EXPECT_NE(found[0].remedy.find("Indent lines 4 to 6 under 'metadata:' (line 3), indent lines 8 "
                                 "to 9 under 'spec:' (line 7)"),
            std::string::npos)
      << found[0].remedy;
}

TEST(PastedText, CountsFurtherPlaces) {
  const std::string text = "a:\n\tb: 1\n\tc: 2\n\td: 3\n";
  const auto source = document::Source::from_text("test.yaml", text);
  const auto found = diagnose_text(*source, 0, static_cast<std::uint32_t>(text.size()), nullptr);
  ASSERT_EQ(found.size(), 1U) << text;
  EXPECT_NE(found[0].message.find("and on 2 more lines"), std::string::npos) << found[0].message;
}

TEST(PastedText, LooksAtValuesOfProperObjects) {
  const std::vector<Row> rows = {
      {"value in curly quotes",
       "spec:\n  image: \xE2\x80\x9Cnginx\xE2\x80\x9D\n",
       {"curly-quotes"}},
      {"no-break space in a key", "spec:\n  host\xC2\xA0Network: true\n", {"invisible-character"}},
      {"no-break space before a value", "spec:\n  image: \xC2\xA0nginx\n", {"no-break-space"}},
      {"dash in front of a key", "spec:\n  \xE2\x80\x93 name: a\n", {"typographic-dash"}},
      {"quoted on purpose", "spec:\n  image: \"\xE2\x80\x9Cnginx\xE2\x80\x9D\"\n", {}},
      {"several words", "spec:\n  title: \xE2\x80\x9Cthe till\xE2\x80\x9D\n", {}},
      {"annotation", "metadata:\n  annotations:\n    note: \xE2\x80\x9Ctill\xE2\x80\x9D\n", {}},
      {"accents", "metadata:\n  labels:\n    stadt: M\xC3\xBCnchen\n", {}},
  };
  for (const Row& row : rows) {
    const auto source = document::Source::from_text("test.yaml", row.text);
    Arena arena;
    const auto root = document::read_one(*source, arena);
    ASSERT_TRUE(root) << row.text;
    std::vector<std::string> found;
    for (const auto& diagnosis : diagnose_values(*source, *root)) {
      found.emplace_back(diagnosis.id);
    }
    EXPECT_EQ(found, row.expected) << row.name << "\n" << row.text;
  }
}

TEST(PastedText, LongAndBrokenTextsEnd) {
  std::string lines;
  for (int i = 0; i < 300'000; ++i) {
    lines += "\t- a: b\n";
  }
  const auto source = document::Source::from_text("test.yaml", lines);
  EXPECT_FALSE(
      diagnose_text(*source, 0, static_cast<std::uint32_t>(lines.size()), nullptr).empty());
  const std::string one_line(5'000'000, '\xE2');
  const auto broken = document::Source::from_text("test.yaml", one_line);
  EXPECT_FALSE(
      diagnose_text(*broken, 0, static_cast<std::uint32_t>(one_line.size()), nullptr).empty());
}

std::filesystem::path corpus() {
  const char* given = std::getenv("TALLY_CORPUS");  // NOLINT(concurrency-mt-unsafe)
  return given != nullptr ? std::filesystem::path(given)
                          : std::filesystem::path(TALLY_SOURCE_DIR) / "../shared/corpus";
}

TEST(PastedText, FieldCases) {
  if (!std::filesystem::exists(corpus() / "field")) {
    GTEST_SKIP() << "the field cases are not here (TALLY_CORPUS)";
  }
  struct FieldRow {
    const char* file;
    std::vector<std::string> expected;  // "id@line"
  };
  const std::array rows = {
      FieldRow{"pasted-payments-restricted.yaml", {"lost-indentation@4", "lost-indentation@13"}},
      FieldRow{"pasted-payment-service-policy.yaml",
               {"lost-indentation@4", "misplaced-list-item@18"}},
      FieldRow{
          "pasted-default-deny.yaml",
          {"foreign-comment@1", "missing-api-version@4", "missing-metadata@7", "missing-spec@10"}},
      FieldRow{"pasted-access-my-app.yaml",
               {"foreign-comment@1", "missing-api-version@4", "missing-metadata@7",
                "typographic-dash@15", "misplaced-list-item@15", "bare-selector@17"}},
      FieldRow{"payments-restricted.yaml", {}},
      FieldRow{"payment-service-policy.yaml", {}},
      FieldRow{"require-non-root-user.yaml", {}},
      FieldRow{"eks-cluster.yaml", {}},
  };
  for (const auto& row : rows) {
    InputOptions options;
    options.paths = {(corpus() / "field" / row.file).string()};
    const Inputs inputs = read_inputs(options);
    std::vector<std::string> found;
    found.reserve(inputs.pasted.size());
    for (const PastedText& pasted : inputs.pasted) {
      found.push_back(std::string(pasted.diagnosis.id) + "@" +
                      std::to_string(pasted.source->position(pasted.diagnosis.offset).line));
    }
    EXPECT_EQ(found, row.expected) << row.file;
  }
}

TEST(PastedText, NoFalseAlarmOnReadableObjects) {
  if (!std::filesystem::exists(corpus() / "apps")) {
    GTEST_SKIP() << "the corpus is not here (TALLY_CORPUS)";
  }
  for (const char* folder :
       {"apps", "pss", "gatekeeper", "kyverno", "istio-authz", "compliance", "netpol", "checkov"}) {
    InputOptions options;
    options.paths = {(corpus() / folder).string()};
    options.enter_test_folders = true;
    options.threads = 2;
    const Inputs inputs = read_inputs(options);
    for (const PastedText& pasted : inputs.pasted) {
      EXPECT_FALSE(pasted.readable)
          << pasted.source->name() << ":" << pasted.source->position(pasted.diagnosis.offset).line
          << " " << pasted.diagnosis.id << ": " << pasted.diagnosis.message;
    }
  }
}

}  // namespace
}  // namespace tally::input
