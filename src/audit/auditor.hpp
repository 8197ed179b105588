#pragma once
// Auditor: which findings every live object of a cluster has now, kept up to date by judging again
// only what may have changed.
//
//   Auditor auditor;
//   auditor.replace_judge(judge);                       // at the start: everything is judged
//   for (;;) {
//     auditor.changed(change);                          // of cluster_state::State, as they come
//     auditor.replace_world(judge_with_new_world);      // same programs
//     while (auditor.step({.now_seconds = now}, on_delta) > 0) { }
//   }
//
// A change is judged with the world that is given after it was told. An object that changed twice
// meanwhile is judged once. Changed objects go before what is judged again because programs
// changed. A Namespace whose labels or annotations changed takes the objects in it along.
//
// What is kept of a finding is 36 bytes; its texts exist once. Whole findings go out, by on_delta,
// when they are new: the history has them.
//
// Callbacks do not call the Auditor.
// Pure: no clock, no network, no store. Threads: calls come one at a time; step() judges with as
// many threads as it is given, and its results do not depend on how many.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assessment/request_judge.hpp"
#include "audit/counters.hpp"
#include "cluster_state/state.hpp"
#include "finding/finding.hpp"
#include "history/observation.hpp"

namespace tally::audit {

// It keeps what it needs alive: engines, exceptions. Its world shows all objects.
using Judge = std::shared_ptr<const assessment::RequestJudge>;

// What became of one object.
struct Delta {
  history::Observation observation;
  std::uint32_t opened = 0;  // findings that count
  std::uint32_t resolved = 0;
  std::uint32_t unchanged = 0;
  bool is_first = false;  // judged for the first time: there may be older findings in the history
  bool is_gone = false;   // the object exists no more
};
using OnDelta = std::function<void(const Delta&)>;

struct Budget {
  std::size_t objects = 256;
  unsigned threads = 1;
  std::int64_t now_seconds = 0;  // since 1970: what policies see as now
};

struct Queue {
  std::size_t changed = 0;   // objects that wait for a judgement, or for a world
  std::size_t sweeping = 0;  // at most so many wait because programs changed
};

// A finding of a report.
struct ReportResult {
  history::SubjectKey subject{};
  std::string api_version{};  // of the subject; empty: not known
  std::string engine{};
  std::string policy{};
  std::string rule{};
  std::string container{};
  std::string pointer{};
  std::string message{};  // the beginning of a long one
  finding::Verdict verdict = finding::Verdict::Fail;
  finding::Severity severity = finding::Severity::Medium;  // as it counts
  finding::Mode mode = finding::Mode::Audit;
  bool is_excepted = false;
};

// Of one namespace, or of what has none.
struct ReportContent {
  std::string name_space{};
  std::uint64_t objects = 0;  // 0: no report is needed
  Summary summary{};
  std::vector<ReportResult> results{};  // the worst first, then by subject, rule, place
  std::uint64_t left_out = 0;           // results beyond the limit
};

class Auditor {
 public:
  Auditor();
  ~Auditor();
  Auditor(const Auditor&) = delete;
  Auditor& operator=(const Auditor&) = delete;

  void changed(const cluster_state::Change& change);

  // A snapshot for the next judge is about to be taken: what is told from now on may not be in it,
  // and waits for the one after. Without this call the next world has all that was told.
  void expect_world() noexcept;
  // The same programs in a world that has all changes that were told.
  void replace_world(Judge judge);
  // Some policies changed: `changed` judges by them only. asked: policies for which it answers;
  // gone: policies that exist no more. Findings of all others stay.
  void replace_programs(Judge judge, Judge changed, std::vector<history::PolicyKey> asked,
                        std::span<const history::PolicyKey> gone);
  // Everything may be different: the objects of its world, and no others, are judged by it.
  void replace_judge(Judge judge);
  // The judge that was given last holds exceptions against another day: objects with a finding
  // that an exception accepts are judged again.
  void day_changed();

  // Findings about the cluster as a whole, of a run of assess() with the engines that a judge of
  // single objects does not ask (network, tiers), and what is wrong with policies: instead of those
  // before.
  void replace_cluster_findings(std::span<const finding::Finding> findings,
                                const OnDelta& on_delta);

  // Judges some objects; how many. 0: nothing is left to do until something is told.
  std::size_t step(const Budget& budget, const OnDelta& on_delta);

  [[nodiscard]] Queue queue() const noexcept;
  [[nodiscard]] const Counters& counters() const noexcept;
  // The same, added up anew.
  [[nodiscard]] Counters recount() const;
  [[nodiscard]] std::vector<ReportResult> findings_of(const history::SubjectKey& subject) const;

  // Namespaces whose reports may have changed since the last call, "" for the cluster.
  [[nodiscard]] std::set<std::string> take_changed_namespaces();
  [[nodiscard]] ReportContent report_content(std::string_view name_space,
                                             std::size_t results_max = 200) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tally::audit
