#pragma once
// Which pods speak for an IngressClass or a GatewayClass: what the projects' own manifests and
// charts call them.

#include <span>
#include <string_view>

#include "reachability/entries/internal/door.hpp"

namespace tally::reachability::entries {

class EntryBook;

struct Controller {
  // spec.controller of an IngressClass or spec.controllerName of a GatewayClass; one that ends in
  // '/' is a prefix.
  std::string_view name;
  // What the class is called where nobody renames it; one that ends in '-' is a prefix.
  std::string_view usual_class;
  Door::Kind place = Door::Kind::UnknownPod;  // where it runs if its pods are not in the input
  std::string_view label;                     // of its pods; "": none run in the cluster
  std::string_view value;                     // "": whatever the value
  // What the class says without further annotations.
  std::string_view internal{};
};

[[nodiscard]] std::span<const Controller> controllers() noexcept;
// Rows of a controller; if its name is not known (""), those whose usual class is `class_name`.
[[nodiscard]] std::vector<const Controller*> find_controllers(std::string_view name,
                                                              std::string_view class_name);

// The door of a class: the pods of its controllers in the input, or what is known of them.
[[nodiscard]] Door door_of(EntryBook& book, std::span<const Controller* const> rows);

}  // namespace tally::reachability::entries
