#pragma once
// AdmissionReview (admission.k8s.io/v1) as it stands on the wire: the request as a Review with the
// text that it points into, and the response as JSON.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/source.hpp"
#include "kube/review.hpp"

namespace tally::admission {

// Deeper requests than any API object are refused before they are built.
inline constexpr std::uint32_t kReviewDepthMax = 200;
inline constexpr std::uint32_t kReviewNodesMax = 2'000'000;

struct ReadReview {
  std::shared_ptr<const document::Source> source;  // that the review points into, with the arena
  kube::Review review;
};
// The error says which field, what was found and what was expected. `arena` must outlive the
// review.
[[nodiscard]] Result<ReadReview> read_review(std::string_view body, Arena& arena);

struct ReviewResponse {
  std::string_view uid{};
  bool is_allowed = true;
  unsigned code = 0;           // of a denial
  std::string_view reason{};   // "Forbidden"
  std::string_view message{};  // of a denial
  std::string_view patch{};    // JSON patch as text; empty: none
  const std::vector<std::string>* warnings = nullptr;
  const std::vector<std::pair<std::string, std::string>>* audit_annotations = nullptr;
};
[[nodiscard]] std::string to_json(const ReviewResponse& response);

}  // namespace tally::admission
