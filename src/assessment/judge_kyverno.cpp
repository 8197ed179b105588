// What Kyverno's policies say of one object, as findings: mutate, verify images, validate,
// generate, in the order of a cluster.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "assessment/internal/judging.hpp"
#include "assessment/kyverno_policies.hpp"
#include "document/json_writer.hpp"

namespace tally::assessment {

using document::Node;
using finding::Finding;
using finding::Mode;
using finding::Severity;
using finding::Verdict;
using kyverno::Phase;

namespace {

// Where the place stands, or the nearest one above it that exists.
std::uint32_t offset_of(const Node& root, std::string_view pointer) {
  const Node* here = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = std::min(pointer.find('/'), pointer.size());
    std::string part(pointer.substr(0, slash));
    pointer.remove_prefix(slash);
    const Node* next = nullptr;
    if (here->is_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
      next = error == std::errc{} && end == part.data() + part.size() && index < here->size()
                 ? &here->items()[index]
                 : nullptr;
    } else {
      for (const auto& [escaped, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
        for (std::size_t at = part.find(escaped); at != std::string::npos;
             at = part.find(escaped, at + 1)) {
          part.replace(at, 2, plain);
        }
      }
      next = here->find(part);
    }
    if (next == nullptr) {
      break;
    }
    here = next;
  }
  return here->offset();
}

class KyvernoJudge {
 public:
  KyvernoJudge(const Judging& judging, const KyvernoPolicies& policies, const kube::Review& review,
               bool is_from_file)
      : judging_(judging),
        policies_(policies),
        review_(review),
        is_from_file_(is_from_file),
        arena_(*judging.worker.arena) {}

  Node run() {
    if (policies_.has_classic()) {
      classic();
    }
    if (policies_.has_cel()) {
      cel();
    }
    return is_changed_ ? review_.object : Node{};
  }

 private:
  void count(const finding::Check& check, Verdict verdict, bool is_excepted) {
    auto& count = judging_.part.counts[judging_.run.rule_index(check)];
    (is_excepted                   ? count.excepted
     : verdict == Verdict::Pass    ? count.pass
     : verdict == Verdict::Fail    ? count.fail
     : verdict == Verdict::Error   ? count.error
     : verdict == Verdict::Unknown ? count.unknown
                                   : count.skip) += 1;
  }

  Finding* report(const finding::Check& check, Verdict verdict, bool is_enforced,
                  std::string_view message, std::string_view pointer) {
    if (verdict == Verdict::Skip ||
        (verdict == Verdict::Pass && !judging_.run.context->include_pass)) {
      count(check, verdict, false);
      return nullptr;
    }
    Finding& finding = judging_.add(check, offset_of(judging_.object.root, pointer));
    finding.verdict = verdict;
    finding.mode = is_enforced ? Mode::Enforce : Mode::Audit;
    if (!is_enforced && finding.severity < Severity::Medium) {
      finding.severity = Severity::Medium;  // said, not refused
    }
    finding.pointer = arena_.copy(pointer);
    finding.message = arena_.copy(message);
    if (verdict != Verdict::Pass) {
      judging_.settle(finding);
    }
    count(check, verdict, finding.exception != nullptr);
    return &finding;
  }

  // An exception of Kyverno: the rule was not asked, or not to its end. Its use is recorded.
  void excuse(const finding::Check& check, bool is_enforced, std::string_view message,
              const finding::Exception& waiver) {
    Finding& finding = judging_.add(check, judging_.object.root.offset());
    finding.verdict = Verdict::Skip;
    finding.mode = is_enforced ? Mode::Enforce : Mode::Audit;
    finding.message = arena_.copy(message);
    finding.exception = &waiver;
    count(check, Verdict::Skip, true);
  }

  void list_change(finding::Change::Kind kind, const finding::Check* check, const Node& object) {
    std::string text;
    document::append_json(text, object);
    judging_.part.changes.push_back(
        {.kind = kind, .check = check, .subject = judging_.subject, .text = arena_.copy(text)});
  }

  void change(const Node& object, const finding::Check* check) {
    review_.object = document::deep_copy(arena_, object);
    is_changed_ = true;
    list_change(finding::Change::Kind::Patched, check, object);
  }

  // What policies would delete by the clock is no fault of the object.
  void would_delete(const finding::Check& check) {
    judging_.part.changes.push_back({.kind = finding::Change::Kind::Deleted,
                                     .check = &check,
                                     .subject = judging_.subject,
                                     .text = "null"});
    count(check, Verdict::Pass, false);
  }

  // Something of the world that was not given makes an answer unknown, not wrong.
  Verdict verdict_of(const kyverno::RuleResponse& rule) const {
    switch (rule.verdict) {
      case kyverno::Verdict::Pass:
        return Verdict::Pass;
      case kyverno::Verdict::Fail:
        return Verdict::Fail;
      case kyverno::Verdict::Error:
        return rule.is_world_missing ? Verdict::Unknown : Verdict::Error;
      case kyverno::Verdict::Skip:
        return Verdict::Skip;
      case kyverno::Verdict::Unknown:
        return Verdict::Unknown;
    }
    return Verdict::Error;
  }

  void classic() {
    kyverno::Scratch& scratch = judging_.worker.kyverno_scratch;
    kyverno::Request request{.review = &review_,
                             .namespace_labels = namespace_labels(),
                             .is_admission = !is_from_file_,
                             .world = judging_.worker.request.kyverno != nullptr
                                          ? judging_.worker.request.kyverno
                                          : &policies_.world()};
    constexpr std::array kPhases{Phase::Mutate, Phase::VerifyImages, Phase::Validate,
                                 Phase::Generate, Phase::Cleanup};
    for (const Phase phase : kPhases) {
      if (phase == Phase::Cleanup && !is_from_file_) {
        continue;  // by the clock, not by requests
      }
      if (phase == Phase::Mutate ? !judging_.run.mutates()
                                 : phase != Phase::VerifyImages && !judging_.run.validates()) {
        continue;  // images are pinned in one call and verified in the other
      }
      std::vector<std::uint32_t>& candidates = judging_.worker.kyverno_candidates;
      const auto found = policies_.classic().candidates(phase, review_.kind, scratch);
      candidates.assign(found.begin(), found.end());
      for (const std::uint32_t policy : candidates) {
        scratch.begin();
        const kyverno::Response response =
            policies_.classic().judge(policy, phase, request, scratch);
        for (const kyverno::RuleResponse& rule : response.rules) {
          say(rule, phase);
        }
        if (phase == Phase::Mutate && !response.object.is_null() &&
            !document::equal(response.object, review_.object)) {
          change(response.object, nullptr);
        }
      }
    }
  }

  void say(const kyverno::RuleResponse& rule, Phase phase) {
    const finding::Check& check = policies_.check_of(*rule.rule);
    const Verdict verdict = verdict_of(rule);
    if (phase == Phase::Cleanup && verdict == Verdict::Pass) {
      return would_delete(check);
    }
    if (verdict == Verdict::Skip && !rule.exceptions.empty()) {
      if (const auto* waiver = policies_.waiver(rule.exceptions.front()); waiver != nullptr) {
        return excuse(check, rule.is_enforced, rule.message, *waiver);
      }
    }
    report(check, verdict, rule.is_enforced || phase != Phase::Validate, rule.message,
           rule.pointer);
    for (const Node& made : rule.generated) {
      list_change(finding::Change::Kind::Created, &check, made);
    }
  }

  // A map; the one label that every namespace has, where the input does not hold it.
  Node namespace_labels() {
    const kube::Object* found =
        judging_.run.snapshot->find("", "Namespace", "", review_.name_space);
    if (found != nullptr) {
      return found->labels();
    }
    if (review_.name_space.empty()) {
      return {};
    }
    const std::string_view key = "kubernetes.io/metadata.name";
    const Node value = Node::make_string(review_.name_space, 0);
    return Node::make_object(arena_, {&value, 1}, std::span<const std::string_view>(&key, 1), {},
                             0);
  }

  void cel() {
    kyverno_cel::Scratch& scratch = judging_.worker.kyverno_cel_scratch;
    const SnapshotHost host(judging_.host(policies_.host()),
                            {.user = &review_.user_info,
                             .source = is_from_file_ ? UserSource::Flags : UserSource::Review,
                             .outside = judging_.worker.request.outside});
    policies_.cel().open({.review = review_,
                          .payload = {},
                          .snapshot = judging_.run.snapshot,
                          .host = &host,
                          .is_user_unknown_when_empty = is_from_file_,
                          .pins_images = true},
                         scratch);
    std::vector<std::uint32_t>& candidates = judging_.worker.kyverno_candidates;
    candidates.clear();
    policies_.cel().find(scratch, candidates);
    // What changes the object comes first.
    const auto is_mutating = [&](std::uint32_t policy) {
      return policies_.cel().policies()[policy].kind == kyverno_cel::PolicyKind::Mutating;
    };
    std::ranges::sort(candidates, {}, [&](std::uint32_t policy) {
      return std::pair{!is_mutating(policy), policy};
    });
    for (const std::uint32_t index : candidates) {
      const kyverno_cel::Policy& policy = policies_.cel().policies()[index];
      const bool is_deleting = policy.kind == kyverno_cel::PolicyKind::Deleting;
      if (policy.mode != kyverno_cel::Mode::Kubernetes || (is_deleting && !is_from_file_)) {
        continue;  // payloads are for tests; what is deleted by the clock waits for no request
      }
      if (!is_from_file_ && !policy.runs_on_admission) {
        continue;
      }
      if (is_mutating(index) ? !judging_.run.mutates() : !judging_.run.validates()) {
        continue;
      }
      const kyverno_cel::Response response = policies_.cel().judge(index, scratch);
      if (response.verdict == kyverno_cel::Verdict::None) {
        continue;
      }
      const finding::Check& check = policies_.check_of_cel(index);
      if (is_deleting && response.verdict == kyverno_cel::Verdict::Pass) {
        would_delete(check);
        continue;
      }
      if (is_deleting && response.verdict == kyverno_cel::Verdict::Fail) {
        continue;  // it stays
      }
      const finding::Exception* waiver =
          response.exceptions.empty() ? nullptr : policies_.waiver(*response.exceptions.front());
      // One that only allows more values leaves the policy asked.
      const bool is_excused = response.rule == "exception";
      if (waiver != nullptr && is_excused) {
        excuse(check, policy.is_denied, response.message, *waiver);
      } else {
        Finding* said = report(check, verdict_of(response),
                               policy.is_denied || !is_validating(policy), response.message, {});
        if (said != nullptr && said->mode == Mode::Audit && policy.is_warned) {
          said->mode = Mode::Warn;
        }
      }
      for (const Node& made : response.generated) {
        list_change(finding::Change::Kind::Created, &check, made);
      }
      if (response.is_changed) {
        change(response.object, &check);
        policies_.cel().change_object(review_.object, scratch);
      }
    }
  }

  static bool is_validating(const kyverno_cel::Policy& policy) {
    return policy.kind == kyverno_cel::PolicyKind::Validating ||
           policy.kind == kyverno_cel::PolicyKind::ImageValidating;
  }

  static Verdict verdict_of(const kyverno_cel::Response& response) {
    switch (response.verdict) {
      case kyverno_cel::Verdict::None:
      case kyverno_cel::Verdict::Skip:
        return Verdict::Skip;
      case kyverno_cel::Verdict::Pass:
        return Verdict::Pass;
      case kyverno_cel::Verdict::Fail:
        return Verdict::Fail;
      case kyverno_cel::Verdict::Error:
        return Verdict::Error;
      case kyverno_cel::Verdict::Unknown:
        return Verdict::Unknown;
    }
    return Verdict::Error;
  }

  const Judging& judging_;
  const KyvernoPolicies& policies_;
  kube::Review review_;
  bool is_from_file_;
  bool is_changed_ = false;
  Arena& arena_;
};

}  // namespace

Node judge_kyverno(const Judging& judging, const kube::Review& request, bool is_from_file) {
  return KyvernoJudge(judging, *judging.run.engines->kyverno, request, is_from_file).run();
}

}  // namespace tally::assessment
