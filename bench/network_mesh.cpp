// All pairs of N workloads under network policies and a mesh: N/20 namespaces; each workload has a
// service account, a Service and a NetworkPolicy of its own, every fourth an AuthorizationPolicy.
// Prints what each step takes.
//
//   network_mesh [WORKLOADS...]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "reachability/mesh/connection_list.hpp"

namespace {

using namespace tally;
namespace mesh = reachability::mesh;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Scenario {
  std::string_view name;
  std::string_view namespace_label;
  bool with_network_policies = true;
  bool with_client_settings = false;  // a DestinationRule for all, a Sidecar in each namespace
};

class Generator {
 public:
  Generator(const Scenario& scenario, int count)
      : scenario_(scenario), count_(count), namespaces_(std::max(1, count / 20)) {}

  std::string run() {
    for (int k = 0; k < namespaces_; ++k) {
      add_namespace(k);
    }
    for (int i = 0; i < count_; ++i) {
      add_workload(i);
    }
    add("security.istio.io/v1", "PeerAuthentication", "istio-system", "default",
        "spec: {mtls: {mode: STRICT}}");
    if (scenario_.with_client_settings) {
      add("networking.istio.io/v1", "DestinationRule", "istio-system", "all",
          "spec: {host: \"*.local\", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}");
    }
    return std::move(text_);
  }

 private:
  static std::string numbered(std::string_view name, int number) {
    return std::string(name) + std::to_string(number);
  }
  int random(int below) { return static_cast<int>(engine_() % static_cast<unsigned>(below)); }
  std::string tier() {
    constexpr std::string_view kTiers[] = {"web", "api", "db"};
    return std::string(kTiers[random(3)]);
  }

  void add(std::string_view version, std::string_view kind, const std::string& name_space,
           const std::string& name, const std::string& rest) {
    text_.append("---\napiVersion: ").append(version).append("\nkind: ").append(kind);
    text_.append("\nmetadata: {name: ").append(name).append(", namespace: ").append(name_space);
    text_.append("}\n").append(rest).append("\n");
  }

  void add_namespace(int k) {
    const std::string name = numbered("ns", k);
    text_.append("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ").append(name);
    text_.append(", labels: {team: ").append(numbered("t", k % 10)).append(", ");
    text_.append(scenario_.namespace_label).append("}}\n");
    if (scenario_.with_network_policies) {
      add("networking.k8s.io/v1", "NetworkPolicy", name, "default-deny",
          "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}");
    }
    if (scenario_.with_client_settings) {
      add("networking.istio.io/v1", "Sidecar", name, "default",
          "spec: {egress: [{hosts: [\"./*\", \"" + numbered("ns", (k + 1) % namespaces_) +
              "/*\", \"istio-system/*\"]}]}");
    }
  }

  void add_workload(int i) {
    const std::string space = numbered("ns", i % namespaces_);
    const std::string name = numbered("w", i);
    const std::string port = std::to_string(8000 + i % 10);
    add("apps/v1", "Deployment", space, name,
        "spec: {selector: {matchLabels: {app: " + name +
            "}}, template: {metadata: {labels: {app: " + name + ", tier: " + tier() +
            "}}, spec: {serviceAccountName: " + name +
            ", containers: [{name: c, image: x, ports: [{containerPort: " + port + "}]}]}}}");
    add("v1", "Service", space, name,
        "spec: {selector: {app: " + name + "}, ports: [{name: " +
            (random(2) == 0 ? "http" : "tcp") + ", port: 80, targetPort: " + port + "}]}");
    if (scenario_.with_network_policies) {
      add("networking.k8s.io/v1", "NetworkPolicy", space, name,
          "spec: {podSelector: {matchLabels: {app: " + name +
              "}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {matchLabels: "
              "{tier: " +
              tier() + "}}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: " +
              numbered("ns", random(namespaces_)) + "}}}], ports: [{port: " + port +
              "}]}], egress: [{to: [{namespaceSelector: {matchLabels: {team: " +
              numbered("t", random(10)) + "}}}]}]}");
    }
    if (i % 4 == 0) {
      const int peer = random(count_);
      const std::string source =
          random(2) == 0 ? "namespaces: [" + numbered("ns", random(namespaces_)) + "]"
                         : "principals: [\"cluster.local/ns/" + numbered("ns", peer % namespaces_) +
                               "/sa/" + numbered("w", peer) + "\"]";
      add("security.istio.io/v1", "AuthorizationPolicy", space, name,
          "spec: {selector: {matchLabels: {app: " + name + "}}, rules: [{from: [{source: {" +
              source + "}}], to: [{operation: {methods: [GET], paths: [/api/*]}}]}]}");
    }
  }

  const Scenario& scenario_;
  int count_;
  int namespaces_;
  std::mt19937 engine_{3};
  std::string text_;
};

void measure(const Scenario& scenario, int count) {
  const std::string text = Generator(scenario, count).run();
  const auto source = document::Source::from_text("cluster.yaml", text);
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const document::Document& document : documents) {
    append_objects(document, *source, objects, rejected);
  }
  const auto snapshot = kube::Snapshot::create(std::move(objects), "default");
  const double start = now();
  reachability::World world(*snapshot, {});
  const mesh::Mesh meshed(*snapshot, world, {});
  const double built = now();
  const std::string classes = mesh::classes_to_text(world, meshed);
  const double classed = now();
  const auto rows = mesh::list_connections(world, meshed, {});
  const double listed = now();
  const std::string csv = to_text(world, rows, reachability::ListFormat::Csv);
  const double written = now();
  std::printf(
      "%-24s %6d  build %6.3f s, classes %6.3f s (%zu KB), %8zu rows %6.3f s, csv %6.3f s\n",
      std::string(scenario.name).c_str(), count, built - start, classed - built,
      classes.size() / 1024, rows.size(), listed - classed, written - listed);
}

}  // namespace

int main(int argc, char** argv) {
  kube::load_api_kinds();
  std::vector<int> counts;
  for (int i = 1; i < argc; ++i) {
    counts.push_back(std::atoi(argv[i]));
  }
  if (counts.empty()) {
    counts = {1'000};
  }
  const Scenario scenarios[] = {
      {.name = "sidecars", .namespace_label = "istio-injection: enabled"},
      {.name = "sidecars with settings",
       .namespace_label = "istio-injection: enabled",
       .with_client_settings = true},
      {.name = "sidecars, mesh alone",
       .namespace_label = "istio-injection: enabled",
       .with_network_policies = false},
      {.name = "ambient", .namespace_label = "istio.io/dataplane-mode: ambient"}};
  for (const int count : counts) {
    for (const Scenario& scenario : scenarios) {
      measure(scenario, count);
    }
  }
  return 0;
}
