// The network engine: a World, its mesh and its entries, then lint and figures. An input without a
// policy, a mesh or a way in needs none of them: one finding for each namespace.
#include <map>
#include <unordered_map>

#include "assessment/internal/list_keys.hpp"
#include "assessment/internal/network.hpp"
#include "reachability/entries/entries.hpp"
#include "reachability/lint/figures.hpp"
#include "reachability/lint/lint.hpp"
#include "reachability/mesh/entry_answers.hpp"
#include "reachability/mesh/mesh.hpp"
#include "reachability/synthesis/candidate.hpp"

namespace tally::assessment {

using finding::Figure;
using finding::Finding;
using finding::Subject;
using reachability::LintFinding;

namespace {

class NetworkJudge {
 public:
  NetworkJudge(const Run& run, Worker& worker, Part& part)
      : run_(run), arena_(*worker.arena), part_(part) {}

  void report(const LintFinding& found) {
    Finding& finding = part_.findings.emplace_back();
    finding.check = found.check;
    finding.subject = subject_of(found);
    finding.severity = found.severity;
    finding.pointer = arena_.copy(found.pointer);
    finding.found = arena_.copy(found.found);
    finding.allowed = arena_.copy(found.allowed);
    finding.message = arena_.copy(found.message);
    finding.remedy = arena_.copy(found.remedy);
    if (found.object != nullptr) {
      finding.location = {.source = found.object->source,
                          .offset = found.offset,
                          .document = found.object->document,
                          .template_source = found.object->template_source};
    }
    for (const finding::Exception* exception : run_.context->exceptions) {
      if (finding::matches(*exception, finding, run_.context->today)) {
        finding.exception = exception;
        break;
      }
    }
    auto& count = part_.counts[run_.rule_index(*found.check)];
    (finding.exception == nullptr ? count.fail : count.excepted) += 1;
  }

 private:
  // Of a Namespace that the input does not hold, nothing is known but its name.
  const Subject* subject_of(const LintFinding& found) {
    if (found.is_about_object()) {
      const auto [at, is_new] = subjects_.try_emplace(found.object, nullptr);
      if (is_new) {
        auto* subject = arena_.create<Subject>();
        subject->ref = found.object->ref;
        subject->root = found.object->root;
        subject->list_keys = list_keys_of(*found.object);
        at->second = subject;
      }
      return at->second;
    }
    auto* subject = arena_.create<Subject>();
    subject->ref = found.subject;
    return subject;
  }

  const Run& run_;
  Arena& arena_;
  Part& part_;
  std::unordered_map<const kube::Object*, const Subject*> subjects_;
};

// Does anything of the input need more than a count of workloads?
bool needs_world(const kube::Snapshot& snapshot) {
  for (const kube::Object& object : snapshot.objects()) {
    const std::string_view group = object.ref.group;
    if (group.empty()) {
      if (object.ref.kind == "Service") {
        const document::Node* spec = object.root.find("spec");
        const document::Node* type = spec == nullptr ? nullptr : spec->find("type");
        if ((type != nullptr && type->text() != "ClusterIP") ||
            (spec != nullptr && spec->find("externalIPs") != nullptr)) {
          return true;
        }
      }
      continue;
    }
    if (group.ends_with("networking.k8s.io") || group.ends_with("istio.io") ||
        group == "route.openshift.io" || reachability::is_network_policy(object.ref)) {
      return true;
    }
  }
  return false;
}

Figure share(std::string_view id, std::string_view title, std::uint64_t part, std::uint64_t whole,
             std::string_view formula) {
  return {.id = id,
          .title = title,
          .numerator = part,
          .denominator = whole,
          .unit = "workloads",
          .scope = {},
          .formula = formula};
}

std::vector<Figure> figures_of(const reachability::NetworkFigures& figures) {
  if (figures.workloads == 0) {
    return {};
  }
  std::vector<Figure> list;
  list.push_back(share("isolated-ingress-workloads", "workloads isolated for ingress",
                       figures.isolated_ingress, figures.workloads,
                       "Workloads that a network policy isolates for ingress, of all workloads (a "
                       "controller and its pods are one); pods on their node's network are not "
                       "isolated."));
  list.push_back(share("isolated-egress-workloads", "workloads isolated for egress",
                       figures.isolated_egress, figures.workloads,
                       "Workloads that a network policy isolates for egress, of all workloads (a "
                       "controller and its pods are one); pods on their node's network are not "
                       "isolated."));
  Figure exposed =
      share("world-exposed-workloads", "workloads exposed to the world", figures.world_exposed,
            figures.workloads,
            "Workloads that an entry from outside leads to (NodePort, LoadBalancer, Ingress, "
            "Route, Gateway) that is not internal and that network policies and the mesh let "
            "through, or perhaps let through, of all workloads.");
  exposed.good = false;
  list.push_back(exposed);
  if (figures.pairs && figures.pairs->all != 0) {
    Figure pairs = share("encrypted-service-pairs", "service pairs under mutual TLS",
                         figures.pairs->encrypted, figures.pairs->all,
                         "Ordered pairs of workloads whose connections through a Service arrive "
                         "under mutual TLS for sure, of all pairs of which network policies let "
                         "the first reach a port behind a Service of the second.");
    pairs.unit = "pairs";
    list.push_back(pairs);
  }
  return list;
}

std::vector<Figure> judge_without_policies(const Run& run,
                                           std::span<const finding::WorkloadVerdict> workloads,
                                           NetworkJudge& judge) {
  std::map<std::string_view, reachability::OpenNamespace> open;
  std::uint64_t count = 0;
  for (const finding::WorkloadVerdict& workload : workloads) {
    const auto& ref = workload.subject->ref;
    ++count;
    reachability::OpenNamespace& one = open[ref.name_space];
    one.workloads += 1;
    if (one.object == nullptr) {
      one.name = ref.name_space;
      one.object = run.snapshot->find("", "Namespace", "", ref.name_space);
      if (one.object == nullptr) {
        one.object = run.snapshot->find(ref.group, ref.kind, ref.name_space, ref.name);
      }
    }
  }
  for (const auto& [name, one] : open) {
    if (one.object != nullptr) {
      judge.report(reachability::not_isolated(one));
    }
  }
  return figures_of({.workloads = count});
}

}  // namespace

std::vector<Figure> judge_network(const Run& run,
                                  std::span<const finding::WorkloadVerdict> workloads,
                                  Worker& worker, Part& part) {
  NetworkJudge judge(run, worker, part);
  if (!needs_world(*run.snapshot)) {
    return judge_without_policies(run, workloads, judge);
  }
  const NetworkOptions& options = run.engines->network_options;
  reachability::World world(*run.snapshot, options.policies);
  const reachability::mesh::Mesh mesh(*run.snapshot, world,
                                      {.mode = options.mesh, .trust_domain = options.trust_domain});
  reachability::EntryList entries = reachability::list_entries(*run.snapshot, world);
  {
    reachability::mesh::JoinedAnswers answers(world, mesh.is_present() ? &mesh : nullptr);
    reachability::mesh::ask_mesh(answers, entries);
  }
  for (const LintFinding& found : reachability::lint(
           {.snapshot = *run.snapshot, .world = world, .mesh = mesh, .entries = entries})) {
    judge.report(found);
  }
  return figures_of(reachability::network_figures(world, mesh, entries));
}

}  // namespace tally::assessment
