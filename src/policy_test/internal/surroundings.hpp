#pragma once
// What a test says beside its policies and objects: values, user, namespaces.
// (cmd/cli/kubectl-kyverno/variables, userinfo)

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/api_kinds.hpp"
#include "kube/review.hpp"
#include "policy_test/internal/files.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/test_case.hpp"

namespace tally::policy_test {

struct Subresource {
  kube::GroupVersionKind kind;  // of the object that the test gives: autoscaling/v1 Scale
  kube::GroupVersionKind parent_kind;
  kube::GroupVersionResource parent;  // apps/v1 deployments
  std::string_view name;              // "scale"
};

class Surroundings {
 public:
  [[nodiscard]] Result<void> load(Files& files, const TestCase& test);

  // Of globalValues and of policies[].resources[] for this policy and object.
  [[nodiscard]] std::vector<Field> values_for(std::string_view policy,
                                              std::string_view object) const;
  // policies[].rules[]: what single rules see.
  struct RuleValues {
    std::string_view policy;
    std::string_view rule;
    std::vector<Field> values;
  };
  [[nodiscard]] const std::vector<RuleValues>& rule_values() const noexcept { return rule_values_; }

  // `request.operation` of globalValues; empty when absent.
  [[nodiscard]] std::string_view operation() const noexcept { return operation_; }
  // Labels that the values file gives a namespace; null when it names none.
  [[nodiscard]] const document::Node* namespace_labels(std::string_view name) const;
  // Namespace objects: those of the values file.
  [[nodiscard]] const std::vector<kube::Object>& namespaces() const noexcept { return namespaces_; }
  [[nodiscard]] const Subresource* subresource(const kube::GroupVersionKind& kind) const;

  [[nodiscard]] const kube::UserInfo& user() const noexcept { return user_; }
  [[nodiscard]] const std::vector<std::string_view>& roles() const noexcept { return roles_; }
  [[nodiscard]] const std::vector<std::string_view>& cluster_roles() const noexcept {
    return cluster_roles_;
  }

  // The admission request for an object under an operation ("" is CREATE).
  [[nodiscard]] kube::Review review_of(const kube::Object& object, std::string_view operation,
                                       Arena& arena) const;

 private:
  [[nodiscard]] Result<void> load_values(Files& files, const document::Node& values);
  [[nodiscard]] Result<void> load_user(Files& files, const std::string& file);

  document::Node values_;
  std::string operation_;
  std::map<std::string, document::Node, std::less<>> labels_;
  std::vector<kube::Object> namespaces_;
  std::vector<Subresource> subresources_;
  std::vector<RuleValues> rule_values_;
  kube::UserInfo user_;
  std::vector<std::string_view> roles_;
  std::vector<std::string_view> cluster_roles_;
};

}  // namespace tally::policy_test
