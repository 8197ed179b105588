#pragma once
// Questions about policies, in our own form: of IPv4 and IPv6 and every dialect, each answer with
// places and, where there is one, a connection that shows it.
//
// Of one set of manifests:
//   emptiness     which policies select no workload, which rules mean nobody
//   vacuity       whether the policies deny nothing at all
//   redundancy    without which policy, or which rule, every connection would be the same
//   disjointness  which workloads more than one policy selects in a direction
//   all-captured  which workloads no policy selects in a direction
//   sanity        emptiness, vacuity and redundancy
// Of two, `first` and `second`, whose workloads are compared by namespace, name and kind:
//   equivalence          both answer the same for every connection
//   containment          what first allows, second allows
//   two-way-containment  which of the two contains the other
//   permits              first allows whatever rules of second allow
//   forbids              first denies whatever rules of second allow
//   interferes           whether rules of first allow something that second denies
//   pairwise-interferes  the same, both ways
//   semantic-diff        each connection that differs
//
// What is perhaps (a fact is not in the input) counts as the same fact in both sets; permits and
// forbids hold only if they hold for sure.
//
// The names are those of network-config-analyzer (nca/NetworkConfig/NetworkConfigQuery.py); the
// answers of its scheme files, as it counts, are in queries.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

enum class PolicyQuestion : std::uint8_t {
  Emptiness,
  Vacuity,
  Redundancy,
  Disjointness,
  AllCaptured,
  Sanity,
  Equivalence,
  Containment,
  TwoWayContainment,
  Permits,
  Forbids,
  Interferes,
  PairwiseInterferes,
  SemanticDiff,
};
// "emptiness", "two-way-containment"
[[nodiscard]] std::string_view to_text(PolicyQuestion question) noexcept;
[[nodiscard]] std::optional<PolicyQuestion> parse_policy_question(std::string_view text) noexcept;
[[nodiscard]] bool is_about_two(PolicyQuestion question) noexcept;

// A policy, a rule or a workload that is part of the answer.
struct QuestionFinding {
  std::string title{};  // "NetworkPolicy shop/db", "shop/web[Deployment]"
  // "policies/db.yaml:12"; of two sets "first: NetworkPolicy shop/db (policies/db.yaml:12)".
  std::vector<std::string> places{};
  std::string what{};     // "ingress rule 2 means no workload and no address"
  std::string witness{};  // "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432"; may be empty
};

struct QuestionAnswer {
  PolicyQuestion question = PolicyQuestion::Emptiness;
  bool is_good = true;  // it holds, or nothing was found
  std::string sentence{};
  std::vector<QuestionFinding> findings{};
  std::size_t count = 0;  // of what was found; findings are the first of it
  std::vector<std::string> notes{};
};

struct QuestionLimits {
  std::size_t findings_max = 200;
  // Policies looked at, summed up over all pairs of classes of workloads.
  std::size_t work_max = 2'000'000'000;
};

// `second` is asked by questions about two only, and must not be null then. An Error: nothing to
// compare, or the limit was met.
[[nodiscard]] Result<QuestionAnswer> ask_policies(PolicyQuestion question, World& first,
                                                  World* second, const QuestionLimits& limits);

[[nodiscard]] std::string to_text(const std::vector<QuestionAnswer>& answers);
[[nodiscard]] std::string to_json(const std::vector<QuestionAnswer>& answers);

}  // namespace tally::reachability
