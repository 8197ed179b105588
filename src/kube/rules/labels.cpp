// Labels, annotations, selectors and the keys of ConfigMaps and Secrets: the syntax of their names.
#include <fmt/format.h>

#include "base/text.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kAnnotations{"annotations"};
const Name kData{"data"};
const Name kKey{"key"};
const Name kLabels{"labels"};
const Name kOperator{"operator"};
const Name kStringData{"stringData"};
const Name kValues{"values"};

void check_labels(StructureWalk& walk, const Frame& frame, const Name& name, bool values_too) {
  const Node* map = map_at(*frame.node, name);
  if (map == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < map->size(); ++i) {
    const std::string_view key = map->key(i);
    const Node& value = map->items()[i];
    // The most common keys are the names that checks know: their syntax was right when they were
    // interned.
    std::string_view problem = scalar::label_key_problem(key);
    if (!problem.empty()) {
      const Frame entry = child_frame(frame, *map, name.text());
      walk.report_child(Kind::InvalidLabel, entry, key, fmt::format("\"{}\"", excerpt(key)),
                        problem,
                        fmt::format("{}: Invalid value: \"{}\": {}",
                                    dotted_path(frame, name.text()), excerpt(key), problem));
    }
    if (!values_too || !value.is_string()) {
      continue;
    }
    problem = scalar::label_value_problem(value.text());
    if (!problem.empty()) {
      const Frame entry = child_frame(frame, *map, name.text());
      walk.report_child(Kind::InvalidLabel, entry, key, found_text(value), problem,
                        fmt::format("{}: Invalid value: {}: {}", dotted_path(frame, name.text()),
                                    found_text(value), problem));
    }
  }
}

void check_keys(StructureWalk& walk, const Frame& frame, const Name& name) {
  const Node* map = map_at(*frame.node, name);
  for (std::size_t i = 0; map != nullptr && i < map->size(); ++i) {
    if (const auto problem = scalar::config_key_problem(map->key(i)); !problem.empty()) {
      const Frame in_map = child_frame(frame, *map, name.text());
      walk.report_child(Kind::InvalidName, in_map, map->key(i),
                        fmt::format("\"{}\"", excerpt(map->key(i))), problem,
                        fmt::format("{}[{}]: Invalid value: \"{}\": {}", dotted_path(in_map),
                                    excerpt(map->key(i)), excerpt(map->key(i)), problem));
    }
  }
}

}  // namespace

void check_object_meta(StructureWalk& walk, const Frame& frame) {
  check_labels(walk, frame, kLabels, true);
  check_labels(walk, frame, kAnnotations, false);
}

void check_label_selector_requirement(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  const std::string_view op = text_at(node, kOperator);
  const bool set = op == "In" || op == "NotIn";
  if (set && is_empty_list(node, kValues)) {
    walk.required(frame, kValues.text(), "must be specified when `operator` is 'In' or 'NotIn'");
  } else if ((op == "Exists" || op == "DoesNotExist") && !is_empty_list(node, kValues)) {
    walk.report_child(
        Kind::InvalidValue, frame, kValues.text(), "a list", "no values",
        fmt::format(
            "{}: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            dotted_path(frame, kValues.text())));
  } else if (!set && op != "Exists" && op != "DoesNotExist" && node.find(kOperator) != nullptr) {
    walk.invalid(Kind::InvalidValue, frame, kOperator.text(), fmt::format("\"{}\"", excerpt(op)),
                 "not a valid selector operator");
  }
  if (const std::string_view key = text_at(node, kKey); !key.empty()) {
    if (const auto problem = scalar::label_key_problem(key); !problem.empty()) {
      walk.invalid(Kind::InvalidLabel, frame, kKey.text(), fmt::format("\"{}\"", excerpt(key)),
                   problem);
    }
  }
}

void check_config_map(StructureWalk& walk, const Frame& frame) { check_keys(walk, frame, kData); }

void check_secret(StructureWalk& walk, const Frame& frame) {
  check_keys(walk, frame, kData);
  check_keys(walk, frame, kStringData);
}

}  // namespace tally::kube::internal
