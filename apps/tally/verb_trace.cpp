// `tally trace --policy P --object O`: which sub-expression made the verdict.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admission_policy/custom_rules.hpp"
#include "admission_policy/policy_set.hpp"
#include "assessment/host.hpp"
#include "assessment/kyverno_world.hpp"
#include "base/parallel.hpp"
#include "cel_trace.hpp"
#include "input/read_inputs.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"
#include "output.hpp"
#include "outside.hpp"
#include "request.hpp"
#include "terminal.hpp"
#include "trace_kyverno.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

using admission_policy::Outcome;

// What was seen of each expression, by its text: equal expressions are evaluated once.
class Seen final : public policy_cel::Watcher {
 public:
  explicit Seen(TraceStyle style) : style_(style) {}

  void saw(std::string_view expression, const cel::Value& value,
           std::span<const cel::TraceEntry> steps) override {
    std::string shown = render_trace(expression, steps, arena_, style_);
    const std::string result(cel::to_literal(arena_, value));
    const auto [at, added] = by_text_.try_emplace(std::string(expression));
    at->second = {.trace = std::move(shown), .result = result};
    if (added) {
      order_.push_back(at->first);
    }
  }

  struct One {
    std::string trace;
    std::string result;
  };
  [[nodiscard]] const One* find(std::string_view expression) const {
    const auto at = by_text_.find(std::string(expression));
    return at == by_text_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] const std::vector<std::string>& order() const { return order_; }

 private:
  TraceStyle style_;
  Arena arena_;
  std::map<std::string, One> by_text_;
  std::vector<std::string> order_;
};

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.append("    ").append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

std::string_view action_text(const Outcome& outcome) {
  return outcome.is_ignored     ? "ignored"
         : outcome.actions.deny ? "Deny"
         : outcome.actions.warn ? "Warn"
                                : "Audit";
}

std::string outcome_text(const Outcome& outcome, const Seen& seen) {
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
  return object.ref.group == "admissionregistration.k8s.io" || object.ref.group == "kyverno.io";
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
  const auto kyverno = kyverno::PolicySet::load(
      {.policies = policies->objects, .exceptions = {}, .kinds = objects->custom_kinds.get()});
  for (const auto& problem : kyverno.problems) {
    print_error(fmt::format("tally trace: {} {}: {} {}\n", problem.object->ref.kind,
                            problem.object->ref.name, problem.pointer, problem.message));
    code = problem.is_refused ? 2 : code;
  }
  if (code != 0) {
    return code;
  }
  if (loaded.set.entries().empty() && kyverno.set.policies().empty()) {
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
    Seen seen({.color = terminal.color && !flags.no_color});
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
    const bool is_denied = !decision.is_allowed || more.is_denied;
    const bool is_unknown = decision.is_unknown || more.is_unknown;
    const std::string_view verdict = is_denied    ? "denied"
                                     : is_unknown ? "unknown"
                                     : decision.evaluated == 0 && !more.is_asked
                                         ? "no policy applies"
                                     : decision.is_changed || more.is_changed ? "allowed, changed"
                                                                              : "allowed";
    out += fmt::format("{}: {}\n\n", object.ref.to_string(), verdict);
    code = is_denied || is_unknown ? 1 : code;
    out += more.text;
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
