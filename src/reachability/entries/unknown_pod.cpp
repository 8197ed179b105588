#include "reachability/entries/internal/unknown_pod.hpp"

#include <algorithm>

#include "kube/namespace_labels.hpp"

namespace tally::reachability::entries {

using network_policy::Match;
using network_policy::Selector;
using network_policy::SelectorId;
using network_policy::SelectorPool;
using network_policy::Subject;
using network_policy::Term;
using network_policy::TermOperator;

UnknownPod::UnknownPod(const topology::Topology& topology, const Door& door)
    : topology_(topology), home_(door.home) {
  endpoint_.labels = door.labels;
  name_space_.name = door.name_space;
  if (const auto known = topology.find_namespace(door.name_space)) {
    name_space_ = topology.namespaces()[*known];
  }
}

// Parts have lower ids than what they are parts of (network_policy/selector.cpp): it ends.
Match UnknownPod::selected_by(const SelectorPool& selectors, SelectorId id) const {
  const Selector& selector = selectors.at(id);
  switch (selector.kind) {
    case Selector::Kind::Nothing:
      return Match::No;
    case Selector::Kind::Everything:
      return Match::Yes;
    case Selector::Kind::Term:
      return holds(selectors, id, selector.term);
    case Selector::Kind::Not: {
      const Match part = selected_by(selectors, selector.parts.front());
      return part == Match::Unknown ? part : part == Match::Yes ? Match::No : Match::Yes;
    }
    case Selector::Kind::And:
    case Selector::Kind::Or: {
      const Match decisive = selector.kind == Selector::Kind::And ? Match::No : Match::Yes;
      bool is_unknown = false;
      for (const SelectorId part : selector.parts) {
        const Match match = selected_by(selectors, part);
        if (match == decisive) {
          return decisive;
        }
        is_unknown = is_unknown || match == Match::Unknown;
      }
      return is_unknown ? Match::Unknown : decisive == Match::No ? Match::Yes : Match::No;
    }
  }
  return Match::Unknown;
}

Match UnknownPod::holds(const SelectorPool& selectors, SelectorId id, const Term& term) const {
  const bool is_known =
      term.subject == Subject::PodLabel ? endpoint_.label(term.key).has_value()
      : term.subject == Subject::NamespaceLabel || term.subject == Subject::NamespaceName
          ? !name_space_.name.empty()
          : term.subject == Subject::HostNetwork;
  if (is_known) {
    return selectors.matches(id, endpoint_, name_space_);
  }
  const bool asks_for_name =
      term.subject == Subject::NamespaceName ||
      (term.subject == Subject::NamespaceLabel && term.key == kube::kNamespaceNameLabel);
  return asks_for_name ? holds_of_namespace(term) : Match::Unknown;
}

Match UnknownPod::holds_of_namespace(const Term& term) const {
  switch (term.op) {
    case TermOperator::Exists:
      return Match::Yes;
    case TermOperator::DoesNotExist:
      return Match::No;
    case TermOperator::In:
    case TermOperator::NotIn: {
      const bool may_be_one = std::ranges::any_of(term.values, [this](std::string_view name) {
        const auto known = topology_.find_namespace(name);
        if (!known || name == home_) {
          return true;
        }
        const topology::Topology::Range range = topology_.endpoints_in(*known);
        return range.begin == range.end;
      });
      return may_be_one ? Match::Unknown : term.op == TermOperator::In ? Match::No : Match::Yes;
    }
    case TermOperator::Contains:
    case TermOperator::StartsWith:
    case TermOperator::EndsWith:
      return Match::Unknown;
  }
  return Match::Unknown;
}

}  // namespace tally::reachability::entries
