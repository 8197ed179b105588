#include "crypto/serving_identity.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/issue.hpp"

namespace tally::crypto {

namespace {

constexpr std::size_t kAuthoritiesMax = 8;

// Addresses in one spelling; what is no address stays, and will match none.
std::string canonical_address(const std::string& text) {
  for (const int family : {AF_INET, AF_INET6}) {
    std::array<unsigned char, 16> octets{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (::inet_pton(family, text.c_str(), octets.data()) == 1) {
      ::inet_ntop(family, octets.data(), out.data(), out.size());
      return out.data();
    }
  }
  return text;
}

bool same_names(std::vector<std::string> a, std::vector<std::string> b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

bool has_names(const CertificateFacts& facts, const ServingNames& names) {
  std::vector<std::string> addresses;
  for (const std::string& text : names.ip_addresses) {
    addresses.push_back(canonical_address(text));
  }
  return facts.subject == names.server && same_names(facts.dns_names, names.dns_names) &&
         same_names(facts.ip_addresses, std::move(addresses));
}

std::vector<std::string> sound_authorities(const std::vector<std::string>& certificates) {
  std::vector<std::string> out;
  for (const std::string& text : certificates) {
    const auto facts = read_certificate(text);
    if (facts && facts->is_authority && out.size() < kAuthoritiesMax) {
      out.push_back(text);
    }
  }
  return out;
}

Result<void> create(ServingIdentity& identity, const ServingNames& names,
                    const RotationPolicy& policy, std::int64_t now) {
  TALLY_TRY(auto made, create_authority({.common_name = names.authority,
                                         .not_before = now - policy.backdate_seconds,
                                         .not_after = now + policy.authority_seconds}));
  auto& authorities = identity.ca_certificates;
  authorities.insert(authorities.begin(), std::move(made.certificate));
  authorities.resize(std::min(authorities.size(), kAuthoritiesMax));
  identity.ca_key = std::move(made.key);
  return {};
}

Result<void> issue_serving(ServingIdentity& identity, const ServingNames& names,
                           const RotationPolicy& policy, std::int64_t now) {
  const CertifiedKey authority{identity.ca_certificates.front(), identity.ca_key.duplicate()};
  TALLY_TRY(const CertificateFacts facts, read_certificate(authority.certificate));
  TALLY_TRY(
      auto made,
      issue(authority, {.common_name = names.server,
                        .dns_names = names.dns_names,
                        .ip_addresses = names.ip_addresses,
                        .not_before = std::max(now - policy.backdate_seconds, facts.not_before),
                        .not_after = now + policy.serving_seconds,
                        .purpose = KeyPurpose::Server}));
  identity.serving_certificate = std::move(made.certificate);
  identity.serving_key = std::move(made.key);
  return {};
}

}  // namespace

std::string ServingIdentity::ca_bundle() const {
  std::string out;
  for (const std::string& certificate : ca_certificates) {
    out += certificate;
  }
  return out;
}

RotationState state_of(const ServingIdentity& identity, const ServingNames& names) {
  RotationState state;
  const std::vector<std::string> authorities = sound_authorities(identity.ca_certificates);
  for (const std::string& text : authorities) {
    const auto facts = read_certificate(text);
    state.authorities.push_back({facts->not_before, facts->not_after});
  }
  state.can_sign = !authorities.empty() && matches_key(authorities.front(), identity.ca_key);
  const auto serving = read_certificate(identity.serving_certificate);
  if (!serving || !has_names(*serving, names) ||
      !matches_key(identity.serving_certificate, identity.serving_key)) {
    return state;
  }
  state.has_serving = true;
  state.serving = {serving->not_before, serving->not_after};
  state.serving_authority = static_cast<std::size_t>(
      std::ranges::find_if(authorities,
                           [&](const std::string& authority) {
                             return is_signed_by(identity.serving_certificate, authority);
                           }) -
      authorities.begin());
  return state;
}

Result<Rotated> rotate(ServingIdentity identity, const ServingNames& names,
                       const RotationPolicy& policy, std::int64_t now) {
  TALLY_CHECK(check(policy));
  Rotated out;
  auto sound = sound_authorities(identity.ca_certificates);
  out.steps.assign(identity.ca_certificates.size() - sound.size(), RotationStep::DropAuthority);
  identity.ca_certificates = std::move(sound);
  constexpr int kStepsMax = 32;  // each step is due once; twice is a policy that contradicts itself
  for (int taken = 0; taken < kStepsMax; ++taken) {
    const RotationPlan due = plan(state_of(identity, names), policy, now);
    switch (due.step) {
      case RotationStep::Nothing:
        out.identity = std::move(identity);
        out.next = due.next;
        return out;
      case RotationStep::CreateAuthority:
        TALLY_CHECK(create(identity, names, policy, now));
        break;
      case RotationStep::IssueServing:
        TALLY_CHECK(issue_serving(identity, names, policy, now));
        break;
      case RotationStep::DropAuthority:
        identity.ca_certificates.erase(identity.ca_certificates.begin() +
                                       static_cast<std::ptrdiff_t>(due.authority));
        break;
    }
    out.steps.push_back(due.step);
  }
  return environment_error("the certificates do not become what they should be");
}

}  // namespace tally::crypto
