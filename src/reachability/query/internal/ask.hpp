#pragma once
// What questions about one set of policies and about two share.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "network_policy/pair.hpp"
#include "network_policy/peer.hpp"
#include "reachability/explain.hpp"
#include "reachability/query/policy_questions.hpp"

namespace tally::reachability {

[[nodiscard]] Result<QuestionAnswer> ask_one(PolicyQuestion question, World& world,
                                             const QuestionLimits& limits);
[[nodiscard]] Result<QuestionAnswer> ask_two(PolicyQuestion question, World& first, World& second,
                                             const QuestionLimits& limits);

// Selectors are asked once for each peer, however many policies repeat them.
class RememberingPeer final : public network_policy::Peer {
 public:
  explicit RememberingPeer(const network_policy::Peer& peer) : peer_(&peer) {}
  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override;
  [[nodiscard]] bool is_pod() const override { return peer_->is_pod(); }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return peer_->addresses(); }
  [[nodiscard]] bool knows_addresses() const override { return peer_->knows_addresses(); }
  [[nodiscard]] network_policy::Entity entity() const override { return peer_->entity(); }
  [[nodiscard]] scalar::PortSet named_port(std::string_view name,
                                           scalar::Protocol protocol) const override {
    return peer_->named_port(name, protocol);
  }

 private:
  const network_policy::Peer* peer_;
  mutable std::vector<std::optional<network_policy::Match>> known_;
};

// What may pass; disjoint.
struct Passing {
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
  friend bool operator==(const Passing&, const Passing&) = default;
};
[[nodiscard]] Passing pass_both(const network_policy::DirectionAnswer& egress,
                                const network_policy::DirectionAnswer& ingress);

// One connection of a set, which a person can ask about: the first port of TCP, UDP or SCTP.
[[nodiscard]] std::optional<Port> first_port(const scalar::ConnectionSet& connections);
// "shop/web[Deployment] -> shop/db[StatefulSet] TCP 5432"
[[nodiscard]] std::string witness_text(std::string_view source, std::string_view destination,
                                       const scalar::ConnectionSet& connections);

// Counts findings, and keeps the first.
class Findings {
 public:
  Findings(QuestionAnswer& answer, const QuestionLimits& limits)
      : answer_(answer), limits_(limits) {}
  void add(QuestionFinding finding) {
    ++answer_.count;
    if (answer_.findings.size() < limits_.findings_max) {
      answer_.findings.push_back(std::move(finding));
    }
  }

 private:
  QuestionAnswer& answer_;
  const QuestionLimits& limits_;
};

}  // namespace tally::reachability
