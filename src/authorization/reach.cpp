#include "authorization/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "authorization/internal/table.hpp"
#include "authorization/internal/view.hpp"

namespace tally::authorization {

namespace {

constexpr AttributeMask kHttpFacts =
    mask_of(Attribute::Host) | mask_of(Attribute::Path) | mask_of(Attribute::Method) |
    mask_of(Attribute::RequestHeader) | mask_of(Attribute::RequestPrincipal) |
    mask_of(Attribute::RequestAudiences) | mask_of(Attribute::RequestPresenter) |
    mask_of(Attribute::RequestClaims);

std::string_view attribute_name(Attribute attribute) noexcept {
  constexpr std::array<std::string_view, kAttributes> kNames = {"source.ip",
                                                                "remote.ip",
                                                                "source.namespace",
                                                                "source.trustDomain",
                                                                "source.serviceAccount",
                                                                "source.principal",
                                                                "request.auth.principal",
                                                                "request.auth.audiences",
                                                                "request.auth.presenter",
                                                                "request.headers",
                                                                "request.auth.claims",
                                                                "destination.ip",
                                                                "destination.port",
                                                                "connection.sni",
                                                                "",
                                                                "host",
                                                                "path",
                                                                "method"};
  return kNames[static_cast<std::size_t>(attribute)];
}

std::string join(const Program& program, Span values) {
  std::string out;
  for (std::uint32_t i = values.begin; i < values.end; ++i) {
    out += out.empty() ? "" : ", ";
    out += program.values[i].text;
  }
  return out;
}

// "request.headers[x-foo] is one of a, b and none of c"
std::string condition_text(const Program& program, const Condition& condition) {
  std::string out(condition.attribute == Attribute::EnvoyFilter
                      ? condition.key
                      : attribute_name(condition.attribute));
  if (condition.attribute == Attribute::RequestHeader) {
    out += fmt::format("[{}]", condition.key);
  }
  for (std::uint32_t i = condition.claim_path.begin; i < condition.claim_path.end; ++i) {
    out += fmt::format("[{}]", program.names[i]);
  }
  if (!condition.values.is_empty()) {
    out += " is one of " + join(program, condition.values);
  }
  if (!condition.not_values.is_empty()) {
    out += condition.values.is_empty() ? " is none of " : " and none of ";
    out += join(program, condition.not_values);
  }
  return out;
}

void add_texts(const Program& program, const Condition& condition, TextSet& out) {
  for (std::uint32_t i = condition.values.begin; i < condition.values.end; ++i) {
    out.any_of.push_back(program.values[i].text);
  }
  for (std::uint32_t i = condition.not_values.begin; i < condition.not_values.end; ++i) {
    out.none_of.push_back(program.values[i].text);
  }
}

// What remains of a rule for a source and a port: its shapes.
class Residue {
 public:
  Residue(const Program& program, const View& view) : program_(program), view_(view) {}

  void add_shapes(const Rule& rule, const Hit& hit, std::vector<HttpShape>& out) const {
    std::vector<std::string> common;
    add_conditions(rule.when, nullptr, common);
    if (!rule.from.is_empty()) {
      add_sources(rule.from, common);
    }
    if (rule.to.is_empty()) {
      out.push_back({hit, {}, {}, {}, std::move(common)});
      return;
    }
    for (std::uint32_t i = rule.to.begin; i < rule.to.end; ++i) {
      AttributeMask missing = 0;
      if (evaluate_all(program_, program_.alternatives[i], view_, missing) == Answer::No) {
        continue;
      }
      HttpShape shape{hit, {}, {}, {}, common};
      add_conditions(program_.alternatives[i], &shape, shape.conditions);
      out.push_back(std::move(shape));
    }
  }

 private:
  // Those that are not certain.
  void add_conditions(Span conditions, HttpShape* shape, std::vector<std::string>& out) const {
    for (std::uint32_t i = conditions.begin; i < conditions.end; ++i) {
      const Condition& condition = program_.conditions[i];
      if ((is_http_only(condition.attribute) && !view_.request->is_http) ||
          evaluate(program_, condition, view_) == Answer::Yes) {
        continue;
      }
      if (shape != nullptr && condition.attribute == Attribute::Method) {
        add_texts(program_, condition, shape->methods);
      } else if (shape != nullptr && condition.attribute == Attribute::Path) {
        add_texts(program_, condition, shape->paths);
      } else if (shape != nullptr && condition.attribute == Attribute::Host) {
        add_texts(program_, condition, shape->hosts);
      } else {
        out.push_back(condition_text(program_, condition));
      }
    }
  }

  // One of the sources that are possible, unless one is certain.
  void add_sources(Span sources, std::vector<std::string>& out) const {
    std::string text;
    for (std::uint32_t i = sources.begin; i < sources.end; ++i) {
      AttributeMask missing = 0;
      const Answer answer = evaluate_all(program_, program_.alternatives[i], view_, missing);
      if (answer == Answer::Yes) {
        return;
      }
      if (answer == Answer::Unknown) {
        std::vector<std::string> conditions;
        add_conditions(program_.alternatives[i], nullptr, conditions);
        std::string all;
        for (const std::string& condition : conditions) {
          all += all.empty() ? "" : " and ";
          all += condition;
        }
        text += text.empty() ? "" : ", or ";
        text += all;
      }
    }
    out.push_back(std::move(text));
  }

  const Program& program_;
  const View& view_;
};

class EnvoyReach {
 public:
  EnvoyReach(const PolicySet& set, const ReachQuery& query, bool is_http) : table_(set.table()) {
    request_.point = query.point;
    request_.source = query.source;
    request_.destination = query.destination;
    request_.is_http = is_http;
    request_.sni = query.sni;
    request_.are_headers_known = false;
    request_.token = Token::NotValidated;
    entry_ = enter(set, request_, decision_.scratch);
    entry_.view.source_blocks = query.source_blocks;
    // A token that is refused is a matter of the request, not of the connection.
    entry_.missing &= ~kHttpFacts;
  }

  [[nodiscard]] Reach run() {
    if (entry_.refusal) {
      finish(Reach::Kind::Never, *entry_.refusal,
             {.object = entry_.object, .action = Action::Deny});
      return std::move(out_);
    }
    missing_ = entry_.missing;
    collect_policies(table_, request_, decision_.scratch.policies);
    if (!ask_deny()) {
      return std::move(out_);
    }
    const bool is_asked = ask_custom();
    if (out_.kind == Reach::Kind::Never || !ask_allow()) {
      return std::move(out_);
    }
    conclude(is_asked);
    return std::move(out_);
  }

 private:
  void finish(Reach::Kind kind, Cause cause, const Hit& by) {
    out_.kind = kind;
    out_.cause = cause;
    out_.decided_by = by;
    Decision decision;
    decision.cause = cause;
    decision.decided_by = by;
    decision.missing = missing_;
    if (kind == Reach::Kind::Unknown && cause == Cause::MissingFacts) {
      out_.missing = missing_facts(decision);
    }
    out_.reason = kind == Reach::Kind::Http
                      ? "It depends on the request: its method, path, host, headers or token."
                      : describe(decision);
    if (kind == Reach::Kind::Always || kind == Reach::Kind::Never) {
      out_.allowed.clear();
      out_.denied.clear();
      out_.asked.clear();
    }
  }

  // Calls visit(policy, answer, hit) for the rules that may match, after adding their shapes;
  // false: it stopped.
  bool for_each_match(Action action, std::vector<HttpShape>& shapes, const auto& visit) {
    const Residue residue(table_.program, entry_.view);
    for (const std::uint32_t position : decision_.scratch.policies) {
      const Policy& policy = table_.program.policies[position];
      if (policy.action != action || policy.is_dry_run) {
        continue;
      }
      for (std::uint32_t i = policy.rules.begin; i < policy.rules.end; ++i) {
        const Rule& rule = table_.program.rules[i];
        AttributeMask missing = 0;
        const Answer answer = evaluate(table_.program, rule, action, entry_.view, missing);
        if (answer == Answer::No) {
          continue;
        }
        const Hit hit{policy.object, action, false, answer == Answer::Yes, rule.index, rule.offset};
        if (!visit(policy, answer, hit)) {
          return false;
        }
        missing_ |= missing;
        residue.add_shapes(rule, hit, shapes);
      }
    }
    return true;
  }

  bool ask_deny() {
    return for_each_match(Action::Deny, out_.denied,
                          [&](const Policy&, Answer answer, const Hit& hit) {
                            if (answer == Answer::Yes) {
                              finish(Reach::Kind::Never, Cause::DenyRule, hit);
                            }
                            return answer != Answer::Yes;
                          });
  }

  // Whether somebody is asked, whatever is sent.
  bool ask_custom() {
    bool is_always = false;
    std::vector<HttpShape> shapes;
    for_each_match(
        Action::Custom, shapes, [&](const Policy& policy, Answer answer, const Hit& hit) {
          switch (provider_state(table_, policy, decision_.scratch.policies, request_.is_http)) {
            case Provider::NotOnTcp:
              return true;
            case Provider::Bad:
              if (answer == Answer::Yes) {
                finish(Reach::Kind::Never, Cause::BadProvider, hit);
                return false;
              }
              return true;
            case Provider::Usable:
            case Provider::Unknown:
              if (answer == Answer::Yes && !is_always) {
                custom_ = hit;
              }
              is_always = is_always || answer == Answer::Yes;
              return true;
          }
          return true;
        });
    for (HttpShape& shape : shapes) {
      const Provider provider = provider_of(shape.rule);
      if (provider == Provider::Bad) {
        out_.denied.push_back(std::move(shape));
      } else if (provider != Provider::NotOnTcp) {
        out_.asked.push_back(std::move(shape));
      }
    }
    return is_always;
  }

  [[nodiscard]] Provider provider_of(const Hit& hit) const {
    for (const std::uint32_t position : decision_.scratch.policies) {
      const Policy& policy = table_.program.policies[position];
      if (policy.object == hit.object) {
        return provider_state(table_, policy, decision_.scratch.policies, request_.is_http);
      }
    }
    return Provider::Unknown;
  }

  // False: nothing is allowed.
  bool ask_allow() {
    for (const std::uint32_t position : decision_.scratch.policies) {
      const Policy& policy = table_.program.policies[position];
      if (policy.action == Action::Allow && !policy.is_dry_run) {
        allow_ = {.object = policy.object, .action = Action::Allow};
        has_allow_ = true;
        break;
      }
    }
    const AttributeMask before = missing_;
    for_each_match(Action::Allow, out_.allowed, [&](const Policy&, Answer answer, const Hit& hit) {
      if (answer == Answer::Yes) {
        is_all_allowed_ = true;
        allow_ = hit;
      }
      return answer != Answer::Yes;
    });
    if (!has_allow_ || is_all_allowed_) {
      missing_ = before;
      out_.allowed.clear();
      return true;
    }
    if (out_.allowed.empty()) {
      finish(Reach::Kind::Never, Cause::NoAllowRule, allow_);
      return false;
    }
    return true;
  }

  void conclude(bool is_asked) {
    const bool is_plain = out_.denied.empty() && out_.asked.empty() && out_.allowed.empty();
    if (is_plain && missing_ == 0) {
      finish(Reach::Kind::Always, has_allow_ ? Cause::AllowRule : Cause::NoAllowPolicy,
             has_allow_ ? allow_ : Hit{});
    } else if (is_asked) {
      finish(Reach::Kind::Unknown, Cause::CustomRule, custom_);
    } else if (!out_.asked.empty()) {
      finish(Reach::Kind::Unknown, Cause::CustomRule, out_.asked.front().rule);
    } else if ((missing_ & ~kHttpFacts) != 0) {
      missing_ &= ~kHttpFacts;
      finish(Reach::Kind::Unknown, Cause::MissingFacts, {});
    } else {
      finish(Reach::Kind::Http, Cause::MissingFacts, {});
    }
  }

  const PolicySet::Table& table_;
  Request request_;
  Decision decision_;
  Entry entry_;
  Reach out_;
  Hit custom_;
  Hit allow_;
  bool has_allow_ = false;
  bool is_all_allowed_ = false;
  AttributeMask missing_ = 0;
};

Reach ztunnel_reach(const PolicySet& set, const ReachQuery& query) {
  Request request;
  request.point = Point::Ztunnel;
  request.source = query.source;
  request.destination = query.destination;
  const Decision decision = decide(set, request);
  Reach out;
  out.kind = decision.verdict == Verdict::Allow  ? Reach::Kind::Always
             : decision.verdict == Verdict::Deny ? Reach::Kind::Never
                                                 : Reach::Kind::Unknown;
  out.decided_by = decision.decided_by;
  out.cause = decision.cause;
  out.reason = describe(decision);
  if (out.kind == Reach::Kind::Unknown) {
    out.missing = missing_facts(decision);
  }
  return out;
}

}  // namespace

std::string_view to_text(Reach::Kind kind) noexcept {
  switch (kind) {
    case Reach::Kind::Always:
      return "always";
    case Reach::Kind::Never:
      return "never";
    case Reach::Kind::Http:
      return "http";
    case Reach::Kind::Unknown:
      return "unknown";
  }
  return "unknown";
}

Reach find_reach(const PolicySet& set, const ReachQuery& query) {
  if (query.point == Point::Ztunnel) {
    return ztunnel_reach(set, query);
  }
  if (query.protocol != Protocol::Unknown) {
    return EnvoyReach(set, query, query.protocol == Protocol::Http).run();
  }
  Reach http = EnvoyReach(set, query, true).run();
  const Reach tcp = EnvoyReach(set, query, false).run();
  if (http.kind == tcp.kind && http.kind != Reach::Kind::Http) {
    return http;
  }
  http.reason = fmt::format(
      "Unknown: it depends on whether the port speaks HTTP (then: {}) or not (then: {}).",
      to_text(http.kind), to_text(tcp.kind));
  http.kind = Reach::Kind::Unknown;
  http.cause = Cause::MissingFacts;
  http.decided_by = {};
  http.missing.push_back("whether the port speaks HTTP");
  return http;
}

}  // namespace tally::authorization
