#pragma once
// For tests: the plain reading of a pattern, straight from its nodes, as recursive functions that
// build every path and sort every map anew. It shares the scalar patterns, wildcards and anchors
// with the program, and nothing else. Precondition: the pattern compiles, so it is not too deep.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "document/node.hpp"
#include "pattern/anchor.hpp"
#include "pattern/pattern.hpp"
#include "pattern/scalar_pattern.hpp"

namespace tally::pattern::reference {

struct Plain {
  Verdict verdict = Verdict::Pass;
  std::string path;
};

class PlainReader {
 public:
  using Node = document::Node;

  Plain read(const Node& pattern, const Node& resource) {
    const Problem problem = element(resource, pattern, "/");
    if (!problem) {
      return {};
    }
    if (is_skip(problem)) {
      return {Verdict::Skip, ""};
    }
    const bool lacks = std::ranges::any_of(watched_, [](const auto& key) { return !key.second; });
    if (problem->path.empty() || (problem->kind != Kind::Negation && lacks)) {
      return {Verdict::Error, ""};
    }
    return {Verdict::Fail, problem->path};
  }

 private:
  enum class Kind { Plain, Negation, Anchor, Skipped };
  struct Failure {
    Kind kind;
    std::string path;
  };
  using Problem = std::optional<Failure>;
  using Keys = std::map<std::string, const Node*>;  // sorted by key, as written

  static bool is_skip(const Problem& problem) {
    return problem && (problem->kind == Kind::Anchor || problem->kind == Kind::Skipped);
  }
  static bool is_first(AnchorKind kind) {
    return kind != AnchorKind::Global && kind != AnchorKind::AddIfNotPresent;
  }

  Problem element(const Node& resource, const Node& pattern, const std::string& path) {
    if (pattern.is_object()) {
      return resource.is_object() ? map(resource, pattern, path) : Problem({Kind::Plain, path});
    }
    if (pattern.is_array()) {
      return resource.is_array() ? list(resource, pattern, path) : Problem({Kind::Plain, path});
    }
    if (!resource.is_array()) {
      return leaf(resource, pattern) ? std::nullopt : Problem({Kind::Plain, path});
    }
    const bool all = std::ranges::all_of(resource.items(),
                                         [&](const Node& item) { return leaf(item, pattern); });
    return all ? std::nullopt : Problem({Kind::Plain, path});
  }

  static bool leaf(const Node& resource, const Node& pattern) {
    Budget budget{~std::uint64_t{0}};
    return match_scalar(resource, pattern, budget) == Match::Yes;
  }

  Problem list(const Node& resource, const Node& pattern, const std::string& path) {
    if (pattern.size() == 0) {
      return Failure{Kind::Plain, path};
    }
    const Node& first = pattern.items()[0];
    if (!first.is_object() && !first.is_array()) {
      return element(resource, first, path);
    }
    if (first.is_array() && resource.size() < pattern.size()) {
      return Failure{Kind::Plain, ""};
    }
    const std::size_t count = first.is_object() ? resource.size() : pattern.size();
    bool applied = false;
    bool skipped = false;
    for (std::size_t i = 0; i < count; ++i) {
      const Node& wanted = first.is_object() ? first : pattern.items()[i];
      const auto problem = element(resource.items()[i], wanted, path + std::to_string(i) + "/");
      if (problem && !is_skip(problem)) {
        return problem;
      }
      (problem ? skipped : applied) = true;
    }
    return skipped && !applied ? Problem({Kind::Skipped, path}) : std::nullopt;
  }

  // The keys of a pattern's map as they are now: expansion replaces those of labels.
  const Keys& keys_of(const Node& pattern) {
    const auto [known, added] = keys_.try_emplace(&pattern);
    if (added) {
      for (const auto member : pattern.members()) {
        known->second.emplace(std::string(member.key), &member.value);
      }
    }
    return known->second;
  }

  bool has_anchors(const Node& pattern) {
    if (pattern.is_object()) {
      return std::ranges::any_of(keys_of(pattern), [&](const auto& key) {
        const auto anchor = parse_anchor(key.first);
        return (anchor && anchor->kind != AnchorKind::AddIfNotPresent) || has_anchors(*key.second);
      });
    }
    return pattern.is_array() && std::ranges::any_of(pattern.items(), [&](const Node& item) {
             return has_anchors(item);
           });
  }

  Problem map(const Node& resource, const Node& pattern, const std::string& path) {
    for (const auto& [key, value] : keys_of(pattern)) {
      const auto anchor = parse_anchor(key);
      if (anchor &&
          (anchor->kind == AnchorKind::Condition || anchor->kind == AnchorKind::Existence)) {
        watched_[key] = watched_[key] || resource.find(anchor->key) != nullptr;
      }
    }
    expand(pattern, resource);

    std::vector<std::pair<std::string, const Node*>> rest;
    bool applied = false;
    bool skipped = false;
    bool skipped_here = false;
    for (const auto& [key, value] : keys_of(pattern)) {
      const auto anchor = parse_anchor(key);
      if (!anchor || !is_first(anchor->kind)) {
        const bool to_front = (anchor && anchor->kind == AnchorKind::Global) || has_anchors(*value);
        rest.insert(to_front ? rest.begin() : rest.end(), {key, value});
        continue;
      }
      const auto problem = entry(key, *value, resource, path);
      if (is_skip(problem)) {
        skipped = true;
        skipped_here = skipped_here || problem->kind == Kind::Anchor;
      } else if (!problem) {
        applied = true;
      } else if (!skipped_here) {
        return problem;
      }
    }
    if (skipped && (!applied || skipped_here)) {
      return Failure{Kind::Skipped, path};
    }
    for (const auto& [key, value] : rest) {
      if (const auto problem = entry(key, *value, resource, path)) {
        return problem;
      }
    }
    return std::nullopt;
  }

  Problem entry(const std::string& key, const Node& pattern, const Node& resource,
                const std::string& path) {
    const auto anchor = parse_anchor(key);
    if (!anchor || anchor->kind == AnchorKind::AddIfNotPresent) {
      const Node* const value = resource.find(key);
      if (pattern.is_string() && pattern.text() == "*") {
        return value != nullptr && !value->is_null() ? std::nullopt : Problem({Kind::Plain, path});
      }
      return element(value == nullptr ? absent_ : *value, pattern, path + key + "/");
    }
    const Node* const value = resource.find(anchor->key);
    const std::string below = path + std::string(anchor->key) + "/";
    if (value == nullptr) {
      return anchor->kind == AnchorKind::Condition ? Problem({Kind::Anchor, below}) : std::nullopt;
    }
    if (anchor->kind == AnchorKind::Negation) {
      return Failure{Kind::Negation, below};
    }
    if (anchor->kind == AnchorKind::Existence) {
      return existence(pattern, *value, below);
    }
    const auto problem = element(*value, pattern, below);
    return problem && anchor->kind != AnchorKind::Equality ? Problem({Kind::Anchor, problem->path})
                                                           : problem;
  }

  Problem existence(const Node& pattern, const Node& value, const std::string& path) {
    if (!value.is_array() || !pattern.is_array()) {
      return Failure{Kind::Plain, path};
    }
    for (const Node& wanted : pattern.items()) {
      bool found = false;
      for (std::size_t i = 0; i < value.size() && wanted.is_object() && !found; ++i) {
        found = !element(value.items()[i], wanted, path + std::to_string(i) + "/");
      }
      if (!found) {
        return Failure{Kind::Plain, path};
      }
    }
    return std::nullopt;
  }

  const Node* find_tag(const Node& pattern, const std::string& tag) {
    const Keys& keys = keys_of(pattern);
    if (const auto plain = keys.find(tag); plain != keys.end()) {
      return plain->second;
    }
    const auto found = std::ranges::find_if(keys, [&](const auto& key) {
      const auto anchor = parse_anchor(key.first);
      return anchor && anchor->key == tag;
    });
    return found == keys.end() ? nullptr : found->second;
  }

  void expand(const Node& pattern, const Node& resource) {
    const Node* const wanted = find_tag(pattern, "metadata");
    const Node* const metadata = resource.find("metadata");
    if (wanted == nullptr || metadata == nullptr || !wanted->is_object() ||
        !metadata->is_object()) {
      return;
    }
    for (const std::string tag : {"labels", "annotations"}) {
      const Node* const keys = find_tag(*wanted, tag);
      const Node* const labels = metadata->find(tag);
      if (keys == nullptr || labels == nullptr || !keys->is_object() || !labels->is_object()) {
        continue;
      }
      Keys after;
      for (const auto& [key, value] : keys_of(*keys)) {
        if (value->is_string()) {
          after.emplace(expand_key(key, *labels), value);
        }
      }
      keys_[keys] = std::move(after);
    }
  }

  static std::string expand_key(const std::string& key, const Node& labels) {
    if (!has_wildcard(key)) {
      return key;
    }
    const auto anchor = parse_anchor(key);
    std::string found(anchor ? anchor->key : std::string_view(key));
    std::optional<std::string> least;
    for (const auto member : labels.members()) {
      Budget budget{~std::uint64_t{0}};
      if (member.value.is_string() && match_wildcard(found, member.key, budget) == Match::Yes &&
          (!least || member.key < *least)) {
        least = std::string(member.key);
      }
    }
    found = least.value_or(found);
    return anchor ? std::string(anchor_modifier(anchor->kind)) + "(" + found + ")" : found;
  }

  const Node absent_;
  std::map<const Node*, Keys> keys_;
  std::map<std::string, bool> watched_;
};

}  // namespace tally::pattern::reference
