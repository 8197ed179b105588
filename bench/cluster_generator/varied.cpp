// How often what is met follows what auditors report of clusters that grew for some years: over
// half of the workloads could run restricted as they are, one in twenty needs the host, most of the
// rest simply never set a securityContext.

#include "varied.hpp"

#include <array>
#include <string_view>

#include "lines.hpp"

namespace tally::bench {

namespace {

enum class Kind : std::uint8_t { Deployment, StatefulSet, DaemonSet, CronJob, Job, Pod };
enum class Hardening : std::uint8_t { Restricted, Baseline, Careless, Host };

// What one workload is, drawn once and written by the functions below.
struct Workload {
  std::uint32_t index = 0;
  std::string name;
  std::string name_space;
  Kind kind = Kind::Deployment;
  Hardening hardening = Hardening::Restricted;
  std::uint32_t containers = 1;
  bool init_container = false;
  bool config_map = false;
  bool service = false;
  bool account = false;
};

constexpr std::uint32_t kWorkloadsPerNamespace = 30;
constexpr std::array<std::string_view, 12> kTeams = {
    "payments", "ledger",    "cards",   "fraud",     "lending", "treasury",
    "identity", "customers", "markets", "reporting", "mobile",  "platform"};
constexpr std::array<std::string_view, 10> kRoles = {"api",       "worker", "store",    "cache",
                                                     "gateway",   "router", "importer", "exporter",
                                                     "scheduler", "console"};
constexpr std::array<std::string_view, 4> kSidecars = {"main", "proxy", "log-shipper", "metrics"};
constexpr std::array<std::string_view, 6> kMemory = {"64Mi",  "128Mi", "256Mi",
                                                     "512Mi", "1Gi",   "4Gi"};
constexpr std::array<std::string_view, 5> kCpu = {"50m", "100m", "250m", "500m", "\"2\""};

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& texts, Random& random) {
  return texts[random.below(N)];
}

Kind draw_kind(Random& random) {
  const std::uint32_t percent = random.below(100);
  if (percent < 60) {
    return Kind::Deployment;
  }
  if (percent < 73) {
    return Kind::StatefulSet;
  }
  if (percent < 76) {
    return Kind::DaemonSet;
  }
  if (percent < 88) {
    return Kind::CronJob;
  }
  if (percent < 92) {
    return Kind::Job;
  }
  return Kind::Pod;
}

Hardening draw_hardening(Random& random) {
  const std::uint32_t percent = random.below(100);
  if (percent < 55) {
    return Hardening::Restricted;
  }
  if (percent < 80) {
    return Hardening::Baseline;
  }
  if (percent < 95) {
    return Hardening::Careless;
  }
  return Hardening::Host;
}

std::string namespace_of(std::uint32_t index) {
  const std::uint32_t number = index / kWorkloadsPerNamespace;
  return fmt::format("{}-{}", kTeams[number % kTeams.size()], number);
}

Workload draw(std::uint32_t index, Random& random) {
  Workload workload;
  workload.index = index;
  workload.name = fmt::format("{}-{}", pick(kRoles, random), index);
  workload.name_space = namespace_of(index);
  workload.kind = draw_kind(random);
  workload.hardening = draw_hardening(random);
  workload.containers = 1 + (random.chance(45) ? 1 + random.below(3) : 0);
  workload.init_container = random.chance(18);
  workload.config_map = random.chance(35);
  workload.account = random.chance(60);
  workload.service = random.chance(80) &&
                     (workload.kind == Kind::Deployment || workload.kind == Kind::StatefulSet);
  return workload;
}

// --- what stands beside the workload
// ---------------------------------------------------------------------------------

void append_header(Lines lines, std::string_view api_version, std::string_view kind,
                   const Workload& workload) {
  lines.add("---");
  lines.add("apiVersion: {}", api_version);
  lines.add("kind: {}", kind);
  lines.add("metadata:");
  lines.add("  name: {}", workload.name);
  lines.add("  namespace: {}", workload.name_space);
}

void append_namespace(Lines lines, const Workload& first, Random& random) {
  lines.add("---");
  lines.add("apiVersion: v1");
  lines.add("kind: Namespace");
  lines.add("metadata:");
  lines.add("  name: {}", first.name_space);
  lines.add("  labels:");
  lines.add("    kubernetes.io/metadata.name: {}", first.name_space);
  lines.add("    bank.example/cost-centre: \"{}\"", 40000 + random.below(2000));
  if (random.chance(25)) {
    return;
  }
  const std::string_view level = random.chance(40)   ? "restricted"
                                 : random.chance(85) ? "baseline"
                                                     : "privileged";
  lines.add("    pod-security.kubernetes.io/enforce: {}", level);
  if (random.chance(60)) {
    lines.add("    pod-security.kubernetes.io/enforce-version: v1.{}", 28 + random.below(9));
  }
  if (random.chance(50)) {
    lines.add("    pod-security.kubernetes.io/warn: restricted");
    lines.add("    pod-security.kubernetes.io/audit: restricted");
  }
}

void append_account(Lines lines, const Workload& workload, Random& random) {
  append_header(lines, "v1", "ServiceAccount", workload);
  if (random.chance(40)) {
    lines.add("automountServiceAccountToken: false");
  }
}

void append_config_map(Lines lines, const Workload& workload, Random& random) {
  append_header(lines, "v1", "ConfigMap", workload);
  lines.add("data:");
  lines.add("  LOG_LEVEL: info");
  lines.add("  POOL_SIZE: \"{}\"", 1 + random.below(64));
  lines.add("  service.properties: |");
  for (std::uint32_t line = 0, count = 2 + random.below(12); line < count; ++line) {
    lines.add("    {}.{}.timeout-ms={}", workload.name, pick(kRoles, random), random.below(30000));
  }
}

void append_service(Lines lines, const Workload& workload) {
  append_header(lines, "v1", "Service", workload);
  lines.add("spec:");
  lines.add("  type: ClusterIP");
  lines.add("  selector:");
  lines.add("    app.kubernetes.io/name: {}", workload.name);
  lines.add("  ports:");
  lines.add("  - name: http");
  lines.add("    port: 80");
  lines.add("    targetPort: http");
}

// --- containers
// ------------------------------------------------------------------------------------------------------

void append_container_security(Lines lines, const Workload& workload, Random& random) {
  switch (workload.hardening) {
    case Hardening::Restricted:
      lines.add("securityContext:");
      lines.add("  allowPrivilegeEscalation: false");
      if (random.chance(70)) {
        lines.add("  readOnlyRootFilesystem: true");
      }
      lines.add("  capabilities:");
      if (random.chance(50)) {
        lines.add("    drop: [\"ALL\"]");
      } else {
        lines.add("    drop:");
        lines.add("    - ALL");
      }
      return;
    case Hardening::Baseline:
      if (random.chance(60)) {
        lines.add("securityContext:");
        lines.add("  runAsUser: {}", 1000 + random.below(9000));
        lines.add("  readOnlyRootFilesystem: {}", random.chance(50));
      }
      return;
    case Hardening::Careless:
      if (random.chance(35)) {
        lines.add("securityContext:");
        lines.add("  runAsUser: 0");
        lines.add("  capabilities:");
        lines.add("    add:");
        lines.add("    - {}", random.chance(50) ? "NET_BIND_SERVICE" : "NET_ADMIN");
      }
      return;
    case Hardening::Host:
      lines.add("securityContext:");
      lines.add("  privileged: {}", random.chance(70));
      return;
  }
}

void append_probes(Lines lines, Random& random) {
  if (random.chance(25)) {
    return;
  }
  lines.add("readinessProbe:");
  lines.add("  httpGet:");
  lines.add("    path: /ready");
  lines.add("    port: http");
  lines.add("  periodSeconds: {}", 5 + random.below(25));
  if (random.chance(60)) {
    lines.add("livenessProbe:");
    lines.add("  tcpSocket:");
    lines.add("    port: http");
    lines.add("  initialDelaySeconds: {}", random.below(60));
  }
}

void append_environment(Lines lines, const Workload& workload, Random& random) {
  lines.add("env:");
  lines.add("- name: SERVICE_NAME");
  lines.add("  value: {}", workload.name);
  for (std::uint32_t entry = 0, count = random.below(5); entry < count; ++entry) {
    lines.add("- name: UPSTREAM_{}", entry);
    lines.add("  value: \"https://{}.{}.svc:8443/v{}?limit={}\"", pick(kRoles, random),
              pick(kTeams, random), 1 + random.below(3), random.below(500));
  }
  if (random.chance(40)) {
    lines.add("- name: DATABASE_PASSWORD");
    lines.add("  valueFrom:");
    lines.add("    secretKeyRef:");
    lines.add("      name: {}", workload.name);
    lines.add("      key: password");
  }
}

void append_image(Lines lines, const Workload& workload, Random& random) {
  const std::uint32_t percent = random.below(100);
  const auto image = fmt::format("registry.bank.example/{}/{}", workload.name_space, workload.name);
  if (percent < 8) {
    lines.add("image: {}", image);
  } else if (percent < 15) {
    lines.add("image: {}:latest", image);
  } else if (percent < 75) {
    lines.add("image: \"{}:{}.{}.{}\"", image, 1 + random.below(9), random.below(30),
              random.below(20));
  } else {
    lines.add("image: {}@sha256:{:016x}{:016x}{:016x}{:016x}", image, random.next(), random.next(),
              random.next(), random.next());
  }
  lines.add("imagePullPolicy: {}", random.chance(80) ? "IfNotPresent" : "Always");
}

void append_resources(Lines lines, Random& random) {
  if (random.chance(15)) {
    return;
  }
  // A request above its limit would be refused: the limit is drawn from what is left above.
  const std::uint32_t cpu = random.below(kCpu.size());
  const std::uint32_t memory = random.below(kMemory.size());
  lines.add("resources:");
  lines.add("  requests:");
  lines.add("    cpu: {}", kCpu[cpu]);
  lines.add("    memory: {}", kMemory[memory]);
  if (random.chance(75)) {
    lines.add("  limits:");
    lines.add("    cpu: {}",
              kCpu[cpu + random.below(static_cast<std::uint32_t>(kCpu.size()) - cpu)]);
    lines.add("    memory: {}",
              kMemory[memory + random.below(static_cast<std::uint32_t>(kMemory.size()) - memory)]);
  }
}

void append_container(Lines lines, const Workload& workload, std::uint32_t ordinal,
                      Random& random) {
  lines.add("- name: {}", kSidecars[ordinal]);
  lines = lines.in();
  append_image(lines, workload, random);
  if (random.chance(20)) {
    lines.add("args: [\"--port\", \"8080\", \"--shard={}\"]", random.below(16));
  }
  lines.add("ports:");
  lines.add("- name: {}", ordinal == 0 ? "http" : "admin");
  lines.add("  containerPort: {}", 8080 + ordinal);
  if (workload.hardening == Hardening::Host && random.chance(30)) {
    lines.add("  hostPort: {}", 8080 + ordinal);  // on the host network both must be equal
  }
  append_environment(lines, workload, random);
  append_resources(lines, random);
  if (ordinal == 0 && workload.kind != Kind::Job && workload.kind != Kind::CronJob) {
    append_probes(lines, random);
  }
  append_container_security(lines, workload, random);
  lines.add("volumeMounts:");
  lines.add("- {{name: scratch, mountPath: /tmp}}");
  if (workload.config_map) {
    lines.add("- name: config");
    lines.add("  mountPath: /etc/{}", workload.name);
    lines.add("  readOnly: true");
  }
}

void append_init_container(Lines lines, const Workload& workload, Random& random) {
  lines.add("initContainers:");
  lines.add("- name: migrate");
  lines = lines.in();
  append_image(lines, workload, random);
  lines.add("command: [\"/bin/migrate\", \"--up\"]");
  append_container_security(lines, workload, random);
}

// --- the pod and its controllers
// -------------------------------------------------------------------------------------

void append_volumes(Lines lines, const Workload& workload, Random& random) {
  lines.add("volumes:");
  lines.add("- name: scratch");
  lines.add("  emptyDir: {{}}");
  if (workload.config_map) {
    lines.add("- name: config");
    lines.add("  configMap:");
    lines.add("    name: {}", workload.name);
  }
  if (workload.hardening == Hardening::Host) {
    lines.add("- name: host");
    lines.add("  hostPath:");
    lines.add("    path: {}", random.chance(50) ? "/var/log" : "/var/run/docker.sock");
  }
}

void append_pod_spec(Lines lines, const Workload& workload, Random& random) {
  if (workload.account) {
    lines.add("serviceAccountName: {}", workload.name);
  }
  if (workload.kind == Kind::Job || workload.kind == Kind::CronJob) {
    lines.add("restartPolicy: Never");
  }
  if (workload.hardening == Hardening::Restricted) {
    lines.add("securityContext:");
    lines.add("  runAsNonRoot: true");
    lines.add("  runAsUser: {}", 10000 + random.below(50000));
    lines.add("  seccompProfile:");
    lines.add("    type: RuntimeDefault");
  } else if (workload.hardening == Hardening::Host) {
    lines.add("hostNetwork: {}", random.chance(50));
    lines.add("hostPID: {}", random.chance(30));
  }
  if (random.chance(20)) {
    lines.add("tolerations:");
    lines.add("- key: bank.example/zone");
    lines.add("  operator: Equal");
    lines.add("  value: {}", workload.name_space);
    lines.add("  effect: NoSchedule");
  }
  if (workload.init_container) {
    append_init_container(lines, workload, random);
  }
  lines.add("containers:");
  for (std::uint32_t ordinal = 0; ordinal < workload.containers; ++ordinal) {
    append_container(lines, workload, ordinal, random);
  }
  append_volumes(lines, workload, random);
}

void append_labels(Lines lines, const Workload& workload) {
  lines.add("labels:");
  lines.add("  app.kubernetes.io/name: {}", workload.name);
  lines.add("  app.kubernetes.io/part-of: bank");
  lines.add("  app.kubernetes.io/managed-by: Helm");
}

void append_template(Lines lines, const Workload& workload, Random& random) {
  lines.add("template:");
  lines.add("  metadata:");
  append_labels(lines.in(4), workload);
  if (random.chance(30)) {
    lines.add("    annotations:");
    lines.add("      checksum/config: {:016x}{:016x}", random.next(), random.next());
  }
  lines.add("  spec:");
  append_pod_spec(lines.in(4), workload, random);
}

void append_selector(Lines lines, const Workload& workload) {
  lines.add("selector:");
  lines.add("  matchLabels:");
  lines.add("    app.kubernetes.io/name: {}", workload.name);
}

void append_workload(Lines lines, const Workload& workload, Random& random) {
  static constexpr std::array<std::array<std::string_view, 2>, 6> kHeads = {
      {{"apps/v1", "Deployment"},
       {"apps/v1", "StatefulSet"},
       {"apps/v1", "DaemonSet"},
       {"batch/v1", "CronJob"},
       {"batch/v1", "Job"},
       {"v1", "Pod"}}};
  const auto& [api_version, kind] = kHeads[static_cast<std::size_t>(workload.kind)];
  append_header(lines, api_version, kind, workload);
  append_labels(lines.in(), workload);
  lines.add("spec:");
  const Lines spec = lines.in();
  switch (workload.kind) {
    case Kind::Deployment:
    case Kind::StatefulSet:
      spec.add("replicas: {}", 1 + random.below(6));
      if (workload.kind == Kind::StatefulSet) {
        spec.add("serviceName: {}", workload.name);
      }
      [[fallthrough]];
    case Kind::DaemonSet:
      append_selector(spec, workload);
      append_template(spec, workload, random);
      return;
    case Kind::CronJob:
      lines.add("  schedule: \"{} {} * * *\"", random.below(60), random.below(24));
      lines.add("  concurrencyPolicy: Forbid");
      lines.add("  jobTemplate:");
      lines.add("    spec:");
      append_template(lines.in(6), workload, random);
      return;
    case Kind::Job:
      lines.add("  backoffLimit: {}", random.below(6));
      append_template(spec, workload, random);
      return;
    case Kind::Pod:
      append_pod_spec(spec, workload, random);
      return;
  }
}

}  // namespace

void append_varied(std::uint32_t index, Random& random, std::string& yaml) {
  const Workload workload = draw(index, random);
  const Lines lines{yaml};
  if (index % kWorkloadsPerNamespace == 0) {
    append_namespace(lines, workload, random);
  }
  if (workload.account) {
    append_account(lines, workload, random);
  }
  if (workload.config_map) {
    append_config_map(lines, workload, random);
  }
  if (workload.service) {
    append_service(lines, workload);
  }
  append_workload(lines, workload, random);
}

}  // namespace tally::bench
