// Network policy at the size of the largest clusters: 25,000 namespaces, 100,000 pods, 75,000
// policies, shaped like the scale test of Antrea's controller (pkg/controller/networkpolicy,
// TestInitXLargeScaleWithSmallNamespaces): 4 pods and 3 policies in each namespace. Prints the time
// of each step and the greatest resident size.
//
//   network_scale [NAMESPACES [QUERIES]]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "network_policy/analyser.hpp"

namespace {

using namespace tally;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::string policy(const std::string& name_space, int number, const std::string& spec) {
  return R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"np-)" +
         std::to_string(number) + R"(","namespace":")" + name_space + R"("},"spec":)" + spec +
         "}\n";
}

// JSON, which reads faster than YAML: reading is not what is measured here.
std::string cluster(int namespaces) {
  std::string text;
  for (int n = 0; n < namespaces; ++n) {
    const std::string ns = "ns-" + std::to_string(n);
    text += R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + ns +
            R"(","labels":{"scale":"small","namespace":")" + ns + R"("}}})" + "\n";
    for (int p = 0; p < 4; ++p) {
      const std::string app = p < 2 ? "app-1" : "app-2";
      text +=
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-)" + std::to_string(p) +
          R"(","namespace":")" + ns + R"(","labels":{")" + app +
          R"(":"scale","pod-template-hash":"5d7f8"}},"spec":{"containers":[{"name":"c","ports":[{"containerPort":80,"name":"http"}]}]},"status":{"podIP":"10.)" +
          std::to_string(n / 16384) + "." + std::to_string(n / 64 % 256) + "." +
          std::to_string(n % 64 * 4 + p) + "\"}}\n";
    }
    text += policy(
        ns, 1,
        R"({"podSelector":{},"policyTypes":["Ingress","Egress"],"egress":[{"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}}}],"ports":[{"protocol":"UDP","port":53}]}]})");
    text += policy(
        ns, 2,
        R"({"podSelector":{"matchLabels":{"app-1":"scale"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"podSelector":{"matchLabels":{"app-2":"scale"}}}],"ports":[{"port":80}]}]})");
    text += policy(
        ns, 3,
        R"({"podSelector":{"matchLabels":{"app-2":"scale"}},"policyTypes":["Egress"],"egress":[{"to":[{"podSelector":{"matchLabels":{"app-1":"scale"}}}],"ports":[{"port":"http"}]},{"to":[{"ipBlock":{"cidr":"172.)" +
            std::to_string(n / 256 % 256) + "." + std::to_string(n % 256) + R"(.0/24"}}]}]})");
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const int namespaces = argc > 1 ? std::atoi(argv[1]) : 25'000;
  const int queries = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
  kube::load_api_kinds();
  const auto source = document::Source::from_text("cluster.json", cluster(namespaces));
  double at = now();
  const auto step = [&at](const char* name) {
    const double next = now();
    std::printf("%-28s %8.3f s   peak %7.1f MB\n", name, next - at, peak_mb());
    at = now();
  };
  Arena arena(1 << 20);
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  std::vector<kube::Object> objects;
  for (const document::Document& document : documents) {
    objects.push_back(*kube::object_from_node(document.root, source.get()));
  }
  const auto snapshot = kube::Snapshot::create(std::move(objects), "default");
  step("read the objects");
  const topology::Topology topology = topology::Topology::read(*snapshot);
  step("topology");
  const network_policy::PolicySet policies = network_policy::PolicySet::load(*snapshot, {});
  step("compile the policies");
  network_policy::Analyser analyser(topology, policies);
  step("classes and tables");
  std::printf("%zu endpoints, %zu policies, %u classes, %zu tables, %zu sets of connections\n",
              topology.endpoints().size(), policies.policies().size(), analyser.class_count(),
              analyser.table_count(), analyser.connections().size());
  std::mt19937 random(1);
  const auto count = static_cast<unsigned>(topology.endpoints().size());
  std::size_t allowed = 0;
  at = now();
  for (int i = 0; i < queries; ++i) {
    const auto source_at = static_cast<std::uint32_t>(random() % count);
    const std::uint32_t destination = i % 2 == 0
                                          ? static_cast<std::uint32_t>(random() % count)
                                          : source_at / 4 * 4 + static_cast<std::uint32_t>(i % 4);
    allowed += analyser.between(source_at, destination).allowed != network_policy::kNone ? 1 : 0;
  }
  std::printf("%d questions: %.3f us each, %zu allowed\n", queries, (now() - at) * 1e6 / queries,
              allowed);
  return errors.empty() ? 0 : 1;
}
