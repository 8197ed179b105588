// `tally trace --policy P --object O`: which sub-expression made the verdict.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admission_policy/custom_rules.hpp"
#include "admission_policy/policy_set.hpp"
#include "assessment/host.hpp"
#include "assessment/kyverno_world.hpp"
#include "base/parallel.hpp"
#include "input/read_inputs.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"
#include "output.hpp"
#include "outside.hpp"
#include "request.hpp"
#include "seen_expressions.hpp"
#include "terminal.hpp"
#include "trace_kyverno.hpp"
#include "trace_kyverno_cel.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

using admission_policy::Outcome;

std::string_view action_text(const Outcome& outcome) {
  return outcome.is_ignored     ? "ignored"
         : outcome.actions.deny ? "Deny"
         : outcome.actions.warn ? "Warn"
                                : "Audit";
}

std::string outcome_text(const Outcome& outcome, const SeenExpressions& seen) {
  std::string text =
      fmt::format("  {} {}{}{}: {} ({})\n", outcome.policy->ref.kind, outcome.policy_name,
                  outcome.binding_name.empty() ? "" : " bound by ", outcome.binding_name,
                  admission_policy::to_text(outcome.verdict), action_text(outcome));
  text += fmt::format("  {}\n", outcome.message);
  if (outcome.policy->source != nullptr) {
    const Position at = outcome.policy->source->position(outcome.offset);
    text += fmt::format("  {}:{}:{} {}\n", outcome.policy->source->name(), at.line, at.column,
                        outcome.pointer);
  }
  if (const auto* one = seen.find(outcome.expression); one != nullptr) {
    text += "\n" + indented(one->trace);
  }
  return text + "\n";
}

int fail(const Error& error) {
  print_error(fmt::format("tally trace: {}\n", error.to_string()));
  return 2;
}

bool is_policy(const kube::Object& object) {
  return object.ref.group == "admissionregistration.k8s.io" || object.ref.group == "kyverno.io" ||
         object.ref.group == kyverno_cel::kGroup;
}

}  // namespace

int run_trace(const TraceFlags& flags) {
  const auto outside = AllowedOutside::create(flags.allowed_hosts, now_seconds());
  if (!outside) {
    return fail(outside.error());
  }
  kube::load_api_kinds();
  const unsigned threads = hardware_threads();
  auto policies = read_beside(flags.policies, flags.default_namespace, threads);
  if (!policies) {
    return fail(policies.error());
  }
  auto objects = read_beside(flags.objects, flags.default_namespace, threads);
  if (!objects) {
    return fail(objects.error());
  }
  input::Inputs old_objects;
  if (!flags.old_object.empty()) {
    auto old = read_beside({flags.old_object}, flags.default_namespace, threads);
    if (!old) {
      return fail(old.error());
    }
    old_objects = std::move(*old);
  }
  const auto snapshot = kube::Snapshot::create(objects->objects, flags.default_namespace);
  const auto loaded = admission_policy::PolicySet::load({.given = policies->objects,
                                                         .found = {},
                                                         .snapshot = snapshot.get(),
                                                         .kinds = objects->custom_kinds.get()});
  int code = 0;
  for (const auto& problem : loaded.problems) {
    print_error(fmt::format("tally trace: {} {}: {} {}\n", problem.object->ref.kind,
                            problem.object->ref.name, problem.pointer, problem.message));
    code = problem.is_refused ? 2 : code;
  }
  const auto report = [&](const auto& problems) {
    for (const auto& problem : problems) {
      print_error(fmt::format("tally trace: {} {}: {} {}\n", problem.object->ref.kind,
                              problem.object->ref.name, problem.pointer, problem.message));
      code = problem.is_refused ? 2 : code;
    }
  };
  // Who names a PolicyException beside the policy wants to see what it does.
  const auto kyverno = kyverno::PolicySet::load({.policies = policies->objects,
                                                 .exceptions = policies->objects,
                                                 .kinds = objects->custom_kinds.get()});
  report(kyverno.problems);
  const auto kyverno_cel = kyverno_cel::PolicySet::load({.policies = policies->objects,
                                                         .exceptions = policies->objects,
                                                         .kinds = objects->custom_kinds.get(),
                                                         .now = now_seconds()});
  report(kyverno_cel.problems);
  if (code != 0) {
    return code;
  }
  if (loaded.set.entries().empty() && kyverno.set.policies().empty() &&
      kyverno_cel.set.policies().empty()) {
    return fail(content_error("found no admission policy in --policy").error());
  }
  const Terminal terminal = detect_terminal();
  Arena arena;
  const kube::UserInfo user = user_of(flags.user, flags.groups, arena);
  const assessment::HostContext world(*snapshot, objects->custom_kinds.get());
  const assessment::KyvernoWorld kyverno_world(*snapshot, objects->custom_kinds.get(),
                                               now_seconds());
  world.connect((*outside)->get());
  kyverno_world.connect((*outside)->get());
  admission_policy::Scratch scratch;
  std::string out;
  for (const kube::Object& object : snapshot->objects()) {
    if (is_policy(object)) {
      continue;
    }
    kube::Review review = kube::Review::from_file_object(object, flags.default_namespace, arena);
    review.user_info = user;
    review.operation = operation_of(flags.operation);
    if (review.operation == kube::Operation::Update) {
      const auto old = std::ranges::find_if(old_objects.objects, [&](const kube::Object& other) {
        return other.ref.group == object.ref.group && other.ref.kind == object.ref.kind &&
               other.ref.name == object.ref.name;
      });
      review.old_object = old == old_objects.objects.end() ? object.root : old->root;
    } else if (review.operation == kube::Operation::Delete) {
      review.old_object = std::exchange(review.object, document::Node{});
    }
    SeenExpressions seen({.color = terminal.color && !flags.no_color});
    const assessment::SnapshotHost host(world, {.user = &review.user_info});
    const auto decision = loaded.set.admit(review, scratch, {.host = &host, .watcher = &seen});
    kube::Review changed = review;
    if (decision.is_changed) {
      changed.object = decision.object;
    }
    const kube::Object* own = snapshot->find("", "Namespace", "", review.name_space);
    const KyvernoTrace more =
        trace_kyverno(kyverno.set, changed, kyverno_world,
                      own == nullptr ? document::Node{} : own->labels(), flags.verbose);
    const KyvernoTrace cel =
        trace_kyverno_cel(kyverno_cel.set, changed, *snapshot, host,
                          {.style = {.color = terminal.color && !flags.no_color},
                           .exceptions = policies->objects,
                           .is_verbose = flags.verbose});
    const bool is_denied = !decision.is_allowed || more.is_denied || cel.is_denied;
    const bool is_unknown = decision.is_unknown || more.is_unknown || cel.is_unknown;
    const bool is_asked = more.is_asked || cel.is_asked;
    const bool is_changed = decision.is_changed || more.is_changed || cel.is_changed;
    const std::string_view verdict = is_denied                              ? "denied"
                                     : is_unknown                           ? "unknown"
                                     : decision.evaluated == 0 && !is_asked ? "no policy applies"
                                     : is_changed                           ? "allowed, changed"
                                                                            : "allowed";
    out += fmt::format("{}: {}\n\n", object.ref.to_string(), verdict);
    code = is_denied || is_unknown ? 1 : code;
    out += more.text;
    out += cel.text;
    for (const Outcome& outcome : decision.outcomes) {
      out += outcome_text(outcome, seen);
    }
    // What passed, and what was asked on the way: all of it when nothing failed.
    if (decision.outcomes.empty() || flags.verbose) {
      for (const std::string& expression : seen.order()) {
        out += indented(seen.find(expression)->trace) + "\n";
      }
    }
  }
  static_cast<void>(print(out));
  return code;
}

}  // namespace tally::app
