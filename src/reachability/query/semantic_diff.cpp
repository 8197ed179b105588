// semanticDiff: what came and what went, between whom.
#include <utility>

#include "reachability/query/internal/pair.hpp"

namespace tally::reachability::query {
namespace {

enum class Presence : std::uint8_t { Removed, Added, Kept, Block };

Presence presence_of(const PeerClass& peer) {
  return peer.is_block                    ? Presence::Block
         : peer.is_in(0) && peer.is_in(1) ? Presence::Kept
         : peer.is_in(0)                  ? Presence::Removed
                                          : Presence::Added;
}

// What may have changed, between whom: in the order of the tool.
struct Category {
  std::string_view title;
  Presence a;
  Presence b;
};
constexpr Category kCategories[] = {
    {"Lost connections between removed peers", Presence::Removed, Presence::Removed},
    {"Lost connections between removed peers and ipBlocks", Presence::Removed, Presence::Block},
    {"Lost connections between removed peers and persistent peers", Presence::Removed,
     Presence::Kept},
    {" connections between persistent peers", Presence::Kept, Presence::Kept},
    {" connections between persistent peers and ipBlocks", Presence::Kept, Presence::Block},
    {"New connections between persistent peers and added peers", Presence::Kept, Presence::Added},
    {"New connections between added peers", Presence::Added, Presence::Added},
    {"New connections between added peers and ipBlocks", Presence::Added, Presence::Block},
};

// The connections of a category that came (or went): those of pairs that some policy touches, where
// both sides are in both configurations.
class Changes {
 public:
  Changes(const View& first, const View& second, const QueryOptions& options)
      : pair_(first, second, options) {
    const std::size_t count = pair_.comparison().classes().size();
    captured_.resize(count);
    const View* views[] = {&first, &second};
    for (std::size_t side = 0; side < 2; ++side) {
      for (std::size_t i = 0; i < views[side]->config->policy_count(); ++i) {
        for (std::size_t c = 0; views[side]->has(i) && c < count; ++c) {
          captured_[c] = captured_[c] || pair_.comparison().captures(side, i, c);
        }
      }
    }
  }

  Comparison& comparison() { return pair_.comparison(); }

  PooledId changed(const Category& category, bool is_added, std::size_t s, std::size_t d) {
    const std::vector<PeerClass>& classes = comparison().classes();
    const Presence from = presence_of(classes[s]);
    const Presence to = presence_of(classes[d]);
    const bool is_of_it =
        (from == category.a && to == category.b) || (from == category.b && to == category.a);
    const bool is_itself = s == d && classes[s].names.size() == 1;
    if (!is_of_it || is_itself || !comparison().is_pair(s, d)) {
      return kNone;
    }
    const std::size_t at = comparison().at(s, d);
    const PooledId before = pair_.first()[at].all_allowed;
    const PooledId after = pair_.second()[at].all_allowed;
    if (category.a != Presence::Kept || category.b == Presence::Added) {
      return is_added ? after : before;
    }
    if (!captured_[s] && !captured_[d]) {
      return kNone;
    }
    return is_added ? comparison().pool().minus(after, before)
                    : comparison().pool().minus(before, after);
  }

  bool any(const Category& category, bool is_added) {
    const std::size_t count = comparison().classes().size();
    for (std::size_t s = 0; s < count; ++s) {
      for (std::size_t d = 0; d < count; ++d) {
        if (changed(category, is_added, s, d) != kNone) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  Pair pair_;
  std::vector<bool> captured_;
};

}  // namespace

// Each category of changed connections that is not empty counts.
Answer ask_semantic_diff(const View& first, const View& second, const QueryOptions& options) {
  if (is_comparable(*first.config, *second.config) && have_same_policies(first, second)) {
    return {.is_true = true,
            .text = first.name + " and " + second.name +
                    " have the same network topology and the same set of policies."};
  }
  Changes changes(first, second, options);
  Answer answer;
  for (const Category& category : kCategories) {
    for (const bool is_added : {true, false}) {
      if (!changes.any(category, is_added)) {
        continue;
      }
      ++answer.number;
      const bool has_rules = options.format == "txt";
      if (!options.with_map && !has_rules) {
        continue;
      }
      const bool is_change = category.title.starts_with(' ');
      answer.map.append(has_rules ? "\n" : "");
      answer.map.append(!is_change ? "" : is_added ? "Added" : "Removed").append(category.title);
      answer.map.append(" (based on topology from config: ");
      answer.map.append(is_added ? second.name : first.name).append(") :\n");
      const auto connections = [&](std::size_t s, std::size_t d) {
        return changes.changed(category, is_added, s, d);
      };
      if (!has_rules) {
        answer.map += map_lines(changes.comparison(), options, true, connections);
        continue;
      }
      MapOptions map{
          .side = is_added ? 1U : 0U, .labels = first.config->labels(), .excludes_itself = true};
      map.labels.merge(second.config->labels());
      answer.map += rules_map(changes.comparison(), options, map, connections);
    }
  }
  answer.is_true = answer.number == 0;
  answer.text =
      first.name + " and " + second.name +
      (answer.is_true ? " are semantically equivalent." : " are not semantically equivalent.");
  return answer;
}

}  // namespace tally::reachability::query
