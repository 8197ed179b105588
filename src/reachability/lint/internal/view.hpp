#pragma once
// What the checks read: the World, and what several of them would have to look up again: who is
// selected, who carries a label, which policies govern a class.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reachability/lint/internal/plain_policy.hpp"
#include "reachability/lint/lint.hpp"
#include "reachability/world.hpp"

namespace tally::reachability::linting {

using network_policy::ClassId;

// The classes that a selector matches: for sure, and perhaps (the labels of their namespace are not
// known). Ascending.
struct Matched {
  std::vector<ClassId> sure;
  std::vector<ClassId> perhaps;
  [[nodiscard]] bool is_nobody() const noexcept { return sure.empty() && perhaps.empty(); }
};

struct MatchedNamespaces {
  std::vector<std::uint32_t> sure;  // positions in Topology::namespaces()
  std::vector<std::uint32_t> perhaps;
};

class View {
 public:
  explicit View(const LintInput& input);

  [[nodiscard]] const kube::Snapshot& snapshot() const noexcept { return input_.snapshot; }
  [[nodiscard]] const World& world() const noexcept { return input_.world; }
  [[nodiscard]] const topology::Topology& topology() const noexcept {
    return input_.world.topology();
  }
  [[nodiscard]] const network_policy::PolicySet& policies() const noexcept {
    return input_.world.policies();
  }
  [[nodiscard]] const mesh::Mesh& mesh() const noexcept { return input_.mesh; }
  [[nodiscard]] const EntryList& entries() const noexcept { return input_.entries; }
  [[nodiscard]] std::span<const PlainPolicy> plain() const noexcept { return plain_; }

  // Remembered: a selector is asked once.
  [[nodiscard]] const Matched& matched(network_policy::SelectorId id);
  // By Direction, of the policies that select the class and are enforced: positions, in order.
  [[nodiscard]] std::span<const std::uint32_t> governing(
      ClassId id, network_policy::Direction direction) const noexcept {
    return governing_[static_cast<std::size_t>(direction)][id];
  }
  // Of a policy: the classes that it selects.
  [[nodiscard]] const Matched& selected(std::uint32_t policy) {
    return matched(policies().policies()[policy].subject);
  }
  [[nodiscard]] const topology::Endpoint& sample(ClassId id) const noexcept {
    return topology().endpoints()[world().analyser().members(id).front()];
  }
  // The classes of the peers of a rule that are pods; addresses apart.
  [[nodiscard]] Matched peers_of(const network_policy::Rule& rule);

  // Whose pods carry labels: positions of endpoints, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& pods_with(const scalar::LabelSelector& selector);
  [[nodiscard]] const MatchedNamespaces& namespaces_with(const scalar::LabelSelector& selector);
  [[nodiscard]] bool has_workloads(std::uint32_t name_space) const noexcept {
    const auto range = topology().endpoints_in(name_space);
    return range.begin != range.end;
  }
  // Of a namespace by its name; nothing if the input does not know it.
  [[nodiscard]] bool has_workloads(std::string_view name_space) const;

  // Does any rule of the policies that govern the class in this direction speak of the port, to or
  // from whomever? If not, it is denied for sure, provided that it is isolated.
  [[nodiscard]] bool speaks_of(ClassId id, network_policy::Direction direction,
                               scalar::Protocol protocol, std::uint16_t port) const;
  [[nodiscard]] bool is_isolated(ClassId id, network_policy::Direction direction) const noexcept {
    return world().analyser().table(id, direction).is_isolated;
  }

  // Whether the policy isolates by what it says (policyTypes), so that a rule less leaves it so.
  [[nodiscard]] bool is_explicit(const network_policy::Policy& policy) const;

  // Workloads of classes: positions in World::workloads(), by label.
  [[nodiscard]] std::vector<std::uint32_t> workloads_of(std::span<const ClassId> classes) const;
  // "web, api, db and 4 more": names of workloads, with their namespace unless it is this one.
  [[nodiscard]] std::string names_of(std::span<const std::uint32_t> workloads,
                                     std::string_view name_space) const;

 private:
  void index_policies();
  void index_labels();

  LintInput input_;
  std::vector<PlainPolicy> plain_;
  std::vector<std::vector<ClassId>> classes_in_;  // by namespace
  std::unordered_map<network_policy::SelectorId, Matched> matched_;
  std::vector<std::vector<std::uint32_t>> governing_[2];
  std::map<std::pair<std::string_view, std::string_view>, std::vector<std::uint32_t>> by_label_;
  std::map<std::string, std::vector<std::uint32_t>> pods_with_;
  std::map<std::string, MatchedNamespaces> namespaces_with_;
};

// Where a finding stands.
struct Place {
  std::string pointer{};
  std::uint32_t offset = 0;
};
struct Words {
  std::string found{};
  std::string allowed{};
  std::string message{};
  std::string remedy{};
};

class Reporter {
 public:
  explicit Reporter(std::vector<LintFinding>& findings) : findings_(findings) {}
  void add(LintFinding found) { findings_.push_back(std::move(found)); }
  LintFinding& add(const finding::Check& check, const kube::Object& object, Place place,
                   Words words);
  LintFinding& add(const finding::Check& check, finding::Severity severity,
                   const kube::Object& object, Place place, Words words);

 private:
  std::vector<LintFinding>& findings_;
};

// One row of the list in checks/all.cpp.
struct Row {
  const finding::Check* check = nullptr;
  void (*examine)(View& view, Reporter& reporter) = nullptr;
};
[[nodiscard]] std::span<const Row> rows();

// With quotation marks.
[[nodiscard]] std::string quoted(std::string_view text);
// "a, b and 3 more": at most `shown` of them.
[[nodiscard]] std::string listed(std::span<const std::string> texts, std::size_t shown = 3);
// "1 workload", "4 workloads"
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);
// "TCP 80, 443-445": the ports of a rule as they were written; "every port".
[[nodiscard]] std::string ports_in_words(const PlainRule& rule);
// One peer as it was written: "pods app=web of namespaces name=prod".
[[nodiscard]] std::string peer_in_words(const PlainPeer& peer, std::string_view name_space);

}  // namespace tally::reachability::linting
