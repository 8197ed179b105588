#include "authorization/string_match.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tally::authorization {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool starts_with(std::string_view text, std::size_t at, std::string_view part) noexcept {
  return text.size() - at >= part.size() && text.compare(at, part.size(), part) == 0;
}

// Glob over a whole text; a star is any run.
bool glob(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

}  // namespace

bool equals_any_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

StringMatch StringMatch::from_value(std::string_view value) noexcept {
  if (value == "*") {
    return {Kind::Present, {}};
  }
  if (value.starts_with('*')) {
    return {Kind::Suffix, value.substr(1)};
  }
  if (value.ends_with('*')) {
    return {Kind::Prefix, value.substr(0, value.size() - 1)};
  }
  return {Kind::Exact, value};
}

bool StringMatch::matches(std::string_view value) const noexcept {
  switch (kind) {
    case Kind::Exact:
      return value == text;
    case Kind::Prefix:
      return value.starts_with(text);
    case Kind::Suffix:
      return value.ends_with(text);
    case Kind::Present:
      return !value.empty();
  }
  return false;
}

bool StringMatch::matches_any_case(std::string_view value) const noexcept {
  switch (kind) {
    case Kind::Exact:
      return equals_any_case(value, text);
    case Kind::Prefix:
      return equals_any_case(value.substr(0, text.size()), text);
    case Kind::Suffix:
      return value.size() >= text.size() &&
             equals_any_case(value.substr(value.size() - text.size()), text);
    case Kind::Present:
      return !value.empty();
  }
  return false;
}

// Envoy's Authenticated principal never matches without a peer certificate; with one, the value has
// "spiffe://" before it and only "*" alone matches other identities.
bool matches_principal(std::string_view value, std::string_view principal) noexcept {
  return !principal.empty() && StringMatch::from_value(value).matches(principal);
}

// ".*/ns/NAMESPACE/.*" over "spiffe://PRINCIPAL".
bool matches_namespace(std::string_view value, std::string_view principal) noexcept {
  constexpr std::string_view kMark = "/ns/";
  const auto matches_at = [&](std::string_view rest) {
    if (value.find('*') == std::string_view::npos) {
      return rest.size() > value.size() && rest[value.size()] == '/' && rest.starts_with(value);
    }
    for (std::size_t slash = rest.find('/'); slash != std::string_view::npos;
         slash = rest.find('/', slash + 1)) {
      if (glob(value, rest.substr(0, slash))) {
        return true;
      }
    }
    return false;
  };
  // The slash may be the second one of "spiffe://".
  if (principal.starts_with(kMark.substr(1)) && matches_at(principal.substr(kMark.size() - 1))) {
    return true;
  }
  for (std::size_t at = principal.find(kMark); at != std::string_view::npos;
       at = principal.find(kMark, at + 1)) {
    if (matches_at(principal.substr(at + kMark.size()))) {
      return true;
    }
  }
  return false;
}

// "*" is any identity; without a star "spiffe://VALUE/" is the prefix; else one star is any run
// without a slash.
bool matches_trust_domain(std::string_view value, std::string_view principal) noexcept {
  if (principal.empty()) {
    return false;
  }
  if (value == "*") {
    return true;
  }
  const std::size_t star = value.find('*');
  if (star == std::string_view::npos) {
    return principal.size() > value.size() && principal[value.size()] == '/' &&
           principal.starts_with(value);
  }
  const std::string_view before = value.substr(0, star);
  const std::string_view after = value.substr(star + 1);
  if (!principal.starts_with(before)) {
    return false;
  }
  for (std::size_t at = before.size();; ++at) {
    if (starts_with(principal, at, after) && at + after.size() < principal.size() &&
        principal[at + after.size()] == '/') {
      return true;
    }
    if (at >= principal.size() || principal[at] == '/') {
      return false;
    }
  }
}

ServiceAccountMatch ServiceAccountMatch::from_value(std::string_view value,
                                                    std::string_view policy_namespace) noexcept {
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) {
    return {policy_namespace, value};
  }
  return {value.substr(0, slash), value.substr(slash + 1)};
}

bool ServiceAccountMatch::matches(std::string_view principal) const noexcept {
  constexpr std::string_view kNamespace = "/ns/";
  constexpr std::string_view kAccount = "sa/";
  // ".+" before "/ns/": at least one character.
  for (std::size_t at = principal.find(kNamespace, 1); at != std::string_view::npos;
       at = principal.find(kNamespace, at + 1)) {
    const std::size_t space = at + kNamespace.size();
    if (!starts_with(principal, space, name_space) ||
        !starts_with(principal, space + name_space.size(), "/")) {
      continue;
    }
    const std::string_view rest = principal.substr(space + name_space.size() + 1);
    for (std::size_t sa = rest.find(kAccount); sa != std::string_view::npos;
         sa = rest.find(kAccount, sa + 1)) {
      const bool begins_segment = sa == 0 || (sa >= 2 && rest[sa - 1] == '/');
      const std::string_view account = rest.substr(sa + kAccount.size());
      if (!begins_segment || !account.starts_with(name)) {
        continue;
      }
      const std::string_view behind = account.substr(name.size());
      if (behind.empty() || (behind.size() >= 2 && behind.front() == '/')) {
        return true;
      }
    }
  }
  return false;
}

RequestPrincipalMatch RequestPrincipalMatch::from_value(std::string_view value) noexcept {
  using Kind = StringMatch::Kind;
  const StringMatch any{Kind::Present, {}};
  if (value == "*") {
    return {any, any};
  }
  const std::size_t slash = value.rfind('/');
  const bool has_slash = slash != std::string_view::npos;
  const std::string_view issuer = value.substr(0, slash);
  const std::string_view subject = has_slash ? value.substr(slash + 1) : std::string_view{};
  if (value.starts_with('*')) {
    if (!has_slash) {
      return {any, {Kind::Suffix, value.substr(1)}};
    }
    return {issuer == "*" ? any : StringMatch{Kind::Suffix, issuer.substr(1)},
            {Kind::Exact, subject}};
  }
  if (value.ends_with('*')) {
    if (!has_slash) {
      return {{Kind::Prefix, value.substr(0, value.size() - 1)}, any};
    }
    return {
        {Kind::Exact, issuer},
        subject == "*" ? any : StringMatch{Kind::Prefix, subject.substr(0, subject.size() - 1)}};
  }
  return {{Kind::Exact, issuer}, {Kind::Exact, subject}};
}

}  // namespace tally::authorization
