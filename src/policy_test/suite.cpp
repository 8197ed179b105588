#include "policy_test/suite.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "gatekeeper/constraint_set.hpp"
#include "input/file_walk.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "policy_test/internal/fields.hpp"
#include "policy_test/internal/files.hpp"
#include "policy_test/internal/nodes.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

// How many violations an assertion wants.
struct Wanted {
  enum class Kind : std::uint8_t { Any, None, Exactly } kind = Kind::Any;
  std::int64_t count = 0;

  [[nodiscard]] bool holds(std::int64_t found) const noexcept {
    switch (kind) {
      case Kind::Any:
        return found > 0;
      case Kind::None:
        return found == 0;
      case Kind::Exactly:
        return found == count;
    }
    return false;
  }
  [[nodiscard]] std::string text() const {
    return kind == Kind::Any    ? "violations"
           : kind == Kind::None ? "no violations"
                                : fmt::format("{} violations", count);
  }
};

struct Assertion {
  Wanted wanted;
  std::string message;  // RE2, anywhere in the message; empty: every violation counts
};

struct SuiteCase {
  std::string name;
  std::string object;
  std::vector<std::string> inventory;
  std::vector<Assertion> assertions;
  bool is_skipped = false;
  Position at;
};

struct SuiteTest {
  std::string name;
  std::string policy;  // file of the template
  std::string constraint;
  std::string expansion;
  bool is_invalid = false;
  bool is_skipped = false;
  std::vector<SuiteCase> cases;
  Position at;
};

class SuiteReader {
 public:
  SuiteReader(const document::Source& source, std::vector<Error>& errors)
      : source_(source), errors_(errors) {}

  std::vector<SuiteTest> read(const Node& root, bool& is_skipped) {
    std::vector<SuiteTest> tests;
    Fields fields(root, source_, "the suite", errors_);
    const std::string version = fields.text("apiVersion");
    if (fields.text("kind") != "Suite" || !version.starts_with("test.gatekeeper.sh/")) {
      fields.wrong(root, "a suite is test.gatekeeper.sh/v1alpha1 Suite");
      return tests;
    }
    static_cast<void>(fields.node("metadata"));
    is_skipped = fields.flag("skip");
    if (const Node* list = fields.list("tests")) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        tests.push_back(read_test(list->items()[i], fmt::format("tests[{}]", i)));
      }
    }
    fields.finish();
    return tests;
  }

 private:
  SuiteTest read_test(const Node& node, const std::string& what) {
    Fields fields(node, source_, what, errors_);
    SuiteTest test;
    test.at = fields.position(node);
    test.name = fields.text("name");
    test.policy = fields.text("template");
    test.constraint = fields.text("constraint");
    test.expansion = fields.text("expansion");
    test.is_invalid = fields.flag("invalid");
    test.is_skipped = fields.flag("skip");
    if (const Node* list = fields.list("cases")) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        test.cases.push_back(read_case(list->items()[i], fmt::format("{}.cases[{}]", what, i)));
      }
    }
    fields.finish();
    return test;
  }

  SuiteCase read_case(const Node& node, const std::string& what) {
    Fields fields(node, source_, what, errors_);
    SuiteCase one;
    one.at = fields.position(node);
    one.name = fields.text("name");
    one.object = fields.text("object");
    one.inventory = fields.texts("inventory");
    one.is_skipped = fields.flag("skip");
    if (one.object.empty()) {
      fields.wrong(node, what + " needs an object");
    }
    if (const Node* list = fields.list("assertions")) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        one.assertions.push_back(
            read_assertion(list->items()[i], fmt::format("{}.assertions[{}]", what, i)));
      }
    }
    fields.finish();
    return one;
  }

  Assertion read_assertion(const Node& node, const std::string& what) {
    Fields fields(node, source_, what, errors_);
    Assertion assertion;
    assertion.message = fields.text("message");
    const Node* violations = fields.node("violations");
    fields.finish();
    if (violations == nullptr) {
      return assertion;  // at least one
    }
    // YAML 1.1 has booleans where people mean yes and no.
    const std::string_view text = text_of(violations);
    if (violations->is_bool() || text == "yes" || text == "no") {
      const bool any = violations->is_bool() ? violations->boolean() : text == "yes";
      assertion.wanted.kind = any ? Wanted::Kind::Any : Wanted::Kind::None;
    } else if (const auto count = violations->integer(); count && *count >= 0) {
      assertion.wanted = {.kind = Wanted::Kind::Exactly, .count = *count};
    } else {
      fields.wrong(*violations, what + ".violations must be yes, no or a number");
    }
    return assertion;
  }

  const document::Source& source_;
  std::vector<Error>& errors_;
};

class SuiteRun {
 public:
  SuiteRun(Files& files, std::string folder, const RunOptions& options)
      : files_(files), folder_(std::move(folder)), options_(options) {}

  void run(const SuiteTest& test, CaseReport& report) {
    if (auto done = load(test); !done) {
      report.errors.push_back(std::move(done).error());
      return;
    }
    const gatekeeper::Constraint& constraint = loaded_.set.constraints().front();
    policy_ = fmt::format("{}/{}", constraint.kind, constraint.name);
    report.rules.push_back({.policy = std::string(constraint.kind),
                            .kind = "ConstraintTemplate",
                            .rule = {},
                            .path = input::join_path(folder_, test.policy),
                            .is_exercised = false});
    for (const SuiteCase& one : test.cases) {
      if (!is_selected(one)) {
        continue;
      }
      Row row = run_case(test, one);
      report.rules.front().is_exercised = report.rules.front().is_exercised ||
                                          row.outcome == Outcome::Pass ||
                                          row.outcome == Outcome::Fail;
      report.rows.push_back(std::move(row));
    }
  }

 private:
  Result<void> load(const SuiteTest& test) {
    TALLY_TRY(templates_, files_.objects(input::join_path(folder_, test.policy)));
    TALLY_TRY(constraints_, files_.objects(input::join_path(folder_, test.constraint)));
    loaded_ =
        gatekeeper::ConstraintSet::load({.templates = templates_, .constraints = constraints_});
    if (!loaded_.problems.empty()) {
      const gatekeeper::LoadProblem& problem = loaded_.problems.front();
      const document::Source* source = problem.object == nullptr ? nullptr : problem.object->source;
      return std::unexpected(
          file_error(source == nullptr ? test.policy : source->name(), problem.message,
                     source == nullptr ? Position{} : source->position(problem.offset)));
    }
    if (loaded_.set.constraints().size() != 1) {
      return std::unexpected(file_error(input::join_path(folder_, test.constraint),
                                        "a test has exactly one constraint"));
    }
    return {};
  }

  [[nodiscard]] bool is_selected(const SuiteCase& one) const {
    const Filter& filter = options_.filter;
    return (filter.policy.empty() || wildcard_match(filter.policy, policy_)) &&
           (filter.resource.empty() || wildcard_match(filter.resource, one.name));
  }

  // The request that an object or an AdmissionReview stands for.
  Result<kube::Review> review_of(const std::string& path) {
    const std::string file = input::join_path(folder_, path);
    TALLY_TRY(const std::span<const Root> roots, files_.documents(file));
    if (roots.size() != 1) {
      return std::unexpected(
          file_error(file, fmt::format("expected one object, found {}", roots.size())));
    }
    const Root& root = roots.front();
    const bool is_review = text_at(root.node, "kind") == "AdmissionReview" &&
                           text_at(root.node, "apiVersion").starts_with("admission.k8s.io/");
    const Node* request = is_review ? root.node.find("request") : nullptr;
    const Node* object = is_review ? find_path(root.node, "request.object") : &root.node;
    const Node* old_object = find_path(root.node, "request.oldObject");
    const auto is_given = [](const Node* node) { return node != nullptr && node->is_object(); };
    if (!is_given(object) && !is_given(old_object)) {
      return std::unexpected(file_error(file, "the review has neither object nor oldObject"));
    }
    TALLY_TRY(const auto known,
              kube::object_from_node(is_given(object) ? *object : *old_object, root.source.get()));
    kube::Review review = kube::Review::from_file_object(known, "", files_.arena());
    review.source = root.source.get();
    if (is_review) {
      fill(review, *request, is_given(object) ? *object : Node{},
           is_given(old_object) ? *old_object : Node{});
    }
    return review;
  }

  static void fill(kube::Review& review, const Node& request, const Node& object,
                   const Node& old_object) {
    const std::string_view operation = text_at(request, "operation");
    review.operation = operation == "UPDATE"    ? kube::Operation::Update
                       : operation == "DELETE"  ? kube::Operation::Delete
                       : operation == "CONNECT" ? kube::Operation::Connect
                                                : kube::Operation::Create;
    review.object = object;
    review.old_object = old_object;
    review.user_info.username = text_at(request, "userInfo.username");
    if (const Node* groups = find_path(request, "userInfo.groups")) {
      review.user_info.groups = *groups;
    }
    if (const std::string_view name = text_at(request, "namespace"); !name.empty()) {
      review.name_space = name;
    }
  }

  Row run_case(const SuiteTest& test, const SuiteCase& one) {
    Row row{.outcome = Outcome::Pass,
            .policy = policy_,
            .rule = test.name,
            .resource = one.name,
            .expected = {},
            .actual = {},
            .message = {},
            .differences = {},
            .at = one.at};
    for (const Assertion& assertion : one.assertions) {
      row.expected += row.expected.empty() ? "" : ", ";
      row.expected += assertion.wanted.text();
      if (!assertion.message.empty()) {
        row.expected += fmt::format(" like '{}'", assertion.message);
      }
    }
    const auto skip = [&](std::string reason) {
      row.outcome = Outcome::Skipped;
      row.message = std::move(reason);
      return row;
    };
    if (one.is_skipped || test.is_skipped) {
      return skip("the suite skips it");
    }
    if (loaded_.set.constraints().front().engine == gatekeeper::Engine::RegoOnly) {
      return skip("Rego: not implemented yet");
    }
    if (!test.expansion.empty()) {
      return skip("expansion templates: not implemented yet");
    }
    auto review = review_of(one.object);
    auto inventory = load_inventory(one);
    if (!review || !inventory) {
      row.outcome = Outcome::Fail;
      row.message = (!review ? review.error() : inventory.error()).to_string();
      return row;
    }
    judge(*review, inventory->get(), one, row);
    return row;
  }

  Result<std::shared_ptr<const kube::Snapshot>> load_inventory(const SuiteCase& one) {
    std::vector<kube::Object> objects;
    for (const std::string& path : one.inventory) {
      TALLY_TRY(const auto found, files_.objects(input::join_path(folder_, path)));
      objects.insert(objects.end(), found.begin(), found.end());
    }
    return kube::Snapshot::create(std::move(objects), "");
  }

  void judge(const kube::Review& review, const kube::Snapshot* snapshot, const SuiteCase& one,
             Row& row) {
    const gatekeeper::Response response = loaded_.set.judge(0,
                                                            {.review = &review,
                                                             .snapshot = snapshot,
                                                             .host = nullptr,
                                                             .is_user_unknown_when_empty = false},
                                                            scratch_);
    row.actual = fmt::format("{} violations", response.violations.size());
    for (const gatekeeper::Violation& violation : response.violations) {
      row.message += row.message.empty() ? "" : "; ";
      row.message += violation.message;
      if (violation.is_unknown) {
        row.outcome = Outcome::Unknown;
        return;
      }
    }
    static const std::vector<Assertion> kNone{
        {.wanted = {.kind = Wanted::Kind::None, .count = 0}, .message = {}}};
    for (const Assertion& assertion : one.assertions.empty() ? kNone : one.assertions) {
      std::optional<re2::RE2> pattern;
      if (!assertion.message.empty()) {
        pattern.emplace(assertion.message, re2::RE2::Quiet);
        if (!pattern->ok()) {
          row.outcome = Outcome::Fail;
          row.message = "the pattern of the message: " + pattern->error();
          return;
        }
      }
      const auto found =
          std::ranges::count_if(response.violations, [&](const gatekeeper::Violation& violation) {
            return !pattern || re2::RE2::PartialMatch(re2::StringPiece(violation.message.data(),
                                                                       violation.message.size()),
                                                      *pattern);
          });
      if (!assertion.wanted.holds(found)) {
        row.outcome = Outcome::Fail;
        return;
      }
    }
  }

  Files& files_;
  std::string folder_;
  const RunOptions& options_;
  std::vector<kube::Object> templates_;
  std::vector<kube::Object> constraints_;
  gatekeeper::Loaded loaded_;
  gatekeeper::Scratch scratch_;
  std::string policy_;
};

}  // namespace

std::vector<CaseReport> run_suite(const std::string& path, const RunOptions& options) {
  kube::load_api_kinds();
  std::vector<CaseReport> reports;
  Files files;
  auto roots = files.documents(path);
  std::vector<Error> errors;
  if (!roots) {
    errors.push_back(std::move(roots).error());
  } else {
    for (const Root& root : *roots) {
      bool is_skipped = false;
      std::vector<SuiteTest> tests = SuiteReader(*root.source, errors).read(root.node, is_skipped);
      for (SuiteTest& test : tests) {
        test.is_skipped = test.is_skipped || is_skipped;
        CaseReport& report = reports.emplace_back();
        report.path = path;
        report.name = test.name;
        report.ordinal = root.ordinal;
        if (test.is_invalid) {
          report.notes.emplace_back("invalid: true is not implemented yet");
          continue;
        }
        SuiteRun(files, input::folder_of(path), options).run(test, report);
      }
    }
  }
  if (!errors.empty()) {
    reports.clear();
    CaseReport& report = reports.emplace_back();
    report.path = path;
    report.errors = std::move(errors);
  }
  return reports;
}

}  // namespace tally::policy_test
