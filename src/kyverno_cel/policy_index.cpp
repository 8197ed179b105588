#include "kyverno_cel/internal/policy_index.hpp"

#include <algorithm>

namespace tally::kyverno_cel {

void PolicyIndex::add(std::string_view resource, Posting posting) {
  auto found = by_resource_.find(resource);
  if (found == by_resource_.end()) {
    found = by_resource_.emplace(std::string(resource), std::vector<Posting>{}).first;
  }
  auto& postings = found->second;
  if (!postings.empty() && postings.back().policy == posting.policy) {
    postings.back().operations =
        static_cast<policy_cel::OperationMask>(postings.back().operations | posting.operations);
  } else {
    postings.push_back(posting);
  }
}

void PolicyIndex::add(std::uint32_t policy, std::span<const policy_cel::ResourceRule> rules,
                      bool any_operation) {
  if (rules.empty()) {
    add("*", {.policy = policy, .operations = policy_cel::kEveryOperation});
  }
  for (const policy_cel::ResourceRule& rule : rules) {
    for (const policy_cel::ResourceRule::Resource& resource : rule.resources) {
      add(resource.name,
          {.policy = policy,
           .operations = any_operation ? policy_cel::kEveryOperation : rule.operations});
    }
  }
}

void PolicyIndex::find(std::string_view resource, kube::Operation operation,
                       std::vector<std::uint32_t>& out) const {
  const policy_cel::OperationMask mask = policy_cel::mask_of(operation);
  const std::size_t first = out.size();
  for (const std::string_view name : {resource, std::string_view{"*"}}) {
    if (const auto found = by_resource_.find(name); found != by_resource_.end()) {
      for (const Posting& posting : found->second) {
        if ((posting.operations & mask) != 0) {
          out.push_back(posting.policy);
        }
      }
    }
  }
  const auto own = out.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(own, out.end());
  out.erase(std::unique(own, out.end()), out.end());
}

}  // namespace tally::kyverno_cel
