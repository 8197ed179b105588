// Network policy at the size of the largest clusters: 25,000 namespaces, 100,000 pods, 75,000
// policies, shaped like the scale test of Antrea's controller (pkg/controller/networkpolicy,
// TestInitXLargeScaleWithSmallNamespaces): 4 pods and 3 policies in each namespace. Prints the time
// of each step and the greatest resident size; then changes one pod or one policy at a time, with a
// question about it after each.
//
//   network_scale [NAMESPACES [QUERIES [CHANGES]]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "network_policy/live.hpp"

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

std::string pod(const std::string& name_space, int number, const std::string& app, int n) {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-)" + std::to_string(number) +
         R"(","namespace":")" + name_space + R"(","labels":{")" + app +
         R"(":"scale","pod-template-hash":"5d7f8"}},"spec":{"containers":[{"name":"c","ports":[{"containerPort":80,"name":"http"}]}]},"status":{"podIP":"10.)" +
         std::to_string(n / 16384) + "." + std::to_string(n / 64 % 256) + "." +
         std::to_string(n % 64 * 4 + number) + "\"}}\n";
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
      text += pod(ns, p, p < 2 ? "app-1" : "app-2", n);
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

// Texts that are read as one object each.
std::vector<kube::Object> read_objects(
    const std::vector<std::string>& texts, Arena& arena,
    std::vector<std::shared_ptr<const document::Source>>& sources) {
  std::vector<kube::Object> objects;
  for (const std::string& text : texts) {
    sources.push_back(document::Source::from_text("change.json", text));
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*sources.back())) {
      document::read_slice(*sources.back(), slice, arena, {}, documents, errors);
    }
    objects.push_back(*kube::object_from_node(documents.front().root, sources.back().get()));
  }
  return objects;
}

// Times of one change with a question, in microseconds: median and greatest.
void report(const char* what, std::vector<double> times) {
  std::ranges::sort(times);
  std::printf("%zu %s, a question after each: median %.1f us, greatest %.1f us\n", times.size(),
              what, times[times.size() / 2], times.back());
}

void change(const std::shared_ptr<const kube::Snapshot>& snapshot, int namespaces, int count) {
  using network_policy::Live;
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::mt19937 random(2);
  std::vector<std::string> pods;
  std::vector<std::string> policies;
  for (int i = 0; i < count; ++i) {
    const int n = static_cast<int>(random() % static_cast<unsigned>(namespaces));
    const std::string ns = "ns-" + std::to_string(n);
    pods.push_back(pod(ns, 0, "app-2", n));
    policies.push_back(policy(
        ns, 2,
        R"({"podSelector":{"matchLabels":{"app-1":"scale"}},"policyTypes":["Ingress"],"ingress":[{"from":[{"podSelector":{}}],"ports":[{"port":8080}]}]})"));
  }
  // As many changes to policies as a Live takes before it wants to be made anew.
  policies.resize(std::min<std::size_t>(policies.size(), 200));
  for (const auto& [what, texts] :
       {std::pair("pods changed", &pods), std::pair("policies changed", &policies)}) {
    Live live(snapshot, {});
    std::vector<double> times;
    for (const kube::Object& object : read_objects(*texts, arena, sources)) {
      const double start = now();
      const bool is_taken = live.put(object) == Live::Outcome::Taken;
      const auto answer =
          live.between({object.ref.name_space, "pod-2"}, {object.ref.name_space, "pod-0"});
      times.push_back((now() - start) * 1e6);
      if (!is_taken || !answer) {
        std::printf("%s: not taken\n", what);
        return;
      }
    }
    report(what, std::move(times));
  }
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
  change(snapshot, namespaces, argc > 3 ? std::atoi(argv[3]) : 1'000);
  return errors.empty() ? 0 : 1;
}
