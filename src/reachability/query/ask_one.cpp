// Questions about one set of policies.
#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "reachability/query/internal/ask.hpp"

namespace tally::reachability {
namespace {

using network_policy::ClassId;
using network_policy::Direction;
using network_policy::DirectionAnswer;
using network_policy::EndpointPeer;
using network_policy::ExternalPeer;
using network_policy::LeftOut;
using network_policy::Match;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::Rule;

constexpr Direction kDirections[] = {Direction::Ingress, Direction::Egress};

// One for all whom no rule tells apart.
struct Party {
  const RememberingPeer* peer = nullptr;
  const RememberingPeer* other = nullptr;  // another of them: the first, if there is none
  bool has_other = false;
  std::string label{};
  std::string other_label{};
};

std::string rule_text(const Rule& rule) {
  std::string text(to_text(rule.direction));
  text.append(" rule ").append(std::to_string(rule.ordinal + 1));
  return rule.name.empty() ? text : text.append(" (").append(rule.name).append(")");
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

class OneSet {
 public:
  OneSet(World& world, const QuestionLimits& limits)
      : world_(world), set_(world.policies()), limits_(limits) {
    gather();
  }

  Result<QuestionAnswer> ask(PolicyQuestion question) {
    answer_.question = question;
    switch (question) {
      case PolicyQuestion::Emptiness:
        ask_emptiness();
        answer_.sentence =
            answer_.count == 0
                ? "every policy selects a workload, and every rule means somebody"
                : counted(answer_.count, "policy or rule is", "policies or rules are") + " empty";
        break;
      case PolicyQuestion::Vacuity:
        ask_vacuity();
        break;
      case PolicyQuestion::Redundancy:
        ask_redundancy();
        answer_.sentence = answer_.count == 0 ? "no policy and no rule can be left out"
                                              : counted(answer_.count, "policy or rule changes",
                                                        "policies or rules change") +
                                                    " nothing, each for itself";
        break;
      case PolicyQuestion::Disjointness:
        ask_disjointness();
        answer_.sentence = answer_.count == 0
                               ? "no workload is selected by two policies of one direction"
                               : counted(answer_.count, "workload is", "workloads are") +
                                     " selected by more than one policy";
        break;
      case PolicyQuestion::AllCaptured:
        ask_all_captured();
        answer_.sentence = answer_.count == 0
                               ? "policies of both directions select every workload"
                               : counted(answer_.count, "workload is", "workloads are") +
                                     " selected by no policy of a direction";
        break;
      case PolicyQuestion::Sanity:
        ask_sanity();
        break;
      default:
        return content_error("the question is about two sets of manifests");
    }
    if (work_ > limits_.work_max) {
      return content_error("the question is too big: more than " +
                           std::to_string(limits_.work_max) + " steps");
    }
    answer_.is_good = answer_.count == 0;
    return std::move(answer_);
  }

 private:
  void gather() {
    const auto endpoints = world_.topology().endpoints();
    for (ClassId id = 0; id < world_.analyser().class_count(); ++id) {
      const auto members = world_.analyser().members(id);
      const auto workloads = world_.workloads_of(id);
      Party party{.label = world_.workloads()[workloads.front()].label};
      party.other_label = workloads.size() > 1 ? world_.workloads()[workloads[1]].label
                                               : "another pod of " + party.label;
      party.peer = remember(endpoints[members.front()]);
      party.has_other = members.size() > 1 || endpoints[members.front()].may_be_several;
      party.other = members.size() > 1 ? remember(endpoints[members[1]]) : party.peer;
      parties_.push_back(std::move(party));
    }
    pods_ = parties_.size();
    for (const scalar::AddressSet& block : network_policy::external_blocks(set_, true)) {
      const auto& peer = remembered_.emplace_back(externals_.emplace_back(block));
      parties_.push_back({.peer = &peer, .other = &peer, .label = to_words(block)});
    }
  }

  const RememberingPeer* remember(const topology::Endpoint& endpoint) {
    return &remembered_.emplace_back(endpoints_.emplace_back(world_.topology(), endpoint));
  }

  // Two sides that may connect: not from address to address, not a pod with itself.
  [[nodiscard]] bool is_pair(std::size_t source, std::size_t destination) const {
    return source == destination ? parties_[source].has_other
                                 : source < pods_ || destination < pods_;
  }
  [[nodiscard]] const RememberingPeer& second_of(std::size_t source,
                                                 std::size_t destination) const {
    return source == destination ? *parties_[destination].other : *parties_[destination].peer;
  }

  Passing passing(std::size_t source, std::size_t destination, const LeftOut& left_out) {
    work_ += 2 * set_.policies().size() + 1;
    const RememberingPeer& from = *parties_[source].peer;
    const RememberingPeer& to = second_of(source, destination);
    return pass_both(judge_direction(set_, Direction::Egress, from, to, left_out),
                     judge_direction(set_, Direction::Ingress, to, from, left_out));
  }
  [[nodiscard]] bool is_over() const { return work_ > limits_.work_max; }

  [[nodiscard]] Match selects(const Policy& policy, std::size_t party) const {
    return party >= pods_ ? Match::No
                          : parties_[party].peer->selected_by(set_.selectors(), policy.subject);
  }
  [[nodiscard]] bool selects_any(const Policy& policy) const {
    for (std::size_t i = 0; i < pods_; ++i) {
      if (selects(policy, i) != Match::No) {
        return true;
      }
    }
    return false;
  }

  // Entities (hosts, the API server) and names are somebody, too, whom the input does not show.
  [[nodiscard]] bool means_somebody(const Rule& rule) const {
    if (rule.is_any_peer) {
      return true;
    }
    for (const network_policy::Peers& peers : set_.peers_of(rule)) {
      if (peers.entities != network_policy::Entity::None || !peers.unknown.empty()) {
        return true;
      }
    }
    return std::ranges::any_of(parties_, [&](const Party& party) {
      return matches_peer(set_, rule, *party.peer) != Match::No;
    });
  }

  void add(const Policy& policy, std::uint32_t offset, std::string what, std::string witness = {}) {
    Findings(answer_, limits_)
        .add({.title = title_of(*policy.object),
              .places = {place_of(*policy.object, offset)},
              .what = std::move(what),
              .witness = std::move(witness)});
  }

  void ask_emptiness() {
    for (const Policy& policy : set_.policies()) {
      if (!selects_any(policy)) {
        add(policy, policy.object->root.offset(), "it selects no workload");
        continue;
      }
      for (const Rule& rule : set_.rules_of(policy)) {
        if (!means_somebody(rule)) {
          add(policy, rule.offset, rule_text(rule) + " means no workload and no address");
        }
      }
    }
  }

  // The first pair of which something is denied for sure or perhaps.
  void ask_vacuity() {
    for (std::size_t s = 0; s < parties_.size() && !is_over(); ++s) {
      for (std::size_t d = 0; d < parties_.size(); ++d) {
        if (!is_pair(s, d)) {
          continue;
        }
        const Passing now = passing(s, d, {});
        if (!now.allowed.is_all()) {
          answer_.sentence =
              "the policies deny something, for example " +
              witness_text(parties_[s].label, s == d ? parties_[d].other_label : parties_[d].label,
                           scalar::ConnectionSet::all().minus(now.allowed));
          return;
        }
      }
    }
    answer_.sentence = set_.policies().empty() ? "there is no policy: everything is allowed"
                                               : "the policies deny nothing";
    for (const Policy& policy : set_.policies()) {
      add(policy, policy.object->root.offset(), "it denies nothing");
    }
    answer_.count = std::max<std::size_t>(answer_.count, 1);
  }

  // Whether another policy of its tier isolates the endpoint anyway: then only whom its rules mean
  // can tell that a policy is gone.
  [[nodiscard]] bool is_isolated_besides(const Policy& policy, std::size_t own,
                                         Direction direction) const {
    const auto d = static_cast<std::size_t>(direction);
    return !policy.isolates[d] || std::ranges::any_of(set_.policies(), [&](const Policy& other) {
      return &other != &policy && other.tier == policy.tier && other.applies[d] &&
             other.isolates[d] && !other.is_staged && selects(other, own) == Match::Yes;
    });
  }

  [[nodiscard]] bool speaks_of(std::span<const Rule> rules, Direction direction,
                               std::size_t party) const {
    return std::ranges::any_of(rules, [&](const Rule& rule) {
      return rule.direction == direction &&
             matches_peer(set_, rule, *parties_[party].peer) != Match::No;
    });
  }

  // Of the own side alone: what may pass besides, the other side decides.
  bool is_same_side(std::size_t own, std::size_t other, Direction direction,
                    const LeftOut& left_out) {
    work_ += 2 * set_.policies().size() + 1;
    const RememberingPeer& peer = second_of(own, other);
    const DirectionAnswer now = judge_direction(set_, direction, *parties_[own].peer, peer);
    const DirectionAnswer then =
        judge_direction(set_, direction, *parties_[own].peer, peer, left_out);
    return now.allowed == then.allowed && now.unknown == then.unknown;
  }

  // `rules`: those of the policy that are left out, all of them with the policy itself.
  bool changes_nothing(const Policy& policy, std::span<const Rule> rules, const LeftOut& left_out) {
    for (std::size_t own = 0; own < pods_; ++own) {
      if (selects(policy, own) == Match::No) {
        continue;
      }
      for (const Direction direction : kDirections) {
        if (!policy.applies[static_cast<int>(direction)]) {
          continue;
        }
        const bool by_rules_only =
            left_out.rule.has_value() || is_isolated_besides(policy, own, direction);
        // Addresses first: no other side denies what they send and receive.
        for (std::size_t other = parties_.size(); other-- > 0 && !is_over();) {
          if (!is_pair(own, other) || (by_rules_only && !speaks_of(rules, direction, other)) ||
              is_same_side(own, other, direction, left_out)) {
            continue;
          }
          const std::size_t source = direction == Direction::Egress ? own : other;
          const std::size_t destination = direction == Direction::Egress ? other : own;
          if (passing(source, destination, {}) != passing(source, destination, left_out)) {
            return false;
          }
        }
      }
    }
    return !is_over();
  }

  // What selects nobody or means nobody is empty, not redundant.
  void ask_redundancy() {
    for (std::uint32_t i = 0; i < set_.policies().size(); ++i) {
      const Policy& policy = set_.policies()[i];
      if (policy.is_staged || !selects_any(policy)) {
        continue;
      }
      if (changes_nothing(policy, set_.rules_of(policy), {.policy = i})) {
        add(policy, policy.object->root.offset(),
            "without it every connection is allowed or denied as now");
        continue;
      }
      for (std::uint32_t r = policy.rules_begin; r < policy.rules_end; ++r) {
        const Rule& rule = set_.rules()[r];
        if (means_somebody(rule) && changes_nothing(policy, {&rule, 1}, {.rule = r})) {
          add(policy, rule.offset, rule_text(rule) + " changes nothing");
        }
      }
    }
  }

  [[nodiscard]] std::vector<const Policy*> selecting(std::size_t party, Direction direction) const {
    std::vector<const Policy*> found;
    for (const Policy& policy : set_.policies()) {
      if (policy.applies[static_cast<int>(direction)] && !policy.is_staged &&
          selects(policy, party) == Match::Yes) {
        found.push_back(&policy);
      }
    }
    return found;
  }

  void add_workload(const Workload& workload, std::string what) {
    const auto& endpoint = world_.topology().endpoints()[workload.endpoints.front()];
    Findings(answer_, limits_)
        .add({.title = workload.label,
              .places = {place_of(*endpoint.object, endpoint.object->root.offset())},
              .what = std::move(what)});
  }

  void ask_disjointness() {
    for (const Workload& workload : world_.workloads()) {
      std::string what;
      for (const Direction direction : kDirections) {
        const auto policies = selecting(workload.class_id, direction);
        if (policies.size() < 2) {
          continue;
        }
        what.append(what.empty() ? "" : "; ").append(to_text(direction)).append(": ");
        for (std::size_t i = 0; i < policies.size(); ++i) {
          const kube::Object& object = *policies[i]->object;
          what.append(i == 0 ? "" : ", ").append(title_of(object)).append(" (");
          what.append(place_of(object, object.root.offset())).append(")");
        }
      }
      if (!what.empty()) {
        add_workload(workload, std::move(what));
      }
    }
  }

  void ask_all_captured() {
    for (const Workload& workload : world_.workloads()) {
      const bool is_in = !selecting(workload.class_id, Direction::Ingress).empty();
      const bool is_out = !selecting(workload.class_id, Direction::Egress).empty();
      if (!is_in || !is_out) {
        add_workload(workload, is_in    ? "no policy of egress selects it"
                               : is_out ? "no policy of ingress selects it"
                                        : "no policy selects it");
      }
    }
  }

  void ask_sanity() {
    if (set_.policies().empty()) {
      answer_.sentence = "there is no policy to look at";
      answer_.count = 1;
      return;
    }
    ask_vacuity();
    if (answer_.count != 0) {
      return;
    }
    ask_emptiness();
    const std::size_t empty = answer_.count;
    ask_redundancy();
    const std::size_t redundant = answer_.count - empty;
    answer_.sentence = answer_.count == 0 ? "nothing is empty, vacuous or redundant"
                                          : std::to_string(empty) + " empty, " +
                                                std::to_string(redundant) + " redundant";
  }

  World& world_;
  const PolicySet& set_;
  const QuestionLimits& limits_;
  std::deque<EndpointPeer> endpoints_;
  std::deque<ExternalPeer> externals_;
  std::deque<RememberingPeer> remembered_;
  std::vector<Party> parties_;  // classes by their numbers, then blocks of addresses
  std::size_t pods_ = 0;
  std::size_t work_ = 0;
  QuestionAnswer answer_;
};

}  // namespace

Result<QuestionAnswer> ask_one(PolicyQuestion question, World& world,
                               const QuestionLimits& limits) {
  return OneSet(world, limits).ask(question);
}

}  // namespace tally::reachability
