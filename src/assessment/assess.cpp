// assess(): objects are judged in runs of consecutive objects by all workers and joined in order,
// so that the result does not depend on the number of threads.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "assessment/admission.hpp"
#include "assessment/assessment.hpp"
#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/internal/judge.hpp"
#include "assessment/internal/list_keys.hpp"
#include "assessment/internal/network.hpp"
#include "assessment/internal/rules.hpp"
#include "assessment/internal/summaries.hpp"
#include "assessment/kyverno_policies.hpp"
#include "base/memory.hpp"
#include "base/parallel.hpp"
#include "kube/objects.hpp"

namespace tally::assessment {

using finding::Assessment;
using finding::Finding;

namespace {

constexpr std::size_t kObjectsPerPart = 256;
constexpr std::size_t kObjectsPerWindow = 64 * kObjectsPerPart;

std::vector<NamespacePolicy> policies_of(const kube::Snapshot& snapshot,
                                         std::span<const kube::Review> reviews,
                                         const input::Config& config) {
  std::vector<std::string_view> names(snapshot.namespaces().begin(), snapshot.namespaces().end());
  names.emplace_back();  // objects without a namespace
  for (const kube::Review& review : reviews) {
    names.push_back(review.name_space);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::vector<NamespacePolicy> policies;
  policies.reserve(names.size());
  for (const auto name : names) {
    policies.push_back(namespace_policy(name, snapshot, config));
  }
  return policies;
}

// Reports objects whose identity comes again later in the input.
void judge_duplicates(const Run& run, Worker& worker, Part& part) {
  for (const std::uint32_t position : run.snapshot->shadowed()) {
    const kube::Object& object = run.snapshot->objects()[position];
    auto* subject = worker.arena->create<finding::Subject>();
    subject->ref = object.ref;
    subject->root = object.root;
    subject->list_keys = list_keys_of(object);
    Finding& finding = part.findings.emplace_back();
    finding.check = &kDuplicateObject;
    finding.subject = subject;
    finding.severity = kDuplicateObject.severity;
    finding.location = {.source = object.source,
                        .offset = object.root.offset(),
                        .document = object.document,
                        .template_source = object.template_source};
    finding.found = "described again later";
    finding.allowed = "one description";
    finding.message =
        "another document of the input describes the same object; applied in this order, that one "
        "stands";
    part.counts[run.rule_index(kDuplicateObject)].fail += 1;
  }
}

// Something that is wrong with a policy itself.
struct PolicyProblem {
  const finding::Check* check = nullptr;
  const kube::Object* object = nullptr;
  std::string_view pointer;
  std::uint32_t offset = 0;
  std::string_view message;
  bool is_refused = false;
};

void report_policy(const Run& run, Worker& worker, Part& part, const PolicyProblem& problem) {
  Arena& arena = *worker.arena;
  const kube::Object& object = *problem.object;
  auto* subject = arena.create<finding::Subject>();
  subject->ref = object.ref;
  subject->root = object.root;
  subject->list_keys = list_keys_of(object);
  Finding& finding = part.findings.emplace_back();
  finding.check = problem.check;
  finding.subject = subject;
  finding.severity = problem.check->severity;
  finding.verdict = problem.is_refused ? finding::Verdict::Error : finding::Verdict::Fail;
  finding.pointer = arena.copy(problem.pointer);
  finding.location = {.source = object.source,
                      .offset = problem.offset,
                      .document = object.document,
                      .template_source = object.template_source};
  // The lines that show the place are for the list of errors.
  finding.message = arena.copy(problem.message.substr(0, problem.message.find('\n')));
  part.counts[run.rule_index(*finding.check)].fail += 1;
}

// What is wrong with the policies themselves.
void judge_policies(const Run& run, Worker& worker, Part& part) {
  if (run.engines->admission == nullptr) {
    return;
  }
  for (const admission_policy::LoadProblem& problem : run.engines->admission->problems()) {
    report_policy(run, worker, part,
                  {.check = &check_of(problem.kind),
                   .object = problem.object,
                   .pointer = problem.pointer,
                   .offset = problem.offset,
                   .message = problem.message,
                   .is_refused = problem.is_refused &&
                                 problem.kind != admission_policy::LoadProblem::Kind::NotBound});
  }
}

// What is wrong with policies of other engines.
void judge_foreign_policies(const Run& run, Worker& worker, Part& part) {
  if (run.engines->kyverno != nullptr) {
    for (const KyvernoPolicies::Problem& problem : run.engines->kyverno->problems()) {
      report_policy(run, worker, part,
                    {.check = problem.check,
                     .object = problem.object,
                     .pointer = problem.pointer,
                     .offset = problem.offset,
                     .message = problem.message,
                     .is_refused = problem.is_refused});
    }
  }
  if (run.engines->gatekeeper != nullptr) {
    for (const gatekeeper::LoadProblem& problem : run.engines->gatekeeper->problems()) {
      report_policy(run, worker, part,
                    {.check = &check_of(problem.kind),
                     .object = problem.object,
                     .pointer = problem.pointer,
                     .offset = problem.offset,
                     .message = problem.message,
                     .is_refused = problem.kind != gatekeeper::LoadProblem::Kind::NoTemplate});
    }
  }
}

void list_exceptions(const Run& run, Worker& worker, Part& part, Assessment& assessment) {
  const auto list = [&](const finding::Exception* exception, bool honoured) {
    const bool expired = exception->expires != 0 && run.context->today > exception->expires;
    assessment.exceptions.push_back(
        {.exception = exception, .findings = 0, .expired = expired, .honoured = honoured});
    if (!expired) {
      return;
    }
    Finding& finding = part.findings.emplace_back();
    finding.check = &kExceptionExpired;
    finding.severity = kExceptionExpired.severity;
    finding.pointer = worker.arena->concat({"/exceptions/", exception->id});
    finding.found = worker.arena->concat({"expired on ", finding::day_to_text(exception->expires)});
    finding.allowed = "a date that is not over";
    finding.message = worker.arena->concat(
        {"exception ", exception->id, " (", exception->owner, ") expired on ",
         finding::day_to_text(exception->expires), " and accepts nothing any more"});
    part.counts[run.rule_index(kExceptionExpired)].fail += 1;
  };
  for (const finding::Exception* exception : run.context->exceptions) {
    list(exception, true);
  }
  if (run.engines->kyverno != nullptr) {
    for (const finding::Exception& exception : run.engines->kyverno->waivers()) {
      list(&exception, true);
    }
  }
  for (const finding::Exception* exception : run.context->unhonoured) {
    list(exception, false);
  }
}

void count_exception_uses(Assessment& assessment) {
  std::unordered_map<const finding::Exception*, finding::ExceptionUse*> uses;
  for (auto& use : assessment.exceptions) {
    uses.emplace(use.exception, &use);
  }
  for (const Finding& finding : assessment.findings) {
    if (finding.exception != nullptr) {
      if (const auto found = uses.find(finding.exception); found != uses.end()) {
        found->second->findings += 1;
      }
    }
  }
}

// Passes are what was applied less what failed, was excepted or skipped.
void count_passes(const Run& run, const Part& sum, std::vector<finding::RuleCount>& counts) {
  const auto settle = [&](const finding::Check& check, std::uint64_t applied) {
    auto& count = counts[run.rule_index(check)];
    const std::uint64_t not_passed = count.fail + count.excepted;
    count.pass += applied > not_passed ? applied - not_passed : 0;
  };
  const bool only = run.context->pod_security_only.has_value();
  std::unordered_map<const finding::Check*, std::uint64_t> applied;
  for (const auto& [set, workloads] : sum.evaluated) {
    std::vector<const finding::Check*> checks;
    for (const Level level : {set.level, Level::Baseline, Level::Restricted}) {
      if (level == set.level || (level > set.level && !only)) {
        for (const auto* check :
             pod_security::checks_of(pod_security::plan_for({level, set.version}))) {
          if (std::ranges::find(checks, check) == checks.end()) {
            checks.push_back(check);
          }
        }
      }
    }
    for (const auto* check : checks) {
      applied[check] += workloads;
    }
  }
  for (const auto* check : pod_security::all_checks()) {
    settle(*check, applied[check]);
    counts[run.rule_index(*check)].skip = sum.workloads_exempt;
  }
  for (const auto* check : workload::all_checks()) {
    settle(*check, sum.workloads_examined);
  }
  for (const auto& check : structure_checks()) {
    settle(check, sum.objects_structured);
  }
}

template <class T>
void make_room(std::vector<T>& values, std::size_t count) {
  values.reserve(count);
  advise_huge_pages(values.data(), values.capacity() * sizeof(T));
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  std::vector<T>().swap(from);
}

// What the parts add up to. Parts are taken in order, a window at a time, so that their memory is
// used again.
struct Joined {
  Part sum;
  std::vector<WorkloadFacts> facts;

  void take(std::span<Part> parts, double windows_to_come, Assessment& assessment) {
    if (assessment.findings.empty() && facts.empty()) {
      reserve(parts, windows_to_come, assessment);
    }
    for (Part& part : parts) {
      append(assessment.findings, part.findings);
      append(assessment.workloads, part.verdicts);
      append(assessment.changes, part.changes);
      append(assessment.decisions, part.decisions);
      append(facts, part.facts);
      for (std::size_t i = 0; i < part.counts.size(); ++i) {
        sum.counts[i].fail += part.counts[i].fail;
        sum.counts[i].excepted += part.counts[i].excepted;
        sum.counts[i].pass += part.counts[i].pass;
        sum.counts[i].error += part.counts[i].error;
        sum.counts[i].unknown += part.counts[i].unknown;
        sum.counts[i].skip += part.counts[i].skip;
      }
      for (const auto& [set, count] : part.evaluated) {
        sum.count_evaluated(set, count);
      }
      sum.workloads_examined += part.workloads_examined;
      sum.workloads_exempt += part.workloads_exempt;
      sum.objects_structured += part.objects_structured;
    }
  }

  // Room for what the other windows will probably add; memory that is not used is never touched.
  void reserve(std::span<const Part> parts, double windows_to_come, Assessment& assessment) {
    std::size_t findings = 0;
    std::size_t verdicts = 0;
    for (const Part& part : parts) {
      findings += part.findings.size();
      verdicts += part.verdicts.size();
    }
    const auto expected = [&](std::size_t count) {
      return static_cast<std::size_t>(static_cast<double>(count) * (1.0 + windows_to_come) * 1.1) +
             64;
    };
    make_room(assessment.findings, expected(findings));
    make_room(assessment.workloads, expected(verdicts));
    make_room(facts, expected(verdicts));
  }
};

// One Subject for each object: those that the network engine made of its own give way to what
// another engine made of the same object.
void share_subjects(std::vector<finding::Finding>& findings) {
  using finding::Subject;
  const auto is_network = [](const finding::Finding& finding) {
    return finding.subject != nullptr && finding.check != nullptr &&
           finding.check->engine == "network";
  };
  std::unordered_map<std::string_view, std::vector<const Subject*>> others;  // by name
  for (const finding::Finding& finding : findings) {
    if (is_network(finding)) {
      others.try_emplace(finding.subject->ref.name);
    }
  }
  const Subject* last = nullptr;
  for (const finding::Finding& finding : findings) {
    if (finding.subject == nullptr || finding.subject == last || is_network(finding)) {
      continue;
    }
    last = finding.subject;
    if (const auto at = others.find(last->ref.name); at != others.end()) {
      at->second.push_back(last);
    }
  }
  for (finding::Finding& finding : findings) {
    if (!is_network(finding)) {
      continue;
    }
    for (const Subject* other : others[finding.subject->ref.name]) {
      // Two objects of one identity are told apart by where they stand.
      if (other->ref == finding.subject->ref &&
          other->root.offset() == finding.subject->root.offset()) {
        finding.subject = other;
        break;
      }
    }
  }
}

}  // namespace

Assessment assess(const kube::Snapshot& snapshot, std::span<const kube::Review> reviews,
                  const EngineSet& engines, const Context& context) {
  Assessment assessment;
  const std::vector<NamespacePolicy> policies = policies_of(snapshot, reviews, *engines.config);
  Run run{.snapshot = &snapshot,
          .engines = &engines,
          .context = &context,
          .policies = policies,
          .rules = {},
          .rule_positions = {}};
  list_rules(run);

  const unsigned threads = std::max(1U, context.threads);
  std::vector<Worker> workers(threads);
  for (Worker& worker : workers) {
    worker.arena = std::make_unique<Arena>(std::size_t{64} << 10U);
  }
  const auto objects = snapshot.objects();
  Joined joined{.sum = make_part(run), .facts = {}};
  std::vector<Part> parts;
  for (std::size_t first = 0; first < objects.size(); first += kObjectsPerWindow) {
    const auto window = objects.subspan(first, std::min(kObjectsPerWindow, objects.size() - first));
    parts.clear();
    parts.resize((window.size() + kObjectsPerPart - 1) / kObjectsPerPart);
    parallel_for(parts.size(), threads, [&](std::size_t index, unsigned worker) {
      parts[index] = make_part(run);
      const std::size_t end = std::min(window.size(), (index + 1) * kObjectsPerPart);
      for (std::size_t i = index * kObjectsPerPart; i < end; ++i) {
        judge_object(run, window[i], nullptr, workers[worker], parts[index]);
      }
    });
    const std::size_t left = objects.size() - first - window.size();
    joined.take(parts, static_cast<double>(left) / static_cast<double>(window.size()), assessment);
  }
  parts.clear();
  parts.resize(2);
  Part& requests = parts[0];
  requests = make_part(run);
  for (const kube::Review& review : reviews) {
    judge_review(run, review, workers[0], requests);
  }
  Part& rest = parts[1];
  rest = make_part(run);
  std::vector<finding::Figure> network_figures;
  if (!context.pod_security_only) {
    if (engines.network) {
      network_figures = judge_network(run, assessment.workloads, workers[0], rest);
    }
    if (engines.tiers) {
      judge_namespaces(run, workers[0], rest);
    }
    if (engines.structure) {
      judge_duplicates(run, workers[0], rest);
    }
    judge_policies(run, workers[0], rest);
    judge_foreign_policies(run, workers[0], rest);
    list_exceptions(run, workers[0], rest, assessment);
  }
  joined.take(parts, 0, assessment);
  share_subjects(assessment.findings);
  count_passes(run, joined.sum, joined.sum.counts);
  for (std::size_t i = 0; i < run.rules.size(); ++i) {
    finding::RuleCount& count = joined.sum.counts[i];
    count.check = run.rules[i];
    if (count.pass + count.fail + count.error + count.unknown + count.excepted != 0) {
      assessment.rules.push_back(count);
    }
  }
  if (!context.pod_security_only) {
    // Without these engines nobody knows what the workloads meet.
    if (engines.pod_security && engines.hygiene) {
      summarise_namespaces(run, joined.facts, assessment);
      compute_figures(run, joined.facts, assessment);
    }
    assessment.figures.insert(assessment.figures.end(), network_figures.begin(),
                              network_figures.end());
  }
  const auto changed = std::ranges::count_if(assessment.changes, [](const finding::Change& one) {
    return one.kind != finding::Change::Kind::Deleted;
  });
  if (changed != 0) {
    assessment.notes.push_back(fmt::format(
        "{} of the objects would be changed by mutating policies, and were judged as changed; "
        "`changes` of the JSON report holds them",
        changed));
  }
  if (engines.kyverno != nullptr) {
    for (std::string& note : engines.kyverno->schedules(assessment.changes)) {
      assessment.notes.push_back(std::move(note));
    }
  }
  count_exception_uses(assessment);
  assessment.totals.objects = objects.size() + reviews.size();
  assessment.totals.workloads = assessment.workloads.size();
  for (Worker& worker : workers) {
    assessment.arenas.push_back(std::move(worker.arena));
  }
  return assessment;
}

}  // namespace tally::assessment
