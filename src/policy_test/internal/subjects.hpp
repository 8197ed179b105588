#pragma once
// Objects as Kyverno's command line reads them (cmd/cli/kubectl-kyverno/resource/resource.go): a
// namespaced object without a namespace gets `default`, and what must be a map is none when null.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/api_kinds.hpp"
#include "kube/object.hpp"
#include "policy_test/internal/files.hpp"

namespace tally::policy_test {

[[nodiscard]] kube::Object as_tested(Files& files, const kube::Object& object,
                                     const kube::CustomKinds& kinds);

// The same object with another content.
[[nodiscard]] kube::Object with_root(Files& files, const kube::Object& object,
                                     const document::Node& root);

// Those of all paths, each identity once: the first one stands.
[[nodiscard]] Result<std::vector<kube::Object>> load_subjects(Files& files,
                                                              const std::string& folder,
                                                              const std::vector<std::string>& paths,
                                                              const kube::CustomKinds& kinds,
                                                              Files::Depth depth);

// "apps/v1/Deployment/default/web": how people see it in rows.
[[nodiscard]] std::string display_name(const kube::Object& object);

}  // namespace tally::policy_test
