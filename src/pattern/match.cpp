// Pattern::match. A first walk finds the verdict and builds no text; if it is not Pass, a second
// walk, over the same program in the same order, builds the path and the message.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "pattern/internal/go_text.hpp"
#include "pattern/internal/metadata_keys.hpp"
#include "pattern/internal/program.hpp"

namespace tally::pattern {

using document::Node;

namespace {

// What upstream's errors are, and how they change on their way up.
enum class Status : std::uint8_t {
  Pass,
  Mismatch,
  Negation,    // X() found its key
  Condition,   // () did not match: where it stands, nothing is judged
  Global,      // <() did not match: likewise
  Skipped,     // a map or a list passes such a skip on to what holds it
  OverBudget,  // the match is given up
};

bool is_skip(Status status) {
  return status == Status::Condition || status == Status::Global || status == Status::Skipped;
}

const Node kAbsent;

}  // namespace

class PatternMatcher {
 public:
  PatternMatcher(const PatternProgram& program, Arena& arena, bool explains)
      : program_(program),
        arena_(arena),
        explains_(explains),
        budget_{program.limits.steps},
        keys_(program, arena, budget_) {
    const std::size_t words = (program.watched.size() + 63) / 64;
    if (words > seen_inline_.size()) {
      const auto all = arena.allocate_array<std::uint64_t>(2 * words);
      seen_ = {all, words};
      present_ = {all + words, words};
    } else {
      seen_ = seen_inline_;
      present_ = present_inline_;
    }
    std::ranges::fill(seen_, 0);
    std::ranges::fill(present_, 0);
  }
  PatternMatcher(const PatternMatcher&) = delete;
  PatternMatcher& operator=(const PatternMatcher&) = delete;

  Status run(const Node& resource) {
    path_ = explains_ ? "/" : "";
    return match(program_.root, resource);
  }

  // After a walk that explains.
  Outcome outcome(Status status) {
    Outcome out;
    if (status == Status::Pass) {
      return out;
    }
    if (status == Status::OverBudget) {
      out.verdict = Verdict::Error;
      out.message =
          arena_.copy(fmt::format("the pattern needs more than {} steps", program_.limits.steps));
      return out;
    }
    out.message = arena_.copy(failure_.message);
    if (is_skip(status)) {
      out.verdict = Verdict::Skip;
      return out;
    }
    // Upstream's RuleError: a condition or existence anchor whose key the resource never had, or
    // lists of unequal length, which it reports without a path.
    if (failure_.path.empty() || (status != Status::Negation && lacks_watched_key())) {
      out.verdict = Verdict::Error;
      return out;
    }
    out.verdict = Verdict::Fail;
    out.path = arena_.copy(failure_.path);
    out.pointer = arena_.copy(failure_.pointer);
    out.at = failure_.at;
    return out;
  }

 private:
  struct Failure {
    std::string path;
    std::string pointer;
    std::string message;
    const Node* at = nullptr;
  };

  // A named local that goes one step down; only a walk that explains keeps the way.
  class Step {
   public:
    Step(PatternMatcher& matcher, std::string_view key) : matcher_(matcher) {
      if (matcher.explains_) {
        path_size_ = matcher.path_.size();
        pointer_size_ = matcher.pointer_.size();
        matcher.path_.append(key).push_back('/');
        append_pointer_step(matcher.pointer_, key);
      }
    }
    Step(PatternMatcher& matcher, std::size_t index)
        : Step(matcher, matcher.explains_ ? std::string_view(std::to_string(index)) : "") {}
    ~Step() {
      if (matcher_.explains_) {
        matcher_.path_.resize(path_size_);
        matcher_.pointer_.resize(pointer_size_);
      }
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    PatternMatcher& matcher_;
    std::size_t path_size_ = 0;
    std::size_t pointer_size_ = 0;
  };

  // Texts of the elements that are skipped, joined.
  class Skips {
   public:
    void add(const PatternMatcher& matcher) {
      if (matcher.explains_ && text_.size() < matcher.program_.limits.message_bytes) {
        text_ += text_.empty() ? "" : "; ";
        text_ += matcher.failure_.message;
      }
      any_ = true;
    }
    [[nodiscard]] bool any() const { return any_; }
    [[nodiscard]] Status status(PatternMatcher& matcher, const Node& at) const {
      return matcher.fail(Status::Skipped, at, [&] { return text_; });
    }

   private:
    std::string text_;
    bool any_ = false;
  };

  template <class Message>
  Status fail(Status status, const Node& at, Message&& message) {
    if (explains_) {
      failure_.path = path_;
      failure_.pointer = pointer_;
      failure_.at = &at == &kAbsent ? parent_ : &at;
      set_message(message());
    }
    return status;
  }

  void set_message(std::string message) {
    const std::size_t most = program_.limits.message_bytes;
    if (message.size() > most) {
      message.resize(most);
      message += "...";
    }
    failure_.message = std::move(message);
  }

  Status match(std::uint32_t index, const Node& resource) {
    if (!budget_.spend(1)) {
      return Status::OverBudget;
    }
    const Item& item = program_.items[index];
    switch (item.kind) {
      case Item::Kind::Leaf:
        return match_leaf(program_.scalars[item.first], resource);
      case Item::Kind::Map:
        return match_map(index, resource);
      case Item::Kind::MapList:
      case Item::Kind::LeafList:
      case Item::Kind::ListList:
      case Item::Kind::EmptyList:
        break;
    }
    if (!resource.is_array()) {
      return fail(Status::Mismatch, resource, [&] {
        return fmt::format(
            "validation rule failed at path {}, resource does not satisfy the expected overlay "
            "pattern",
            path_);
      });
    }
    if (item.kind == Item::Kind::EmptyList) {
      return fail(Status::Mismatch, resource, [] { return std::string("pattern Array empty"); });
    }
    const auto elements = std::span(program_.elements).subspan(item.first, item.count);
    if (item.kind == Item::Kind::LeafList) {
      return match_leaf(program_.scalars[program_.items[elements[0]].first], resource);
    }
    return item.kind == Item::Kind::MapList ? match_map_list(elements[0], resource)
                                            : match_list_list(elements, resource);
  }

  Status match_leaf(const ScalarPattern& pattern, const Node& resource) {
    Match match = Match::Yes;
    if (resource.is_array()) {
      for (const Node& element : resource.items()) {
        match = budget_.spend(1) ? pattern.match(element, budget_) : Match::OverBudget;
        if (match != Match::Yes) {
          break;
        }
      }
    } else {
      match = pattern.match(resource, budget_);
    }
    if (match == Match::Yes) {
      return Status::Pass;
    }
    if (match == Match::OverBudget) {
      return Status::OverBudget;
    }
    return fail(Status::Mismatch, resource, [&] {
      std::string text = "resource value '";
      const std::size_t most = program_.limits.message_bytes;
      append_go_text(text, resource, NumberReading::AsWritten, most);
      text += "' does not match '";
      append_go_text(text, pattern.node(), pattern.reading(), most + text.size());
      text += "' at path ";
      text += path_;
      return text;
    });
  }

  Status match_map_list(std::uint32_t map, const Node& resource) {
    Skips skips;
    bool applied = false;
    for (std::size_t i = 0; i < resource.size(); ++i) {
      const Step step(*this, i);
      const Status status = match(map, resource.items()[i]);
      if (is_skip(status)) {
        skips.add(*this);
      } else if (status != Status::Pass) {
        return status;
      } else {
        applied = true;
      }
    }
    return skips.any() && !applied ? skips.status(*this, resource) : Status::Pass;
  }

  // Lists in a list are laid over each other one by one.
  Status match_list_list(std::span<const std::uint32_t> elements, const Node& resource) {
    if (resource.size() < elements.size()) {
      const Status status = fail(Status::Mismatch, resource, [&] {
        return fmt::format(
            "validate Array failed, array length mismatch, resource Array len is {} and pattern "
            "Array len is {}",
            resource.size(), elements.size());
      });
      failure_.path.clear();
      return status;
    }
    Skips skips;
    bool applied = false;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Step step(*this, i);
      const Status status = match(elements[i], resource.items()[i]);
      if (is_skip(status)) {
        skips.add(*this);
      } else if (status != Status::Pass) {
        return status;
      } else {
        applied = true;
      }
    }
    return skips.any() && !applied ? skips.status(*this, resource) : Status::Pass;
  }

  Status match_map(std::uint32_t map, const Node& resource) {
    if (!resource.is_object()) {
      return fail(Status::Mismatch, resource, [&] {
        return fmt::format(
            "pattern and resource have different structures. Path: {}. Expected "
            "map[string]interface {{}}, found {}",
            path_, go_type_name(resource));
      });
    }
    const std::uint32_t tags = program_.items[map].tags;
    std::span<const Entry> entries = keys_.entries_of(map);
    watch(entries, resource);
    if (tags != kNone && !keys_.expand(program_.tags[tags], resource, entries)) {
      return Status::OverBudget;
    }
    const Node* const outer = std::exchange(parent_, &resource);
    const Status status = match_entries(entries, resource);
    parent_ = outer;
    return status;
  }

  Status match_entries(std::span<const Entry> entries, const Node& resource) {
    // 1. Anchors.
    Skips skips;
    bool applied = false;
    bool skipped_here = false;  // by an anchor of this map, not by something below it
    std::size_t at = 0;
    for (; at < entries.size() && is_anchor(entries[at]); ++at) {
      const Status status = match_entry(entries[at], resource);
      if (status == Status::OverBudget) {
        return status;
      }
      if (is_skip(status)) {
        skips.add(*this);
        skipped_here = skipped_here || status != Status::Skipped;
      } else if (status == Status::Pass) {
        applied = true;
      } else if (!skipped_here) {
        return status;
      }
    }
    if (skips.any() && (!applied || skipped_here)) {
      return skips.status(*this, resource);
    }
    // 2. The rest.
    for (; at < entries.size(); ++at) {
      const Status status = match_entry(entries[at], resource);
      if (status != Status::Pass) {
        return status;
      }
    }
    return Status::Pass;
  }

  static bool is_anchor(const Entry& entry) {
    return entry.kind != KeyKind::Plain && entry.kind != KeyKind::Global;
  }

  [[nodiscard]] const Node* find(const Node& map, const Entry& entry) const {
    return entry.name == kNone ? map.find(entry.key) : map.find(program_.names[entry.name]);
  }

  // Kyverno 1.19.1, pkg/engine/anchor/handlers.go.
  Status match_entry(const Entry& entry, const Node& resource) {
    const Node* const value = find(resource, entry);
    switch (entry.kind) {
      case KeyKind::Plain:
        return match_plain(entry, value);
      case KeyKind::Condition:
        if (value == nullptr) {
          const Step step(*this, entry.key);
          return fail(Status::Condition, kAbsent, [] {
            return std::string(
                "conditional anchor mismatch: conditional anchor key doesn't exist in the "
                "resource");
          });
        }
        return wrap(match_at(entry, *value), Status::Condition, "conditional anchor mismatch: ");
      case KeyKind::Global:
        return value == nullptr
                   ? Status::Pass
                   : wrap(match_at(entry, *value), Status::Global, "global anchor mismatch: ");
      case KeyKind::Equality:
        return value == nullptr ? Status::Pass : match_at(entry, *value);
      case KeyKind::Negation: {
        if (value == nullptr) {
          return Status::Pass;
        }
        const Step step(*this, entry.key);
        return fail(Status::Negation, *value, [&] {
          return fmt::format("negation anchor matched in resource: {} is not allowed", path_);
        });
      }
      case KeyKind::Existence:
        return value == nullptr ? Status::Pass : match_existence(entry, *value);
    }
    return Status::Pass;
  }

  Status match_at(const Entry& entry, const Node& value) {
    const Step step(*this, entry.key);
    return match(entry.value, value);
  }

  Status match_plain(const Entry& entry, const Node* value) {
    const Item& item = program_.items[entry.value];
    if (item.kind == Item::Kind::Leaf && program_.scalars[item.first].is_star()) {
      if (value != nullptr && !value->is_null()) {
        return Status::Pass;
      }
      return fail(Status::Mismatch, kAbsent,
                  [&] { return fmt::format("{}/{} not found", path_, entry.key); });
    }
    return match_at(entry, value == nullptr ? kAbsent : *value);
  }

  Status wrap(Status status, Status wrapped, std::string_view prefix) {
    if (status == Status::Pass || status == Status::OverBudget) {
      return status;
    }
    if (explains_) {
      set_message(std::string(prefix) + failure_.message);
    }
    return wrapped;
  }

  Status match_existence(const Entry& entry, const Node& value) {
    const Step step(*this, entry.key);
    if (!value.is_array()) {
      return fail(Status::Mismatch, value, [&] {
        return fmt::format(
            "invalid resource type {}: Existence ^ () anchor can be used only on list/array type "
            "resource",
            go_type_name(value));
      });
    }
    const Item& item = program_.items[entry.value];
    if (item.kind == Item::Kind::Leaf || item.kind == Item::Kind::Map) {
      return fail(Status::Mismatch, value, [&] {
        return fmt::format(
            "invalid pattern type {}: Pattern has to be of list to compare against resource",
            item.kind == Item::Kind::Map ? "map[string]interface {}"
                                         : program_.scalars[item.first].type_name());
      });
    }
    for (const std::uint32_t element :
         std::span(program_.elements).subspan(item.first, item.count)) {
      if (program_.items[element].kind != Item::Kind::Map) {
        return fail(Status::Mismatch, value, [] {
          return std::string(
              "invalid pattern type []interface {}: Pattern has to be of type map to compare "
              "against items in resource");
        });
      }
      const Status status = find_element(element, value);
      if (status != Status::Pass) {
        return status;
      }
    }
    return Status::Pass;
  }

  Status find_element(std::uint32_t map, const Node& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Step step(*this, i);
      const Status status = match(map, list.items()[i]);
      if (status == Status::Pass || status == Status::OverBudget) {
        return status;
      }
    }
    return fail(Status::Mismatch, list, [&] {
      return fmt::format("existence anchor validation failed at path {}", path_);
    });
  }

  // Kyverno 1.19.1, pkg/engine/anchor/anchormap.go: of each condition and existence key, by its
  // text alone, whether some map had it.
  void watch(std::span<const Entry> entries, const Node& resource) {
    for (const Entry& entry : entries) {
      if (entry.kind != KeyKind::Condition && entry.kind != KeyKind::Existence) {
        continue;
      }
      const bool is_present = find(resource, entry) != nullptr;
      if (entry.watch == kNone) {
        watch_expanded(entry, is_present);
        continue;
      }
      const std::uint64_t bit = std::uint64_t{1} << (entry.watch % 64);
      seen_[entry.watch / 64] |= bit;
      present_[entry.watch / 64] |= is_present ? bit : 0;
    }
  }

  // The same for a key that a wildcard became.
  struct Watched {
    std::string_view raw;
    bool is_present = false;
    Watched* next = nullptr;
  };
  void watch_expanded(const Entry& entry, bool is_present) {
    for (Watched* watched = watched_; watched != nullptr; watched = watched->next) {
      if (watched->raw == entry.raw) {
        watched->is_present = watched->is_present || is_present;
        return;
      }
    }
    watched_ = arena_.create<Watched>(entry.raw, is_present, watched_);
  }

  [[nodiscard]] bool lacks_watched_key() const {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if ((seen_[i] & ~present_[i]) != 0) {
        return true;
      }
    }
    for (const Watched* watched = watched_; watched != nullptr; watched = watched->next) {
      if (!watched->is_present) {
        return true;
      }
    }
    return false;
  }

  const PatternProgram& program_;
  Arena& arena_;
  const bool explains_;
  Budget budget_;
  std::array<std::uint64_t, 1> seen_inline_{};
  std::array<std::uint64_t, 1> present_inline_{};
  std::span<std::uint64_t> seen_;
  std::span<std::uint64_t> present_;
  Watched* watched_ = nullptr;
  MetadataKeys keys_;
  // Only a walk that explains fills these.
  const Node* parent_ = nullptr;
  std::string path_;
  std::string pointer_;
  Failure failure_;
};

Outcome Pattern::match(const Node& resource, Arena& arena) const {
  if (PatternMatcher(*program_, arena, false).run(resource) == Status::Pass) {
    return {};
  }
  PatternMatcher explaining(*program_, arena, true);
  return explaining.outcome(explaining.run(resource));
}

}  // namespace tally::pattern
