#include "policy_test/test_case.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "input/file_walk.hpp"
#include "policy_test/internal/fields.hpp"
#include "policy_test/internal/files.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

void drop_repeated(std::vector<std::string>& texts) {
  std::vector<std::string> once;
  for (std::string& text : texts) {
    if (std::ranges::find(once, text) == once.end()) {
      once.push_back(std::move(text));
    }
  }
  texts = std::move(once);
}

// "a/./b/../c" as path.Clean has it.
std::string clean(std::string_view path) { return input::join_path(".", path); }

class Reader {
 public:
  Reader(const Root& root, TestCase& test, std::vector<Error>& errors)
      : root_(root), test_(test), errors_(errors) {}

  void read() {
    Fields fields(root_.node, *root_.source, "the test", errors_);
    const std::string version = fields.text("apiVersion");
    const std::string kind = fields.text("kind");
    if (version.empty() || kind.empty()) {
      test_.notes.emplace_back("apiVersion and kind are missing: an old form");
    } else if (kind != "Test" ||
               (!version.starts_with("cli.kyverno.io/") && !version.starts_with("kyverno.io/"))) {
      fields.wrong(root_.node, fmt::format("a test is cli.kyverno.io/v1alpha1 Test, found {} {}",
                                           excerpt(version), excerpt(kind)));
      return;
    }
    const Node* metadata = fields.map("metadata");
    const Node* name = metadata == nullptr ? nullptr : metadata->find("name");
    test_.name = name == nullptr ? std::string{} : std::string(name->text());
    if (const std::string old = fields.text("name"); !old.empty()) {
      test_.notes.emplace_back("'name' is deprecated: use metadata.name");
      test_.name = test_.name.empty() ? old : test_.name;
    }
    read_inputs(fields);
    if (const Node* results = fields.list("results")) {
      for (std::size_t i = 0; i < results->items().size(); ++i) {
        read_result(results->items()[i], fmt::format("results[{}]", i));
      }
    }
    fields.finish();
  }

 private:
  void read_inputs(Fields& fields) {
    test_.policies = fields.texts("policies");
    drop_repeated(test_.policies);
    test_.resources = fields.texts("resources");
    drop_repeated(test_.resources);
    test_.target_resources = fields.texts("targetResources");
    test_.param_resources = fields.texts("paramResources");
    for (std::string& old : fields.texts("parameterResources")) {
      test_.param_resources.push_back(std::move(old));
    }
    test_.cluster_resources = fields.texts("clusterResources");
    test_.exceptions = fields.texts("exceptions");
    test_.json_payloads = fields.texts("jsonPayloads");
    if (const std::string one = fields.text("jsonPayload"); !one.empty()) {
      test_.notes.emplace_back("'jsonPayload' is deprecated: use jsonPayloads");
      if (test_.json_payloads.empty()) {
        test_.json_payloads.push_back(one);
      }
    }
    for (std::string& payload : test_.json_payloads) {
      payload = clean(payload);
    }
    drop_repeated(test_.json_payloads);
    test_.http_payloads = fields.texts("httpPayloads");
    test_.envoy_payloads = fields.texts("envoyPayloads");
    test_.variables = fields.text("variables");
    test_.user_info = fields.text("userinfo");
    test_.context = fields.text("context");
    const auto value_of = [](const Node* node) { return node == nullptr ? Node{} : *node; };
    test_.values = value_of(fields.map("values"));
    test_.api_call_responses = value_of(fields.list("apiCallResponses"));
    test_.global_context_entries = value_of(fields.list("globalContextEntries"));
  }

  void read_result(const Node& node, const std::string& what) {
    Fields fields(node, *root_.source, what, errors_);
    ExpectedResult result;
    result.at = fields.position(node);
    result.policy = fields.text("policy");
    result.rule = fields.text("rule");
    result.result = fields.text("result");
    if (const std::string old = fields.text("status"); !old.empty()) {
      test_.notes.emplace_back("'status' is deprecated: use result");
      result.result = result.result.empty() ? old : result.result;
    }
    result.kind = fields.text("kind");
    result.operation = fields.text("operation");
    result.resources = fields.texts("resources");
    if (const std::string old = fields.text("resource"); !old.empty()) {
      test_.notes.emplace_back("'resource' is deprecated: use resources");
      const std::string name_space = fields.text("namespace");
      result.resources.push_back(name_space.empty() ? old : name_space + "/" + old);
    } else {
      static_cast<void>(fields.text("namespace"));
    }
    if (const Node* specs = fields.list("resourceSpecs")) {
      for (std::size_t i = 0; i < specs->items().size(); ++i) {
        Fields spec(specs->items()[i], *root_.source, fmt::format("{}.resourceSpecs[{}]", what, i),
                    errors_);
        result.resource_specs.push_back({.group = spec.text("group"),
                                         .version = spec.text("version"),
                                         .kind = spec.text("kind"),
                                         .name_space = spec.text("namespace"),
                                         .name = spec.text("name")});
        static_cast<void>(spec.text("subresource"));
        spec.finish();
      }
    }
    result.patched_resources = fields.text("patchedResources");
    if (const std::string old = fields.text("patchedResource"); !old.empty()) {
      test_.notes.emplace_back("'patchedResource' is deprecated: use patchedResources");
      result.patched_resources = result.patched_resources.empty() ? old : result.patched_resources;
    }
    result.generated_resources = fields.texts("generatedResources");
    if (const std::string one = fields.text("generatedResource");
        !one.empty() && result.generated_resources.empty()) {
      result.generated_resources.push_back(one);
    }
    result.clone_source = fields.text("cloneSourceResource");
    result.fails_on_missing = fields.flag("failOnMissingResources");
    result.is_deleting = fields.flag("isDeletingPolicy");
    for (const std::string_view kind :
         {"isValidatingAdmissionPolicy", "isMutatingAdmissionPolicy", "isValidatingPolicy",
          "isImageValidatingPolicy", "isGeneratingPolicy", "isMutatingPolicy"}) {
      static_cast<void>(fields.flag(kind));  // the policy's own kind says it
    }
    fields.finish();
    check(fields, node, what, result);
    test_.results.push_back(std::move(result));
  }

  static void check(Fields& fields, const Node& node, const std::string& what,
                    const ExpectedResult& result) {
    constexpr std::string_view kResults[] = {"pass", "fail", "warn", "error", "skip"};
    if (result.policy.empty()) {
      fields.wrong(node, fmt::format("{} names no policy", what));
    }
    if (std::ranges::find(kResults, result.result) == std::end(kResults)) {
      fields.wrong(
          node, fmt::format("{}.result must be pass, fail, warn, error or skip, found '{}'", what,
                            excerpt(result.result)));
    }
    constexpr std::string_view kOperations[] = {"", "CREATE", "UPDATE", "DELETE"};
    if (std::ranges::find(kOperations, result.operation) == std::end(kOperations)) {
      fields.wrong(node, fmt::format("{}.operation must be CREATE, UPDATE or DELETE, found '{}'",
                                     what, excerpt(result.operation)));
    } else if (result.is_deleting && !result.operation.empty()) {
      fields.wrong(node, fmt::format("{}: deleting policies are asked by no operation", what));
    }
  }

  const Root& root_;
  TestCase& test_;
  std::vector<Error>& errors_;
};

}  // namespace

TestFile read_test_file(const std::string& path) {
  TestFile file{.path = path, .cases = {}, .errors = {}, .files = std::make_shared<Files>()};
  auto roots = file.files->documents(path);
  if (!roots) {
    file.errors.push_back(std::move(roots).error());
    return file;
  }
  if (roots->empty()) {
    file.errors.push_back(file_error(path, "the file holds no test"));
  }
  for (const Root& root : *roots) {
    TestCase test;
    test.path = path;
    test.folder = input::folder_of(path);
    test.ordinal = root.ordinal;
    const std::size_t before = file.errors.size();
    Reader(root, test, file.errors).read();
    if (file.errors.size() == before) {
      file.cases.push_back(std::move(test));
    }
  }
  return file;
}

}  // namespace tally::policy_test
