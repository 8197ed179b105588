// Where an unknown field belongs. In this order: a well-known move; a name that differs in its
// capitals only; a label; the same name in a map that encloses this one (indented too deep); the
// same name in a map below (not indented enough), breadth first; the same name in a map of the same
// key elsewhere (the pod's securityContext for the container's); the nearest name here.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/internal/structure_walk.hpp"

namespace tally::kube::internal {

namespace {

using document::Node;

constexpr std::size_t kDepthMax = 4;      // maps below the one with the unknown field
constexpr std::size_t kVisitedMax = 400;  // types looked at: the search ends whatever the schema is

bool equal_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [&lower](char x, char y) { return lower(x) == lower(y); });
}

// The innermost enclosing map that has such a field.
const Frame* enclosing(const StructureWalk& walk, const Frame& frame, std::string_view name) {
  for (const Frame* up = frame.up; up != nullptr; up = up->up) {
    if (up->type != nullptr && up->type->kind == TypeKind::Fields && up->node->is_object() &&
        walk.types.find(*up->type, name) != nullptr) {
      return up;
    }
  }
  return nullptr;
}

// Fields that moved between API versions.
struct Moved {
  std::string_view type;
  std::string_view field;
  std::string_view place;  // from the map that held it
};
constexpr auto kMoved = std::to_array<Moved>({
    {"networking.v1.IngressBackend", "serviceName", "service.name"},
    {"networking.v1.IngressBackend", "servicePort", "service.port"},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", "targetCPUUtilizationPercentage", "metrics"},
});

std::string_view moved_to(const TypeRow& type, std::string_view name) {
  const auto* row = std::find_if(kMoved.begin(), kMoved.end(), [&](const Moved& moved) {
    return moved.field == name && moved.type == type.name;
  });
  return row == kMoved.end() ? std::string_view{} : row->place;
}

// A key with a slash, or a text directly under metadata, was meant as a label (or an annotation).
bool is_label(const TypeRow& type, std::string_view name, const Node& value) {
  return !value.is_object() && !value.is_array() &&
         (name.contains('/') || (type.name == "meta.v1.ObjectMeta" && value.is_string()));
}

struct Below {
  const TypeRow* type;
  std::string path;  // dotted, from the map with the unknown field
  std::size_t depth;
};

// Not through status (never written by hand).
// `last`: if not empty, the key that the map must have.
std::string below(const StructureWalk& walk, const TypeRow& type, std::string_view name,
                  std::string_view last = {}) {
  std::vector<Below> queue{{&type, {}, 0}};
  for (std::size_t at = 0; at < queue.size() && at < kVisitedMax; ++at) {
    const Below here = queue[at];
    const bool named =
        last.empty() || here.path == last || here.path.ends_with(fmt::format(".{}", last));
    if (here.depth > 0 && named && walk.types.find(*here.type, name) != nullptr) {
      return here.path;
    }
    if (here.depth == kDepthMax) {
      continue;
    }
    for (const FieldRow& field : walk.types.fields(*here.type)) {
      const TypeRow* next = &walk.types.type(field.type);
      std::string step(field.name);
      if (next->kind == TypeKind::List) {
        next = &walk.types.type(next->element);
        step += "[]";
      }
      if (next->kind == TypeKind::Fields && field.name != "status") {
        queue.push_back({next, here.path.empty() ? step : here.path + "." + step, here.depth + 1});
      }
    }
  }
  return {};
}

// A map of the same key in an enclosing map or below one.
std::string elsewhere(const StructureWalk& walk, const Frame& frame, std::string_view name) {
  if (frame.key.empty()) {
    return {};
  }
  for (const Frame* up = frame.up; up != nullptr; up = up->up) {
    if (up->type == nullptr || up->type->kind != TypeKind::Fields) {
      continue;
    }
    if (const std::string path = below(walk, *up->type, name, frame.key); !path.empty()) {
      return dotted_path(*up).empty() ? path : fmt::format("{}.{}", dotted_path(*up), path);
    }
  }
  return {};
}

struct Advice {
  StructureProblemKind kind = StructureProblemKind::UnknownField;
  std::string place;
};

std::string joined(const std::string& path, std::string_view more) {
  return path.empty() ? std::string(more) : fmt::format("{}.{}", path, more);
}

Advice advise(const StructureWalk& walk, const Frame& frame, std::size_t member) {
  const std::string_view name = frame.node->key(member);
  const std::string path = dotted_path(frame);
  constexpr auto kMisplaced = StructureProblemKind::MisplacedField;
  if (const auto place = moved_to(*frame.type, name); !place.empty()) {
    return {kMisplaced, joined(path, place)};
  }
  std::vector<std::string_view> names;
  for (const FieldRow& field : walk.types.fields(*frame.type)) {
    names.push_back(field.name);
  }
  const auto same = std::find_if(names.begin(), names.end(), [name](std::string_view known) {
    return equal_but_for_case(known, name);
  });
  if (same != names.end()) {
    return {StructureProblemKind::UnknownField, fmt::format("\"{}\"", *same)};
  }
  const auto near = nearest(name, names);
  if (!near && is_label(*frame.type, name, frame.node->items()[member])) {
    return {kMisplaced,
            frame.type->name == "meta.v1.ObjectMeta" ? joined(path, "labels") : "metadata.labels"};
  }
  if (const Frame* up = enclosing(walk, frame, name)) {
    return {kMisplaced, dotted_path(*up, name)};
  }
  if (const std::string down = below(walk, *frame.type, name); !down.empty()) {
    return {kMisplaced, joined(joined(path, down), name)};
  }
  if (const std::string other = elsewhere(walk, frame, name); !other.empty()) {
    return {kMisplaced, joined(other, name)};
  }
  return {StructureProblemKind::UnknownField, near ? fmt::format("\"{}\"", *near) : std::string{}};
}

}  // namespace

void report_unknown_field(StructureWalk& walk, const Frame& frame, std::size_t member) {
  if (walk.is_full()) {
    walk.overflow = true;
    return;
  }
  const std::string_view name = frame.node->key(member);
  const std::string path = dotted_path(frame, name);
  const auto [kind, place] = advise(walk, frame, member);
  const bool misplaced = kind == StructureProblemKind::MisplacedField;
  const std::string message =
      place.empty()
          ? fmt::format("unknown field \"{}\"", path)
          : fmt::format("unknown field \"{}\": {} {}{}", path,
                        misplaced ? "it belongs at" : "did you mean", place, misplaced ? "" : "?");
  walk.problems.push_back({.kind = kind,
                           .pointer = walk.arena.copy(json_pointer(frame, name)),
                           .offset = frame.node->key_offset(member),
                           .found = walk.arena.copy(excerpt(name)),
                           .expected = walk.arena.copy(place),
                           .message = walk.arena.copy(message)});
}

}  // namespace tally::kube::internal
