#include "audit/auditor.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "audit/internal/records.hpp"
#include "base/parallel.hpp"

namespace tally::audit {

using assessment::RequestJudge;
using assessment::RequestVerdict;
using finding::Verdict;
using history::DecisionFinding;

namespace {

using Scratches = std::vector<RequestJudge::Scratch>;

// All objects, in order, by some policies or, `asked` empty, by all.
struct Sweep {
  Judge judge{};  // null: the one of the moment
  PolicyKeys asked{};
  std::uint64_t epoch = 0;
  std::optional<Key> done_up_to{};
  std::size_t left = 0;  // about
  bool is_done = false;
  Scratches scratches{};
};

struct Item {
  RecordMap::iterator at;
  const PolicyKeys* asked;
};

std::uint8_t level_of(std::string_view meets) noexcept {
  return meets == "restricted" ? 2 : (meets == "baseline" ? 1 : 0);
}

bool is_wanted(const finding::Check* check, const PolicyKeys& asked) {
  return check != nullptr &&
         (asked.empty() ||
          std::ranges::binary_search(
              asked, history::PolicyKey{std::string(check->engine), std::string(check->policy)}));
}

Judged judge_object(const RequestJudge& judge, const Key& key, const PolicyKeys& asked,
                    std::int64_t now_seconds, RequestJudge::Scratch& scratch) {
  Judged judged;
  const kube::Object* object =
      judge.world().snapshot().find(key.group, key.kind, key.name_space, key.name);
  if (object == nullptr) {
    judged.is_absent = true;
    return judged;
  }
  judged.api_version = object->ref.api_version();
  const RequestVerdict verdict = judge.judge(*object, now_seconds, scratch);
  for (const finding::Finding& finding : verdict.findings) {
    if (!is_wanted(finding.check, asked)) {
      continue;
    }
    if (finding.verdict == Verdict::Pass || finding.verdict == Verdict::Skip) {
      judged.quiet.push_back({finding.check, finding.verdict == Verdict::Skip});
    } else {
      judged.findings.push_back(history::to_decision_finding(finding));
    }
  }
  if (verdict.workload != nullptr) {
    judged.level = level_of(verdict.workload->meets);
  }
  return judged;
}

// Labels and annotations choose what a namespace is held to.
bool concerns_members(const cluster_state::Change& change) {
  if (change.before == nullptr || change.now == nullptr) {
    return true;
  }
  return !document::equal(change.before->labels(), change.now->labels()) ||
         !document::equal(change.before->annotations(), change.now->annotations());
}

}  // namespace

struct Auditor::Parts {
  Records records;
  Judge judge;
  Scratches scratches;
  std::uint64_t epoch = 0;  // of the programs
  std::vector<RecordMap::iterator> told;
  bool is_expecting = false;  // a world that may not have what is told from now on
  std::deque<RecordMap::iterator> queue;
  std::deque<Sweep> sweeps;
  std::map<history::SubjectKey, std::vector<DecisionFinding>> cluster_findings;
  std::vector<Delta> waiting;  // for the next step

  void tell(RecordMap::iterator at) {
    if (!at->second.is_told) {
      at->second.is_told = true;
      told.push_back(at);
    }
    at->second.is_late = at->second.is_late || is_expecting;
  }
  void enqueue(RecordMap::iterator at) {
    if (!at->second.is_queued) {
      at->second.is_queued = true;
      queue.push_back(at);
    }
  }
  RecordMap::iterator record_of(const scalar::ObjectRef& ref) {
    const KeyView view{ref.name_space, ref.group, ref.kind, ref.name};
    const auto at = records.objects.find(view);
    return at != records.objects.end() ? at : records.objects.emplace(to_key(view), Record{}).first;
  }

  void use(Judge next) {
    judge = std::move(next);
    scratches.clear();
    std::vector<RecordMap::iterator> late;
    for (const RecordMap::iterator at : std::exchange(told, {})) {
      if (std::exchange(at->second.is_late, false)) {
        late.push_back(at);  // for the world after this one
        continue;
      }
      at->second.is_told = false;
      enqueue(at);
    }
    told = std::move(late);
    is_expecting = false;
  }

  void forget(std::span<const history::PolicyKey> gone);
  [[nodiscard]] std::vector<Item> take_changed(std::size_t objects);
  [[nodiscard]] std::vector<Item> take_sweep(Sweep& sweep, std::size_t objects);
  void judge_all(std::span<const Item> items, const RequestJudge& by, Scratches& with,
                 std::uint64_t judged_epoch, const Budget& budget, const OnDelta& on_delta);
  void merge(const Item& item, Judged& judged, std::uint64_t judged_epoch, const OnDelta& on_delta);
};

Auditor::Auditor() : parts_(std::make_unique<Parts>()) {}
Auditor::~Auditor() = default;

// ---------------------------------------------------------------- what is told

void Auditor::changed(const cluster_state::Change& change) {
  const kube::Object* object = change.now != nullptr ? change.now : change.before;
  if (change.kind == cluster_state::ChangeKind::Unchanged || object == nullptr) {
    return;
  }
  const scalar::ObjectRef& ref = object->ref;
  parts_->tell(parts_->record_of(ref));
  if (!ref.group.empty() || ref.kind != "Namespace" || !concerns_members(change)) {
    return;
  }
  RecordMap& objects = parts_->records.objects;
  for (auto at = objects.lower_bound(KeyView{.name_space = ref.name});
       at != objects.end() && at->first.name_space == ref.name; ++at) {
    parts_->tell(at);
  }
}

void Auditor::expect_world() noexcept { parts_->is_expecting = true; }

void Auditor::replace_world(Judge judge) { parts_->use(std::move(judge)); }

void Auditor::replace_programs(Judge judge, Judge changed, std::vector<history::PolicyKey> asked,
                               std::span<const history::PolicyKey> gone) {
  parts_->use(std::move(judge));
  parts_->forget(gone);
  ++parts_->epoch;
  std::ranges::sort(asked);
  // Earlier sweeps need not ask what is asked anew, or is gone.
  for (Sweep& sweep : parts_->sweeps) {
    std::erase_if(sweep.asked, [&](const history::PolicyKey& key) {
      return std::ranges::binary_search(asked, key) || std::ranges::find(gone, key) != gone.end();
    });
  }
  std::erase_if(parts_->sweeps,
                [](const Sweep& sweep) { return sweep.judge != nullptr && sweep.asked.empty(); });
  if (!asked.empty()) {
    parts_->sweeps.push_back({.judge = std::move(changed),
                              .asked = std::move(asked),
                              .epoch = parts_->epoch,
                              .left = parts_->records.objects.size()});
  }
}

void Auditor::replace_judge(Judge judge) {
  parts_->use(std::move(judge));
  ++parts_->epoch;
  for (const kube::Object& object : parts_->judge->world().snapshot().objects()) {
    if (!object.ref.name.empty()) {
      parts_->record_of(object.ref);
    }
  }
  parts_->sweeps.clear();
  parts_->sweeps.push_back({.epoch = parts_->epoch, .left = parts_->records.objects.size()});
}

void Auditor::day_changed() {
  RecordMap& objects = parts_->records.objects;
  for (auto at = objects.begin(); at != objects.end(); ++at) {
    if (std::ranges::any_of(at->second.findings, &KeptFinding::is_excepted)) {
      parts_->enqueue(at);
    }
  }
}

void Auditor::Parts::forget(std::span<const history::PolicyKey> gone) {
  if (gone.empty()) {
    return;
  }
  PolicyKeys keys(gone.begin(), gone.end());
  std::ranges::sort(keys);
  for (auto& [key, record] : records.objects) {
    if (!record.is_judged) {
      continue;
    }
    const Records::Outcome outcome = records.judge(key, record, {}, keys);
    if (outcome.is_different) {
      waiting.push_back({.observation = {.subject = to_subject(key), .judged_by = keys},
                         .resolved = outcome.resolved,
                         .unchanged = outcome.unchanged});
    }
  }
}

void Auditor::replace_cluster_findings(std::span<const finding::Finding> findings,
                                       const OnDelta& on_delta) {
  auto& before = parts_->cluster_findings;
  std::map<history::SubjectKey, std::vector<DecisionFinding>> after;
  for (const finding::Finding& finding : findings) {
    if (finding.verdict != Verdict::Pass && finding.verdict != Verdict::Skip) {
      after[finding.subject == nullptr ? history::SubjectKey{}
                                       : history::to_subject_key(*finding.subject)]
          .push_back(history::to_decision_finding(finding));
    }
  }
  for (const auto& [subject, list] : before) {
    after[subject];  // nothing is found any more
  }
  for (auto& [subject, list] : after) {
    std::set<history::PolicyKey> policies;
    const Key key = to_key(subject);
    const auto& kept = parts_->records.cluster();
    const auto add_policies = [&] {
      if (const auto at = kept.find(key); at != kept.end()) {
        parts_->records.add_policies(at->second, policies);
      }
    };
    add_policies();
    const Records::Outcome outcome = parts_->records.judge_cluster(key, list);
    add_policies();
    if (outcome.is_different) {
      on_delta({.observation = {.subject = subject,
                                .findings = list,
                                .judged_by = {policies.begin(), policies.end()}},
                .opened = outcome.opened,
                .resolved = outcome.resolved,
                .unchanged = outcome.unchanged});
    }
  }
  std::erase_if(after, [](const auto& entry) { return entry.second.empty(); });
  before = std::move(after);
}

// ---------------------------------------------------------------- judging

std::vector<Item> Auditor::Parts::take_changed(std::size_t objects) {
  static const PolicyKeys kAll;
  std::vector<Item> items;
  while (items.size() < objects && !queue.empty()) {
    const RecordMap::iterator at = queue.front();
    queue.pop_front();
    at->second.is_queued = false;
    if (!at->second.is_told) {  // else the next world will bring it back
      items.push_back({at, &kAll});
    }
  }
  return items;
}

std::vector<Item> Auditor::Parts::take_sweep(Sweep& sweep, std::size_t objects) {
  std::vector<Item> items;
  auto at =
      sweep.done_up_to ? records.objects.upper_bound(*sweep.done_up_to) : records.objects.begin();
  for (; at != records.objects.end() && items.size() < objects; ++at) {
    const Record& record = at->second;
    if (record.epoch < sweep.epoch && !record.is_queued && !record.is_told) {
      items.push_back({at, &sweep.asked});
    }
    sweep.left -= sweep.left > 0 ? 1 : 0;
  }
  if (at != records.objects.begin()) {
    sweep.done_up_to = std::prev(at)->first;
  }
  sweep.is_done = at == records.objects.end();
  return items;
}

void Auditor::Parts::merge(const Item& item, Judged& judged, std::uint64_t judged_epoch,
                           const OnDelta& on_delta) {
  const auto& [key, record] = *item.at;
  const bool is_partial = !item.asked->empty();
  Delta delta{.observation = {.subject = to_subject(key)}};
  Records::Outcome outcome;
  if (judged.is_absent) {
    if (is_partial) {
      return;  // an older world; it is in the queue, or will be
    }
    const bool was_judged = record.is_judged;
    outcome = records.clear(key, item.at->second);
    delta.is_gone = true;
    records.objects.erase(item.at);
    if (!was_judged) {
      return;
    }
  } else {
    delta.is_first = !record.is_judged;
    outcome = records.judge(key, item.at->second, judged, *item.asked);
    item.at->second.epoch = judged_epoch;
    if (!outcome.is_different) {
      return;
    }
    delta.observation.findings = std::move(judged.findings);
    delta.observation.judged_by = *item.asked;
  }
  // Who judges by all policies speaks for the cluster's findings, too.
  if (const auto more = cluster_findings.find(delta.observation.subject);
      !is_partial && more != cluster_findings.end()) {
    delta.observation.findings.insert(delta.observation.findings.end(), more->second.begin(),
                                      more->second.end());
  }
  delta.opened = outcome.opened;
  delta.resolved = outcome.resolved;
  delta.unchanged = outcome.unchanged;
  on_delta(delta);
}

void Auditor::Parts::judge_all(std::span<const Item> items, const RequestJudge& by, Scratches& with,
                               std::uint64_t judged_epoch, const Budget& budget,
                               const OnDelta& on_delta) {
  // Each turn judges in parallel and merges in order: what is found does not depend on threads.
  constexpr std::size_t kTurn = 256;
  while (with.size() < budget.threads) {
    with.emplace_back();
  }
  std::vector<Judged> judged;
  records.forget_checks();
  for (std::size_t first = 0; first < items.size(); first += kTurn) {
    const auto turn = items.subspan(first, std::min(kTurn, items.size() - first));
    judged.assign(turn.size(), {});
    parallel_for(turn.size(), budget.threads, [&](std::size_t i, unsigned worker) {
      judged[i] =
          judge_object(by, turn[i].at->first, *turn[i].asked, budget.now_seconds, with[worker]);
    });
    for (std::size_t i = 0; i < turn.size(); ++i) {
      merge(turn[i], judged[i], judged_epoch, on_delta);
    }
  }
}

std::size_t Auditor::step(const Budget& budget, const OnDelta& on_delta) {
  Parts& parts = *parts_;
  for (const Delta& delta : std::exchange(parts.waiting, {})) {
    on_delta(delta);
  }
  if (parts.judge == nullptr) {
    return 0;
  }
  const std::vector<Item> changed = parts.take_changed(budget.objects);
  parts.judge_all(changed, *parts.judge, parts.scratches, parts.epoch, budget, on_delta);
  std::size_t judged = changed.size();
  while (judged < budget.objects && !parts.sweeps.empty()) {
    Sweep& sweep = parts.sweeps.front();
    const std::vector<Item> items = parts.take_sweep(sweep, budget.objects - judged);
    const bool is_whole = sweep.judge == nullptr;
    parts.judge_all(items, is_whole ? *parts.judge : *sweep.judge,
                    is_whole ? parts.scratches : sweep.scratches,
                    is_whole ? parts.epoch : sweep.epoch, budget, on_delta);
    judged += items.size();
    if (sweep.is_done) {
      parts.sweeps.pop_front();
    }
  }
  return judged;
}

// ---------------------------------------------------------------- what is known

Queue Auditor::queue() const noexcept {
  Queue queue{.changed = parts_->queue.size() + parts_->told.size(), .sweeping = 0};
  for (const Sweep& sweep : parts_->sweeps) {
    queue.sweeping += sweep.left;
  }
  return queue;
}

const Counters& Auditor::counters() const noexcept { return parts_->records.counters(); }

Counters Auditor::recount() const { return parts_->records.recount(); }

std::vector<ReportResult> Auditor::findings_of(const history::SubjectKey& subject) const {
  return parts_->records.findings_of(to_key(subject));
}

std::set<std::string> Auditor::take_changed_namespaces() { return parts_->records.take_changed(); }

ReportContent Auditor::report_content(std::string_view name_space, std::size_t results_max) const {
  return parts_->records.report_content(name_space, results_max);
}

}  // namespace tally::audit
