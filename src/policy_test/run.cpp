#include "policy_test/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "input/file_walk.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "kube/snapshot.hpp"
#include "policy_test/internal/admission_trial.hpp"
#include "policy_test/internal/check_results.hpp"
#include "policy_test/internal/engines.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/internal/subjects.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

class CaseRun {
 public:
  CaseRun(Files& files, const TestCase& test, const RunOptions& options, CaseReport& report)
      : files_(files), test_(test), options_(options), report_(report) {}

  Result<void> run(std::span<const ExpectedResult> results) {
    TALLY_CHECK(surroundings_.load(files_, test_));
    TALLY_CHECK(world_.load(files_, test_));
    world_.set_now({.seconds = options_.now_seconds, .nanoseconds = options_.now_nanoseconds});
    TALLY_CHECK(load_policies());
    TALLY_CHECK(load_exceptions());
    TALLY_CHECK(load_objects());
    TALLY_CHECK(evaluate(results));
    ResultCheck check(files_, test_, world_, policies_, evaluated_, report_);
    for (const KnownRule& rule : policies_.rules) {
      report_.rules.push_back({.policy = rule.policy,
                               .kind = rule.kind,
                               .rule = rule.rule,
                               .path = rule.path,
                               .is_exercised = false});
    }
    for (const ExpectedResult& result : results) {
      check.check(result);
    }
    report_.notes.insert(report_.notes.end(), policies_.notes.begin(), policies_.notes.end());
    return {};
  }

 private:
  Result<void> load_policies() {
    for (const std::string& path : test_.policies) {
      TALLY_TRY(const auto expanded,
                files_.expand(input::join_path(test_.folder, path), Files::Depth::Tree));
      for (const std::string& file : expanded) {
        TALLY_TRY(const auto objects, files_.objects(file));
        for (const kube::Object& object : objects) {
          sort_policy(object, file);
        }
      }
    }
    return {};
  }

  void sort_policy(const kube::Object& object, const std::string& file) {
    const scalar::ObjectRef& ref = object.ref;
    if (ref.group == "admissionregistration.k8s.io" &&
        (ref.kind.starts_with("ValidatingAdmissionPolicy") ||
         ref.kind.starts_with("MutatingAdmissionPolicy"))) {
      policies_.admission.push_back(object);
    } else if (ref.group == "policies.kyverno.io" && ref.kind.ends_with("Policy")) {
      policies_.cel.push_back(object);
    } else if (ref.group == "kyverno.io" && ref.kind.ends_with("Policy")) {
      policies_.classic.push_back(object);
    } else {
      report_.notes.push_back(
          fmt::format("{}: {} {} is no policy", file, excerpt(ref.kind), excerpt(ref.name)));
    }
  }

  Result<void> load_exceptions() {
    for (const std::string& path : test_.exceptions) {
      TALLY_TRY(const auto expanded,
                files_.expand(input::join_path(test_.folder, path), Files::Depth::Tree));
      for (const std::string& file : expanded) {
        TALLY_TRY(const auto objects, files_.objects(file));
        for (const kube::Object& object : objects) {
          if (object.ref.kind != "PolicyException") {
            return std::unexpected(
                file_error(file, "expected a PolicyException, found " + excerpt(object.ref.kind)));
          }
          (object.ref.group == "kyverno.io" ? exceptions_ : cel_exceptions_).push_back(object);
        }
      }
    }
    if (!policies_.admission.empty() && !exceptions_.empty()) {
      return content_error("there are no exceptions from ValidatingAdmissionPolicies");
    }
    return {};
  }

  Result<void> load_objects() {
    const kube::CustomKinds& kinds = world_.kinds();
    TALLY_TRY(subjects_,
              load_subjects(files_, test_.folder, test_.resources, kinds, Files::Depth::Folder));
    TALLY_TRY(targets_, load_subjects(files_, test_.folder, test_.target_resources, kinds,
                                      Files::Depth::Folder));
    TALLY_TRY(const auto params, load_subjects(files_, test_.folder, test_.param_resources, kinds,
                                               Files::Depth::Folder));
    std::vector<kube::Object> around(world_.objects().begin(), world_.objects().end());
    if (world_.is_cluster()) {
      world_.add(subjects_);
      world_.add(params);
    }
    world_.add(targets_);
    around.insert(around.end(), params.begin(), params.end());
    around.insert(around.end(), targets_.begin(), targets_.end());
    around.insert(around.end(), subjects_.begin(), subjects_.end());
    add_namespaces(around);
    snapshot_ = kube::Snapshot::create(std::move(around), "default");
    return {};
  }

  // The test is the whole world: a namespace of which it says nothing has no labels. What the
  // values file says counts more than an object.
  void add_namespaces(std::vector<kube::Object>& around) {
    std::set<std::string, std::less<>> known;
    for (const kube::Object& object : around) {
      if (object.ref.group.empty() && object.ref.kind == "Namespace") {
        known.emplace(object.ref.name);
      }
    }
    const std::size_t count = around.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name = around[i].ref.name_space;
      if (name.empty() || !known.emplace(name).second) {
        continue;
      }
      Arena& arena = files_.arena();
      const Field metadata[] = {{.key = "name", .value = make_text(arena, name)}};
      const Field fields[] = {{.key = "apiVersion", .value = make_text(arena, "v1")},
                              {.key = "kind", .value = make_text(arena, "Namespace")},
                              {.key = "metadata", .value = make_map(arena, metadata)}};
      if (const auto object =
              kube::object_from_node(make_map(arena, fields), files_.made_source())) {
        around.push_back(*object);
      }
    }
    const auto& given = surroundings_.namespaces();
    around.insert(around.end(), given.begin(), given.end());
  }

  Result<void> evaluate(std::span<const ExpectedResult> results) {
    Engines engines({.policies = policies_,
                     .exceptions = exceptions_,
                     .cel_exceptions = cel_exceptions_,
                     .targets = targets_,
                     .snapshot = *snapshot_,
                     .world = world_,
                     .surroundings = surroundings_,
                     .files = files_,
                     .test = test_});
    std::set<std::string> operations{""};
    for (const ExpectedResult& result : results) {
      operations.insert(result.operation);
    }
    for (const kube::Object& subject : subjects_) {
      Evaluated one{.object = subject, .payload = {}, .responses = {}, .is_target = false};
      for (const std::string& operation : operations) {
        Trial trial{
            .subject = &subject, .current = subject, .operation = operation, .responses = {}};
        engines.judge(trial);
        one.responses.emplace(operation, std::move(trial.responses));
      }
      evaluated_.push_back(std::move(one));
    }
    TALLY_CHECK(evaluate_payloads(engines));
    for (const kube::Object& target : targets_) {
      const auto known = std::ranges::find_if(evaluated_, [&](const Evaluated& one) {
        return one.payload.empty() && display_name(one.object) == display_name(target);
      });
      if (known != evaluated_.end()) {
        known->is_target = true;
      } else {
        evaluated_.push_back({.object = target, .payload = {}, .responses = {}, .is_target = true});
      }
    }
    return {};
  }

  Result<void> evaluate_payloads(Engines& engines) {
    struct Kind {
      const std::vector<std::string>& paths;
      PayloadKind kind;
    };
    for (const Kind& kind : {Kind{test_.json_payloads, PayloadKind::Json},
                             Kind{test_.http_payloads, PayloadKind::Http},
                             Kind{test_.envoy_payloads, PayloadKind::Envoy}}) {
      for (const std::string& path : kind.paths) {
        const std::string file = input::join_path(test_.folder, path);
        TALLY_TRY(const std::span<const Root> roots, files_.documents(file));
        if (roots.size() != 1 || !roots.front().node.is_object()) {
          return std::unexpected(file_error(file, "a payload is one map"));
        }
        Evaluated one{.object = {}, .payload = path, .responses = {}, .is_target = false};
        one.object.root = roots.front().node;
        one.object.source = roots.front().source.get();
        one.responses.emplace("", engines.judge_payload(kind.kind, roots.front().node));
        evaluated_.push_back(std::move(one));
      }
    }
    return {};
  }

  Files& files_;
  const TestCase& test_;
  const RunOptions& options_;
  CaseReport& report_;
  Surroundings surroundings_;
  TestWorld world_;
  LoadedPolicies policies_;
  std::vector<kube::Object> exceptions_;
  std::vector<kube::Object> cel_exceptions_;
  std::vector<kube::Object> subjects_;
  std::vector<kube::Object> targets_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::vector<Evaluated> evaluated_;
};

bool passes(const std::string& pattern, const std::string& text) {
  return pattern.empty() || text.empty() || wildcard_match(pattern, text);
}

// The expectations that a filter leaves, each with the resources that it leaves.
std::vector<ExpectedResult> filtered(const TestCase& test, const Filter& filter) {
  std::vector<ExpectedResult> left;
  for (const ExpectedResult& result : test.results) {
    if (!passes(filter.policy, result.policy) || !passes(filter.rule, result.rule) ||
        !passes(filter.result, result.result)) {
      continue;
    }
    ExpectedResult kept = result;
    if (!filter.resource.empty() && !kept.resources.empty()) {
      std::erase_if(kept.resources, [&](const std::string& name) {
        return !wildcard_match(filter.resource, name);
      });
      if (kept.resources.empty()) {
        continue;
      }
    }
    left.push_back(std::move(kept));
  }
  return left;
}

}  // namespace

CaseReport run_case(const TestFile& file, const TestCase& test, const RunOptions& options) {
  CaseReport report{.path = test.path,
                    .name = test.name,
                    .ordinal = test.ordinal,
                    .rows = {},
                    .errors = {},
                    .notes = test.notes,
                    .rules = {},
                    .is_filtered_out = false};
  const std::vector<ExpectedResult> results = filtered(test, options.filter);
  if (results.empty() && !test.results.empty()) {
    report.is_filtered_out = true;
    return report;
  }
  CaseRun run(*file.files, test, options, report);
  if (auto done = run.run(results); !done) {
    report.errors.push_back(std::move(done).error());
  }
  return report;
}

std::vector<CaseReport> run_file(const std::string& path, const RunOptions& options) {
  kube::load_api_kinds();
  const TestFile file = read_test_file(path);
  std::vector<CaseReport> reports;
  for (const TestCase& test : file.cases) {
    reports.push_back(run_case(file, test, options));
  }
  if (!file.errors.empty()) {
    CaseReport report;
    report.path = path;
    report.errors = file.errors;
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace tally::policy_test
