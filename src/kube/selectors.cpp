// k8s.io/apimachinery v0.37.2, pkg/apis/meta/v1/helpers.go, LabelSelectorAsSelector.
#include "kube/selectors.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;
using scalar::LabelRequirement;
using scalar::LabelSelector;
using scalar::SelectorOperator;

const Name kMatchLabels{"matchLabels"};
const Name kMatchExpressions{"matchExpressions"};
const Name kKey{"key"};
const Name kOperator{"operator"};
const Name kValues{"values"};

Result<void> add_expression(LabelSelector& selector, const Node& expression) {
  const Node* key = expression.find(kKey);
  const Node* name = expression.find(kOperator);
  if (key == nullptr || !key->is_string() || name == nullptr || !name->is_string()) {
    return content_error("matchExpressions: each entry needs a key and an operator");
  }
  const auto op = scalar::parse_operator(name->text());
  if (!op || *op == SelectorOperator::GreaterThan || *op == SelectorOperator::LessThan) {
    return content_error(fmt::format(
        "\"{}\" is not a valid label selector operator: expected In, NotIn, Exists or DoesNotExist",
        excerpt(name->text())));
  }
  LabelRequirement requirement{.key = std::string(key->text()), .op = *op, .values = {}};
  if (const Node* values = expression.find(kValues); values != nullptr) {
    for (const Node& value : values->items()) {
      if (!value.is_string()) {
        return content_error(fmt::format("matchExpressions: values are strings, found a {}",
                                         document::kind_name(value.kind())));
      }
      requirement.values.emplace_back(value.text());
    }
  }
  return selector.add(std::move(requirement));
}

}  // namespace

Result<LabelSelector> read_label_selector(const Node& selector) {
  LabelSelector result;
  if (selector.is_null()) {
    return result;
  }
  if (!selector.is_object()) {
    return content_error(
        fmt::format("a label selector is a map, found a {}", document::kind_name(selector.kind())));
  }
  for (const document::Member member : selector.members()) {
    if (member.key != kMatchLabels.text() && member.key != kMatchExpressions.text()) {
      return content_error(fmt::format(
          "unknown field \"{}\" in a label selector: expected matchLabels or matchExpressions",
          excerpt(member.key)));
    }
  }
  if (const Node* labels = selector.find(kMatchLabels); labels != nullptr) {
    for (const document::Member label : labels->members()) {
      if (!label.value.is_string()) {
        return content_error(fmt::format("matchLabels: the value of {} is a {}, expected a string",
                                         excerpt(label.key),
                                         document::kind_name(label.value.kind())));
      }
      TALLY_CHECK(result.add({.key = std::string(label.key),
                              .op = SelectorOperator::In,
                              .values = {std::string(label.value.text())}}));
    }
  }
  if (const Node* expressions = selector.find(kMatchExpressions); expressions != nullptr) {
    for (const Node& expression : expressions->items()) {
      TALLY_CHECK(add_expression(result, expression));
    }
  }
  return result;
}

bool matches(const LabelSelector& selector, const Node& labels) {
  return selector.matches([&labels](std::string_view key) -> std::optional<std::string_view> {
    const Node* value = labels.find(key);
    return value != nullptr && value->is_string() ? std::optional{value->text()} : std::nullopt;
  });
}

}  // namespace tally::kube
