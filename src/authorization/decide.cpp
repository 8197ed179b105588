#include "authorization/decide.hpp"

#include <algorithm>

#include "authorization/internal/peer.hpp"
#include "authorization/internal/table.hpp"
#include "authorization/internal/view.hpp"

namespace tally::authorization {

namespace {

Hit hit_of(const Policy& policy, const Rule& rule, Answer answer) noexcept {
  return {policy.object,         policy.action, policy.is_dry_run,
          answer == Answer::Yes, rule.index,    rule.offset};
}

void reset(Decision& decision) noexcept {
  decision.verdict = Verdict::Unknown;
  decision.cause = Cause::MissingFacts;
  decision.decided_by = {};
  decision.chain.clear();
  decision.missing = 0;
}

// What remains possible while the policies are asked one after the other.
struct Outcome {
  Answer denies = Answer::No;   // by a DENY rule, or before
  Answer custom = Answer::No;   // a CUSTOM rule asks somebody
  Answer allows = Answer::Yes;  // by the ALLOW policies
};

void conclude(const Outcome& outcome, const Hit& custom, const Hit& allow, bool has_allow,
              Decision& decision) {
  if (outcome.denies == Answer::Yes) {
    decision.verdict = Verdict::Deny;  // who has said so is noted already
    return;
  }
  if (outcome.allows == Answer::No) {
    decision.verdict = Verdict::Deny;
    decision.cause = Cause::NoAllowRule;
    decision.decided_by = allow;
    return;
  }
  if (outcome.custom == Answer::Yes) {
    decision.cause = Cause::CustomRule;
    decision.decided_by = custom;
    return;
  }
  if (outcome.denies == Answer::Unknown || outcome.custom == Answer::Unknown ||
      outcome.allows == Answer::Unknown) {
    return;
  }
  decision.verdict = Verdict::Allow;
  decision.cause = has_allow ? Cause::AllowRule : Cause::NoAllowPolicy;
  decision.decided_by = has_allow ? allow : Hit{};
}

class EnvoyDecider {
 public:
  EnvoyDecider(const PolicySet& set, const Request& request, Decision& decision)
      : table_(set.table()),
        request_(request),
        decision_(decision),
        entry_(enter(set, request, decision.scratch)) {}

  void run() {
    decision_.missing = entry_.missing;
    if (entry_.refusal) {
      refuse(*entry_.refusal, {.object = entry_.object, .action = Action::Deny});
      return;
    }
    if (entry_.missing != 0) {
      outcome_.denies = Answer::Unknown;
    }
    collect_policies(table_, request_, decision_.scratch.policies);
    ask_custom();
    ask_all(Action::Audit);
    ask_deny();
    if (outcome_.denies != Answer::Yes) {
      ask_allow();
    }
    conclude(outcome_, custom_, allow_, has_allow_, decision_);
  }

  void list_all() {
    collect_policies(table_, request_, decision_.scratch.policies);
    for (const Action action : {Action::Custom, Action::Audit, Action::Deny, Action::Allow}) {
      ask_all(action);
    }
  }

 private:
  void refuse(Cause cause, const Hit& by) {
    decision_.verdict = Verdict::Deny;
    decision_.cause = cause;
    decision_.decided_by = by;
  }

  // Calls visit(policy, rule, answer) for the rules that may match; stops when it returns false.
  void for_each_match(Action action, const auto& visit) {
    for (const std::uint32_t position : decision_.scratch.policies) {
      const Policy& policy = table_.program.policies[position];
      if (policy.action != action) {
        continue;
      }
      for (std::uint32_t i = policy.rules.begin; i < policy.rules.end; ++i) {
        const Rule& rule = table_.program.rules[i];
        AttributeMask missing = 0;
        const Answer answer = evaluate(table_.program, rule, action, entry_.view, missing);
        if (answer == Answer::No) {
          continue;
        }
        decision_.chain.push_back(hit_of(policy, rule, answer));
        if (!visit(policy, answer, missing)) {
          return;
        }
      }
    }
  }

  // Notes what matches, decides nothing.
  void ask_all(Action action) {
    for_each_match(action, [](const Policy&, Answer, AttributeMask) { return true; });
  }

  void ask_custom() {
    for_each_match(Action::Custom, [&](const Policy& policy, Answer answer, AttributeMask missing) {
      if (policy.is_dry_run) {
        return true;
      }
      switch (provider_state(table_, policy, decision_.scratch.policies, request_.is_http)) {
        case Provider::NotOnTcp:
          decision_.chain.pop_back();
          return true;
        case Provider::Bad:
          if (answer == Answer::Yes) {
            refuse(Cause::BadProvider, decision_.chain.back());
          }
          outcome_.denies = std::max(outcome_.denies, answer);
          break;
        case Provider::Usable:
        case Provider::Unknown:
          if (answer > outcome_.custom) {
            custom_ = decision_.chain.back();
          }
          outcome_.custom = std::max(outcome_.custom, answer);
          break;
      }
      decision_.missing |= missing;
      return outcome_.denies != Answer::Yes;
    });
  }

  void ask_deny() {
    if (outcome_.denies == Answer::Yes) {
      return;
    }
    for_each_match(Action::Deny, [&](const Policy& policy, Answer answer, AttributeMask missing) {
      if (policy.is_dry_run) {
        return true;
      }
      decision_.missing |= missing;
      outcome_.denies = std::max(outcome_.denies, answer);
      if (answer == Answer::Yes) {
        refuse(Cause::DenyRule, decision_.chain.back());
      }
      return answer != Answer::Yes;
    });
  }

  void ask_allow() {
    for (const std::uint32_t position : decision_.scratch.policies) {
      const Policy& policy = table_.program.policies[position];
      if (policy.action == Action::Allow && !policy.is_dry_run) {
        has_allow_ = true;
        allow_ = {.object = policy.object, .action = Action::Allow};
        break;
      }
    }
    Answer allows = has_allow_ ? Answer::No : Answer::Yes;
    for_each_match(Action::Allow, [&](const Policy& policy, Answer answer, AttributeMask missing) {
      if (policy.is_dry_run) {
        return true;
      }
      decision_.missing |= missing;
      if (answer > allows) {
        allow_ = decision_.chain.back();
      }
      allows = std::max(allows, answer);
      return allows != Answer::Yes;
    });
    outcome_.allows = allows;
  }

  const PolicySet::Table& table_;
  const Request& request_;
  Decision& decision_;
  Entry entry_;
  Outcome outcome_;
  Hit custom_;
  Hit allow_;
  bool has_allow_ = false;
};

Answer to_answer(kube::Match match) noexcept {
  switch (match) {
    case kube::Match::No:
      return Answer::No;
    case kube::Match::Yes:
      return Answer::Yes;
    case kube::Match::Unknown:
      return Answer::Unknown;
  }
  return Answer::Unknown;
}

class ZtunnelDecider {
 public:
  ZtunnelDecider(const PolicySet& set, const Request& request, Decision& decision)
      : table_(set.table()),
        request_(request),
        decision_(decision),
        connection_{request.source.ip, request.destination.ip, request.destination.port,
                    request.source.principal} {}

  void run() {
    collect_policies(table_, request_, decision_.scratch.policies);
    ask_peers();
    if (outcome_.denies != Answer::Yes) {
      ask(Action::Deny);
    }
    if (outcome_.denies != Answer::Yes) {
      outcome_.allows = Answer::Yes;
      ask(Action::Allow);
    }
    conclude(outcome_, {}, allow_, has_allow_, decision_);
  }

  void list_all() {
    collect_policies(table_, request_, decision_.scratch.policies);
    ask(Action::Deny, false);
    ask(Action::Allow, false);
  }

 private:
  // src/state.rs: any DENY policy that matches denies, those of PeerAuthentication among them.
  void ask_peers() {
    const AmbientPeer peer =
        ambient_peer(table_, {request_.destination.name_space, request_.destination.labels});
    const auto deny = [&](Answer answer, const kube::Object* object) {
      if (answer > outcome_.denies) {
        outcome_.denies = answer;
        decision_.cause = answer == Answer::Yes ? Cause::PlaintextRefused : decision_.cause;
        decision_.decided_by = {.object = object, .action = Action::Deny};
      }
    };
    if (peer.is_static_strict) {
      deny(!connection_.principal           ? Answer::Unknown
           : connection_.principal->empty() ? Answer::Yes
                                            : Answer::No,
           peer.strict_object);
    }
    if (peer.exceptions != nullptr) {
      deny(to_answer(matches(*peer.exceptions, connection_)), peer.exceptions->object);
    }
    if (outcome_.denies == Answer::Unknown) {
      note_missing();
    }
  }

  void ask(Action action, bool stops = true) {
    Answer found = Answer::No;
    for (const std::uint32_t position : decision_.scratch.policies) {
      const ZtunnelAuthorization& policy = table_.ztunnel[position];
      const Attachment& attachment = table_.program.policies[position].attachment;
      // A selector without labels attaches to nothing: the workload gets neither the policy nor a
      // scope that holds it.
      if (policy.object == nullptr || policy.action != action ||
          (attachment.has_selector && attachment.labels.empty())) {
        continue;
      }
      if (action == Action::Allow && !has_allow_) {
        has_allow_ = true;
        allow_ = {.object = policy.object, .action = Action::Allow};
      }
      for (const ZtunnelGroup& group : policy.groups) {
        const Answer answer = to_answer(matches(group, connection_));
        if (answer == Answer::No) {
          continue;
        }
        note(policy, group, answer, found);
        if (stops && found == Answer::Yes) {
          break;
        }
      }
      if (stops && found == Answer::Yes) {
        break;
      }
    }
    if (action == Action::Deny) {
      outcome_.denies = std::max(outcome_.denies, found);
    } else if (has_allow_) {
      outcome_.allows = found;
    }
  }

  void note(const ZtunnelAuthorization& policy, const ZtunnelGroup& group, Answer answer,
            Answer& found) {
    const Hit hit{policy.object,         policy.action, false,
                  answer == Answer::Yes, group.rule,    group.offset};
    decision_.chain.push_back(hit);
    if (answer == Answer::Unknown) {
      note_missing();
    }
    if (answer <= found) {
      return;
    }
    found = answer;
    if (policy.action == Action::Allow) {
      allow_ = hit;
    } else if (answer == Answer::Yes) {
      decision_.cause = Cause::DenyRule;
      decision_.decided_by = hit;
    }
  }

  void note_missing() noexcept {
    const auto note_one = [&](bool is_known, Attribute attribute) {
      decision_.missing |= is_known ? 0 : mask_of(attribute);
    };
    note_one(connection_.source_ip.has_value(), Attribute::SourceIp);
    note_one(connection_.destination_ip.has_value(), Attribute::DestinationIp);
    note_one(connection_.destination_port.has_value(), Attribute::DestinationPort);
    note_one(connection_.principal.has_value(), Attribute::SourcePrincipal);
  }

  const PolicySet::Table& table_;
  const Request& request_;
  Decision& decision_;
  ZtunnelConnection connection_;
  Outcome outcome_;
  Hit allow_;
  bool has_allow_ = false;
};

}  // namespace

void decide(const PolicySet& set, const Request& request, Decision& decision) {
  reset(decision);
  if (request.point == Point::Ztunnel) {
    ZtunnelDecider(set, request, decision).run();
  } else {
    EnvoyDecider(set, request, decision).run();
  }
  if (decision.verdict != Verdict::Unknown) {
    decision.missing = 0;
  }
}

Decision decide(const PolicySet& set, const Request& request) {
  Decision out;
  decide(set, request, out);
  return out;
}

void find_hits(const PolicySet& set, const Request& request, Decision& decision) {
  reset(decision);
  if (request.point == Point::Ztunnel) {
    ZtunnelDecider(set, request, decision).list_all();
  } else {
    EnvoyDecider(set, request, decision).list_all();
  }
}

}  // namespace tally::authorization
