#include "policy_test/internal/check_results.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "input/file_walk.hpp"
#include "policy_test/internal/compare.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/internal/subjects.hpp"

namespace tally::policy_test {

using document::Node;

namespace {

// "ns/name" and "name" name the policy `name`: upstream looks at the last part only.
std::string_view bare_name(std::string_view policy) { return policy.substr(policy.rfind('/') + 1); }

bool is_rule(std::string_view responded, std::string_view expected) {
  if (responded.starts_with("autogen-cronjob-") && responded.substr(16) == expected) {
    return true;
  }
  if (responded.starts_with("autogen-") && responded.substr(8) == expected) {
    return true;
  }
  return responded == expected;
}

bool is_named(const Evaluated& evaluated, std::string_view name) {
  if (!evaluated.payload.empty()) {
    return evaluated.payload == name;
  }
  const std::size_t slash = name.find('/');
  const scalar::ObjectRef& ref = evaluated.object.ref;
  return slash == std::string_view::npos
             ? ref.name == name
             : ref.name_space == name.substr(0, slash) && ref.name == name.substr(slash + 1);
}

bool is_specified(const Evaluated& evaluated, const ResourceSpec& spec) {
  const scalar::ObjectRef& ref = evaluated.object.ref;
  return ref.group == spec.group && ref.version == spec.version &&
         ref.name_space == spec.name_space && ref.name == spec.name &&
         (spec.kind.empty() || ref.kind == spec.kind);
}

bool is_same_object(const Node& a, const Node& b) {
  return text_at(a, "apiVersion") == text_at(b, "apiVersion") &&
         text_at(a, "kind") == text_at(b, "kind") &&
         text_at(a, "metadata.name") == text_at(b, "metadata.name") &&
         text_at(a, "metadata.namespace") == text_at(b, "metadata.namespace");
}

}  // namespace

std::string Evaluated::display() const { return payload.empty() ? display_name(object) : payload; }

Row ResultCheck::row_of(const ExpectedResult& result, const Evaluated& evaluated,
                        std::string rule) const {
  return {.outcome = Outcome::Pass,
          .policy = result.policy,
          .rule = std::move(rule),
          .resource = evaluated.display(),
          .expected = result.result,
          .actual = {},
          .message = {},
          .differences = {},
          .at = result.at};
}

std::vector<const Evaluated*> ResultCheck::select(const ExpectedResult& result) {
  std::vector<const Evaluated*> selected;
  const auto take = [&](const Evaluated& one) {
    if (std::ranges::find(selected, &one) == selected.end()) {
      selected.push_back(&one);
    }
  };
  const auto missing = [&](std::string name) {
    report_.rows.push_back({.outcome = Outcome::Fail,
                            .policy = result.policy,
                            .rule = result.rule,
                            .resource = std::move(name),
                            .expected = result.result,
                            .actual = {},
                            .message = "the test has no such resource",
                            .differences = {},
                            .at = result.at});
  };
  for (const std::string& name : result.resources) {
    bool found = false;
    for (const Evaluated& one : evaluated_) {
      if (is_named(one, name)) {
        take(one);
        found = true;
      }
    }
    if (!found) {
      missing(name);
    }
  }
  for (const ResourceSpec& spec : result.resource_specs) {
    const auto found = std::ranges::find_if(
        evaluated_, [&](const Evaluated& one) { return is_specified(one, spec); });
    if (found == evaluated_.end()) {
      missing(spec.name_space.empty() ? spec.name : spec.name_space + "/" + spec.name);
    } else {
      take(*found);
    }
  }
  if (result.resources.empty() && result.resource_specs.empty()) {
    for (const Evaluated& one : evaluated_) {
      take(one);
    }
  }
  return selected;
}

void ResultCheck::check(const ExpectedResult& result) {
  const std::vector<const Evaluated*> selected = select(result);
  // Of several objects with one name those of the kind that the result names are meant, if any.
  const bool has_kind = std::ranges::any_of(
      selected, [&](const Evaluated* one) { return one->object.ref.kind == result.kind; });
  for (const Evaluated* one : selected) {
    const std::size_t before = report_.rows.size();
    check_one(result, *one);
    const bool is_aside = has_kind && one->object.ref.kind != result.kind;
    if (is_aside && report_.rows.size() == before + 1 &&
        (report_.rows.back().outcome == Outcome::NoRule || report_.rows.back().actual.empty())) {
      report_.rows.pop_back();
    }
  }
}

void ResultCheck::check_one(const ExpectedResult& result, const Evaluated& evaluated) {
  const std::size_t before = report_.rows.size();
  const auto run = evaluated.responses.find(result.operation);
  if (run != evaluated.responses.end()) {
    for (const PolicyResponse& response : run->second) {
      if (response.policy != bare_name(result.policy)) {
        continue;
      }
      for (const RuleResponse& rule : response.rules) {
        if (result.rule.empty() || response.is_ruleless || is_rule(rule.rule, result.rule)) {
          check_rule(result, evaluated, response, rule);
        }
      }
    }
  }
  if (evaluated.is_target) {
    check_targets(result, evaluated);
  }
  if (report_.rows.size() == before) {
    nothing_responded(result, evaluated);
  }
}

void ResultCheck::check_rule(const ExpectedResult& result, const Evaluated& evaluated,
                             const PolicyResponse& response, const RuleResponse& rule) {
  exercised(response, rule);
  Row row = row_of(result, evaluated, response.is_ruleless ? std::string{} : rule.rule);
  row.actual = !response.is_scored && rule.verdict == "fail" ? "warn" : rule.verdict;
  row.message = rule.message;
  if (rule.type != RuleType::Generation) {
    const bool is_changed = rule.type == RuleType::Mutation && rule.object.is_object();
    if (is_expected_object(result, row, is_changed ? rule.object : evaluated.object.root)) {
      add_verdict(result, std::move(row));
    } else {
      report_.rows.push_back(std::move(row));
    }
    return;
  }
  if (rule.generated.empty()) {
    return add_verdict(result, std::move(row));
  }
  for (const Node& generated : rule.generated) {
    Row own = row;
    own.resource =
        fmt::format("{}/{}", text_at(generated, "kind"), text_at(generated, "metadata.name"));
    if (is_expected_object(result, own, generated)) {
      add_verdict(result, std::move(own));
    } else {
      report_.rows.push_back(std::move(own));
    }
  }
}

void ResultCheck::check_targets(const ExpectedResult& result, const Evaluated& target) {
  for (const Evaluated& trigger : evaluated_) {
    const auto run = trigger.responses.find(result.operation);
    if (run == trigger.responses.end()) {
      continue;
    }
    for (const PolicyResponse& response : run->second) {
      if (response.policy != bare_name(result.policy)) {
        continue;
      }
      for (const RuleResponse& rule : response.rules) {
        for (const Node& changed : rule.targets) {
          if (!is_same_object(changed, target.object.root)) {
            continue;
          }
          exercised(response, rule);
          Row row = row_of(result, target, response.is_ruleless ? std::string{} : rule.rule);
          row.actual = rule.verdict;
          row.message = rule.message;
          if (is_expected_object(result, row, changed)) {
            add_verdict(result, std::move(row));
          } else {
            report_.rows.push_back(std::move(row));
          }
        }
      }
    }
  }
}

void ResultCheck::add_verdict(const ExpectedResult& result, Row row) {
  row.outcome = row.actual == "unknown"       ? Outcome::Unknown
                : row.actual == result.result ? Outcome::Pass
                                              : Outcome::Fail;
  report_.rows.push_back(std::move(row));
}

// The object of the file with the identity of `actual`, against it.
ResultCheck::Comparison ResultCheck::compare_with(const std::string& file, const Node& actual,
                                                  Row& row) {
  const auto objects = files_.objects(input::join_path(test_.folder, file));
  if (!objects) {
    row.message = objects.error().to_string();
    return Comparison::Unreadable;
  }
  for (const kube::Object& object : *objects) {
    const kube::Object expected = as_tested(files_, object, world_.kinds());
    if (!is_same_object(expected.root, actual)) {
      continue;
    }
    if (is_as_expected(files_.arena(), actual, expected.root)) {
      return Comparison::Equal;
    }
    row.message = fmt::format("the object is not the one of {}", file);
    row.differences = differences(files_.arena(), actual, expected.root);
    return Comparison::Different;
  }
  row.message = fmt::format("{} holds no {} {}", file, text_at(actual, "kind"),
                            text_at(actual, "metadata.name"));
  return Comparison::Missing;
}

bool ResultCheck::is_expected_object(const ExpectedResult& result, Row& row, const Node& actual) {
  const std::string said = row.message;
  Comparison patched = Comparison::Equal;
  if (!result.patched_resources.empty()) {
    patched = compare_with(result.patched_resources, actual, row);
  }
  Comparison generated = Comparison::Equal;
  if (patched == Comparison::Equal && !result.generated_resources.empty()) {
    // One of the files must hold it; a difference says more than its absence from another file.
    Row best = row;
    generated = Comparison::Missing;
    for (const std::string& file : result.generated_resources) {
      Row own = row;
      const Comparison one = compare_with(file, actual, own);
      if (one == Comparison::Equal) {
        generated = one;
        break;
      }
      if (generated == Comparison::Missing) {
        generated = one;
        best = std::move(own);
      }
    }
    row = std::move(best);
  }
  const Comparison both = patched == Comparison::Equal ? generated : patched;
  if (both == Comparison::Equal) {
    row.message = said;
    row.differences.clear();
    return true;
  }
  if (row.actual != result.result && !said.empty()) {
    row.message += "; the rule says: " + said;
  }
  row.outcome = both == Comparison::Missing && !result.fails_on_missing ? Outcome::NotCompared
                                                                        : Outcome::Fail;
  return false;
}

void ResultCheck::nothing_responded(const ExpectedResult& result, const Evaluated& evaluated) {
  Row row = row_of(result, evaluated, result.rule);
  row.outcome = Outcome::Fail;
  const std::string_view name = bare_name(result.policy);
  const auto invalid = std::ranges::find(policies_.invalid, name, &InvalidPolicy::policy);
  const auto is_of_policy = [&](const KnownRule& rule) { return rule.policy == name; };
  const auto is_wanted = [&](const KnownRule& rule) {
    return rule.policy == name && (rule.rule.empty() || result.rule.empty() ||
                                   is_rule(result.rule, rule.rule) || rule.rule == result.rule);
  };
  if (invalid != policies_.invalid.end()) {
    row.message = "the policy is not valid: " + invalid->message;
  } else if (std::ranges::none_of(policies_.rules, is_of_policy)) {
    row.message = "the test has no such policy";
  } else {
    row.outcome = Outcome::NoRule;
    row.message = std::ranges::none_of(policies_.rules, is_wanted) ? "the policy has no such rule"
                                                                   : "not matched, or excluded";
  }
  report_.rows.push_back(std::move(row));
}

void ResultCheck::exercised(const PolicyResponse& response, const RuleResponse& rule) {
  for (RuleCoverage& known : report_.rules) {
    if (known.policy == response.policy &&
        (known.rule.empty() || response.is_ruleless || is_rule(rule.rule, known.rule))) {
      known.is_exercised = true;
    }
  }
}

}  // namespace tally::policy_test
