// The walk: every object of a known type is read once, members that its type does not write are
// left out, members that it always writes are added, then come the rows and the hooks of the type.
// An object that needs none of this is returned as it is.
#include "kube/defaults.hpp"

#include <fmt/format.h>

#include <deque>
#include <unordered_map>

#include "base/assert.hpp"
#include "kube/api_kinds.hpp"
#include "kube/internal/default_hooks.hpp"
#include "kube/internal/default_rules.hpp"
#include "scalar/quantity.hpp"

namespace tally::kube {

namespace {

using document::Member;
using document::Node;
using internal::DefaultCondition;
using internal::DefaultHook;
using internal::Draft;
using internal::FieldEncoding;

// Readers limit the depth of a document; deeper values are left as they are.
constexpr std::uint32_t kDepthMax = 600;

using HookTable = std::vector<const DefaultHook*>;  // by type, null: none

HookTable hook_table(std::span<const DefaultHook> hooks) {
  const auto types = api_types().types();
  HookTable table(types.size());
  for (const DefaultHook& hook : hooks) {
    bool found = false;
    for (std::size_t i = 0; i < types.size() && !found; ++i) {
      found = types[i].kind == TypeKind::Fields && types[i].name == hook.type;
      if (found) {
        table[i] = &hook;
      }
    }
    TALLY_ASSERT(found);
  }
  return table;
}

const DefaultHook* hook_of(TypeIndex type) {
  static const HookTable kTable = hook_table(internal::default_hooks());
  return kTable[type];
}

const DefaultHook* kind_hook_of(TypeIndex type) {
  static const HookTable kTable = hook_table(internal::kind_hooks());
  return kTable[type];
}

TypeIndex metadata_type() {
  static const TypeIndex kFound = [] {
    const auto types = api_types().types();
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (types[i].name == "meta.v1.ObjectMeta") {
        return static_cast<TypeIndex>(i);
      }
    }
    TALLY_ASSERT(false);
    return TypeIndex{0};
  }();
  return kFound;
}

bool is_zero(const Node& value) noexcept {
  switch (value.kind()) {
    case document::NodeKind::Bool:
      return !value.boolean();
    case document::NodeKind::Number:
      return value.number() == 0.0;
    case document::NodeKind::String:
      return value.text().empty();
    case document::NodeKind::Null:
    case document::NodeKind::Array:
    case document::NodeKind::Object:
      return false;
  }
  return false;
}

// Most quantities are canonical: few digits, no leading zero, and no multiple of the next unit.
bool is_canonical_quantity(std::string_view text) noexcept {
  constexpr std::size_t kDigitsMax = 15;
  std::uint64_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<std::uint64_t>(text[digits] - '0');
    ++digits;
    if (digits > kDigitsMax) {
      return false;
    }
  }
  if (digits == 0 || text.front() == '0') {
    return text == "0";
  }
  const std::string_view suffix = text.substr(digits);
  if (suffix.empty() || suffix == "m" || suffix == "k" || suffix == "M" || suffix == "G") {
    return value % 1000 != 0;
  }
  return (suffix == "Ki" || suffix == "Mi" || suffix == "Gi") && value % 1024 != 0;
}

class Walk {
 public:
  Walk(Arena& arena, DefaultStage stage) : arena_(arena), stage_(stage) {}

  [[nodiscard]] Node whole(const Node& root, TypeIndex type) {
    Draft& draft = drafts_.emplace_back();
    read_members(root, type, draft);
    apply_rules(draft, type);
    if (const DefaultHook* hook = kind_hook_of(type)) {
      hook->apply(draft, arena_, stage_);
    }
    return finish(root, draft);
  }

  [[nodiscard]] Node value(const Node& in, TypeIndex type) {
    if (!internal::rules_of(type).relevant) {
      return in;
    }
    const Level level(depth_);
    if (depth_ > kDepthMax) {
      return in;
    }
    const TypeRow& row = api_types().type(type);
    switch (row.kind) {
      case TypeKind::Fields:
        return in.is_object() ? fields(in, type) : in;
      case TypeKind::List:
        return in.is_array()
                   ? internal::map_items(in, arena_,
                                         [&](const Node& item) { return value(item, row.element); })
                   : in;
      case TypeKind::Map:
        return in.is_object() ? map(in, row.element) : in;
      case TypeKind::Quantity:
        return quantity(in, Rounding::None);
      case TypeKind::FreeObject:
      case TypeKind::String:
      case TypeKind::Enum:
      case TypeKind::Bytes:
      case TypeKind::Int32:
      case TypeKind::Int64:
      case TypeKind::Number:
      case TypeKind::Bool:
      case TypeKind::IntOrString:
      case TypeKind::Time:
      case TypeKind::MicroTime:
      case TypeKind::Any:
        return in;
    }
    return in;
  }

 private:
  class Level {
   public:
    explicit Level(std::uint32_t& depth) noexcept : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::uint32_t& depth_;
  };

  enum class Rounding : std::uint8_t { None, UpToMilli };

  [[nodiscard]] Node finish(const Node& in, const Draft& draft) {
    if (!draft.changed()) {
      return in;
    }
    const Node made = draft.finish(arena_);
    return in.is_defaulted() ? made.as_defaulted() : made;
  }

  [[nodiscard]] Node fields(const Node& in, TypeIndex type) {
    // One draft per level is in use at a time; a deque keeps the addresses of the outer ones.
    if (used_ == pool_.size()) {
      pool_.emplace_back();
    }
    Draft& draft = pool_[used_++];
    read_members(in, type, draft);
    apply_rules(draft, type);
    const Node out = finish(in, draft);
    --used_;
    return out;
  }

  // What decoding and writing do: unknown fields, nulls and empty values go.
  void read_members(const Node& in, TypeIndex type, Draft& draft) {
    const TypeRow& row = api_types().type(type);
    const std::string_view encoding = internal::rules_of(type).encoding;
    draft.begin(in.offset());
    for (const Member member : in.members()) {
      document::Symbol symbol = member.value.key_symbol();
      if (symbol == document::kNoSymbol) {
        symbol = document::find_symbol(member.key);
      }
      const FieldSlot* slot = api_types().slot(row, symbol);
      if (slot == nullptr) {
        draft.touch();
        continue;
      }
      const auto how = encoding.empty() ? FieldEncoding::IfSet
                                        : static_cast<FieldEncoding>(encoding[slot->field]);
      if (member.value.is_null()) {
        if (how == FieldEncoding::AlwaysOrNull) {
          draft.append(member.key, member.value);
        } else {
          draft.touch();
        }
        continue;
      }
      const Node out = value(member.value, slot->type);
      if (disappears(out, how)) {
        draft.touch();
        continue;
      }
      if (!internal::same(out, member.value)) {
        draft.touch();
      }
      draft.append(member.key, out);
    }
  }

  [[nodiscard]] static bool disappears(const Node& value, FieldEncoding how) noexcept {
    switch (how) {
      case FieldEncoding::UnlessZero:
        return is_zero(value);
      case FieldEncoding::UnlessEmpty:
        return (value.is_array() || value.is_object()) && value.size() == 0;
      case FieldEncoding::ObjectUnlessZero:
        return value.is_object() && value.size() == 0;
      case FieldEncoding::Always:
      case FieldEncoding::AlwaysOrNull:
      case FieldEncoding::AlwaysOwn:
      case FieldEncoding::AlwaysObject:
      case FieldEncoding::IfSet:
      case FieldEncoding::Unknown:
        return false;
    }
    return false;
  }

  void apply_rules(Draft& draft, TypeIndex type) {
    const internal::TypeRules& rules = internal::rules_of(type);
    const auto fields_of_type = api_types().fields(api_types().type(type));
    add_missing(draft, fields_of_type, rules.encoding, /*objects=*/true);
    for (const internal::DefaultRow& row : rules.rows) {
      apply_row(draft, type, row);
    }
    if (const DefaultHook* hook = hook_of(type)) {
      hook->apply(draft, arena_, stage_);
    }
    add_missing(draft, fields_of_type, rules.encoding, /*objects=*/false);
  }

  // Objects that are always written come first, so that their own defaults are there for the rows;
  // scalars come last, because a row is stronger than a zero.
  void add_missing(Draft& draft, std::span<const FieldRow> all, std::string_view encoding,
                   bool objects) {
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      const auto how = static_cast<FieldEncoding>(encoding[i]);
      const bool wanted =
          objects ? how == FieldEncoding::AlwaysObject || how == FieldEncoding::ObjectUnlessZero
                  : how == FieldEncoding::Always || how == FieldEncoding::AlwaysOwn ||
                        how == FieldEncoding::AlwaysOrNull;
      if (!wanted || draft.find(all[i].name) != nullptr) {
        continue;
      }
      const Node zero =
          objects ? value(Node::make_object(arena_, {}, std::span<const std::string_view>{}, {},
                                            draft.offset())
                              .as_defaulted(),
                          all[i].type)
                  : zero_of(all[i].type, how, draft.offset());
      if (!disappears(zero, how)) {
        draft.set(all[i].name, zero);
      }
    }
  }

  [[nodiscard]] static Node zero_of(TypeIndex type, FieldEncoding how, std::uint32_t offset) {
    if (how == FieldEncoding::AlwaysOrNull) {
      return Node::make_null(offset).as_defaulted();
    }
    switch (api_types().type(type).kind) {
      case TypeKind::String:
      case TypeKind::Enum:
      case TypeKind::Bytes:
        return internal::added_text("", offset);
      case TypeKind::Quantity:
        return internal::added_text("0", offset);
      case TypeKind::Int32:
      case TypeKind::Int64:
      case TypeKind::Number:
      case TypeKind::IntOrString:
        return Node::make_number("0", offset).as_defaulted();
      case TypeKind::Bool:
        return Node::make_bool(false, offset).as_defaulted();
      case TypeKind::Fields:
      case TypeKind::FreeObject:
      case TypeKind::Map:
      case TypeKind::List:
      case TypeKind::Time:
      case TypeKind::MicroTime:
      case TypeKind::Any:
        break;
    }
    return Node::make_null(offset).as_defaulted();
  }

  [[nodiscard]] static const Node* find_in(const Draft& draft, std::string_view path) noexcept {
    const auto slash = path.find('/');
    const Node* first = draft.find(path.substr(0, slash));
    return first == nullptr || slash == std::string_view::npos
               ? first
               : internal::find_path(*first, path.substr(slash + 1));
  }

  [[nodiscard]] static bool holds(const DefaultCondition& condition, const Draft& draft) noexcept {
    if (condition.kind == DefaultCondition::Kind::Always) {
      return true;
    }
    const Node* found = find_in(draft, condition.path);
    switch (condition.kind) {
      case DefaultCondition::Kind::Always:
        return true;
      case DefaultCondition::Kind::Present:
        return found != nullptr;
      case DefaultCondition::Kind::Absent:
        return found == nullptr;
      case DefaultCondition::Kind::OneOf:
        break;
    }
    if (found == nullptr || !found->is_string()) {
      return false;
    }
    for (std::string_view texts = condition.texts; !texts.empty();) {
      const auto bar = texts.find('|');
      if (texts.substr(0, bar) == found->text()) {
        return true;
      }
      texts.remove_prefix(bar == std::string_view::npos ? texts.size() : bar + 1);
    }
    return false;
  }

  void apply_row(Draft& draft, TypeIndex type, const internal::DefaultRow& row) {
    if (find_in(draft, row.path) != nullptr || !holds(row.condition, draft)) {
      return;
    }
    const auto slash = row.path.find('/');
    if (slash == std::string_view::npos) {
      const FieldRow* field = api_types().find(api_types().type(type), row.path);
      TALLY_ASSERT(field != nullptr);
      draft.set(row.path, value(internal::plant(row.value, draft.offset(), arena_), field->type));
      return;
    }
    // One level below is what the table needs; deeper paths are refused where they are read.
    const std::string_view outer = row.path.substr(0, slash);
    const std::string_view inner = row.path.substr(slash + 1);
    TALLY_ASSERT(inner.find('/') == std::string_view::npos);
    const Node* object = draft.find(outer);
    if (object != nullptr && !object->is_object()) {
      return;
    }
    const Node base = object != nullptr ? *object : Node::make_null(draft.offset()).as_defaulted();
    draft.set(outer, internal::with_member(
                         base, inner, internal::plant(row.value, base.offset(), arena_), arena_));
  }

  // A map of quantities is a ResourceList: SetDefaults_ResourceList rounds up to milli.
  [[nodiscard]] Node map(const Node& in, TypeIndex element) {
    const bool quantities = api_types().type(element).kind == TypeKind::Quantity;
    Draft draft;
    draft.begin(in.offset());
    for (const Member member : in.members()) {
      const Node out =
          quantities ? quantity(member.value, Rounding::UpToMilli) : value(member.value, element);
      if (!internal::same(out, member.value)) {
        draft.touch();
      }
      draft.append(member.key, out);
    }
    return finish(in, draft);
  }

  // Quantities are written canonically: "0.5" as "500m", the number 2 as "2".
  [[nodiscard]] Node quantity(const Node& in, Rounding rounding) {
    if (!in.is_string() && !in.is_number()) {
      return in;
    }
    if (in.is_string() && is_canonical_quantity(in.text())) {
      return in;
    }
    auto parsed = scalar::Quantity::try_parse(in.text());
    if (!parsed) {
      return in;
    }
    if (rounding == Rounding::UpToMilli) {
      if (const auto milli = parsed->as_milli()) {
        const auto rounded = scalar::Quantity::try_parse(fmt::format("{}m", *milli));
        if (rounded && rounded->compare(*parsed) != 0) {
          parsed = rounded;
        }
      }
    }
    const std::string text = parsed->to_string();
    if (in.is_string() && text == in.text()) {
      return in;
    }
    const Node out = Node::make_string(arena_.copy(text), in.offset());
    return in.is_defaulted() ? out.as_defaulted() : out;
  }

  Arena& arena_;
  DefaultStage stage_;
  std::deque<Draft> drafts_;
  std::deque<Draft> pool_;
  std::size_t used_ = 0;
  std::uint32_t depth_ = 0;
};

// The namespace of the request, or none for a kind that lives in no namespace.
Node with_namespace(const Node& root, const Object& object, std::string_view name_space,
                    Arena& arena) {
  const Node* metadata = root.find("metadata");
  const bool namespaced = is_namespaced(object);
  const Node* own = metadata == nullptr ? nullptr : metadata->find("namespace");
  if (metadata == nullptr || !metadata->is_object() || namespaced == (own != nullptr) ||
      (namespaced && name_space.empty())) {
    return root;
  }
  const Node changed =
      namespaced ? internal::with_member(
                       *metadata, "namespace",
                       internal::added_text(arena.copy(name_space), metadata->offset()), arena)
                 : internal::without_member(*metadata, "namespace", arena);
  return internal::with_member(root, "metadata", changed, arena);
}

}  // namespace

Node defaulted(const Object& object, Arena& arena, const DefaultOptions& options) {
  if (!object.root.is_object()) {
    return object.root;
  }
  Walk walk(arena, options.stage);
  Node root = object.root;
  if (object.kind != nullptr && object.kind->type) {
    root = walk.whole(root, *object.kind->type);
  } else if (const Node* metadata = root.find("metadata");
             metadata != nullptr && metadata->is_object()) {
    const Node changed = walk.value(*metadata, metadata_type());
    if (!internal::same(changed, *metadata)) {
      root = internal::with_member(root, "metadata", changed, arena);
    }
  }
  return with_namespace(root, object, options.name_space, arena);
}

}  // namespace tally::kube
