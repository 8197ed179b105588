#pragma once
// ExplainedSet: a set of connections in which every part, allowed or not, knows the reasons for it,
// on both sides of the connection.
//
// What a combination keeps of the reasons of its parts shows in netpol-analyzer's texts (its pkg/
// netpol/internal/common augmented_intervalset.go): in a union a change of the verdict replaces
// them, and an intersection collects them.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "network_policy/rule_form.hpp"
#include "scalar/connection_set.hpp"

namespace tally::reachability::netpol_analyzer {

// Who gives a reason.
enum class ReasonKind : std::uint8_t {
  Default,
  BaselineAdminNetworkPolicy,
  Ingress,
  MultiNetworkPolicy,
  NetworkPolicy,
  Route,
  AdminNetworkPolicy,
  UserDefinedNetwork,
};

using ReasonId = std::uint32_t;

class ReasonPool {
 public:
  [[nodiscard]] ReasonId intern(ReasonKind kind, std::string text);
  struct Reason {
    ReasonKind kind;
    std::string text;
  };
  [[nodiscard]] const Reason& at(ReasonId id) const noexcept { return reasons_[id]; }

 private:
  std::vector<Reason> reasons_;
  std::unordered_map<std::string, ReasonId> by_text_;
};

enum class Verdict : std::uint8_t { None, Allowed, Denied };

// The reasons of one side.
struct SideReasons {
  std::vector<ReasonId> ids;  // sorted, unique
  Verdict verdict = Verdict::None;

  void add(ReasonId id);
  void unite(const SideReasons& other);
  friend bool operator==(const SideReasons&, const SideReasons&) = default;
};

struct Reasons {
  std::array<SideReasons, 2> sides;  // by Direction

  [[nodiscard]] SideReasons& side(network_policy::Direction direction) noexcept {
    return sides[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] const SideReasons& side(network_policy::Direction direction) const noexcept {
    return sides[static_cast<std::size_t>(direction)];
  }
  friend bool operator==(const Reasons&, const Reasons&) = default;
};

// A run of ports with one verdict and one set of reasons; the next begins behind `last`.
struct PortRun {
  std::uint16_t last = 0;
  bool is_in = false;
  Reasons reasons;
};
using PortRuns = std::vector<PortRun>;  // from port 1 to 65535

enum class Collect : std::uint8_t { Never, SameVerdict };

class ExplainedSet {
 public:
  // Nothing, or everything, for these reasons.
  explicit ExplainedSet(bool is_all = false, Reasons reasons = {})
      : is_all_(is_all), common_(std::move(reasons)) {}

  // The ports of one protocol: those of the set for `allowed`, the others for `others`.
  void set_protocol(scalar::Protocol protocol, const scalar::PortSet& ports, const Reasons& allowed,
                    const Reasons& others);
  // Of one port alone; the rest of the set says nothing.
  void set_port(scalar::Protocol protocol, std::uint16_t port, bool is_in, Reasons reasons);

  void add_common(ReasonId id, network_policy::Direction direction) {
    common_.side(direction).add(id);
  }
  // One more reason everywhere.
  void add_everywhere(ReasonId id, network_policy::Direction direction);

  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] bool is_all() const noexcept { return is_all_; }
  // Whether the reasons are the same everywhere, in common().
  [[nodiscard]] bool is_uniform() const;
  [[nodiscard]] const Reasons& common() const noexcept { return common_; }
  [[nodiscard]] const std::optional<PortRuns>& runs(scalar::Protocol protocol) const noexcept {
    return runs_[static_cast<std::size_t>(protocol)];
  }
  // The port of which set_port() spoke.
  [[nodiscard]] std::uint16_t first_port() const noexcept { return first_port_; }
  [[nodiscard]] scalar::ConnectionSet connections() const;

  void unite(ExplainedSet other, Collect collect);
  void intersect(ExplainedSet other);
  // On these connections, what `other` says takes the place of what is said here.
  void replace(const scalar::ConnectionSet& where, ExplainedSet other);
  // Writes the verdict of a side into the reasons.
  void conclude(network_policy::Direction direction);
  // Takes reasons away that say no more than the default.
  void forget_default(network_policy::Direction direction, const ReasonPool& pool);

 private:
  void spread();
  void notice_all();
  void notice_uniform();

  bool is_all_ = false;
  Reasons common_;
  std::array<std::optional<PortRuns>, 3> runs_;  // TCP, UDP, SCTP
  std::uint16_t first_port_ = scalar::kPortMin;
};

// The text below "Connections between".
[[nodiscard]] std::string explanation_text(const ExplainedSet& set, const ReasonPool& pool);

[[nodiscard]] bool is_only_default(const SideReasons& side, const ReasonPool& pool);

}  // namespace tally::reachability::netpol_analyzer
