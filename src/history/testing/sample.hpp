#pragma once
// Decisions, findings and policies for tests.

#include <string>
#include <vector>

#include "history/history.hpp"

namespace tally::history::testing {

inline constexpr std::int64_t kNoon = 1'795'176'000'000;  // 2026-11-20T12:00:00Z

inline DecisionFinding privileged() {
  return {.fingerprint = std::string(64, 'a'),
          .engine = "pod-security",
          .policy = "baseline",
          .rule = "privileged",
          .container = "app",
          .pointer = "/spec/containers/0/securityContext/privileged",
          .verdict = finding::Verdict::Fail,
          .severity = finding::Severity::High,
          .mode = finding::Mode::Enforce,
          .found = "true",
          .allowed = "false or undefined",
          .message = "privileged container",
          .remedy = "Remove securityContext.privileged."};
}

inline Decision denial() {
  Decision decision;
  decision.time_ms = kNoon;
  decision.uid = "705ab4f5-6393-11e8-b7cc-42010a800002";
  decision.latency_us = 180;
  decision.operation = "CREATE";
  decision.version = "v1";
  decision.kind = "Pod";
  decision.resource = "pods";
  decision.name_space = "payments";
  decision.name = "api";
  decision.user = "jane@bank.example";
  decision.groups = {"developers", "system:authenticated"};
  decision.object_digest = std::string(64, 'b');
  decision.policy_digest = std::string(64, 'c');
  decision.findings = {privileged()};
  decision.is_allowed = false;
  decision.code = 403;
  decision.mode = finding::Mode::Enforce;
  decision.message = "privileged container";
  return decision;
}

inline Decision routine(int number) {
  Decision decision;
  decision.time_ms = kNoon + number;
  decision.uid = "uid-" + std::to_string(number);
  decision.operation = "UPDATE";
  decision.version = "v1";
  decision.kind = "ConfigMap";
  decision.resource = "configmaps";
  decision.name_space = "team-" + std::to_string(number % 50);
  decision.name = "settings-" + std::to_string(number);
  decision.user = "user-" + std::to_string(number % 200);
  decision.policy_digest = std::string(64, 'c');
  return decision;
}

// Every member has a value.
inline Decision everything() {
  Decision decision = denial();
  decision.group = "apps";
  decision.subresource = "scale";
  decision.is_dry_run = true;
  decision.warnings = {"first \"quoted\"", "second\nline"};
  decision.patch = R"([{"op":"add","path":"/metadata/labels","value":{}}])";
  decision.errors = {"policy x: time-out"};
  decision.request = R"({"request":{}})";
  DecisionFinding excepted = privileged();
  excepted.fingerprint = std::string(64, 'd');
  excepted.exception = "legacy-agent";
  excepted.exception_reason = "until the agent is replaced";
  excepted.exception_owner = "team-payments";
  decision.findings.push_back(excepted);
  return decision;
}

}  // namespace tally::history::testing
