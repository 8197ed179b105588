#include <algorithm>

#include "kyverno_cel/internal/nodes.hpp"
#include "kyverno_cel/internal/policy_reader.hpp"

namespace tally::kyverno_cel {

using document::Node;

namespace {

std::string expected(std::string_view what, const Node& found) {
  return "expected a " + std::string(what) + ", found a " +
         std::string(document::kind_name(found.kind()));
}

}  // namespace

void Fields::report(LoadProblem::Kind kind, std::string pointer, std::uint32_t offset,
                    std::string message) {
  is_refused_ = true;
  // Rules for pod controllers repeat what is wrong with the policy's own.
  const bool is_known = std::ranges::any_of(problems_, [&](const LoadProblem& problem) {
    return problem.object == &object_ && problem.pointer == pointer;
  });
  if (!is_known) {
    problems_.push_back({.kind = kind,
                         .object = &object_,
                         .pointer = std::move(pointer),
                         .offset = offset,
                         .message = std::move(message),
                         .is_refused = true});
  }
}

void Fields::add(std::vector<policy_cel::FieldProblem> found) {
  for (policy_cel::FieldProblem& problem : found) {
    report(LoadProblem::Kind::Invalid, std::move(problem.pointer), problem.offset,
           std::move(problem.message));
  }
}

std::string_view Fields::text(const Node& map, std::string_view field, const std::string& pointer) {
  const Node* value = present(map, field);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_string()) {
    invalid(pointer + "/" + std::string(field), *value, expected("string", *value));
    return {};
  }
  return value->text();
}

std::vector<Fields::Item> Fields::maps(const Node& map, std::string_view field,
                                       const std::string& pointer) {
  std::vector<Item> found;
  const Node* list = present(map, field);
  if (list == nullptr) {
    return found;
  }
  const std::string base = pointer + "/" + std::string(field);
  if (!list->is_array()) {
    invalid(base, *list, expected("list", *list));
    return found;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Node& item = list->items()[i];
    std::string at = base + "/" + std::to_string(i);
    if (item.is_object()) {
      found.push_back({&item, std::move(at)});
    } else {
      invalid(std::move(at), item, expected("map", item));
    }
  }
  return found;
}

std::size_t Fields::choice(const Node& map, std::string_view field, const std::string& pointer,
                           std::span<const std::string_view> words) {
  const std::string_view found = text(map, field, pointer);
  if (found.empty()) {
    return 0;
  }
  const auto word = std::ranges::find(words, found);
  if (word != words.end()) {
    return static_cast<std::size_t>(word - words.begin());
  }
  std::string message = "Unsupported value: \"" + std::string(found) + "\": supported values:";
  for (std::size_t i = 0; i < words.size(); ++i) {
    message += (i == 0 ? " \"" : ", \"") + std::string(words[i]) + "\"";
  }
  invalid(pointer + "/" + std::string(field), *map.find(field), std::move(message));
  return 0;
}

}  // namespace tally::kyverno_cel
