#pragma once
// Assertions about a network, in a file for CI:
//
//   apiVersion: tallystick.dev/v1alpha1
//   kind: NetworkAssertions
//   assertions:
//   - deny: "not payments/* -> payments/ledger-db tcp/5432"
//     because: PCI DSS 1.3.1
//   - allow: "shop/web -> payments/api tcp/8443"
//   - isolated: "payments/*"
//
//   rule   = parties "->" parties [ ports ]        ports  = port { "," port }, or none: any
//   parties = [ "not" ] party { "," party }
//   party  = "*" (every workload) | "outside" (every outside address) | "any" (both)
//          | NAMESPACE "/*" | NAMESPACE "/" NAME | a CIDR
//   port   = "80" | "tcp/80" | "udp/53" | "tcp/8000-8080" | "tcp" | "icmp"
//
// `not` turns around what is listed, outside addresses included. deny: nothing of it may pass, not
// even perhaps; allow: everything of it must; isolated: policies of both directions select it.
//
// Where the input has a mesh, what passes is what both layers let through; a witness names the
// layer that decides.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "document/node.hpp"
#include "reachability/mesh/joined.hpp"

namespace tally::reachability {

struct AssertionResult {
  std::string text;  // "deny not payments/* -> payments/ledger-db tcp/5432"
  std::string because;
  std::string place;  // "assertions.yaml:5"
  bool holds = false;
  // Of one that does not hold: a connection that shows it, and the pair of workloads.
  std::string witness;
  std::size_t violations = 0;  // pairs
};

// An error: the file is not what the grammar says, with its position, or names what is not there.
[[nodiscard]] Result<std::vector<AssertionResult>> check_assertions(mesh::JoinedAnswers& answers,
                                                                    const kube::Object& file);
[[nodiscard]] Result<std::vector<AssertionResult>> check_assertions(World& world,
                                                                    const kube::Object& file);

[[nodiscard]] std::string to_text(std::span<const AssertionResult> results);
[[nodiscard]] std::string to_json(std::span<const AssertionResult> results);

}  // namespace tally::reachability
