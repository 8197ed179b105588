#include "uniform.hpp"

#include <array>
#include <string_view>

#include "lines.hpp"

namespace tally::bench {

namespace {

constexpr std::uint32_t kNamespaces = 50;
constexpr std::uint32_t kPrivilegedEvery = 37;
constexpr std::array<std::string_view, 3> kTiers = {"web", "api", "db"};

void append_container(Lines lines, std::uint32_t index, std::uint32_t count, Random& random) {
  const std::uint32_t peer = static_cast<std::uint32_t>(std::uint64_t{index} * 7 % count);
  lines.add("- name: main");
  lines = lines.in();
  lines.add("image: registry.bank.example/unit-{}/svc-{}:{}.{}.{}", index % kNamespaces, index,
            1 + random.below(9), random.below(21), random.below(10));
  lines.add("ports:");
  lines.add("- name: http");
  lines.add("  containerPort: {}", 8000 + index % 1000);
  lines.add("env:");
  lines.add("- name: LEDGER_ADDRESS");
  lines.add("  value: \"http://svc-{}.unit-{}:8080\"", peer, peer % kNamespaces);
  lines.add("- name: LOG_LEVEL");
  lines.add("  value: \"info\"");
  lines.add("resources:");
  lines.add("  requests:");
  lines.add("    cpu: 100m");
  lines.add("    memory: 128Mi");
  lines.add("  limits:");
  lines.add("    cpu: 500m");
  lines.add("    memory: 256Mi");
  lines.add("readinessProbe:");
  lines.add("  httpGet:");
  lines.add("    path: /healthz");
  lines.add("    port: http");
  lines.add("securityContext:");
  lines.add("  allowPrivilegeEscalation: false");
  lines.add("  privileged: {}", index % kPrivilegedEvery == 0);
  lines.add("  readOnlyRootFilesystem: true");
  lines.add("  capabilities:");
  lines.add("    drop:");
  lines.add("    - ALL");
}

}  // namespace

void append_uniform(std::uint32_t index, std::uint32_t count, Random& random, std::string& yaml) {
  const std::string_view tier = kTiers[random.below(kTiers.size())];
  Lines lines{yaml};
  lines.add("---");
  lines.add("apiVersion: apps/v1");
  lines.add("kind: Deployment");
  lines.add("metadata:");
  lines.add("  name: svc-{}", index);
  lines.add("  namespace: unit-{}", index % kNamespaces);
  lines.add("  labels:");
  lines.add("    app.kubernetes.io/name: svc-{}", index);
  lines.add("    app.kubernetes.io/part-of: bank");
  lines.add("    tier: {}", tier);
  lines.add("spec:");
  lines.add("  replicas: {}", 1 + random.below(5));
  lines.add("  selector:");
  lines.add("    matchLabels:");
  lines.add("      app: svc-{}", index);
  lines.add("  template:");
  lines.add("    metadata:");
  lines.add("      labels:");
  lines.add("        app: svc-{}", index);
  lines.add("        tier: {}", tier);
  lines.add("    spec:");
  lines.add("      serviceAccountName: svc-{}", index);
  lines.add("      securityContext:");
  lines.add("        runAsNonRoot: true");
  lines.add("        seccompProfile:");
  lines.add("          type: RuntimeDefault");
  lines.add("      containers:");
  append_container(lines.in(6), index, count, random);
  lines.add("      volumes:");
  lines.add("      - name: tmp");
  lines.add("        emptyDir: {{}}");
}

}  // namespace tally::bench
