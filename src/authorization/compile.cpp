// istio.io/istio pilot/pkg/security/authz/model/model.go New(), Generate(). What cannot be read:
// an unknown key drops the rule; a bad value drops the rule of an ALLOW policy (less is allowed)
// and only the value of any other policy (more is denied).

#include "authorization/internal/compile.hpp"

#include <algorithm>
#include <array>

#include "authorization/claim_name.hpp"
#include "authorization/internal/fields.hpp"
#include "authorization/internal/table.hpp"

namespace tally::authorization {

using document::Node;

namespace {

constexpr std::string_view kHeaders = "request.headers";
constexpr std::string_view kClaims = "request.auth.claims";
constexpr std::string_view kFilters = "experimental.envoy.filters.";

struct Key {
  std::string_view text;
  Attribute attribute;
};
constexpr std::array kKeys = {
    Key{"destination.ip", Attribute::DestinationIp},
    Key{"destination.port", Attribute::DestinationPort},
    Key{"connection.sni", Attribute::ConnectionSni},
    Key{"source.ip", Attribute::SourceIp},
    Key{"remote.ip", Attribute::RemoteIp},
    Key{"source.namespace", Attribute::SourceNamespace},
    Key{"source.trustDomain", Attribute::SourceTrustDomain},
    Key{"source.serviceAccount", Attribute::SourceServiceAccount},
    Key{"source.principal", Attribute::SourcePrincipal},
    Key{"request.auth.principal", Attribute::RequestPrincipal},
    Key{"request.auth.audiences", Attribute::RequestAudiences},
    Key{"request.auth.presenter", Attribute::RequestPresenter},
};

std::optional<Attribute> attribute_of(std::string_view key) noexcept {
  if (key.starts_with(kFilters)) {
    return Attribute::EnvoyFilter;
  }
  for (const Key& known : kKeys) {
    if (key == known.text) {
      return known.attribute;
    }
  }
  if (key.starts_with(kHeaders)) {
    return Attribute::RequestHeader;
  }
  if (key.starts_with(kClaims)) {
    return Attribute::RequestClaims;
  }
  return std::nullopt;
}

struct Field {
  Attribute attribute;
  std::string_view yes;
  std::string_view no;
};
constexpr std::array kSourceFields = {
    Field{Attribute::SourcePrincipal, "principals", "notPrincipals"},
    Field{Attribute::RequestPrincipal, "requestPrincipals", "notRequestPrincipals"},
    Field{Attribute::SourceServiceAccount, "serviceAccounts", "notServiceAccounts"},
    Field{Attribute::SourceTrustDomain, "trustDomains", "notTrustDomains"},
    Field{Attribute::SourceNamespace, "namespaces", "notNamespaces"},
    Field{Attribute::RemoteIp, "remoteIpBlocks", "notRemoteIpBlocks"},
    Field{Attribute::SourceIp, "ipBlocks", "notIpBlocks"},
};
constexpr std::array kOperationFields = {
    Field{Attribute::Host, "hosts", "notHosts"},
    Field{Attribute::Method, "methods", "notMethods"},
    Field{Attribute::Path, "paths", "notPaths"},
    Field{Attribute::DestinationPort, "ports", "notPorts"},
};

Action read_action(const Node& spec) noexcept {
  const std::string_view word = text_field(spec, "action");
  if (word == "DENY") {
    return Action::Deny;
  }
  if (word == "AUDIT") {
    return Action::Audit;
  }
  return word == "CUSTOM" ? Action::Custom : Action::Allow;
}

template <class T>
std::uint32_t size_of(const std::vector<T>& list) noexcept {
  return static_cast<std::uint32_t>(list.size());
}

}  // namespace

void PolicyCompiler::add(const kube::Object& object) {
  const Node& spec = spec_of(object.root);
  Policy policy;
  policy.object = &object;
  policy.action = read_action(spec);
  policy.is_dry_run = is_true_word(object.annotation("istio.io/dry-run").value_or(""));
  if (const Node* provider = field(spec, "provider")) {
    policy.provider = text_field(*provider, "name");
  }
  policy.attachment = read_attachment(spec);
  name_space_ = object.ref.name_space;
  action_ = policy.action;
  policy.rules.begin = size_of(program_.rules);
  if (const Node* rules = field(spec, "rules")) {
    std::uint32_t index = 0;
    for (const Node& rule : rules->items()) {
      add_rule(rule, index++, policy);
    }
  }
  policy.rules.end = size_of(program_.rules);
  program_.policies.push_back(std::move(policy));
}

void PolicyCompiler::add_rule(const Node& node, std::uint32_t index, const Policy& /*policy*/) {
  Rule rule;
  rule.index = index;
  rule.offset = node.offset();
  is_invalid_ = false;
  if (!node.is_object()) {
    rule.is_skipped = true;  // "skipped nil rule"
  }
  rule.when.begin = size_of(program_.conditions);
  if (const Node* when = field(node, "when")) {
    for (const Node& condition : when->items()) {
      add_when(condition, rule);
    }
  }
  rule.when.end = size_of(program_.conditions);
  if (const Node* from = field(node, "from")) {
    rule.from = add_alternatives(*from, true, rule);
  }
  if (const Node* to = field(node, "to")) {
    rule.to = add_alternatives(*to, false, rule);
  }
  rule.is_skipped = rule.is_skipped || (is_invalid_ && action_ == Action::Allow);
  program_.rules.push_back(rule);
}

void PolicyCompiler::add_when(const Node& node, Rule& rule) {
  const std::string_view key = text_field(node, "key");
  const std::optional<Attribute> attribute = attribute_of(key);
  if (!attribute) {
    rule.is_skipped = true;  // "unknown attribute"
    return;
  }
  add_condition(*attribute, key, {field(node, "values"), field(node, "notValues")}, rule);
}

// Alternatives are contiguous, and so are the conditions of each.
Span PolicyCompiler::add_alternatives(const Node& list, bool is_source, Rule& rule) {
  std::vector<Span> found;
  found.reserve(list.size());
  for (const Node& item : list.items()) {
    Span conditions{size_of(program_.conditions), 0};
    if (const Node* fields = field(item, is_source ? "source" : "operation")) {
      const std::span<const Field> known = is_source ? std::span<const Field>(kSourceFields)
                                                     : std::span<const Field>(kOperationFields);
      for (const Field& one : known) {
        add_condition(one.attribute, {}, {field(*fields, one.yes), field(*fields, one.no)}, rule);
      }
    }
    conditions.end = size_of(program_.conditions);
    found.push_back(conditions);
  }
  const Span out{size_of(program_.alternatives), size_of(program_.alternatives) + size_of(found)};
  program_.alternatives.insert(program_.alternatives.end(), found.begin(), found.end());
  return out;
}

void PolicyCompiler::add_condition(Attribute attribute, std::string_view key, const Values& values,
                                   Rule& rule) {
  if (values.are_empty()) {
    return;
  }
  rule.has_http = rule.has_http || is_http_only(attribute);
  Condition condition;
  condition.attribute = attribute;
  condition.key = key;
  if (!read_key(condition)) {
    is_invalid_ = true;
    return;
  }
  condition.values = add_values(attribute, values.yes);
  condition.not_values = add_values(attribute, values.no);
  if (!condition.values.is_empty() || !condition.not_values.is_empty()) {
    program_.conditions.push_back(condition);
  }
}

bool PolicyCompiler::read_key(Condition& condition) {
  if (condition.attribute == Attribute::RequestHeader) {
    const auto name = name_in_brackets(condition.key.substr(kHeaders.size()));
    condition.key = name.value_or("");
    return name.has_value();
  }
  if (condition.attribute == Attribute::RequestClaims) {
    const auto names = names_in_brackets(condition.key.substr(kClaims.size()));
    if (!names) {
      return false;
    }
    condition.claim_path.begin = size_of(program_.names);
    program_.names.insert(program_.names.end(), names->begin(), names->end());
    condition.claim_path.end = size_of(program_.names);
    return true;
  }
  if (condition.attribute == Attribute::EnvoyFilter) {
    return condition.key.find('[') != std::string_view::npos;
  }
  return true;
}

Span PolicyCompiler::add_values(Attribute attribute, const Node* list) {
  Span out{size_of(program_.values), 0};
  std::vector<std::string_view> texts;
  if (list != nullptr) {
    for (const Node& item : list->items()) {
      if (item.is_string()) {
        texts.push_back(item.text());
      }
    }
  }
  if (attribute == Attribute::SourcePrincipal || attribute == Attribute::SourceTrustDomain) {
    std::vector<std::string> expanded = attribute == Attribute::SourcePrincipal
                                            ? domains_.expand_principals(texts)
                                            : domains_.expand_trust_domains(texts);
    for (std::string& text : expanded) {
      const auto same = std::find(texts.begin(), texts.end(), std::string_view{text});
      add_value(attribute, same != texts.end() ? *same : texts_.emplace_back(std::move(text)));
    }
  } else {
    for (const std::string_view text : texts) {
      add_value(attribute, text);
    }
  }
  out.end = size_of(program_.values);
  return out;
}

void PolicyCompiler::add_value(Attribute attribute, std::string_view text) {
  Value value;
  value.text = text;
  value.match = StringMatch::from_value(text);
  switch (attribute) {
    case Attribute::SourceIp:
    case Attribute::RemoteIp:
    case Attribute::DestinationIp: {
      const auto block = parse_address_block(text);
      if (!block) {
        is_invalid_ = true;
        return;
      }
      value.cidr = *block;
      break;
    }
    case Attribute::DestinationPort: {
      const auto port = parse_port(text);
      if (!port) {
        is_invalid_ = true;
        return;
      }
      value.port = *port;
      break;
    }
    case Attribute::SourceServiceAccount:
      value.account = ServiceAccountMatch::from_value(text, name_space_);
      break;
    case Attribute::RequestPrincipal: {
      const RequestPrincipalMatch match = RequestPrincipalMatch::from_value(text);
      value.match = match.issuer;
      value.subject = match.subject;
      break;
    }
    case Attribute::Path:
      value.is_template = is_path_template(text);
      break;
    case Attribute::SourceNamespace:
    case Attribute::SourceTrustDomain:
    case Attribute::SourcePrincipal:
    case Attribute::RequestAudiences:
    case Attribute::RequestPresenter:
    case Attribute::RequestHeader:
    case Attribute::RequestClaims:
    case Attribute::ConnectionSni:
    case Attribute::EnvoyFilter:
    case Attribute::Host:
    case Attribute::Method:
      break;
  }
  program_.values.push_back(value);
}

}  // namespace tally::authorization
