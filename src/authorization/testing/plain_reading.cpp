#include "authorization/testing/plain_reading.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "authorization/path_normalization.hpp"
#include "authorization/trust_domain.hpp"

namespace tally::authorization::testing {

using document::Node;

namespace {

using Texts = std::vector<std::string>;

const Node& child(const Node& node, std::string_view key) {
  static constexpr Node kNull;
  const Node* found = node.find(key);
  return found != nullptr ? *found : kNull;
}

Texts texts(const Node& node, std::string_view key) {
  Texts out;
  for (const Node& item : child(node, key).items()) {
    if (item.is_string()) {
      out.emplace_back(item.text());
    }
  }
  return out;
}

bool full_match(const std::string& regex, std::string_view text, bool ignores_case = false) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_case_sensitive(!ignores_case);
  options.set_dot_nl(true);
  const RE2 compiled(regex, options);
  return compiled.ok() && RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled);
}

std::string literal(std::string_view text) {
  return RE2::QuoteMeta(re2::StringPiece(text.data(), text.size()));
}

// A value of a string field; `prefix` stands before it in the text that is matched.
std::string pattern_of(const std::string& value, const std::string& prefix = {}) {
  if (value == "*") {
    return ".+";
  }
  if (value.starts_with('*')) {
    return literal(prefix) + ".*" + literal(value.substr(1));
  }
  if (value.ends_with('*')) {
    return literal(prefix + value.substr(0, value.size() - 1)) + ".*";
  }
  return literal(prefix + value);
}

std::string joined_literals(const std::string& value, const std::string& between) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t star = value.find('*'); star != std::string::npos;
       star = value.find('*', from)) {
    out += literal(value.substr(from, star - from)) + between;
    from = star + 1;
  }
  return out + literal(value.substr(from));
}

std::string trust_domain_pattern(const std::string& value) {
  if (value == "*") {
    return "spiffe://.*";
  }
  const std::size_t star = value.find('*');
  if (star == std::string::npos) {
    return "spiffe://" + literal(value) + "/.*";
  }
  return "spiffe://" + literal(value.substr(0, star)) + "[^/]*" + literal(value.substr(star + 1)) +
         "/.*";
}

std::string service_account_pattern(const std::string& value, std::string_view own_namespace) {
  const std::size_t slash = value.find('/');
  const std::string name_space =
      slash == std::string::npos ? std::string(own_namespace) : value.substr(0, slash);
  const std::string name = slash == std::string::npos ? value : value.substr(slash + 1);
  return "spiffe://.+/ns/" + literal(name_space) + "/(.+/|)sa/" + literal(name) + "(/.+)?";
}

std::string template_pattern(std::string_view value) {
  const std::string chars = "a-zA-Z0-9\\-._~%!$&'()+,;:@=";
  std::string out;
  while (!value.empty()) {
    if (value.starts_with("{**}")) {
      out += "[" + chars + "/]*";
      value.remove_prefix(4);
    } else if (value.starts_with("{*}")) {
      out += "[" + chars + "]+";
      value.remove_prefix(3);
    } else {
      out += literal(value.substr(0, 1));
      value.remove_prefix(1);
    }
  }
  return out;
}

bool is_http_field(std::string_view name) {
  for (const std::string_view http : {"hosts", "methods", "paths", "requestPrincipals"}) {
    if (name == http) {
      return true;
    }
  }
  return name.starts_with("request.");
}

// Whether a value can be read at all.
bool is_readable(std::string_view name, const std::string& value) {
  if (name == "ports" || name == "destination.port") {
    return full_match("[0-9]{1,12}", value) && std::stoll(value) <= 65535;
  }
  if (name == "ipBlocks" || name == "remoteIpBlocks" || name == "source.ip" ||
      name == "remote.ip" || name == "destination.ip") {
    return value.find('/') != std::string::npos
               ? scalar::Cidr::parse(value).has_value()
               : scalar::IpAddress::parse_with_zone(value).has_value();
  }
  return true;
}

class Reader {
 public:
  Reader(const MeshSettings& settings, const Request& request)
      : domains_(settings.trust_domain, settings.trust_domain_aliases), request_(request) {}

  std::string path;       // normalised, without its query
  std::string principal;  // "spiffe://...", or empty

  // One value of one field or condition.
  [[nodiscard]] bool value_matches(std::string_view name, const std::string& value,
                                   std::string_view own_namespace) const {
    if (name == "principals" || name == "source.principal") {
      return !principal.empty() && full_match(pattern_of(value, "spiffe://"), principal);
    }
    if (name == "namespaces" || name == "source.namespace") {
      return !principal.empty() &&
             full_match(".*/ns/" + joined_literals(value, ".*") + "/.*", principal);
    }
    if (name == "trustDomains" || name == "source.trustDomain") {
      return !principal.empty() && full_match(trust_domain_pattern(value), principal);
    }
    if (name == "serviceAccounts" || name == "source.serviceAccount") {
      return !principal.empty() &&
             full_match(service_account_pattern(value, own_namespace), principal);
    }
    if (name == "ipBlocks" || name == "source.ip") {
      return is_in(value, request_.source.ip);
    }
    if (name == "remoteIpBlocks" || name == "remote.ip") {
      return is_in(value, request_.source.remote_ip);
    }
    if (name == "destination.ip") {
      return is_in(value, request_.destination.ip);
    }
    if (name == "ports" || name == "destination.port") {
      return std::stoll(value) == request_.destination.port.value_or(0);
    }
    if (name == "connection.sni") {
      return full_match(pattern_of(value), request_.sni.value_or(""));
    }
    if (name == "methods") {
      return value == "*" || full_match(pattern_of(value), request_.method.value_or(""));
    }
    if (name == "hosts") {
      return value == "*" || full_match(pattern_of(value), request_.host.value_or(""), true);
    }
    if (name == "paths") {
      const bool is_template =
          value.find("{*}") != std::string::npos || value.find("{**}") != std::string::npos;
      return full_match(is_template ? template_pattern(value) : pattern_of(value), path);
    }
    if (name.starts_with("request.headers[")) {
      return header_matches(name.substr(16, name.size() - 17), value);
    }
    return false;  // tokens: there is none
  }

  // Values and notValues of one name; nothing: an unreadable value of an ALLOW rule.
  [[nodiscard]] std::optional<bool> condition_matches(std::string_view name, Texts yes, Texts no,
                                                      Action action,
                                                      std::string_view own_namespace) const {
    expand(name, yes);
    expand(name, no);
    const auto unreadable = [&](const std::string& value) { return !is_readable(name, value); };
    const std::size_t before = yes.size() + no.size();
    std::erase_if(yes, unreadable);
    std::erase_if(no, unreadable);
    if (yes.size() + no.size() != before && action == Action::Allow) {
      return std::nullopt;
    }
    const auto matches = [&](const std::string& value) {
      return value_matches(name, value, own_namespace);
    };
    return (yes.empty() || std::any_of(yes.begin(), yes.end(), matches)) &&
           std::none_of(no.begin(), no.end(), matches);
  }

  [[nodiscard]] static bool is_in(const std::string& block,
                                  const std::optional<scalar::IpAddress>& ip) {
    if (!ip) {
      return false;
    }
    if (block.find('/') != std::string::npos) {
      return scalar::Cidr::parse(block)->contains(*ip);
    }
    return scalar::IpAddress::parse_with_zone(block)->address == *ip;
  }

 private:
  void expand(std::string_view name, Texts& values) const {
    const std::vector<std::string_view> views(values.begin(), values.end());
    if (name == "principals" || name == "source.principal") {
      values = domains_.expand_principals(views);
    } else if (name == "trustDomains" || name == "source.trustDomain") {
      values = domains_.expand_trust_domains(views);
    }
  }

  [[nodiscard]] bool header_matches(std::string_view name, const std::string& value) const {
    std::optional<std::string> found;
    for (const Header& header : request_.headers) {
      if (full_match(literal(name), header.name, true)) {
        found = found ? *found + "," + std::string(header.value) : std::string(header.value);
      }
    }
    return found && (value == "*" || full_match(pattern_of(value), *found));
  }

  TrustDomains domains_;
  const Request& request_;
};

constexpr std::string_view kSourceFields[] = {"principals",    "requestPrincipals", "namespaces",
                                              "trustDomains",  "serviceAccounts",   "ipBlocks",
                                              "remoteIpBlocks"};
constexpr std::string_view kOperationFields[] = {"hosts", "methods", "paths", "ports"};

std::string not_name(std::string_view name) {
  std::string out = "not" + std::string(name);
  out[3] = static_cast<char>(out[3] - 'a' + 'A');
  return out;
}

class PlainRules {
 public:
  PlainRules(const Reader& reader, const Request& request, Action action,
             std::string_view own_namespace)
      : reader_(reader), request_(request), action_(action), own_namespace_(own_namespace) {}

  [[nodiscard]] bool matches(const Node& rule) {
    is_dropped_ = !rule.is_object();
    const bool when = all_when(child(rule, "when"));
    const bool from = one_of(child(rule, "from"), "source", kSourceFields);
    const bool to = one_of(child(rule, "to"), "operation", kOperationFields);
    return !is_dropped_ && when && from && to;
  }

 private:
  [[nodiscard]] bool named(std::string_view name, Texts yes, Texts no) {
    if (yes.empty() && no.empty()) {
      return true;
    }
    if (!request_.is_http && is_http_field(name)) {
      is_dropped_ = is_dropped_ || action_ == Action::Allow;
      return true;
    }
    const auto out =
        reader_.condition_matches(name, std::move(yes), std::move(no), action_, own_namespace_);
    is_dropped_ = is_dropped_ || !out;
    return out.value_or(false);
  }

  [[nodiscard]] bool all_when(const Node& list) {
    bool out = true;
    for (const Node& condition : list.items()) {
      const std::string_view key = child(condition, "key").text();
      if (!is_known_key(key)) {
        is_dropped_ = true;
        continue;
      }
      out = named(key, texts(condition, "values"), texts(condition, "notValues")) && out;
    }
    return out;
  }

  [[nodiscard]] bool one_of(const Node& list, std::string_view inner,
                            std::span<const std::string_view> fields) {
    bool out = list.size() == 0;
    for (const Node& item : list.items()) {
      bool all = true;
      for (const std::string_view name : fields) {
        const Node& node = child(item, inner);
        all = named(name, texts(node, name), texts(node, not_name(name))) && all;
      }
      out = out || all;
    }
    return out;
  }

  static bool is_known_key(std::string_view key) {
    return full_match(
        "destination\\.(ip|port)|connection\\.sni|source\\.(ip|namespace|principal|trustDomain|"
        "serviceAccount)|remote\\.ip|request\\.headers\\[.*\\]",
        key);
  }

  const Reader& reader_;
  const Request& request_;
  Action action_;
  std::string_view own_namespace_;
  bool is_dropped_ = false;
};

bool selects(const kube::Object& policy, const MeshSettings& settings, const Request& request) {
  const Node& spec = child(policy.root, "spec");
  if (policy.ref.name_space != settings.root_namespace &&
      policy.ref.name_space != request.destination.name_space) {
    return false;
  }
  if (child(spec, "targetRefs").size() > 0 || child(spec, "targetRef").is_object()) {
    return false;
  }
  for (const document::Member label : child(child(spec, "selector"), "matchLabels").members()) {
    const Node& own = child(request.destination.labels, label.key);
    if (!own.is_string() || own.text() != label.value.text()) {
      return false;
    }
  }
  return true;
}

// The same at a ztunnel: the layer 4 part of rules alone, and what is empty matches nothing.
class PlainZtunnel {
 public:
  PlainZtunnel(const Request& request, std::string_view own_namespace)
      : request_(request), own_namespace_(own_namespace) {
    const std::string principal(request.source.principal.value_or(""));
    std::string name_space;
    std::string account;
    if (RE2::FullMatch(principal, "[^/]*/ns/([^/]*)/sa/([^/]*)", &name_space, &account)) {
      namespace_ = name_space;
      account_ = name_space + "/" + account;
    }
  }

  [[nodiscard]] bool matches(const Node& rule, Action action) {
    bool out = clause(child(rule, "from"), "source") && clause(child(rule, "to"), "operation");
    for (const Node& condition : child(rule, "when").items()) {
      const std::string_view key = child(condition, "key").text();
      // A condition that a ztunnel does not know is an empty match: it never holds.
      const bool is_known =
          full_match("source\\.(ip|namespace|principal)|destination\\.(ip|port)", key);
      has_http_ = has_http_ || !is_known;
      bool is_empty = true;
      const bool holds = is_known && field(key, texts(condition, "values"),
                                           texts(condition, "notValues"), is_empty);
      out = out && holds && !is_empty;
    }
    return out && rule.is_object() && !(has_http_ && action == Action::Allow);
  }

 private:
  [[nodiscard]] bool clause(const Node& list, std::string_view inner) {
    bool out = list.size() == 0;
    for (const Node& item : list.items()) {
      const Node& node = child(item, inner);
      bool is_empty = true;
      bool holds = true;
      for (const std::string_view name :
           {"principals", "namespaces", "serviceAccounts", "ipBlocks", "ports", "hosts", "methods",
            "paths", "remoteIpBlocks", "requestPrincipals"}) {
        holds = field(name, texts(node, name), texts(node, not_name(name)), is_empty) && holds;
      }
      out = out || (holds && !is_empty);
    }
    return out;
  }

  [[nodiscard]] bool field(std::string_view name, Texts yes, Texts no, bool& is_empty) {
    if (is_http_field(name) || name == "remoteIpBlocks") {
      has_http_ = has_http_ || !yes.empty() || !no.empty();
      return true;
    }
    const auto unreadable = [&](const std::string& value) { return !is_readable(name, value); };
    std::erase_if(yes, unreadable);
    std::erase_if(no, unreadable);
    is_empty = is_empty && (yes.empty() && no.empty());
    const auto holds = [&](const std::string& value) { return value_matches(name, value); };
    return (yes.empty() || std::any_of(yes.begin(), yes.end(), holds)) &&
           std::none_of(no.begin(), no.end(), holds);
  }

  [[nodiscard]] bool value_matches(std::string_view name, const std::string& value) const {
    const std::string_view principal = request_.source.principal.value_or("");
    if (name == "principals" || name == "source.principal") {
      return !principal.empty() && full_match(pattern_of(value), principal);
    }
    if (name == "namespaces" || name == "source.namespace") {
      return full_match(pattern_of(value), namespace_);
    }
    if (name == "serviceAccounts") {
      return !account_.empty() && account_ == (value.find('/') == std::string::npos
                                                   ? std::string(own_namespace_) + "/" + value
                                                   : value);
    }
    if (name == "ipBlocks" || name == "source.ip") {
      return Reader::is_in(value, request_.source.ip);
    }
    if (name == "destination.ip") {
      return Reader::is_in(value, request_.destination.ip);
    }
    return (name == "ports" || name == "destination.port") &&
           std::stoll(value) == request_.destination.port.value_or(0);
  }

  const Request& request_;
  std::string_view own_namespace_;
  std::string namespace_;
  std::string account_;
  bool has_http_ = false;
};

Action action_of(const Node& spec) {
  const std::string_view word = child(spec, "action").text();
  return word == "DENY"     ? Action::Deny
         : word == "AUDIT"  ? Action::Audit
         : word == "CUSTOM" ? Action::Custom
                            : Action::Allow;
}

}  // namespace

Verdict plain_decide(std::span<const kube::Object> objects, const MeshSettings& settings,
                     const Request& request) {
  Reader reader(settings, request);
  if (request.is_http) {
    std::string buffer;
    const auto path =
        normalize_path(request.path.value_or(""), settings.path_normalization, buffer);
    if (!path) {
      return Verdict::Deny;
    }
    reader.path = path_without_query(*path);
  }
  if (!request.source.principal.value_or("").empty()) {
    reader.principal = "spiffe://" + std::string(*request.source.principal);
  }
  bool is_custom = false;
  bool is_denied = false;
  bool has_allow = false;
  bool is_allowed = false;
  for (const kube::Object& policy : objects) {
    const Node& spec = child(policy.root, "spec");
    if (policy.ref.kind != "AuthorizationPolicy" || !selects(policy, settings, request) ||
        policy.annotation("istio.io/dry-run").value_or("") == "true") {
      continue;
    }
    const Action action = action_of(spec);
    const bool is_ztunnel = request.point == Point::Ztunnel;
    if (is_ztunnel && action != Action::Allow && action != Action::Deny) {
      continue;
    }
    has_allow = has_allow || action == Action::Allow;
    for (const Node& rule : child(spec, "rules").items()) {
      const std::string_view own = policy.ref.name_space;
      if (is_ztunnel ? PlainZtunnel(request, own).matches(rule, action)
                     : PlainRules(reader, request, action, own).matches(rule)) {
        is_custom = is_custom || action == Action::Custom;
        is_denied = is_denied || action == Action::Deny;
        is_allowed = is_allowed || action == Action::Allow;
      }
    }
  }
  if (is_denied || (has_allow && !is_allowed)) {
    return Verdict::Deny;
  }
  return is_custom ? Verdict::Unknown : Verdict::Allow;
}

}  // namespace tally::authorization::testing
