// The rules of the CRDs (x-kubernetes-validations) that all three kinds share, and those of
// PeerAuthentication and RequestAuthentication; then istiod's own for these two.

#include "authorization/internal/validate.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "authorization/internal/attach_rules.hpp"
#include "authorization/internal/fields.hpp"
#include "authorization/internal/schema.hpp"
#include "base/arena.hpp"
#include "document/read.hpp"
#include "scalar/time_text.hpp"
#include "scalar/url.hpp"

namespace tally::authorization {

using document::Node;

namespace {

constexpr std::string_view kDryRun = "istio.io/dry-run";

void check_target(const Node& target, Checker& checker) {
  if (const Node* name_space = field(target, "namespace");
      name_space != nullptr && !name_space->text().empty()) {
    const Checker::Step step(checker, "namespace", name_space);
    checker.refuse_here("Invalid value: cross namespace referencing is not currently supported");
  }
  const std::string_view group = text_field(target, "group");
  const std::string_view kind = text_field(target, "kind");
  const bool is_known =
      (group.empty() && kind == "Service") || (group == "core" && kind == "Service") ||
      (group == "networking.istio.io" && kind == "ServiceEntry") ||
      (group == "gateway.networking.k8s.io" && (kind == "Gateway" || kind == "GatewayClass"));
  if (!is_known) {
    checker.invalid(fmt::format(
        "targetRef must be to one of Service, ServiceEntry, Gateway, GatewayClass but was {}/{}",
        group, kind));
  }
}

void check_selector(const Node& selector, Checker& checker) {
  const Node* labels = field(selector, "matchLabels");
  if (labels == nullptr || labels->size() == 0) {
    checker.warn(
        "workload selector specified without labels: a sidecar reads it as every workload "
        "of the namespace, a ztunnel as none");
    return;
  }
  const Checker::Step step(checker, "matchLabels", labels);
  for (const document::Member label : labels->members()) {
    if (label.key.empty()) {
      checker.refuse_here("Invalid value: key must not be empty");
    } else if (label.key.find('*') != std::string_view::npos) {
      checker.refuse_here("Invalid value: wildcard not allowed in label key match");
    }
    if (label.value.text().find('*') != std::string_view::npos) {
      const Checker::Step value(checker, label.key, &label.value);
      checker.refuse_here("Invalid value: wildcard not allowed in label value match");
    }
  }
}

}  // namespace

void check_attachment(const Node& spec, Checker& checker) {
  int set = 0;
  if (const Node* selector = field(spec, "selector")) {
    ++set;
    const Checker::Step step(checker, "selector", selector);
    check_selector(*selector, checker);
  }
  if (const Node* target = field(spec, "targetRef")) {
    ++set;
    const Checker::Step step(checker, "targetRef", target);
    check_target(*target, checker);
  }
  if (const Node* targets = field(spec, "targetRefs")) {
    ++set;
    const Checker::Step step(checker, "targetRefs", targets);
    std::size_t index = 0;
    for (const Node& target : targets->items()) {
      const Checker::Step item(checker, index++, &target);
      check_target(target, checker);
    }
  }
  if (set > 1) {
    checker.refuse_here("Invalid value: only one of targetRefs or selector can be set");
  }
}

void check_dry_run(const kube::Object& object, Checker& checker) {
  const auto value = object.annotation(kDryRun);
  if (!value) {
    return;
  }
  if (object.ref.kind != "AuthorizationPolicy") {
    checker.invalid(
        fmt::format("unsupported annotation {}, please remove the annotation", kDryRun));
    return;
  }
  constexpr std::array<std::string_view, 6> kFalseWords = {"0",     "f",     "F",
                                                           "FALSE", "false", "False"};
  if (!is_true_word(*value) &&
      std::find(kFalseWords.begin(), kFalseWords.end(), *value) == kFalseWords.end()) {
    checker.invalid(fmt::format("annotation {} with invalid value ({})", kDryRun, *value));
  }
  const std::string_view action = text_field(spec_of(object.root), "action");
  if (action == "AUDIT" || action == "CUSTOM") {
    checker.invalid(
        fmt::format("the annotation {} is not supported for {} action", kDryRun, action));
  }
}

namespace {

// Keys in the object itself: a set, or one key (github.com/lestrrat-go/jwx jwk.Parse).
void check_keys(const Node& jwks, Checker& checker) {
  const Checker::Step step(checker, "jwks", &jwks);
  const auto source = document::Source::from_text("jwks", jwks.text());
  Arena arena;
  document::ReadOptions options;
  options.limits.depth = 32;
  const auto root = document::read_one(*source, arena, options);
  const Node* keys = root ? field(*root, "keys") : nullptr;
  const std::span<const Node> list = keys != nullptr ? keys->items()
                                     : root          ? std::span<const Node>(&*root, 1)
                                                     : std::span<const Node>{};
  constexpr std::array<std::string_view, 4> kTypes = {"RSA", "EC", "OKP", "oct"};
  for (const Node& key : list) {
    const std::string_view type = text_field(key, "kty");
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      checker.invalid(fmt::format("jwks parse error: key type \"{}\"", type));
    } else if (type == "oct" || field(key, "d") != nullptr) {
      checker.warn(
          "jwks key contains private key material; only public keys are used for verification");
    }
  }
  if (!root || !root->is_object()) {
    checker.invalid("jwks parse error: no JSON object");
  }
}

void check_ports(const Node& ports, Checker& checker) {
  const Checker::Step step(checker, "portLevelMtls", &ports);
  for (const document::Member port : ports.members()) {
    std::int64_t number = 0;
    const char* end = port.key.data() + port.key.size();
    const auto [stop, error] = std::from_chars(port.key.data(), end, number);
    if (port.key.empty() || error != std::errc{} || stop != end) {
      checker.refuse_here(
          "Invalid value: type conversion error from 'string' to 'int' evaluating rule: port must "
          "be "
          "between 1-65535");
    } else if (number < 1 || number > 65535) {
      checker.refuse_here("Invalid value: port must be between 1-65535");
    }
  }
}

void check_jwt_rule(const Node& rule, Checker& checker) {
  int keys = 0;
  for (const std::string_view name : {"jwks", "jwks_uri", "jwksUri"}) {
    const Node* value = field(rule, name);
    if (value == nullptr) {
      continue;
    }
    ++keys;
    if (name == "jwks" || !value->is_string()) {
      continue;
    }
    const Checker::Step step(checker, name, value);
    const auto url = scalar::Url::parse_request_uri(value->text());
    if (!url || (url->scheme() != "http" && url->scheme() != "https")) {
      checker.refuse_here("Invalid value: url must have scheme http:// or https://");
    }
  }
  if (const std::string_view text = text_field(rule, "jwks"); !text.empty()) {
    check_keys(*field(rule, "jwks"), checker);
  }
  if (keys > 1) {
    checker.refuse_here("Invalid value: only one of jwks or jwksUri can be set");
  }
  if (const Node* timeout = field(rule, "timeout"); timeout != nullptr && timeout->is_string()) {
    const auto nanoseconds = scalar::parse_duration(timeout->text());
    if (!nanoseconds || *nanoseconds < 1'000'000) {
      const Checker::Step step(checker, "timeout", timeout);
      checker.refuse_here("Invalid value: must be a valid duration greater than 1ms");
    }
  }
  if (text_field(rule, "issuer").empty() && text_field(rule, "jwksUri").empty() &&
      text_field(rule, "jwks_uri").empty()) {
    checker.invalid("issuer or jwksUri must be non-empty string");
  }
}

}  // namespace

bool validate_peer_authentication(const kube::Object& object, std::vector<Problem>& problems) {
  Checker checker(object, problems);
  const Node& spec = spec_of(object.root);
  const Checker::Step step(checker, "spec", &spec);
  if (spec.is_null()) {
    return true;
  }
  check_dry_run(object, checker);
  check_shape(spec, kPeerAuthenticationShape, checker);
  if (checker.is_refused()) {
    return false;
  }
  if (const Node* selector = field(spec, "selector")) {
    const Checker::Step inner(checker, "selector", selector);
    check_selector(*selector, checker);
  }
  if (const Node* ports = field(spec, "portLevelMtls")) {
    check_ports(*ports, checker);
    if (read_attachment(spec).labels.empty()) {
      checker.refuse_here("Invalid value: portLevelMtls requires selector");
    }
  }
  return !checker.is_refused();
}

bool validate_request_authentication(const kube::Object& object, std::vector<Problem>& problems) {
  Checker checker(object, problems);
  const Node& spec = spec_of(object.root);
  const Checker::Step step(checker, "spec", &spec);
  if (spec.is_null()) {
    return true;
  }
  check_dry_run(object, checker);
  check_shape(spec, kRequestAuthenticationShape, checker);
  if (!spec.is_object()) {
    return false;
  }
  check_attachment(spec, checker);
  if (const Node* rules = field(spec, "jwtRules")) {
    const Checker::Step inner(checker, "jwtRules", rules);
    std::size_t index = 0;
    for (const Node& rule : rules->items()) {
      const Checker::Step item(checker, index++, &rule);
      if (rule.is_object()) {
        check_jwt_rule(rule, checker);
      }
    }
  }
  return !checker.is_refused();
}

}  // namespace tally::authorization
