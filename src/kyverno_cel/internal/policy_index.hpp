#pragma once
// Which policies may speak about a resource: by the names of resources in their rules, wildcards
// apart, so that a request costs what the policies about its resource cost and not what all of them
// do.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy_cel/match_resources.hpp"

namespace tally::kyverno_cel {

class PolicyIndex {
 public:
  // `any_operation`: the rules are about every operation, whatever they say.
  void add(std::uint32_t policy, std::span<const policy_cel::ResourceRule> rules,
           bool any_operation);
  // Policies about payloads.
  void add_payload(std::uint32_t policy) { payloads_.push_back(policy); }

  // Appends the policies that may match, ascending and each once.
  void find(std::string_view resource, kube::Operation operation,
            std::vector<std::uint32_t>& out) const;
  [[nodiscard]] std::span<const std::uint32_t> payloads() const noexcept { return payloads_; }

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
  void add(std::string_view resource, Posting posting);

  // "*": every resource.
  std::unordered_map<std::string, std::vector<Posting>, TextHash, std::equal_to<>> by_resource_;
  std::vector<std::uint32_t> payloads_;
};

}  // namespace tally::kyverno_cel
