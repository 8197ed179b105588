#pragma once
// JMESPath as CEL.
//
// What is not there is an error to Kyverno unless `||` gives another value; so it is to CEL, and
// `||` becomes orValue(). Projections over which a condition is asked become all() and exists(),
// others map() and filter().

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "migration/internal/cel_text.hpp"
#include "migration/internal/jmespath_syntax.hpp"
#include "migration/internal/place.hpp"
#include "migration/internal/refusal.hpp"

namespace tally::migration {

using policy_cel::PlaceKind;

struct Term {
  Cel cel;
  PlaceKind kind = PlaceKind::Unknown;
  policy_cel::SchemaType type{};
  Path path{};
  std::vector<policy_cel::SchemaType> kinds{};  // as of a Place
  bool is_whole = false;                        // request."object", which autogen does not rewrite
  Cel guard = always(true);  // where it does not hold, the value is null: no condition holds
  bool is_optional = false;  // an optional value, of which orValue() must be asked

  [[nodiscard]] std::string text() const { return in(cel, Binding::Primary); }
};
[[nodiscard]] Term term_of(const Place& place);

enum class Quantifier : std::uint8_t { All, Any };

// What expressions of a rule may name.
struct Scope {
  Arena& arena;
  Reads& reads;
  Names& names;
  std::vector<std::string>& notes;
  Place object{};
  std::optional<Term> element{};            // inside of foreach
  std::map<std::string, Term> variables{};  // of the rule's context
  std::vector<std::string> operations{};    // that the rule is about
  bool is_extended = false;                 // autogen rewrites it for pod controllers
};

class ExpressionTranslator {
 public:
  ExpressionTranslator(Scope& scope, const document::Node& at) : scope_(scope), at_(at) {}

  [[nodiscard]] Outcome<Term> value(const Jmes& jmes);
  [[nodiscard]] Outcome<Cel> truth(const Jmes& jmes);
  // Whether the expression gives a list, as far as can be told.
  [[nodiscard]] bool is_list(const Jmes& jmes);
  using Body = std::function<Outcome<Cel>(const Term&)>;
  // `body` of all or any of the elements of a list.
  [[nodiscard]] Outcome<Cel> quantified(const Jmes& jmes, Quantifier quantifier, const Body& body);
  // Whether there is a list: of what is not there is none.
  [[nodiscard]] Outcome<Cel> is_there(const Jmes& jmes);
  // The list of a foreach: elements that are null do not count.
  [[nodiscard]] Outcome<Term> list(const Jmes& jmes);

 private:
  enum class Absence : std::uint8_t { IsError, IsOptional };
  [[nodiscard]] Outcome<Term> path(const Jmes& jmes, Absence absence);
  [[nodiscard]] Outcome<Term> root(std::string_view name);
  [[nodiscard]] Outcome<Term> field(const Term& of, std::string_view name, Absence absence);
  [[nodiscard]] Outcome<Term> alternative(const Jmes& jmes);
  [[nodiscard]] Outcome<Term> call(const Jmes& jmes);
  [[nodiscard]] Outcome<Term> list_of(const Jmes& jmes, Absence absence);
  [[nodiscard]] Outcome<Cel> over_list(const Term& list, Quantifier quantifier, const Body& body);
  [[nodiscard]] Outcome<Cel> over_projection(const Jmes& jmes, Quantifier quantifier,
                                             Absence absence, const Body& body);
  [[nodiscard]] Outcome<Cel> over_map(const Jmes& jmes, Quantifier quantifier, Absence absence,
                                      const Body& body);
  [[nodiscard]] Outcome<Cel> comparison(const Jmes& jmes);
  template <class Ask>
  [[nodiscard]] auto with_current(const Term& current, Ask ask);
  [[nodiscard]] std::string name_for(const Term& list);
  [[nodiscard]] std::unexpected<Refusal> refused(std::string message) const {
    return refuse(std::move(message), at_);
  }

  Scope& scope_;
  const document::Node& at_;
  std::optional<Term> current_;
  std::size_t depth_ = 0;
};

// A literal of a policy: 'text', 5, ['a', 'b'], {'a': 1}.
[[nodiscard]] std::string literal(const document::Node& node);
[[nodiscard]] PlaceKind kind_of(const document::Node& node) noexcept;

// A text with variables as a CEL text: 'a' + string(b). Nothing but a literal: quoted.
[[nodiscard]] Outcome<Cel> translate_text(const document::Node& text, Scope& scope);

}  // namespace tally::migration
