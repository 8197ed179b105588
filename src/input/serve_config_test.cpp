#include "input/serve_config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "document/source.hpp"
#include "input/config.hpp"

namespace tally::input {
namespace {

constexpr std::string_view kHeader = "apiVersion: tallystick.dev/v1alpha1\nkind: Configuration\n";

Result<Config> parse(std::string_view body) {
  return parse_config(
      *document::Source::from_text("tally.yaml", std::string(kHeader) + std::string(body)));
}

TEST(Enforcement, ReadsEveryKey) {
  const auto config = parse(R"(
enforcement:
  mode: warn
  podControllers: audit
  onDoubt: allow
  newNamespaces: {since: "2026-11-01", mode: warn}
  scopes:
    - name: payments
      namespaces: [payments, "pay-*"]
      selector: "zone=inner"
      policies: [restricted/runAsNonRoot, "kyverno/*"]
      mode: enforce
      onDoubt: deny
    - {name: rest, selector: {matchLabels: {zone: outer}}, mode: audit}
)");
  ASSERT_TRUE(config) << config.error().to_string();
  const Enforcement& read = config->enforcement;
  EXPECT_EQ(read.mode, finding::Mode::Warn);
  EXPECT_EQ(read.pod_controllers, finding::Mode::Audit);
  EXPECT_EQ(read.on_doubt, OnDoubt::Allow);
  ASSERT_TRUE(read.new_namespaces);
  EXPECT_EQ(finding::day_to_text(read.new_namespaces->since), "2026-11-01");
  EXPECT_EQ(read.new_namespaces->mode, finding::Mode::Warn);
  ASSERT_EQ(read.scopes.size(), 2U);
  EXPECT_EQ(read.scopes[0].name, "payments");
  EXPECT_EQ(read.scopes[0].namespaces, (std::vector<std::string>{"payments", "pay-*"}));
  ASSERT_TRUE(read.scopes[0].selector);
  EXPECT_EQ(read.scopes[0].selector->to_string(), "zone=inner");
  EXPECT_EQ(read.scopes[0].policies.size(), 2U);
  EXPECT_EQ(read.scopes[0].mode, finding::Mode::Enforce);
  EXPECT_EQ(read.scopes[0].on_doubt, OnDoubt::Deny);
  EXPECT_EQ(read.scopes[0].at.line, 10U);
  EXPECT_EQ(read.scopes[1].mode, finding::Mode::Audit);
  EXPECT_FALSE(read.scopes[1].on_doubt);
}

// Nothing is enforced, and nothing is let through in doubt, because somebody forgot to say so.
TEST(Enforcement, WhatIsNotSaid) {
  const auto config = parse("enforcement: {newNamespaces: {since: \"2026-11-01\"}}\n");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->enforcement.mode, finding::Mode::Audit);
  EXPECT_EQ(config->enforcement.pod_controllers, finding::Mode::Warn);
  EXPECT_EQ(config->enforcement.on_doubt, OnDoubt::Deny);
  ASSERT_TRUE(config->enforcement.new_namespaces);
  EXPECT_EQ(config->enforcement.new_namespaces->mode, finding::Mode::Enforce);
  EXPECT_TRUE(config->enforcement.scopes.empty());
}

TEST(Serve, ReadsEveryKey) {
  const auto config = parse(R"(
serve:
  listen: "[::]:9443"
  listenHealth: ":9080"
  namespace: security
  service: tally-admission
  state: /data
  store: postgresql://tally:secret@db.bank:5432/tally?sslmode=verify-full
  policies: [/etc/tally/policies]
  watchPolicies: false
  exemptNamespaces: [kube-system, calico-system]
  certificates: {certificate: /tls/tls.crt, key: /tls/tls.key, authority: /tls/ca.crt}
  clientAuthority: /client/ca.crt
  manageWebhook: false
  webhookTimeoutSeconds: 5
  audit: false
  reports: false
  lease: tally-writer
  log: {level: debug, format: text}
  traces: {endpoint: "http://otel.monitoring:4318", ratio: 0.5}
  allowHosts: ["registry.bank:443"]
  decisions: {days: 30, keepAllowed: true}
)");
  ASSERT_TRUE(config) << config.error().to_string();
  const Serve& read = config->serve;
  EXPECT_EQ(read.listen, "[::]:9443");
  EXPECT_EQ(read.listen_health, ":9080");
  EXPECT_EQ(read.name_space, "security");
  EXPECT_EQ(read.service, "tally-admission");
  EXPECT_EQ(read.state, "/data");
  EXPECT_EQ(read.store, "postgresql://tally:secret@db.bank:5432/tally?sslmode=verify-full");
  EXPECT_EQ(read.policies, std::vector<std::string>{"/etc/tally/policies"});
  EXPECT_FALSE(read.watch_policies);
  EXPECT_EQ(read.exempt_namespaces, (std::vector<std::string>{"kube-system", "calico-system"}));
  EXPECT_EQ(read.certificates.certificate, "/tls/tls.crt");
  EXPECT_EQ(read.certificates.key, "/tls/tls.key");
  EXPECT_EQ(read.certificates.authority, "/tls/ca.crt");
  EXPECT_EQ(read.client_authority, "/client/ca.crt");
  EXPECT_FALSE(read.manage_webhook);
  EXPECT_EQ(read.webhook_timeout_seconds, 5U);
  EXPECT_FALSE(read.audit);
  EXPECT_FALSE(read.reports);
  EXPECT_EQ(read.lease, "tally-writer");
  EXPECT_EQ(read.log_level, "debug");
  EXPECT_EQ(read.log_format, "text");
  EXPECT_EQ(read.traces.endpoint, "http://otel.monitoring:4318");
  EXPECT_EQ(read.traces.ratio, 0.5);
  EXPECT_EQ(read.allowed_hosts, std::vector<std::string>{"registry.bank:443"});
  EXPECT_EQ(read.decision_days, 30U);
  EXPECT_TRUE(read.keep_allowed);
}

TEST(Serve, AnEmptyOneIsTheDefault) {
  const auto config = parse("serve: {}\n");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->serve.listen, Serve{}.listen);
  EXPECT_EQ(config->serve.exempt_namespaces, std::vector<std::string>{"kube-system"});
  EXPECT_TRUE(config->serve.manage_webhook);
  const auto none = parse("serve: {exemptNamespaces: []}\n");
  ASSERT_TRUE(none) << none.error().to_string();
  EXPECT_TRUE(none->serve.exempt_namespaces.empty());
}

TEST(Serve, BoundsThatAreStillTaken) {
  for (const char* body :
       {"webhookTimeoutSeconds: 1", "webhookTimeoutSeconds: 30", "decisions: {days: 1}",
        "decisions: {days: 3660}", "traces: {endpoint: \"https://o\", ratio: 0}",
        "traces: {endpoint: \"https://o\", ratio: 1}", "store: \"sqlite:/data/t.db\"",
        "store: \"postgres://db/t\"", "certificates: {certificate: a, key: b}",
        "listen: \"127.0.0.1:0\""}) {
    const auto config = parse("serve: {" + std::string(body) + "}\n");
    EXPECT_TRUE(config) << body << ": " << config.error().to_string();
  }
}

struct Row {
  const char* body;
  std::uint32_t line;
  std::uint32_t column;
  const char* message;
};

void expect_refused(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const auto config = parse(row.body);
    ASSERT_FALSE(config) << row.body;
    EXPECT_NE(config.error().message.find(row.message), std::string::npos)
        << row.body << "\n"
        << config.error().to_string();
    EXPECT_EQ(config.error().at, (Position{row.line, row.column}))
        << row.body << config.error().to_string();
  }
}

TEST(Enforcement, RefusesWithPositionAndExpectation) {
  expect_refused({
      {"enforcement: warn\n", 3, 14, "found the string 'warn', expected a map: enforcement"},
      {"enforcement: {modes: warn}\n", 3, 15, "did you mean 'mode'?"},
      {"enforcement: {mode: block}\n", 3, 21,
       "found the string 'block' for 'mode', expected one of: audit, warn, enforce"},
      {"enforcement: {mode: Enforce}\n", 3, 21, "found the string 'Enforce' for 'mode'"},
      {"enforcement: {mode: [warn]}\n", 3, 21, "found a list for 'mode'"},
      {"enforcement: {mode: }\n", 3, 21, "found null for 'mode'"},
      {"enforcement: {podControllers: no}\n", 3, 31, "found false for 'podControllers'"},
      {"enforcement: {onDoubt: warn}\n", 3, 24,
       "found the string 'warn' for 'onDoubt', expected one of: deny, allow"},
      {"enforcement: {newNamespaces: {mode: warn}}\n", 3, 30,
       "found newNamespaces without 'since'"},
      {"enforcement: {newNamespaces: {since: \"2026-02-30\"}}\n", 3, 38, "2026-02-30"},
      {"enforcement: {newNamespaces: {since: 20261101}}\n", 3, 38, "found the number 20261101"},
      {"enforcement: {newNamespaces: enforce}\n", 3, 30, "expected a map"},
      {"enforcement: {scopes: {name: a}}\n", 3, 23, "found a map for 'scopes', expected a list"},
      {"enforcement: {scopes: [{namespaces: [a], mode: warn}]}\n", 3, 24,
       "found a scope without 'name'"},
      {"enforcement: {scopes: [{name: a, namespaces: [a]}]}\n", 3, 24,
       "found a scope without 'mode'"},
      {"enforcement: {scopes: [{name: a, mode: enforce}]}\n", 3, 24,
       "found a scope that names nothing"},
      {"enforcement: {scopes: [{name: \" \", policies: [a], mode: warn}]}\n", 3, 31,
       "found an empty string for 'name'"},
      {"enforcement: {scopes: [{name: a, policies: [], mode: warn}]}\n", 3, 44,
       "found an empty list for 'policies'"},
      {"enforcement: {scopes: [{name: a, selector: {}, mode: warn}]}\n", 3, 44,
       "found an empty selector"},
      {"enforcement: {scopes: [{name: a, selector: \"a in\", mode: warn}]}\n", 3, 44, ""},
      {"enforcement: {scopes: [{name: a, namespace: [b], mode: warn}]}\n", 3, 34,
       "did you mean 'namespaces'?"},
      {"enforcement:\n  scopes:\n  - {name: a, policies: [x], mode: warn}\n"
       "  - {name: a, policies: [z], mode: audit}\n",
       6, 5, "found the scope 'a' twice"},
  });
}

TEST(Enforcement, ScopesAreBounded) {
  const auto scopes = [](int count) {
    std::string body = "enforcement:\n  scopes:\n";
    for (int i = 0; i < count; ++i) {
      body += "  - {name: s" + std::to_string(i) + ", policies: [x], mode: warn}\n";
    }
    return body;
  };
  EXPECT_TRUE(parse(scopes(10'000)));
  const auto over = parse(scopes(10'001));
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().message.find("found 10001 scopes, expected at most 10000"),
            std::string::npos)
      << over.error().message;
}

TEST(Serve, RefusesWithPositionAndExpectation) {
  expect_refused({
      {"serve: []\n", 3, 8, "found a list, expected a map: serve"},
      {"serve: {listens: x}\n", 3, 9, "did you mean 'listen'?"},
      {"serve: {listen: 8443}\n", 3, 17, "found the number 8443 for 'listen', expected a string"},
      {"serve: {listen: \"8443\"}\n", 3, 17, "'listen': found '8443', expected an address"},
      {"serve: {listenHealth: \"localhost:80\"}\n", 3, 23, "'listenHealth': found 'localhost:80'"},
      {"serve: {listen: \":8080\", listenHealth: \":8080\"}\n", 3, 8, "found one address"},
      {"serve: {namespace: Tally}\n", 3, 20, "found 'Tally' for 'namespace', expected a name"},
      {"serve: {namespace: \"\"}\n", 3, 20, "found an empty string for 'namespace'"},
      {"serve: {service: a.b}\n", 3, 18, "found 'a.b' for 'service'"},
      {"serve: {lease: -a}\n", 3, 16, "found '-a' for 'lease'"},
      {"serve: {state: [a]}\n", 3, 16, "found a list for 'state'"},
      {"serve: {policies: /etc}\n", 3, 19, "found the string '/etc' for 'policies'"},
      {"serve: {policies: []}\n", 3, 19, "found an empty list for 'policies'"},
      {"serve: {watchPolicies: \"yes\"}\n", 3, 24,
       "found the string 'yes' for 'watchPolicies', expected true or false"},
      {"serve: {manageWebhook: 1}\n", 3, 24, "found the number 1 for 'manageWebhook'"},
      {"serve: {exemptNamespaces: [\"*\"]}\n", 3, 28, "found '*' for 'exemptNamespaces'"},
      {"serve: {exemptNamespaces: kube-system}\n", 3, 27, "expected a list"},
      {"serve: {certificates: {certificate: a}}\n", 3, 23, "found certificates without 'key'"},
      {"serve: {certificates: {authority: a}}\n", 3, 23, "found certificates without 'cert"},
      {"serve: {certificates: {certificate: a, key: b, ca: c}}\n", 3, 48,
       "found the unknown key 'ca'"},
      {"serve: {webhookTimeoutSeconds: 0}\n", 3, 32,
       "found the number 0 for 'webhookTimeoutSeconds', expected a whole number from 1 to 30"},
      {"serve: {webhookTimeoutSeconds: 31}\n", 3, 32, "found the number 31"},
      {"serve: {webhookTimeoutSeconds: 1.5}\n", 3, 32, "found the number 1.5"},
      {"serve: {webhookTimeoutSeconds: \"5\"}\n", 3, 32, "found the string '5'"},
      {"serve: {log: {level: trace}}\n", 3, 22,
       "found the string 'trace' for 'level', expected one of: debug, info, warning, error"},
      {"serve: {log: {format: xml}}\n", 3, 23, "expected one of: json, text"},
      {"serve: {log: debug}\n", 3, 14, "expected a map: serve.log"},
      {"serve: {traces: {ratio: 1}}\n", 3, 17, "found traces without 'endpoint'"},
      {"serve: {traces: {endpoint: \"otel:4318\"}}\n", 3, 28, "found no address of a collector"},
      {"serve: {traces: {endpoint: \"ftp://otel\"}}\n", 3, 28, "found no address of a collector"},
      {"serve: {traces: {endpoint: \"http://o\", ratio: 1.1}}\n", 3, 47,
       "found the number 1.1 for 'ratio', expected a number from 0 to 1"},
      {"serve: {traces: {endpoint: \"http://o\", ratio: -1}}\n", 3, 47, "found the number -1"},
      {"serve: {decisions: {days: 0}}\n", 3, 27, "from 1 to 3660"},
      {"serve: {decisions: {days: 3661}}\n", 3, 27, "from 1 to 3660"},
      {"serve: {decisions: {keepAllowed: all}}\n", 3, 34, "expected true or false"},
      {"serve: {allowHosts: [1]}\n", 3, 22, "found the number 1 for 'allowHosts'"},
      {"serve: {store: 5}\n", 3, 16, "found no text for 'store'"},
      {"serve: {store: \"mysql://a:b@c/d\"}\n", 3, 16, "found a URL of an unknown database"},
  });
}

// A mistyped URL holds the password all the same.
TEST(Serve, NoPasswordInAnError) {
  const auto config = parse("serve: {store: \"postgresq://tally:hunter2@db/tally\"}\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().to_string().find("hunter2"), std::string::npos)
      << config.error().to_string();
}

TEST(ListenAddress, WhatIsOne) {
  struct Accepted {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  for (const Accepted& row :
       {Accepted{"0.0.0.0:8443", "0.0.0.0", 8443}, Accepted{":8443", "0.0.0.0", 8443},
        Accepted{"[::]:8443", "::", 8443}, Accepted{"[::1]:0", "::1", 0},
        Accepted{"10.1.2.3:65535", "10.1.2.3", 65535}}) {
    const auto address = parse_listen_address(row.text);
    ASSERT_TRUE(address) << row.text << address.error().to_string();
    EXPECT_EQ(address->host, row.host) << row.text;
    EXPECT_EQ(address->port, row.port) << row.text;
  }
}

TEST(ListenAddress, WhatIsNone) {
  for (const char* text : {"",
                           ":",
                           "8443",
                           "0.0.0.0",
                           "0.0.0.0:",
                           "0.0.0.0:65536",
                           "0.0.0.0:-1",
                           "0.0.0.0:08443",
                           "0.0.0.0: 80",
                           "0.0.0.0:80 ",
                           "::",
                           "::1:80",
                           "[::]",
                           "[::]8443",
                           "[]:80",
                           "[10.0.0.1]:80",
                           "[fe80::1%eth0]:80",
                           "localhost:80",
                           "256.0.0.1:80",
                           "1.2.3:80",
                           "http://0.0.0.0:80"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().message.find("expected an address and a port"), std::string::npos)
        << text << ": " << address.error().message;
  }
}

// The examples of docs/configuration.md are read as they stand there.
TEST(Serve, TheDocumentedExamplesAreValid) {
  std::ifstream file(std::string(TALLY_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  for (const char* heading : {"\n## Enforcement\n", "\n## Serving\n"}) {
    const std::size_t section = text.find(heading);
    ASSERT_NE(section, std::string::npos) << heading;
    const std::size_t begin = text.find("```yaml\n", section);
    ASSERT_NE(begin, std::string::npos) << heading;
    const std::string example = text.substr(begin + 8, text.find("```", begin + 8) - begin - 8);
    const auto config = parse(example);
    ASSERT_TRUE(config) << config.error().to_string() << "\n" << example;
  }
}

}  // namespace
}  // namespace tally::input
