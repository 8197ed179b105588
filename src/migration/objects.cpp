#include "migration/internal/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kube/objects.hpp"
#include "kube/structure.hpp"
#include "scalar/quantity.hpp"

namespace tally::migration {

using document::Node;
using document::NodeKind;
using policy_cel::PlaceKind;

namespace {

constexpr std::size_t kDepthMax = 100;

}  // namespace

bool ObjectMaker::is_valid(const Tree& object) {
  arena_.reset();
  const Node node = node_of(object, arena_);
  auto read = kube::object_from_node(node, nullptr);
  if (!read) {
    return false;
  }
  if (kinds_ != nullptr) {
    kinds_->resolve({&*read, 1});
  }
  kube::StructureScratch scratch;
  const Seed& seed = seed_of(object);
  // What the API server's own validation asks for, beyond the schema: a spec, and containers.
  if (const_cast<Tree&>(seed.object).find("spec") != nullptr && read->kind != nullptr) {
    const Node* spec = node.find("spec");
    if (spec == nullptr || !spec->is_object()) {
      return false;
    }
  }
  if (kube::is_workload(read->ref)) {
    const auto pod = kube::pod_template(*read);
    const Node* containers = pod ? pod->spec->find("containers") : nullptr;
    if (containers == nullptr || containers->size() == 0) {
      return false;
    }
  }
  return std::ranges::none_of(
      kube::check_structure(*read, arena_, scratch), [&](const kube::StructureProblem& problem) {
        return problem.kind == kube::StructureProblemKind::WrongType ||
               problem.kind == kube::StructureProblemKind::UnknownField ||
               problem.kind == kube::StructureProblemKind::MisplacedField ||
               problem.kind == kube::StructureProblemKind::DuplicateName ||
               problem.kind == kube::StructureProblemKind::InvalidQuantity ||
               (problem.kind == kube::StructureProblemKind::RequiredField && !seed.lacks_fields);
      });
}

const ObjectMaker::Seed& ObjectMaker::seed_of(const Tree& object) const {
  const Tree* kind = const_cast<Tree&>(object).find("kind");
  for (const Seed& seed : seeds_) {
    if (kind != nullptr && const_cast<Tree&>(seed.object).find("kind")->text == kind->text) {
      return seed;
    }
  }
  return seeds_.front();
}

Tree ObjectMaker::next() {
  constexpr std::size_t kTriesMax = 30;
  const std::size_t at = static_cast<std::size_t>(count_++);
  // Half of the objects of pods' policies are pods.
  const Seed& seed = at < seeds_.size()                               ? seeds_[at]
                     : vocabulary_.is_extended && chance_.percent(45) ? seeds_.front()
                                                                      : chance_.of(seeds_);
  const auto finish = [&](Tree& object) {
    const bool is_named = !vocabulary_.names.empty() && chance_.percent(50);
    Tree& metadata = object.at("metadata");
    metadata.at("name") =
        text_tree(is_named ? chance_.of(vocabulary_.names) : fmt::format("o{}", count_));
    std::vector<std::string> namespaces{"default", "team-a", "kube-system"};
    if (!vocabulary_.namespaces.empty() && chance_.percent(50)) {
      namespaces = vocabulary_.namespaces;
    }
    Arena arena;
    const auto read = kube::object_from_node(node_of(object, arena), nullptr);
    if (!read || kube::is_namespaced(*read)) {
      metadata.at("namespace") = text_tree(chance_.of(namespaces));
    } else {
      metadata.erase("namespace");
      if (object.find("kind")->text == "Namespace" && !vocabulary_.namespaces.empty()) {
        metadata.at("name") = text_tree(chance_.of(namespaces));
      }
    }
  };
  for (std::size_t tries = 0; tries < kTriesMax; ++tries) {
    Tree object = seed.object;
    if (at >= seeds_.size() && !kept_.empty() && chance_.percent(40)) {
      object = chance_.of(kept_);
    } else if (at >= seeds_.size() && chance_.percent(30)) {
      fill(object, seed);
    }
    const Seed& own = seed_of(object);
    const std::array<std::size_t, 8> counts{0, 1, 1, 1, 2, 2, 3, 6};
    const std::size_t steps = chance_.of(counts);
    for (std::size_t i = 0; i < steps; ++i) {
      Tree before = object;
      mutate(object, own);
      if (!is_valid(object)) {
        object = std::move(before);
      }
    }
    finish(object);
    if (is_valid(object)) {
      return object;
    }
  }
  Tree object = seed.object;
  finish(object);
  return object;
}

void ObjectMaker::keep(const Tree& object) {
  constexpr std::size_t kKeptMax = 200;
  if (kept_.size() < kKeptMax) {
    kept_.push_back(object);
  } else {
    kept_[chance_.below(kKeptMax)] = object;
  }
}

// Every field that is read, in every element: where all of them must be there at once.
void ObjectMaker::fill(Tree& object, const Seed& seed) {
  const std::size_t choice = chance_.below(100);  // half of the time the first value each
  // One field may ask for another: all at once, or only what is valid after each.
  const bool is_careful = chance_.percent(50);
  const Tree whole = object;
  const auto set = [&](auto&& self, Tree& place, const Typed& type, const Path& path, std::size_t i,
                       const Read& read) -> void {
    if (i == path.size()) {
      if (choice < 50 && !read.values.empty()) {
        const Read first{.path = read.path, .values = {read.values.front()}};
        place = value_for(first, type);
      } else {
        place = value_for(read, type);
      }
      return;
    }
    if (path[i] == kEveryElement) {
      if (place.kind != NodeKind::Array) {
        place = list_tree();
      }
      if (place.items.empty()) {
        place.items.push_back(type.element().smallest_value());
      }
      for (Tree& item : place.items) {
        self(self, item, type.element(), path, i + 1, read);
      }
      return;
    }
    if (place.kind == NodeKind::Null) {
      place = type.smallest_value();
    }
    const Typed inner = type.below(path[i]);
    self(self, place.at(path[i]), inner, path, i + 1, read);
  };
  for (const Read& read : vocabulary_.reads.all()) {
    const bool is_inner = std::ranges::any_of(vocabulary_.reads.all(), [&](const Read& other) {
      return other.path.size() > read.path.size() &&
             std::equal(read.path.begin(), read.path.end(), other.path.begin());
    });
    if (is_inner || read.path[0] == "apiVersion" || read.path[0] == "kind" || chance_.percent(15)) {
      continue;
    }
    Tree before = object;
    set(set, object, typed(seed), path_in(read, seed), 0, read);
    if (is_careful && !is_valid(object)) {
      object = std::move(before);
    }
  }
  if (!is_careful && !is_valid(object)) {
    object = whole;
  }
}

Tree ObjectMaker::changed(Tree object) {
  const Seed& seed = seed_of(object);
  for (std::size_t i = chance_.below(4); i > 0; --i) {
    Tree before = object;
    mutate(object, seed);
    if (!is_valid(object)) {
      object = std::move(before);
    }
  }
  return object;
}

void ObjectMaker::mutate(Tree& object, const Seed& seed) {
  const std::size_t what = chance_.below(100);
  if (what < 55) {
    set_leaf(object, seed);
  } else if (what < 72) {
    remove_path(object, seed);
  } else if (what < 92 || !(seed.is_pod || !seed.to_template.empty())) {
    disturb(object);
  } else {
    add_containers(object, seed);
  }
}

Path ObjectMaker::path_in(const Read& read, const Seed& seed) {
  Path path;
  if (!seed.to_template.empty() && chance_.percent(92) &&
      (read.path[0] == "spec" || read.path[0] == "metadata")) {
    path = seed.to_template;
  }
  path.insert(path.end(), read.path.begin(), read.path.end());
  return path;
}

Tree ObjectMaker::value_for(const Read& read, const Typed& type) {
  Tree out;
  if (!read.values.empty() && chance_.percent(90)) {
    out = tree_of_json(chance_.of(read.values));
  } else if (!vocabulary_.values.empty() && chance_.percent(60)) {
    out = tree_of_json(chance_.of(vocabulary_.values));
  } else {
    constexpr std::array<std::string_view, 3> kTexts{"x", "", "other"};
    out = text_tree(chance_.of(kTexts));
  }
  const bool is_scalar =
      out.kind == NodeKind::String || out.kind == NodeKind::Number || out.kind == NodeKind::Bool;
  if (type.row != nullptr && type.row->kind == kube::TypeKind::Quantity) {
    constexpr std::array<std::string_view, 4> kQuantities{"1", "100m", "1Gi", "0"};
    return is_scalar && out.kind != NodeKind::Bool && scalar::Quantity::try_parse(out.text)
               ? out
               : text_tree(chance_.of(kQuantities));
  }
  switch (type.kind()) {
    case PlaceKind::Text:
      if (is_scalar && out.kind != NodeKind::String) {
        out = text_tree(out.kind == NodeKind::Bool ? (out.boolean ? "true" : "false") : out.text);
      }
      break;
    case PlaceKind::Number: {
      constexpr std::array<std::string_view, 4> kNumbers{"0", "1", "2", "100"};
      const bool is_number = !out.text.empty() && out.text.size() < 10 &&
                             out.text.find_first_not_of("0123456789") == std::string::npos;
      out = number_tree(is_number ? std::string_view(out.text) : chance_.of(kNumbers));
      break;
    }
    case PlaceKind::Bool:
      out = {.kind = NodeKind::Bool, .boolean = chance_.percent(50)};
      break;
    case PlaceKind::Map:
      out = map_tree();
      break;
    case PlaceKind::Struct:
      out = type.smallest_value();
      break;
    case PlaceKind::List: {
      Tree list = list_tree();
      for (std::size_t i = chance_.below(3); i > 0; --i) {
        const PlaceKind inner = type.element().kind();
        if (inner == PlaceKind::Struct || inner == PlaceKind::Map) {
          list.items.push_back(type.element().smallest_value());
        } else {
          list.items.push_back(value_for(read, type.element()));
        }
      }
      out = std::move(list);
      break;
    }
    case PlaceKind::Any:
    case PlaceKind::Unknown:
      break;
  }
  return out;
}

void ObjectMaker::set_leaf(Tree& object, const Seed& seed) {
  const std::vector<Read>& reads = vocabulary_.reads.all();
  if (reads.empty()) {
    disturb(object);
    return;
  }
  const Read& read = chance_.of(reads);
  // What other reads go through is no leaf.
  const bool is_inner = std::ranges::any_of(reads, [&](const Read& other) {
    return other.path.size() > read.path.size() &&
           std::equal(read.path.begin(), read.path.end(), other.path.begin());
  });
  const Path path = path_in(read, seed);
  if (path[0] == "apiVersion" || path[0] == "kind") {
    return;
  }
  Tree* place = &object;
  Typed type = typed(seed);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == kEveryElement) {
      if (place->kind != NodeKind::Array) {
        *place = list_tree();
      }
      if (place->items.empty() || (place->items.size() < 3 && chance_.percent(12))) {
        Tree item = place->items.empty() ? Tree{} : place->items.back();
        if (Tree* name = item.find("name")) {
          name->text += "n";
        }
        if (item.kind == NodeKind::Null) {
          item = type.element().smallest_value();
        }
        place->items.push_back(std::move(item));
      }
      type = type.element();
      place = &place->items[chance_.below(place->items.size())];
    } else {
      if (place->kind == NodeKind::Null) {
        *place = type.smallest_value();
      }
      place = &place->at(path[i]);
      type = type.below(path[i]);
    }
  }
  if (is_inner && place->kind != NodeKind::Null && chance_.percent(70)) {
    return;
  }
  if (is_inner && type.kind() == PlaceKind::Unknown) {
    // Of custom kinds nobody knows the types but the policy.
    const bool is_list = std::ranges::any_of(reads, [&](const Read& other) {
      return other.path.size() > read.path.size() &&
             other.path[read.path.size()] == kEveryElement &&
             std::equal(read.path.begin(), read.path.end(), other.path.begin());
    });
    *place = is_list ? list_tree() : map_tree();
    return;
  }
  *place = value_for(read, type);
}

void ObjectMaker::remove_path(Tree& object, const Seed& seed) {
  const std::vector<Read>& reads = vocabulary_.reads.all();
  if (reads.empty()) {
    disturb(object);
    return;
  }
  const Path path = path_in(chance_.of(reads), seed);
  const std::size_t length = chance_.percent(60) ? path.size() : 1 + chance_.below(path.size());
  Tree* place = &object;
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_last = i + 1 == length;
    if (path[i] == kEveryElement) {
      if (place->items.empty()) {
        return;
      }
      const std::size_t index = chance_.below(place->items.size());
      if (is_last) {
        place->items.erase(place->items.begin() + static_cast<std::ptrdiff_t>(index));
        return;
      }
      place = &place->items[index];
      continue;
    }
    if (is_last && path[i] != "apiVersion" && path[i] != "kind" &&
        !(i == 0 && path[i] == "metadata")) {
      if (Tree* found = place->find(path[i]); found != nullptr && chance_.percent(25)) {
        // Empty instead of absent.
        found->members.clear();
        found->items.clear();
        return;
      }
      place->erase(path[i]);
      return;
    }
    place = place->find(path[i]);
    if (place == nullptr) {
      return;
    }
  }
}

// Somewhere in the object, whatever the policy reads.
void ObjectMaker::disturb(Tree& object) {
  struct Place {
    Tree* holder;
    std::size_t index;
  };
  std::vector<Place> places;
  const auto walk = [&](auto&& self, Tree& tree, std::size_t depth) -> void {
    if (depth > kDepthMax) {
      return;
    }
    for (std::size_t i = 0; i < tree.members.size(); ++i) {
      if (depth > 0 || (tree.members[i].first != "apiVersion" && tree.members[i].first != "kind" &&
                        tree.members[i].first != "metadata")) {
        places.push_back({&tree, i});
      }
      self(self, tree.members[i].second, depth + 1);
    }
    for (std::size_t i = 0; i < tree.items.size(); ++i) {
      places.push_back({&tree, i});
      self(self, tree.items[i], depth + 1);
    }
  };
  walk(walk, object, 0);
  if (places.empty()) {
    return;
  }
  const Place place = chance_.of(places);
  const auto index = static_cast<std::ptrdiff_t>(place.index);
  Tree& holder = *place.holder;
  const std::size_t what = chance_.below(10);
  if (holder.kind == NodeKind::Array) {
    if (what < 4) {
      holder.items.erase(holder.items.begin() + index);
    } else if (holder.items.size() < 5) {
      Tree copy = holder.items[place.index];
      if (Tree* name = copy.find("name")) {
        name->text += "c";
      }
      holder.items.push_back(std::move(copy));
    }
    return;
  }
  if (what < 4) {
    holder.members.erase(holder.members.begin() + index);
    return;
  }
  Tree& value = holder.members[place.index].second;
  if (!vocabulary_.values.empty() && (value.kind == NodeKind::String) && what < 8) {
    const Tree other = tree_of_json(chance_.of(vocabulary_.values));
    if (other.kind == NodeKind::String) {
      value = other;
    }
  } else if (value.kind == NodeKind::Bool) {
    value.boolean = !value.boolean;
  } else if (value.kind == NodeKind::Object || value.kind == NodeKind::Array) {
    if (what == 9) {
      value.members.clear();
      value.items.clear();
    }
  }
}

void ObjectMaker::add_containers(Tree& object, const Seed& seed) {
  Tree* place = &object;
  for (const std::string& step : seed.to_template) {
    place = place->find(step);
    if (place == nullptr) {
      return;
    }
  }
  Tree* spec = place->find("spec");
  Tree* containers = spec == nullptr ? nullptr : spec->find("containers");
  if (containers == nullptr || containers->items.empty()) {
    return;
  }
  Tree one = chance_.of(containers->items);
  constexpr std::array<std::string_view, 3> kLists{"initContainers", "ephemeralContainers",
                                                   "containers"};
  const std::string_view list = chance_.of(kLists);
  if (Tree* name = one.find("name")) {
    name->text += list.substr(0, 1);
  }
  Tree& to = spec->at(list);
  if (to.kind != NodeKind::Array) {
    to = list_tree();
  }
  if (to.items.size() < 4) {
    to.items.push_back(std::move(one));
  }
}

}  // namespace tally::migration
