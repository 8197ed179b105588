#pragma once
// What an AuthorizationPolicy becomes: flat tables of conditions and values, indices instead of
// pointers.
//
//   rule = all of `when` and (one of `from`, if there is any) and (one of `to`, if there is any)
//   alternative (an entry of from or to) = all of its conditions
//   condition = (one of its values, if there is any) and none of its notValues

#include <cstdint>
#include <string_view>
#include <vector>

#include "authorization/policy_set.hpp"
#include "authorization/string_match.hpp"
#include "document/node.hpp"
#include "kube/object.hpp"
#include "scalar/ip_address.hpp"

namespace tally::authorization {

enum class Attribute : std::uint8_t {
  SourceIp,
  RemoteIp,
  SourceNamespace,
  SourceTrustDomain,
  SourceServiceAccount,
  SourcePrincipal,
  RequestPrincipal,
  RequestAudiences,
  RequestPresenter,
  RequestHeader,
  RequestClaims,
  DestinationIp,
  DestinationPort,
  ConnectionSni,
  EnvoyFilter,
  Host,
  Path,
  Method,
};
inline constexpr std::size_t kAttributes = static_cast<std::size_t>(Attribute::Method) + 1;

using AttributeMask = std::uint32_t;
constexpr AttributeMask mask_of(Attribute attribute) noexcept {
  return AttributeMask{1} << static_cast<unsigned>(attribute);
}

// Read by the proxy from HTTP only: no such condition exists on a TCP port.
[[nodiscard]] constexpr bool is_http_only(Attribute attribute) noexcept {
  switch (attribute) {
    case Attribute::RequestPrincipal:
    case Attribute::RequestAudiences:
    case Attribute::RequestPresenter:
    case Attribute::RequestHeader:
    case Attribute::RequestClaims:
    case Attribute::Host:
    case Attribute::Path:
    case Attribute::Method:
      return true;
    case Attribute::SourceIp:
    case Attribute::RemoteIp:
    case Attribute::SourceNamespace:
    case Attribute::SourceTrustDomain:
    case Attribute::SourceServiceAccount:
    case Attribute::SourcePrincipal:
    case Attribute::DestinationIp:
    case Attribute::DestinationPort:
    case Attribute::ConnectionSni:
    case Attribute::EnvoyFilter:
      return false;
  }
  return false;
}

struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] bool is_empty() const noexcept { return begin == end; }
};

struct Value {
  std::string_view text;        // as written, or from a trust-domain alias
  StringMatch match;            // of the text; the issuer of a RequestPrincipal
  StringMatch subject;          // of a RequestPrincipal
  ServiceAccountMatch account;  // of a SourceServiceAccount
  scalar::Cidr cidr;            // of addresses
  std::uint16_t port = 0;
  bool is_template = false;  // of a Path
};

struct Condition {
  Attribute attribute = Attribute::SourceIp;
  std::string_view key;  // of a header: its name; of an Envoy filter: the whole key
  Span claim_path;       // of RequestClaims: into Program::names
  Span values;           // into Program::values
  Span not_values;
};

struct Rule {
  std::uint32_t index = 0;   // in spec.rules
  std::uint32_t offset = 0;  // in the policy's source
  Span when;                 // conditions
  Span from;                 // alternatives
  Span to;                   // alternatives
  bool is_skipped = false;   // the control plane gives it to no Envoy: an unknown key, or, in an
                             // ALLOW policy, a value that cannot be read
  bool has_http = false;     // some condition is_http_only
};

struct TargetRef {
  std::string_view group;  // "core" for the core group
  std::string_view kind;
  std::string_view name;
  std::string_view name_space;
};

// What selects the proxies of an object: labels, or targets.
struct Attachment {
  bool has_selector = false;
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::vector<TargetRef> targets;
};

struct Policy {
  const kube::Object* object = nullptr;
  Action action = Action::Allow;
  bool is_dry_run = false;
  std::string_view provider;  // of CUSTOM
  Span rules;                 // into Program::rules; empty: matches nothing
  Attachment attachment;
};

struct Program {
  std::vector<Policy> policies;
  std::vector<Rule> rules;
  std::vector<Span> alternatives;
  std::vector<Condition> conditions;
  std::vector<Value> values;
  std::vector<std::string_view> names;
};

}  // namespace tally::authorization
