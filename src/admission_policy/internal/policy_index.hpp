#pragma once
// Which policies may speak about a resource: by group and resource of their rules, wildcards apart,
// so that a request costs what the policies about its resource cost and not what all of them do.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/review.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::admission_policy {

class PolicyIndex {
 public:
  void add(std::uint32_t policy, std::span<const policy_cel::ResourceRule> rules);

  // Appends the policies that may match, ascending and each once. `operation` null: any.
  void find(const kube::GroupVersionResource& resource, const kube::Operation* operation,
            std::vector<std::uint32_t>& out) const;

 private:
  struct Posting {
    std::uint32_t policy = 0;
    policy_cel::OperationMask operations = 0;
  };
  struct TextHash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Postings = std::unordered_map<std::string, std::vector<Posting>, TextHash, std::equal_to<>>;

  void add(std::string_view resource, Posting posting);

  // By name of the resource, whatever its group: groups that share storage are one. "*": every
  // resource.
  Postings by_resource_;
};

}  // namespace tally::admission_policy
