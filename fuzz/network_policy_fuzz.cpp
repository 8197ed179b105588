// Network policies of every dialect, from bytes. The first byte chooses what is tried:
//   * a small random cluster: the three ways to judge must agree;
//   * the rest as YAML beside a few pods: whatever it is, what is wrong with it has a place and a
//     reason, and about what could be read the three ways agree.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "network_policy/testing/agreement.hpp"
#include "network_policy/testing/random_cluster.hpp"

namespace {

using namespace tally;
using namespace tally::network_policy;

constexpr std::string_view kPods = R"(
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {a: x}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {a: x}},
 spec: {containers: [{name: c, ports: [{name: web, containerPort: 80}]}]}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: bank, labels: {b: z}},
 spec: {containers: [{name: c}]}}
---
)";

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void run(const std::string& text, const LoadOptions& options, bool may_be_wrong) {
  const auto source = document::Source::from_text("input", text);
  Arena arena;
  document::ReadOptions reading;
  reading.limits.nodes = 20'000;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, reading, documents, errors);
  }
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const document::Document& document : documents) {
    kube::append_objects(document, *source, objects, rejected);
  }
  const auto snapshot = kube::Snapshot::create(std::move(objects), "shop");
  const topology::Topology topology = topology::Topology::read(*snapshot);
  const PolicySet policies = PolicySet::load(*snapshot, options);
  for (const LoadProblem& problem : policies.problems()) {
    require(problem.object != nullptr && !problem.message.empty());
    require(may_be_wrong || problem.kind == LoadProblem::Kind::Ignored);
  }
  // Comparing costs pairs times blocks times rules.
  if (topology.endpoints().size() <= 8 && policies.addresses().size() <= 40 &&
      policies.rules().size() <= 100) {
    testing::Agreement agreement;
    testing::compare(topology, policies, agreement);
    require(agreement.difference.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_loaded = [] {
    kube::load_api_kinds();
    return true;
  }();
  static_cast<void>(is_loaded);
  if (size == 0 || size > 20'000) {
    return 0;
  }
  const LoadOptions options{.ip_blocks_select_pods = (data[0] & 2U) != 0,
                            .host_network_pods_are_nodes = (data[0] & 4U) != 0};
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  if ((data[0] & 1U) != 0) {
    run(std::string(kPods).append(text), options, true);
    return 0;
  }
  std::size_t at = 0;
  const testing::Choose choose = [&](unsigned n) {
    return at < text.size() ? static_cast<unsigned char>(text[at++]) % n : 0U;
  };
  run(testing::random_cluster(choose), options, false);
  return 0;
}
