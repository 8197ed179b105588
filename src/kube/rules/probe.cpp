// Handlers of probes and of lifecycle hooks: exactly one (validateHandler, validateProbe and their
// callers in pkg/apis/core/validation/validation.go).
#include <fmt/format.h>

#include <initializer_list>
#include <span>

#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kCommand{"command"};
const Name kExec{"exec"};
const Name kGrpc{"grpc"};
const Name kHttpGet{"httpGet"};
const Name kPort{"port"};
const Name kSleep{"sleep"};
const Name kSuccessThreshold{"successThreshold"};
const Name kTcpSocket{"tcpSocket"};
const Name kTerminationGracePeriodSeconds{"terminationGracePeriodSeconds"};

// ValidatePortNumOrName
void check_action_port(StructureWalk& walk, const Frame& frame) {
  const Node* port = frame.node->find(kPort);
  if (port == nullptr) {
    return;  // a missing one was reported by the walk
  }
  if (port->is_string()) {
    if (const auto problem = scalar::port_name_problem(port->text()); !problem.empty()) {
      walk.invalid(Kind::InvalidPort, frame, kPort.text(), found_text(*port), problem);
    }
  } else {
    check_port(walk, frame, kPort, 1);
  }
}

void check_handler(StructureWalk& walk, const Frame& frame,
                   std::initializer_list<const Name*> handlers) {
  bool found = false;
  for (const Name* name : handlers) {
    const Node* handler = frame.node->find(*name);
    if (handler == nullptr || handler->is_null()) {
      continue;
    }
    if (found) {
      report_forbidden(walk, frame, *name, "may not specify more than 1 handler type");
      continue;
    }
    found = true;
    if (!handler->is_object()) {
      continue;
    }
    const Frame in_handler = child_frame(frame, *handler, name->text());
    if (name == &kExec && is_empty_list(*handler, kCommand)) {
      walk.required(in_handler, kCommand.text());
    } else if (name != &kExec && name != &kSleep) {
      check_action_port(walk, in_handler);
    }
  }
  if (!found) {
    // The frame itself is what is required: its parent holds it.
    walk.report(Kind::RequiredField, frame, found_text(*frame.node), "a handler",
                fmt::format("{}: Required value: must specify a handler type", dotted_path(frame)));
  }
}

}  // namespace

void check_probe(StructureWalk& walk, const Frame& frame) {
  check_handler(walk, frame, {&kExec, &kHttpGet, &kTcpSocket, &kGrpc});
  const std::span<const Node> items = frame.node->items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    // Its numbers are seconds and thresholds.
    const auto number = items[i].text().starts_with('-') ? items[i].integer() : std::nullopt;
    if (number && *number < 0 && frame.node->key(i) != kTerminationGracePeriodSeconds.text()) {
      walk.invalid(Kind::InvalidValue, frame, frame.node->key(i), found_text(items[i]),
                   "must be greater than or equal to 0");
    }
  }
  const Node* grace = frame.node->find(kTerminationGracePeriodSeconds);
  const auto seconds = grace == nullptr ? std::nullopt : grace->integer();
  if (seconds && *seconds <= 0) {
    walk.invalid(Kind::InvalidValue, frame, kTerminationGracePeriodSeconds.text(),
                 found_text(*grace), "must be greater than 0");
  }
  if (frame.key == "readinessProbe") {
    if (seconds) {
      walk.invalid(Kind::InvalidValue, frame, kTerminationGracePeriodSeconds.text(),
                   found_text(*grace), "must not be set for readinessProbes");
    }
    return;
  }
  // 0 is defaulted to 1 (SetDefaults_Probe).
  const Node* threshold = frame.node->find(kSuccessThreshold);
  const auto successes = threshold == nullptr ? std::nullopt : threshold->integer();
  if (successes && *successes != 0 && *successes != 1) {
    walk.invalid(Kind::InvalidValue, frame, kSuccessThreshold.text(), found_text(*threshold),
                 "must be 1");
  }
}

void check_lifecycle_handler(StructureWalk& walk, const Frame& frame) {
  check_handler(walk, frame, {&kExec, &kHttpGet, &kTcpSocket, &kSleep});
}

}  // namespace tally::kube::internal
