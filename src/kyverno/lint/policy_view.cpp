#include "kyverno/lint/internal/policy_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kyverno/internal/match.hpp"
#include "kyverno/internal/nodes.hpp"
#include "pattern/anchor.hpp"

namespace tally::kyverno::lint {

using document::Node;
using internal::text_at;

namespace {

std::vector<FilterView> filters_of(const Node* block, const std::string& pointer, bool& is_all) {
  std::vector<FilterView> out;
  if (block == nullptr || !block->is_object()) {
    return out;
  }
  for (const std::string_view field : {"any", "all"}) {
    const Node* list = block->find(field);
    if (list == nullptr || list->size() == 0) {
      continue;
    }
    is_all = field == "all";
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node& filter = list->items()[i];
      out.push_back({.node = &filter,
                     .resources = filter.find("resources"),
                     .pointer = fmt::format("{}/{}/{}", pointer, field, i)});
    }
  }
  if (out.empty()) {
    out.push_back({.node = block, .resources = block->find("resources"), .pointer = pointer});
  }
  return out;
}

void add_expressions(PolicyView& view, const RuleView* rule, const Node* list,
                     std::string_view list_pointer) {
  if (list == nullptr || !list->is_array()) {
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Node* text = list->items()[i].find("expression");
    if (text != nullptr && text->is_string()) {
      view.expressions.push_back(
          {.text = text->text(),
           .place = {.pointer = fmt::format("{}/{}/expression", list_pointer, i),
                     .offset = text->offset()},
           .rule = rule});
    }
  }
}

void read_rule(RuleView& rule) {
  const Node* match = rule.node->find("match");
  rule.match = filters_of(match, rule.pointer + "/match", rule.is_match_all);
  rule.exclude =
      filters_of(rule.node->find("exclude"), rule.pointer + "/exclude", rule.is_exclude_all);
  for (const FilterView& filter : rule.match) {
    const Node* kinds = filter.resources == nullptr ? nullptr : filter.resources->find("kinds");
    if (kinds != nullptr) {
      for (const Node& kind : kinds->items()) {
        rule.kinds.push_back(kind.text());
      }
    }
  }
}

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::optional<Dialect> dialect_of(const kube::Object& object) noexcept {
  const std::string_view kind = object.ref.kind;
  if (object.ref.group == "kyverno.io") {
    if (kind == "ClusterPolicy" || kind == "Policy") {
      return Dialect::Classic;
    }
    if (kind == "ClusterCleanupPolicy" || kind == "CleanupPolicy") {
      return Dialect::Cleanup;
    }
  }
  if (object.ref.group == "policies.kyverno.io" && kind.ends_with("Policy")) {
    return Dialect::Cel;
  }
  if (object.ref.group == "admissionregistration.k8s.io" && kind == "ValidatingAdmissionPolicy") {
    return Dialect::Native;
  }
  return std::nullopt;
}

void read_view(const kube::Object& object, const kube::CustomKinds* kinds, PolicyView& view) {
  view.object = &object;
  view.dialect = *dialect_of(object);
  view.kinds = kinds;
  const Node* spec = object.root.find("spec");
  if (spec == nullptr || !spec->is_object()) {
    return;
  }
  view.spec = spec;
  const auto is_true_unless = [&](std::string_view field) {
    const Node* value = spec->find(field);
    return value == nullptr || !value->is_bool() || value->boolean();
  };
  view.is_background = is_true_unless("background");
  view.is_admission = is_true_unless("admission");
  if (view.dialect == Dialect::Classic) {
    const Node* rules = spec->find("rules");
    const std::size_t size = rules == nullptr || !rules->is_array() ? 0 : rules->size();
    view.rules.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      const Node& node = rules->items()[i];
      if (!node.is_object()) {
        continue;
      }
      RuleView& rule = view.rules.emplace_back();
      rule.node = &node;
      rule.name = text_at(node, "name");
      rule.pointer = fmt::format("/spec/rules/{}", i);
      const Node* validate = node.find("validate");
      rule.validate = validate != nullptr && validate->is_object() ? validate : nullptr;
      read_rule(rule);
    }
    for (const RuleView& rule : view.rules) {
      const Node* cel = rule.validate == nullptr ? nullptr : rule.validate->find("cel");
      if (cel != nullptr) {
        const std::string pointer = rule.pointer + "/validate/cel";
        add_expressions(view, &rule, cel->find("variables"), pointer + "/variables");
        add_expressions(view, &rule, cel->find("expressions"), pointer + "/expressions");
        add_expressions(view, &rule, rule.node->find("celPreconditions"),
                        rule.pointer + "/celPreconditions");
      }
    }
  } else if (view.dialect == Dialect::Cleanup) {
    RuleView& rule = view.rules.emplace_back();
    rule.node = spec;
    rule.name = object.ref.name;
    rule.pointer = "/spec";
    read_rule(rule);
  } else {
    add_expressions(view, nullptr, spec->find("matchConditions"), "/spec/matchConditions");
    add_expressions(view, nullptr, spec->find("variables"), "/spec/variables");
    add_expressions(view, nullptr, spec->find("validations"), "/spec/validations");
  }
}

namespace {

void add_patterns(const Node& part, const std::string& pointer, bool is_of_element,
                  std::size_t depth, std::vector<PatternView>& out) {
  if (depth > 16) {
    return;
  }
  if (const Node* one = part.find("pattern"); one != nullptr) {
    out.push_back({one, pointer + "/pattern", is_of_element});
  }
  if (const Node* any = part.find("anyPattern"); any != nullptr && any->is_array()) {
    for (std::size_t i = 0; i < any->size(); ++i) {
      out.push_back({&any->items()[i], fmt::format("{}/anyPattern/{}", pointer, i), is_of_element});
    }
  }
  if (const Node* list = part.find("foreach"); list != nullptr && list->is_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      add_patterns(list->items()[i], fmt::format("{}/foreach/{}", pointer, i), true, depth + 1,
                   out);
    }
  }
}

}  // namespace

std::vector<PatternView> patterns_of(const RuleView& rule) {
  std::vector<PatternView> out;
  if (rule.validate != nullptr) {
    add_patterns(*rule.validate, rule.pointer + "/validate", false, 0, out);
  }
  return out;
}

void append_step(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

Place member_place(const Node& map, std::string pointer, std::string_view key) {
  for (const document::Member member : map.members()) {
    if (member.key == key) {
      append_step(pointer, key);
      return {.pointer = std::move(pointer), .offset = member.key_offset};
    }
  }
  return {.pointer = std::move(pointer), .offset = map.offset()};
}

std::string texts_below(const Node& node) {
  std::string out;
  std::string pointer;
  walk(node, pointer,
       [&](const Node& value, const std::string&, std::string_view key, std::uint32_t) {
         out.append(key).append("\n");
         if (value.is_string()) {
           out.append(value.text()).append("\n");
         }
         return true;
       });
  return out;
}

bool has_word(std::string_view text, std::string_view word) noexcept {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
      return true;
    }
  }
  return false;
}

std::string_view bare_key(std::string_view key) noexcept {
  const auto anchor = pattern::parse_anchor(key);
  return anchor ? anchor->key : key;
}

bool is_pod_or_controller(std::string_view kind) noexcept {
  constexpr std::array<std::string_view, 8> kKinds{
      "Pod", "Deployment", "StatefulSet",           "DaemonSet",
      "Job", "CronJob",    "ReplicationController", "ReplicaSet"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

bool is_about_pods(const RuleView& rule) {
  return std::ranges::any_of(rule.kinds, [](std::string_view text) {
    const auto selector = internal::KindSelector::parse(text);
    return selector.kind == "*" || is_pod_or_controller(selector.kind);
  });
}

std::string squeezed(std::string_view expression) {
  std::string out;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\'' || c == '"') {
      std::size_t end = i + 1;
      while (end < expression.size() && expression[end] != c) {
        end += expression[end] == '\\' ? 2 : 1;
      }
      end = std::min(end, expression.size());
      const std::string_view literal = expression.substr(i + 1, end - i - 1);
      out += '\'';
      if (literal.find('.') == std::string_view::npos) {
        out += literal;
      }
      out += '\'';
      i = end;
    } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
      out += c;
    }
  }
  return out;
}

}  // namespace tally::kyverno::lint
