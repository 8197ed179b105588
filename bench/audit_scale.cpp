// The continuous audit of 150,000 pods (cluster_state_objects.hpp): Pod Security, structure,
// hygiene and 16 admission policies. Prints the time of the first judgement of everything, the
// memory that state, world and results take, then what one changed pod and one changed namespace
// cost.
//
//   audit_scale [PODS]
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "audit/testing/cluster.hpp"
#include "cluster_state/testing/list_items.hpp"
#include "cluster_state_objects.hpp"

namespace {

using namespace tally;
using namespace tally::bench;
using cluster_state::Change;
using cluster_state::State;

// Seconds of processor time of one thread.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::string policies() {
  const char* expressions[] = {
      "object.kind != 'Pod' || has(object.metadata.labels.team)",
      "object.kind != 'Pod' || object.spec.containers.all(c, has(c.resources.limits))",
      "object.kind != 'Pod' || object.spec.containers.all(c, !c.image.endsWith(':latest'))",
      "object.kind != 'Pod' || !has(object.spec.hostNetwork) || !object.spec.hostNetwork"};
  std::string text;
  for (int i = 0; i < 16; ++i) {
    text += audit::testing::policy("policy-" + std::to_string(i), expressions[i % 4]);
  }
  return text;
}

template <class Make>
void list(State& state, audit::Auditor& auditor, const Resource& resource, int count,
          const Make& make) {
  constexpr int kPage = 500;
  for (int first = 0; first < count; first += kPage) {
    std::string page = "[";
    for (int i = first; i < std::min(count, first + kPage); ++i) {
      page += (i == first ? "" : ",") + make(i);
    }
    const cluster_state::testing::ListItems items(page + "]");
    state.put_items(
        resource, items.items(), [&](const Change& change) { auditor.changed(change); },
        [](const Error&) { std::exit(1); });
  }
}

struct Drained {
  std::size_t judged = 0;
  std::size_t told = 0;
  double seconds = 0;
};

Drained drain(audit::Auditor& auditor) {
  Drained drained;
  const double at = now();
  for (std::size_t some = 1; some > 0; drained.judged += some) {
    some = auditor.step({.objects = 1024}, [&](const audit::Delta&) { ++drained.told; });
  }
  drained.seconds = now() - at;
  return drained;
}

void print(const char* what, const Drained& drained, double world) {
  std::printf("%-28s %zu judged, %zu told, %.3f s (%.1f us each); its world %.3f s; peak %.1f MB\n",
              what, drained.judged, drained.told, drained.seconds,
              drained.seconds * 1e6 / static_cast<double>(std::max<std::size_t>(1, drained.judged)),
              world, peak_mb());
}

}  // namespace

int main(int argc, char** argv) {
  const int pods = argc > 1 ? std::atoi(argv[1]) : 150'000;
  const int sets = (pods + kPodsOfReplicaSet - 1) / kPodsOfReplicaSet;
  State state({.hash_seed = 1});
  audit::Auditor auditor;
  const auto engines = std::make_shared<const audit::testing::Engines>(policies(), true);
  list(state, auditor, kNamespace, kNamespaces, name_space);
  list(state, auditor, kNode, kNodes, node);
  list(state, auditor, kDeployment, sets, [](int set) { return owner(set, true); });
  list(state, auditor, kReplicaSet, sets, [](int set) { return owner(set, false); });
  list(state, auditor, kPod, pods, [](int number) { return pod(number, 0, 0); });
  std::printf("state: peak %.1f MB\n", peak_mb());
  double at = now();
  auditor.replace_judge(audit::testing::make_judge(engines, state.snapshot()));
  double world = now() - at;
  print("everything", drain(auditor), world);
  const auto again = [&](const char* what, const Resource& resource, const std::string& json) {
    const auto change = state.put_json(resource, json);
    if (!change) {
      std::exit(1);
    }
    auditor.changed(*change);
    at = now();
    auditor.replace_world(audit::testing::make_judge(engines, state.snapshot()));
    world = now() - at;
    print(what, drain(auditor), world);
  };
  again("one pod", kPod, pod(77, 0, 1));
  std::string labelled = name_space(7);
  labelled.replace(labelled.find("baseline"), 8, "restricted");
  again("one namespace", kNamespace, labelled);
  at = now();
  std::size_t bytes = 0;
  for (int i = 0; i < 100; ++i) {
    bytes += auditor.report_content("namespace-" + std::to_string(i)).results.size();
  }
  std::printf("contents of 100 reports: %.1f ms, %zu results\n", (now() - at) * 1e3, bytes);
  const bool adds_up = auditor.counters() == auditor.recount();
  std::printf("%s\n", adds_up ? "the counters add up" : "THE COUNTERS DO NOT ADD UP");
  return adds_up ? 0 : 1;
}
