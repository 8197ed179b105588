#include "document/difference.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

#include "document/json_writer.hpp"

namespace tally::document {

namespace {

std::string child_pointer(const std::string& pointer, std::string_view key) {
  std::string child = pointer + '/';
  for (const char c : key) {
    if (c == '~' || c == '/') {
      child += c == '~' ? "~0" : "~1";
    } else {
      child += c;
    }
  }
  return child;
}

std::vector<std::uint32_t> key_order(const Node& object) {
  std::vector<std::uint32_t> order(object.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return object.key(i); });
  return order;
}

// Depth first, with a stack of its own: no depth of the values overruns the thread's.
class Comparison {
 public:
  std::vector<Change> run(const Node& from, const Node& to) {
    todo_.push_back({.from = &from, .to = &to, .pointer = {}});
    while (!todo_.empty()) {
      const Pair pair = std::move(todo_.back());
      todo_.pop_back();
      compare(pair);
    }
    return std::move(changes_);
  }

 private:
  struct Pair {
    const Node* from = nullptr;
    const Node* to = nullptr;
    std::string pointer;
  };

  void compare(const Pair& pair) {
    if (pair.from == nullptr) {
      changes_.push_back({Change::Operation::Add, pair.pointer, nullptr, pair.to});
    } else if (pair.to == nullptr) {
      changes_.push_back({Change::Operation::Remove, pair.pointer, pair.from, nullptr});
    } else if (pair.from->is_object() && pair.to->is_object()) {
      compare_objects(pair);
    } else if (pair.from->is_array() && pair.to->is_array()) {
      compare_arrays(pair);
    } else if (pair.from->kind() != pair.to->kind() || !equal(*pair.from, *pair.to)) {
      changes_.push_back({Change::Operation::Replace, pair.pointer, pair.from, pair.to});
    }
  }

  // What is pushed last is compared first.
  void compare_objects(const Pair& pair) {
    const std::vector<std::uint32_t> before = key_order(*pair.from);
    const std::vector<std::uint32_t> after = key_order(*pair.to);
    const std::size_t first = todo_.size();
    auto a = before.begin();
    auto b = after.begin();
    while (a != before.end() || b != after.end()) {
      const bool has_a =
          a != before.end() && (b == after.end() || pair.from->key(*a) <= pair.to->key(*b));
      const bool has_b =
          b != after.end() && (a == before.end() || pair.to->key(*b) <= pair.from->key(*a));
      const std::string_view key = has_a ? pair.from->key(*a) : pair.to->key(*b);
      todo_.push_back({.from = has_a ? &pair.from->items()[*a] : nullptr,
                       .to = has_b ? &pair.to->items()[*b] : nullptr,
                       .pointer = child_pointer(pair.pointer, key)});
      a += has_a ? 1 : 0;
      b += has_b ? 1 : 0;
    }
    std::reverse(todo_.begin() + static_cast<std::ptrdiff_t>(first), todo_.end());
  }

  void compare_arrays(const Pair& pair) {
    const auto before = pair.from->items();
    const auto after = pair.to->items();
    const std::size_t shared = std::min(before.size(), after.size());
    const auto pointer = [&](std::size_t i) { return pair.pointer + '/' + std::to_string(i); };
    for (std::size_t i = before.size(); i-- > shared;) {
      changes_.push_back({Change::Operation::Remove, pointer(i), &before[i], nullptr});
    }
    for (std::size_t i = shared; i < after.size(); ++i) {
      changes_.push_back({Change::Operation::Add, pointer(i), nullptr, &after[i]});
    }
    for (std::size_t i = shared; i-- > 0;) {
      todo_.push_back({.from = &before[i], .to = &after[i], .pointer = pointer(i)});
    }
  }

  std::vector<Pair> todo_;
  std::vector<Change> changes_;
};

}  // namespace

std::string_view Change::name() const noexcept {
  switch (operation) {
    case Operation::Add:
      return "add";
    case Operation::Remove:
      return "remove";
    case Operation::Replace:
      return "replace";
  }
  return {};
}

std::vector<Change> changes(const Node& from, const Node& to) { return Comparison().run(from, to); }

void append_json_patch(std::string& out, const std::vector<Change>& changes) {
  out += '[';
  bool is_first = true;
  for (const Change& change : changes) {
    out += is_first ? "{\"op\":\"" : ",{\"op\":\"";
    is_first = false;
    out += change.name();
    out += "\",\"path\":";
    append_json_string(out, change.pointer);
    if (change.to != nullptr) {
      out += ",\"value\":";
      append_json(out, *change.to);
    }
    out += '}';
  }
  out += ']';
}

}  // namespace tally::document
