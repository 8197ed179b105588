// The state of a big cluster in memory: 150,000 pods in 3,000 ReplicaSets of as many Deployments
// and 2,000 namespaces, on 3,000 nodes, as an API server sends them: managedFields, a status with
// conditions and container statuses, a token volume with a name of its own in every pod. Comes in
// as pages of 500 objects; then pods change, are replaced and removed. Prints the time of each
// step, what the state says that it takes, and the resident size.
//
//   cluster_state_scale [PODS [CHANGES]]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>
#include <string>

#include "cluster_state/testing/list_items.hpp"
#include "cluster_state_objects.hpp"

namespace {

using namespace tally;
using namespace tally::bench;
using cluster_state::Change;
using cluster_state::State;
using cluster_state::testing::ListItems;

// Seconds of processor time: there is one thread, and the machine may have other work.
double now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096 / 1024 / 1024;
}

struct Times {
  double read = 0;
  double put = 0;
  std::size_t bytes = 0;
};

// All objects of a resource, as a list in pages.
Times list(State& state, const Resource& resource, int count,
           const std::function<std::string(int)>& object) {
  constexpr int kPage = 500;
  Times times;
  state.begin_list(resource);
  for (int first = 0; first < count; first += kPage) {
    std::string page = "[";
    for (int i = first; i < std::min(count, first + kPage); ++i) {
      page += (i == first ? "" : ",") + object(i);
    }
    page += "]";
    times.bytes += page.size();
    double at = now();
    const ListItems items(page);
    times.read += now() - at;
    at = now();
    state.put_items(
        resource, items.items(), [](const Change&) {},
        [](const Error& error) {
          std::printf("%s\n", error.to_string().c_str());
          std::exit(1);
        });
    times.put += now() - at;
  }
  state.end_list(resource, [](const Change&) {});
  return times;
}

void print_memory(State& state, const char* when) {
  state.collect();
  const cluster_state::Memory memory = state.memory();
  std::printf(
      "%-28s %zu objects, %zu texts, %zu blocks (%zu shared), %zu parked: %.1f MB; resident "
      "%.1f MB, peak %.1f MB\n",
      when, memory.objects, memory.texts, memory.blocks, memory.blocks_shared, memory.parked,
      static_cast<double>(memory.bytes) / 1024 / 1024, resident_mb(), peak_mb());
}

void print_times(const char* what, const Times& times, int count) {
  std::printf("%-28s %7d objects of %5.0f bytes: read %5.1f us, put %5.1f us each\n", what, count,
              static_cast<double>(times.bytes) / count, times.read * 1e6 / count,
              times.put * 1e6 / count);
}

template <class Run>
double timed(const Run& run) {
  const double at = now();
  run();
  return now() - at;
}

void show(State& state) {
  for (int i = 0; i < 2; ++i) {
    const double all = timed([&] { (void)state.snapshot(); });
    const std::array<cluster_state::KindName, 1> kinds{{{"", "Namespace"}}};
    const double some = timed([&] { (void)state.snapshot(kinds); });
    std::printf("%-28s %.1f ms; of the namespaces only %.2f ms\n", "snapshot", all * 1e3,
                some * 1e3);
  }
}

struct Churn {
  const char* name;
  // The pod for the number of a change.
  std::function<std::string(int number, int change)> pod;
};

void churn(State& state, int pods, int changes) {
  const Churn kinds[] = {
      {"status only", [](int number, int change) { return pod(number, change + 1, 0); }},
      {"an annotation", [](int number, int change) { return pod(number, 0, change % 97 + 1); }},
  };
  for (const Churn& kind : kinds) {
    std::mt19937 random(1);
    double seconds = 0;
    std::size_t modified = 0;
    for (int i = 0; i < changes; ++i) {
      const std::string text =
          kind.pod(static_cast<int>(random() % static_cast<unsigned>(pods)), i);
      seconds += timed([&] {
        const auto change = state.put_json(kPod, text);
        modified += change && change->kind == cluster_state::ChangeKind::Modified ? 1 : 0;
      });
    }
    std::printf("%d changes of %s: %.1f us each with reading, %zu modified\n", changes, kind.name,
                seconds * 1e6 / changes, modified);
    print_memory(state, "");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int pods = argc > 1 ? std::atoi(argv[1]) : 150'000;
  const int changes = argc > 2 ? std::atoi(argv[2]) : 200'000;
  const int sets = (pods + kPodsOfReplicaSet - 1) / kPodsOfReplicaSet;
  State state({.hash_seed = 1});
  print_memory(state, "empty");
  print_times("namespaces", list(state, kNamespace, kNamespaces, name_space), kNamespaces);
  print_times("nodes", list(state, kNode, kNodes, node), kNodes);
  print_times("deployments",
              list(state, kDeployment, sets, [](int set) { return owner(set, true); }), sets);
  print_times("replicasets",
              list(state, kReplicaSet, sets, [](int set) { return owner(set, false); }), sets);
  print_times("pods", list(state, kPod, pods, [](int number) { return pod(number, 0, 0); }), pods);
  print_memory(state, "listed");
  show(state);
  print_times("pods again", list(state, kPod, pods, [](int number) { return pod(number, 0, 0); }),
              pods);
  print_memory(state, "listed again");
  churn(state, pods, changes);
  // A rollout while a reader holds on to what was before.
  {
    const auto held = state.snapshot();
    list(state, kPod, pods, [](int number) { return pod(number, 0, 1000); });
    std::printf("every pod changes while a snapshot is held: %zu parked, resident %.1f MB\n",
                state.memory().parked, resident_mb());
  }
  print_memory(state, "it is dropped");
  state.begin_list(kPod);
  const double seconds = timed([&] { state.end_list(kPod, [](const Change&) {}); });
  std::printf("all pods removed: %.1f us each\n", seconds * 1e6 / pods);
  print_memory(state, "without pods");
  return 0;
}
