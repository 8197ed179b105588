#pragma once
// What CustomRules::load makes of definitions, and CustomRules::check reads.

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "admission_policy/custom_rules.hpp"
#include "cel/checker.hpp"
#include "cel/program.hpp"
#include "policy_cel/schema_values.hpp"

namespace tally::admission_policy {

// strings.TrimSpace, of ASCII.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kWhite);
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

inline constexpr std::size_t kSchemaDepthMax = 500;

struct CompiledRule {
  cel::Program program;
  std::optional<cel::Program> message_program;
  std::string_view rule;
  std::string_view message;
  std::string_view reason;
  std::string field_path;     // "size", "a.b[c]"
  std::string field_pointer;  // "/size"
  bool is_optional_old = false;
  bool uses_old = false;
  std::uint32_t index = 0;
  std::uint32_t offset = 0;
  std::string pointer;  // in the definition

  // ruleErrorString
  [[nodiscard]] std::string_view text() const {
    return message.empty() ? trimmed(rule) : trimmed(message);
  }
};

struct KindRules {
  const kube::ApiKind* kind = nullptr;
  const kube::Object* definition = nullptr;
  std::unordered_map<const kube::SchemaNode*, std::vector<CompiledRule>> rules;
  std::vector<bool> has_rules_below;  // by position of the node in the schema
};

struct CustomRules::Table {
  cel::TypePool pool;
  policy_cel::SchemaTypes types;
  std::deque<cel::Environment> environments;
  std::deque<KindRules> kinds;
  std::unordered_map<std::string, const KindRules*> by_identity;
};

[[nodiscard]] inline std::string identity_of(std::string_view group, std::string_view version,
                                             std::string_view kind) {
  return std::string(group) + "/" + std::string(version) + "/" + std::string(kind);
}

}  // namespace tally::admission_policy
