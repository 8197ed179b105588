// Questions about two sets of policies.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "reachability/difference.hpp"
#include "reachability/query/internal/ask.hpp"

namespace tally::reachability {
namespace {

using network_policy::Action;
using network_policy::ClassId;
using network_policy::Direction;
using network_policy::DirectionAnswer;
using network_policy::EndpointPeer;
using network_policy::ExternalPeer;
using network_policy::Hit;
using network_policy::PooledAnswer;
using scalar::ConnectionSet;

// One for all workloads that no rule of either set tells apart, or a block of addresses.
struct Party {
  const RememberingPeer* peer[2] = {nullptr, nullptr};   // by set
  const RememberingPeer* other[2] = {nullptr, nullptr};  // another of them: the first, if none
  ClassId class_id[2] = {0, 0};
  std::optional<scalar::IpAddress> address{};  // of a block: one of it
  bool has_other = false;
  std::string label{};
  std::string other_label{};
  Side side[2] = {};
  Side other_side[2] = {};
};

ConnectionSet of_rules(const DirectionAnswer& answer) {
  ConnectionSet all;
  for (const Hit& hit : answer.hits) {
    if (hit.by == Hit::By::Rule && hit.action == Action::Allow) {
      all = all.unite(hit.connections);
    }
  }
  return all.minus(answer.denied);
}

ConnectionSet whole(const Passing& passing) { return passing.allowed.unite(passing.unknown); }

std::vector<std::string_view> labels_of(const World& world) {
  std::vector<std::string_view> labels;
  for (const Workload& workload : world.workloads()) {
    labels.push_back(workload.label);
  }
  return labels;  // sorted, as the workloads are
}

class TwoSets {
 public:
  TwoSets(World& first, World& second, const QuestionLimits& limits)
      : worlds_{&first, &second}, limits_(limits) {
    gather();
  }

  Result<QuestionAnswer> ask(PolicyQuestion question) {
    answer_.question = question;
    if (pods_ == 0) {
      return content_error("the two sets of manifests have no workload in common");
    }
    note_missing();
    decide(question);
    if (work_ > limits_.work_max) {
      return content_error("the question is too big: more than " +
                           std::to_string(limits_.work_max) + " steps");
    }
    return std::move(answer_);
  }

 private:
  void gather() {
    std::map<std::pair<ClassId, ClassId>, std::size_t> seen;
    const auto second = labels_of(*worlds_[1]);
    for (std::size_t i = 0; i < worlds_[0]->workloads().size(); ++i) {
      const Workload& workload = worlds_[0]->workloads()[i];
      const auto at = std::ranges::lower_bound(second, std::string_view(workload.label));
      if (at == second.end() || *at != workload.label) {
        continue;
      }
      const auto position = static_cast<std::size_t>(at - second.begin());
      const Workload& same = worlds_[1]->workloads()[position];
      const auto [entry, is_new] =
          seen.try_emplace({workload.class_id, same.class_id}, parties_.size());
      if (is_new) {
        parties_.emplace_back().label = workload.label;
        add_workload(parties_.back(), 0, i);
        add_workload(parties_.back(), 1, position);
        continue;
      }
      Party& party = parties_[entry->second];
      if (!party.has_other) {
        party.has_other = true;
        add_other(party, 0, i);
        add_other(party, 1, position);
      }
    }
    pods_ = parties_.size();
    std::vector<scalar::AddressSet> sets;
    for (const World* world : worlds_) {
      const auto addresses = world->policies().addresses();
      sets.insert(sets.end(), addresses.begin(), addresses.end());
    }
    for (const scalar::AddressSet& block : scalar::partition(sets, true)) {
      const auto& peer = remembered_.emplace_back(externals_.emplace_back(block));
      const Side side{.addresses = block, .label = to_words(block)};
      Party& party = parties_.emplace_back();
      for (const std::size_t set : {0U, 1U}) {
        party.peer[set] = party.other[set] = &peer;
        party.side[set] = party.other_side[set] = side;
      }
      party.label = side.label;
      party.address = block.cidrs().front().address;
    }
  }

  const RememberingPeer* remember(std::size_t set, const Workload& workload) {
    const World& world = *worlds_[set];
    return &remembered_.emplace_back(endpoints_.emplace_back(
        world.topology(), world.topology().endpoints()[workload.endpoints.front()]));
  }

  void add_workload(Party& party, std::size_t set, std::size_t position) {
    const World& world = *worlds_[set];
    const Workload& workload = world.workloads()[position];
    const auto& endpoint = world.topology().endpoints()[workload.endpoints.front()];
    party.class_id[set] = workload.class_id;
    party.peer[set] = party.other[set] = remember(set, workload);
    party.has_other = party.has_other || workload.endpoints.size() > 1 || endpoint.may_be_several;
    party.side[set] = {.workload = static_cast<std::uint32_t>(position), .label = workload.label};
    party.other_side[set] = party.side[set];
    party.other_label = "another pod of " + workload.label;
  }

  void add_other(Party& party, std::size_t set, std::size_t position) {
    const Workload& workload = worlds_[set]->workloads()[position];
    party.other[set] = remember(set, workload);
    party.other_label = workload.label;
    party.other_side[set] = {.workload = static_cast<std::uint32_t>(position),
                             .label = workload.label};
  }

  void note_missing() {
    for (const std::size_t set : {0U, 1U}) {
      const auto own = labels_of(*worlds_[set]);
      const auto other = labels_of(*worlds_[1 - set]);
      std::vector<std::string_view> missing;
      std::ranges::set_difference(own, other, std::back_inserter(missing));
      if (!missing.empty()) {
        answer_.notes.push_back(
            std::to_string(missing.size()) + " of " + std::to_string(own.size()) +
            " workloads of the " + (set == 0 ? "first" : "second") +
            " set are not in the other, and not compared: " + std::string(missing.front()) +
            (missing.size() > 1 ? ", ..." : ""));
      }
    }
  }

  [[nodiscard]] bool is_pair(std::size_t source, std::size_t destination) const {
    return source == destination ? parties_[source].has_other
                                 : source < pods_ || destination < pods_;
  }

  PooledAnswer answer_of(std::size_t set, std::size_t source, std::size_t destination) {
    network_policy::Analyser& analyser = worlds_[set]->analyser();
    const Party& from = parties_[source];
    const Party& to = parties_[destination];
    if (!from.address && !to.address) {
      return analyser.between_classes(from.class_id[set], to.class_id[set]);
    }
    const auto& table = from.address ? analyser.table(to.class_id[set], Direction::Ingress)
                                     : analyser.table(from.class_id[set], Direction::Egress);
    const scalar::IpAddress& address = from.address ? *from.address : *to.address;
    const auto entry = std::ranges::find_if(
        table.outside, [&](const auto& one) { return one.first.contains(address); });
    return entry == table.outside.end() ? PooledAnswer{} : entry->second;
  }

  [[nodiscard]] Passing passing(std::size_t set, const PooledAnswer& answer) const {
    const auto& pool = worlds_[set]->analyser().connections();
    return {.allowed = pool.at(answer.allowed), .unknown = pool.at(answer.unknown)};
  }

  // What rules of a set allow, for sure or perhaps.
  ConnectionSet by_rules(std::size_t set, std::size_t source, std::size_t destination) {
    const network_policy::PolicySet& policies = worlds_[set]->policies();
    work_ += 2 * policies.policies().size();
    const RememberingPeer& from = *parties_[source].peer[set];
    const RememberingPeer& to = source == destination ? *parties_[destination].other[set]
                                                      : *parties_[destination].peer[set];
    return of_rules(judge_direction(policies, Direction::Egress, from, to))
        .unite(of_rules(judge_direction(policies, Direction::Ingress, to, from)));
  }

  // One for each pair of which `of` gives connections, of what the two sets let through: what shows
  // that the question's answer is what it is. `ruling`: a set by whose rules they must be allowed.
  template <class Of>
  std::size_t collect(std::string_view what, std::optional<std::size_t> ruling, const Of& of) {
    std::map<std::pair<PooledAnswer, PooledAnswer>, ConnectionSet> known;
    std::size_t found = 0;
    for (std::size_t s = 0; s < parties_.size(); ++s) {
      for (std::size_t d = 0; d < parties_.size() && work_ <= limits_.work_max; ++d) {
        if (!is_pair(s, d)) {
          continue;
        }
        ++work_;
        const std::pair answers(answer_of(0, s, d), answer_of(1, s, d));
        const auto [entry, is_new] = known.try_emplace(answers);
        if (is_new) {
          entry->second = of(passing(0, answers.first), passing(1, answers.second));
        }
        if (entry->second.is_empty()) {
          continue;
        }
        const ConnectionSet connections =
            ruling ? entry->second.intersect(by_rules(*ruling, s, d)) : entry->second;
        if (!connections.is_empty()) {
          ++found;
          add(s, d, connections, what);
        }
      }
    }
    return found;
  }

  void add(std::size_t source, std::size_t destination, const ConnectionSet& connections,
           std::string_view what) {
    Findings findings(answer_, limits_);
    if (answer_.findings.size() >= limits_.findings_max) {
      findings.add({});
      return;
    }
    const std::string& to =
        source == destination ? parties_[source].other_label : parties_[destination].label;
    QuestionFinding finding{.title = parties_[source].label + " -> " + to,
                            .what = std::string(what) + ": " + connections.to_string(),
                            .witness = witness_text(parties_[source].label, to, connections)};
    for (const std::size_t set : {0U, 1U}) {
      add_places(set, source, destination, connections, finding.places);
    }
    findings.add(std::move(finding));
  }

  // The rules that decide about the witness.
  void add_places(std::size_t set, std::size_t source, std::size_t destination,
                  const ConnectionSet& connections, std::vector<std::string>& places) const {
    // Of a block one address: rules that name a part of a bigger block match or do not.
    const auto side = [&](std::size_t party, bool is_second) {
      Side one = is_second ? parties_[party].other_side[set] : parties_[party].side[set];
      if (!one.workload) {
        one.addresses = scalar::AddressSet(one.addresses.cidrs().front().address);
      }
      return one;
    };
    const Explanation why =
        explain(*worlds_[set], side(source, false), side(destination, source == destination),
                first_port(connections));
    for (const SideExplanation* part : {&why.egress, &why.ingress}) {
      for (const Step& step : part->steps) {
        if (!step.title.empty()) {
          places.push_back((set == 0 ? "first: " : "second: ") + step.title + " (" + step.place +
                           ") " + (step.rule.empty() ? "" : step.rule + " ") +
                           (step.is_sure ? "" : "perhaps ") + step.what);
        }
      }
    }
  }

  std::size_t not_contained(std::size_t inner) {
    const std::string_view what = inner == 0 ? "the first lets it through, the second does not"
                                             : "the second lets it through, the first does not";
    return collect(what, std::nullopt, [inner](const Passing& first, const Passing& second) {
      const Passing& in = inner == 0 ? first : second;
      const Passing& out = inner == 0 ? second : first;
      return in.allowed.minus(out.allowed).unite(in.unknown.minus(whole(out)));
    });
  }

  std::size_t interferences(std::size_t meddler) {
    const std::string_view what = meddler == 0
                                      ? "a rule of the first allows it, the second denies it"
                                      : "a rule of the second allows it, the first denies it";
    return collect(what, meddler, [meddler](const Passing& first, const Passing& second) {
      return whole(meddler == 0 ? first : second).minus(whole(meddler == 0 ? second : first));
    });
  }

  void decide(PolicyQuestion question) {
    using enum PolicyQuestion;
    switch (question) {
      case Equivalence: {
        const bool is_less = not_contained(0) == 0;
        const bool is_more = not_contained(1) == 0;
        answer_.is_good = is_less && is_more;
        answer_.sentence = answer_.is_good ? "both allow the same connections"
                                           : "they allow different connections";
        return;
      }
      case Containment:
        answer_.is_good = not_contained(0) == 0;
        answer_.sentence = answer_.is_good ? "what the first allows, the second allows"
                                           : "the first allows what the second does not";
        return;
      case TwoWayContainment: {
        const bool is_in_second = not_contained(0) == 0;
        const bool is_in_first = not_contained(1) == 0;
        answer_.is_good = is_in_first || is_in_second;
        answer_.sentence = is_in_first && is_in_second ? "both allow the same connections"
                           : is_in_second ? "the second allows all that the first does, and more"
                           : is_in_first  ? "the first allows all that the second does, and more"
                                          : "neither contains the other";
        return;
      }
      case Permits:
        answer_.is_good = collect("a rule of the second allows it, the first does not for sure", 1,
                                  [](const Passing& first, const Passing& second) {
                                    return whole(second).minus(first.allowed);
                                  }) == 0;
        answer_.sentence = answer_.is_good ? "the first allows whatever rules of the second allow"
                                           : "the first does not allow what rules of the second do";
        return;
      case Forbids:
        answer_.is_good =
            collect("a rule of the second allows it, and the first does not deny it for sure", 1,
                    [](const Passing& first, const Passing& second) {
                      return whole(second).intersect(whole(first));
                    }) == 0;
        answer_.sentence =
            answer_.is_good
                ? "the first denies whatever rules of the second allow"
                : "the first lets through, or perhaps does, what rules of the second allow";
        return;
      case Interferes:
        answer_.is_good = interferences(0) == 0;
        answer_.sentence = answer_.is_good ? "no rule of the first allows what the second denies"
                                           : "rules of the first allow what the second denies";
        return;
      case PairwiseInterferes: {
        const bool first = interferences(0) == 0;
        const bool second = interferences(1) == 0;
        answer_.is_good = first && second;
        answer_.sentence = answer_.is_good ? "neither interferes with the other"
                           : second        ? "rules of the first allow what the second denies"
                           : first         ? "rules of the second allow what the first denies"
                                           : "each has rules that allow what the other denies";
        return;
      }
      default:
        list_changes();
        return;
    }
  }

  void list_changes() {
    for (const ChangedConnection& change : difference(*worlds_[0], *worlds_[1])) {
      Findings(answer_, limits_)
          .add({.title = change.source + " -> " + change.destination,
                .what = change.before + " in the first, " + change.after + " in the second" +
                        (change.note.empty() ? "" : " (" + change.note + ")")});
    }
    answer_.is_good = answer_.count == 0;
    answer_.sentence = answer_.is_good
                           ? "no connection differs"
                           : std::to_string(answer_.count) + " rows of connections differ";
  }

  World* worlds_[2];
  const QuestionLimits& limits_;
  std::deque<EndpointPeer> endpoints_;
  std::deque<ExternalPeer> externals_;
  std::deque<RememberingPeer> remembered_;
  std::vector<Party> parties_;
  std::size_t pods_ = 0;
  std::size_t work_ = 0;
  QuestionAnswer answer_;
};

}  // namespace

Result<QuestionAnswer> ask_two(PolicyQuestion question, World& first, World& second,
                               const QuestionLimits& limits) {
  return TwoSets(first, second, limits).ask(question);
}

}  // namespace tally::reachability
