#include "reachability/query/internal/source_ports.hpp"

#include <algorithm>
#include <string>

#include "kube/object.hpp"

namespace tally::reachability::query {

std::optional<NumberSet> source_ports(const network_policy::Policy& policy,
                                      const network_policy::Rule& rule) {
  if (!policy.object->ref.group.contains("calico")) {
    return std::nullopt;
  }
  const document::Node* node = policy.object->root.find("spec");
  node = node == nullptr ? nullptr : node->find(to_text(rule.direction));
  const document::Node* source = node == nullptr || rule.ordinal >= node->size()
                                     ? nullptr
                                     : node->items()[rule.ordinal].find("source");
  const auto listed = [&](std::string_view key) -> std::optional<NumberSet> {
    const document::Node* list = source == nullptr ? nullptr : source->find(key);
    if (list == nullptr || !list->is_array()) {
      return std::nullopt;
    }
    NumberSet set;
    for (const document::Node& port : list->items()) {
      const std::string text(port.text());
      std::size_t behind = 0;
      const auto number = [&]() -> std::uint32_t {
        std::uint32_t value = 0;
        for (; behind < text.size() && text[behind] >= '0' && text[behind] <= '9'; ++behind) {
          value = std::min<std::uint32_t>(
              value * 10 + static_cast<std::uint32_t>(text[behind] - '0'), scalar::kPortMax);
        }
        return value;
      };
      const std::uint32_t first =
          port.integer() ? static_cast<std::uint32_t>(*port.integer()) : number();
      std::uint32_t last = first;
      if (behind < text.size() && text[behind] == ':') {
        ++behind;
        last = number();
      }
      if (first >= scalar::kPortMin && first <= last && last <= scalar::kPortMax) {
        set.add(static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last));
      }
    }
    return set;
  };
  const auto wanted = listed("ports");
  const auto unwanted = listed("notPorts");
  if (!wanted && !unwanted) {
    return std::nullopt;
  }
  return wanted.value_or(NumberSet(scalar::kPortMin, scalar::kPortMax))
      .minus(unwanted.value_or(NumberSet()));
}

}  // namespace tally::reachability::query
