// Envoy's RBAC filter over what istiod generates
// (source/extensions/filters/common/rbac/matchers.cc; pilot/pkg/security/authz/model/generator.go).

#include "authorization/internal/evaluate.hpp"

#include <string>

#include "authorization/internal/fields.hpp"

namespace tally::authorization {

using document::Node;

namespace {

Answer answer(bool value) noexcept { return value ? Answer::Yes : Answer::No; }

// The value of a header, or nothing if it is absent. Several of one name are joined with commas,
// as Envoy does. `joined` is the memory of such a value.
std::optional<std::string_view> header_value(const Request& request, std::string_view name,
                                             std::string& joined) {
  std::optional<std::string_view> out;
  for (const Header& header : request.headers) {
    if (!equals_any_case(header.name, name)) {
      continue;
    }
    if (!out) {
      out = header.value;
      continue;
    }
    if (joined.empty()) {
      joined = *out;
    }
    joined += ',';
    joined += header.value;
    out = joined;
  }
  return out;
}

struct HeaderFact {
  bool is_known = false;
  std::optional<std::string_view> value;
};

// Pseudo headers are headers to Envoy; "host" is another name of ":authority".
HeaderFact find_header(const View& view, std::string_view name, std::string& joined) {
  const Request& request = *view.request;
  if (equals_any_case(name, ":authority") || equals_any_case(name, "host")) {
    return {request.host.has_value(), request.host};
  }
  if (name == ":method") {
    return {request.method.has_value(), request.method};
  }
  if (name == ":path") {
    return {view.path.has_value(), view.path};
  }
  return {request.are_headers_known, header_value(request, name, joined)};
}

class ConditionEvaluator {
 public:
  ConditionEvaluator(const Program& program, const Condition& condition, const View& view)
      : program_(program), condition_(condition), view_(view) {}

  [[nodiscard]] Answer run() const {
    const Request& request = *view_.request;
    switch (condition_.attribute) {
      case Attribute::SourceIp:
        return request.source.ip || view_.source_blocks.empty() ? in_blocks(request.source.ip)
                                                                : of_blocks(view_.source_blocks);
      case Attribute::RemoteIp:
        return in_blocks(request.source.remote_ip);
      case Attribute::DestinationIp:
        return in_blocks(request.destination.ip);
      case Attribute::DestinationPort:
        return over(request.destination.port,
                    [](const Value& value, std::uint16_t port) { return value.port == port; });
      case Attribute::SourceNamespace:
        return over(view_.principal, [](const Value& value, std::string_view principal) {
          return matches_namespace(value.text, principal);
        });
      case Attribute::SourceTrustDomain:
        return over(view_.principal, [](const Value& value, std::string_view principal) {
          return matches_trust_domain(value.text, principal);
        });
      case Attribute::SourceServiceAccount:
        return over(view_.principal, [](const Value& value, std::string_view principal) {
          return value.account.matches(principal);
        });
      case Attribute::SourcePrincipal:
        return over(view_.principal, [](const Value& value, std::string_view principal) {
          return !principal.empty() && value.match.matches(principal);
        });
      case Attribute::ConnectionSni:
        return over(request.sni, [](const Value& value, std::string_view name) {
          return value.match.matches(name);
        });
      case Attribute::EnvoyFilter:
        return Answer::Unknown;
      case Attribute::RequestHeader:
        return header();
      case Attribute::Host:
        return over(request.host, [](const Value& value, std::string_view host) {
          return value.match.kind == StringMatch::Kind::Present ||
                 value.match.matches_any_case(host);
        });
      case Attribute::Method:
        return over(request.method, [](const Value& value, std::string_view method) {
          return value.match.kind == StringMatch::Kind::Present || value.match.matches(method);
        });
      case Attribute::Path:
        return path();
      case Attribute::RequestPrincipal:
      case Attribute::RequestAudiences:
      case Attribute::RequestPresenter:
      case Attribute::RequestClaims:
        return token();
    }
    return Answer::Unknown;
  }

 private:
  // One of the values, if there is any, and none of the notValues.
  [[nodiscard]] bool holds(const auto& predicate) const {
    const auto any = [&](Span span) {
      for (std::uint32_t i = span.begin; i < span.end; ++i) {
        if (predicate(program_.values[i])) {
          return true;
        }
      }
      return false;
    };
    return (condition_.values.is_empty() || any(condition_.values)) && !any(condition_.not_values);
  }

  template <class Fact>
  [[nodiscard]] Answer over(const std::optional<Fact>& fact, const auto& predicate) const {
    if (!fact) {
      return Answer::Unknown;
    }
    return answer(holds([&](const Value& value) { return predicate(value, *fact); }));
  }

  [[nodiscard]] Answer in_blocks(const std::optional<scalar::IpAddress>& address) const {
    return over(address, [](const Value& value, const scalar::IpAddress& fact) {
      return value.cidr.contains(fact);
    });
  }

  // An address that is in one of `blocks`, nobody knows which.
  [[nodiscard]] Answer of_blocks(std::span<const scalar::Cidr> blocks) const {
    const auto in = [&](Span values) {
      Answer out = Answer::Yes;
      bool is_disjoint = true;
      for (const scalar::Cidr& block : blocks) {
        bool is_covered = false;
        for (std::uint32_t i = values.begin; i < values.end; ++i) {
          const scalar::Cidr& value = program_.values[i].cidr;
          is_covered = is_covered || value.contains(block);
          is_disjoint = is_disjoint && !value.contains(block) && !block.contains(value);
        }
        out = is_covered ? out : Answer::Unknown;
      }
      return is_disjoint ? Answer::No : out;
    };
    const Answer yes = condition_.values.is_empty() ? Answer::Yes : in(condition_.values);
    const Answer no =
        condition_.not_values.is_empty() ? Answer::Yes : negation(in(condition_.not_values));
    return std::min(yes, no);
  }

  [[nodiscard]] Answer path() const {
    if (!view_.path) {
      return Answer::Unknown;
    }
    const std::string_view plain = view_.path->substr(0, view_.path->find_first_of("?#"));
    return answer(holds([&](const Value& value) {
      return value.is_template ? matches_path_template(value.text, plain)
                               : value.match.matches(plain);
    }));
  }

  [[nodiscard]] Answer header() const {
    std::string joined;
    const HeaderFact fact = find_header(view_, condition_.key, joined);
    if (!fact.is_known) {
      return Answer::Unknown;
    }
    return answer(holds([&](const Value& value) {
      return fact.value &&
             (value.match.kind == StringMatch::Kind::Present || value.match.matches(*fact.value));
    }));
  }

  [[nodiscard]] Answer token() const {
    if (view_.token == Token::NotValidated) {
      return Answer::Unknown;
    }
    if (view_.token != Token::Valid) {
      return answer(holds([](const Value&) { return false; }));
    }
    const Node& claims = view_.request->claims;
    if (condition_.attribute == Attribute::RequestPrincipal) {
      const Node* issuer = field(claims, "iss");
      const Node* subject = field(claims, "sub");
      return answer(holds([&](const Value& value) {
        return is_text(issuer, value.match) && is_text(subject, value.subject);
      }));
    }
    const Node* claim = find_claim(claims);
    return answer(holds([&](const Value& value) { return claim_matches(claim, value.match); }));
  }

  [[nodiscard]] static bool is_text(const Node* node, const StringMatch& match) noexcept {
    return node != nullptr && node->is_string() && match.matches(node->text());
  }

  [[nodiscard]] const Node* find_claim(const Node& claims) const noexcept {
    if (condition_.attribute == Attribute::RequestAudiences) {
      return field(claims, "aud");
    }
    if (condition_.attribute == Attribute::RequestPresenter) {
      return field(claims, "azp");
    }
    const Node* at = &claims;
    for (std::uint32_t i = condition_.claim_path.begin;
         at != nullptr && i < condition_.claim_path.end; ++i) {
      at = field(*at, program_.names[i]);
    }
    return at;
  }

  [[nodiscard]] bool is_space_delimited() const noexcept {
    std::string_view name = condition_.attribute == Attribute::RequestAudiences   ? "aud"
                            : condition_.attribute == Attribute::RequestPresenter ? "azp"
                                                                                  : "";
    if (condition_.attribute == Attribute::RequestClaims) {
      if (condition_.claim_path.end - condition_.claim_path.begin != 1) {
        return false;
      }
      name = program_.names[condition_.claim_path.begin];
    }
    return name == "scope" || name == "permission" ||
           std::find(view_.space_delimited.begin(), view_.space_delimited.end(), name) !=
               view_.space_delimited.end();
  }

  [[nodiscard]] bool claim_matches(const Node* claim, const StringMatch& match) const noexcept {
    if (claim == nullptr) {
      return false;
    }
    if (claim->is_array()) {
      return std::any_of(claim->items().begin(), claim->items().end(),
                         [&](const Node& item) { return is_text(&item, match); });
    }
    if (!claim->is_string() || !is_space_delimited()) {
      return is_text(claim, match);
    }
    std::string_view rest = claim->text();
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(' '));
      if (!word.empty() && match.matches(word)) {
        return true;
      }
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    }
    return false;
  }

  const Program& program_;
  const Condition& condition_;
  const View& view_;
};

// Evaluates the parts of one rule.
class RuleEvaluator {
 public:
  RuleEvaluator(const Program& program, const View& view) : program_(program), view_(view) {}

  // All of a run of conditions.
  [[nodiscard]] Answer all(Span conditions) {
    Answer out = Answer::Yes;
    for (std::uint32_t i = conditions.begin; i < conditions.end && out != Answer::No; ++i) {
      const Condition& condition = program_.conditions[i];
      if (is_http_only(condition.attribute) && !view_.request->is_http) {
        continue;  // on a TCP port nothing but the rest of the rule is left
      }
      const Answer one = evaluate(program_, condition, view_);
      if (one == Answer::Unknown) {
        missing_ |= mask_of(condition.attribute);
      }
      out = std::min(out, one);
    }
    return out;
  }

  // One of the alternatives, if there is any.
  [[nodiscard]] Answer one_of(Span alternatives) {
    Answer out = alternatives.is_empty() ? Answer::Yes : Answer::No;
    for (std::uint32_t i = alternatives.begin; i < alternatives.end && out != Answer::Yes; ++i) {
      out = std::max(out, all(program_.alternatives[i]));
    }
    return out;
  }

  [[nodiscard]] AttributeMask missing() const noexcept { return missing_; }

 private:
  const Program& program_;
  const View& view_;
  AttributeMask missing_ = 0;
};

}  // namespace

Answer evaluate(const Program& program, const Condition& condition, const View& view) {
  return ConditionEvaluator(program, condition, view).run();
}

Answer evaluate_all(const Program& program, Span conditions, const View& view,
                    AttributeMask& missing) {
  RuleEvaluator evaluator(program, view);
  const Answer out = evaluator.all(conditions);
  missing |= evaluator.missing();
  return out;
}

bool exists(const Rule& rule, Action action, bool is_http) noexcept {
  return !rule.is_skipped && (is_http || action != Action::Allow || !rule.has_http);
}

Answer evaluate(const Program& program, const Rule& rule, Action action, const View& view,
                AttributeMask& missing) {
  if (!exists(rule, action, view.request->is_http)) {
    return Answer::No;
  }
  RuleEvaluator evaluator(program, view);
  Answer out = evaluator.one_of(rule.to);
  if (out != Answer::No) {
    out = std::min(out, evaluator.one_of(rule.from));
  }
  if (out != Answer::No) {
    out = std::min(out, evaluator.all(rule.when));
  }
  if (out == Answer::Unknown) {
    missing |= evaluator.missing();
  }
  return out;
}

}  // namespace tally::authorization
