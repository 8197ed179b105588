#pragma once
// From the object of an AuthorizationPolicy to its rows in a Program.

#include <deque>
#include <string>

#include "authorization/internal/program.hpp"
#include "authorization/trust_domain.hpp"
#include "kube/object.hpp"

namespace tally::authorization {

class PolicyCompiler {
 public:
  PolicyCompiler(Program& program, std::deque<std::string>& texts, const TrustDomains& domains)
      : program_(program), texts_(texts), domains_(domains) {}

  // Appends the policy and all that belongs to it.
  void add(const kube::Object& object);

 private:
  struct Values {
    const document::Node* yes = nullptr;
    const document::Node* no = nullptr;
    [[nodiscard]] bool are_empty() const noexcept {
      return (yes == nullptr || yes->size() == 0) && (no == nullptr || no->size() == 0);
    }
  };
  void add_rule(const document::Node& rule, std::uint32_t index, const Policy& policy);
  void add_when(const document::Node& condition, Rule& rule);
  [[nodiscard]] Span add_alternatives(const document::Node& list, bool is_source, Rule& rule);
  void add_condition(Attribute attribute, std::string_view key, const Values& values, Rule& rule);
  [[nodiscard]] bool read_key(Condition& condition);
  // The values that can be read; the rest makes the rule `is_invalid_`.
  [[nodiscard]] Span add_values(Attribute attribute, const document::Node* list);
  void add_value(Attribute attribute, std::string_view text);

  Program& program_;
  std::deque<std::string>& texts_;
  const TrustDomains& domains_;
  std::string_view name_space_;  // of the policy that is added
  Action action_ = Action::Allow;
  bool is_invalid_ = false;
};

}  // namespace tally::authorization
