#pragma once
// For the tests of assertion trees: values from JSON, variables from a map.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "document/read.hpp"
#include "document/source.hpp"
#include "kyverno/internal/assertion.hpp"

namespace tally::kyverno::internal {

class Values final : public jmespath::Variables {
 public:
  explicit Values(document::Node values) : values_(values) {}
  [[nodiscard]] Answer resolve(std::string_view name) const override {
    const document::Node* const found = values_.find(name);
    return found == nullptr ? std::nullopt : std::optional<document::Node>(*found);
  }

 private:
  document::Node values_;
};

struct Json {
  explicit Json(std::string_view text) {
    source = document::Source::from_text("", std::string(text));
    if (auto read = document::read_one(*source, arena); read) {
      root = *read;
    } else {
      ADD_FAILURE() << text;
    }
  }
  std::shared_ptr<const document::Source> source;
  Arena arena;
  document::Node root;
};

}  // namespace tally::kyverno::internal
