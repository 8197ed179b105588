#include "assessment/internal/namespace_policy.hpp"

#include <algorithm>

namespace tally::assessment {

using document::Node;

namespace {

LabelSetting read_setting(const Node& labels, std::string_view level_key,
                          std::string_view version_key, Level on_error) {
  LabelSetting setting;
  setting.level = labels.find(level_key);
  setting.version = labels.find(version_key);
  if (setting.level != nullptr) {
    const auto level = pod_security::parse_level(setting.level->text());
    setting.level_valid = level.has_value();
    setting.value.level = level.value_or(on_error);
  }
  if (setting.version != nullptr) {
    const auto version = Version::parse(setting.version->text());
    setting.version_valid = version.has_value();
    setting.value.version = version.value_or(Version::latest());
  }
  return setting;
}

LevelVersion strictest_label(const NamespacePolicy& policy) {
  LevelVersion strictest = policy.enforce.value;
  for (const LabelSetting* setting : {&policy.audit, &policy.warn}) {
    if (setting->value.level > strictest.level) {
      strictest = setting->value;
    }
  }
  return strictest;
}

Level level_of(input::Tier tier) noexcept {
  switch (tier) {
    case input::Tier::Privileged:
      return Level::Privileged;
    case input::Tier::Baseline:
      return Level::Baseline;
    case input::Tier::Restricted:
      return Level::Restricted;
  }
  return Level::Restricted;
}

}  // namespace

NamespacePolicy namespace_policy(std::string_view name, const kube::Snapshot& snapshot,
                                 const input::Config& config) {
  NamespacePolicy policy;
  policy.name = name;
  policy.object = snapshot.find("", "Namespace", "", name);
  const Node labels = policy.object == nullptr ? Node{} : policy.object->labels();
  policy.enforce = read_setting(labels, "pod-security.kubernetes.io/enforce",
                                "pod-security.kubernetes.io/enforce-version", Level::Restricted);
  policy.audit = read_setting(labels, "pod-security.kubernetes.io/audit",
                              "pod-security.kubernetes.io/audit-version", Level::Privileged);
  policy.warn = read_setting(labels, "pod-security.kubernetes.io/warn",
                             "pod-security.kubernetes.io/warn-version", Level::Privileged);
  const bool labelled = policy.enforce.level != nullptr || policy.audit.level != nullptr ||
                        policy.warn.level != nullptr;
  if (policy.enforce.level != nullptr && policy.enforce.level_valid &&
      policy.warn.level == nullptr) {
    policy.warn.value = policy.enforce.value;
  }
  // A namespace outside the input has the one label kubernetes.io/metadata.name: a tier that
  // selects by another is unknown.
  const auto assignment = config.tier_of(name, labels, policy.object != nullptr);
  if (assignment.tier) {
    policy.tier = level_of(*assignment.tier);
  }
  policy.tier_unknown = assignment.unknown;
  policy.tier_note = assignment.note;
  const auto& exempt = config.pod_security_exemptions.namespaces;
  policy.exempt = std::ranges::find(exempt, name) != exempt.end();
  // The text was checked when the configuration was read.
  const Version version = Version::parse(config.pod_security_version).value_or(Version::latest());
  if (policy.tier) {
    policy.set = {*policy.tier, version};
  } else if (labelled) {
    policy.set = strictest_label(policy);
  } else {
    policy.set = {Level::Baseline, version};
  }
  return policy;
}

finding::Mode mode_of(const NamespacePolicy& policy, Level level) noexcept {
  if (policy.enforce.value.level >= level) {
    return finding::Mode::Enforce;
  }
  return policy.warn.value.level >= level ? finding::Mode::Warn : finding::Mode::Audit;
}

}  // namespace tally::assessment
