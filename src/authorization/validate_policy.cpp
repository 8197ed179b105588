// AuthorizationPolicy: the rules of the CRD, then istiod's ValidateAuthorizationPolicy()
// (istio.io/istio pkg/config/validation/validation.go, pkg/config/security/security.go).

#include <algorithm>
#include <array>

#include "authorization/internal/attach_rules.hpp"
#include "authorization/internal/fields.hpp"
#include "authorization/internal/schema.hpp"
#include "authorization/internal/validate.hpp"
#include "authorization/string_match.hpp"

namespace tally::authorization {

using document::Node;

namespace {

// What the values of a field are.
enum class Sort : std::uint8_t { Text, Identity, Account, TrustDomain, Address, Port, Path };

struct FieldRule {
  std::string_view name;
  Sort sort;
  bool exists_on_tcp;  // ValidateAuthorizationPolicy(): tcpRulesInFrom, tcpRulesInTo
  bool is_for_custom;  // CUSTOM policies may use it
};
constexpr std::array kSourceFields = {
    FieldRule{"principals", Sort::Identity, true, false},
    FieldRule{"notPrincipals", Sort::Identity, true, false},
    FieldRule{"requestPrincipals", Sort::Text, false, false},
    FieldRule{"notRequestPrincipals", Sort::Text, false, false},
    FieldRule{"namespaces", Sort::Identity, true, false},
    FieldRule{"notNamespaces", Sort::Identity, true, false},
    FieldRule{"ipBlocks", Sort::Address, true, true},
    FieldRule{"notIpBlocks", Sort::Address, true, true},
    FieldRule{"remoteIpBlocks", Sort::Address, true, true},
    FieldRule{"notRemoteIpBlocks", Sort::Address, true, true},
    FieldRule{"serviceAccounts", Sort::Account, true, false},
    FieldRule{"notServiceAccounts", Sort::Account, true, false},
    FieldRule{"trustDomains", Sort::TrustDomain, false, false},
    FieldRule{"notTrustDomains", Sort::TrustDomain, false, false}};
constexpr std::array kOperationFields = {
    FieldRule{"hosts", Sort::Text, false, true},   FieldRule{"notHosts", Sort::Text, false, true},
    FieldRule{"methods", Sort::Text, false, true}, FieldRule{"notMethods", Sort::Text, false, true},
    FieldRule{"paths", Sort::Path, false, true},   FieldRule{"notPaths", Sort::Path, false, true},
    FieldRule{"ports", Sort::Port, true, true},    FieldRule{"notPorts", Sort::Port, true, true}};

std::string wildcard_problem(std::string_view field, std::string_view value) {
  const auto stars = std::count(value.begin(), value.end(), '*');
  if (stars > 1) {
    return fmt::format("at most one wildcard is allowed, found in {}: \"{}\"", field, value);
  }
  if (stars == 1 && !value.starts_with('*') && !value.ends_with('*')) {
    return fmt::format("wildcard is only allowed at the start or end, found in {}: \"{}\"", field,
                       value);
  }
  return {};
}

std::string account_problem(std::string_view field, std::string_view value) {
  if (value.find('*') != std::string_view::npos) {
    return fmt::format("wildcard not allowed, found in {}", field);
  }
  const std::size_t slash = value.find('/');
  const bool has_more = std::count(value.begin(), value.end(), '/') > 1;
  if (has_more || slash == 0 || (slash != std::string_view::npos && slash + 1 == value.size())) {
    return fmt::format(
        "expected format 'serviceAccount' or 'namespace/serviceAccount', found \"{}\" in {}", value,
        field);
  }
  return {};
}

std::string address_problem(std::string_view value) {
  if (const auto block = parse_address_block(value); !block) {
    return value.find('/') != std::string_view::npos
               ? fmt::format("bad CIDR range ({}): {}", value, block.error().message)
               : fmt::format("bad IP address ({})", value);
  }
  return {};
}

std::string port_problem(std::string_view value) {
  return parse_port(value) ? std::string{} : fmt::format("bad port ({})", value);
}

std::string trust_domain_problem(std::string_view field, std::string_view value) {
  if (std::string problem = wildcard_problem(field, value); !problem.empty()) {
    return problem;
  }
  return value.find('/') != std::string_view::npos
             ? fmt::format("trust domain must not contain '/', found in {}: \"{}\"", field, value)
             : std::string{};
}

std::string value_problem(const FieldRule& field, std::string_view value) {
  if (value.empty()) {
    return fmt::format("empty value not allowed, found in {}", field.name);
  }
  switch (field.sort) {
    case Sort::Text:
    case Sort::Identity:
      return {};
    case Sort::Account:
      return account_problem(field.name, value);
    case Sort::TrustDomain:
      return trust_domain_problem(field.name, value);
    case Sort::Address:
      return address_problem(value);
    case Sort::Port:
      return port_problem(value);
    case Sort::Path:
      return path_template_problem(field.name, value);
  }
  return {};
}

bool has_bracket_name(std::string_view key) noexcept {
  const std::size_t open = key.find('[');
  return key.ends_with(']') && open != std::string_view::npos && open > 0 && open + 2 < key.size();
}

// ValidateAttribute() of one value.
std::string attribute_problem(std::string_view key, std::string_view value) {
  if (value.empty()) {
    return fmt::format("empty value not allowed, found in {}", key);
  }
  if (key == "source.ip" || key == "remote.ip" || key == "destination.ip") {
    return address_problem(value);
  }
  if (key == "source.serviceAccount") {
    return account_problem(key, value);
  }
  if (key == "source.trustDomain") {
    return wildcard_problem(key, value);
  }
  if (key == "destination.port") {
    return port_problem(value);
  }
  return {};
}

std::string key_problem(std::string_view key) {
  constexpr std::array<std::string_view, 12> kPlain = {"source.ip",
                                                       "remote.ip",
                                                       "source.namespace",
                                                       "source.serviceAccount",
                                                       "source.principal",
                                                       "source.trustDomain",
                                                       "request.auth.principal",
                                                       "request.auth.audiences",
                                                       "request.auth.presenter",
                                                       "destination.ip",
                                                       "destination.port",
                                                       "connection.sni"};
  if (std::find(kPlain.begin(), kPlain.end(), key) != kPlain.end()) {
    return {};
  }
  if (key.starts_with("request.headers") || key.starts_with("request.auth.claims") ||
      key.starts_with("experimental.envoy.filters.")) {
    return has_bracket_name(key) ? std::string{}
                                 : fmt::format("bad key ({}): should have format a[b]", key);
  }
  if (key == "destination.namespace") {
    return fmt::format("attribute {} is replaced by the metadata.namespace", key);
  }
  if (key.starts_with("destination.labels")) {
    return fmt::format("attribute {} is replaced by the workload selector", key);
  }
  if (key == "destination.name" || key == "destination.user") {
    return fmt::format("deprecated attribute {}: only supported in v1alpha1", key);
  }
  return fmt::format("unknown attribute: {}", key);
}

class PolicyRules {
 public:
  PolicyRules(const Node& spec, Checker& checker)
      : spec_(spec), checker_(checker), action_(text_field(spec, "action")) {}

  void check() {
    check_attachment(spec_, checker_);
    check_provider();
    const Node* rules = field(spec_, "rules");
    if (rules == nullptr) {
      return;
    }
    const Checker::Step step(checker_, "rules", rules);
    std::size_t index = 0;
    for (const Node& rule : rules->items()) {
      const Checker::Step item(checker_, index++, &rule);
      if (rule.is_object()) {
        check_rule(rule);
      }
    }
  }

 private:
  void check_provider() {
    const Node* provider = field(spec_, "provider");
    const Node* rules = field(spec_, "rules");
    const bool is_custom = action_ == "CUSTOM";
    if (rules == nullptr && (is_custom || action_ == "DENY")) {
      checker_.invalid(
          fmt::format("{} action without `rules` is meaningless as it will never be triggered, add "
                      "an empty rule "
                      "`{{}}` if you want it be triggered for every request",
                      action_));
    } else if (is_custom && (provider == nullptr || text_field(*provider, "name").empty())) {
      checker_.invalid("`provider.name` must not be empty");
    }
    if (provider != nullptr && !is_custom) {
      checker_.invalid(fmt::format("`provider` must not be with non CUSTOM action, found {}",
                                   action_.empty() ? "ALLOW" : action_));
    }
  }

  void check_rule(const Node& rule) {
    const bool has_tcp_source = check_alternatives(rule, "from", "source", kSourceFields);
    const bool has_tcp_operation = check_alternatives(rule, "to", "operation", kOperationFields);
    if (const Node* when = field(rule, "when")) {
      const Checker::Step step(checker_, "when", when);
      std::size_t index = 0;
      for (const Node& condition : when->items()) {
        const Checker::Step item(checker_, index++, &condition);
        check_condition(condition);
      }
    }
    const bool has_from = field(rule, "from") != nullptr;
    const bool has_to = field(rule, "to") != nullptr;
    if (action_ == "DENY" &&
        ((has_from && !has_to && !has_tcp_source) || (has_to && !has_tcp_operation))) {
      checker_.warn(
          "configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due "
          "to "
          "the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify "
          "the port");
    }
  }

  // Whether a field is named that exists on TCP, too.
  bool check_alternatives(const Node& rule, std::string_view name, std::string_view inner,
                          std::span<const FieldRule> fields) {
    const Node* list = field(rule, name);
    if (list == nullptr) {
      return false;
    }
    const Checker::Step step(checker_, name, list);
    if (list->size() == 0) {
      checker_.invalid(fmt::format("`{}` must not be empty", name));
    }
    bool has_tcp = false;
    std::size_t index = 0;
    for (const Node& item : list->items()) {
      const Checker::Step at(checker_, index++, &item);
      const Node* found = field(item, inner);
      if (found == nullptr) {
        checker_.invalid(fmt::format("`{}.{}` must not be nil", name, inner));
        continue;
      }
      const Checker::Step down(checker_, inner, found);
      if (check_fields(*found, fields)) {
        checker_.invalid(fmt::format("`{}.{}` must not be empty", name, inner));
      }
      if (inner == "source") {
        check_accounts_alone(*found);
      }
      has_tcp = has_tcp || std::any_of(fields.begin(), fields.end(), [&](const FieldRule& one) {
                  return one.exists_on_tcp && field(*found, one.name) != nullptr;
                });
    }
    return has_tcp;
  }

  // Whether no field has a value.
  bool check_fields(const Node& node, std::span<const FieldRule> fields) {
    bool is_empty = true;
    for (const FieldRule& one : fields) {
      const Node* list = field(node, one.name);
      if (list == nullptr) {
        continue;
      }
      is_empty = is_empty && list->size() == 0;
      const Checker::Step step(checker_, one.name, list);
      check_values(*list, [&](std::string_view value) { return value_problem(one, value); });
      if (action_ == "CUSTOM" && list->size() > 0 && !one.is_for_custom) {
        checker_.invalid(
            fmt::format("From.{} is currently not supported with CUSTOM action", one.name));
      }
    }
    return is_empty;
  }

  void check_accounts_alone(const Node& source) {
    if (has(source, {"serviceAccounts", "notServiceAccounts"}) &&
        has(source, {"principals", "notPrincipals", "namespaces", "notNamespaces"})) {
      checker_.refuse_here(
          "Invalid value: Cannot set serviceAccounts with namespaces or principals");
    }
  }

  static bool has(const Node& node, std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return field(node, name) != nullptr; });
  }

  void check_values(const Node& list, const auto& problem_of) {
    std::size_t index = 0;
    for (const Node& value : list.items()) {
      const Checker::Step item(checker_, index++, &value);
      if (std::string problem = problem_of(value.text()); !problem.empty()) {
        checker_.invalid(std::move(problem));
      }
    }
  }

  void check_condition(const Node& condition) {
    const std::string_view key = text_field(condition, "key");
    if (key.empty()) {
      checker_.invalid("`key` must not be empty");
      return;
    }
    const Node* yes = field(condition, "values");
    const Node* no = field(condition, "notValues");
    if ((yes == nullptr || yes->size() == 0) && (no == nullptr || no->size() == 0)) {
      checker_.invalid(
          fmt::format("at least one of `values` or `notValues` must be set for key {}", key));
      return;
    }
    if (std::string problem = key_problem(key); !problem.empty()) {
      checker_.invalid(fmt::format("invalid `value` for `key` {}: {}", key, problem));
      return;
    }
    if (action_ == "CUSTOM" && (key == "source.namespace" || key == "source.serviceAccount" ||
                                key == "source.trustDomain" || key == "source.principal" ||
                                key.starts_with("request.auth."))) {
      checker_.invalid(fmt::format("{} is currently not supported with CUSTOM action", key));
    }
    for (const auto& [name, list] : {std::pair("values", yes), std::pair("notValues", no)}) {
      if (list != nullptr) {
        const Checker::Step step(checker_, name, list);
        check_values(*list, [&](std::string_view value) { return attribute_problem(key, value); });
      }
    }
  }

  const Node& spec_;
  Checker& checker_;
  std::string_view action_;
};

}  // namespace

bool validate_authorization_policy(const kube::Object& object, std::vector<Problem>& problems) {
  Checker checker(object, problems);
  const Node& spec = spec_of(object.root);
  const Checker::Step step(checker, "spec", &spec);
  if (spec.is_null()) {
    return true;
  }
  check_dry_run(object, checker);
  check_shape(spec, kAuthorizationPolicyShape, checker);
  if (!spec.is_object() || checker.is_refused()) {
    return false;
  }
  PolicyRules(spec, checker).check();
  return !checker.is_refused();
}

}  // namespace tally::authorization
