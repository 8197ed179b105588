#include "policy_test/internal/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "policy_test/internal/files.hpp"

namespace tally::policy_test {

using document::Node;
using document::NodeKind;

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_same_but_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

Fields::Fields(const Node& map, const document::Source& source, std::string what,
               std::vector<Error>& errors)
    : map_(map), source_(source), what_(std::move(what)), errors_(errors), asked_(map.size()) {
  if (!map.is_object()) {
    wrong(map, fmt::format("{} must be a map, found a {}", what_, document::kind_name(map.kind())));
  }
}

Position Fields::position(const Node& at) const { return source_.position(at.offset()); }

void Fields::wrong(const Node& at, std::string message) {
  errors_.push_back(file_error(source_.name(), std::move(message), position(at)));
}

// As encoding/json: the exact name, else one that differs in the case of letters only.
const Node* Fields::node(std::string_view field) {
  if (!map_.is_object()) {
    return nullptr;
  }
  std::size_t found = map_.size();
  for (std::size_t i = 0; i < map_.size(); ++i) {
    if (map_.key(i) == field) {
      found = i;
      break;
    }
    if (found == map_.size() && is_same_but_case(map_.key(i), field)) {
      found = i;
    }
  }
  if (found == map_.size()) {
    return nullptr;
  }
  asked_[found] = true;
  const Node& value = map_.items()[found];
  return value.is_null() ? nullptr : &value;
}

const Node* Fields::expect(std::string_view field, NodeKind kind) {
  const Node* value = node(field);
  if (value == nullptr) {
    return nullptr;
  }
  if (value->kind() != kind) {
    wrong(*value, fmt::format("{}.{} must be a {}, found a {}", what_, field,
                              document::kind_name(kind), document::kind_name(value->kind())));
    return nullptr;
  }
  return value;
}

const Node* Fields::list(std::string_view field) { return expect(field, NodeKind::Array); }
const Node* Fields::map(std::string_view field) { return expect(field, NodeKind::Object); }

std::string Fields::text(std::string_view field) {
  const Node* value = expect(field, NodeKind::String);
  return value == nullptr ? std::string{} : std::string(value->text());
}

bool Fields::flag(std::string_view field) {
  const Node* value = expect(field, NodeKind::Bool);
  return value != nullptr && value->boolean();
}

std::vector<std::string> Fields::texts(std::string_view field) {
  std::vector<std::string> found;
  const Node* value = list(field);
  for (const Node& item : value == nullptr ? std::span<const Node>{} : value->items()) {
    if (!item.is_string()) {
      wrong(item, fmt::format("{}.{} must hold strings, found a {}", what_, field,
                              document::kind_name(item.kind())));
      continue;
    }
    found.emplace_back(item.text());
  }
  return found;
}

void Fields::finish() {
  if (!map_.is_object()) {
    return;
  }
  for (std::size_t i = 0; i < map_.size(); ++i) {
    if (!asked_[i]) {
      errors_.push_back(file_error(source_.name(),
                                   fmt::format("{} has no field '{}'", what_, excerpt(map_.key(i))),
                                   source_.position(map_.key_offset(i))));
    }
  }
}

}  // namespace tally::policy_test
