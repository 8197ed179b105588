#include "admission_policy/internal/policy_index.hpp"

#include <algorithm>

namespace tally::admission_policy {

void PolicyIndex::add(std::string_view resource, Posting posting) {
  const auto found = by_resource_.find(resource);
  auto& postings =
      found != by_resource_.end()
          ? found->second
          : by_resource_.emplace(std::string(resource), std::vector<Posting>{}).first->second;
  if (!postings.empty() && postings.back().policy == posting.policy) {
    postings.back().operations =
        static_cast<policy_cel::OperationMask>(postings.back().operations | posting.operations);
  } else {
    postings.push_back(posting);
  }
}

void PolicyIndex::add(std::uint32_t policy, std::span<const policy_cel::ResourceRule> rules) {
  if (rules.empty()) {
    add("*", {.policy = policy, .operations = policy_cel::kEveryOperation});
  }
  for (const policy_cel::ResourceRule& rule : rules) {
    for (const policy_cel::ResourceRule::Resource& resource : rule.resources) {
      add(resource.name, {.policy = policy, .operations = rule.operations});
    }
  }
}

void PolicyIndex::find(const kube::GroupVersionResource& resource, const kube::Operation* operation,
                       std::vector<std::uint32_t>& out) const {
  const policy_cel::OperationMask mask =
      operation == nullptr ? policy_cel::kEveryOperation : policy_cel::mask_of(*operation);
  const auto collect = [&](std::string_view name) {
    if (const auto found = by_resource_.find(name); found != by_resource_.end()) {
      for (const Posting& posting : found->second) {
        if ((posting.operations & mask) != 0) {
          out.push_back(posting.policy);
        }
      }
    }
  };
  collect(resource.resource);
  collect("*");
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
}

}  // namespace tally::admission_policy
