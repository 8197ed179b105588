#include <algorithm>
#include <tuple>

#include "authorization/internal/compile.hpp"
#include "authorization/internal/fields.hpp"
#include "authorization/internal/peer.hpp"
#include "authorization/internal/table.hpp"
#include "authorization/internal/validate.hpp"
#include "authorization/policy_set.hpp"
#include "authorization/trust_domain.hpp"

namespace tally::authorization {

using document::Node;

namespace {

JwtRule read_jwt_rule(const Node& node) {
  JwtRule out;
  out.issuer = text_field(node, "issuer");
  out.audiences = texts_field(node, "audiences");
  out.space_delimited = texts_field(node, "spaceDelimitedClaims");
  out.from_parameters = texts_field(node, "fromParams");
  out.from_cookies = texts_field(node, "fromCookies");
  out.jwks = text_field(node, "jwks");
  out.jwks_uri = text_field(node, "jwksUri");
  if (out.jwks_uri.empty()) {
    out.jwks_uri = text_field(node, "jwks_uri");
  }
  if (const Node* headers = field(node, "fromHeaders")) {
    for (const Node& header : headers->items()) {
      out.from_headers.emplace_back(text_field(header, "name"), text_field(header, "prefix"));
    }
  }
  return out;
}

class Loader {
 public:
  Loader(const kube::Snapshot& snapshot, PolicySet::Table& table, std::vector<Problem>& problems)
      : snapshot_(snapshot), table_(table), problems_(problems) {}

  void load() {
    load_policies();
    load_peers();
    load_requests();
  }

 private:
  void load_policies() {
    const TrustDomains domains(table_.settings.trust_domain, table_.settings.trust_domain_aliases);
    PolicyCompiler compiler(table_.program, table_.texts, domains);
    for (const std::uint32_t position : snapshot_.by_kind(kSecurityGroup, "AuthorizationPolicy")) {
      const kube::Object& object = snapshot_.objects()[position];
      if (!validate_authorization_policy(object, problems_)) {
        continue;
      }
      const auto row = static_cast<std::uint32_t>(table_.program.policies.size());
      compiler.add(object);
      const Attachment& attachment = table_.program.policies.back().attachment;
      table_.policies[object.ref.name_space].add(attachment, row);
      auto converted = convert_authorization_policy(object, table_.settings.root_namespace);
      table_.ztunnel.push_back(converted ? std::move(*converted) : ZtunnelAuthorization{});
    }
  }

  void load_peers() {
    for (const std::uint32_t position : snapshot_.by_kind(kSecurityGroup, "PeerAuthentication")) {
      const kube::Object& object = snapshot_.objects()[position];
      if (validate_peer_authentication(object, problems_)) {
        table_.peers.push_back(read_peer_policy(object));
      }
    }
    // sortConfigByCreationTime(): then by name.
    std::sort(table_.peers.begin(), table_.peers.end(),
              [](const PeerPolicy& a, const PeerPolicy& b) {
                return std::tie(a.created, a.object->ref.name, a.object->ref.name_space) <
                       std::tie(b.created, b.object->ref.name, b.object->ref.name_space);
              });
    for (std::uint32_t i = 0; i < table_.peers.size(); ++i) {
      table_.peers_by_namespace[table_.peers[i].object->ref.name_space].push_back(i);
    }
    const auto without_selector = [&](std::string_view name_space) -> const kube::Object* {
      const auto found = table_.peers_by_namespace.find(name_space);
      if (found == table_.peers_by_namespace.end()) {
        return nullptr;
      }
      for (const std::uint32_t i : found->second) {
        const kube::Object& object = *table_.peers[i].object;
        if (field(spec_of(object.root), "selector") == nullptr) {
          return &object;
        }
      }
      return nullptr;
    };
    for (const PeerPolicy& peer : table_.peers) {
      table_.peer_exceptions.push_back(
          convert_peer_authentication(*peer.object, table_.settings.root_namespace,
                                      without_selector(peer.object->ref.name_space),
                                      without_selector(table_.settings.root_namespace)));
    }
  }

  void load_requests() {
    for (const std::uint32_t position :
         snapshot_.by_kind(kSecurityGroup, "RequestAuthentication")) {
      const kube::Object& object = snapshot_.objects()[position];
      if (!validate_request_authentication(object, problems_)) {
        continue;
      }
      RequestPolicy policy;
      policy.object = &object;
      policy.attachment = read_attachment(spec_of(object.root));
      if (const Node* rules = field(spec_of(object.root), "jwtRules")) {
        for (const Node& rule : rules->items()) {
          policy.rules.push_back(read_jwt_rule(rule));
        }
      }
      const auto row = static_cast<std::uint32_t>(table_.requests.size());
      table_.requests_by_namespace[object.ref.name_space].add(policy.attachment, row);
      table_.requests.push_back(std::move(policy));
    }
  }

  const kube::Snapshot& snapshot_;
  PolicySet::Table& table_;
  std::vector<Problem>& problems_;
};

}  // namespace

std::string_view to_text(Problem::Kind kind) noexcept {
  switch (kind) {
    case Problem::Kind::Refused:
      return "refused";
    case Problem::Kind::Invalid:
      return "invalid";
    case Problem::Kind::Warning:
      return "warning";
  }
  return "invalid";
}

std::string_view action_name(Action action) noexcept {
  switch (action) {
    case Action::Allow:
      return "ALLOW";
    case Action::Deny:
      return "DENY";
    case Action::Audit:
      return "AUDIT";
    case Action::Custom:
      return "CUSTOM";
  }
  return "ALLOW";
}

PolicySet::PolicySet(std::unique_ptr<const Table> table) noexcept : table_(std::move(table)) {}
PolicySet::PolicySet(PolicySet&&) noexcept = default;
PolicySet& PolicySet::operator=(PolicySet&&) noexcept = default;
PolicySet::~PolicySet() = default;

const MeshSettings& PolicySet::settings() const noexcept { return table_->settings; }
std::size_t PolicySet::authorization_count() const noexcept {
  return table_->program.policies.size();
}

Loaded PolicySet::load(const kube::Snapshot& snapshot, std::optional<MeshSettings> settings) {
  std::vector<Problem> problems;
  auto table = std::make_unique<Table>();
  table->settings = settings ? std::move(*settings) : read_mesh_settings(snapshot, problems);
  Loader(snapshot, *table, problems).load();
  return {PolicySet(std::move(table)), std::move(problems)};
}

}  // namespace tally::authorization
