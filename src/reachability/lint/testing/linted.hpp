#pragma once
// For tests: what lint says about a YAML text.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/testing/manifests.hpp"
#include "reachability/entries/entries.hpp"
#include "reachability/lint/figures.hpp"
#include "reachability/lint/lint.hpp"
#include "reachability/mesh/mesh.hpp"

namespace tally::reachability::testing {

class Linted {
 public:
  explicit Linted(std::string_view yaml)
      : manifests_(yaml),
        world_(std::make_unique<World>(*manifests_.snapshot(), network_policy::LoadOptions{})),
        mesh_(std::make_unique<mesh::Mesh>(*manifests_.snapshot(), *world_, mesh::MeshOptions{})),
        entries_(list_entries(*manifests_.snapshot(), *world_)),
        findings_(lint({.snapshot = *manifests_.snapshot(),
                        .world = *world_,
                        .mesh = *mesh_,
                        .entries = entries_})) {}

  [[nodiscard]] const std::vector<LintFinding>& findings() const { return findings_; }
  [[nodiscard]] NetworkFigures figures() { return network_figures(*world_, *mesh_, entries_); }

  // Of one check: "medium /spec/ingress/0", one line each.
  [[nodiscard]] std::string of(std::string_view check) const {
    std::string text;
    for (const LintFinding& found : findings_) {
      if (found.check->id == check) {
        text.append(text.empty() ? "" : "\n").append(to_text(found.severity));
        text.append(" ").append(found.pointer);
      }
    }
    return text;
  }
  // The messages of one check, one line each.
  [[nodiscard]] std::string messages(std::string_view check) const {
    std::string text;
    for (const LintFinding& found : findings_) {
      if (found.check->id == check) {
        text.append(text.empty() ? "" : "\n").append(found.message);
      }
    }
    return text;
  }

 private:
  kube::testing::Manifests manifests_;
  std::unique_ptr<World> world_;
  std::unique_ptr<mesh::Mesh> mesh_;
  EntryList entries_;
  std::vector<LintFinding> findings_;
};

// A Deployment with its pods' labels, ports and further lines of the pod spec's container.
inline std::string deployment(std::string_view name_space, std::string_view name,
                              std::string_view labels, std::string_view container = "",
                              std::string_view pod = "", std::string_view metadata = "") {
  std::string text = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ";
  text.append(name).append(", namespace: ").append(name_space);
  text += "}\nspec:\n  selector: {matchLabels: {";
  text.append(labels).append("}}\n  template:\n    metadata:\n      labels: {").append(labels);
  text.append("}\n").append(metadata);
  text.append("    spec:\n").append(pod);
  text.append("      containers:\n      - name: main\n        image: a:1\n").append(container);
  return text;
}

inline std::string policy(std::string_view name_space, std::string_view name,
                          std::string_view spec) {
  std::string text =
      "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ";
  text.append(name).append(", namespace: ").append(name_space).append("}\nspec:\n").append(spec);
  return text;
}

inline std::string name_space(std::string_view name, std::string_view labels = "") {
  std::string text = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ";
  return text.append(name).append(", labels: {").append(labels).append("}}\n");
}

struct Expectation {
  std::string_view name;
  std::string_view check;
  std::string yaml;
  std::string_view expected;  // "severity pointer" lines; empty: nothing is said
};
inline void check(const std::vector<Expectation>& rows) {
  for (const Expectation& row : rows) {
    const Linted linted(row.yaml);
    EXPECT_EQ(linted.of(row.check), row.expected) << row.name << ", " << row.check << "\n"
                                                  << linted.messages(row.check) << "\n"
                                                  << row.yaml;
  }
}

}  // namespace tally::reachability::testing
