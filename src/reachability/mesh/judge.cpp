// What the proxies on a way decide.

#include <algorithm>

#include "authorization/decide.hpp"
#include "reachability/mesh/internal/advice.hpp"
#include "reachability/mesh/internal/passage.hpp"

namespace tally::reachability::mesh {

using authorization::Cause;
using authorization::Decision;
using authorization::Hit;
using authorization::Protocol;
using authorization::Reach;
using network_policy::Verdict;

namespace {

std::string effect_of(const Hit& hit) {
  if (hit.is_dry_run) {
    return "matches, as a dry run";
  }
  switch (hit.action) {
    case authorization::Action::Allow:
      return "allows";
    case authorization::Action::Deny:
      return "denies";
    case authorization::Action::Audit:
      return "audits";
    case authorization::Action::Custom:
      return "asks an external authorizer";
  }
  return "matches";
}

Step decider_of(const Hit& hit, Cause cause) {
  switch (cause) {
    case Cause::NoAllowPolicy:
      return {.what = "no ALLOW policy is attached: allowed"};
    case Cause::NoAllowRule:
      return step_of(hit, "is attached, and no ALLOW rule matches");
    case Cause::PlaintextRefused:
      return step_of(hit, "STRICT: plaintext is refused");
    case Cause::BadProvider:
      return step_of(hit, "names a provider that cannot be used");
    case Cause::BadPath:
      return {.what = "the path cannot be normalised"};
    case Cause::TokenRefused:
      return step_of(hit, "refuses the token");
    case Cause::AllowRule:
    case Cause::DenyRule:
    case Cause::CustomRule:
    case Cause::MissingFacts:
      return hit.object == nullptr ? Step{} : step_of(hit, effect_of(hit));
  }
  return {};
}

void add_unique(std::vector<std::string>& list, std::string_view text) {
  if (std::ranges::find(list, text) == list.end()) {
    list.emplace_back(text);
  }
}

// A connection of which nothing is known but its ends: both protocols where the port does not say.
Reach reach_of(const authorization::PolicySet& set, const Stage& stage) {
  if (stage.protocol != Protocol::Unknown) {
    return find_reach(set, query_of(stage, stage.protocol));
  }
  Reach http = find_reach(set, query_of(stage, Protocol::Http));
  const Reach tcp = find_reach(set, query_of(stage, Protocol::Tcp));
  // The proxy looks whether it is HTTP: what is not is refused, so that the requests remain.
  if (http.kind == tcp.kind || tcp.kind == Reach::Kind::Never) {
    return http;
  }
  return find_reach(set, query_of(stage, Protocol::Unknown));
}

Verdict verdict_of(Reach::Kind kind) {
  switch (kind) {
    case Reach::Kind::Always:
      return Verdict::Allowed;
    case Reach::Kind::Never:
      return Verdict::Denied;
    case Reach::Kind::Http:
    case Reach::Kind::Unknown:
      return Verdict::Unknown;
  }
  return Verdict::Unknown;
}

// Denied by one is denied; unknown by one is unknown.
Verdict both(Verdict a, Verdict b) {
  if (a == Verdict::Denied || b == Verdict::Denied) {
    return Verdict::Denied;
  }
  return a == Verdict::Unknown || b == Verdict::Unknown ? Verdict::Unknown : Verdict::Allowed;
}

class Judge {
 public:
  Judge(const authorization::PolicySet& set, const Route& route, const HttpRequest* request)
      : set_(set), request_(request) {
    answer_.route = route;
    answer_.missing = route.missing;
    answer_.verdict = route.missing.empty() ? Verdict::Allowed : Verdict::Unknown;
    answer_.steps = route.steps;
    answer_.is_asked = route.client != DataPlane::None || route.server != DataPlane::None;
  }

  // What a VirtualService makes of the request, before any policy is asked.
  void enter(const Routing& routing) {
    switch (routing.answer) {
      case Routing::Answer::Here:
        return;
      case Routing::Answer::Elsewhere:
        answer_.route.refusal = routing.by;
        return;
      case Routing::Answer::ByRequest:
      case Routing::Answer::Unknown:
        add_unique(answer_.missing, routing.missing);
        answer_.verdict = both(answer_.verdict, Verdict::Unknown);
        return;
    }
  }

  MeshAnswer run(const std::vector<Stage>& stages) {
    if (!answer_.route.refusal.what.empty()) {
      answer_.verdict = Verdict::Denied;
      answer_.decided_by = answer_.route.refusal;
      answer_.steps.push_back(answer_.route.refusal);
      answer_.missing.clear();
      answer_.remedy = remedy_of(answer_.route);
      return std::move(answer_);
    }
    for (const Stage& stage : stages) {
      if (answer_.verdict == Verdict::Denied) {
        break;
      }
      if (request_ != nullptr) {
        ask(stage);
      } else {
        ask_all(stage);
      }
    }
    if (answer_.verdict != Verdict::Unknown) {
      answer_.missing.clear();
    }
    return std::move(answer_);
  }

 private:
  void note(Verdict verdict, const Step& by, std::string_view reason) {
    const Verdict before = answer_.verdict;
    answer_.verdict = both(before, verdict);
    // Who denies stands before who does not know, and that before who allows.
    if (answer_.verdict == verdict && (before != verdict || answer_.reason.empty())) {
      answer_.decided_by = by;
      answer_.reason = reason;
    } else if (before == Verdict::Allowed && verdict == Verdict::Allowed) {
      answer_.decided_by = by;
      answer_.reason = reason;
    }
  }

  // One request.
  void ask(const Stage& stage) {
    const Decision decision = decide(set_, request_of(stage, request_));
    for (const Hit& hit : decision.chain) {
      answer_.steps.push_back(step_of(hit, effect_of(hit)));
    }
    const Step by = decider_of(decision.decided_by, decision.cause);
    if (decision.chain.empty() && !by.what.empty()) {
      answer_.steps.push_back(by);
    }
    const Verdict verdict = decision.verdict == authorization::Verdict::Allow  ? Verdict::Allowed
                            : decision.verdict == authorization::Verdict::Deny ? Verdict::Denied
                                                                               : Verdict::Unknown;
    if (verdict == Verdict::Unknown) {
      for (const std::string_view fact : missing_facts(decision)) {
        add_unique(answer_.missing, fact);
      }
      if (decision.cause == Cause::CustomRule) {
        add_unique(answer_.missing, "what the external authorizer answers");
      }
    }
    note(verdict, by, describe(decision));
    if (verdict == Verdict::Denied) {
      add_advice(set_, stage, request_, {decision.cause, decision.decided_by}, answer_);
    }
  }

  // Any connection.
  void ask_all(const Stage& stage) {
    const Reach reach = reach_of(set_, stage);
    const Step by = decider_of(reach.decided_by, reach.cause);
    for (const auto* shapes : {&reach.denied, &reach.asked, &reach.allowed}) {
      for (const authorization::HttpShape& shape : *shapes) {
        Step step = step_of(shape.rule, effect_of(shape.rule));
        const std::string words = to_words(shape);
        step.what += words.empty() ? "" : " " + words;
        if (answer_.steps.empty() || answer_.steps.back().what != step.what ||
            answer_.steps.back().place != step.place) {
          answer_.steps.push_back(std::move(step));
        }
      }
    }
    if (!by.what.empty() &&
        (reach.kind == Reach::Kind::Always || reach.kind == Reach::Kind::Never)) {
      answer_.steps.push_back(by);
    }
    if (reach.kind == Reach::Kind::Http) {
      add_unique(answer_.missing, "the HTTP request (its method, path, host, headers or token)");
    }
    for (const std::string_view fact : reach.missing) {
      add_unique(answer_.missing, fact);
    }
    if (reach.kind == Reach::Kind::Unknown && reach.cause == Cause::CustomRule) {
      add_unique(answer_.missing, "what the external authorizer answers");
    }
    note(verdict_of(reach.kind), by, reach.reason);
    if (reach.kind == Reach::Kind::Never) {
      add_advice(set_, stage, nullptr, {reach.cause, reach.decided_by}, answer_);
    }
  }

  const authorization::PolicySet& set_;
  const HttpRequest* request_;
  MeshAnswer answer_;
};

}  // namespace

MeshAnswer Mesh::judge(const Route& route, const Party& source, const Party& destination,
                       std::uint16_t port, const HttpRequest* request) const {
  const Passage passage(*table_, route, source, destination, port);
  Judge judge(policies(), route, request);
  if (route.routed == Routing::Answer::ByRequest) {
    const CalledPort called{
        .service = *route.service,
        .number = called_port(*table_, *route.service, *destination.endpoint, port)};
    judge.enter(table_->routing_of(source, destination, port, called, request));
  }
  return judge.run(passage.stages());
}

MeshAnswer Mesh::judge(const Party& source, const Party& destination, const Port& port,
                       const HttpRequest* request) const {
  if (port.protocol != scalar::Protocol::Tcp) {
    MeshAnswer answer;
    answer.reason = "Proxies take TCP only.";
    return answer;
  }
  std::vector<MeshAnswer> answers;
  for (const Route& route : routes(source, destination, port.number)) {
    answers.push_back(judge(route, source, destination, port.number, request));
  }
  std::vector<Outcome> outcomes;
  for (const MeshAnswer& answer : answers) {
    outcomes.push_back({answer.verdict, answer.route.possibility});
  }
  const Merged merged = merge_outcomes(outcomes);
  MeshAnswer out = std::move(answers[merged.decisive]);
  out.verdict = merged.verdict;
  if (merged.is_open && merged.verdict == Verdict::Unknown) {
    const auto facts = open_facts(source, destination);
    out.missing.insert(out.missing.begin(), facts.begin(), facts.end());
  }
  return out;
}

MeshReach Mesh::reach(const Route& route, const Party& source, const Party& destination,
                      std::uint16_t port) const {
  MeshReach out;
  out.route = route;
  out.missing = route.missing;
  if (!route.refusal.what.empty()) {
    out.kind = Reach::Kind::Never;
    out.reason = route.refusal.what;
    return out;
  }
  const Passage passage(*table_, route, source, destination, port);
  out.kind = !route.missing.empty()                       ? Reach::Kind::Unknown
             : route.routed == Routing::Answer::ByRequest ? Reach::Kind::Http
                                                          : Reach::Kind::Always;
  for (const Stage& stage : passage.stages()) {
    Reach reach = reach_of(policies(), stage);
    for (const std::string_view fact : reach.missing) {
      add_unique(out.missing, fact);
    }
    if (reach.kind == Reach::Kind::Never) {
      out.kind = Reach::Kind::Never;
      out.reason = reach.reason;
      out.missing.clear();
      out.stages.assign(1, std::move(reach));
      return out;
    }
    if (out.kind != Reach::Kind::Unknown && reach.kind != Reach::Kind::Always) {
      out.kind = reach.kind;  // Http or Unknown
      out.reason = reach.reason;
    }
    out.stages.push_back(std::move(reach));
  }
  return out;
}

MeshReach Mesh::reach(const Party& source, const Party& destination, std::uint16_t port) const {
  std::vector<MeshReach> all;
  std::vector<Outcome> outcomes;
  for (const Route& route : routes(source, destination, port)) {
    all.push_back(reach(route, source, destination, port));
    // Of ways that a client may choose, one on which it depends on the request is not worse than
    // one that is not known.
    outcomes.push_back({verdict_of(all.back().kind), route.possibility});
  }
  const Merged merged = merge_outcomes(outcomes);
  MeshReach out = std::move(all[merged.decisive]);
  if (merged.is_open && merged.verdict == Verdict::Unknown) {
    out.kind = Reach::Kind::Unknown;
    out.stages.clear();
    const auto facts = open_facts(source, destination);
    out.missing.insert(out.missing.begin(), facts.begin(), facts.end());
    out.reason = "It depends on whether there are proxies.";
  }
  return out;
}

}  // namespace tally::reachability::mesh
