// What the rules of several families share: names that must be unique, port numbers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "base/text.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

// Are the texts of `name` in two or more items of a list equal? Reports each second one.
void report_duplicates(StructureWalk& walk, const Frame& frame,
                       std::initializer_list<const Name*> lists, const Name& name) {
  struct Seen {
    std::string_view text;
    const Node* list;
    std::string_view list_name;
    std::size_t index;
    std::size_t order;  // over all lists
  };
  std::size_t items = 0;
  for (const Name* list_name : lists) {
    const Node* list = list_at(*frame.node, *list_name);
    items += list == nullptr ? 0 : list->size();
  }
  if (items < 2) {
    return;
  }
  constexpr std::size_t kFew = 16;
  std::array<Seen, kFew> few;
  std::vector<Seen> many;
  std::size_t count = 0;
  for (const Name* list_name : lists) {
    const Node* list = list_at(*frame.node, *list_name);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const std::string_view text = text_at(list->items()[i], name);
      if (text.empty()) {
        continue;
      }
      const Seen seen{text, list, list_name->text(), i, count};
      if (count < kFew) {
        few[count] = seen;
      } else {
        many.push_back(seen);
      }
      ++count;
    }
  }
  const auto report = [&](const Seen& seen) {
    const Frame list = child_frame(frame, *seen.list, seen.list_name);
    const Frame item = child_frame(list, seen.list->items()[seen.index], {}, seen.index);
    walk.report_child(Kind::DuplicateName, item, name.text(),
                      fmt::format("\"{}\"", excerpt(seen.text)), "a unique name",
                      fmt::format("{}: Duplicate value: \"{}\"", dotted_path(item, name.text()),
                                  excerpt(seen.text)));
  };
  if (count <= kFew) {
    for (std::size_t i = 1; i < count; ++i) {
      const Seen* first = few.data();
      const Seen* last = first + i;
      if (std::any_of(first, last,
                      [last](const Seen& earlier) { return earlier.text == last->text; })) {
        report(*last);
      }
    }
    return;
  }
  many.insert(many.begin(), few.begin(), few.end());
  std::sort(many.begin(), many.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.text, a.order) < std::tie(b.text, b.order);
  });
  for (std::size_t i = 1; i < many.size(); ++i) {
    if (many[i].text == many[i - 1].text) {
      report(many[i]);
    }
  }
}

void report_forbidden(StructureWalk& walk, const Frame& frame, const Name& name,
                      std::string_view why) {
  const Node* node = frame.node->find(name);
  walk.report_child(Kind::InvalidValue, frame, name.text(),
                    node == nullptr ? std::string{} : found_text(*node), why,
                    fmt::format("{}: Forbidden: {}", dotted_path(frame, name.text()), why));
}

void check_port(StructureWalk& walk, const Frame& frame, const Name& name, std::int64_t least) {
  const Node* port = frame.node->find(name);
  const auto number = port == nullptr ? std::nullopt : port->integer();
  if (number && *number >= INT32_MIN && *number <= INT32_MAX && *number != (least == 0 ? 0 : -1)) {
    if (const auto problem = scalar::port_number_problem(*number); !problem.empty()) {
      walk.invalid(Kind::InvalidPort, frame, name.text(), fmt::format("{}", *number), problem);
    }
  }
}

}  // namespace tally::kube::internal
