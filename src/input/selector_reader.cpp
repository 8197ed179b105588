#include "input/internal/selector_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace tally::input {

namespace {

using document::Member;
using document::Node;

Result<void> read_match_labels(const Node& node, const StrictReader& reader,
                               scalar::LabelSelector& selector) {
  if (!node.is_object()) {
    return std::unexpected(reader.error(
        node.offset(),
        fmt::format("found {} for 'matchLabels', expected a map of labels", found_text(node))));
  }
  for (const Member member : node.members()) {
    TALLY_TRY(std::string value, reader.text(member.value, member.key));
    scalar::LabelRequirement requirement;
    requirement.key = member.key;
    requirement.op = scalar::SelectorOperator::In;
    requirement.values = {std::move(value)};
    if (auto added = selector.add(std::move(requirement)); !added) {
      return std::unexpected(reader.error(member.key_offset, added.error().message));
    }
  }
  return {};
}

Result<void> read_match_expressions(const Node& node, const StrictReader& reader,
                                    scalar::LabelSelector& selector) {
  static constexpr std::array<std::string_view, 3> kKeys = {"key", "operator", "values"};
  static constexpr std::string_view kOperators = "In, NotIn, Exists, DoesNotExist";
  TALLY_CHECK(reader.list(node, "matchExpressions"));
  for (const Node& item : node.items()) {
    TALLY_CHECK(reader.map(item, "a label requirement", kKeys));
    const Node* key = item.find("key");
    const Node* word = item.find("operator");
    if (key == nullptr || word == nullptr) {
      return std::unexpected(
          reader.error(item.offset(), fmt::format("found a label requirement without '{}'",
                                                  key == nullptr ? "key" : "operator")));
    }
    scalar::LabelRequirement requirement;
    TALLY_TRY(requirement.key, reader.text(*key, "key"));
    TALLY_TRY(const std::string operator_text, reader.text(*word, "operator"));
    const auto op = scalar::parse_operator(operator_text);
    if (!op || *op == scalar::SelectorOperator::GreaterThan ||
        *op == scalar::SelectorOperator::LessThan) {
      return std::unexpected(
          reader.error(word->offset(), fmt::format("found the operator '{}', expected one of: {}",
                                                   excerpt(operator_text, 30), kOperators)));
    }
    requirement.op = *op;
    if (const Node* values = item.find("values"); values != nullptr) {
      TALLY_TRY(requirement.values, reader.texts(*values, "values"));
    }
    if (auto added = selector.add(std::move(requirement)); !added) {
      return std::unexpected(reader.error(item.offset(), added.error().message));
    }
  }
  return {};
}

}  // namespace

Result<scalar::LabelSelector> read_selector(const Node& node, const StrictReader& reader) {
  if (node.is_string()) {
    auto parsed = scalar::LabelSelector::parse(node.text());
    if (!parsed) {
      return std::unexpected(reader.error(node.offset(), parsed.error().message));
    }
    if (parsed->is_empty()) {
      return std::unexpected(reader.error(
          node.offset(), "found an empty selector, expected at least one requirement"));
    }
    return std::move(*parsed);
  }
  static constexpr std::array<std::string_view, 2> kKeys = {"matchLabels", "matchExpressions"};
  TALLY_CHECK(reader.map(node, "a selector", kKeys));
  scalar::LabelSelector selector;
  if (const Node* labels = node.find("matchLabels"); labels != nullptr) {
    TALLY_CHECK(read_match_labels(*labels, reader, selector));
  }
  if (const Node* expressions = node.find("matchExpressions"); expressions != nullptr) {
    TALLY_CHECK(read_match_expressions(*expressions, reader, selector));
  }
  if (selector.is_empty()) {
    return std::unexpected(
        reader.error(node.offset(), "found an empty selector, expected at least one requirement",
                     "To name every namespace write \"*\" among its names."));
  }
  return selector;
}

}  // namespace tally::input
