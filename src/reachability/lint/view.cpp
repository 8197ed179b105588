#include "reachability/lint/internal/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kube/selectors.hpp"

namespace tally::reachability::linting {

using kube::Match;
using network_policy::Direction;
using network_policy::Policy;
using network_policy::Rule;
using network_policy::SelectorId;

View::View(const LintInput& input)
    : input_(input), plain_(read_plain_policies(input.snapshot, input.world.policies())) {
  const auto endpoints = topology().endpoints();
  classes_in_.resize(topology().namespaces().size());
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    classes_in_[endpoints[i].name_space].push_back(world().analyser().class_of(i));
  }
  for (std::vector<ClassId>& classes : classes_in_) {
    std::ranges::sort(classes);
    classes.erase(std::ranges::unique(classes).begin(), classes.end());
  }
  index_policies();
  index_labels();
}

void View::index_policies() {
  for (auto& of_direction : governing_) {
    of_direction.resize(world().analyser().class_count());
  }
  const auto list = policies().policies();
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    if (list[i].is_staged) {
      continue;
    }
    const Matched& classes = selected(i);
    for (const std::size_t direction : {std::size_t{0}, std::size_t{1}}) {
      if (list[i].applies[direction]) {
        for (const auto* part : {&classes.sure, &classes.perhaps}) {
          for (const ClassId id : *part) {
            governing_[direction][id].push_back(i);
          }
        }
      }
    }
  }
}

void View::index_labels() {
  const auto endpoints = topology().endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    for (const document::Member label : endpoints[i].labels.members()) {
      by_label_[{label.key, label.value.text()}].push_back(i);
    }
  }
}

const Matched& View::matched(SelectorId id) {
  const auto [at, is_new] = matched_.try_emplace(id);
  if (!is_new) {
    return at->second;
  }
  const network_policy::SelectorPool& selectors = policies().selectors();
  const auto ask = [&](ClassId one) {
    const topology::Endpoint& endpoint = sample(one);
    const Match match = selectors.matches(id, endpoint, topology().name_space_of(endpoint));
    if (match != Match::No) {
      (match == Match::Yes ? at->second.sure : at->second.perhaps).push_back(one);
    }
  };
  if (const auto only = selectors.only_namespace(id)) {
    if (const auto position = topology().find_namespace(*only)) {
      std::ranges::for_each(classes_in_[*position], ask);
    }
    return at->second;
  }
  for (ClassId one = 0; one < world().analyser().class_count(); ++one) {
    ask(one);
  }
  return at->second;
}

Matched View::peers_of(const Rule& rule) {
  std::set<ClassId> sure;
  std::set<ClassId> perhaps;
  for (const network_policy::Peers& peers : policies().peers_of(rule)) {
    if (peers.endpoints == network_policy::kNothing) {
      continue;
    }
    const Matched& classes = matched(peers.endpoints);
    const bool is_narrowed = peers.endpoints_within != network_policy::kNoAddresses;
    (is_narrowed ? perhaps : sure).insert(classes.sure.begin(), classes.sure.end());
    perhaps.insert(classes.perhaps.begin(), classes.perhaps.end());
  }
  Matched all;
  all.sure.assign(sure.begin(), sure.end());
  std::ranges::set_difference(perhaps, sure, std::back_inserter(all.perhaps));
  return all;
}

const std::vector<std::uint32_t>& View::pods_with(const scalar::LabelSelector& selector) {
  const auto [at, is_new] = pods_with_.try_emplace(selector.to_string());
  if (!is_new) {
    return at->second;
  }
  const auto endpoints = topology().endpoints();
  const auto take = [&](std::uint32_t i) {
    if (kube::matches(selector, endpoints[i].labels)) {
      at->second.push_back(i);
    }
  };
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    if (requirement.op == scalar::SelectorOperator::In && requirement.values.size() == 1) {
      if (const auto listed = by_label_.find({requirement.key, requirement.values.front()});
          listed != by_label_.end()) {
        std::ranges::for_each(listed->second, take);
      }
      return at->second;
    }
  }
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    take(i);
  }
  return at->second;
}

const MatchedNamespaces& View::namespaces_with(const scalar::LabelSelector& selector) {
  const auto [at, is_new] = namespaces_with_.try_emplace(selector.to_string());
  if (!is_new) {
    return at->second;
  }
  const auto namespaces = topology().namespaces();
  for (std::uint32_t i = 0; i < namespaces.size(); ++i) {
    bool is_known = true;
    const bool is_match = selector.matches([&](std::string_view key) {
      const auto value = namespaces[i].label(key);
      is_known = is_known && (value.has_value() || namespaces[i].is_known());
      return value;
    });
    if (!is_known) {
      at->second.perhaps.push_back(i);
    } else if (is_match) {
      at->second.sure.push_back(i);
    }
  }
  return at->second;
}

bool View::has_workloads(std::string_view name_space) const {
  const auto position = topology().find_namespace(name_space);
  return position && has_workloads(*position);
}

bool View::speaks_of(ClassId id, Direction direction, scalar::Protocol protocol,
                     std::uint16_t port) const {
  for (const std::uint32_t position : governing(id, direction)) {
    for (const Rule& rule : policies().rules_of(policies().policies()[position])) {
      if (rule.direction != direction || rule.action == network_policy::Action::Deny) {
        continue;
      }
      if (policies().connections(rule.connections).contains(protocol, port)) {
        return true;
      }
      for (const network_policy::NamedPort& named : policies().named_ports_of(rule)) {
        // Behind a name there may be any port of another pod.
        if (named.protocol == protocol &&
            (direction == Direction::Egress ||
             topology::named_ports(sample(id), named.name, protocol).contains(port))) {
          return true;
        }
      }
    }
  }
  return false;
}

bool View::is_explicit(const Policy& policy) const {
  const document::Node* spec = policy.object->root.find("spec");
  const document::Node* types = spec == nullptr ? nullptr : spec->find("policyTypes");
  return types != nullptr && types->size() > 0;
}

std::vector<std::uint32_t> View::workloads_of(std::span<const ClassId> classes) const {
  std::vector<std::uint32_t> workloads;
  for (const ClassId id : classes) {
    const auto of_class = world().workloads_of(id);
    workloads.insert(workloads.end(), of_class.begin(), of_class.end());
  }
  std::ranges::sort(workloads);
  return workloads;
}

std::string View::names_of(std::span<const std::uint32_t> workloads,
                           std::string_view name_space) const {
  std::vector<std::string> names;
  for (const std::uint32_t position : workloads) {
    const Workload& workload = world().workloads()[position];
    std::string name = workload.name_space == name_space
                           ? std::string(workload.name)
                           : fmt::format("{}/{}", workload.name_space, workload.name);
    if (std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
    if (names.size() > 8) {
      break;
    }
  }
  const std::size_t shown = std::min<std::size_t>(names.size(), 3);
  std::string text = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (workloads.size() > shown && names.size() > shown) {
    text += fmt::format(" and {} more", workloads.size() - shown);
  }
  return text;
}

LintFinding& Reporter::add(const finding::Check& check, const kube::Object& object, Place place,
                           Words words) {
  return add(check, check.severity, object, std::move(place), std::move(words));
}

LintFinding& Reporter::add(const finding::Check& check, finding::Severity severity,
                           const kube::Object& object, Place place, Words words) {
  return findings_.emplace_back(LintFinding{.check = &check,
                                            .subject = object.ref,
                                            .object = &object,
                                            .pointer = std::move(place.pointer),
                                            .offset = place.offset,
                                            .severity = severity,
                                            .found = std::move(words.found),
                                            .allowed = std::move(words.allowed),
                                            .message = std::move(words.message),
                                            .remedy = std::move(words.remedy)});
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string listed(std::span<const std::string> texts, std::size_t shown) {
  const std::size_t count = std::min(texts.size(), shown);
  std::string text = fmt::format("{}", fmt::join(texts.first(count), ", "));
  if (texts.size() > count) {
    text += fmt::format(" and {} more", texts.size() - count);
  }
  return text;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string ports_in_words(const PlainRule& rule) {
  if (rule.ports.empty()) {
    return "every port";
  }
  std::string text;
  for (const PlainPort& port : rule.ports) {
    text.append(text.empty() ? "" : ", ").append(scalar::protocol_name(port.protocol));
    if (!port.name.empty()) {
      text.append(" ").append(port.name);
    } else if (port.first != 0) {
      text.append(" ").append(std::to_string(port.first));
      if (port.last != port.first) {
        text.append("-").append(std::to_string(port.last));
      }
    }
  }
  return text;
}

std::string peer_in_words(const PlainPeer& peer, std::string_view name_space) {
  if (peer.block != nullptr) {
    const document::Node* cidr = peer.block->find("cidr");
    return std::string(cidr == nullptr ? "an address block" : cidr->text());
  }
  std::string text = !peer.pods || peer.pods->is_empty()
                         ? std::string("any pod")
                         : fmt::format("pods with {}", peer.pods->to_string());
  if (!peer.namespaces) {
    return text.append(" of ").append(name_space);
  }
  return text.append(peer.namespaces->is_empty()
                         ? std::string(" of every namespace")
                         : fmt::format(" of namespaces with {}", peer.namespaces->to_string()));
}

}  // namespace tally::reachability::linting
