// Rule: every `except` of an ipBlock lies within its cidr.
// The API server refuses such a policy (k8s.io/kubernetes pkg/apis/networking/validation
// ValidateIPBlock), and the policy does not exist. An `except` equal to the cidr takes everything
// away: it is refused as well.
#include <fmt/format.h>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "scalar/ip_address.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "except-outside-cidr",
    .title = "Exception outside of its block",
    .description =
        "An `except` cuts a piece out of the ipBlock's cidr. One that lies outside cuts nothing "
        "out; the API server refuses the whole policy, and what it was to isolate stays open.",
    .remedy = "Correct the cidr or the exception; IPv4 and IPv6 need blocks of their own.",
    .severity = finding::Severity::High,
    .controls = kFlow,
    .references = kPolicyReference};

void judge(const PlainPolicy& policy, const PlainPeer& peer, Reporter& reporter) {
  const document::Node* cidr = peer.block->find("cidr");
  const document::Node* except = peer.block->find("except");
  const auto whole = cidr == nullptr ? std::nullopt : [&]() -> std::optional<scalar::Cidr> {
    auto read = scalar::Cidr::parse(cidr->text());
    return read ? std::optional(*read) : std::nullopt;
  }();
  if (!whole || except == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < except->size(); ++i) {
    const document::Node& item = except->items()[i];
    const auto part = scalar::Cidr::parse(item.text());
    if (!part || scalar::AddressSet(*whole).contains(scalar::AddressSet(*part))) {
      continue;
    }
    reporter.add(kCheck, *policy.object,
                 {fmt::format("{}/ipBlock/except/{}", peer.pointer, i), item.offset()},
                 {.found = std::string(item.text()),
                  .allowed = fmt::format("a block within {}", cidr->text()),
                  .message = fmt::format("{} does not lie within {}: the API server refuses the "
                                         "policy",
                                         item.text(), cidr->text())});
  }
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      for (const PlainPeer& peer : rule.peers) {
        if (peer.block != nullptr) {
          judge(policy, peer, reporter);
        }
      }
    }
  }
}

}  // namespace

Row except_outside_cidr_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
