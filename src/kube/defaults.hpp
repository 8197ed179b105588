#pragma once
// The table of defaults that the API server sets before admission (CONTRACTS.md section 1,
// Defaults). Its rows come with the comparison against a real server; until then it is empty and
// engines judge the object as written. A defaulted node is marked (document::Node::as_defaulted)
// and has its parent's position.

#include <span>
#include <string_view>

namespace tally::kube {

struct DefaultRow {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view path;   // JSON pointer; "-" stands for every item of a list
  std::string_view value;  // JSON
};

[[nodiscard]] constexpr std::span<const DefaultRow> default_rows() noexcept { return {}; }

}  // namespace tally::kube
