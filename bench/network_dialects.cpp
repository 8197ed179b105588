// All pairs of N workloads as classes, in each dialect: N/20 namespaces, default deny in each, one
// policy of both directions for each workload; of the cluster-wide kinds, one for each pair of a
// namespace and a tier, up to the numbers that their priorities allow. Prints what each step takes.
//
//   network_dialects [WORKLOADS...]
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "network_policy/class_pairs.hpp"

namespace {

using namespace tally;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// One workload: its namespace, the labels of it and of those that it talks to.
struct Workload {
  int number = 0;
  int name_space = 0;
  int peer_namespace = 0;
  int team = 0;
  std::string tier;
  std::string peer_tier;
  int port = 0;
};

std::vector<Workload> workloads(int count) {
  std::mt19937 random(3);
  const int namespaces = std::max(1, count / 20);
  constexpr const char* kTiers[] = {"web", "api", "db"};
  std::vector<Workload> all;
  for (int i = 0; i < count; ++i) {
    all.push_back({.number = i,
                   .name_space = i % namespaces,
                   .peer_namespace = static_cast<int>(random()) % namespaces,
                   .team = static_cast<int>(random() % 10),
                   .tier = kTiers[random() % 3],
                   .peer_tier = kTiers[random() % 3],
                   .port = 8000 + i % 10});
    all.back().peer_namespace = std::abs(all.back().peer_namespace);
  }
  return all;
}

std::string pods_and_namespaces(const std::vector<Workload>& all) {
  std::string text;
  const int namespaces = std::max(1, static_cast<int>(all.size()) / 20);
  for (int k = 0; k < namespaces; ++k) {
    text += fmt::format(
        R"({{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"ns{}","labels":{{"team":"t{}"}}}}}})"
        "\n",
        k, k % 10);
  }
  for (const Workload& w : all) {
    text += fmt::format(
        R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"w{0}","namespace":"ns{1}","labels":{{"app":"w{0}","tier":"{2}"}}}},"spec":{{"containers":[{{"name":"c"}}]}},"status":{{"podIP":"10.{3}.{4}.{5}"}}}})"
        "\n",
        w.number, w.name_space, w.tier, w.number / 62500, w.number / 250 % 250, w.number % 250);
  }
  return text;
}

std::string kubernetes(const std::vector<Workload>& all) {
  std::string text;
  for (std::size_t k = 0; k < std::max<std::size_t>(1, all.size() / 20); ++k) {
    text += fmt::format(
        R"({{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"deny","namespace":"ns{}"}},"spec":{{"podSelector":{{}},"policyTypes":["Ingress","Egress"]}}}})"
        "\n",
        k);
  }
  for (const Workload& w : all) {
    text += fmt::format(
        R"({{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"p{0}","namespace":"ns{1}"}},"spec":{{"podSelector":{{"matchLabels":{{"app":"w{0}"}}}},"policyTypes":["Ingress","Egress"],"ingress":[{{"from":[{{"podSelector":{{"matchLabels":{{"tier":"{2}"}}}}}},{{"namespaceSelector":{{"matchLabels":{{"kubernetes.io/metadata.name":"ns{3}"}}}},"podSelector":{{"matchLabels":{{"tier":"api"}}}}}}],"ports":[{{"port":{4}}}]}}],"egress":[{{"to":[{{"namespaceSelector":{{"matchLabels":{{"team":"t{5}"}}}}}},{{"ipBlock":{{"cidr":"172.{6}.0.0/16","except":["172.{6}.{7}.0/24"]}}}}]}}]}}}})"
        "\n",
        w.number, w.name_space, w.peer_tier, w.peer_namespace, w.port, w.team, w.number % 200,
        w.number % 250);
  }
  return text;
}

std::string cilium(const std::vector<Workload>& all) {
  std::string text =
      R"({"apiVersion":"cilium.io/v2","kind":"CiliumClusterwideNetworkPolicy","metadata":{"name":"deny"},"spec":{"endpointSelector":{},"ingress":[{}],"egress":[{}]}})"
      "\n";
  for (const Workload& w : all) {
    text += fmt::format(
        R"({{"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{{"name":"p{0}","namespace":"ns{1}"}},"spec":{{"endpointSelector":{{"matchLabels":{{"app":"w{0}"}}}},"ingress":[{{"fromEndpoints":[{{"matchLabels":{{"tier":"{2}"}}}},{{"matchLabels":{{"k8s:io.kubernetes.pod.namespace":"ns{3}","tier":"api"}}}}],"toPorts":[{{"ports":[{{"port":"{4}","protocol":"TCP"}}]}}]}}],"egress":[{{"toEndpoints":[{{"matchLabels":{{"k8s:io.cilium.k8s.namespace.labels.team":"t{5}"}}}}]}},{{"toCIDRSet":[{{"cidr":"172.{6}.0.0/16","except":["172.{6}.{7}.0/24"]}}]}}]}}}})"
        "\n",
        w.number, w.name_space, w.peer_tier, w.peer_namespace, w.port, w.team, w.number % 200,
        w.number % 250);
  }
  return text;
}

std::string calico(const std::vector<Workload>& all) {
  std::string text =
      R"j({"apiVersion":"projectcalico.org/v3","kind":"GlobalNetworkPolicy","metadata":{"name":"default.deny"},"spec":{"order":5000,"selector":"all()","types":["Ingress","Egress"]}})j"
      "\n";
  for (const Workload& w : all) {
    text += fmt::format(
        R"({{"apiVersion":"projectcalico.org/v3","kind":"NetworkPolicy","metadata":{{"name":"default.p{0}","namespace":"ns{1}"}},"spec":{{"order":100,"selector":"app == 'w{0}'","types":["Ingress","Egress"],"ingress":[{{"action":"Allow","protocol":"TCP","source":{{"selector":"tier == '{2}'"}},"destination":{{"ports":[{4}]}}}},{{"action":"Allow","protocol":"TCP","source":{{"namespaceSelector":"projectcalico.org/name == 'ns{3}'","selector":"tier == 'api'"}},"destination":{{"ports":[{4}]}}}}],"egress":[{{"action":"Allow","destination":{{"namespaceSelector":"team == 't{5}'"}}}},{{"action":"Deny","destination":{{"nets":["172.{6}.{7}.0/24"]}}}},{{"action":"Allow","destination":{{"nets":["172.{6}.0.0/16"]}}}}]}}}})"
        "\n",
        w.number, w.name_space, w.peer_tier, w.peer_namespace, w.port, w.team, w.number % 200,
        w.number % 250);
  }
  return text;
}

// At most 1,000 priorities: one policy for each namespace and tier.
std::string admin(const std::vector<Workload>& all, bool is_cluster_policy) {
  std::string text;
  const std::string_view allow = is_cluster_policy ? "Accept" : "Allow";
  const auto head = [&](int number) {
    return is_cluster_policy
               ? fmt::format(
                     R"({{"apiVersion":"policy.networking.k8s.io/v1alpha2","kind":"ClusterNetworkPolicy","metadata":{{"name":"c{0}"}},"spec":{{"tier":"Admin","priority":{0},)",
                     number)
               : fmt::format(
                     R"({{"apiVersion":"policy.networking.k8s.io/v1alpha1","kind":"AdminNetworkPolicy","metadata":{{"name":"c{0}"}},"spec":{{"priority":{0},)",
                     number);
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 1'000); ++i) {
    const Workload& w = all[i];
    const std::string port =
        is_cluster_policy
            ? fmt::format(R"("protocols":[{{"tcp":{{"destinationPort":{{"number":{}}}}}}}])",
                          w.port)
            : fmt::format(R"("ports":[{{"portNumber":{{"protocol":"TCP","port":{}}}}}])", w.port);
    text +=
        head(w.number) +
        fmt::format(
            R"("subject":{{"pods":{{"namespaceSelector":{{"matchLabels":{{"kubernetes.io/metadata.name":"ns{0}"}}}},"podSelector":{{"matchLabels":{{"tier":"{1}"}}}}}}}},"ingress":[{{"action":"{5}","from":[{{"pods":{{"namespaceSelector":{{"matchLabels":{{"kubernetes.io/metadata.name":"ns{2}"}}}},"podSelector":{{"matchLabels":{{"tier":"{3}"}}}}}}}}],{4}}}],"egress":[{{"action":"{5}","to":[{{"namespaces":{{"matchLabels":{{"team":"t{6}"}}}}}}]}}]}}}})"
            "\n",
            w.name_space, w.tier, w.peer_namespace, w.peer_tier, port, allow, w.team);
  }
  text +=
      is_cluster_policy
          ? R"({"apiVersion":"policy.networking.k8s.io/v1alpha2","kind":"ClusterNetworkPolicy","metadata":{"name":"deny"},"spec":{"tier":"Baseline","priority":1,"subject":{"namespaces":{}},"ingress":[{"action":"Deny","from":[{"namespaces":{}}]}],"egress":[{"action":"Deny","to":[{"namespaces":{}}]}]}})"
          : R"({"apiVersion":"policy.networking.k8s.io/v1alpha1","kind":"BaselineAdminNetworkPolicy","metadata":{"name":"default"},"spec":{"subject":{"namespaces":{}},"ingress":[{"action":"Deny","from":[{"namespaces":{}}]}],"egress":[{"action":"Deny","to":[{"namespaces":{}}]}]}})";
  return text + "\n";
}

void measure(const char* dialect, int count, const std::string& text) {
  const auto source = document::Source::from_text("cluster.json", text);
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
  const double start = now();
  const topology::Topology topology = topology::Topology::read(*snapshot);
  const network_policy::PolicySet policies = network_policy::PolicySet::load(*snapshot, {});
  const double compiled = now();
  network_policy::Analyser analyser(topology, policies);
  const double built = now();
  const auto pairs = network_policy::list_class_pairs(analyser);
  const double listed = now();
  std::printf("%-22s %6d  %6.3f  %6.3f  %6.3f  %6.3f s  %zu policies, %u classes, %zu pairs%s\n",
              dialect, count, compiled - start, built - compiled, listed - built, listed - start,
              policies.policies().size(), analyser.class_count(), pairs.size(),
              errors.empty() && policies.problems().empty() ? "" : ", with PROBLEMS");
  for (std::size_t i = 0; i < std::min<std::size_t>(policies.problems().size(), 2); ++i) {
    const auto& problem = policies.problems()[i];
    std::printf("  %s: %s\n", problem.pointer.c_str(), problem.message.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  kube::load_api_kinds();
  std::vector<int> counts;
  for (int i = 1; i < argc; ++i) {
    counts.push_back(std::atoi(argv[i]));
  }
  if (counts.empty()) {
    counts = {1'000, 10'000};
  }
  std::printf("%-22s %6s  compile, classes and tables, pairs, all\n", "dialect", "pods");
  for (const int count : counts) {
    const std::vector<Workload> all = workloads(count);
    const std::string base = pods_and_namespaces(all);
    measure("NetworkPolicy", count, base + kubernetes(all));
    measure("CiliumNetworkPolicy", count, base + cilium(all));
    measure("Calico NetworkPolicy", count, base + calico(all));
    measure("AdminNetworkPolicy", count, base + admin(all, false));
    measure("ClusterNetworkPolicy", count, base + admin(all, true));
  }
  return 0;
}
