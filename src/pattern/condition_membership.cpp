// In, AnyIn, AllIn and their negations. Kyverno 1.19.1, pkg/engine/variables/operator: in.go,
// notin.go, anyin.go, anynotin.go, allin.go, allnotin.go.
//
// Everything is compared as text, a number as fmt.Sprint prints it. In AnyIn and AllIn both sides
// may have wildcards. A value that is a text is, in this order: a text with wildcards (for one
// key), a range, a JSON list of texts, a text.
#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "pattern/internal/go_text.hpp"
#include "pattern/internal/json_strings.hpp"
#include "pattern/internal/operand.hpp"
#include "pattern/internal/term.hpp"
#include "pattern/scalar_pattern.hpp"

namespace tally::pattern {

using document::Node;
using document::NodeKind;

namespace {

using Texts = std::vector<std::string_view>;

// What upstream's functions give back: (invalidType, keyExists) and a panic.
enum class Answer : std::uint8_t { No, Yes, WrongType, Panic, TooLong, OverBudget };

Answer answer_if(bool yes) { return yes ? Answer::Yes : Answer::No; }

class Membership {
 public:
  Membership(Operator op, Arena& arena, const ConditionOptions& options, Budget& budget)
      : op_(op), arena_(arena), options_(options), budget_(budget) {}

  ConditionResult run(const Operand& key, const Operand& value) {
    const bool is_list = key.node.is_array();
    const Answer answer = is_list ? ask_list(key, value) : ask_one(key, value);
    switch (answer) {
      case Answer::Yes:
        return {is_list || !is_negated(), {}};
      case Answer::No:
        return {!is_list && is_negated(), {}};
      case Answer::WrongType:
        return {};
      case Answer::Panic:
        return {false, "In and NotIn take a list of texts only"};
      case Answer::TooLong:
        return {false,
                "an operand of the condition is too large or too deep to be compared as text"};
      case Answer::OverBudget:
        return {false, kTooManySteps};
    }
    return {};
  }

 private:
  [[nodiscard]] bool is_negated() const {
    return op_ == Operator::NotIn || op_ == Operator::AnyNotIn || op_ == Operator::AllNotIn;
  }
  [[nodiscard]] bool is_old() const { return op_ == Operator::In || op_ == Operator::NotIn; }
  [[nodiscard]] bool is_any() const { return op_ == Operator::AnyIn || op_ == Operator::AnyNotIn; }

  // fmt.Sprint; nothing if it is too long.
  std::optional<std::string_view> text_of(const Node& node, NumberReading reading) {
    if (node.is_string()) {
      return node.text();
    }
    std::string out;
    if (!append_go_text(out, node, reading, options_.text_bytes)) {
      return std::nullopt;
    }
    return arena_.copy(out);
  }

  bool texts_of(const Node& list, Texts& out) {
    out.reserve(list.size());
    std::size_t bytes = 0;
    for (const Node& item : list.items()) {
      const auto text = text_of(item, NumberReading::AsWritten);
      if (!text) {
        return false;
      }
      bytes += item.is_string() ? 0 : text->size();
      if (bytes > options_.text_bytes) {
        return false;
      }
      out.push_back(*text);
    }
    return true;
  }

  // Yes, No or OverBudget.
  Answer alike(std::string_view a, std::string_view b) {
    if (!budget_.spend(1)) {
      return Answer::OverBudget;
    }
    Match match = match_wildcard(a, b, budget_);
    if (match == Match::No) {
      match = match_wildcard(b, a, budget_);
    }
    return match == Match::OverBudget ? Answer::OverBudget : answer_if(match == Match::Yes);
  }

  Answer in_range(std::string_view key, std::string_view range) {
    const Match match =
        match_scalar(Node::make_string(key, 0), Node::make_string(range, 0), budget_);
    return match == Match::OverBudget ? Answer::OverBudget : answer_if(match == Match::Yes);
  }

  // keyExistsInArray, anyKeyExistsInArray, allKeyExistsInArray.
  Answer ask_one(const Operand& key, const Operand& value) {
    if (key.node.is_null() || key.node.is_object()) {
      return Answer::WrongType;
    }
    const auto key_text = text_of(key.node, key.reading);
    if (!key_text) {
      return Answer::TooLong;
    }
    if (value.node.is_array()) {
      Texts items;
      return texts_of(value.node, items) ? is_among(*key_text, items) : Answer::TooLong;
    }
    if (!value.node.is_string()) {
      return Answer::WrongType;
    }
    const std::string_view text = value.node.text();
    const Match match = match_wildcard(text, *key_text, budget_);
    if (match != Match::No) {
      return match == Match::Yes ? Answer::Yes : Answer::OverBudget;
    }
    if (!is_old() && term_operator(text) == TermOperator::InRange) {
      return in_range(*key_text, text);
    }
    const JsonStrings json = read_json_strings(text, arena_);
    if (json.kind == JsonStrings::Kind::Strings) {
      return answer_if(std::ranges::find(json.strings, *key_text) != json.strings.end());
    }
    // A text that is no JSON is one more chance to be equal, which it had above.
    return json.kind == JsonStrings::Kind::NotJson && !is_old() ? Answer::No : Answer::WrongType;
  }

  Answer is_among(std::string_view key, const Texts& items) {
    for (const std::string_view item : items) {
      const Answer answer = alike(item, key);
      if (answer != Answer::No) {
        return answer;
      }
    }
    return Answer::No;
  }

  // setExistsInArray, anySetExistsInArray, allSetExistsInArray.
  Answer ask_list(const Operand& key, const Operand& value) {
    if (is_old() && !std::ranges::all_of(key.node.items(), &Node::is_string)) {
      return Answer::Panic;
    }
    Texts keys;
    if (!texts_of(key.node, keys)) {
      return Answer::TooLong;
    }
    Texts items;
    switch (value.node.kind()) {
      case NodeKind::Array:
        if (is_old() && !std::ranges::all_of(value.node.items(), &Node::is_string)) {
          return Answer::WrongType;
        }
        return texts_of(value.node, items) ? compare(keys, items) : Answer::TooLong;
      case NodeKind::Number:
      case NodeKind::Bool: {
        if (!is_any()) {
          return Answer::WrongType;
        }
        const auto text = text_of(value.node, value.reading);
        if (!text) {
          return Answer::TooLong;
        }
        items.push_back(*text);
        return compare(keys, items);
      }
      case NodeKind::String:
        return compare_with_text(keys, value.node.text());
      case NodeKind::Null:
      case NodeKind::Object:
        return Answer::WrongType;
    }
    return Answer::WrongType;
  }

  Answer compare_with_text(const Texts& keys, std::string_view text) {
    if (keys.size() == 1 && keys[0] == text) {
      // Upstream's NotIn says yes here as In does.
      return answer_if(is_old() || !is_negated());
    }
    if (!is_old() && term_operator(text) == TermOperator::InRange) {
      return compare_with_range(keys, text);
    }
    const JsonStrings json = read_json_strings(text, arena_);
    switch (json.kind) {
      case JsonStrings::Kind::Strings:
        return compare(keys, json.strings);
      case JsonStrings::Kind::OtherJson:
        return Answer::WrongType;
      case JsonStrings::Kind::NotJson:
        return is_old() ? Answer::WrongType : compare(keys, Texts{text});
    }
    return Answer::WrongType;
  }

  Answer compare_with_range(const Texts& keys, std::string_view range) {
    if (op_ == Operator::AnyNotIn) {
      // The range turned inside out at its first dash, be that the sign of its lower end.
      const std::size_t dash = range.find('-');
      range = arena_.concat({range.substr(0, dash), "!", range.substr(dash)});
    }
    const bool wanted = is_any();  // the answer of one key that settles it
    for (const std::string_view key : keys) {
      const Answer answer = in_range(key, range);
      if (answer == Answer::OverBudget) {
        return answer;
      }
      const bool is_inside = answer == Answer::Yes;
      if (op_ == Operator::AllNotIn ? is_inside : is_inside == wanted) {
        return answer_if(wanted);
      }
    }
    return answer_if(!wanted);
  }

  // isIn, isNotIn, isAnyIn, isAnyNotIn, isAllIn, isAllNotIn.
  Answer compare(const Texts& keys, const Texts& items) {
    // For each key whether it is found; which answer settles the whole, and what it then is.
    const bool settles = op_ == Operator::AnyIn || op_ == Operator::AllNotIn;
    const bool settled = is_any() || op_ == Operator::NotIn;
    if (is_old()) {
      return compare_exactly(keys, items);
    }
    for (const std::string_view key : keys) {
      const Answer found = is_among(key, items);
      if (found == Answer::OverBudget) {
        return found;
      }
      if ((found == Answer::Yes) == settles) {
        return answer_if(settled);
      }
    }
    return answer_if(!settled);
  }

  // Without wildcards. NotIn holds if any key is missing.
  Answer compare_exactly(const Texts& keys, Texts items) {
    std::ranges::sort(items);
    const bool all = std::ranges::all_of(
        keys, [&](std::string_view key) { return std::ranges::binary_search(items, key); });
    return answer_if(op_ == Operator::In ? all : !all);
  }

  Operator op_;
  Arena& arena_;
  const ConditionOptions& options_;
  Budget& budget_;
};

}  // namespace

ConditionResult evaluate_membership(Operator op, const Operand& key, const Operand& value,
                                    Arena& arena, const ConditionOptions& options, Budget& budget) {
  return Membership(op, arena, options, budget).run(key, value);
}

}  // namespace tally::pattern
