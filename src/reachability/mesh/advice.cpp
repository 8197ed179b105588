#include "reachability/mesh/internal/advice.hpp"

#include <algorithm>

namespace tally::reachability::mesh {

using authorization::Action;
using authorization::Cause;
using authorization::Decision;
using authorization::Hit;
using authorization::Point;
using authorization::Protocol;

namespace {

constexpr std::size_t kNearMissesMax = 5;

std::string who(const Stage& stage) {
  return stage.identity.empty() ? "a connection without an identity" : std::string(stage.identity);
}

class NearMisses {
 public:
  NearMisses(const authorization::PolicySet& set, std::vector<Step>& out) : set_(set), out_(out) {}

  // Rules that may match now that a fact is not looked at.
  void add(const authorization::Request& request, const std::string& what) {
    Decision decision;
    find_hits(set_, request, decision);
    for (const Hit& hit : decision.chain) {
      if (hit.action != Action::Allow || hit.is_dry_run || out_.size() == kNearMissesMax) {
        continue;
      }
      Step step = step_of(hit, what);
      step.is_sure = true;
      const bool is_known =
          std::ranges::any_of(out_, [&](const Step& known) { return known.place == step.place; });
      if (!is_known) {
        out_.push_back(std::move(step));
      }
    }
  }

 private:
  const authorization::PolicySet& set_;
  std::vector<Step>& out_;
};

// The rule that would allow it, in the words of AuthorizationPolicy.
std::string rule_yaml(const Stage& stage, const HttpRequest* request) {
  std::string out = "from: [{source: {principals: [\"" + std::string(stage.identity) + "\"]}}]";
  std::string operation;
  const auto add = [&](std::string_view name, std::string_view value) {
    operation.append(operation.empty() ? "" : ", ").append(name).append(": [\"");
    operation.append(value).append("\"]");
  };
  if (stage.destination.port) {
    add("ports", std::to_string(*stage.destination.port));
  }
  if (request != nullptr && stage.protocol != Protocol::Tcp) {
    if (request->method) {
      add("methods", *request->method);
    }
    if (request->path) {
      add("paths", request->path->substr(0, request->path->find('?')));
    }
  }
  return out + ", to: [{operation: {" + operation + "}}]";
}

}  // namespace

Step step_of(const Hit& hit, std::string what) {
  Step step{.what = std::move(what), .is_sure = hit.is_certain};
  const bool has_rule = hit.rule != authorization::kNoRule;
  if (hit.object != nullptr) {
    step.title = title_of(*hit.object);
    step.place = place_of(*hit.object, has_rule ? hit.offset : hit.object->root.offset());
  }
  if (has_rule) {
    step.rule = "rule " + std::to_string(hit.rule + 1);
  }
  return step;
}

void add_advice(const authorization::PolicySet& set, const Stage& stage, const HttpRequest* request,
                const Denial& denial, MeshAnswer& answer) {
  const std::string title = denial.by.object == nullptr ? "" : title_of(*denial.by.object);
  switch (denial.cause) {
    case Cause::NoAllowRule: {
      NearMisses misses(set, answer.near_misses);
      authorization::Request asked = request_of(stage, request);
      authorization::Request changed = asked;
      changed.source = {.principal = std::nullopt, .ip = {}, .remote_ip = {}};
      misses.add(changed, "speaks of the connection, but not of " + who(stage));
      changed = asked;
      changed.destination.port.reset();
      misses.add(changed, "speaks of the peer, but not of the port");
      if (asked.is_http) {
        changed = asked;
        changed.method.reset();
        changed.path.reset();
        changed.host.reset();
        misses.add(changed, "speaks of the peer, but not of this request");
      }
      answer.remedy = stage.identity.empty()
                          ? "let the client come through the mesh, so that it has an identity, or "
                            "add a rule to " +
                                title + " that asks for none"
                          : "add a rule to " + title + ": " + rule_yaml(stage, request);
      return;
    }
    case Cause::DenyRule:
      answer.remedy =
          "change or remove rule " + std::to_string(denial.by.rule + 1) + " of " + title;
      return;
    case Cause::PlaintextRefused:
      answer.remedy = "let the client come through the mesh, or set mode PERMISSIVE in " + title;
      return;
    case Cause::BadProvider:
      answer.remedy = "name a provider of meshConfig.extensionProviders in " + title;
      return;
    case Cause::BadPath:
    case Cause::TokenRefused:
    case Cause::NoAllowPolicy:
    case Cause::AllowRule:
    case Cause::CustomRule:
    case Cause::MissingFacts:
      return;
  }
}

std::string remedy_of(const Route& route) {
  return "change it: " + route.refusal.title + " " + route.refusal.what;
}

}  // namespace tally::reachability::mesh
