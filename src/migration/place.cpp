#include "migration/internal/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "migration/internal/cel_text.hpp"

namespace tally::migration {

namespace {

// Of kinds that disagree nothing is known.
template <class Step>
void settle(const std::vector<policy_cel::SchemaType>& kinds, Place& out, Step step) {
  if (kinds.empty()) {
    return;
  }
  for (const policy_cel::SchemaType& kind : kinds) {
    if (const policy_cel::SchemaType type = step(kind); type.is_known()) {
      out.kinds.push_back(type);
    }
  }
  const bool agrees = std::ranges::all_of(out.kinds, [&](const policy_cel::SchemaType& type) {
    return type.kind() == out.kinds.front().kind();
  });
  out.type = !out.kinds.empty() && agrees ? out.kinds.front() : policy_cel::SchemaType{};
}

}  // namespace

Place below(const Place& place, std::string_view key) {
  Place out{.cel = selected(place.cel, key)};
  bool is_declared = true;
  out.type = place.type.kind() == policy_cel::PlaceKind::Map ? place.type.element()
                                                             : place.type.field(key, is_declared);
  settle(place.kinds, out, [&](const policy_cel::SchemaType& type) {
    bool has_field = true;
    return type.kind() == policy_cel::PlaceKind::Map ? type.element() : type.field(key, has_field);
  });
  if (!place.path.empty() || place.cel == "object") {
    out.path = place.path;
    out.path.emplace_back(key);
  }
  return out;
}

Place element_of(const Place& list, std::string name) {
  Place out{.cel = std::move(name), .type = list.type.element(), .path = list.path};
  settle(list.kinds, out, [](const policy_cel::SchemaType& type) { return type.element(); });
  if (!out.path.empty()) {
    out.path.emplace_back(kEveryElement);
  }
  return out;
}

Cel presence(const Place& place, std::string_view key) {
  // A type is known: it is one of the API's own kinds.
  if (place.kind() == policy_cel::PlaceKind::Struct) {
    const Path& path = place.path;
    const auto is_below = [&](std::string_view list, std::size_t up) {
      return path.size() > up && path[path.size() - up - 1].ends_with(list);
    };
    if (place.cel == "object" && (key == "spec" || key == "metadata")) {
      bool is_declared = false;
      static_cast<void>(place.type.field(key, is_declared));
      for (const policy_cel::SchemaType& kind : place.kinds) {
        bool has_field = false;
        static_cast<void>(kind.field(key, has_field));
        is_declared = is_declared && has_field;
      }
      if (key == "spec" && is_declared) {
        return always(true);
      }
    }
    if (key == "name" && path.size() > 1 && path.back() == kEveryElement &&
        (is_below("ontainers", 1) || is_below("volumes", 1)) && !path.empty()) {
      return always(true);
    }
    if (key == "containers" && place.kinds.empty() && path.size() == 1 && path[0] == "spec") {
      bool is_declared = false;
      static_cast<void>(place.type.field("containers", is_declared));
      return is_declared ? always(true) : has(place.cel, key);
    }
  }
  return has(place.cel, key);
}

std::string Names::open(std::string_view key) {
  // Words that CEL or Kyverno have taken, and those that autogen rewrites.
  constexpr std::array<std::string_view, 31> kTaken{
      "as",     "break",  "const",     "continue",   "else",       "for",      "function", "if",
      "import", "let",    "loop",      "package",    "namespace",  "return",   "var",      "void",
      "while",  "object", "oldObject", "request",    "variables",  "resource", "images",   "http",
      "image",  "json",   "yaml",      "exceptions", "authorizer", "size",     "type"};
  std::string name(key);
  for (const std::string_view ending : {"Containers", "containers"}) {
    name = name.ends_with(ending) ? "container" : name;
  }
  if (name.size() > 2 && name.ends_with('s') && !name.ends_with("ss")) {
    name.pop_back();
  }
  if (!is_identifier(name) || std::ranges::find(kTaken, name) != kTaken.end() || name.size() > 24) {
    name = "item";
  }
  std::string out = name;
  for (int i = 2; std::ranges::find(open_, out) != open_.end(); ++i) {
    out = fmt::format("{}{}", name, i);
  }
  open_.push_back(out);
  return out;
}

}  // namespace tally::migration
