#include "input/read_inputs.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "input/internal/test_tree.hpp"

namespace tally::input {
namespace {

using finding::Skipped;

std::string pod(std::string_view name) {
  return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + std::string(name) + "\nspec: {}\n";
}

Inputs read(std::vector<std::string> paths, unsigned threads = 1) {
  InputOptions options;
  options.paths = std::move(paths);
  options.threads = threads;
  return read_inputs(options);
}

std::vector<std::string> names(const Inputs& inputs) {
  std::vector<std::string> found;
  found.reserve(inputs.objects.size());
  for (const kube::Object& object : inputs.objects) {
    found.emplace_back(object.ref.name);
  }
  return found;
}

const Skipped* skipped(const Inputs& inputs, std::string_view file) {
  const auto at = std::ranges::find_if(
      inputs.skipped, [&](const Skipped& row) { return row.file.ends_with(file); });
  return at == inputs.skipped.end() ? nullptr : &*at;
}

using Names = std::vector<std::string>;

TEST(ReadInputs, WalksFoldersInOrder) {
  const TestTree tree;
  tree.write("b.yaml", pod("b"));
  tree.write("a/z.yml", pod("az"));
  tree.write("a/a.json", R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "aa"}})");
  tree.write("c.YAML", pod("c"));
  tree.write("notes.txt", "no");
  tree.write(".git/x.yaml", pod("hidden"));
  tree.write(".kyverno-test/x.yaml", pod("test"));
  tree.write("-", "no");
  const Inputs inputs = read({tree.path()});
  EXPECT_EQ(names(inputs), (Names{"aa", "az", "b", "c"}));
  EXPECT_TRUE(inputs.errors.empty());
  ASSERT_NE(skipped(inputs, ".git"), nullptr);
  EXPECT_EQ(skipped(inputs, ".git")->reason, "a hidden folder");
  EXPECT_EQ(skipped(inputs, tree.path())->reason,
            "2 files whose names do not end in .yaml, .yml or .json");
  InputOptions options;
  options.paths = {tree.path()};
  options.enter_test_folders = true;
  options.exclude = {"a", "**/c.*"};
  const Inputs others = read_inputs(options);
  EXPECT_EQ(names(others), (Names{"test", "b"}));
  EXPECT_EQ(skipped(others, "/a")->reason, "excluded by the configuration");
}

TEST(ReadInputs, ANamedFileIsAlwaysRead) {
  const TestTree tree;
  tree.write("manifest.txt", pod("text"));
  tree.write(".hidden/x.yaml", pod("hidden"));
  tree.write("a\nb\x1b[31m.yaml", pod("odd"));
  const Inputs inputs =
      read({tree.path("manifest.txt"), tree.path(".hidden/x.yaml"), tree.path("a\nb\x1b[31m.yaml"),
            tree.path("./manifest.txt"), tree.path(".hidden/../manifest.txt")});
  EXPECT_EQ(names(inputs), (Names{"text", "hidden", "odd"}));
}

TEST(ReadInputs, ExpandsGlobs) {
  const TestTree tree;
  tree.write("a.yaml", pod("a"));
  tree.write("sub/b.yaml", pod("b"));
  tree.write("sub/c.txt", pod("c"));
  EXPECT_EQ(names(read({tree.path("**/*.yaml")})), (Names{"a", "b"}));
  EXPECT_EQ(names(read({tree.path("sub/*")})), Names{"b"});
  EXPECT_EQ(names(read({tree.path("sub/*.txt")})), Names{"c"});
  EXPECT_EQ(names(read({tree.path("s?b")})), Names{"b"});
  tree.write("[x].yaml", pod("literal"));
  EXPECT_EQ(names(read({tree.path("[x].yaml")})), Names{"literal"});
  const Inputs none = read({tree.path("*.nothing")});
  ASSERT_EQ(none.errors.size(), 1U);
  EXPECT_EQ(none.errors[0].message, "no file or folder matches this pattern");
}

TEST(ReadInputs, BadPathsAreErrors) {
  const TestTree tree;
  tree.write("a.yaml", pod("a"));
  ASSERT_EQ(::mkfifo(tree.path("pipe.yaml").c_str(), 0600), 0);
  tree.link("dangling.yaml", "nowhere");
  for (const std::string& path : {tree.path("absent.yaml"), tree.path("a.yaml/b"),
                                  tree.path("pipe.yaml"), tree.path("dangling.yaml"), std::string(),
                                  std::string(5000, 'a'), std::string("/dev/null/x")}) {
    const Inputs inputs = read({path, tree.path("a.yaml")});
    ASSERT_EQ(inputs.errors.size(), 1U) << path;
    EXPECT_EQ(inputs.errors[0].kind, ErrorKind::Environment) << path;
    EXPECT_FALSE(inputs.errors[0].message.empty()) << path;
    EXPECT_EQ(names(inputs), Names{"a"}) << path;
  }
}

TEST(ReadInputs, PassesOverWhatIsNoFile) {
  const TestTree tree;
  tree.write("a.yaml", pod("a"));
  ASSERT_EQ(::mkfifo(tree.path("pipe.yaml").c_str(), 0600), 0);
  const Inputs inputs = read({tree.path()});
  EXPECT_TRUE(inputs.errors.empty());
  EXPECT_EQ(skipped(inputs, "pipe.yaml")->reason, "a named pipe, no regular file");
  EXPECT_EQ(names(inputs), Names{"a"});
}

TEST(ReadInputs, AnUnreadableFolderIsAnError) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may read everything";
  }
  const TestTree tree;
  tree.write("shut/a.yaml", pod("a"));
  tree.write("b.yaml", pod("b"));
  ASSERT_EQ(::chmod(tree.path("shut").c_str(), 0), 0);
  const Inputs inputs = read({tree.path()});
  static_cast<void>(::chmod(tree.path("shut").c_str(), 0700));
  EXPECT_EQ(inputs.errors.size(), 1U);
  EXPECT_EQ(names(inputs), Names{"b"});
}

TEST(ReadInputs, LinksStayInside) {
  const TestTree tree;
  tree.write("outside/o.yaml", pod("outside"));
  tree.write("root/a.yaml", pod("a"));
  tree.write("root/sub/b.yaml", pod("b"));
  tree.write("root/.store/c.yaml", pod("c"));
  tree.link("root/1-out.yaml", "../outside/o.yaml");
  tree.link("root/1-out", "../outside");
  tree.link("root/2-again.yaml", "a.yaml");
  tree.link("root/sub/loop", "..");
  tree.link("root/3-self", "3-self");
  tree.link("root/4-store", ".store");
  tree.link("root/5-c.yaml", ".store/c.yaml");
  const Inputs inputs = read({tree.path("root")});
  EXPECT_TRUE(inputs.errors.empty());
  EXPECT_EQ(names(inputs), (Names{"c", "a", "b"}));
  EXPECT_EQ(skipped(inputs, "1-out.yaml")->reason, "a link that leaves the folder");
  EXPECT_EQ(skipped(inputs, "1-out")->reason, "a link that leaves the folder");
  EXPECT_EQ(skipped(inputs, "2-again.yaml")->reason, "a link to a file that is read itself");
  EXPECT_EQ(skipped(inputs, "sub/loop")->reason, "a link to a folder that is read itself");
  EXPECT_EQ(skipped(inputs, "3-self")->reason, "a link that leads in a circle");
}

TEST(ReadInputs, DeepFoldersEnd) {
  const TestTree tree;
  std::string path = "0";
  for (int i = 0; i < 300; ++i) {
    path += "/d";
  }
  tree.write(path + "/deep.yaml", pod("deep"));
  tree.write("0/a.yaml", pod("a"));
  const Inputs inputs = read({tree.path()});
  ASSERT_EQ(inputs.errors.size(), 1U);
  EXPECT_EQ(inputs.errors[0].kind, ErrorKind::Limit);
  EXPECT_EQ(names(inputs), Names{"a"});
}

TEST(ReadInputs, ManyEmptyFiles) {
  const TestTree tree;
  for (int i = 0; i < 10'000; ++i) {
    tree.write("f" + std::to_string(i) + ".yaml", "");
  }
  const Inputs inputs = read({tree.path()}, 2);
  EXPECT_EQ(inputs.files.size(), 10'000U);
  EXPECT_EQ(inputs.skipped.size(), 10'000U);
  EXPECT_EQ(inputs.skipped[0].reason, "the file is empty");
}

TEST(ReadInputs, HelmAndKustomize) {
  const TestTree tree;
  tree.write("chart/Chart.yaml", "apiVersion: v2\nname: till\nversion: 1.0.0\n");
  tree.write("chart/values.yaml", "colour: red\n");
  tree.write("chart/templates/a.yaml", "kind: {{ .Values.kind }}\n");
  tree.write("chart/templates/sub/plain.yaml", pod("plain"));
  tree.write("chart/crds/x.yaml", pod("crds"));
  tree.write("base/kustomization.yaml",
             "resources: [pod.yaml]\npatches:\n- path: patch.yaml\nconfigMapGenerator:\n- files: "
             "[x=conf.yaml]\n");
  tree.write("base/pod.yaml", pod("base"));
  tree.write("base/patch.yaml", pod("patch"));
  tree.write("base/conf.yaml", pod("conf"));
  const Inputs inputs = read({tree.path()});
  EXPECT_TRUE(inputs.errors.empty());
  EXPECT_EQ(names(inputs), (Names{"base", "crds"}));
  for (const char* file :
       {"templates/a.yaml", "sub/plain.yaml", "kustomization.yaml", "patch.yaml", "conf.yaml"}) {
    ASSERT_NE(skipped(inputs, file), nullptr) << file;
    EXPECT_EQ(skipped(inputs, file)->kind, Skipped::Kind::BuildFirst) << file;
    EXPECT_NE(skipped(inputs, file)->reason.find("build it first"), std::string::npos) << file;
  }
  EXPECT_EQ(skipped(inputs, "values.yaml")->reason, "Helm values, no Kubernetes object");
  EXPECT_EQ(skipped(inputs, "Chart.yaml")->kind, Skipped::Kind::NotAnObject);
  // Started below the marker files, the answer is the same; a named template without actions is a
  // manifest.
  EXPECT_EQ(names(read({tree.path("chart/templates")})), Names{});
  EXPECT_EQ(names(read({tree.path("base/patch.yaml")})), Names{});
  EXPECT_EQ(names(read({tree.path("chart/templates/sub/plain.yaml")})), Names{"plain"});
  EXPECT_EQ(names(read({tree.path("chart/templates/a.yaml")})), Names{});
}

TEST(ReadInputs, PolicyTests) {
  const TestTree tree;
  const std::string policy =
      "apiVersion: mutations.gatekeeper.sh/v1\nkind: Assign\nmetadata: {name: p}\n";
  tree.write("t/kyverno-test.yaml",
             "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\npolicies: "
             "[../p.yaml]\nresources: [res.yaml]\nresults: []\n");
  tree.write("t/res.yaml", pod("resource"));
  tree.write("t/other.yaml", pod("other"));
  tree.write("t/sub/policy.yaml", policy);
  tree.write("p.yaml", policy);
  tree.write("fake/suite.yaml", "name: not a suite\n");
  tree.write("fake/a.yaml", pod("fake"));
  const Inputs inputs = read({tree.path()});
  EXPECT_EQ(names(inputs), (Names{"fake", "p", "other"}));
  EXPECT_EQ(skipped(inputs, "res.yaml")->kind, Skipped::Kind::TestData);
  EXPECT_EQ(skipped(inputs, "sub/policy.yaml")->kind, Skipped::Kind::TestData);
  EXPECT_EQ(skipped(inputs, "/p.yaml")->kind, Skipped::Kind::NotJudgedYet);
  EXPECT_EQ(names(read({tree.path("t/res.yaml")})), Names{"resource"});
}

TEST(ReadInputs, SortsOutKinds) {
  const TestTree tree;
  tree.write(
      "a.yaml",
      pod("a") +
          "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, "
          "namespace: s}\n---\n"
          "apiVersion: made.up/v1\nkind: Thing\nmetadata: {name: t}\n---\napiVersion: "
          "own.example/v1\nkind: Till\nmetadata: {name: o}\n---\n"
          "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: "
          "{name: tills.own.example}\n"
          "spec: {group: own.example, scope: Namespaced, names: {kind: Till, plural: "
          "tills}, versions: [{name: v1}]}\n---\n"
          "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c}\n---\n"
          "services: {web: {image: nginx}}\n---\njust text\n");
  tree.write("tsconfig.json", "{ // comment\n}");
  const Inputs inputs = read({tree.path()});
  EXPECT_TRUE(inputs.errors.empty());
  EXPECT_EQ(names(inputs), (Names{"a", "deny", "t", "o", "tills.own.example"}));
  ASSERT_EQ(inputs.file_objects.size(), 1U);
  std::multiset<std::string> found;
  for (const Skipped& row : inputs.skipped) {
    found.insert(std::string(finding::to_text(row.kind)) + " " + row.subject + ": " + row.reason);
  }
  const std::multiset<std::string> expected = {
      "unknown-kind Thing t: made.up/v1 Thing is neither a kind of Kubernetes nor defined by a "
      "CustomResourceDefinition of the input",
      "not-judged-yet ClusterConfig c: eksctl cluster configuration: recognised, not judged yet",
      "not-an-object : a docker-compose file, no Kubernetes object",
      "not-an-object : found a string, expected a map with apiVersion, kind and metadata",
      "not-an-object : a TypeScript configuration, no Kubernetes object",
  };
  EXPECT_EQ(found, expected);
}

TEST(ReadInputs, ABrokenDocumentSpoilsNoOther) {
  const TestTree tree;
  tree.write("a.yaml", pod("first") + "---\na: [\n---\n" + pod("last"));
  const Inputs inputs = read({tree.path("a.yaml")});
  EXPECT_EQ(names(inputs), (Names{"first", "last"}));
  ASSERT_EQ(inputs.errors.size(), 1U);
  EXPECT_EQ(inputs.errors[0].file, tree.path("a.yaml"));
  EXPECT_EQ(inputs.objects[1].document, 3U);
}

TEST(ReadInputs, TheTrueCauseReplacesTheReadersWords) {
  const TestTree tree;
  tree.write("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\nname: a\nspec:\nname: b\n");
  const Inputs inputs = read({tree.path("a.yaml")});
  ASSERT_EQ(inputs.errors.size(), 1U);
  EXPECT_EQ(inputs.errors[0].at, (Position{4, 1}));
  EXPECT_TRUE(inputs.errors[0].message.starts_with("the indentation of this text is lost"))
      << inputs.errors[0].message;
  EXPECT_NE(inputs.errors[0].hint.find("The reader stopped at line 6"), std::string::npos)
      << inputs.errors[0].hint;
  ASSERT_EQ(inputs.pasted.size(), 1U);
  EXPECT_FALSE(inputs.pasted[0].readable);
}

TEST(ReadInputs, ManyBrokenDocumentsAreCounted) {
  const TestTree tree;
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "a: [\n---\n";
  }
  tree.write("a.yaml", text);
  const Inputs inputs = read({tree.path("a.yaml")});
  ASSERT_EQ(inputs.errors.size(), 1001U);
  EXPECT_EQ(inputs.errors.back().kind, ErrorKind::Limit);
}

TEST(ReadInputs, ThreadsChangeNothing) {
  const TestTree tree;
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += pod("p" + std::to_string(i)) + "---\n";
  }
  tree.write("one.yaml", text);
  for (int i = 0; i < 50; ++i) {
    tree.write("many/" + std::to_string(i) + ".yaml",
               text.substr(0, text.find("name: p77\n")) + "name: x\n");
  }
  const Inputs one = read({tree.path()}, 1);
  for (const unsigned threads : {2U, 3U, 8U}) {
    const Inputs many = read({tree.path()}, threads);
    EXPECT_EQ(names(one), names(many)) << threads;
    EXPECT_EQ(one.totals.documents, many.totals.documents) << threads;
  }
  EXPECT_EQ(one.objects.size(), 20'000U + 50U * 78U);
  EXPECT_EQ(one.objects.back().ref.name, "p19999");
}

TEST(ReadInputs, ReportsProgress) {
  const TestTree tree;
  tree.write("a.yaml", pod("a"));
  InputOptions options;
  options.paths = {tree.path()};
  Progress last;
  options.progress = [&last](const Progress& progress) { last = progress; };
  static_cast<void>(read_inputs(options));
  EXPECT_EQ(last.files_done, 1U);
  EXPECT_EQ(last.files_total, 1U);
  EXPECT_EQ(last.bytes_done, last.bytes_total);
  EXPECT_NE(last.bytes_total, 0U);
}

TEST(ReadInputs, ListsExceptionsThatTheInputCarries) {
  const TestTree tree;
  tree.write("a.yaml",
             "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: s\n  annotations:\n    "
             "tallystick.dev/waive: run-as-non-root needs port 80\n"
             "---\napiVersion: tallystick.dev/v1alpha1\nkind: Exception\nmetadata: {name: "
             "E-1}\nspec: {owner: o, reason: r, match: {rules: [x]}}\n");
  const Inputs inputs = read({tree.path()});
  ASSERT_EQ(inputs.exceptions.exceptions.size(), 2U);
  EXPECT_EQ(inputs.exceptions.exceptions[0].id, "waive:Pod s/a:run-as-non-root");
  EXPECT_EQ(inputs.exceptions.exceptions[1].id, "E-1");
}

}  // namespace
}  // namespace tally::input
