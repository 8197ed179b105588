// Namespaces: labels against tiers, the strictest level that is met already, and the labels to
// apply.
#include <algorithm>
#include <array>

#include "assessment/internal/rules.hpp"
#include "assessment/internal/summaries.hpp"

namespace tally::assessment {

using finding::Finding;
using finding::Subject;

namespace {

constexpr std::string_view kEnforce = "pod-security.kubernetes.io/enforce";
constexpr std::string_view kAudit = "pod-security.kubernetes.io/audit";
constexpr std::string_view kWarn = "pod-security.kubernetes.io/warn";

class NamespaceJudge {
 public:
  NamespaceJudge(const Run& run, const NamespacePolicy& policy, Worker& worker, Part& part)
      : run_(run), policy_(policy), arena_(*worker.arena), part_(part) {
    subject_ = arena_.create<Subject>();
    subject_->ref = policy.object != nullptr
                        ? policy.object->ref
                        : scalar::ObjectRef{"", "v1", "Namespace", "", policy.name};
    subject_->root = policy.object != nullptr ? policy.object->root : document::Node{};
  }

  Finding& add(const finding::Check& check, std::string_view label, const document::Node* node) {
    Finding& finding = part_.findings.emplace_back();
    finding.check = &check;
    finding.subject = subject_;
    finding.severity = check.severity;
    if (policy_.object != nullptr) {
      const document::Node& metadata = policy_.object->metadata;
      finding.location.source = policy_.object->source;
      finding.location.document = policy_.object->document;
      finding.location.template_source = policy_.object->template_source;
      finding.location.offset = node != nullptr ? node->offset() : metadata.offset();
    }
    finding.pointer = label.empty()
                          ? std::string_view{"/metadata"}
                          : arena_.concat({"/metadata/labels/pod-security.kubernetes.io~1",
                                           label.substr(label.find('/') + 1)});
    return finding;
  }

  void settle(Finding& finding) {
    for (const finding::Exception* exception : run_.context->exceptions) {
      if (finding::matches(*exception, finding, run_.context->today)) {
        finding.exception = exception;
        break;
      }
    }
    auto& count = part_.counts[run_.rule_index(*finding.check)];
    (finding.exception == nullptr ? count.fail : count.excepted) += 1;
  }

  void missing() {
    Finding& finding = add(kLabelsMissing, {}, nullptr);
    finding.found = "no pod-security.kubernetes.io label";
    finding.allowed = "enforce, audit and warn with their versions";
    finding.message = "the namespace enforces nothing: any pod is admitted";
    settle(finding);
  }

  void invalid(std::string_view label, const document::Node& value, std::string_view expected,
               std::string_view effect) {
    Finding& finding = add(kLabelsInvalid, label, &value);
    finding.found = value.text();
    finding.allowed = expected;
    finding.message =
        arena_.concat({"the label ", label, " cannot be read: it counts as ", effect});
    settle(finding);
  }

  void unversioned(std::string_view label, const document::Node& level) {
    Finding& finding = add(kLabelsUnversioned, label, &level);
    finding.found = arena_.concat({level.text(), " without a version (latest)"});
    finding.allowed = arena_.concat({"the label ", label, "-version beside it"});
    finding.message = arena_.concat(
        {"the label ", label,
         " names no version: the next upgrade of the cluster may refuse what runs today"});
    settle(finding);
  }

  void laxer(Level tier_level) {
    const std::string_view tier = pod_security::to_text(tier_level);
    const std::string_view level = pod_security::to_text(policy_.enforce.value.level);
    Finding& finding = add(kLabelsLaxer, kEnforce, policy_.enforce.level);
    finding.found = level;
    finding.allowed = tier;
    finding.message = arena_.concat({"the tier is ", tier, ", the namespace enforces ", level});
    settle(finding);
  }

  void unknown_tier() {
    Finding& finding = add(kTierUnknown, {}, nullptr);
    finding.verdict = finding::Verdict::Unknown;
    finding.found = "labels not known";
    finding.allowed = "the Namespace in the input";
    finding.message =
        "a tier selects namespaces by a label, and the labels of this one are not in the input";
    settle(finding);
  }

 private:
  const Run& run_;
  const NamespacePolicy& policy_;
  Arena& arena_;
  Part& part_;
  Subject* subject_;
};

void judge_setting(NamespaceJudge& judge, const LabelSetting& setting, std::string_view level_label,
                   std::string_view version_label, std::string_view on_error) {
  if (setting.level != nullptr && !setting.level_valid) {
    judge.invalid(level_label, *setting.level, "privileged, baseline or restricted", on_error);
  }
  if (setting.version != nullptr && !setting.version_valid) {
    judge.invalid(version_label, *setting.version, "latest or a version such as v1.36", "latest");
  }
  if (setting.level != nullptr && setting.version == nullptr && setting.level_valid &&
      setting.value.level != Level::Privileged) {
    judge.unversioned(level_label, *setting.level);
  }
}

}  // namespace

void judge_namespaces(const Run& run, Worker& worker, Part& part) {
  for (const NamespacePolicy& policy : run.policies) {
    NamespaceJudge judge(run, policy, worker, part);
    // A namespace without a name is a structure problem, not a doubt about tiers.
    if (policy.tier_unknown && !policy.name.empty()) {
      judge.unknown_tier();
    }
    if (policy.object == nullptr) {
      continue;
    }
    const bool labelled = policy.enforce.level != nullptr || policy.audit.level != nullptr ||
                          policy.warn.level != nullptr;
    if (!labelled && policy.tier != Level::Privileged) {
      judge.missing();
    }
    judge_setting(judge, policy.enforce, kEnforce, "pod-security.kubernetes.io/enforce-version",
                  "restricted");
    judge_setting(judge, policy.audit, kAudit, "pod-security.kubernetes.io/audit-version",
                  "privileged");
    judge_setting(judge, policy.warn, kWarn, "pod-security.kubernetes.io/warn-version",
                  "privileged");
    if (labelled && policy.tier && policy.enforce.value.level < *policy.tier) {
      judge.laxer(*policy.tier);
    }
  }
}

namespace {

// Labels that differ from what the namespace carries: enforce what holds today (never less than
// now), warn and audit the goal.
void propose_labels(const NamespacePolicy& policy, std::optional<Level> met,
                    const input::Config& config, finding::NamespaceSummary& summary) {
  const Level goal =
      policy.tier.value_or(std::max(policy.enforce.value.level, met.value_or(Level::Baseline)));
  if (goal == Level::Privileged && policy.tier && policy.enforce.level == nullptr) {
    return;  // the privileged tier needs no label
  }
  const Level enforce = std::max(std::min(goal, met.value_or(goal)), policy.enforce.value.level);
  const auto configured = Version::parse(config.pod_security_version);
  const Version pinned =
      configured && !configured->is_latest() ? *configured : pod_security::newest_version();
  const std::string version(pinned.to_text());
  const auto propose = [&](const LabelSetting& setting, std::string_view label,
                           std::string_view version_label, Level level) {
    if (level == Level::Privileged && setting.level == nullptr) {
      return;
    }
    if (setting.level == nullptr || !setting.level_valid || setting.value.level < level) {
      summary.labels_to_apply.emplace_back(label, std::string(pod_security::to_text(level)));
    }
    if (setting.version == nullptr || !setting.version_valid) {
      summary.labels_to_apply.emplace_back(version_label, version);
    }
  };
  propose(policy.enforce, kEnforce, "pod-security.kubernetes.io/enforce-version", enforce);
  propose(policy.audit, kAudit, "pod-security.kubernetes.io/audit-version",
          std::max(goal, enforce));
  propose(policy.warn, kWarn, "pod-security.kubernetes.io/warn-version", std::max(goal, enforce));
}

}  // namespace

void summarise_namespaces(const Run& run, std::span<const WorkloadFacts> facts,
                          finding::Assessment& assessment) {
  struct Tally {
    std::uint32_t workloads = 0;
    Level met = Level::Restricted;
  };
  std::vector<Tally> tallies(run.policies.size());
  for (const WorkloadFacts& fact : facts) {
    Tally& tally = tallies[fact.namespace_index];
    tally.workloads += 1;
    tally.met = std::min(tally.met, fact.meets);
  }
  for (std::size_t i = 0; i < run.policies.size(); ++i) {
    const NamespacePolicy& policy = run.policies[i];
    if (tallies[i].workloads == 0 && policy.object == nullptr) {
      continue;
    }
    auto& summary = assessment.namespaces.emplace_back();
    summary.name = policy.name;
    summary.tier = policy.tier ? pod_security::to_text(*policy.tier) : std::string_view{};
    summary.level = pod_security::to_text(policy.set.level);
    summary.in_input = policy.object != nullptr;
    summary.workloads = tallies[i].workloads;
    const auto met = tallies[i].workloads == 0 ? std::nullopt : std::optional(tallies[i].met);
    summary.recommended = met ? pod_security::to_text(*met) : std::string_view{};
    propose_labels(policy, met, *run.engines->config, summary);
  }
  // Findings come object by object, objects mostly namespace by namespace.
  finding::NamespaceSummary* last = nullptr;
  for (const Finding& finding : assessment.findings) {
    if (!counts(finding) || finding.subject == nullptr) {
      continue;
    }
    const auto& ref = finding.subject->ref;
    const std::string_view name =
        ref.kind == "Namespace" && ref.group.empty() ? ref.name : ref.name_space;
    if (last == nullptr || last->name != name) {
      const auto found = std::ranges::lower_bound(assessment.namespaces, name, {},
                                                  &finding::NamespaceSummary::name);
      last = found != assessment.namespaces.end() && found->name == name ? &*found : nullptr;
    }
    if (last != nullptr) {
      last->findings += 1;
    }
  }
}

}  // namespace tally::assessment
