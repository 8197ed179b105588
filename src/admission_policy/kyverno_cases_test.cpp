// The cases of Kyverno's command line about ValidatingAdmissionPolicy and MutatingAdmissionPolicy
// (test/cli of its repository), where the test data is: TALLY_CORPUS names it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "admission_policy/policy_set.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::admission_policy {
namespace {

namespace fs = std::filesystem;
using document::Node;

std::string text_of(const Node* node) { return node == nullptr ? "" : std::string(node->text()); }

std::string json(const Node& node) {
  std::string out;
  document::append_json(out, node);
  return out;
}

class Suite {
 public:
  explicit Suite(fs::path folder) : folder_(std::move(folder)) {}

  std::vector<Node> documents(const fs::path& file) {
    auto source = document::Source::read_file((folder_ / file).string());
    if (!source) {
      return {};
    }
    sources_.push_back(*source);
    std::vector<document::Document> found;
    std::vector<document::DocumentError> errors;
    for (const document::Slice slice : document::split(*sources_.back())) {
      document::read_slice(*sources_.back(), slice, arena_, {}, found, errors);
    }
    EXPECT_TRUE(errors.empty()) << file;
    std::vector<Node> roots;
    for (const document::Document& document : found) {
      roots.push_back(document.root);
    }
    return roots;
  }

  std::vector<kube::Object> objects(const Node* files) {
    std::vector<kube::Object> found;
    for (const Node& file : files == nullptr ? std::span<const Node>{} : files->items()) {
      for (const Node& root : documents(fs::path(file.text()))) {
        if (auto object = kube::object_from_node(root, sources_.back().get())) {
          found.push_back(*object);
        }
      }
    }
    return found;
  }

  void run() {
    const auto tests = documents("kyverno-test.yaml");
    ASSERT_FALSE(tests.empty());
    const Node& test = tests.front();
    const auto policies = objects(test.find("policies"));
    auto subjects = objects(test.find("resources"));
    auto around = subjects;
    for (const char* field : {"targetResources", "parameterResources", "paramResources"}) {
      for (const kube::Object& object : objects(test.find(field))) {
        around.push_back(object);
      }
    }
    add_namespaces(test.find("variables"), around);
    const Node user = read_user(test.find("userinfo"));
    const auto snapshot = kube::Snapshot::create(around, "default");
    const Loaded loaded = PolicySet::load(
        {.given = policies, .found = {}, .snapshot = snapshot.get(), .kinds = nullptr});
    for (const LoadProblem& problem : loaded.problems) {
      EXPECT_FALSE(problem.is_refused) << problem.message;
    }
    for (const Node& result : test.find("results")->items()) {
      check(loaded.set, result, subjects, user);
    }
  }

 private:
  // Labels of namespaces, from the values file.
  void add_namespaces(const Node* values, std::vector<kube::Object>& around) {
    if (values == nullptr) {
      return;
    }
    for (const Node& root : documents(fs::path(values->text()))) {
      const Node* list = root.find("namespaceSelector");
      for (const Node& one : list == nullptr ? std::span<const Node>{} : list->items()) {
        const std::string text = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" +
                                 text_of(one.find("name")) + R"(","labels":)" +
                                 json(*one.find("labels")) + "}}";
        sources_.push_back(document::Source::from_text("namespace", text));
        const auto made = document::read_one(*sources_.back(), arena_);
        around.push_back(*kube::object_from_node(*made, sources_.back().get()));
      }
    }
  }

  Node read_user(const Node* file) {
    if (file == nullptr) {
      return {};
    }
    const auto found = documents(fs::path(file->text()));
    const Node* user = found.empty() ? nullptr : found.front().find("userInfo");
    return user == nullptr ? Node{} : *user;
  }

  void check(const PolicySet& set, const Node& result, std::span<const kube::Object> subjects,
             const Node& user) {
    const std::string policy = text_of(result.find("policy"));
    const std::string expected = text_of(result.find("result"));
    const Node* names = result.find("resources");
    for (const Node& name : names == nullptr ? std::span<const Node>{} : names->items()) {
      SCOPED_TRACE(folder_.string() + " " + policy + " " + std::string(name.text()));
      const std::string full(name.text());
      const std::string own = full.substr(full.rfind('/') + 1);
      for (const kube::Object& subject : subjects) {
        if (subject.ref.name != own || subject.ref.kind != text_of(result.find("kind"))) {
          continue;
        }
        kube::Review review = kube::Review::from_file_object(subject, "default", arena_);
        if (user.is_object()) {
          review.user_info.username = text_view(user.find("username"));
          review.user_info.groups = user.find("groups") ? *user.find("groups") : Node{};
        }
        const Decision decision = set.admit(review, scratch_, {.defaults = Defaults::AsIs});
        bool failed = false;
        for (const Outcome& outcome : decision.outcomes) {
          failed = failed || (outcome.policy_name == policy && outcome.verdict == Verdict::Fail);
        }
        ++checked_;
        if (expected == "fail") {
          EXPECT_TRUE(failed);
        } else {
          EXPECT_FALSE(failed) << (decision.outcomes.empty()
                                       ? std::string()
                                       : std::string(decision.outcomes[0].message));
          EXPECT_FALSE(decision.is_unknown);
        }
        compare_patched(result, decision, own);
      }
    }
  }
  static std::string_view text_view(const Node* node) {
    return node == nullptr ? std::string_view{} : node->text();
  }

  void compare_patched(const Node& result, const Decision& decision, const std::string& name) {
    const Node* file = result.find("patchedResources");
    if (file == nullptr) {
      file = result.find("patchedResource");
    }
    if (file == nullptr || text_of(result.find("result")) != "pass") {
      return;
    }
    for (const Node& patched : documents(fs::path(file->text()))) {
      const Node* metadata = patched.find("metadata");
      if (metadata != nullptr && text_of(metadata->find("name")) == name) {
        EXPECT_TRUE(document::equal(decision.object, patched)) << json(decision.object) << "\n"
                                                               << json(patched);
      }
    }
  }

 public:
  [[nodiscard]] std::size_t checked() const noexcept { return checked_; }

 private:
  fs::path folder_;
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  Scratch scratch_;
  std::size_t checked_ = 0;
};

TEST(KyvernoCases, SameVerdicts) {
  const char* corpus = std::getenv("TALLY_CORPUS");
  const std::string cases_root =
      corpus == nullptr ? std::string{} : std::string(corpus) + "/kyverno/kyverno/test/cli";
  const char* root = cases_root.c_str();
  if (cases_root.empty() || !std::filesystem::exists(cases_root)) {
    // A clone has no test data of peers; `./test` sets the variable where there is some.
    GTEST_SKIP() << "the test data is not here: TALLY_CORPUS";
  }
  kube::load_api_kinds();
  std::size_t checked = 0;
  for (const char* family :
       {"test-validating-admission-policy", "test-mutating-admission-policy"}) {
    const fs::path folder = fs::path(root) / family;
    if (!fs::is_directory(folder)) {
      continue;
    }
    std::vector<fs::path> cases(fs::directory_iterator(folder), fs::directory_iterator{});
    std::ranges::sort(cases);
    for (const fs::path& one : cases) {
      if (fs::exists(one / "kyverno-test.yaml")) {
        Suite suite(one);
        suite.run();
        checked += suite.checked();
      }
    }
  }
  EXPECT_GT(checked, 0U);
}

}  // namespace
}  // namespace tally::admission_policy
