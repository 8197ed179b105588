// Pattern::compile: from the nodes of a pattern to its program.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

#include "base/text.hpp"
#include "pattern/internal/go_text.hpp"
#include "pattern/internal/program.hpp"

namespace tally::pattern {

using document::Node;
using document::NodeKind;

KeyKind key_kind(AnchorKind kind) noexcept {
  switch (kind) {
    case AnchorKind::Condition:
      return KeyKind::Condition;
    case AnchorKind::Global:
      return KeyKind::Global;
    case AnchorKind::Negation:
      return KeyKind::Negation;
    case AnchorKind::AddIfNotPresent:
      return KeyKind::Plain;
    case AnchorKind::Equality:
      return KeyKind::Equality;
    case AnchorKind::Existence:
      return KeyKind::Existence;
  }
  return KeyKind::Plain;
}

// Kyverno 1.19.1, pkg/engine/validate/utils.go, getSortedNestedAnchorResource: what is pushed to
// the front of a list comes out backwards.
std::uint32_t order_entries(std::span<Entry> entries) {
  const auto rank = [](const Entry& entry) {
    switch (entry.kind) {
      case KeyKind::Condition:
      case KeyKind::Existence:
      case KeyKind::Equality:
      case KeyKind::Negation:
        return 0;
      case KeyKind::Global:
        return 1;
      case KeyKind::Plain:
        return entry.is_nested ? 1 : 2;
    }
    return 2;
  };
  std::ranges::sort(entries, [&](const Entry& a, const Entry& b) {
    const int rank_a = rank(a);
    const int rank_b = rank(b);
    if (rank_a != rank_b) {
      return rank_a < rank_b;
    }
    return rank_a == 1 ? b.raw < a.raw : a.raw < b.raw;
  });
  return static_cast<std::uint32_t>(
      std::ranges::count_if(entries, [&](const Entry& entry) { return rank(entry) == 0; }));
}

class PatternCompiler {
 public:
  PatternCompiler(const Limits& limits, NumberReading numbers)
      : program_(std::make_unique<PatternProgram>()), numbers_(numbers) {
    program_->limits = limits;
  }

  std::expected<Pattern, CompileError> run(const Node& pattern) {
    if (const auto root = compile(pattern)) {
      program_->root = root->item;
      find_slots();
      return Pattern(std::unique_ptr<const PatternProgram>(std::move(program_)));
    }
    return std::unexpected(std::move(error_));
  }

 private:
  struct Compiled {
    std::uint32_t item = 0;
    bool has_anchors = false;
  };
  using Made = std::optional<Compiled>;  // nothing: error_ says why

  // Counts the levels we are in.
  class Level {
   public:
    explicit Level(std::uint32_t& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::uint32_t& depth_;
  };

  [[nodiscard]] std::nullopt_t fail(const Node& node, std::string message) {
    error_.message = std::move(message);
    error_.offset = node.offset();
    for (const std::string& step : path_) {
      append_pointer_step(error_.pointer, step);
    }
    return std::nullopt;
  }

  Made compile(const Node& node) {
    [[maybe_unused]] const Level level(depth_);
    const Limits& limits = program_->limits;
    if (depth_ > limits.depth + 1) {
      return fail(node, fmt::format("the pattern is nested deeper than {} levels", limits.depth));
    }
    if (++nodes_ > limits.nodes) {
      return fail(node, fmt::format("the pattern has more than {} nodes", limits.nodes));
    }
    if (node.is_string() && node.text().size() > limits.text_bytes) {
      return fail(node, fmt::format("a text of the pattern has {} bytes, more than {}",
                                    node.text().size(), limits.text_bytes));
    }
    switch (node.kind()) {
      case NodeKind::Object:
        return compile_map(node);
      case NodeKind::Array:
        return compile_list(node);
      case NodeKind::Null:
      case NodeKind::Bool:
      case NodeKind::Number:
      case NodeKind::String:
        break;
    }
    program_->scalars.push_back(ScalarPattern::compile(node, program_->texts, numbers_));
    return Compiled{add({.kind = Item::Kind::Leaf,
                         .first = static_cast<std::uint32_t>(program_->scalars.size() - 1)}),
                    false};
  }

  Made compile_map(const Node& node) {
    std::vector<Entry> entries;
    entries.reserve(node.size());
    bool has_anchors = false;
    for (const auto member : node.members()) {
      if (member.key.size() > program_->limits.text_bytes) {
        return fail(node, fmt::format("a key of the pattern has {} bytes, more than {}",
                                      member.key.size(), program_->limits.text_bytes));
      }
      path_.emplace_back(excerpt(member.key, 200));
      const Made value = compile(member.value);
      path_.pop_back();
      if (!value) {
        return std::nullopt;
      }
      entries.push_back(make_entry(member.key, *value));
      const KeyKind kind = entries.back().kind;
      has_anchors = has_anchors || value->has_anchors || kind != KeyKind::Plain;
    }
    const std::uint32_t anchors = order_entries(entries);
    const auto first = static_cast<std::uint32_t>(program_->entries.size());
    const std::uint32_t tags = find_tags(entries);
    program_->entries.insert(program_->entries.end(), entries.begin(), entries.end());
    return Compiled{add({.kind = Item::Kind::Map,
                         .first = first,
                         .count = static_cast<std::uint32_t>(entries.size()),
                         .anchors = anchors,
                         .tags = tags}),
                    has_anchors};
  }

  Entry make_entry(std::string_view raw, const Compiled& value) {
    Entry entry;
    entry.raw = program_->texts.copy(raw);
    entry.key = entry.raw;
    entry.value = value.item;
    entry.is_nested = value.has_anchors;
    if (const auto anchor = parse_anchor(entry.raw)) {
      entry.kind = key_kind(anchor->kind);
      if (entry.kind != KeyKind::Plain) {
        entry.key = anchor->key;
      }
    }
    if (entry.kind == KeyKind::Condition || entry.kind == KeyKind::Existence) {
      const auto [known, added] =
          watches_.try_emplace(entry.raw, static_cast<std::uint32_t>(program_->watched.size()));
      if (added) {
        program_->watched.push_back(entry.raw);
      }
      entry.watch = known->second;
    }
    const auto [name, added] =
        names_.try_emplace(entry.key, static_cast<std::uint32_t>(program_->names.size()));
    if (added) {
      program_->names.emplace_back(entry.key);
    }
    entry.name = name->second;
    return entry;
  }

  Made compile_list(const Node& node) {
    if (node.size() == 0) {
      return Compiled{add({.kind = Item::Kind::EmptyList}), false};
    }
    // Of a list of maps or scalars the elements after the first are never looked at; but whether
    // they have anchors decides the order of keys, and they count against the limits.
    std::vector<std::uint32_t> elements;
    bool has_anchors = false;
    for (std::size_t i = 0; i < node.size(); ++i) {
      path_.push_back(std::to_string(i));
      const Made element = compile(node.items()[i]);
      path_.pop_back();
      if (!element) {
        return std::nullopt;
      }
      elements.push_back(element->item);
      has_anchors = has_anchors || element->has_anchors;
    }
    Item item;
    item.first = static_cast<std::uint32_t>(program_->elements.size());
    item.count = static_cast<std::uint32_t>(elements.size());
    switch (node.items()[0].kind()) {
      case NodeKind::Object:
        item.kind = Item::Kind::MapList;
        break;
      case NodeKind::Array:
        item.kind = Item::Kind::ListList;
        break;
      case NodeKind::Null:
      case NodeKind::Bool:
      case NodeKind::Number:
      case NodeKind::String:
        item.kind = Item::Kind::LeafList;
        break;
    }
    // All of them: an existence anchor above looks at each.
    program_->elements.insert(program_->elements.end(), elements.begin(), elements.end());
    return Compiled{add(item), has_anchors};
  }

  std::uint32_t add(const Item& item) {
    program_->items.push_back(item);
    return static_cast<std::uint32_t>(program_->items.size() - 1);
  }

  // The entry that upstream finds for a tag: the key itself or one with any anchor. (Of several it
  // takes one by chance; we take the plain one, then the first.)
  static const Entry* find_tag(std::span<const Entry> entries, std::string_view tag) {
    const Entry* found = nullptr;
    for (const Entry& entry : entries) {
      if (entry.raw == tag) {
        return &entry;
      }
      const auto anchor = parse_anchor(entry.raw);
      if (anchor && anchor->key == tag && (found == nullptr || entry.raw < found->raw)) {
        found = &entry;
      }
    }
    return found;
  }

  std::span<const Entry> entries_of(std::uint32_t map) const {
    const Item& item = program_->items[map];
    return std::span(program_->entries).subspan(item.first, item.count);
  }

  // Labels whose expansion changes something: a key with a wildcard, or a value that is no text
  // (upstream loses it on the way).
  bool needs_expansion(std::uint32_t map) const {
    return std::ranges::any_of(entries_of(map), [&](const Entry& entry) {
      const Item& value = program_->items[entry.value];
      return has_wildcard(entry.raw) || value.kind != Item::Kind::Leaf ||
             !program_->scalars[value.first].node().is_string();
    });
  }

  std::uint32_t find_tags(std::span<const Entry> entries) {
    const Entry* metadata = find_tag(entries, "metadata");
    if (metadata == nullptr || program_->items[metadata->value].kind != Item::Kind::Map) {
      return kNone;
    }
    Tags tags;
    for (const auto& [tag, out] :
         {std::pair{"labels", &tags.labels}, std::pair{"annotations", &tags.annotations}}) {
      const Entry* entry = find_tag(entries_of(metadata->value), tag);
      if (entry != nullptr && program_->items[entry->value].kind == Item::Kind::Map &&
          needs_expansion(entry->value)) {
        out->map = entry->value;
        out->slot = program_->slots++;
      }
    }
    if (tags.labels.map == kNone && tags.annotations.map == kNone) {
      return kNone;
    }
    tags.metadata = {.map = metadata->value, .slot = program_->slots++};
    program_->tags.push_back(tags);
    return static_cast<std::uint32_t>(program_->tags.size() - 1);
  }

  void find_slots() {
    if (program_->tags.empty()) {
      return;
    }
    program_->slot_of_map.assign(program_->items.size(), kNone);
    for (const Tags& tags : program_->tags) {
      for (const Tags::Tag& tag : {tags.labels, tags.annotations, tags.metadata}) {
        if (tag.map != kNone) {
          program_->slot_of_map[tag.map] = tag.slot;
        }
      }
    }
  }

  std::unique_ptr<PatternProgram> program_;
  NumberReading numbers_;
  CompileError error_;
  std::uint32_t depth_ = 0;
  std::uint32_t nodes_ = 0;
  std::vector<std::string> path_;
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::unordered_map<std::string_view, std::uint32_t> watches_;
};

Pattern::Pattern(std::unique_ptr<const PatternProgram> program) noexcept
    : program_(std::move(program)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

std::expected<Pattern, CompileError> Pattern::compile(const Node& pattern, const Limits& limits,
                                                      NumberReading numbers) {
  return PatternCompiler(limits, numbers).run(pattern);
}

}  // namespace tally::pattern
