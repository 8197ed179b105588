#include "network_policy/selector.hpp"

#include <algorithm>
#include <utility>

#include "kube/namespace_labels.hpp"

namespace tally::network_policy {
namespace {

constexpr std::string_view subject_text(Subject subject) {
  switch (subject) {
    case Subject::PodLabel:
      return "";
    case Subject::NamespaceLabel:
      return "namespace label ";
    case Subject::NamespaceName:
      return "namespace";
    case Subject::PodName:
      return "pod";
    case Subject::ServiceAccount:
      return "service account";
    case Subject::HostNetwork:
      return "host network";
    case Subject::NodeLabel:
      return "node label ";
    case Subject::Undecided:
      return "unknown: ";
  }
  return "";
}

constexpr std::string_view operator_text(TermOperator op) {
  switch (op) {
    case TermOperator::In:
      return " in ";
    case TermOperator::NotIn:
      return " notin ";
    case TermOperator::Exists:
      return " exists";
    case TermOperator::DoesNotExist:
      return " does not exist";
    case TermOperator::Contains:
      return " contains ";
    case TermOperator::StartsWith:
      return " starts with ";
    case TermOperator::EndsWith:
      return " ends with ";
  }
  return "";
}

// Values are quoted by their length, so that no two terms have one text.
std::string canonical(const Term& term) {
  std::string text(1, static_cast<char>('0' + static_cast<int>(term.subject)));
  text += static_cast<char>('a' + static_cast<int>(term.op));
  text.append(std::to_string(term.key.size())).append(":").append(term.key);
  for (const std::string& value : term.values) {
    text.append(std::to_string(value.size())).append(":").append(value);
  }
  return text;
}

std::string canonical(const Selector& selector) {
  switch (selector.kind) {
    case Selector::Kind::Nothing:
      return "0";
    case Selector::Kind::Everything:
      return "1";
    case Selector::Kind::Term:
      return "t" + canonical(selector.term);
    case Selector::Kind::Not:
      return "!" + std::to_string(selector.parts.front());
    case Selector::Kind::And:
    case Selector::Kind::Or: {
      std::string text = selector.kind == Selector::Kind::And ? "&" : "|";
      for (const SelectorId part : selector.parts) {
        text.append(std::to_string(part)).append(",");
      }
      return text;
    }
  }
  return {};
}

bool holds(const Term& term, std::optional<std::string_view> value) {
  const auto any = [&](auto&& test) {
    return value && std::ranges::any_of(term.values, [&](const std::string& wanted) {
             return test(*value, std::string_view(wanted));
           });
  };
  switch (term.op) {
    case TermOperator::In:
      return any([](std::string_view v, std::string_view wanted) { return v == wanted; });
    case TermOperator::NotIn:
      return !any([](std::string_view v, std::string_view wanted) { return v == wanted; });
    case TermOperator::Exists:
      return value.has_value();
    case TermOperator::DoesNotExist:
      return !value.has_value();
    case TermOperator::Contains:
      return any([](std::string_view v, std::string_view wanted) { return v.contains(wanted); });
    case TermOperator::StartsWith:
      return any([](std::string_view v, std::string_view wanted) { return v.starts_with(wanted); });
    case TermOperator::EndsWith:
      return any([](std::string_view v, std::string_view wanted) { return v.ends_with(wanted); });
  }
  return false;
}

// Every kubelet sets these on its node (kubernetes.io/docs/reference/labels-annotations-taints).
bool every_node_has(std::string_view label) {
  return label == "kubernetes.io/hostname" || label == "kubernetes.io/os" ||
         label == "kubernetes.io/arch";
}

Match matches_node(const Term& term, const kube::Object* node) {
  if (node != nullptr) {
    return holds(term, node->label(term.key)) ? Match::Yes : Match::No;
  }
  if (!every_node_has(term.key)) {
    return Match::Unknown;
  }
  return term.op == TermOperator::Exists         ? Match::Yes
         : term.op == TermOperator::DoesNotExist ? Match::No
                                                 : Match::Unknown;
}

Match matches_term(const Term& term, const topology::Endpoint& endpoint,
                   const topology::Namespace& name_space) {
  switch (term.subject) {
    case Subject::PodLabel:
      return holds(term, endpoint.label(term.key)) ? Match::Yes : Match::No;
    case Subject::NamespaceLabel:
      if (!name_space.is_known() && term.key != kube::kNamespaceNameLabel) {
        return Match::Unknown;
      }
      return holds(term, name_space.label(term.key)) ? Match::Yes : Match::No;
    case Subject::NamespaceName:
      return holds(term, name_space.name) ? Match::Yes : Match::No;
    case Subject::PodName:
      return holds(term, endpoint.name) ? Match::Yes : Match::No;
    case Subject::ServiceAccount:
      return holds(term, endpoint.service_account) ? Match::Yes : Match::No;
    case Subject::HostNetwork:
      return holds(term, endpoint.is_on_host_network ? "true" : "false") ? Match::Yes : Match::No;
    case Subject::NodeLabel:
      return matches_node(term, endpoint.node);
    case Subject::Undecided:
      return Match::Unknown;
  }
  return Match::No;
}

}  // namespace

SelectorPool::SelectorPool() {
  (void)intern({.kind = Selector::Kind::Nothing, .term = {}, .parts = {}});
  (void)intern({.kind = Selector::Kind::Everything, .term = {}, .parts = {}});
}

SelectorId SelectorPool::intern(Selector selector) {
  const auto [at, is_new] = by_text_.try_emplace(canonical(selector), selectors_.size());
  if (is_new) {
    selectors_.push_back(std::move(selector));
  }
  return at->second;
}

SelectorId SelectorPool::term(Term term) {
  std::ranges::sort(term.values);
  const auto repeated = std::ranges::unique(term.values);
  term.values.erase(repeated.begin(), repeated.end());
  return intern({.kind = Selector::Kind::Term, .term = std::move(term), .parts = {}});
}

SelectorId SelectorPool::negate(SelectorId part) {
  if (part == kNothing) {
    return kEverything;
  }
  if (part == kEverything) {
    return kNothing;
  }
  if (at(part).kind == Selector::Kind::Not) {
    return at(part).parts.front();
  }
  return intern({.kind = Selector::Kind::Not, .term = {}, .parts = {part}});
}

// Parts of the same kind are taken in, so that one meaning has one form more often.
SelectorId SelectorPool::combine(Selector::Kind kind, std::vector<SelectorId> parts) {
  const SelectorId neutral = kind == Selector::Kind::And ? kEverything : kNothing;
  const SelectorId absorbing = kind == Selector::Kind::And ? kNothing : kEverything;
  std::vector<SelectorId> flat;
  for (const SelectorId part : parts) {
    if (part == absorbing) {
      return absorbing;
    }
    if (part == neutral) {
      continue;
    }
    if (at(part).kind == kind) {
      flat.insert(flat.end(), at(part).parts.begin(), at(part).parts.end());
    } else {
      flat.push_back(part);
    }
  }
  std::ranges::sort(flat);
  const auto repeated = std::ranges::unique(flat);
  flat.erase(repeated.begin(), repeated.end());
  if (flat.empty()) {
    return neutral;
  }
  if (flat.size() == 1) {
    return flat.front();
  }
  return intern({.kind = kind, .term = {}, .parts = std::move(flat)});
}

SelectorId SelectorPool::all_of(std::vector<SelectorId> parts) {
  return combine(Selector::Kind::And, std::move(parts));
}

SelectorId SelectorPool::any_of(std::vector<SelectorId> parts) {
  return combine(Selector::Kind::Or, std::move(parts));
}

SelectorId SelectorPool::labels(const scalar::LabelSelector& selector, Subject subject) {
  std::vector<SelectorId> parts;
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    TermOperator op = TermOperator::Exists;
    switch (requirement.op) {
      case scalar::SelectorOperator::In:
        op = TermOperator::In;
        break;
      case scalar::SelectorOperator::NotIn:
        op = TermOperator::NotIn;
        break;
      case scalar::SelectorOperator::Exists:
        op = TermOperator::Exists;
        break;
      case scalar::SelectorOperator::DoesNotExist:
        op = TermOperator::DoesNotExist;
        break;
      case scalar::SelectorOperator::GreaterThan:
      case scalar::SelectorOperator::LessThan:
        return kNothing;  // no selector of the API has them
    }
    parts.push_back(
        term({.subject = subject, .key = requirement.key, .op = op, .values = requirement.values}));
  }
  return all_of(std::move(parts));
}

SelectorId SelectorPool::in_namespace(std::string_view name) {
  return term({.subject = Subject::NamespaceName,
               .key = {},
               .op = TermOperator::In,
               .values = {std::string(name)}});
}

SelectorId SelectorPool::undecided(std::string_view why) {
  return term({.subject = Subject::Undecided,
               .key = std::string(why),
               .op = TermOperator::Exists,
               .values = {}});
}

std::string SelectorPool::to_string(SelectorId id) const {
  const Selector& selector = at(id);
  switch (selector.kind) {
    case Selector::Kind::Nothing:
      return "nothing";
    case Selector::Kind::Everything:
      return "everything";
    case Selector::Kind::Term: {
      const Term& term = selector.term;
      std::string text(subject_text(term.subject));
      text += term.key;
      if (term.op == TermOperator::In && term.values.size() == 1) {
        return text + "=" + term.values.front();
      }
      text += operator_text(term.op);
      if (!term.values.empty()) {
        text += '(';
        for (std::size_t i = 0; i < term.values.size(); ++i) {
          text.append(i == 0 ? "" : ", ").append(term.values[i]);
        }
        text += ')';
      }
      return text;
    }
    case Selector::Kind::Not:
      return "not (" + to_string(selector.parts.front()) + ")";
    case Selector::Kind::And:
    case Selector::Kind::Or: {
      std::string text;
      for (const SelectorId part : selector.parts) {
        const bool is_group =
            at(part).kind == Selector::Kind::And || at(part).kind == Selector::Kind::Or;
        text.append(text.empty() ? "" : selector.kind == Selector::Kind::And ? " and " : " or ");
        text.append(is_group ? "(" + to_string(part) + ")" : to_string(part));
      }
      return text;
    }
  }
  return {};
}

// Parts have lower ids than what they are parts of: the recursion ends. Readers bound its depth.
Match SelectorPool::matches(SelectorId id, const topology::Endpoint& endpoint,
                            const topology::Namespace& name_space) const {
  const Selector& selector = at(id);
  switch (selector.kind) {
    case Selector::Kind::Nothing:
      return Match::No;
    case Selector::Kind::Everything:
      return Match::Yes;
    case Selector::Kind::Term:
      return matches_term(selector.term, endpoint, name_space);
    case Selector::Kind::Not: {
      const Match part = matches(selector.parts.front(), endpoint, name_space);
      return part == Match::Unknown ? part : part == Match::Yes ? Match::No : Match::Yes;
    }
    case Selector::Kind::And:
    case Selector::Kind::Or: {
      const Match decisive = selector.kind == Selector::Kind::And ? Match::No : Match::Yes;
      bool is_unknown = false;
      for (const SelectorId part : selector.parts) {
        const Match match = matches(part, endpoint, name_space);
        if (match == decisive) {
          return decisive;
        }
        is_unknown = is_unknown || match == Match::Unknown;
      }
      return is_unknown ? Match::Unknown : decisive == Match::No ? Match::Yes : Match::No;
    }
  }
  return Match::No;
}

std::optional<std::string_view> SelectorPool::only_namespace(SelectorId id) const {
  const Selector& selector = at(id);
  if (selector.kind == Selector::Kind::Term) {
    const Term& term = selector.term;
    const bool names_one =
        term.subject == Subject::NamespaceName ||
        (term.subject == Subject::NamespaceLabel && term.key == kube::kNamespaceNameLabel);
    if (names_one && term.op == TermOperator::In && term.values.size() == 1) {
      return term.values.front();
    }
  }
  if (selector.kind == Selector::Kind::And) {
    for (const SelectorId part : selector.parts) {
      if (const auto found = only_namespace(part)) {
        return found;
      }
    }
  }
  return std::nullopt;
}

}  // namespace tally::network_policy
