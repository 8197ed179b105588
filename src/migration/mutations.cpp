// `mutate.patchStrategicMerge` as an apply configuration: both merge maps by field and lists by
// their merge keys. What they do differently is refused: deletion by null, lists that are replaced
// as a whole, conditions outside of list elements.
#include <fmt/format.h>

#include <algorithm>

#include "migration/internal/draft.hpp"
#include "migration/internal/rules.hpp"
#include "pattern/anchor.hpp"

namespace tally::migration {

using document::Node;
using pattern::AnchorKind;

namespace {

constexpr std::size_t kDepthMax = 40;

class MergeTranslator {
 public:
  explicit MergeTranslator(Scope& scope) : scope_(scope) {}

  Outcome<std::string> run(const Node& patch) {
    return map(patch, {.place = scope_.object, .name = "Object", .access = "object"}, {}, 0);
  }

 private:
  struct Target {
    Place place;               // what is patched, as it is now
    std::string name;          // "Object.spec"
    std::string access;        // "object.spec.?securityContext"
    bool is_optional = false;  // access is an optional value
  };

  static Target below(const Target& of, std::string_view key) {
    Target out{.place = migration::below(of.place, key),
               .name = fmt::format("{}.{}", of.name, key),
               .access = {}};
    const bool is_sure = !of.is_optional && presence(of.place, key).is_true();
    const bool is_metadata = of.access == "object" && key == "metadata";
    out.is_optional = !is_sure && !is_metadata;
    out.access = out.is_optional ? selected_optionally(of.access, key) : selected(of.access, key);
    return out;
  }

  Outcome<std::string> map(const Node& patch, const Target& target,
                           const std::vector<std::string>& first, std::size_t depth) {
    const bool is_struct = target.place.kind() == PlaceKind::Struct;
    if (depth > kDepthMax || (!is_struct && target.place.kind() != PlaceKind::Map)) {
      return refuse("a patch of fields of which the types are not known", patch);
    }
    std::vector<std::string> fields = first;
    for (const document::Member member : patch.members()) {
      const auto anchor = pattern::parse_anchor(member.key);
      if (anchor && anchor->kind == AnchorKind::Condition && !first.empty()) {
        continue;  // of a list element: its filter
      }
      if (anchor && anchor->kind != AnchorKind::AddIfNotPresent) {
        return refuse(fmt::format("the anchor {} in a patch", member.key), member.value);
      }
      const std::string_view key = anchor ? anchor->key : member.key;
      if (is_struct && !is_identifier(key)) {
        return refuse(fmt::format("a field named {}", key), member.value);
      }
      const Target inner = below(target, key);
      auto made = value(member.value, inner, depth + 1);
      if (!made) {
        return made;
      }
      scope_.reads.add(inner.place.path, member.value);
      const std::string name = is_struct ? std::string(key) : quoted(key);
      if (!anchor) {
        fields.push_back(fmt::format("{}: {}", name, *made));
        continue;
      }
      if (!inner.is_optional) {
        continue;  // always there
      }
      fields.push_back(fmt::format("?{}: {}.hasValue() ? optional.none() : optional.of({})", name,
                                   inner.access, *made));
    }
    std::string body;
    for (const std::string& field : fields) {
      body += (body.empty() ? "" : ", ") + field;
    }
    return fmt::format("{}{{{}}}", is_struct ? target.name : "", body);
  }

  Outcome<std::string> value(const Node& patch, const Target& target, std::size_t depth) {
    switch (patch.kind()) {
      case document::NodeKind::Null:
        return refuse("a field that is deleted by null", patch);
      case document::NodeKind::Object:
        return map(patch, target, {}, depth);
      case document::NodeKind::Array:
        return list(patch, target, depth);
      case document::NodeKind::String:
        break;
      case document::NodeKind::Bool:
      case document::NodeKind::Number:
        return literal(patch);
    }
    if (patch.text().find("{{") == std::string_view::npos) {
      return quoted(patch.text());
    }
    auto text = translate_text(patch, scope_);
    return text ? Outcome<std::string>(text->text) : std::unexpected(text.error());
  }

  Outcome<std::string> list(const Node& patch, const Target& target, std::size_t depth) {
    std::vector<std::string_view> keys;
    target.place.type.merge_keys(keys);
    if (target.place.type.list_kind() != kube::ListKind::Map || keys.size() != 1) {
      return refuse("a list that is not merged by one key", patch);
    }
    std::string sums;
    for (const Node& item : patch.items()) {
      if (!item.is_object()) {
        return refuse("a list of something else than maps", patch);
      }
      const bool has_key = item.find(keys[0]) != nullptr;
      if (has_key) {
        return refuse(
            "an element that a list may not have yet: a strategic merge puts it first, an "
            "apply configuration last",
            item);
      }
      auto made = every(item, target, keys[0], depth);
      if (!made) {
        return made;
      }
      sums += (sums.empty() ? "" : " + ") + *made;
    }
    return sums.empty() ? Outcome<std::string>("[]") : sums;
  }

  // The elements that satisfy the conditions of this one.
  Outcome<std::string> every(const Node& item, const Target& target, std::string_view key,
                             std::size_t depth) {
    std::string_view last = "item";
    for (const std::string& step : target.place.path) {
      last = step == kEveryElement ? last : std::string_view(step);
    }
    const std::string name = scope_.names.open(last);
    const Place place = element_of(target.place, name);
    Target element{.place = place, .name = target.name, .access = name, .is_optional = false};
    bool has_any = false;
    std::optional<Refusal> refused;
    for (const document::Member member : item.members()) {
      const auto anchor = pattern::parse_anchor(member.key);
      if (!anchor || anchor->kind != AnchorKind::Condition) {
        continue;
      }
      has_any = true;
      const bool is_every = member.value.text() == "*" || member.value.text() == "?*";
      if (anchor->key != key || !is_every) {
        refused = Refusal{.message =
                              "a condition that some elements satisfy: a strategic merge "
                              "puts them before the others, an apply configuration does not",
                          .offset = member.value.offset()};
      }
    }
    Outcome<std::string> made =
        refused    ? Outcome<std::string>(std::unexpected(*refused))
        : !has_any ? Outcome<std::string>(refuse("a list element without its merge key", item))
                   : map(item, element, {fmt::format("{}: {}", key, selected(name, key))}, depth);
    scope_.names.close();
    if (!made) {
      return made;
    }
    const std::string list =
        target.is_optional ? fmt::format("{}.orValue([])", target.access) : target.access;
    return fmt::format("{}.map({}, {})", list, name, *made);
  }

  Scope& scope_;
};

}  // namespace

Outcome<void> translate_mutation(const Node& mutate, Scope& scope, RulePlan& plan) {
  for (const auto& [field, why] :
       {std::pair{"targets", "mutations of objects that exist"},
        std::pair{"foreach", "mutations of one element after the other"}}) {
    if (const Node* found = present(mutate, field)) {
      return refuse(fmt::format("mutate.{}: {}", field, why), *found);
    }
  }
  if (const Node* patches = present(mutate, "patchesJson6902")) {
    if (const Node* other = present(mutate, "patchStrategicMerge")) {
      return refuse("two patches of one rule", *other);
    }
    auto made = translate_json_patches(*patches, scope);
    if (!made) {
      return std::unexpected(made.error());
    }
    plan.mutations.push_back({.is_apply = false, .expression = *made});
    return {};
  }
  const Node* patch = present(mutate, "patchStrategicMerge");
  if (patch == nullptr || !patch->is_object()) {
    return refuse("a mutation without a patch", mutate);
  }
  if (!scope.object.type.is_known() || !scope.object.kinds.empty()) {
    return refuse("a patch of kinds of which the types are not known or differ", *patch);
  }
  if (const Node* metadata = present(*patch, "metadata");
      metadata != nullptr && scope.is_extended) {
    return refuse(
        "a patch of the metadata of pods: autogen of the new kinds does not move it into "
        "templates",
        *metadata);
  }
  auto made = MergeTranslator(scope).run(*patch);
  if (!made) {
    return std::unexpected(made.error());
  }
  plan.mutations.push_back({.is_apply = true, .expression = *made});
  return {};
}

}  // namespace tally::migration
