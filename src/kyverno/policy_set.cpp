#include "kyverno/policy_set.hpp"

#include <array>

#include "base/assert.hpp"
#include "kyverno/internal/judgement.hpp"
#include "kyverno/internal/policy_reader.hpp"

namespace tally::kyverno {

std::string_view to_text(PolicyKind kind) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"ClusterPolicy", "Policy",
                                                   "ClusterCleanupPolicy", "CleanupPolicy"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_text(RuleType type) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"Validation", "Mutation", "Generation",
                                                   "ImageVerify", "Cleanup"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view to_text(Verdict verdict) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"pass", "fail", "error", "skip", "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view to_text(LoadProblem::Kind kind) noexcept {
  constexpr std::array<std::string_view, 2> kNames{"invalid", "does-not-compile"};
  return kNames[static_cast<std::size_t>(kind)];
}

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

void Scratch::begin() {
  // Expressions that were made of input are kept for the next object, but not without end.
  constexpr std::size_t kOwnExpressionsMax = 4096;
  if (state_->expressions.size() > kOwnExpressionsMax) {
    state_->expressions.clear();
  }
  state_->arena.reset();
}

Arena& Scratch::arena() noexcept { return state_->arena; }

PolicySet::PolicySet() : table_(std::make_unique<const Table>()) {}
PolicySet::PolicySet(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
PolicySet::~PolicySet() = default;
PolicySet::PolicySet(PolicySet&&) noexcept = default;
PolicySet& PolicySet::operator=(PolicySet&&) noexcept = default;

Loaded PolicySet::load(const PolicyInputs& inputs) {
  Loaded out;
  auto table = std::make_unique<Table>();
  table->kinds = inputs.kinds;
  for (const kube::Object& object : inputs.exceptions) {
    if (internal::is_exception(object)) {
      internal::read_exception(*table, object, out.problems);
    }
  }
  for (const kube::Object& object : inputs.policies) {
    if (internal::is_policy(object)) {
      internal::read_policy(*table, object, out.problems);
    }
  }
  internal::finish_table(*table);
  table->index = internal::PolicyIndex(*table);
  out.set = PolicySet(std::move(table));
  return out;
}

std::span<const PolicyRecord> PolicySet::policies() const noexcept { return table_->records; }

bool PolicySet::has(std::uint32_t policy, Phase phase) const noexcept {
  return (table_->policies[policy].phases >> static_cast<unsigned>(phase) & 1U) != 0;
}

std::span<const std::uint32_t> PolicySet::candidates(Phase phase,
                                                     const kube::GroupVersionKind& kind,
                                                     Scratch& scratch) const {
  std::vector<std::uint32_t>& out = scratch.state().candidates;
  table_->index.find(phase, kind, out);
  return out;
}

std::vector<KindPattern> PolicySet::matched_kinds(std::uint32_t policy, Phase phase) const {
  TALLY_ASSERT(policy < table_->policies.size());
  std::vector<KindPattern> out;
  for (const internal::Rule& rule : table_->policies[policy].rules) {
    if (!rule.is_in(phase)) {
      continue;
    }
    for (const internal::ResourceFilter& filter : rule.match.filters()) {
      for (const internal::KindSelector& selector : filter.kinds()) {
        out.push_back({.group = selector.group,
                       .version = selector.version,
                       .kind = selector.kind,
                       .subresource = selector.subresource,
                       .operations = filter.operations()});
      }
      if (filter.kinds().empty()) {
        out.push_back({.group = "*",
                       .version = "*",
                       .kind = "*",
                       .subresource = {},
                       .operations = filter.operations()});
      }
    }
  }
  return out;
}

Response PolicySet::judge(std::uint32_t policy, Phase phase, const Request& request,
                          Scratch& scratch) const {
  TALLY_ASSERT(policy < table_->policies.size() && request.review != nullptr);
  return internal::Judgement(*table_, table_->policies[policy], phase, request, scratch.state())
      .run();
}

}  // namespace tally::kyverno
