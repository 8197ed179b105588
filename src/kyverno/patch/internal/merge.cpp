#include "kyverno/patch/internal/merge.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kyverno/patch/internal/depth_guard.hpp"
#include "kyverno/patch/internal/merge_schema.hpp"

namespace tally::kyverno {

namespace {

using Texts = std::vector<std::string_view>;
constexpr std::string_view kDirective = "$patch";

enum class Directive : std::uint8_t { Merge, Replace, Delete };

// walk.Walker with merge2.Merger. `target` is upstream's dest, `patch` its origin; either may be
// absent, and they are the same node where the patch brings something new, which then merges with
// itself: so go the nulls and directives inside it.
class Merger {
 public:
  Merger(MergeTree& tree, std::uint32_t depth_max) : tree_(tree), depth_(depth_max) {}

  // Walker.Walk
  Result<MergeNode*> walk(MergeNode* target, MergeNode* patch, const MergeType* type) {
    const DepthGuard guard(depth_);
    if (!guard.is_allowed() || tree_.is_exhausted()) {
      return limit_error("the objects are nested too deeply or too large to merge");
    }
    if (type == kUnknownType) {
      type = type_of(target);
      type = type == kUnknownType ? type_of(patch) : type;
    }
    // A resource's own part without merging lists stays as it is.
    if (patch == nullptr && !is_missing_or_null(target) && type != kUnknownType &&
        type->fields.empty()) {
      return target;
    }
    const MergeNode* first = !is_missing_or_null(target) ? target : patch;
    if (is_missing_or_null(first) || first->is_map()) {
      TALLY_CHECK(expect_kind(target, patch, &MergeNode::is_map, kMappingNode));
      return walk_map(target, patch, type);
    }
    if (first->is_list()) {
      TALLY_CHECK(expect_kind(target, patch, &MergeNode::is_list, kSequenceNode));
      return patch != nullptr ? patch : target;
    }
    TALLY_CHECK(expect_kind(target, patch, &MergeNode::is_scalar, kScalarNode));
    return patch != nullptr ? patch : target;
  }

 private:
  const MergeType* type_of(MergeNode* node) {
    const MergeNode* version = tree_.field(node, "apiVersion");
    const MergeNode* kind = tree_.field(node, "kind");
    if (is_missing_or_null(version) || is_missing_or_null(kind)) {
      return kUnknownType;
    }
    return merge_type(version->text, kind->text);
  }

  Result<void> expect_kind(MergeNode* target, MergeNode* patch,
                           bool (MergeNode::*is_kind)() const noexcept, std::string_view word) {
    for (MergeNode* node : {target, patch}) {
      if (!is_missing_or_null(node) && !(node->*is_kind)()) {
        return wrong_kind(tree_, word, *node);
      }
    }
    return {};
  }

  // Walker.walkMap
  Result<MergeNode*> walk_map(MergeNode* target, MergeNode* patch, const MergeType* type) {
    TALLY_TRY(MergeNode * result, visit_map(target, patch));
    if (result == nullptr) {
      return nullptr;
    }
    std::set<std::string_view> names;
    for (MergeNode* node : {result, patch}) {
      if (node != nullptr && node->is_map()) {
        names.insert(tree_.keys(*node).begin(), tree_.keys(*node).end());
      }
    }
    for (const std::string_view name : names) {
      MergeNode* from = tree_.field(result, name);
      MergeNode* to = tree_.field(patch, name);
      TALLY_TRY(MergeNode * value, walk_field(from, to, type, name));
      tree_.set_field(*result, name, value);
    }
    return result;
  }

  Result<MergeNode*> walk_field(MergeNode* target, MergeNode* patch, const MergeType* type,
                                std::string_view name) {
    if (type == kUnknownType) {
      return walk(target, patch, kUnknownType);
    }
    const MergeField* field = find_field(*type, name);
    if (field == nullptr) {
      // Either not in the schema or without merging lists; only objects inside it would tell.
      return walk(target, patch, kUnknownType);
    }
    const MergeNode* first = !is_missing_or_null(target) ? target : patch;
    if (field->shape == MergeShape::Map) {
      return walk(target, patch, field->type);
    }
    if (is_missing_or_null(first) || !first->is_list()) {
      return walk(target, patch, &kClosedType);
    }
    TALLY_CHECK(expect_kind(target, patch, &MergeNode::is_list, kSequenceNode));
    return walk_list(target, patch, *field);
  }

  // Merger.VisitMap
  Result<MergeNode*> visit_map(MergeNode* target, MergeNode* patch) {
    if (is_missing_or_null(target)) {
      // A wrong directive of what is new stays a field.
      const auto directive = map_directive(patch);
      if (directive && *directive == Directive::Delete) {
        return nullptr;
      }
      if (patch == nullptr && target != nullptr) {
        target->is_kept = true;
        return target;
      }
      return patch;
    }
    if (patch != nullptr && patch->is_null()) {
      return nullptr;
    }
    TALLY_TRY(const Directive directive, map_directive(patch));
    return directive == Directive::Delete    ? nullptr
           : directive == Directive::Replace ? patch
                                             : target;
  }

  // determineMappingNodePatchStrategy: the directive is taken out of the patch.
  Result<Directive> map_directive(MergeNode* patch) {
    MergeNode* value = tree_.field(patch, kDirective);
    if (value == nullptr) {
      return Directive::Merge;
    }
    TALLY_TRY(const Directive directive, parse_directive(value->text));
    tree_.clear(*patch, kDirective);
    return directive;
  }

  static Result<Directive> parse_directive(std::string_view text) {
    if (text == "delete") {
      return Directive::Delete;
    }
    if (text == "replace") {
      return Directive::Replace;
    }
    if (text == "merge") {
      return Directive::Merge;
    }
    return content_error("unknown patch strategy '" + std::string(text) + "'");
  }

  // determineSequenceNodePatchStrategy: an element that is nothing but the directive.
  Result<Directive> list_directive(MergeNode* patch) {
    if (patch == nullptr || !patch->is_list()) {
      return Directive::Merge;
    }
    for (MergeNode* item : tree_.items(*patch)) {
      MergeNode* value = tree_.field(item, kDirective);
      if (value == nullptr) {
        continue;
      }
      if (item->items.size() > 1) {
        return Directive::Merge;
      }
      TALLY_TRY(const Directive directive, parse_directive(value->text));
      const std::array<std::string_view, 1> values{value->text};
      TALLY_CHECK(tree_.set_element(*patch, nullptr, std::array{kDirective}, values));
      return directive;
    }
    return Directive::Merge;
  }

  // Merger.VisitList of an associative list
  Result<MergeNode*> visit_list(MergeNode* target, MergeNode* patch) {
    if (is_missing_or_null(target)) {
      return patch;
    }
    if (patch != nullptr && patch->is_null()) {
      return nullptr;
    }
    TALLY_TRY(const Directive directive, list_directive(patch));
    return directive == Directive::Delete    ? nullptr
           : directive == Directive::Replace ? patch
                                             : target;
  }

  // Walker.walkAssociativeSequence and setAssociativeSequenceElements
  Result<MergeNode*> walk_list(MergeNode* target, MergeNode* patch, const MergeField& field) {
    TALLY_TRY(MergeNode * result, visit_list(target, patch));
    if (result == nullptr) {
      return nullptr;
    }
    const bool is_set = field.shape == MergeShape::Set;
    static constexpr std::string_view kNoKey[] = {""};
    const std::span<const std::string_view> all_keys = is_set ? kNoKey : field.keys;
    std::vector<Texts> rows =
        is_set ? set_values(result, patch) : key_values(result, patch, all_keys);
    if (rows.empty()) {
      return result;
    }
    if (all_keys.size() > 1) {
      unite(rows);
    }
    MergeNode& merged = *tree_.make_list();
    Texts keys;
    for (const Texts& row : rows) {
      Texts values;
      std::tie(keys, values) = used_keys(rows, row, all_keys);
      TALLY_CHECK(merge_element(*result, patch, field, keys, values, merged));
    }
    TALLY_CHECK(append(merged, *result, keys));
    return &merged;
  }

  Result<void> merge_element(MergeNode& target, MergeNode* patch, const MergeField& field,
                             const Texts& keys, const Texts& values, MergeNode& merged) {
    const std::vector<Texts> own{values};
    const auto [own_keys, own_values] = used_keys(own, values, keys);
    MergeNode* from = tree_.find_element(&target, own_keys, own_values);
    MergeNode* to = tree_.find_element(patch, own_keys, own_values);
    TALLY_TRY(MergeNode * value, walk(from, to, field.type));
    if (is_missing_or_null(value) || (value->is_map() && tree_.items(*value).empty())) {
      return tree_.set_element(target, nullptr, keys, values);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (value->is_map() && tree_.field(value, keys[i]) == nullptr && !values[i].empty()) {
        tree_.set_field(*value, keys[i], tree_.make_text(values[i]));
      }
    }
    return tree_.set_element(merged, value, keys, values);
  }

  // elementPrimitiveValues: those of the patch first.
  std::vector<Texts> set_values(MergeNode* target, MergeNode* patch) {
    std::vector<Texts> rows;
    std::set<std::string_view> seen;
    for (MergeNode* list : {patch, target}) {
      if (list == nullptr || !list->is_list()) {
        continue;
      }
      for (const MergeNode* item : tree_.items(*list)) {
        if (seen.insert(item->text).second) {
          rows.push_back({item->text});
        }
      }
    }
    return rows;
  }

  // elementValues
  std::vector<Texts> key_values(MergeNode* target, MergeNode* patch,
                                std::span<const std::string_view> keys) {
    std::vector<Texts> rows;
    std::set<Texts> seen;
    for (MergeNode* list : {patch, target}) {
      if (list == nullptr || !list->is_list()) {
        continue;
      }
      for (MergeNode* item : tree_.items(*list)) {
        Texts row;
        for (const std::string_view key : keys) {
          const MergeNode* value = tree_.field(item, key);
          row.push_back(is_missing_or_null(value) ? std::string_view{} : value->text);
        }
        if (seen.insert(row).second) {
          rows.push_back(std::move(row));
        }
      }
    }
    return rows;
  }

  // mergeValues: rows that differ only in what one of them lacks are the same element.
  void unite(std::vector<Texts>& rows) {
    tree_.count_steps(rows.size() * rows.size());
    if (tree_.is_exhausted()) {
      return;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Texts row = rows[i];
      for (Texts& other : rows) {
        if (auto united = match(row, other)) {
          rows[i] = *united;
          other = *std::move(united);
        }
      }
    }
  }

  static std::optional<Texts> match(const Texts& a, const Texts& b) {
    if (a.size() != b.size()) {
      return std::nullopt;
    }
    bool has_common = false;
    Texts united;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] != b[i] && !a[i].empty() && !b[i].empty()) {
        return std::nullopt;
      }
      has_common = has_common || a[i] == b[i];
      united.push_back(a[i].empty() ? b[i] : a[i]);
    }
    return has_common ? std::optional(std::move(united)) : std::nullopt;
  }

  // validateKeys: the keys that some row has a value for, and this row's values of them.
  std::pair<Texts, Texts> used_keys(const std::vector<Texts>& rows, const Texts& row,
                                    std::span<const std::string_view> keys) {
    if (keys.size() == 1) {
      return {Texts(keys.begin(), keys.end()), row};
    }
    std::vector<bool> used(keys.size());
    tree_.count_steps(rows.size());
    for (const Texts& values : rows) {
      for (std::size_t i = 0; i < values.size() && i < used.size(); ++i) {
        used[i] = used[i] || !values[i].empty();
      }
    }
    if (std::ranges::find(used, true) == used.end()) {
      return {Texts(keys.begin(), keys.end()), row};
    }
    std::pair<Texts, Texts> result;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (used[i]) {
        result.first.push_back(keys[i]);
        result.second.push_back(row[i]);
      }
    }
    return result;
  }

  // appendListNode: the elements of `rest` behind those of `list`, or in their place.
  Result<void> append(MergeNode& list, MergeNode& rest, const Texts& keys) {
    const std::vector<MergeNode*> elements = tree_.items(rest);
    for (MergeNode* element : elements) {
      if (keys[0].empty()) {
        TALLY_CHECK(tree_.set_element(list, element, std::array<std::string_view, 1>{""},
                                      std::array<std::string_view, 1>{element->text}));
        continue;
      }
      if (!element->is_map() && !element->is_null()) {
        return wrong_kind(tree_, kMappingNode, *element);
      }
      Texts values;
      for (const std::string_view key : keys) {
        const MergeNode* value = tree_.field(element, key);
        if (value == nullptr) {
          list.items.push_back(element);
        } else {
          values.push_back(value->text);
        }
      }
      if (keys.size() > 1) {
        TALLY_CHECK(tree_.set_element(list, nullptr, keys, values));
      }
      TALLY_CHECK(tree_.set_element(list, element, keys, values));
    }
    return {};
  }

  MergeTree& tree_;
  Depth depth_;
};

}  // namespace

Result<MergeNode*> merge(MergeTree& tree, MergeNode& resource, MergeNode& patch,
                         std::uint32_t depth_max) {
  return Merger(tree, depth_max).walk(&resource, &patch, kUnknownType);
}

}  // namespace tally::kyverno
