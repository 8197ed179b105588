#include "network_policy/internal/postings.hpp"

#include <algorithm>
#include <unordered_set>

#include "kube/namespace_labels.hpp"

namespace tally::network_policy {
namespace {

std::string label_key(std::string_view key, std::string_view value) {
  std::string text(key);
  text += '\0';
  return text.append(value);
}

void sort_unique(std::vector<std::uint32_t>& numbers) {
  std::ranges::sort(numbers);
  const auto repeated = std::ranges::unique(numbers);
  numbers.erase(repeated.begin(), repeated.end());
}

// A posting of addresses that names most pods whose addresses are known: names the others instead.
void turn_around(Posting& posting, std::span<const topology::Endpoint> endpoints) {
  std::vector<std::pair<std::uint32_t, Match>> absent;
  auto next = posting.others.begin();
  for (std::uint32_t e = 0; e < endpoints.size(); ++e) {
    if (next != posting.others.end() && next->first == e) {
      ++next;
    } else if (!endpoints[e].addresses.empty()) {
      absent.emplace_back(e, Match::No);
    }
  }
  posting.usual[1] = Match::Yes;
  posting.others = std::move(absent);
}

}  // namespace

// Only labels that a selector asks for are indexed.
PostingReader::PostingReader(const topology::Topology& topology, const SelectorPool& selectors)
    : topology_(topology), selectors_(selectors) {
  std::unordered_set<std::string_view> keys;
  std::unordered_set<std::string_view> namespace_keys;
  for (SelectorId id = 0; id < selectors.size(); ++id) {
    const Selector& selector = selectors.at(id);
    if (selector.kind == Selector::Kind::Term) {
      if (selector.term.subject == Subject::PodLabel) {
        keys.insert(selector.term.key);
      } else if (selector.term.subject == Subject::NamespaceLabel) {
        namespace_keys.insert(selector.term.key);
      }
    }
  }
  const auto endpoints = topology.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    for (const document::Member member : endpoints[i].labels.members()) {
      if (keys.contains(member.key)) {
        by_label_[label_key(member.key, member.value.text())].push_back(i);
        by_label_[std::string(member.key)].push_back(i);
      }
    }
  }
  const auto namespaces = topology.namespaces();
  for (std::uint32_t i = 0; i < namespaces.size(); ++i) {
    namespaces_by_label_[label_key(kube::kNamespaceNameLabel, namespaces[i].name)].push_back(i);
    if (!namespaces[i].is_known()) {
      unknown_namespaces_.push_back(i);
      continue;
    }
    const document::Node labels = namespaces[i].object->labels();
    for (const document::Member member : labels.members()) {
      if (namespace_keys.contains(member.key) && member.key != kube::kNamespaceNameLabel) {
        namespaces_by_label_[label_key(member.key, member.value.text())].push_back(i);
        namespaces_by_label_[std::string(member.key)].push_back(i);
      }
    }
  }
}

void PostingReader::add_namespace(std::uint32_t name_space, Endpoints& into) const {
  const auto range = topology_.endpoints_in(name_space);
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    into.push_back(i);
  }
}

std::optional<PostingReader::Endpoints> PostingReader::candidates(const Term& term) const {
  Endpoints found;
  if (term.op != TermOperator::In && term.op != TermOperator::Exists) {
    return std::nullopt;
  }
  const auto for_each_key = [&term](auto&& use) {
    if (term.op == TermOperator::Exists) {
      use(term.key);
      return;
    }
    for (const std::string& value : term.values) {
      use(label_key(term.key, value));
    }
  };
  switch (term.subject) {
    case Subject::PodLabel:
      for_each_key([&](const std::string& key) {
        if (const auto at = by_label_.find(key); at != by_label_.end()) {
          found.insert(found.end(), at->second.begin(), at->second.end());
        }
      });
      return found;
    case Subject::NamespaceLabel: {
      if (term.op == TermOperator::Exists && term.key == kube::kNamespaceNameLabel) {
        return std::nullopt;
      }
      for_each_key([&](const std::string& key) {
        if (const auto at = namespaces_by_label_.find(key); at != namespaces_by_label_.end()) {
          for (const std::uint32_t name_space : at->second) {
            add_namespace(name_space, found);
          }
        }
      });
      if (term.key != kube::kNamespaceNameLabel) {
        for (const std::uint32_t name_space : unknown_namespaces_) {
          add_namespace(name_space, found);
        }
      }
      return found;
    }
    case Subject::NamespaceName:
      for (const std::string& value : term.values) {
        if (const auto name_space = topology_.find_namespace(value)) {
          add_namespace(*name_space, found);
        }
      }
      return found;
    case Subject::PodName:
    case Subject::ServiceAccount:
    case Subject::HostNetwork:
    case Subject::NodeLabel:
    case Subject::Undecided:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<PostingReader::Endpoints> PostingReader::candidates(SelectorId id) const {
  const Selector& selector = selectors_.at(id);
  switch (selector.kind) {
    case Selector::Kind::Nothing:
      return Endpoints();
    case Selector::Kind::Everything:
    case Selector::Kind::Not:
      return std::nullopt;
    case Selector::Kind::Term:
      return candidates(selector.term);
    case Selector::Kind::And: {
      std::optional<Endpoints> best;
      for (const SelectorId part : selector.parts) {
        auto found = candidates(part);
        if (found && (!best || found->size() < best->size())) {
          best = std::move(found);
        }
      }
      return best;
    }
    case Selector::Kind::Or: {
      Endpoints all;
      for (const SelectorId part : selector.parts) {
        const auto found = candidates(part);
        if (!found) {
          return std::nullopt;
        }
        all.insert(all.end(), found->begin(), found->end());
      }
      return all;
    }
  }
  return std::nullopt;
}

Posting PostingReader::read(SelectorId id) const {
  Posting posting;
  const auto endpoints = topology_.endpoints();
  const auto match = [&](std::uint32_t i) {
    return selectors_.matches(id, endpoints[i], topology_.name_space_of(endpoints[i]));
  };
  if (auto found = candidates(id)) {
    sort_unique(*found);
    for (const std::uint32_t i : *found) {
      if (const Match one = match(i); one != Match::No) {
        posting.others.emplace_back(i, one);
      }
    }
    if (posting.others.size() * 2 < endpoints.size() || posting.others.empty()) {
      return posting;
    }
    posting.others.clear();
  }
  std::vector<Match> all(endpoints.size());
  std::size_t counts[3] = {};
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    all[i] = match(i);
    ++counts[static_cast<int>(all[i])];
  }
  const auto most = static_cast<Match>(std::ranges::max_element(counts) - std::begin(counts));
  posting.usual[0] = most;
  posting.usual[1] = most;
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    if (all[i] != most) {
      posting.others.emplace_back(i, all[i]);
    }
  }
  return posting;
}

std::vector<Posting> read_address_postings(const topology::Topology& topology,
                                           const PolicySet& policies,
                                           const std::vector<AddressesId>& wanted) {
  std::vector<Posting> postings(wanted.size());
  std::vector<scalar::AddressSet> sets;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    sets.push_back(policies.addresses(wanted[i]));
    const bool is_everything = sets.back().contains(scalar::AddressSet::all_v4());
    postings[i].usual[0] = is_everything ? Match::Yes : Match::Unknown;
  }
  // Each address is looked up among the parts; each part knows the sets that hold it.
  const std::vector<scalar::AddressSet> parts = scalar::partition(sets, true);
  std::vector<std::uint32_t> v4_starts;
  std::vector<scalar::AddressNumber> v6_starts;
  for (const scalar::AddressSet& part : parts) {
    if (!part.v4().is_empty()) {
      v4_starts.push_back(part.v4().intervals().front().first);
    } else {
      v6_starts.push_back(part.v6().intervals().front().first);
    }
  }
  std::vector<std::vector<std::uint32_t>> sets_of(parts.size());
  const auto add = [&](const auto& intervals, const auto& starts, std::size_t base,
                       std::uint32_t set) {
    for (const auto& interval : intervals) {
      auto at = static_cast<std::size_t>(std::ranges::lower_bound(starts, interval.first) -
                                         starts.begin());
      for (; at < starts.size() && starts[at] <= interval.last; ++at) {
        sets_of[base + at].push_back(set);
      }
    }
  };
  for (std::uint32_t i = 0; i < sets.size(); ++i) {
    add(sets[i].v4().intervals(), v4_starts, 0, i);
    add(sets[i].v6().intervals(), v6_starts, v4_starts.size(), i);
  }
  const auto endpoints = topology.endpoints();
  std::size_t known = 0;
  std::vector<std::uint32_t> matched;
  for (std::uint32_t e = 0; e < endpoints.size(); ++e) {
    matched.clear();
    known += endpoints[e].addresses.empty() ? 0 : 1;
    for (const scalar::IpAddress& address : endpoints[e].addresses) {
      std::size_t part = 0;
      if (address.is_v4()) {
        part = static_cast<std::size_t>(
            std::ranges::upper_bound(v4_starts, scalar::v4_number(address)) - v4_starts.begin() -
            1);
      } else {
        part =
            v4_starts.size() + static_cast<std::size_t>(
                                   std::ranges::upper_bound(v6_starts, scalar::v6_number(address)) -
                                   v6_starts.begin() - 1);
      }
      matched.insert(matched.end(), sets_of[part].begin(), sets_of[part].end());
    }
    sort_unique(matched);
    for (const std::uint32_t set : matched) {
      postings[set].others.emplace_back(e, Match::Yes);
    }
  }
  for (Posting& posting : postings) {
    if (posting.others.size() * 2 > known) {
      turn_around(posting, endpoints);
    }
  }
  return postings;
}

}  // namespace tally::network_policy
