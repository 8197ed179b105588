#include <gtest/gtest.h>

#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::policy;
using testing::World;

std::string object(std::string_view kind, std::string_view spec) {
  std::string out = policy("bank/p", spec);
  const std::size_t at = out.find("AuthorizationPolicy");
  return out.replace(at, std::string_view{"AuthorizationPolicy"}.size(), kind);
}

// "refused /spec/action: ..." of the first problem, or nothing.
std::string first_problem(const std::string& yaml) {
  const World world(yaml);
  if (world.problems().empty()) {
    return {};
  }
  const Problem& problem = world.problems().front();
  EXPECT_GT(problem.position().line, 0U);
  return std::string(to_text(problem.kind)) + " " + problem.pointer + ": " + problem.message;
}

struct Row {
  std::string_view spec;
  std::string_view problem;  // how it begins; empty: none
};

void expect_rows(std::string_view kind, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string said = first_problem(object(kind, row.spec));
    if (row.problem.empty()) {
      EXPECT_EQ(said, "") << row.spec;
    } else {
      EXPECT_EQ(said.substr(0, row.problem.size()), row.problem) << row.spec;
    }
  }
}

TEST(Validate, AuthorizationPolicy) {
  expect_rows(
      "AuthorizationPolicy",
      {
          {"{}", ""},
          {"{rules: [{}]}", ""},
          {"{selector: {matchLabels: {a: b}}, action: DENY, rules: [{from: [{source: {namespaces: "
           "[a]}}]}]}",
           ""},
          {"{action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {paths: "
           "['/a/{*}']}}]}]}",
           ""},
          {"{rules: [{when: [{key: 'request.headers[x]', values: ['']}]}]}",
           "invalid /spec/rules/0/when/0/values/0: empty value not allowed"},
          // The API server.
          {"text",
           "refused /spec: spec: Invalid value: \"string\": spec in body must be of type object"},
          {"{action: allow}",
           "refused /spec/action: spec.action: Unsupported value: \"allow\": supported "
           "values: \"ALLOW\", \"DENY\", \"AUDIT\", \"CUSTOM\""},
          {"{rules: {}}",
           "refused /spec/rules: spec.rules: Invalid value: \"object\": spec.rules in body must "
           "be of type array"},
          {"{rules: [null]}", "refused /spec/rules/0: spec.rules[0]: Invalid value: \"null\""},
          {"{rules: [{to: [{operation: {ports: [80]}}]}]}",
           "refused /spec/rules/0/to/0/operation/ports/0: spec.rules[0].to[0].operation.ports[0]: "
           "Invalid "
           "value: \"integer\""},
          {"{rules: [{when: [{values: [a]}]}]}",
           "refused /spec/rules/0/when/0/key: spec.rules[0].when[0].key: Required value"},
          {"{selector: {matchLabels: {a: '*'}}}",
           "refused /spec/selector/matchLabels/a: spec.selector.matchLabels.a: Invalid value: "
           "wildcard"},
          {"{selector: {matchLabels: {'a*': b}}}", "refused /spec/selector/matchLabels: "},
          {"{selector: {matchLabels: {a: b}}, targetRef: {kind: Service, name: x}}",
           "refused /spec: spec: Invalid value: only one of targetRefs or selector can be set"},
          {"{targetRef: {kind: Service, name: x, namespace: y}}",
           "refused /spec/targetRef/namespace: "},
          {"{targetRef: {kind: Service, name: ''}}",
           "refused /spec/targetRef/name: spec.targetRef.name: Invalid value: spec.targetRef.name "
           "in body "
           "should be at least 1 chars long"},
          {"{rules: [{from: [{source: {serviceAccounts: [a], notPrincipals: [b]}}]}]}",
           "refused /spec/rules/0/from/0/source: spec.rules[0].from[0].source: Invalid value: "
           "Cannot set "
           "serviceAccounts with namespaces or principals"},
          // istiod.
          {"{targetRef: {kind: Pod, name: x}}",
           "invalid /spec/targetRef: targetRef must be to one of"},
          {"{action: DENY}", "invalid /spec: DENY action without `rules` is meaningless"},
          {"{action: CUSTOM, rules: [{}]}", "invalid /spec: `provider.name` must not be empty"},
          {"{provider: {name: x}}",
           "invalid /spec: `provider` must not be with non CUSTOM action, found ALLOW"},
          {"{action: CUSTOM, provider: {name: x}, rules: [{from: [{source: {principals: [a]}}]}]}",
           "invalid /spec/rules/0/from/0/source/principals: From.principals is currently not "
           "supported"},
          {"{action: CUSTOM, provider: {name: x}, rules: [{when: [{key: source.namespace, values: "
           "[a]}]}]}",
           "invalid /spec/rules/0/when/0: source.namespace is currently not supported"},
          {"{rules: [{from: []}]}", "invalid /spec/rules/0/from: `from` must not be empty"},
          {"{rules: [{from: [{}]}]}",
           "invalid /spec/rules/0/from/0: `from.source` must not be nil"},
          {"{rules: [{from: [{source: {}}]}]}",
           "invalid /spec/rules/0/from/0/source: `from.source` must not be empty"},
          {"{rules: [{to: [{operation: {}}]}]}",
           "invalid /spec/rules/0/to/0/operation: `to.operation` must not be empty"},
          {"{rules: [{to: [{operation: {ports: ['65536']}}]}]}",
           "invalid /spec/rules/0/to/0/operation/ports/0: bad port (65536)"},
          {"{rules: [{to: [{operation: {paths: ['/{**}/{*}']}}]}]}",
           "invalid /spec/rules/0/to/0/operation/paths/0: invalid or unsupported path {**}/{*}"},
          {"{rules: [{from: [{source: {ipBlocks: ['1.2.3.4/33']}}]}]}",
           "invalid /spec/rules/0/from/0/source/ipBlocks/0: bad CIDR range (1.2.3.4/33)"},
          {"{rules: [{from: [{source: {notIpBlocks: [x]}}]}]}",
           "invalid /spec/rules/0/from/0/source/notIpBlocks/0: bad IP address (x)"},
          {"{rules: [{from: [{source: {serviceAccounts: ['a/b/c']}}]}]}",
           "invalid /spec/rules/0/from/0/source/serviceAccounts/0: expected format"},
          {"{rules: [{from: [{source: {serviceAccounts: ['*']}}]}]}",
           "invalid /spec/rules/0/from/0/source/serviceAccounts/0: wildcard not allowed"},
          {"{rules: [{from: [{source: {trustDomains: ['a*b']}}]}]}",
           "invalid /spec/rules/0/from/0/source/trustDomains/0: wildcard is only allowed at the "
           "start or end"},
          {"{rules: [{when: [{key: a, values: [b]}]}]}",
           "invalid /spec/rules/0/when/0: invalid `value` for `key` a: unknown attribute: a"},
          {"{rules: [{when: [{key: 'request.headers[]', values: [b]}]}]}",
           "invalid /spec/rules/0/when/0: "},
          {"{rules: [{when: [{key: source.ip}]}]}",
           "invalid /spec/rules/0/when/0: at least one of `values` or `notValues` must be set"},
          {"{rules: [{when: [{key: destination.port, values: [x]}]}]}",
           "invalid /spec/rules/0/when/0/values/0: bad port (x)"},
          // What is hardly meant.
          {"{selector: {}}", "warning /spec/selector: workload selector specified without labels"},
          {"{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}",
           "warning /spec/rules/0: configured AuthorizationPolicy will deny all traffic to TCP "
           "ports"},
      });
}

TEST(Validate, PeerAuthentication) {
  expect_rows("PeerAuthentication",
              {
                  {"{}", ""},
                  {"{mtls: {mode: STRICT}}", ""},
                  {"{selector: {matchLabels: {a: b}}, portLevelMtls: {80: {mode: STRICT}}}", ""},
                  {"{mtls: {mode: on}}", "refused /spec/mtls/mode: "},
                  {"{selector: {matchLabels: {a: b}}, portLevelMtls: {}}",
                   "refused /spec/portLevelMtls: spec.portLevelMtls: Invalid value: "
                   "spec.portLevelMtls in body "
                   "should have at least 1 properties"},
                  {"{portLevelMtls: {80: {mode: STRICT}}}",
                   "refused /spec: spec: Invalid value: portLevelMtls requires selector"},
                  {"{selector: {matchLabels: {a: b}}, portLevelMtls: {x: {mode: STRICT}}}",
                   "refused /spec/portLevelMtls: "},
                  {"{selector: {matchLabels: {a: b}}, portLevelMtls: {65536: {mode: STRICT}}}",
                   "refused /spec/portLevelMtls: spec.portLevelMtls: Invalid value: port must be "
                   "between 1-65535"},
                  {"[]", "refused /spec: "},
              });
}

TEST(Validate, RequestAuthentication) {
  expect_rows(
      "RequestAuthentication",
      {
          {"{}", ""},
          {"{jwtRules: [{issuer: a, jwksUri: 'https://a/b', timeout: 5s}]}", ""},
          {"{jwtRules: [{issuer: a, jwksUri: 'ftp://a/b'}]}", "refused /spec/jwtRules/0/jwksUri: "},
          {"{jwtRules: [{issuer: a, jwksUri: 'https://a', jwks: '{\"keys\":[]}'}]}",
           "refused /spec/jwtRules/0: spec.jwtRules[0]: Invalid value: only one of jwks or "
           "jwksUri"},
          {"{jwtRules: [{issuer: a, timeout: 1us}]}", "refused /spec/jwtRules/0/timeout: "},
          {"{jwtRules: [{}]}",
           "invalid /spec/jwtRules/0: issuer or jwksUri must be non-empty string"},
          {"{jwtRules: [null]}", "refused /spec/jwtRules/0: "},
          {"{jwtRules: [{issuer: ''}]}", "refused /spec/jwtRules/0/issuer: "},
      });
}

TEST(Validate, DryRun) {
  struct DryRunRow {
    std::string_view kind;
    std::string_view value;
    std::string_view spec;
    std::string_view problem;
  };
  for (const DryRunRow& row : {
           DryRunRow{"AuthorizationPolicy", "true", "{}", ""},
           DryRunRow{"AuthorizationPolicy", "False", "{action: DENY, rules: [{}]}", ""},
           DryRunRow{"AuthorizationPolicy", "yes", "{}",
                     "invalid /spec: annotation istio.io/dry-run with"},
           DryRunRow{
               "AuthorizationPolicy", "true", "{action: AUDIT, rules: [{}]}",
               "invalid /spec: the annotation istio.io/dry-run is not supported for AUDIT action"},
           DryRunRow{"AuthorizationPolicy", "true",
                     "{action: CUSTOM, provider: {name: x}, rules: [{}]}",
                     "invalid /spec: the annotation"},
           DryRunRow{"PeerAuthentication", "true", "{}", "invalid /spec: unsupported annotation"},
       }) {
    std::string yaml = object(row.kind, row.spec);
    yaml.replace(yaml.find("  name: p"), 9,
                 "  name: p\n  annotations: {istio.io/dry-run: '" + std::string(row.value) + "'}");
    const std::string said = first_problem(yaml);
    EXPECT_EQ(said.substr(0, row.problem.size()), row.problem) << yaml;
    EXPECT_EQ(said.empty(), row.problem.empty()) << yaml;
  }
}

TEST(Validate, WhatIsRefusedIsNotInTheSet) {
  const World world(policy("bank/a", "{action: nothing}") + policy("bank/b", "{}"));
  EXPECT_EQ(world.set().authorization_count(), 1U);
}

}  // namespace
}  // namespace tally::authorization
