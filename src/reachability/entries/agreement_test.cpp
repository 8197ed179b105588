// Two readers agree: what netpol-analyzer's view (netpol_analyzer/ingress.hpp) sends to workloads
// by Ingress and Route is what the entries lead to, on the test data of that tool, which lies
// outside the repository: TALLY_CORPUS, or ../shared/corpus. Differences on purpose: that tool
// leaves out ports that no container declares; it takes the number of a Service's port for the
// targetPort of a Route.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "reachability/entries/testing/rows.hpp"
#include "reachability/netpol_analyzer/ingress.hpp"

namespace tally::reachability::testing {
namespace {

namespace fs = std::filesystem;
namespace upstream = netpol_analyzer;

fs::path corpus() {
  const char* named = std::getenv("TALLY_CORPUS");  // NOLINT(concurrency-mt-unsafe)
  return (named != nullptr ? fs::path(named) : fs::path(TALLY_SOURCE_DIR) / "../shared/corpus") /
         "netpol/tests";
}

// By object and workload: the ports of pods.
using Links = std::map<std::pair<std::string, std::string>, scalar::ConnectionSet>;

std::string describe(const Links& links) {
  std::string text;
  for (const auto& [key, ports] : links) {
    text.append(key.first).append(" -> ").append(key.second).append(" ");
    text.append(ports.to_string()).append("\n");
  }
  return text;
}

struct Manifests {
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::shared_ptr<const kube::Snapshot> snapshot;
};

Manifests read(const fs::path& folder) {
  Manifests out;
  std::vector<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    const std::string extension = file.path().extension();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") {
      files.push_back(file.path());
    }
  }
  std::ranges::sort(files);
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const fs::path& file : files) {
    auto source = document::Source::read_file(file.string());
    if (!source) {
      continue;
    }
    out.sources.push_back(*source);
    std::vector<document::DocumentError> errors;
    std::vector<document::Document> documents;
    for (const document::Slice& slice : document::split(**source)) {
      document::read_slice(**source, slice, out.arena, {}, documents, errors);
    }
    for (const document::Document& document : documents) {
      kube::append_objects(document, **source, objects, rejected);
    }
  }
  upstream::complete_namespaces(objects, "default");
  out.snapshot = kube::Snapshot::create(std::move(objects), "default");
  return out;
}

Links links_of_upstream(const kube::Snapshot& snapshot) {
  const upstream::Workloads workloads = upstream::Workloads::read(snapshot);
  std::vector<upstream::Warning> warnings;
  const auto rules = upstream::IngressRules::read(snapshot, workloads, warnings);
  Links links;
  for (const upstream::IngressTarget& target : rules.targets) {
    for (const upstream::IngressBackend& backend : target.backends) {
      scalar::ConnectionSet& ports = links[{std::string(backend.kind) + " " + backend.object,
                                            workloads.list[target.workload].text}];
      ports = ports.unite(backend.connections);
    }
  }
  std::erase_if(links, [](const auto& link) { return link.second.is_empty(); });
  return links;
}

Links links_of_entries(const kube::Snapshot& snapshot) {
  World world(snapshot, {});
  Links links;
  for (const Entry& entry : list_entries(snapshot, world).entries) {
    if (entry.kind != EntryKind::Ingress && entry.kind != EntryKind::Route) {
      continue;
    }
    for (const EntryBackend& backend : entry.backends) {
      scalar::ConnectionSet declared;
      for (const std::uint32_t i : backend.endpoints) {
        for (const topology::ContainerPort& port : world.topology().endpoints()[i].ports) {
          declared.add(port.protocol, scalar::PortSet(port.port, port.port));
        }
      }
      const Workload& workload = world.workloads()[backend.workload];
      const bool is_machine = workload.kind.starts_with("VirtualMachine");
      scalar::ConnectionSet& ports =
          links[{title_of(*entry.object), std::string(workload.name_space) + "/" +
                                              std::string(workload.name) + "[" +
                                              std::string(workload.kind) + "]"}];
      ports = ports.unite(is_machine ? backend.ports : backend.ports.intersect(declared));
    }
  }
  std::erase_if(links, [](const auto& link) { return link.second.is_empty(); });
  return links;
}

TEST(Entries, AgreeWithNetpolAnalyzer) {
  if (!fs::is_directory(corpus())) {
    GTEST_SKIP() << "the test data of netpol-analyzer is not at " << corpus();
  }
  kube::load_api_kinds();
  std::size_t compared = 0;
  for (const auto& folder : fs::directory_iterator(corpus())) {
    // Its pods are of apps/v1, which is no API of pods.
    if (!folder.is_directory() ||
        folder.path().filename() == "udn_with_ingress_controller_two_pods") {
      continue;
    }
    const Manifests manifests = read(folder.path());
    const Links expected = links_of_upstream(*manifests.snapshot);
    const Links found = links_of_entries(*manifests.snapshot);
    compared += expected.size();
    EXPECT_EQ(describe(found), describe(expected)) << folder.path().filename();
  }
  EXPECT_GT(compared, 20U);
}

}  // namespace
}  // namespace tally::reachability::testing
