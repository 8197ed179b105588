#pragma once
// Is this connection, or this HTTP request, allowed? As the proxies answer, in their order:
//
//   1. Plaintext where mutual TLS is STRICT is refused (sidecar, ztunnel).
//   2. A path that Envoy cannot normalise is refused (400), and so is a token that no
//      RequestAuthentication accepts (401).
//   3. CUSTOM: where a rule matches, the external authorizer answers. We cannot know what.
//   4. DENY: where a rule matches, denied.
//   5. ALLOW: if no ALLOW policy is attached, allowed; if a rule of one matches, allowed; else
//      denied.
//   AUDIT never changes the outcome; nor does a policy with the annotation istio.io/dry-run:
//   "true".
//
// Unknown: the answer depends on a fact that nobody gave. Whatever the fact, it is not unknown if
// the answer is the same.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/policy_set.hpp"
#include "authorization/request.hpp"

namespace tally::authorization {

enum class Verdict : std::uint8_t { Allow, Deny, Unknown };
[[nodiscard]] std::string_view to_text(Verdict verdict) noexcept;  // "allow", ...

enum class Cause : std::uint8_t {
  NoAllowPolicy,     // allowed: nothing denies, and no ALLOW policy is attached
  AllowRule,         // allowed
  DenyRule,          // denied
  NoAllowRule,       // denied: ALLOW policies are attached, no rule of theirs matches
  PlaintextRefused,  // denied
  BadPath,           // denied: 400
  TokenRefused,      // denied: 401
  BadProvider,       // denied: a CUSTOM rule matches whose provider cannot be used
  CustomRule,        // unknown: a CUSTOM rule matches
  MissingFacts,      // unknown
};

inline constexpr std::uint32_t kNoRule = 0xFFFFFFFF;

// A rule that matched, or a policy that decided without one.
struct Hit {
  const kube::Object* object = nullptr;
  Action action = Action::Allow;
  bool is_dry_run = false;
  bool is_certain = true;        // false: it may match
  std::uint32_t rule = kNoRule;  // in spec.rules
  std::uint32_t offset = 0;      // of the rule in the object's source
};
// RFC 6901: "/spec/rules/3", or "/spec".
[[nodiscard]] std::string pointer_of(const Hit& hit);

struct Decision {
  Verdict verdict = Verdict::Unknown;
  Cause cause = Cause::MissingFacts;
  Hit decided_by;          // object null: nothing did
  std::vector<Hit> chain;  // what matched or may match, in the order of evaluation; AUDIT and dry
                           // runs included; after what decided, nothing
  std::uint32_t missing = 0;  // see missing_facts()

  // Memory that is used again.
  struct Scratch {
    std::vector<std::uint32_t> policies;
    std::vector<std::string_view> names;
    std::string path;
  } scratch;
};

// Overwrites `decision`. Nothing is allocated once its memory is as big as it needs to be.
void decide(const PolicySet& set, const Request& request, Decision& decision);
[[nodiscard]] Decision decide(const PolicySet& set, const Request& request);

// Every rule of every attached policy that matches or may match, whatever was decided before.
void find_hits(const PolicySet& set, const Request& request, Decision& decision);

// "the token of the request", "the address of the client", ...: what an unknown answer needs.
[[nodiscard]] std::vector<std::string_view> missing_facts(const Decision& decision);
// One sentence: what was decided, by which rule, and why.
[[nodiscard]] std::string describe(const Decision& decision);

}  // namespace tally::authorization
