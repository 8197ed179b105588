#pragma once
// Selector: which endpoints a policy or a peer means, whatever language it was written in: label
// selectors of the API, Calico's expressions, Cilium's labels with prefixes. A tree of terms over
// one endpoint; equal selectors have equal ids (hash-consed), so that each is evaluated once for an
// endpoint however many policies repeat it.
//
// Threads: a pool is filled by one thread, then read by any.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/selectors.hpp"
#include "scalar/label_selector.hpp"
#include "topology/topology.hpp"

namespace tally::network_policy {

using kube::Match;

// What a term looks at.
enum class Subject : std::uint8_t {
  PodLabel,
  NamespaceLabel,
  NamespaceName,
  PodName,
  ServiceAccount,  // its name
  HostNetwork,     // "true" or "false"
  NodeLabel,       // of the node it runs on
  Undecided,       // of every endpoint it is unknown whether it holds; the key says why
};

enum class TermOperator : std::uint8_t {
  In,
  NotIn,  // holds too when there is no such label
  Exists,
  DoesNotExist,
  Contains,
  StartsWith,
  EndsWith,
};

struct Term {
  Subject subject = Subject::PodLabel;
  std::string key;  // of labels
  TermOperator op = TermOperator::Exists;
  std::vector<std::string> values;  // sorted, unique

  friend bool operator==(const Term&, const Term&) = default;
};

using SelectorId = std::uint32_t;
inline constexpr SelectorId kNothing = 0;
inline constexpr SelectorId kEverything = 1;

struct Selector {
  enum class Kind : std::uint8_t { Nothing, Everything, Term, Not, And, Or };
  Kind kind = Kind::Nothing;
  Term term;
  std::vector<SelectorId> parts;  // of Not: one; of And, Or: two or more, sorted
};

class SelectorPool {
 public:
  SelectorPool();

  [[nodiscard]] SelectorId term(Term term);
  [[nodiscard]] SelectorId negate(SelectorId part);
  [[nodiscard]] SelectorId all_of(std::vector<SelectorId> parts);
  [[nodiscard]] SelectorId any_of(std::vector<SelectorId> parts);
  // A label selector of the API, read as terms over pod labels or over namespace labels.
  [[nodiscard]] SelectorId labels(const scalar::LabelSelector& selector, Subject subject);
  [[nodiscard]] SelectorId in_namespace(std::string_view name);
  // Matches every endpoint perhaps: "the name of the cluster".
  [[nodiscard]] SelectorId undecided(std::string_view why);

  [[nodiscard]] const Selector& at(SelectorId id) const noexcept { return selectors_[id]; }
  [[nodiscard]] std::size_t size() const noexcept { return selectors_.size(); }
  // "namespace = shop and app in (web)": for messages.
  [[nodiscard]] std::string to_string(SelectorId id) const;

  // Of a namespace that the input does not hold only the name is known: Unknown where more decides.
  [[nodiscard]] Match matches(SelectorId id, const topology::Endpoint& endpoint,
                              const topology::Namespace& name_space) const;

  // The one namespace in which a selector can match at all, if it names one.
  [[nodiscard]] std::optional<std::string_view> only_namespace(SelectorId id) const;

 private:
  [[nodiscard]] SelectorId intern(Selector selector);
  [[nodiscard]] SelectorId combine(Selector::Kind kind, std::vector<SelectorId> parts);

  std::vector<Selector> selectors_;
  std::unordered_map<std::string, SelectorId> by_text_;  // canonical text
};

}  // namespace tally::network_policy
