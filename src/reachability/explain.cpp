#include "reachability/explain.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "document/json_writer.hpp"

namespace tally::reachability {

using network_policy::Action;
using network_policy::Direction;
using network_policy::EndpointPeer;
using network_policy::ExternalPeer;
using network_policy::Hit;
using network_policy::Match;
using network_policy::Peer;
using network_policy::Policy;
using network_policy::Rule;
using network_policy::Verdict;
using scalar::ConnectionSet;
using scalar::Protocol;

namespace {

// A peer of either kind, in one place.
class AnyPeer {
 public:
  AnyPeer(const World& world, const Side& side, bool is_second) {
    if (side.endpoint != nullptr) {
      endpoint_.emplace(world.topology(), *side.endpoint);
      return;
    }
    if (!side.workload) {
      external_.emplace(side.addresses);
      return;
    }
    const Workload& workload = world.workloads()[*side.workload];
    // Of a workload to itself: two of its pods, where it has two.
    const std::size_t which = is_second && workload.endpoints.size() > 1 ? 1 : 0;
    endpoint_.emplace(world.topology(), world.topology().endpoints()[workload.endpoints[which]]);
  }
  [[nodiscard]] const Peer& get() const {
    return endpoint_ ? static_cast<const Peer&>(*endpoint_) : static_cast<const Peer&>(*external_);
  }

 private:
  std::optional<EndpointPeer> endpoint_;
  std::optional<ExternalPeer> external_;
};

std::string rule_text(const Rule& rule) {
  std::string text(to_text(rule.direction));
  text.append(" rule ").append(std::to_string(rule.ordinal + 1));
  if (!rule.name.empty()) {
    text.append(" (").append(rule.name).append(")");
  }
  return text;
}

Step step_of(const network_policy::PolicySet& set, const Rule& rule) {
  const kube::Object& object = *set.policies()[rule.policy].object;
  return {.title = title_of(object),
          .place = place_of(object, rule.offset),
          .what = {},
          .rule = rule_text(rule)};
}

class SideReader {
 public:
  SideReader(const World& world, Direction direction, const Peer& own, const Peer& other,
             const Side& own_side, const Side& other_side, const ConnectionSet& asked)
      : world_(world),
        set_(world.policies()),
        direction_(direction),
        own_(own),
        other_(other),
        own_side_(own_side),
        other_side_(other_side),
        asked_(asked) {}

  SideExplanation read(const network_policy::DirectionAnswer& answer) {
    SideExplanation side;
    side.direction = direction_;
    side.is_governed = own_.is_pod();
    side.allowed = answer.allowed.intersect(asked_);
    side.unknown = answer.unknown.intersect(asked_);
    for (const Hit& hit : answer.hits) {
      const ConnectionSet part = hit.connections.intersect(asked_);
      if (!part.is_empty()) {
        add_hit(hit, part, answer, side);
      }
    }
    const ConnectionSet lacking = asked_.minus(side.allowed);
    if (!lacking.is_empty()) {
      add_near_misses(answer, lacking, side);
      side.remedy = remedy(answer, lacking);
    }
    return side;
  }

 private:
  void add_hit(const Hit& hit, const ConnectionSet& part,
               const network_policy::DirectionAnswer& answer, SideExplanation& side) {
    switch (hit.by) {
      case Hit::By::Rule: {
        const Rule& rule = set_.rules()[hit.index];
        Step step = step_of(set_, rule);
        step.what = hit.action == Action::Allow  ? "allows"
                    : hit.action == Action::Deny ? "denies"
                                                 : "passes on";
        step.connections = part;
        step.is_sure = hit.is_sure;
        side.steps.push_back(std::move(step));
        return;
      }
      case Hit::By::Isolation:
        for (const std::uint32_t index : answer.selected_by) {
          const Policy& policy = set_.policies()[index];
          if (policy.tier == hit.index && policy.isolates[static_cast<int>(direction_)]) {
            side.steps.push_back({.title = title_of(*policy.object),
                                  .place = place_of(*policy.object, policy.object->root.offset()),
                                  .what = "isolates, and no rule allows",
                                  .rule = {},
                                  .connections = part,
                                  .is_sure = hit.is_sure});
          }
        }
        return;
      case Hit::By::Default:
        side.steps.push_back({.title = {},
                              .place = {},
                              .what = answer.selected_by.empty() ? "no policy selects it: allowed"
                                                                 : "no policy decides: allowed",
                              .rule = {},
                              .connections = part});
        return;
    }
  }

  // At most so many: a policy of a thousand rules is not repeated here.
  static constexpr std::size_t kNearMissesMax = 5;

  void add_near_misses(const network_policy::DirectionAnswer& answer, const ConnectionSet& lacking,
                       SideExplanation& side) {
    const Peer& destination = direction_ == Direction::Ingress ? own_ : other_;
    for (const std::uint32_t index : answer.selected_by) {
      for (const Rule& rule : set_.rules_of(set_.policies()[index])) {
        if (rule.direction != direction_ || rule.action != Action::Allow ||
            side.near_misses.size() == kNearMissesMax) {
          continue;
        }
        const bool speaks_of_peer = matches_peer(set_, rule, other_) != Match::No;
        const ConnectionSet connections = connections_to(set_, rule, destination);
        const bool speaks_of_port = connections.intersects(lacking);
        if (speaks_of_peer == speaks_of_port) {
          continue;
        }
        Step step = step_of(set_, rule);
        step.what = speaks_of_peer ? "speaks of " + other_side_.label + ", but allows only " +
                                         connections.to_string()
                                   : "speaks of the port, but not of " + other_side_.label;
        step.connections = connections;
        side.near_misses.push_back(std::move(step));
      }
    }
  }

  // The rule that would allow it, in the words of NetworkPolicy.
  std::string remedy(const network_policy::DirectionAnswer& answer,
                     const ConnectionSet& lacking) const {
    for (const Hit& hit : answer.hits) {
      if (hit.by == Hit::By::Rule && hit.action == Action::Deny &&
          hit.connections.intersects(lacking)) {
        const Rule& rule = set_.rules()[hit.index];
        const kube::Object& object = *set_.policies()[rule.policy].object;
        return "change or remove " + rule_text(rule) + " of " + title_of(object) +
               ", or allow the connection by a rule that comes before it";
      }
    }
    std::string text = direction_ == Direction::Ingress ? "add an ingress rule to a policy of "
                                                        : "add an egress rule to a policy of ";
    text += own_side_.label;
    text += direction_ == Direction::Ingress ? ": from: [" : ": to: [";
    text += peer_yaml();
    text += "]";
    const std::string ports = ports_yaml(lacking);
    return ports.empty() ? text : text + ", ports: [" + ports + "]";
  }

  std::string peer_yaml() const {
    if (!other_side_.workload && other_side_.endpoint == nullptr) {
      const auto cidrs = other_side_.addresses.cidrs();
      std::string text;
      for (const scalar::Cidr& cidr : cidrs) {
        text.append(text.empty() ? "" : ", ").append("{ipBlock: {cidr: ");
        text.append(cidr.to_string()).append("}}");
      }
      return text;
    }
    const topology::Endpoint& endpoint = endpoint_of(other_side_);
    const std::string_view name_space = world_.topology().name_space_of(endpoint).name;
    std::string labels;
    // What marks one pod of a controller only is no label for a policy.
    for (const document::Member member : endpoint.labels.members()) {
      if (member.key.ends_with("pod-template-hash") || member.key == "controller-revision-hash" ||
          member.key == "statefulset.kubernetes.io/pod-name") {
        continue;
      }
      labels.append(labels.empty() ? "" : ", ").append(member.key).append(": ");
      document::append_json_string(labels, member.value.text());
    }
    std::string text = "{";
    const bool has_own = own_side_.workload || own_side_.endpoint != nullptr;
    const bool is_near =
        has_own && world_.topology().name_space_of(endpoint_of(own_side_)).name == name_space;
    if (!is_near) {
      text.append("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ");
      text.append(name_space).append("}}, ");
    }
    return text + "podSelector: {matchLabels: {" + labels + "}}}";
  }

  [[nodiscard]] const topology::Endpoint& endpoint_of(const Side& side) const {
    return side.endpoint != nullptr
               ? *side.endpoint
               : world_.topology()
                     .endpoints()[world_.workloads()[*side.workload].endpoints.front()];
  }

  static std::string ports_yaml(const ConnectionSet& connections) {
    std::string text;
    for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
      const scalar::PortSet& ports = connections.ports(protocol);
      const auto name = scalar::protocol_name(protocol);
      for (const auto& interval : ports.intervals()) {
        const bool is_all = interval.first == scalar::kPortMin && interval.last == scalar::kPortMax;
        if (is_all) {
          continue;
        }
        text.append(text.empty() ? "" : ", ").append("{protocol: ").append(name);
        text.append(", port: ").append(std::to_string(interval.first));
        if (interval.last != interval.first) {
          text.append(", endPort: ").append(std::to_string(interval.last));
        }
        text += "}";
      }
    }
    return text;
  }

  const World& world_;
  const network_policy::PolicySet& set_;
  Direction direction_;
  const Peer& own_;
  const Peer& other_;
  const Side& own_side_;
  const Side& other_side_;
  const ConnectionSet& asked_;
};

}  // namespace

Result<Side> parse_side(const World& world, std::string_view text) {
  const auto cidr = scalar::Cidr::parse(text);
  if (cidr) {
    return Side{.addresses = scalar::AddressSet(*cidr), .label = cidr->to_string()};
  }
  const auto address = scalar::IpAddress::parse(text);
  if (address) {
    return Side{.addresses = scalar::AddressSet(*address), .label = address->to_string()};
  }
  TALLY_TRY(const std::uint32_t workload, world.find(text));
  return Side{.workload = workload, .label = world.workloads()[workload].label};
}

Result<Port> parse_port(std::string_view text) {
  Port port;
  std::string_view number = text;
  const std::size_t split = text.find_first_of("/ -:");
  if (split != std::string_view::npos) {
    const std::string_view left = text.substr(0, split);
    const std::string_view right = text.substr(split + 1);
    const auto first = scalar::parse_protocol(left);
    const auto protocol = first ? first : scalar::parse_protocol(right);
    if (!protocol) {
      return content_error("found \"" + std::string(text) +
                           "\", expected a port like 80, tcp/80 or udp/53");
    }
    port.protocol = *protocol;
    number = first ? right : left;
  }
  std::uint16_t value = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (code != std::errc{} || end != number.data() + number.size() || value == 0) {
    return content_error("found \"" + std::string(text) +
                         "\", expected a port from 1 to 65535 like 80, tcp/80 or udp/53");
  }
  port.number = value;
  return port;
}

Verdict Explanation::verdict() const {
  const ConnectionSet asked =
      port ? ConnectionSet::of_port(port->protocol, port->number) : ConnectionSet::all();
  if (allowed == asked) {
    return Verdict::Allowed;
  }
  return unknown.is_empty() ? Verdict::Denied : Verdict::Unknown;
}

Explanation explain(const World& world, const Side& source, const Side& destination,
                    std::optional<Port> port) {
  const AnyPeer from(world, source, false);
  const AnyPeer to(world, destination,
                   destination.workload && source.workload == destination.workload);
  const ConnectionSet asked =
      port ? ConnectionSet::of_port(port->protocol, port->number) : ConnectionSet::all();
  const network_policy::PairAnswer answer =
      connections_between(world.policies(), from.get(), to.get());
  Explanation explanation{.source = source, .destination = destination, .port = port};
  explanation.allowed = answer.allowed.intersect(asked);
  explanation.unknown = answer.unknown.intersect(asked);
  explanation.egress =
      SideReader(world, Direction::Egress, from.get(), to.get(), source, destination, asked)
          .read(answer.egress);
  explanation.ingress =
      SideReader(world, Direction::Ingress, to.get(), from.get(), destination, source, asked)
          .read(answer.ingress);
  return explanation;
}

Verdict evaluate(const World& world, const Side& source, const Side& destination,
                 const Port& port) {
  const AnyPeer from(world, source, false);
  const AnyPeer to(world, destination,
                   destination.workload && source.workload == destination.workload);
  return judge(world.policies(), {.source = &from.get(),
                                  .destination = &to.get(),
                                  .protocol = port.protocol,
                                  .port = port.number});
}

}  // namespace tally::reachability
