#pragma once
// Records: what is known of every live object, compact, and what all of it adds up to.

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/auditor.hpp"
#include "audit/internal/interned.hpp"

namespace tally::audit {

// By namespace first: the objects of a namespace stand together.
struct KeyView {
  std::string_view name_space{};
  std::string_view group{};
  std::string_view kind{};
  std::string_view name{};
  friend auto operator<=>(const KeyView&, const KeyView&) = default;
};
struct Key {
  std::string name_space{};
  std::string group{};
  std::string kind{};
  std::string name{};
};
struct ByKey {
  using is_transparent = void;
  static KeyView view(const Key& key) noexcept {
    return {key.name_space, key.group, key.kind, key.name};
  }
  static KeyView view(const KeyView& key) noexcept { return key; }
  bool operator()(const auto& a, const auto& b) const noexcept { return view(a) < view(b); }
};
[[nodiscard]] Key to_key(const KeyView& view);
[[nodiscard]] history::SubjectKey to_subject(const Key& key);
[[nodiscard]] Key to_key(const history::SubjectKey& subject);

struct RuleName {
  std::string engine{};
  std::string policy{};
  std::string rule{};
  friend auto operator<=>(const RuleName&, const RuleName&) = default;
};

// A fail, error or unknown. Texts and rule are numbers in the pools of Records.
struct KeptFinding {
  std::array<std::uint8_t, 16> print{};  // the first half of the fingerprint
  std::uint32_t rule = 0;
  std::uint32_t container = 0;
  std::uint32_t pointer = 0;
  std::uint32_t message = 0;
  finding::Verdict verdict = finding::Verdict::Fail;
  finding::Severity severity = finding::Severity::Medium;  // as it counts
  finding::Mode mode = finding::Mode::Audit;
  bool is_excepted = false;
  friend auto operator<=>(const KeptFinding&, const KeptFinding&) = default;
};
static_assert(sizeof(KeptFinding) == 36);

using Level = std::optional<std::uint8_t>;  // that a workload meets: 0 privileged to 2 restricted

// What a judge says of one object.
struct Judged {
  bool is_absent = false;
  std::string api_version{};  // "apps/v1"
  std::vector<history::DecisionFinding> findings{};
  struct Quiet {
    const finding::Check* check = nullptr;
    bool is_skip = false;  // else it passes
  };
  std::vector<Quiet> quiet{};
  Level level{};
};

struct Record {
  std::vector<KeptFinding> findings{};  // sorted
  std::uint32_t quiet = 0;              // number of its list of passes and skips
  std::uint32_t api_version = 0;        // number of a text
  Level level{};
  bool is_judged = false;
  bool is_queued = false;
  bool is_told = false;     // it changed since the last world
  bool is_late = false;     // it changed since the next world was begun
  std::uint64_t epoch = 0;  // of the programs by which it is judged
};
using RecordMap = std::map<Key, Record, ByKey>;

using PolicyKeys = std::vector<history::PolicyKey>;  // sorted; empty: all policies

class Records {
 public:
  Records();

  RecordMap objects{};

  // Records of rules that were seen may have gone with their policies. Call before judging goes on
  // with another judge.
  void forget_checks() { checks_.clear(); }

  struct Outcome {
    std::uint32_t opened = 0;
    std::uint32_t resolved = 0;
    std::uint32_t unchanged = 0;
    bool is_different = false;
  };
  // What the policies that were asked say now; what others said stays.
  Outcome judge(const Key& key, Record& record, const Judged& judged, const PolicyKeys& asked);
  // Findings about the cluster, of one subject.
  Outcome judge_cluster(const Key& key, std::span<const history::DecisionFinding> findings);
  // Forgets what it said; the record stays in the map.
  Outcome clear(const Key& key, Record& record);

  [[nodiscard]] Counters recount() const;
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::set<std::string> take_changed() { return std::exchange(changed_, {}); }
  [[nodiscard]] ReportContent report_content(std::string_view name_space,
                                             std::size_t results_max) const;
  [[nodiscard]] std::vector<ReportResult> findings_of(const Key& key) const;
  // Subjects of findings about the cluster.
  [[nodiscard]] const std::map<Key, std::vector<KeptFinding>, ByKey>& cluster() const noexcept {
    return cluster_;
  }
  // The policies that these findings are of.
  void add_policies(std::span<const KeptFinding> findings, std::set<history::PolicyKey>& to) const;

 private:
  struct Space {
    std::uint64_t objects = 0;
    Summary summary{};
  };
  [[nodiscard]] KeptFinding keep(const history::DecisionFinding& finding);
  void release(const KeptFinding& finding);
  [[nodiscard]] std::uint32_t own_text(const std::string& text);
  void release_text(std::uint32_t text);
  void release_quiet(std::uint32_t list);
  [[nodiscard]] std::uint32_t rule_of(const finding::Check& check);
  [[nodiscard]] bool is_asked(std::uint32_t rule, const PolicyKeys& asked) const;
  [[nodiscard]] std::uint32_t quiet_list(const Record& record, const Judged& judged,
                                         const PolicyKeys& asked);
  void count(const Key& key, const Record& record, bool is_added);
  void count_findings(const Key& key, std::span<const KeptFinding> findings, bool is_added);
  // api_version: number of a text.
  [[nodiscard]] ReportResult result_of(const Key& key, std::uint32_t api_version,
                                       const KeptFinding& finding) const;

  Interned<std::string> texts_;  // 0 is the empty text
  // Never given back: rules are few, whatever the objects.
  Interned<RuleName> rules_;
  std::unordered_map<const finding::Check*, std::uint32_t> checks_;  // their numbers
  Interned<std::vector<std::uint32_t>> quiet_;  // rule << 1, or 1 for a skip; 0 is the empty list
  std::map<Key, std::vector<KeptFinding>, ByKey> cluster_;
  std::map<std::string, Space, std::less<>> spaces_;
  std::set<std::string> changed_;
  Counters counters_;
};

}  // namespace tally::audit
