#pragma once
// The part of `tally trace` that is about Kyverno's classic policies: the way of a verdict through
// match, context, conditions and pattern, as indented lines.

#include <string>

#include "kube/snapshot.hpp"
#include "kyverno/policy_set.hpp"

namespace tally::app {

struct KyvernoTrace {
  std::string text;
  bool is_denied = false;   // a rule failed
  bool is_unknown = false;  // a rule could not say
  bool is_changed = false;
  bool is_asked = false;  // some rule was about the object
};

[[nodiscard]] KyvernoTrace trace_kyverno(const kyverno::PolicySet& policies,
                                         const kube::Review& review, const kyverno::World& world,
                                         const document::Node& namespace_labels, bool is_verbose);

}  // namespace tally::app
