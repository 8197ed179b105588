// Decisions in words.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "authorization/decide.hpp"
#include "authorization/internal/program.hpp"

namespace tally::authorization {

namespace {

// What is missing, by attribute; attributes of one fact share a text.
constexpr std::array<std::string_view, kAttributes> kFacts = {
    "the address of the peer",
    "the address of the client",
    "the identity of the peer",
    "the identity of the peer",
    "the identity of the peer",
    "the identity of the peer",
    "the token of the request, validated",
    "the token of the request, validated",
    "the token of the request, validated",
    "the headers of the request",
    "the token of the request, validated",
    "the address of the destination",
    "the port of the destination",
    "the server name of the connection (SNI)",
    "the dynamic metadata of an Envoy filter",
    "the host of the request",
    "the path of the request",
    "the method of the request",
};

std::string name_of(const Hit& hit) {
  if (hit.object == nullptr) {
    return "no policy";
  }
  const std::string policy = fmt::format("{} {}/{}", hit.object->ref.kind,
                                         hit.object->ref.name_space, hit.object->ref.name);
  return hit.rule == kNoRule ? policy : fmt::format("rule {} of {}", hit.rule, policy);
}

std::string list_of(const std::vector<std::string_view>& facts) {
  std::string out;
  for (const std::string_view fact : facts) {
    out += out.empty() ? "" : ", ";
    out += fact;
  }
  return out;
}

}  // namespace

std::string_view to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Allow:
      return "allow";
    case Verdict::Deny:
      return "deny";
    case Verdict::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::string pointer_of(const Hit& hit) {
  return hit.rule == kNoRule ? "/spec" : fmt::format("/spec/rules/{}", hit.rule);
}

std::vector<std::string_view> missing_facts(const Decision& decision) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < kAttributes; ++i) {
    const bool is_new = out.empty() || std::find(out.begin(), out.end(), kFacts[i]) == out.end();
    if ((decision.missing >> i & 1U) != 0 && is_new) {
      out.push_back(kFacts[i]);
    }
  }
  return out;
}

std::string describe(const Decision& decision) {
  const std::string by = name_of(decision.decided_by);
  switch (decision.cause) {
    case Cause::NoAllowPolicy:
      return "Allowed: no policy denies it, and no ALLOW policy is attached to the workload.";
    case Cause::AllowRule:
      return fmt::format("Allowed: {} matches.", by);
    case Cause::DenyRule:
      return fmt::format("Denied: {} matches.", by);
    case Cause::NoAllowRule:
      return fmt::format(
          "Denied: ALLOW policies are attached to the workload ({}), and no rule of theirs "
          "matches.",
          by);
    case Cause::PlaintextRefused:
      return fmt::format("Denied: {} wants mutual TLS, and the connection shows no identity.", by);
    case Cause::BadPath:
      return "Denied: the path holds an escaped NUL, which Envoy answers with 400.";
    case Cause::TokenRefused:
      return fmt::format("Denied: {} does not accept the token (401).", by);
    case Cause::BadProvider:
      return fmt::format("Denied: {} matches, and its provider cannot be used.", by);
    case Cause::CustomRule:
      return fmt::format("Unknown: {} matches, and what its provider answers is not known.", by);
    case Cause::MissingFacts:
      return fmt::format("Unknown: it depends on {}.", list_of(missing_facts(decision)));
  }
  return {};
}

}  // namespace tally::authorization
