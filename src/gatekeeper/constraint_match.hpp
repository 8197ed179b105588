#pragma once
// spec.match of a Constraint: which objects it is about (github.com/open-policy-agent/gatekeeper
// v3.20 pkg/mutation/match/match.go). Every part that is there must match; a part without entries
// matches everything.
//
// Names may have one `*` at either end, or both. Labels of a namespace that is not in the snapshot
// are Unknown.
//
// Threads: immutable once read. Lifetime: views into the constraint's document.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "kube/object.hpp"
#include "kube/selectors.hpp"
#include "kube/snapshot.hpp"
#include "scalar/label_selector.hpp"

namespace tally::gatekeeper {

// "kube-*", "*-system", "*mid*" or a whole name; `*` elsewhere is no wildcard.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text) noexcept;

// How an object came to be: written by somebody, or made by an expansion.
enum class Origin : std::uint8_t { Original, Generated };

class ConstraintMatch {
 public:
  // `match`: spec.match, or null when the constraint has none.
  [[nodiscard]] static Result<ConstraintMatch> read(const document::Node* match);

  [[nodiscard]] kube::Match matches(const kube::Object& object, const kube::Snapshot* snapshot,
                                    Origin origin = Origin::Original) const;

 private:
  enum class Scope : std::uint8_t { All, Cluster, Namespaced };
  enum class Source : std::uint8_t { All, Original, Generated };
  struct Kinds {
    std::vector<std::string_view> groups;
    std::vector<std::string_view> kinds;
  };
  [[nodiscard]] bool matches_kind(const scalar::ObjectRef& ref) const noexcept;
  [[nodiscard]] bool matches_name(const kube::Object& object) const noexcept;
  [[nodiscard]] kube::Match matches_namespace_labels(const kube::Object& object,
                                                     const kube::Snapshot* snapshot) const;

  std::vector<Kinds> kinds_;
  std::vector<std::string_view> namespaces_;
  std::vector<std::string_view> excluded_namespaces_;
  std::optional<scalar::LabelSelector> labels_;
  std::optional<scalar::LabelSelector> namespace_labels_;
  std::string_view name_;
  Scope scope_ = Scope::All;
  Source source_ = Source::All;
};

}  // namespace tally::gatekeeper
