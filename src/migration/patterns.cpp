#include "migration/internal/patterns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pattern/anchor.hpp"
#include "pattern/scalar_pattern.hpp"

namespace tally::migration {

using document::Node;
using pattern::AnchorKind;
using policy_cel::PlaceKind;

namespace {

constexpr std::size_t kDepthMax = 60;

struct Entry {
  std::string_view raw;
  std::string_view key;
  std::optional<AnchorKind> anchor;
  const Node* value = nullptr;
  bool is_nested = false;
};

bool has_anchors(const Node& node, std::size_t depth) {
  if (depth > kDepthMax) {
    return false;
  }
  for (const document::Member member : node.members()) {
    if (pattern::parse_anchor(member.key) || has_anchors(member.value, depth + 1)) {
      return true;
    }
  }
  return node.is_array() && std::ranges::any_of(node.items(), [&](const Node& item) {
           return has_anchors(item, depth + 1);
         });
}

bool accepts_absence(const Node& pattern) {
  pattern::Budget budget{.left = 1'000'000};
  return pattern::match_scalar(Node{}, pattern, budget) == pattern::Match::Yes;
}

// The order of judgement (pattern/compile.cpp, order_entries).
int rank_of(const Entry& entry) {
  if (entry.anchor && *entry.anchor != AnchorKind::Global &&
      *entry.anchor != AnchorKind::AddIfNotPresent) {
    return 0;
  }
  return entry.anchor == AnchorKind::Global || entry.is_nested ? 1 : 2;
}

class PatternTranslator {
 public:
  explicit PatternTranslator(PatternContext& context) : context_(context) {}

  Outcome<Judged> value(const Node& pattern, const Place& place, std::size_t depth) {
    if (depth > kDepthMax) {
      return refuse("a pattern nested this deep", pattern);
    }
    if (pattern.is_object()) {
      return map(pattern, place, depth);
    }
    if (pattern.is_array()) {
      return list(pattern, place, depth);
    }
    return leaf(pattern, place);
  }

 private:
  Outcome<Judged> leaf(const Node& pattern, const Place& place) {
    context_.reads.add(place.path, pattern);
    if (place.kind() != PlaceKind::List) {
      auto holds = translate_scalar(pattern, place);
      if (!holds) {
        return std::unexpected(holds.error());
      }
      return Judged{.ok = *holds};
    }
    return every(place, [&](const Place& element) -> Outcome<Judged> {
      auto holds = translate_scalar(pattern, element);
      if (!holds) {
        return std::unexpected(holds.error());
      }
      return Judged{.ok = *holds};
    });
  }

  template <class Body>
  Outcome<Judged> every(const Place& place, Body body) {
    const Place element = element_of(place, name_for(place));
    auto one = body(element);
    context_.names.close();
    if (!one) {
      return one;
    }
    Judged out{.ok =
                   one->ok.is_true() ? always(true) : over(place.cel, "all", element.cel, one->ok)};
    if (!one->skip.is_false()) {
      out.skip = both(related(fmt::format("size({})", place.cel), ">", "0"),
                      over(place.cel, "all", element.cel, one->skip));
    }
    return out;
  }

  std::string name_for(const Place& place) {
    for (auto part = place.path.rbegin(); part != place.path.rend(); ++part) {
      if (*part != kEveryElement) {
        return context_.names.open(*part);
      }
    }
    return context_.names.open("item");
  }

  Outcome<Judged> list(const Node& pattern, const Place& place, std::size_t depth) {
    if (pattern.size() == 0) {
      return Judged{.ok = always(false)};
    }
    const Node& first = pattern.items()[0];
    if (first.is_array()) {
      return refuse("a pattern of lists in a list", pattern);
    }
    if (first.is_object() && pattern.size() > 1) {
      context_.notes.push_back("of a list of patterns only the first one counts, as before");
    }
    if (!first.is_object()) {
      context_.reads.add(place.path, first);
    }
    return every(place, [&](const Place& element) { return value(first, element, depth + 1); });
  }

  [[nodiscard]] static std::vector<Entry> entries_of(const Node& pattern) {
    std::vector<Entry> out;
    for (const document::Member member : pattern.members()) {
      Entry entry{.raw = member.key,
                  .key = member.key,
                  .anchor = std::nullopt,
                  .value = &member.value,
                  .is_nested = has_anchors(member.value, 0)};
      if (const auto anchor = pattern::parse_anchor(member.key)) {
        entry.anchor = anchor->kind;
        entry.key = anchor->key;
      }
      out.push_back(entry);
    }
    std::ranges::sort(out, [](const Entry& a, const Entry& b) {
      const int rank = rank_of(a);
      if (rank != rank_of(b)) {
        return rank < rank_of(b);
      }
      return rank == 1 ? b.raw < a.raw : a.raw < b.raw;
    });
    return out;
  }

  struct Found {
    Cel is_there;
    Place place;
  };
  // Where a key leads. In labels and annotations a key may have wildcards: the first key of the
  // object that matches.
  Found find(const Entry& entry, const Place& map) {
    const bool is_wild = entry.key.find_first_of("*?") != std::string_view::npos &&
                         map.path.size() >= 2 && map.path[map.path.size() - 2] == "metadata" &&
                         (map.path.back() == "labels" || map.path.back() == "annotations");
    if (!is_wild) {
      return {.is_there = presence(map, entry.key), .place = below(map, entry.key)};
    }
    const std::string name = context_.names.open("key");
    const Cel is_one = alike(name, entry.key);
    context_.names.close();
    std::string sample(entry.key);
    for (char& c : sample) {
      c = c == '*' || c == '?' ? 'x' : c;
    }
    Place place = below(map, sample);
    place.cel = fmt::format("{}[{}.min()]", map.cel, over(map.cel, "filter", name, is_one).text);
    return {.is_there = over(map.cel, "exists", name, is_one), .place = place};
  }

  // A key that must be there with a value that matches.
  Outcome<Judged> plain(const Entry& entry, const Found& found, std::size_t depth) {
    const Node& pattern = *entry.value;
    if (pattern.is_string() && pattern.text() == "*") {
      context_.reads.add(found.place.path, {"\"x\""});
      const bool may_be_null = found.place.kind() == PlaceKind::Unknown;
      return Judged{.ok = may_be_null ? both(found.is_there, related(found.place.cel, "!=", "null"))
                                      : found.is_there};
    }
    auto one = value(pattern, found.place, depth + 1);
    if (!one) {
      return one;
    }
    if (!pattern.is_object() && !pattern.is_array() && accepts_absence(pattern)) {
      return Judged{.ok = either(negated(found.is_there), one->ok)};
    }
    return Judged{.ok = both(found.is_there, one->ok), .skip = both(found.is_there, one->skip)};
  }

  Outcome<Judged> anchored(const Entry& entry, const Found& found, std::size_t depth) {
    switch (*entry.anchor) {
      case AnchorKind::Equality: {
        auto one = value(*entry.value, found.place, depth + 1);
        if (!one) {
          return one;
        }
        return Judged{.ok = either(negated(found.is_there), one->ok),
                      .skip = both(found.is_there, one->skip)};
      }
      case AnchorKind::Negation:
        context_.reads.add(found.place.path, {"\"x\"", "1", "true", "{}", "[]"});
        return Judged{.ok = negated(found.is_there)};
      case AnchorKind::Existence:
        return existence(entry, found, depth);
      case AnchorKind::Condition:
      case AnchorKind::Global: {
        auto one = value(*entry.value, found.place, depth + 1);
        if (!one) {
          return one;
        }
        // What is skipped below does not match either.
        const Cel matches = both(one->ok, negated(one->skip));
        const Cel applies = entry.anchor == AnchorKind::Global
                                ? either(negated(found.is_there), matches)
                                : both(found.is_there, matches);
        return Judged{.ok = always(true), .skip = negated(applies)};
      }
      case AnchorKind::AddIfNotPresent:
        break;
    }
    return refuse(fmt::format("the anchor {} in a pattern", entry.raw), *entry.value);
  }

  Outcome<Judged> existence(const Entry& entry, const Found& found, std::size_t depth) {
    if (!entry.value->is_array() || !std::ranges::all_of(entry.value->items(), &Node::is_object)) {
      return refuse("an existence anchor over something else than a list of maps", *entry.value);
    }
    Cel ok = always(true);
    for (const Node& item : entry.value->items()) {
      const Place element = element_of(found.place, name_for(found.place));
      auto one = value(item, element, depth + 1);
      context_.names.close();
      if (!one) {
        return one;
      }
      ok =
          both(ok, over(found.place.cel, "exists", element.cel, both(one->ok, negated(one->skip))));
    }
    return Judged{.ok = either(negated(found.is_there), ok)};
  }

  Outcome<Judged> map(const Node& pattern, const Place& place, std::size_t depth) {
    std::vector<Judged> anchors;
    Cel skips_here = always(false);
    bool has_condition = false;
    std::vector<Judged> rest;
    for (const Entry& entry : entries_of(pattern)) {
      const Found found = find(entry, place);
      auto one = entry.anchor ? anchored(entry, found, depth) : plain(entry, found, depth);
      if (!one) {
        return one;
      }
      if (entry.anchor == AnchorKind::Condition) {
        // By their signs conditions come before every other anchor.
        skips_here = either(skips_here, one->skip);
        has_condition = true;
      } else if (rank_of(entry) == 0) {
        anchors.push_back(*one);
      } else {
        rest.push_back(*one);
      }
    }
    // From the last to the first: what fails or skips first decides.
    Judged out;
    for (auto one = rest.rbegin(); one != rest.rend(); ++one) {
      // A skip is no failure: it counts against those that come after it.
      out.ok = out.ok.is_true() ? one->ok : either(one->skip, both(one->ok, out.ok));
      out.skip = either(one->skip, both(one->ok, out.skip));
    }
    // A skip below an anchor counts only if no other anchor applied.
    Cel any_skip = always(false);
    Cel any_pass = always(has_condition);
    Cel ok = always(true);
    for (const Judged& one : anchors) {
      ok = both(ok, one.ok);
      any_skip = either(any_skip, one.skip);
      any_pass = either(any_pass, both(one.ok, negated(one.skip)));
    }
    const Cel skip = both(any_skip, negated(any_pass));
    out.ok = both(ok, either(skip, out.ok));
    out.skip = both(ok, either(skip, out.skip));
    out.ok = out.ok.is_true() ? out.ok : either(skips_here, out.ok);
    out.skip = either(skips_here, out.skip);
    return out;
  }

  PatternContext& context_;
};

}  // namespace

Outcome<Judged> translate_pattern(const Node& pattern, const Place& object,
                                  PatternContext& context) {
  return PatternTranslator(context).value(pattern, object, 0);
}

Outcome<Judged> translate_any_pattern(const Node& patterns, const Place& object,
                                      PatternContext& context) {
  if (!patterns.is_array() || patterns.size() == 0) {
    return refuse("anyPattern without patterns", patterns);
  }
  Cel passes = always(false);
  Cel skips = always(true);
  for (const Node& pattern : patterns.items()) {
    auto one = translate_pattern(pattern, object, context);
    if (!one) {
      return one;
    }
    passes = either(passes, both(one->ok, negated(one->skip)));
    skips = both(skips, one->skip);
  }
  return Judged{.ok = either(passes, skips), .skip = skips};
}

}  // namespace tally::migration
