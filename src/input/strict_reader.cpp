#include "input/internal/strict_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace tally::input {

std::string found_text(const document::Node& node) {
  switch (node.kind()) {
    case document::NodeKind::Null:
      return "null";
    case document::NodeKind::Bool:
      return node.boolean() ? "true" : "false";
    case document::NodeKind::Number:
      return fmt::format("the number {}", excerpt(node.text(), 20));
    case document::NodeKind::String:
      return fmt::format("the string '{}'", excerpt(node.text(), 40));
    case document::NodeKind::Array:
      return "a list";
    case document::NodeKind::Object:
      return "a map";
  }
  return {};
}

Error StrictReader::error(std::uint32_t offset, std::string message, std::string hint) const {
  return Error{.kind = ErrorKind::Content,
               .message = std::move(message),
               .file = source_->name(),
               .at = source_->position(offset),
               .hint = std::move(hint)};
}

Result<void> StrictReader::map(const document::Node& node, std::string_view what,
                               std::span<const std::string_view> keys) const {
  if (!node.is_object()) {
    return std::unexpected(
        error(node.offset(), fmt::format("found {}, expected a map: {}", found_text(node), what)));
  }
  for (const document::Member member : node.members()) {
    if (std::ranges::find(keys, member.key) != keys.end()) {
      continue;
    }
    const auto near = nearest(member.key, keys);
    std::string known;
    for (const std::string_view key : keys) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", key);
    }
    return std::unexpected(
        error(member.key_offset,
              near ? fmt::format("found the unknown key '{}' in {}, did you mean '{}'?",
                                 excerpt(member.key, 40), what, *near)
                   : fmt::format("found the unknown key '{}' in {}, expected one of: {}",
                                 excerpt(member.key, 40), what, known)));
  }
  return {};
}

Result<std::string> StrictReader::text(const document::Node& node, std::string_view key) const {
  if (!node.is_string()) {
    return std::unexpected(error(
        node.offset(), fmt::format("found {} for '{}', expected a string", found_text(node), key),
        node.is_number() || node.is_bool() ? "Put it in quotes." : ""));
  }
  if (trim(node.text()).empty()) {
    return std::unexpected(error(
        node.offset(), fmt::format("found an empty string for '{}', expected some text", key)));
  }
  return std::string(node.text());
}

Result<void> StrictReader::list(const document::Node& node, std::string_view key) const {
  if (!node.is_array()) {
    return std::unexpected(error(
        node.offset(), fmt::format("found {} for '{}', expected a list", found_text(node), key)));
  }
  return {};
}

Result<bool> StrictReader::boolean(const document::Node& node, std::string_view key) const {
  if (!node.is_bool()) {
    return std::unexpected(
        error(node.offset(),
              fmt::format("found {} for '{}', expected true or false", found_text(node), key)));
  }
  return node.boolean();
}

Result<std::int64_t> StrictReader::integer(const document::Node& node, std::string_view key,
                                           Range range) const {
  const auto value = node.is_number() ? node.integer() : std::nullopt;
  if (!value || *value < range.min || *value > range.max) {
    return std::unexpected(
        error(node.offset(), fmt::format("found {} for '{}', expected a whole number from {} to {}",
                                         found_text(node), key, range.min, range.max)));
  }
  return *value;
}

Result<std::size_t> StrictReader::choice(const document::Node& node, std::string_view key,
                                         std::span<const std::string_view> words) const {
  const auto found = node.is_string() ? std::ranges::find(words, node.text()) : words.end();
  if (found == words.end()) {
    return std::unexpected(
        error(node.offset(), fmt::format("found {} for '{}', expected one of: {}", found_text(node),
                                         key, fmt::join(words, ", "))));
  }
  return static_cast<std::size_t>(found - words.begin());
}

Result<std::vector<std::string>> StrictReader::texts(const document::Node& node,
                                                     std::string_view key) const {
  TALLY_CHECK(list(node, key));
  if (node.size() == 0) {
    return std::unexpected(
        error(node.offset(),
              fmt::format("found an empty list for '{}', expected at least one entry", key),
              "Leave the key out if it is not needed."));
  }
  std::vector<std::string> values;
  values.reserve(node.size());
  for (const document::Node& item : node.items()) {
    TALLY_TRY(std::string value, text(item, key));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace tally::input
