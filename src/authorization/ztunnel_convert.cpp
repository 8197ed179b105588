// istio.io/istio pilot/pkg/serviceregistry/ambient/authorization.go: convertAuthorizationPolicy(),
// handleRule(), convertPeerAuthentication().

#include <algorithm>
#include <array>

#include "authorization/internal/fields.hpp"
#include "authorization/internal/peer.hpp"
#include "authorization/internal/table.hpp"
#include "authorization/ztunnel.hpp"

namespace tally::authorization {

using document::Node;

namespace {

using Scope = ZtunnelAuthorization::Scope;

std::vector<StringMatch> string_matches(const std::vector<std::string_view>& values) {
  std::vector<StringMatch> out;
  out.reserve(values.size());
  for (const std::string_view value : values) {
    out.push_back(StringMatch::from_value(value));
  }
  return out;
}

std::vector<ServiceAccountMatch> accounts(const std::vector<std::string_view>& values,
                                          std::string_view name_space) {
  std::vector<ServiceAccountMatch> out;
  out.reserve(values.size());
  for (const std::string_view value : values) {
    out.push_back(ServiceAccountMatch::from_value(value, name_space));
  }
  return out;
}

// What cannot be read is left out.
std::vector<scalar::Cidr> blocks(const std::vector<std::string_view>& values) {
  std::vector<scalar::Cidr> out;
  for (const std::string_view value : values) {
    if (const auto block = parse_address_block(value)) {
      out.push_back(*block);
    }
  }
  return out;
}

std::vector<std::uint16_t> ports(const std::vector<std::string_view>& values) {
  std::vector<std::uint16_t> out;
  for (const std::string_view value : values) {
    if (const auto port = parse_port(value)) {
      out.push_back(*port);
    }
  }
  return out;
}

bool has_any(const Node& object, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    const Node* list = field(object, name);
    return list != nullptr && list->size() > 0;
  });
}

constexpr std::array<std::string_view, 6> kHttpOperations = {"hosts",      "notHosts", "methods",
                                                             "notMethods", "paths",    "notPaths"};
constexpr std::array<std::string_view, 4> kHttpSources = {
    "remoteIpBlocks", "notRemoteIpBlocks", "requestPrincipals", "notRequestPrincipals"};

const Node kNothing;

class RuleConverter {
 public:
  explicit RuleConverter(std::string_view name_space) : name_space_(name_space) {}

  [[nodiscard]] std::vector<ZtunnelClause> convert(const Node& rule) {
    std::vector<ZtunnelClause> out;
    add_clause(rule, "to", &RuleConverter::from_operation, out);
    add_clause(rule, "from", &RuleConverter::from_source, out);
    if (const Node* when = field(rule, "when")) {
      for (const Node& condition : when->items()) {
        out.push_back({from_condition(condition)});
      }
    }
    return out;
  }
  [[nodiscard]] bool has_http() const noexcept { return has_http_; }

 private:
  using Reader = ZtunnelMatch (RuleConverter::*)(const Node&);

  void add_clause(const Node& rule, std::string_view key, Reader reader,
                  std::vector<ZtunnelClause>& out) {
    const Node* list = field(rule, key);
    if (list == nullptr || list->size() == 0) {
      return;
    }
    ZtunnelClause clause;
    for (const Node& item : list->items()) {
      clause.push_back((this->*reader)(item));
    }
    out.push_back(std::move(clause));
  }

  ZtunnelMatch from_operation(const Node& to) {
    const Node* found = field(to, "operation");
    const Node& operation = found != nullptr ? *found : kNothing;
    has_http_ = has_http_ || has_any(operation, kHttpOperations);
    ZtunnelMatch out;
    out.destination_ports = ports(texts_field(operation, "ports"));
    out.not_destination_ports = ports(texts_field(operation, "notPorts"));
    return out;
  }

  ZtunnelMatch from_source(const Node& from) {
    const Node* found = field(from, "source");
    const Node& source = found != nullptr ? *found : kNothing;
    has_http_ = has_http_ || has_any(source, kHttpSources);
    ZtunnelMatch out;
    out.source_ips = blocks(texts_field(source, "ipBlocks"));
    out.not_source_ips = blocks(texts_field(source, "notIpBlocks"));
    out.namespaces = string_matches(texts_field(source, "namespaces"));
    out.not_namespaces = string_matches(texts_field(source, "notNamespaces"));
    out.service_accounts = accounts(texts_field(source, "serviceAccounts"), name_space_);
    out.not_service_accounts = accounts(texts_field(source, "notServiceAccounts"), name_space_);
    out.principals = string_matches(texts_field(source, "principals"));
    out.not_principals = string_matches(texts_field(source, "notPrincipals"));
    return out;
  }

  ZtunnelMatch from_condition(const Node& condition) {
    const std::string_view key = text_field(condition, "key");
    const auto yes = texts_field(condition, "values");
    const auto no = texts_field(condition, "notValues");
    ZtunnelMatch out;
    if (key == "source.namespace") {
      out.namespaces = string_matches(yes);
      out.not_namespaces = string_matches(no);
    } else if (key == "source.principal") {
      out.principals = string_matches(yes);
      out.not_principals = string_matches(no);
    } else if (key == "source.ip") {
      out.source_ips = blocks(yes);
      out.not_source_ips = blocks(no);
    } else if (key == "destination.port") {
      out.destination_ports = ports(yes);
      out.not_destination_ports = ports(no);
    } else if (key == "destination.ip") {
      out.destination_ips = blocks(yes);
      out.not_destination_ips = blocks(no);
    } else {
      has_http_ = true;
    }
    return out;
  }

  std::string_view name_space_;
  bool has_http_ = false;
};

// The clause "no identity": it denies plaintext.
ZtunnelClause without_identity() {
  ZtunnelMatch match;
  match.not_principals = {StringMatch{StringMatch::Kind::Present, {}}};
  return {match};
}

}  // namespace

std::optional<ZtunnelAuthorization> convert_authorization_policy(const kube::Object& policy,
                                                                 std::string_view root_namespace) {
  const Node& spec = spec_of(policy.root);
  const Attachment attachment = read_attachment(spec);
  const std::string_view action = text_field(spec, "action");
  // AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY is off unless somebody sets it.
  if (is_true_word(policy.annotation("istio.io/dry-run").value_or("")) ||
      !attachment.targets.empty() || (!action.empty() && action != "ALLOW" && action != "DENY")) {
    return std::nullopt;
  }
  ZtunnelAuthorization out;
  out.name = policy.ref.name;
  out.name_space = policy.ref.name_space;
  out.object = &policy;
  out.action = action == "DENY" ? Action::Deny : Action::Allow;
  out.scope = attachment.has_selector                   ? Scope::WorkloadSelector
              : policy.ref.name_space == root_namespace ? Scope::Global
                                                        : Scope::Namespace;
  const Node* rules = field(spec, "rules");
  const std::span<const Node> items = rules != nullptr ? rules->items() : std::span<const Node>{};
  for (std::size_t i = 0; i < items.size(); ++i) {
    RuleConverter converter(policy.ref.name_space);
    std::vector<ZtunnelClause> clauses = converter.convert(items[i]);
    if (converter.has_http() && out.action == Action::Allow) {
      continue;
    }
    out.groups.push_back({std::move(clauses), static_cast<std::uint32_t>(i), items[i].offset()});
  }
  return out;
}

std::optional<ZtunnelAuthorization> convert_peer_authentication(const kube::Object& policy,
                                                                std::string_view root_namespace,
                                                                const kube::Object* of_namespace,
                                                                const kube::Object* of_root) {
  const PeerPolicy peer = read_peer_policy(policy);
  const Node& spec = spec_of(policy.root);
  if (policy.ref.name_space == root_namespace || field(spec, "selector") == nullptr ||
      peer.ports.empty()) {
    return std::nullopt;
  }
  const auto mode_of = [](const kube::Object* object) {
    return object != nullptr ? read_peer_policy(*object).mode : std::optional<MutualTls>{};
  };
  const std::optional<MutualTls> ns_mode = mode_of(of_namespace);
  const std::optional<MutualTls> root_mode = mode_of(of_root);
  const bool is_ns_strict = ns_mode == MutualTls::Strict;
  const bool is_root_strict = root_mode == MutualTls::Strict;
  const bool is_unset = !peer.mode.has_value();
  const bool is_strict = peer.mode == MutualTls::Strict;

  std::vector<ZtunnelClause> clauses;
  std::vector<ZtunnelGroup> groups;
  if (is_strict) {
    clauses.push_back(without_identity());
  }
  bool found_non_strict = false;
  for (const auto& [port, mode] : peer.ports) {
    if (mode == MutualTls::Strict) {
      // Upstream's precedence of && over || as it stands: a strict root counts for a workload
      // policy that is not UNSET, too, if nothing stands between.
      if (is_strict || (is_unset && is_ns_strict) || (!ns_mode && is_root_strict)) {
        continue;
      }
      ZtunnelMatch match;
      match.not_principals = {StringMatch{StringMatch::Kind::Present, {}}};
      match.destination_ports = {port};
      groups.push_back({{{match}}, 0, spec.offset()});
    } else if (mode) {
      if (!is_unset && !is_strict) {
        continue;
      }
      if (is_unset && ((of_namespace != nullptr && !is_ns_strict) ||
                       (of_namespace == nullptr && of_root != nullptr && !is_root_strict) ||
                       (of_namespace == nullptr && of_root == nullptr))) {
        continue;
      }
      found_non_strict = true;
      ZtunnelMatch match;
      match.not_destination_ports = {port};
      clauses.push_back({match});
    }
  }
  if ((is_strict && !found_non_strict) || (clauses.empty() && groups.empty())) {
    return std::nullopt;
  }
  const bool is_parent_strict = (is_root_strict && (!ns_mode || is_ns_strict)) || is_ns_strict;
  if (is_parent_strict && found_non_strict) {
    clauses.push_back(without_identity());
  }
  if (!clauses.empty()) {
    groups.push_back({std::move(clauses), 0, spec.offset()});
  }
  ZtunnelAuthorization out;
  out.name = "converted_peer_authentication_" + std::string(policy.ref.name);
  out.name_space = policy.ref.name_space;
  out.scope = Scope::WorkloadSelector;
  out.action = Action::Deny;
  out.groups = std::move(groups);
  out.object = &policy;
  return out;
}

}  // namespace tally::authorization
