// Asking about pairs.
#include <utility>

#include "reachability/netpol_analyzer/internal/list_maker.hpp"

namespace tally::reachability::netpol_analyzer {

using network_policy::Direction;
using scalar::ConnectionSet;

void ListMaker::ask_pairs() {
  std::vector<std::uint32_t> sources;
  std::vector<std::uint32_t> destinations;
  for (const std::uint32_t place : order_) {
    if (place == controller_) {
      continue;  // it comes through Ingress and Route only
    }
    if (!places_[place].is_block || places_[place].direction == Direction::Ingress) {
      sources.push_back(place);
    }
    if (!places_[place].is_block || places_[place].direction == Direction::Egress) {
      destinations.push_back(place);
    }
  }
  const Options& options = list_.options_;
  if (!options.explain && options.focus_workloads.empty() && networks_.primary.empty() &&
      secondary_.empty()) {
    ask_all(sources, destinations);
    return;
  }
  for (const std::uint32_t source : sources) {
    for (const std::uint32_t destination : destinations) {
      const Place& from = places_[source];
      const Place& to = places_[destination];
      if (explanation_bytes_ > kExplanationBytesMax) {
        return;
      }
      if (source != destination && !(from.is_block && to.is_block) && is_wanted(from, to)) {
        ask_pair(source, destination);
      }
    }
  }
}

// One network and every pair: rows and columns are looked up once for each peer.
void ListMaker::ask_all(const std::vector<std::uint32_t>& sources,
                        const std::vector<std::uint32_t>& destinations) {
  struct Target {
    const ConnectionId* ingress = nullptr;  // null: everything
    std::uint32_t egress_column = 0;
  };
  std::vector<Target> targets;
  for (const std::uint32_t destination : destinations) {
    const PeerId id = places_[destination].id;
    targets.push_back({.ingress = connectivity_->row_of(Direction::Ingress, id),
                       .egress_column = connectivity_->column_of(Direction::Egress, id)});
  }
  const std::uint32_t network = network_of(nullptr);
  for (const std::uint32_t source : sources) {
    const Place& from = places_[source];
    const ConnectionId* egress = connectivity_->row_of(Direction::Egress, from.id);
    const std::uint32_t ingress_column = connectivity_->column_of(Direction::Ingress, from.id);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const ConnectionId out =
          egress == nullptr ? kAllConnections : egress[targets[i].egress_column];
      if (out == kNoConnection) {
        continue;
      }
      const ConnectionId in =
          targets[i].ingress == nullptr ? kAllConnections : targets[i].ingress[ingress_column];
      if (in == kNoConnection || destinations[i] == source ||
          (from.is_block && places_[destinations[i]].is_block)) {
        continue;
      }
      if (const ConnectionId allowed = list_.pool_->intersect(out, in); allowed != kNoConnection) {
        add_line(source, destinations[i], allowed, network);
      }
    }
  }
}

void ListMaker::ask_pair(std::uint32_t source, std::uint32_t destination) {
  const Place& from = places_[source];
  const Place& to = places_[destination];
  if (networks_.primary.empty()) {
    ask_primary(source, destination, nullptr);
  } else {
    const PrimaryNetwork* one = primary_of(from);
    const PrimaryNetwork* other = primary_of(to);
    if (is_external(from) || is_external(to)) {
      ask_primary(source, destination, is_external(from) ? other : one);
    } else if ((one == nullptr) == (other == nullptr) && (one == nullptr || *one == *other)) {
      ask_primary(source, destination, one);
    } else {
      add_separate(source, destination, one, other);
    }
  }
  if (is_external(from) || is_external(to)) {
    return;
  }
  for (const auto& network : secondary_) {
    if (network->members[from.id] && network->members[to.id]) {
      ask_secondary(source, destination, *network);
    }
  }
}

Explainer::Names ListMaker::names_of(std::uint32_t source, std::uint32_t destination,
                                     bool is_marked) const {
  const ListedPeer& from = list_.peers_[source];
  const ListedPeer& to = list_.peers_[destination];
  return {.source = is_marked ? from.marked : from.text,
          .destination = is_marked ? to.marked : to.text};
}

void ListMaker::ask_primary(std::uint32_t source, std::uint32_t destination,
                            const PrimaryNetwork* network) {
  const Place& from = places_[source];
  const Place& to = places_[destination];
  if (!list_.options_.explain) {
    const ConnectionId allowed = connectivity_->between(from.id, to.id);
    if (allowed != kNoConnection) {
      add_line(source, destination, allowed, network);
    }
    return;
  }
  Explainer explainer(*connectivity_, *list_.pool_, reasons_);
  add_explained(source, destination,
                explainer.between(from.id, to.id, names_of(source, destination, true)),
                network_of(network));
}

void ListMaker::ask_secondary(std::uint32_t source, std::uint32_t destination,
                              SecondaryRules& rules) {
  const Place& from = places_[source];
  const Place& to = places_[destination];
  const std::uint32_t network =
      network_place({.kind = NetworkName::Kind::Secondary, .name = rules.name});
  if (!list_.options_.explain) {
    const ConnectionId allowed = rules.connectivity->between(from.id, to.id);
    if (allowed != kNoConnection) {
      add_line(source, destination, allowed, network);
    }
    return;
  }
  Explainer explainer(*rules.connectivity, *list_.pool_, reasons_);
  add_explained(source, destination,
                explainer.between_in_network(from.id, to.id, names_of(source, destination, false)),
                network);
}

// Two networks that do not meet: said once below an explanation, or for the port in focus.
void ListMaker::add_separate(std::uint32_t source, std::uint32_t destination,
                             const PrimaryNetwork* one, const PrimaryNetwork* other) {
  if (!list_.options_.explain || list_.options_.explain_only == ExplainOnly::Allow) {
    return;
  }
  if (!list_.options_.focus_connection) {
    list_.has_separate_networks_ = true;
    return;
  }
  const auto part = [&](const PrimaryNetwork* network, std::uint32_t peer) {
    const std::string& text = list_.peers_[peer].marked;
    if (network == nullptr) {
      return text + " is not isolated by a user defined network";
    }
    return std::string(network->kind == PrimaryNetwork::Kind::Cluster ? "ClusterUserDefinedNetwork"
                                                                      : "UserDefinedNetwork") +
           " '" + network->name + "' isolates " + text;
  };
  std::string text = part(one, source) + "; and " + part(other, destination);
  if (one == nullptr || other == nullptr) {
    text = one == nullptr ? part(other, destination) : part(one, source);
  }
  ExplainedSet nothing;
  const ReasonId reason = reasons_.intern(ReasonKind::UserDefinedNetwork, std::move(text));
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    nothing.add_common(reason, direction);
  }
  add_explained(source, destination, nothing, network_of(one == nullptr ? other : one));
}

ConnectionId ListMaker::focused() const {
  const ConnectionFocus& focus = *list_.options_.focus_connection;
  return list_.pool_->intern(ConnectionSet::of_port(focus.protocol, focus.port));
}

void ListMaker::add_line(std::uint32_t source, std::uint32_t destination, ConnectionId allowed,
                         const PrimaryNetwork* network) {
  add_line(source, destination, allowed, network_of(network));
}

void ListMaker::add_line(std::uint32_t source, std::uint32_t destination, ConnectionId allowed,
                         std::uint32_t network) {
  if (list_.options_.focus_connection) {
    const ConnectionId wanted = focused();
    if (list_.pool_->intersect(allowed, wanted) != wanted) {
      return;
    }
    allowed = wanted;
  }
  list_.connections_.push_back(
      {.source = source, .destination = destination, .connections = allowed, .network = network});
}

// Only what is said about the port in focus.
ExplainedSet ListMaker::narrowed(const ExplainedSet& set, const ConnectionFocus& focus) {
  ExplainedSet result;
  bool is_in = set.is_all();
  Reasons reasons = set.common();
  if (const auto& runs = set.runs(focus.protocol)) {
    for (const PortRun& run : *runs) {
      if (focus.port <= run.last) {
        is_in = run.is_in;
        reasons = run.reasons;
        break;
      }
    }
  }
  result.set_port(focus.protocol, focus.port, is_in, std::move(reasons));
  return result;
}

void ListMaker::add_explained(std::uint32_t source, std::uint32_t destination, ExplainedSet set,
                              std::uint32_t network) {
  const Options& options = list_.options_;
  if (options.focus_connection) {
    set = narrowed(set, *options.focus_connection);
  }
  const bool is_empty = set.is_empty();
  if ((is_empty && options.explain_only == ExplainOnly::Allow) ||
      (!is_empty && options.explain_only == ExplainOnly::Deny)) {
    return;
  }
  ListedConnection line{.source = source,
                        .destination = destination,
                        .connections = list_.pool_->intern(set.connections()),
                        .network = network};
  line.is_by_default = set.is_all() && set.is_uniform() &&
                       is_only_default(set.common().side(Direction::Ingress), reasons_) &&
                       is_only_default(set.common().side(Direction::Egress), reasons_);
  if (!line.is_by_default) {
    line.explanation = static_cast<std::int64_t>(list_.explanations_.size());
    list_.explanations_.push_back(explanation_text(set, reasons_));
    explanation_bytes_ += list_.explanations_.back().size();
  }
  list_.connections_.push_back(line);
}

void ListMaker::ask_ingress() {
  if (!controller_) {
    return;
  }
  const Place& from = places_[*controller_];
  for (const IngressTarget& target : ingress_.targets) {
    const Place& to = places_[target.workload];
    if (!is_wanted(from, to)) {
      continue;
    }
    ConnectionSet opened;
    for (const IngressBackend& backend : target.backends) {
      opened = opened.unite(backend.connections);
    }
    const ConnectionId allowed = list_.pool_->intersect(
        list_.pool_->intern(opened), connectivity_->between(*controller_, target.workload));
    if (allowed == kNoConnection) {
      warn(std::string(target.backends.front().kind == "Route" ? "Route" : "K8s-Ingress") +
           " resource " + target.backends.front().object + " specified workload " +
           workloads_.list[target.workload].text +
           " as a backend, but network policies are blocking ingress connections from an "
           "arbitrary in-cluster source to this workload. Connectivity map will not include a "
           "possibly allowed connection between the ingress controller and this workload.");
      continue;
    }
    const PrimaryNetwork* network = primary_of(to);
    if (!list_.options_.explain) {
      add_line(*controller_, target.workload, allowed, network);
      continue;
    }
    Explainer explainer(*connectivity_, *list_.pool_, reasons_);
    add_explained(*controller_, target.workload,
                  explainer.through_ingress(target, *controller_,
                                            names_of(*controller_, target.workload, true)),
                  network_of(network));
  }
}

}  // namespace tally::reachability::netpol_analyzer
