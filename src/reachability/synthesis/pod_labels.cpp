#include "reachability/synthesis/pod_labels.hpp"

#include <algorithm>
#include <array>

namespace tally::reachability {
namespace {

using Label = std::pair<std::string_view, std::string_view>;

constexpr std::size_t kLabelsMax = 12;  // looked at, in order of preference

// In order of preference; others follow by key.
constexpr std::array<std::string_view, 9> kPreferred{"app.kubernetes.io/name",
                                                     "app",
                                                     "k8s-app",
                                                     "app.kubernetes.io/component",
                                                     "app.kubernetes.io/instance",
                                                     "component",
                                                     "name",
                                                     "role",
                                                     "tier"};

bool is_unstable(std::string_view key) {
  constexpr std::array<std::string_view, 15> kUnstable{"pod-template-hash",
                                                       "pod-template-generation",
                                                       "controller-revision-hash",
                                                       "controller-uid",
                                                       "batch.kubernetes.io/controller-uid",
                                                       "batch.kubernetes.io/job-name",
                                                       "job-name",
                                                       "statefulset.kubernetes.io/pod-name",
                                                       "apps.kubernetes.io/pod-index",
                                                       "app.kubernetes.io/version",
                                                       "app.kubernetes.io/managed-by",
                                                       "helm.sh/chart",
                                                       "chart",
                                                       "heritage",
                                                       "release"};
  return std::ranges::find(kUnstable, key) != kUnstable.end();
}

std::size_t rank(std::string_view key) {
  // A version tells workloads apart that are meant to be one; it comes last.
  if (key == "version") {
    return kPreferred.size() + 1;
  }
  return static_cast<std::size_t>(std::ranges::find(kPreferred, key) - kPreferred.begin());
}

bool carries(const topology::Endpoint& endpoint, const std::vector<Label>& labels) {
  return std::ranges::all_of(
      labels, [&](const Label& label) { return endpoint.label(label.first) == label.second; });
}

std::vector<std::uint32_t> others(const topology::Topology& topology, const Links& links,
                                  std::uint32_t unit, const std::vector<Label>& labels) {
  std::vector<std::uint32_t> found;
  const auto range = topology.endpoints_in(links.units[unit].name_space);
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    if (links.unit_of[i] != unit && carries(topology.endpoints()[i], labels)) {
      found.push_back(links.unit_of[i]);
    }
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

}  // namespace

PodLabels select_pods(const topology::Topology& topology, const Links& links, std::uint32_t unit) {
  const auto& members = links.units[unit].endpoints;
  const topology::Endpoint& first = topology.endpoints()[members.front()];
  std::vector<Label> candidates;
  for (const document::Member member : first.labels.members()) {
    const Label label(member.key, member.value.text());
    const bool is_common = std::ranges::all_of(members, [&](std::uint32_t i) {
      return topology.endpoints()[i].label(label.first) == label.second;
    });
    if (is_common && !is_unstable(label.first)) {
      candidates.push_back(label);
    }
  }
  std::ranges::sort(candidates, {},
                    [](const Label& label) { return std::pair(rank(label.first), label.first); });
  candidates.resize(std::min(candidates.size(), kLabelsMax));
  const auto made = [&](std::vector<Label> labels) {
    std::ranges::sort(labels);
    auto also = others(topology, links, unit, labels);
    return PodLabels{.labels = std::move(labels), .also = std::move(also)};
  };
  // One label, then two, then three, in order of preference.
  const std::size_t count = candidates.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_alone = candidates[i].first != "version";  // it changes with the next release
    if (is_alone && others(topology, links, unit, {candidates[i]}).empty()) {
      return made({candidates[i]});
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      if (others(topology, links, unit, {candidates[i], candidates[j]}).empty()) {
        return made({candidates[i], candidates[j]});
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      for (std::size_t k = j + 1; k < count; ++k) {
        if (others(topology, links, unit, {candidates[i], candidates[j], candidates[k]}).empty()) {
          return made({candidates[i], candidates[j], candidates[k]});
        }
      }
    }
  }
  return made(std::move(candidates));
}

}  // namespace tally::reachability
