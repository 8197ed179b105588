#include "reachability/query/internal/pod_labels.hpp"

#include <algorithm>

namespace tally::reachability::query {
namespace {

constexpr std::string_view kAbsent = "#NO_LABEL_VALUE";

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::string join(const std::set<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts) {
    all.append(all.empty() ? "" : between).append(text);
  }
  return all;
}

std::string has_all(const std::string& key, std::string_view sign) {
  std::set<std::string> parts;
  for (const std::string& part : split(key)) {
    parts.insert(std::string(sign) + "has(" + part + ")");
  }
  return join(parts, " and ");
}

// LabelExpr.get_valid_values_expr_str: the shorter of the values and the others.
std::string some_values(const std::string& key, const std::set<std::string>& values,
                        const std::set<std::string>& others, bool some_lack_it) {
  const bool is_negative = !others.empty() && others.size() < values.size();
  const std::set<std::string>& shown = is_negative ? others : values;
  const std::string text =
      shown.size() == 1 ? key + (is_negative ? "!=" : "=") + *shown.begin()
                        : key + (is_negative ? " not in (" : " in (") + join(shown, ",") + ")";
  return is_negative && some_lack_it ? "(has(" + key + ") and " + text + ")" : text;
}

// LabelExpr.get_values_expr_str_per_simple_key
std::string key_expression(const std::string& key, std::set<std::string> values,
                           std::set<std::string> all) {
  std::set<std::string> parts;
  if (values.erase(std::string(kAbsent)) > 0) {
    parts.insert("!has(" + key + ")");
  }
  const bool some_lack_it = all.erase(std::string(kAbsent)) > 0;
  if (!values.empty()) {
    std::set<std::string> others;
    std::ranges::set_difference(all, values, std::inserter(others, others.end()));
    parts.insert(others.empty() && all.size() > 1 ? "has(" + key + ")"
                                                  : some_values(key, values, others, some_lack_it));
  }
  const std::string text = join(parts, " or ");
  return parts.size() > 1 ? "{" + text + "}" : text;
}

}  // namespace

PodLabels::PodLabels(const std::vector<const ClusterPeer*>& pods, const std::set<std::string>& keys)
    : keys_(keys) {
  std::set<std::string> simple;
  for (const std::string& key : keys) {
    for (std::string& part : split(key)) {
      simple.insert(std::move(part));
    }
  }
  for (std::size_t i = 0; i < pods.size(); ++i) {
    for (const std::string& key : simple) {
      const auto value = pods[i] == nullptr ? std::nullopt : pods[i]->endpoint.label(key);
      if (value) {
        values_[{std::string(pods[i]->name_space->name), key}][std::string(*value)].insert(i);
      }
    }
  }
  // Pods without the key, where another pod of the namespace has it.
  for (auto& [of, values] : values_) {
    PodSet lacking;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (pods[i] != nullptr && pods[i]->name_space->name == of.first &&
          !pods[i]->endpoint.label(of.second)) {
        lacking.insert(i);
      }
    }
    if (!lacking.empty()) {
      values[std::string(kAbsent)] = std::move(lacking);
    }
  }
  for (const std::string& key : keys) {
    const std::vector<std::string> parts = split(key);
    if (parts.size() < 2) {
      continue;
    }
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (pods[i] == nullptr) {
        continue;
      }
      const std::string name_space(pods[i]->name_space->name);
      std::string joined;
      for (const std::string& part : parts) {
        const auto value = pods[i]->endpoint.label(part);
        if (!value && !values_.contains({name_space, part})) {
          joined.clear();
          break;
        }
        joined.append(joined.empty() ? "" : ":").append(value.value_or(kAbsent));
      }
      if (!joined.empty()) {
        values_[{name_space, key}][joined].insert(i);
      }
    }
  }
}

const PodLabels::Values& PodLabels::values(std::string_view name_space,
                                           const std::string& key) const {
  static const Values kNothing;
  const auto found = values_.find({std::string(name_space), key});
  return found == values_.end() ? kNothing : found->second;
}

std::string PodLabels::expression(std::string_view name_space, const std::string& key,
                                  const std::set<std::string>& chosen) const {
  std::set<std::string> valid;
  for (const auto& [value, pods] : values(name_space, key)) {
    if (!value.contains(kAbsent)) {
      valid.insert(value);
    }
  }
  if (chosen == valid && valid.size() > 1) {
    return has_all(key, "");
  }
  const std::vector<std::string> parts = split(key);
  std::set<std::string> texts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::set<std::string> own;
    for (const std::string& value : chosen) {
      const std::vector<std::string> of_parts = split(value);
      own.insert(i < of_parts.size() ? of_parts[i] : value);
    }
    std::set<std::string> all;
    for (const auto& [value, pods] : values(name_space, parts[i])) {
      all.insert(value);
    }
    texts.insert(key_expression(parts[i], std::move(own), std::move(all)));
  }
  std::string text = join(texts, " and ");
  if (parts.size() == 1) {
    std::erase_if(text, [](char c) { return c == '{' || c == '}'; });
  }
  return text;
}

// MinimizeBasic._get_pods_grouping_by_labels: values of which all pods are meant; keys that cover
// more pods go first.
std::pair<std::vector<PodLabels::Group>, PodSet> PodLabels::group(std::string_view name_space,
                                                                  const PodSet& pods,
                                                                  bool with_single) const {
  struct Option {
    std::string key;
    std::set<std::string> values;
    PodSet pods;
  };
  std::vector<Option> options;
  for (const std::string& key : keys_) {
    Option option{.key = key, .values = {}, .pods = {}};
    for (const auto& [value, holders] : values(name_space, key)) {
      if (std::ranges::includes(pods, holders)) {
        option.values.insert(value);
        option.pods.insert(holders.begin(), holders.end());
      }
    }
    if (option.pods.size() > (with_single ? 0U : 1U)) {
      options.push_back(std::move(option));
    }
  }
  std::ranges::sort(options, [](const Option& a, const Option& b) {
    return a.pods.size() != b.pods.size() ? a.pods.size() > b.pods.size() : a.key < b.key;
  });
  std::vector<Group> groups;
  PodSet rest = pods;
  for (Option& option : options) {
    if (!std::ranges::includes(rest, option.pods)) {
      continue;
    }
    for (const std::size_t pod : option.pods) {
      rest.erase(pod);
    }
    groups.push_back({.expression = expression(name_space, option.key, option.values),
                      .pods = std::move(option.pods)});
    if (rest.empty()) {
      break;
    }
  }
  return {std::move(groups), std::move(rest)};
}

}  // namespace tally::reachability::query
