#include "kyverno/patch/internal/resolve_anchors.hpp"

#include <algorithm>
#include <vector>

#include "kyverno/patch/internal/depth_guard.hpp"
#include "pattern/anchor.hpp"

namespace tally::kyverno {

using document::Node;

namespace {

using pattern::AnchorKind;

struct Anchor {
  AnchorKind kind = AnchorKind::Condition;
  std::string_view key;
  // Without the blanks around it: by this upstream looks the field up.
  std::string_view text;

  [[nodiscard]] bool is_add() const noexcept { return kind == AnchorKind::AddIfNotPresent; }
  [[nodiscard]] bool is_global() const noexcept { return kind == AnchorKind::Global; }
  [[nodiscard]] bool is_condition() const noexcept { return kind == AnchorKind::Condition; }
  // Either kind of condition.
  [[nodiscard]] bool has_condition() const noexcept { return is_global() || is_condition(); }
};

std::optional<Anchor> parse_anchor(std::string_view key) noexcept {
  const auto anchor = pattern::parse_anchor(key);
  return anchor ? std::optional(Anchor{.kind = anchor->kind,
                                       .key = anchor->key,
                                       .text = pattern::trim_unicode_space(key)})
                : std::nullopt;
}

bool is_any(const Anchor& anchor) { return anchor.has_condition() || anchor.is_add(); }

// A condition that was not met ends the work on a part of the patch, or on all of it.
struct Unmet {
  enum class Scope : std::uint8_t { Part, Rule };  // of `(key)` and `<(key)`
  Scope scope = Scope::Part;
  std::string message;
};
using Step = Result<std::optional<Unmet>>;

// Of the resource: absent is nullptr.
const Node* member(const Node* resource, std::string_view key) {
  return resource != nullptr ? resource->find(key) : nullptr;
}

// pkg/engine/mutate/patch/strategicPreprocessing.go of Kyverno 1.19.1
class Resolver {
 public:
  Resolver(MergeTree& tree, const ConditionMatch& matches, std::uint32_t depth_max)
      : tree_(tree), matches_(matches), depth_(depth_max) {}

  // preProcessRecursive
  Step resolve(MergeNode& patch, const Node* resource) {
    const DepthGuard guard(depth_);
    tree_.count_steps(1);
    if (!guard.is_allowed() || tree_.is_exhausted()) {
      return too_much();
    }
    if (patch.is_map()) {
      return resolve_map(patch, resource);
    }
    if (patch.is_list() && !tree_.items(patch).empty() && tree_.items(patch)[0]->is_map()) {
      return resolve_list(patch, resource);
    }
    return std::nullopt;
  }

  // deleteConditionElements
  Result<void> remove_conditions(MergeNode& patch) {
    if (!patch.is_map()) {
      return patch.is_null() ? Result<void>{} : wrong_kind(tree_, kMappingNode, patch);
    }
    for (const std::string_view key : keys_of(patch)) {
      const auto anchor = parse_anchor(key);
      TALLY_TRY(const bool is_empty,
                strip(*tree_.field(&patch, key), anchor && anchor->has_condition()));
      if (is_empty) {
        tree_.clear(patch, key);
      }
    }
    return {};
  }

 private:
  static std::unexpected<Error> too_much() {
    return limit_error("the patch is nested too deeply or takes too many steps");
  }
  // Upstream looks the field up by the anchor without its blanks, finds none and panics.
  static std::unexpected<Error> blanks(std::string_view key) {
    return content_error("an anchor must not stand between blanks: \"" + std::string(key) + "\"");
  }

  // As they are now: loops change the map.
  std::vector<std::string_view> keys_of(MergeNode& map) {
    return map.is_map() ? tree_.keys(map) : std::vector<std::string_view>{};
  }

  Step resolve_map(MergeNode& patch, const Node* resource) {
    resolve_additions(patch, resource);
    if (Step unmet = check_conditions(patch, resource); !unmet || *unmet) {
      return unmet;
    }
    for (const std::string_view key : keys_of(patch)) {
      const auto anchor = parse_anchor(key);
      if (anchor && is_any(*anchor)) {
        continue;
      }
      MergeNode* value = tree_.field(&patch, key);
      if (value == nullptr) {
        continue;
      }
      if (Step unmet = resolve(*value, member(resource, key)); !unmet || *unmet) {
        return unmet;
      }
    }
    return std::nullopt;
  }

  // handleAddIfNotPresentAnchor: the number of such anchors.
  std::size_t resolve_additions(MergeNode& patch, const Node* resource) {
    std::size_t count = 0;
    for (const std::string_view key : keys_of(patch)) {
      const auto anchor = parse_anchor(key);
      if (!anchor || !anchor->is_add()) {
        continue;
      }
      ++count;
      if (member(resource, anchor->key) != nullptr) {
        tree_.clear(patch, anchor->text);
      } else {
        tree_.rename(patch, anchor->text, anchor->key);
      }
    }
    return count;
  }

  // validateConditions
  Step check_conditions(MergeNode& patch, const Node* resource) {
    TALLY_TRY(auto rule, check(patch, resource, &Anchor::is_global));
    if (rule) {
      return Unmet{.scope = Unmet::Scope::Rule, .message = "global condition failed: " + *rule};
    }
    TALLY_TRY(auto part, check(patch, resource, &Anchor::is_condition));
    if (part) {
      return Unmet{.scope = Unmet::Scope::Part, .message = "condition failed: " + *part};
    }
    return std::nullopt;
  }

  // validateConditionsInternal
  Result<std::optional<std::string>> check(MergeNode& patch, const Node* resource,
                                           bool (Anchor::*is_wanted)() const noexcept) {
    for (const std::string_view key : keys_of(patch)) {
      const auto anchor = parse_anchor(key);
      if (!anchor || !((*anchor).*is_wanted)()) {
        continue;
      }
      const Node* value = member(resource, anchor->key);
      if (value == nullptr) {
        return "could not found \"" + std::string(anchor->key) + "\" key in the resource";
      }
      MergeNode* pattern = tree_.field(&patch, anchor->text);
      if (pattern == nullptr) {
        return blanks(key);
      }
      if (resolve_additions(*pattern, value) > 0) {
        continue;
      }
      if (auto mismatch = matches_(as_text(*value), as_text(tree_.freeze(*pattern)))) {
        return mismatch;
      }
    }
    return std::nullopt;
  }

  // convertRNodeToInterface: a scalar is compared as text.
  Node as_text(const Node& value) {
    if (value.is_array() || value.is_object()) {
      return value;
    }
    const MergeNode* node = tree_.make(value);
    return Node::make_string(node->text, value.offset());
  }

  // hasAnchors
  template <class IsWanted>
  bool has_anchor(MergeNode& node, IsWanted is_wanted) {
    tree_.count_steps(1);
    if (node.is_map()) {
      return std::ranges::any_of(keys_of(node), [&](std::string_view key) {
        const auto anchor = parse_anchor(key);
        MergeNode& value = *tree_.field(&node, key);
        const bool is_empty = value.is_null() || (!value.is_scalar() && tree_.items(value).empty());
        return (anchor && is_wanted(*anchor)) || (!is_empty && has_anchor(value, is_wanted));
      });
    }
    if (node.is_list()) {
      return std::ranges::any_of(tree_.items(node),
                                 [&](MergeNode* item) { return has_anchor(*item, is_wanted); });
    }
    const auto anchor = parse_anchor(node.text);
    return anchor && anchor->has_condition();
  }

  // processListOfMaps: for every element of the resource that meets the conditions of an element of
  // the patch, the patch gets one with its name.
  Step resolve_list(MergeNode& patch, const Node* resource) {
    if (resource != nullptr && !resource->is_array() && !resource->is_null()) {
      return wrong_kind(tree_, kSequenceNode, *tree_.make(*resource));
    }
    const std::vector<MergeNode*> elements = tree_.items(patch);
    for (MergeNode* element : elements) {
      if (!has_anchor(*element, is_any)) {
        continue;
      }
      const bool has_global =
          has_anchor(*element, [](const Anchor& anchor) { return anchor.is_global(); });
      // One copy for all elements of the resource: what one of them took away stays away.
      MergeNode& copy = *tree_.copy(*element);
      if (Step unmet = resolve_element(patch, copy, has_global, resource); !unmet || *unmet) {
        return unmet;
      }
    }
    return std::nullopt;
  }

  Step resolve_element(MergeNode& patch, MergeNode& element, bool has_global,
                       const Node* resource) {
    bool has_passed = false;
    std::optional<Unmet> last;
    if (resource == nullptr) {
      TALLY_TRY(auto unmet, resolve(element, nullptr));
      // Without a list nothing can meet a global condition: upstream reports it as an error.
      if (unmet && unmet->scope == Unmet::Scope::Rule) {
        return unmet;
      }
      return std::nullopt;
    }
    for (const Node& item : resource->items()) {
      TALLY_TRY(auto unmet, resolve(element, &item));
      if (unmet) {
        if (unmet->scope == Unmet::Scope::Rule) {
          last = std::move(unmet);
        }
        continue;
      }
      if (has_global) {
        has_passed = true;
        continue;
      }
      TALLY_CHECK(add_named(patch, element, item));
    }
    return has_passed ? std::nullopt : last;
  }

  // handlePatternName
  Result<void> add_named(MergeNode& patch, MergeNode& element, const Node& item) {
    const Node* name = item.find("name");
    if (name == nullptr || name->is_null() ||
        (name->kind() >= document::NodeKind::Array && name->size() == 0)) {
      return {};
    }
    MergeNode& named = *tree_.copy(element);
    TALLY_TRY(const bool is_empty, strip(named, true));
    if (is_empty) {
      return {};
    }
    if (!named.is_map()) {
      return wrong_kind(tree_, kMappingNode, named);
    }
    tree_.set_field(named, "name", tree_.make(*name));
    tree_.items(patch).push_back(&named);
    return {};
  }

  // deleteAnchors: removes conditions, and what held nothing else. True: nothing is left.
  Result<bool> strip(MergeNode& node, bool scalar_goes) {
    const DepthGuard guard(depth_);
    if (!guard.is_allowed() || tree_.is_exhausted()) {
      return too_much();
    }
    if (node.is_map()) {
      return strip_map(node);
    }
    return node.is_list() ? strip_list(node) : scalar_goes;
  }

  Result<bool> strip_map(MergeNode& node) {
    bool has_conditions_left = false;
    for (const std::string_view key : keys_of(node)) {
      const auto anchor = parse_anchor(key);
      if (!anchor || !anchor->has_condition()) {
        continue;
      }
      MergeNode* value = tree_.field(&node, anchor->text);
      if (value == nullptr) {
        return blanks(key);
      }
      TALLY_TRY(const bool is_empty, strip(*value, true));
      if (is_empty) {
        tree_.clear(node, anchor->text);
      } else {
        has_conditions_left = true;
      }
    }
    if (has_conditions_left) {
      // A condition that also holds something to merge becomes that.
      for (const std::string_view key : keys_of(node)) {
        const auto anchor = parse_anchor(key);
        if (anchor && anchor->has_condition()) {
          tree_.rename(node, anchor->text, anchor->key);
        }
      }
    }
    bool is_empty = true;
    for (const std::string_view key : keys_of(node)) {
      MergeNode* value = tree_.field(&node, key);
      if (value == nullptr) {
        continue;
      }
      TALLY_TRY(const bool goes, strip(*value, false));
      if (goes) {
        tree_.clear(node, key);
      } else {
        is_empty = false;
      }
    }
    return is_empty;
  }

  Result<bool> strip_list(MergeNode& node) {
    const std::vector<MergeNode*> elements = tree_.items(node);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      bool goes = true;
      if (!has_anchor(*elements[i], is_any)) {
        TALLY_TRY(goes, strip(*elements[i], false));
      }
      if (!goes) {
        continue;
      }
      // The index is that of the list before anything was removed; upstream panics past its end.
      std::vector<MergeNode*>& left = tree_.items(node);
      if (i >= left.size()) {
        return content_error("too many list elements with anchors (upstream does not survive it)");
      }
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return node.items.empty() && !elements.empty();
  }

  MergeTree& tree_;
  const ConditionMatch& matches_;
  Depth depth_;
};

}  // namespace

Result<std::optional<std::string>> resolve_anchors(MergeTree& tree, MergeNode& patch,
                                                   const Node& resource,
                                                   const ConditionMatch& matches,
                                                   std::uint32_t depth_max) {
  Resolver resolver(tree, matches, depth_max);
  TALLY_TRY(auto unmet, resolver.resolve(patch, &resource));
  if (unmet) {
    return std::move(unmet->message);
  }
  TALLY_CHECK(resolver.remove_conditions(patch));
  return std::nullopt;
}

}  // namespace tally::kyverno
