#include "authorization/internal/view.hpp"

#include <algorithm>

#include "authorization/internal/fields.hpp"

namespace tally::authorization {

namespace {

// Envoy's jwt_authn filter: a token that is not accepted is 401. Without a RequestAuthentication
// nobody looks at tokens.
void enter_token(const PolicySet::Table& table, const Request& request, Decision::Scratch& scratch,
                 Entry& entry) {
  scratch.names.clear();
  entry.view.token = request.token;
  if (request.token == Token::Absent || !request.is_http) {
    return;
  }
  collect_request_policies(table, request, scratch.policies);
  const RequestPolicy* looks = nullptr;
  const std::string_view issuer = text_field(request.claims, "iss");
  for (const std::uint32_t position : scratch.policies) {
    const RequestPolicy& policy = table.requests[position];
    for (const JwtRule& rule : policy.rules) {
      looks = looks == nullptr ? &policy : looks;
      if (request.token == Token::Valid && (rule.issuer.empty() || rule.issuer == issuer)) {
        scratch.names.insert(scratch.names.end(), rule.space_delimited.begin(),
                             rule.space_delimited.end());
      }
    }
  }
  entry.view.space_delimited = scratch.names;
  if (looks == nullptr) {
    entry.view.token = request.token == Token::Valid ? Token::Valid : Token::Absent;
  } else if (request.token == Token::Invalid) {
    entry.refusal = Cause::TokenRefused;
    entry.object = looks->object;
  } else if (request.token == Token::NotValidated) {
    entry.missing |= mask_of(Attribute::RequestPrincipal);
  }
}

void enter_mutual_tls(const PolicySet& set, const Request& request, Entry& entry) {
  if (request.point != Point::Sidecar) {
    return;
  }
  const EffectiveMutualTls effective = effective_mutual_tls(
      set, {request.destination.name_space, request.destination.labels}, request.destination.port);
  if (effective.mode == MutualTls::Disable) {
    entry.view.principal = std::string_view{};
  } else if (effective.mode == MutualTls::Strict && !request.source.principal) {
    entry.missing |= mask_of(Attribute::SourcePrincipal);
  } else if (effective.mode == MutualTls::Strict && request.source.principal->empty()) {
    entry.refusal = Cause::PlaintextRefused;
    entry.object = effective.object;
  }
}

}  // namespace

Entry enter(const PolicySet& set, const Request& request, Decision::Scratch& scratch) {
  const PolicySet::Table& table = set.table();
  Entry entry;
  entry.view.request = &request;
  entry.view.principal = request.source.principal;
  enter_mutual_tls(set, request, entry);
  if (entry.refusal || !request.is_http) {
    return entry;
  }
  if (request.path) {
    entry.view.path =
        normalize_path(*request.path, table.settings.path_normalization, scratch.path);
    if (!entry.view.path) {
      entry.refusal = Cause::BadPath;
      return entry;
    }
  }
  enter_token(table, request, scratch, entry);
  return entry;
}

// builder.go buildHTTP(), buildTCP(): policies of two providers on one workload are not supported
// unless a feature flag says so; then, and where the provider is not defined, the rules deny. On a
// TCP port a provider that speaks HTTP is left out.
Provider provider_state(const PolicySet::Table& table, const Policy& policy,
                        std::span<const std::uint32_t> attached, bool is_http) {
  const MeshSettings& settings = table.settings;
  const bool has_other = std::any_of(attached.begin(), attached.end(), [&](std::uint32_t position) {
    const Policy& other = table.program.policies[position];
    return other.action == Action::Custom && other.provider != policy.provider;
  });
  if (has_other && !settings.allows_several_providers) {
    return Provider::Bad;
  }
  const auto found = std::find_if(
      settings.extension_providers.begin(), settings.extension_providers.end(),
      [&](const ExtensionProvider& provider) { return provider.name == policy.provider; });
  if (found == settings.extension_providers.end()) {
    return settings.are_providers_known ? Provider::Bad : Provider::Unknown;
  }
  return !is_http && found->protocol == ExtensionProvider::Protocol::Http ? Provider::NotOnTcp
                                                                          : Provider::Usable;
}

}  // namespace tally::authorization
