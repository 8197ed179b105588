#pragma once
// What is set for a namespace: by tally.yaml, by its labels, by default (CONTRACTS.md section 3,
// "Pod Security level").

#include <optional>
#include <string>
#include <string_view>

#include "document/node.hpp"
#include "finding/finding.hpp"
#include "input/config.hpp"
#include "kube/object.hpp"
#include "kube/snapshot.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::assessment {

using pod_security::Level;
using pod_security::LevelVersion;
using pod_security::Version;

// One of the three label pairs of a namespace.
struct LabelSetting {
  LevelVersion value;                     // as the API server evaluates it
  const document::Node* level = nullptr;  // the label's value, null when absent
  const document::Node* version = nullptr;
  bool level_valid = true;
  bool version_valid = true;
};

struct NamespacePolicy {
  std::string_view name;
  const kube::Object* object = nullptr;  // the Namespace, if the input holds it
  LabelSetting enforce;
  LabelSetting audit;
  LabelSetting warn;
  std::optional<Level> tier;  // from tally.yaml
  bool tier_unknown = false;  // a selector of a tier needs labels that the input does not show
  std::string tier_note;      // about a conflict or a doubt
  LevelVersion set;           // the level that workloads are held to
  bool exempt = false;        // exempted in tally.yaml
};

// Reads the labels as k8s.io/pod-security-admission does (api/helpers.go, PolicyToEvaluate): an
// unreadable enforce level is restricted, an unreadable audit or warn level privileged, an
// unreadable version latest; warn follows enforce where absent.
[[nodiscard]] NamespacePolicy namespace_policy(std::string_view name,
                                               const kube::Snapshot& snapshot,
                                               const input::Config& config);

// What enforcement does about a violation of this level in that namespace today.
[[nodiscard]] finding::Mode mode_of(const NamespacePolicy& policy, Level level) noexcept;

}  // namespace tally::assessment
