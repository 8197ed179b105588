#pragma once
// Programs: every policy that requests are judged by, loaded once, with the verdict on each of
// them. Immutable; a change of any policy makes new Programs, which take the place of the old ones
// whole.
//
// What comes from where (CONTRACTS.md section 4): the API server evaluates the admission policies
// of the cluster itself; ours are those from files, and every policy of a kind that it does not
// know.
//
// Lifetime: a loaded set owns the texts that it was made of.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "assessment/engine_set.hpp"
#include "base/result.hpp"
#include "finding/finding.hpp"
#include "input/config.hpp"
#include "kube/api_kinds.hpp"
#include "kube/snapshot.hpp"

namespace tally::admission {

// One object that policies are made of: a policy, a binding, its parameters, a template, a
// constraint, an exception, a definition.
struct PolicyText {
  enum class Origin : std::uint8_t { File, Cluster };
  Origin origin = Origin::File;
  std::string place{};     // "policies/labels.yaml:3", "cluster"
  std::string identity{};  // "kyverno.io/ClusterPolicy//require-team"; one text for each
  std::string text{};      // the object as JSON

  friend bool operator==(const PolicyText&, const PolicyText&) = default;
};
// GROUP/KIND/NAMESPACE/NAME
[[nodiscard]] std::string identity_of(const scalar::ObjectRef& ref);

// What became of a policy.
struct PolicyStatus {
  std::string identity{};
  std::string kind{};
  std::string name_space{};
  std::string name{};
  std::string place{};
  std::string digest{};  // SHA-256 of its text, 64 hex digits
  bool is_loaded = true;
  std::string why{};  // what is wrong with it, with the place; empty: nothing
};

class Programs {
 public:
  struct Inputs {
    std::vector<PolicyText> texts{};
    std::shared_ptr<const input::Config> config{};
    std::int64_t now_seconds = 0;  // for exceptions that end
  };
  // Never fails as a whole: what cannot be loaded is left out, and its status says why.
  [[nodiscard]] static std::shared_ptr<const Programs> load(Inputs inputs);
  ~Programs();
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  [[nodiscard]] const assessment::EngineSet& engines() const noexcept;
  [[nodiscard]] const input::Config& config() const noexcept;
  // Kinds of the definitions among the texts.
  [[nodiscard]] const kube::CustomKinds& kinds() const noexcept;
  [[nodiscard]] const std::vector<PolicyStatus>& statuses() const noexcept;
  // SHA-256 over all texts and the configuration, 64 hex digits.
  [[nodiscard]] const std::string& digest() const noexcept;
  [[nodiscard]] const std::vector<PolicyText>& texts() const noexcept;

  // Whether the rule belongs to a policy whose errors let requests pass (failurePolicy Ignore).
  [[nodiscard]] bool ignores_errors(const finding::Check& check) const noexcept;
  // Whether a policy may ask services for an answer: its verdicts may take long.
  [[nodiscard]] bool may_call() const noexcept;

 private:
  struct State;
  explicit Programs(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tally::admission
