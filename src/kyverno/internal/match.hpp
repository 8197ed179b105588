#pragma once
// `match` and `exclude` of rules and exceptions (Kyverno 1.19 pkg/engine/utils/match.go,
// pkg/utils/match): AND across the fields of a filter, OR within their lists. Read once, evaluated
// often; evaluating allocates nothing.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/review.hpp"
#include "scalar/label_selector.hpp"

namespace tally::kyverno::internal {

// "Pod", "apps/v1/Deployment", "*/v1beta1/CronJob", "Pod/exec", "*/*": every part may hold
// wildcards (pkg/utils/kube/kind.go, ParseKindSelector).
struct KindSelector {
  std::string_view group{};
  std::string_view version{};
  std::string_view kind{};
  std::string_view subresource{};

  [[nodiscard]] static KindSelector parse(std::string_view text);
  [[nodiscard]] bool matches(const kube::GroupVersionKind& of,
                             std::string_view of_subresource) const noexcept;
};

// What a filter is held against.
struct Subject {
  document::Node object{};  // its labels, annotations, names
  kube::GroupVersionKind kind;
  std::string_view subresource{};
  std::string_view operation{};  // "CREATE"
  document::Node namespace_labels{};
  std::string_view username{};
  document::Node groups{};
  std::span<const std::string_view> roles{};
  std::span<const std::string_view> cluster_roles{};

  // Nobody asked: filters by user hold.
  [[nodiscard]] bool has_user() const noexcept {
    return !username.empty() || groups.size() > 0 || !roles.empty() || !cluster_roles.empty();
  }
};

enum class EphemeralContainers : std::uint8_t { MatchPods, MatchOnlyByName };
enum class OfUser : std::uint8_t { Counts, IsIgnoredWithoutUser };

// A selector whose keys and values may hold wildcards (pkg/engine/wildcards, ReplaceInSelector).
class WildSelector {
 public:
  [[nodiscard]] static WildSelector read(const document::Node& selector);
  [[nodiscard]] bool matches(const document::Node& labels) const;

 private:
  struct Pair {
    std::string_view key{};
    std::string_view value{};
  };
  std::vector<Pair> wild_;
  scalar::LabelSelector plain_;
  bool is_broken_ = false;  // matches nothing, as upstream's error does
};

class ResourceFilter {
 public:
  // `filter`: {resources, subjects, roles, clusterRoles}
  [[nodiscard]] static ResourceFilter read(const document::Node& filter);

  [[nodiscard]] bool is_empty() const noexcept { return !has_resources_ && !has_user_; }
  [[nodiscard]] bool matches(const Subject& subject, EphemeralContainers containers,
                             OfUser of_user) const;
  [[nodiscard]] bool excepts(const Subject& subject) const;
  [[nodiscard]] const std::vector<KindSelector>& kinds() const noexcept { return kinds_; }
  [[nodiscard]] const std::vector<std::string_view>& operations() const noexcept {
    return operations_;
  }

 private:
  [[nodiscard]] bool matches_resource(const Subject& subject, EphemeralContainers containers) const;
  [[nodiscard]] bool matches_user(const Subject& subject) const;

  std::vector<KindSelector> kinds_;
  std::vector<std::string_view> operations_;
  std::string_view name_;
  std::vector<std::string_view> names_;
  std::vector<std::string_view> namespaces_;
  document::Node annotations_;
  std::optional<WildSelector> selector_;
  std::optional<WildSelector> namespace_selector_;
  document::Node roles_;
  document::Node cluster_roles_;
  document::Node subjects_;
  bool has_resources_ = false;
  bool has_user_ = false;
};

class MatchBlock {
 public:
  enum class Mode : std::uint8_t { Single, Any, All };

  [[nodiscard]] static MatchBlock read(const document::Node& block);

  [[nodiscard]] bool is_empty() const noexcept;
  [[nodiscard]] bool matches(const Subject& subject) const;
  [[nodiscard]] bool excludes(const Subject& subject) const;
  // As a PolicyException reads it: without filters nothing matches, a user must be there.
  [[nodiscard]] bool excepts(const Subject& subject) const;
  [[nodiscard]] const std::vector<ResourceFilter>& filters() const noexcept { return filters_; }

 private:
  Mode mode_ = Mode::Single;
  std::vector<ResourceFilter> filters_;
};

}  // namespace tally::kyverno::internal
