#pragma once
// For tests and benches: a JSON array as the items of a page.

#include <memory>
#include <span>
#include <string_view>

#include "base/assert.hpp"
#include "document/read_json.hpp"

namespace tally::cluster_state::testing {

class ListItems {
 public:
  explicit ListItems(std::string_view json) : source_(document::Source::from_text("page", json)) {
    const auto read = document::read_one_json(*source_, arena_);
    TALLY_ASSERT(read.has_value());
    root_ = *read;
  }
  [[nodiscard]] std::span<const document::Node> items() const noexcept { return root_.items(); }

 private:
  std::shared_ptr<const document::Source> source_;
  Arena arena_;
  document::Node root_;
};

}  // namespace tally::cluster_state::testing
