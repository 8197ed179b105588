#pragma once
// Tests of policies as files: kind Test of cli.kyverno.io/v1alpha1 (and of kyverno.io/v1, which has
// the same fields), as Kyverno 1.19 reads them (cmd/cli/kubectl-kyverno/apis/v1alpha1/test.go).
//
// A file holds one test a document. Fields are read strictly: a misspelt field would make a test
// weaker without a word. Fields of older releases are read, too: `status` (now `result`),
// `resource` and `namespace` (now `resources`), `patchedResource` (now `patchedResources`), `name`.
//
// Lifetime: a TestCase refers to the memory of its TestFile.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::policy_test {

class Files;

// An object by its parts; empty parts other than the name are compared as they are.
struct ResourceSpec {
  std::string group;
  std::string version;
  std::string kind;
  std::string name_space;
  std::string name;
};

// One expectation: policy (and rule) give `result` for every object that `resources` names.
struct ExpectedResult {
  std::string policy;  // "name" or "namespace/name"
  std::string rule;
  std::string result;  // pass, fail, warn, error, skip
  std::string kind;
  std::string operation;  // CREATE, UPDATE, DELETE; empty: as the values file says, else CREATE
  std::vector<std::string> resources;  // "name" or "namespace/name"; none: every resource
  std::vector<ResourceSpec> resource_specs;
  std::string patched_resources;                 // a file
  std::vector<std::string> generated_resources;  // files
  std::string clone_source;                      // a file
  bool fails_on_missing = false;  // an object that the expected file does not hold is a failure
  bool is_deleting = false;
  Position at;
};

struct TestCase {
  std::string path;    // of its file
  std::string folder;  // that its paths start from
  std::string name;
  std::uint32_t ordinal = 1;  // of its document in the file

  // Paths as they are written.
  std::vector<std::string> policies;
  std::vector<std::string> resources;
  std::vector<std::string> target_resources;
  std::vector<std::string> param_resources;
  std::vector<std::string> cluster_resources;
  std::vector<std::string> exceptions;
  std::vector<std::string> json_payloads;
  std::vector<std::string> http_payloads;
  std::vector<std::string> envoy_payloads;
  std::string variables;
  std::string user_info;
  std::string context;

  document::Node values;  // inline values; Null
  document::Node api_call_responses;
  document::Node global_context_entries;

  std::vector<ExpectedResult> results;
  std::vector<std::string> notes;  // what is deprecated in the file
};

struct TestFile {
  std::string path;
  std::vector<TestCase> cases;
  std::vector<Error> errors;
  std::shared_ptr<Files> files;
};

// Never fails as a whole: what cannot be read is among the errors.
[[nodiscard]] TestFile read_test_file(const std::string& path);

// The test files below these paths, sorted, each once: those of the given name. Hidden folders are
// entered if they are named .kyverno-test or .chainsaw-test. A file that is named is taken whatever
// its name. Links to folders are not followed.
struct FoundTests {
  std::vector<std::string> files;
  std::vector<std::string> suites;  // files named suite.yaml
  std::vector<Error> errors;
};
[[nodiscard]] FoundTests find_tests(const std::vector<std::string>& paths,
                                    std::string_view file_name = "kyverno-test.yaml");

}  // namespace tally::policy_test
