// The tables of single functions: string matchers, path normalization, trust-domain aliases, names
// of claims, and a ztunnel's rules.
#include <fmt/format.h>

#include "authorization/claim_name.hpp"
#include "authorization/path_normalization.hpp"
#include "authorization/string_match.hpp"
#include "authorization/trust_domain.hpp"
#include "authorization/ztunnel.hpp"
#include "conformance.hpp"
#include "document/json_writer.hpp"

namespace tally::conformance {

using namespace authorization;
using document::Node;

namespace {

std::string json_text(std::string_view text) {
  std::string out;
  document::append_json_string(out, text);
  return out;
}

// One file of the form {"cases": [...]}; `answer` gives (expected, actual).
template <class Answer>
void run_table(const std::filesystem::path& root, const std::string& file_name, Report& report,
               const Answer& answer) {
  if (!std::filesystem::exists(root / file_name)) {
    return;
  }
  File file(root / file_name);
  std::size_t index = 0;
  for (const Node& one : member(file.root(), "cases").items()) {
    const auto [expected, actual] = answer(one);
    report.compare(fmt::format("{}#{}:{}", file_name, index++, text_of(one, "id")), expected,
                   actual);
  }
}

// As Envoy's StringMatcher says it, with `prefix` before the text.
std::string envoy_matcher(const StringMatch& match, std::string_view prefix) {
  switch (match.kind) {
    case StringMatch::Kind::Present:
      return R"({"regex":".+"})";
    case StringMatch::Kind::Exact:
      return fmt::format(R"({{"exact":{}}})",
                         json_text(std::string(prefix) + std::string(match.text)));
    case StringMatch::Kind::Prefix:
      return fmt::format(R"({{"prefix":{}}})",
                         json_text(std::string(prefix) + std::string(match.text)));
    case StringMatch::Kind::Suffix:
      break;
  }
  if (prefix.empty()) {
    return fmt::format(R"({{"suffix":{}}})", json_text(match.text));
  }
  std::string regex = std::string(prefix) + ".*";
  for (const char c : match.text) {
    if (std::string_view{R"(\.+*?()|[]{}^$)"}.find(c) != std::string_view::npos) {
      regex += '\\';
    }
    regex += c;
  }
  return fmt::format(R"({{"regex":{}}})", json_text(regex));
}

StringMatch ztunnel_match(const Node& node) {
  using Kind = StringMatch::Kind;
  for (const document::Member field : node.members()) {
    if (field.key == "exact") {
      return {Kind::Exact, field.value.text()};
    }
    if (field.key == "prefix") {
      return {Kind::Prefix, field.value.text()};
    }
    if (field.key == "suffix") {
      return {Kind::Suffix, field.value.text()};
    }
  }
  return {Kind::Present, {}};
}

std::pair<std::string, std::string> string_matcher_case(const Node& one) {
  std::string actual;
  if (const Node& match = member(one, "match"); match.is_object()) {
    actual = ztunnel_match(match).matches(text_of(one, "input")) ? R"({"matches":true})"
                                                                 : R"({"matches":false})";
  } else if (one.find(std::string_view{"path_template"}) != nullptr) {
    actual = fmt::format(R"({{"envoy_uri_template":{}}})",
                         json_text(envoy_path_template(text_of(one, "path_template"))));
  } else {
    actual = envoy_matcher(StringMatch::from_value(text_of(one, "value")), text_of(one, "prefix"));
  }
  return {json_of(member(one, "expect")), actual};
}

std::pair<std::string, std::string> path_case(const Node& one) {
  const auto mode = parse_path_normalization(text_of(one, "mode"));
  std::string buffer;
  const auto out = mode ? normalize_path(text_of(one, "in"), *mode, buffer) : std::nullopt;
  const bool is_refused = member(one, "status").integer().value_or(200) == 400;
  return {is_refused ? "400" : std::string(text_of(one, "out")), out ? std::string(*out) : "400"};
}

std::vector<std::string_view> texts(const Node& list) {
  std::vector<std::string_view> out;
  for (const Node& item : list.items()) {
    out.push_back(item.text());
  }
  return out;
}

template <class Texts>
std::string list_of(const Texts& list) {
  std::string out = "[";
  for (const auto& text : list) {
    out += (out.size() > 1 ? "," : "") + json_text(text);
  }
  return out + "]";
}

std::pair<std::string, std::string> alias_case(const Node& one) {
  std::vector<std::string> aliases;
  for (const std::string_view alias : texts(member(one, "aliases"))) {
    aliases.emplace_back(alias);
  }
  const TrustDomains domains(std::string(text_of(one, "trust_domain")), aliases);
  return {json_of(member(one, "expect")),
          list_of(domains.expand_principals(texts(member(one, "principals"))))};
}

std::pair<std::string, std::string> claim_case(const Node& one) {
  const auto claim = parse_routing_claim(text_of(one, "name"));
  const bool is_match = member(one, "match").boolean();
  const std::string expected =
      is_match ? fmt::format("{} {}", text_of(one, "separator"), json_of(member(one, "claims")))
               : "no match";
  const std::string actual =
      claim ? fmt::format("{} {}",
                          claim->separator == RoutingClaim::Separator::Dot ? "Dot" : "Square",
                          list_of(claim->claims))
            : "no match";
  return {expected, actual};
}

// --- a ztunnel's rules

std::vector<StringMatch> matches_of(const Node& list) {
  std::vector<StringMatch> out;
  for (const Node& item : list.items()) {
    out.push_back(ztunnel_match(item));
  }
  return out;
}

std::vector<scalar::Cidr> blocks_of(const Node& list) {
  std::vector<scalar::Cidr> out;
  for (const Node& item : list.items()) {
    if (const auto block = scalar::Cidr::parse(item.text())) {
      out.push_back(*block);
    } else if (const auto one = scalar::IpAddress::parse(item.text())) {
      out.push_back({*one, static_cast<std::uint8_t>(one->bit_count())});
    }
  }
  return out;
}

std::vector<std::uint16_t> ports_of(const Node& list) {
  std::vector<std::uint16_t> out;
  for (const Node& item : list.items()) {
    out.push_back(static_cast<std::uint16_t>(item.integer().value_or(0)));
  }
  return out;
}

std::vector<ServiceAccountMatch> accounts_of(const Node& list) {
  std::vector<ServiceAccountMatch> out;
  for (const Node& item : list.items()) {
    out.push_back({text_of(item, "namespace"), text_of(item, "serviceAccount")});
  }
  return out;
}

ZtunnelMatch match_of(const Node& node) {
  ZtunnelMatch out;
  out.namespaces = matches_of(member(node, "namespaces"));
  out.not_namespaces = matches_of(member(node, "notNamespaces"));
  out.principals = matches_of(member(node, "principals"));
  out.not_principals = matches_of(member(node, "notPrincipals"));
  out.service_accounts = accounts_of(member(node, "serviceAccounts"));
  out.not_service_accounts = accounts_of(member(node, "notServiceAccounts"));
  out.source_ips = blocks_of(member(node, "sourceIps"));
  out.not_source_ips = blocks_of(member(node, "notSourceIps"));
  out.destination_ips = blocks_of(member(node, "destinationIps"));
  out.not_destination_ips = blocks_of(member(node, "notDestinationIps"));
  out.destination_ports = ports_of(member(node, "destinationPorts"));
  out.not_destination_ports = ports_of(member(node, "notDestinationPorts"));
  return out;
}

std::pair<std::string_view, std::string_view> host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return {host, text.substr(colon + 1)};
}

std::pair<std::string, std::string> ztunnel_case(const Node& one) {
  ZtunnelAuthorization policy;
  for (const Node& rule : member(one, "rules").items()) {
    ZtunnelGroup group;
    for (const Node& clause : rule.items()) {
      ZtunnelClause& out = group.clauses.emplace_back();
      for (const Node& match : clause.items()) {
        out.push_back(match_of(match));
      }
    }
    policy.groups.push_back(std::move(group));
  }
  const Node& connection_node = member(one, "connection");
  const auto source = host_and_port(text_of(connection_node, "src"));
  const auto destination = host_and_port(text_of(connection_node, "dst"));
  std::string_view identity = text_of(connection_node, "identity");
  if (identity.starts_with("spiffe://")) {
    identity.remove_prefix(std::string_view{"spiffe://"}.size());
  }
  ZtunnelConnection connection;
  connection.principal = identity;
  connection.source_ip = scalar::IpAddress::parse(source.first).value_or(scalar::IpAddress{});
  connection.destination_ip =
      scalar::IpAddress::parse(destination.first).value_or(scalar::IpAddress{});
  connection.destination_port =
      static_cast<std::uint16_t>(std::atoi(std::string(destination.second).c_str()));
  return {member(one, "matches").boolean() ? "matches" : "does not match",
          matches(policy, connection) == kube::Match::Yes ? "matches" : "does not match"};
}

}  // namespace

void run_tables(const std::filesystem::path& root, Report& report) {
  run_table(root, "string-matchers.json", report, string_matcher_case);
  run_table(root, "path-normalization.json", report, path_case);
  run_table(root, "trust-domain-aliases.json", report, alias_case);
  run_table(root, "jwt-routing-claims.json", report, claim_case);
  run_table(root, "ztunnel-rbac.json", report, ztunnel_case);
}

}  // namespace tally::conformance
