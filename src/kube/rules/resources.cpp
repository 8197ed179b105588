// Requests and limits.
#include <fmt/format.h>

#include "base/text.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"
#include "scalar/quantity.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kLimits{"limits"};
const Name kRequests{"requests"};

// "250m" as thousandths, "128Mi" as bytes times 1000: plain numbers with the suffixes that nearly
// everyone uses. Nothing for every other text, which Quantity then reads.
std::optional<std::int64_t> common_milli(std::string_view text) noexcept {
  std::int64_t value = 0;
  std::size_t at = 0;
  for (; at < text.size() && at < 10 && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = value * 10 + (text[at] - '0');
  }
  const std::string_view suffix = text.substr(at);
  if (at == 0 || at == 10) {
    return std::nullopt;
  }
  if (suffix.empty()) {
    return value * 1000;
  }
  if (suffix == "m") {
    return value;
  }
  if (suffix == "Mi" && value < 1'000'000) {
    return (value << 20) * 1000;
  }
  if (suffix == "Gi" && value < 1'000) {
    return (value << 30) * 1000;
  }
  return std::nullopt;
}

int compare_quantities(std::string_view a, std::string_view b) {
  const auto left_milli = common_milli(a);
  const auto right_milli = common_milli(b);
  if (left_milli && right_milli) {
    return *left_milli < *right_milli ? -1 : *left_milli == *right_milli ? 0 : 1;
  }
  const auto left = scalar::Quantity::try_parse(trim(a));
  const auto right = scalar::Quantity::try_parse(trim(b));
  return left && right ? left->compare(*right) : 0;  // invalid ones were reported
}

}  // namespace

void check_resources(StructureWalk& walk, const Frame& frame) {
  const Node* requests = map_at(*frame.node, kRequests);
  const Node* limits = map_at(*frame.node, kLimits);
  for (const Name* name : {&kRequests, &kLimits}) {
    const Node* map = name == &kRequests ? requests : limits;
    for (std::size_t i = 0; map != nullptr && i < map->size(); ++i) {
      const Node& value = map->items()[i];
      if (value.text().starts_with('-') && compare_quantities(value.text(), "0") < 0) {
        const Frame in_map = child_frame(frame, *map, name->text());
        walk.invalid(Kind::InvalidQuantity, in_map, map->key(i), found_text(value),
                     "must be greater than or equal to 0");
      }
    }
  }
  if (requests == nullptr || limits == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < requests->size(); ++i) {
    const Node& request = requests->items()[i];
    const Node* limit = limits->find(requests->key(i));
    if (limit == nullptr || compare_quantities(request.text(), limit->text()) <= 0) {
      continue;
    }
    const Frame in_map = child_frame(frame, *requests, kRequests.text());
    const std::string why = fmt::format("must be less than or equal to {} limit of {}",
                                        excerpt(requests->key(i)), excerpt(limit->text()));
    walk.report_child(
        Kind::RequestAboveLimit, in_map, requests->key(i), found_text(request), why,
        fmt::format("{}: Invalid value: \"{}\": {}", dotted_path(frame, kRequests.text()),
                    excerpt(request.text()), why));
  }
}

}  // namespace tally::kube::internal
