#include "authorization/trust_domain.hpp"

#include <algorithm>

namespace tally::authorization {

namespace {

constexpr std::string_view kClusterLocal = "cluster.local";

// A principal that has the five parts DOMAIN/ns/NAMESPACE/sa/ACCOUNT.
bool has_five_parts(std::string_view principal) noexcept {
  return std::count(principal.begin(), principal.end(), '/') == 4;
}

bool matches_prefix(std::string_view text, std::string_view pattern) noexcept {
  return pattern.ends_with('*') && text.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool matches_suffix(std::string_view text, std::string_view pattern) noexcept {
  return pattern.starts_with('*') && text.ends_with(pattern.substr(1));
}

bool is_related(std::string_view text, std::string_view domain) noexcept {
  return text == domain || domain == "*" || matches_prefix(text, domain) ||
         matches_prefix(domain, text) || matches_suffix(text, domain) ||
         matches_suffix(domain, text);
}

void add_once(std::string text, std::vector<std::string>& out, std::size_t from) {
  if (std::find(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), text) == out.end()) {
    out.push_back(std::move(text));
  }
}

}  // namespace

TrustDomains::TrustDomains(std::string own, std::vector<std::string> aliases) {
  domains_ = {std::move(own)};
  domains_.insert(domains_.end(), std::make_move_iterator(aliases.begin()),
                  std::make_move_iterator(aliases.end()));
}

void TrustDomains::add_for_all(std::string_view principal, std::string_view domain,
                               std::vector<std::string>& out) const {
  const std::size_t from = out.size();
  for (const std::string& own : domains_) {
    // "*-td" stays for the domains that it means.
    add_once(matches_suffix(own, domain) ? std::string(principal)
                                         : own + std::string(principal.substr(principal.find('/'))),
             out, from);
  }
}

std::vector<std::string> TrustDomains::expand_principals(
    const std::vector<std::string_view>& principals) const {
  std::vector<std::string> out;
  out.reserve(principals.size());
  for (const std::string_view principal : principals) {
    const std::string_view domain = principal.substr(0, principal.find('/'));
    const bool is_ours = domain == kClusterLocal ||
                         std::any_of(domains_.begin(), domains_.end(), [&](const std::string& own) {
                           return is_related(domain, own);
                         });
    if (!has_five_parts(principal) || domain == "*" || !is_ours) {
      out.emplace_back(principal);
      continue;
    }
    add_for_all(principal, domain, out);
  }
  return out;
}

std::vector<std::string> TrustDomains::expand_trust_domains(
    const std::vector<std::string_view>& values) const {
  std::vector<std::string> out;
  for (const std::string_view value : values) {
    if (std::find(domains_.begin(), domains_.end(), value) == domains_.end()) {
      add_once(std::string(value), out, 0);
      continue;
    }
    for (const std::string& own : domains_) {
      add_once(own, out, 0);
    }
  }
  return out;
}

}  // namespace tally::authorization
