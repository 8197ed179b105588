#include "cel/internal/validation.hpp"

#include <utility>

#include "cel/internal/issues.hpp"

namespace tally::cel {

namespace {

const Type* unwrapped(const Type* type) noexcept {
  return type->kind == TypeKind::Wrapper ? type->args[0] : type;
}

// common/types/types.go IsEquivalentType. Types have at most some thousand parts, so that recursion
// ends soon.
bool equivalent(const Type* a, const Type* b) noexcept {
  a = unwrapped(a);
  b = unwrapped(b);
  if (a == b) {
    return true;
  }
  if (a->kind != b->kind || a->arg_count != b->arg_count || a->name != b->name) {
    return false;
  }
  for (std::size_t i = 0; i < a->arg_count; ++i) {
    if (!equivalent(a->args[i], b->args[i])) {
      return false;
    }
  }
  return a->arg_count != 0;
}

class Validation {
 public:
  Validation(const CheckedAst& checked, const Traits& traits, std::vector<Issue>& issues)
      : checked_(checked), ast_(checked.ast), traits_(traits), issues_(issues) {}

  // From the root, since a macro may leave nodes behind that belong to nothing.
  void run() {
    std::vector<bool> seen(ast_.exprs.size());
    std::vector<std::pair<ExprId, bool>> open{{ast_.root, false}};
    while (!open.empty()) {
      const auto [id, within_format] = open.back();
      open.pop_back();
      if (seen[id]) {
        continue;
      }
      seen[id] = true;
      const Expr& e = ast_[id];
      examine(id, e, within_format);
      // inExemptFunction: whatever stands in a call of format, at any depth.
      const bool exempt = within_format || (e.kind == ExprKind::Call && e.name == "format" &&
                                            traits_.literals_validated);
      for (const ExprId child : ast_.children(e)) {
        open.emplace_back(child, exempt);
      }
    }
  }

 private:
  void examine(ExprId id, const Expr& e, bool within_format) {
    switch (e.kind) {
      case ExprKind::List:
        if (traits_.homogeneous_literals && !within_format) {
          examine_list(e);
        }
        return;
      case ExprKind::Map:
        if (traits_.homogeneous_literals && !within_format) {
          examine_map(e);
        }
        return;
      case ExprKind::Call:
        if (traits_.literals_validated) {
          examine_argument(id, e);
          validate_format_call(checked_, id, issues_);
        }
        return;
      case ExprKind::Literal:
      case ExprKind::Ident:
      case ExprKind::Select:
      case ExprKind::Struct:
      case ExprKind::Comprehension:
        return;
    }
  }

  void report_at(ExprId id, std::string message) {
    if (issues_.size() < kIssuesMax) {
      issues_.push_back({ast_[id].offset, std::move(message)});
    }
  }

  // False: `type` is not that of the earlier elements, which is reported.
  bool agrees(ExprId id, const Type*& earlier, const Type* type) {
    if (earlier == nullptr) {
      earlier = type;
      return true;
    }
    if (equivalent(earlier, type)) {
      return true;
    }
    report_at(id,
              "expected type '" + to_string(*earlier) + "' but found '" + to_string(*type) + "'");
    return false;
  }

  // The type of an element; what an optional holds where the element is marked by `?`. cel-go has
  // no answer for a marked element of type dyn (it takes the first of no parameters and panics):
  // dyn.
  [[nodiscard]] const Type* element_type(const Expr& e, ExprId id, std::size_t flag) const {
    const Type* type = checked_.types[id];
    return e.has_optional && ast_.optional_flags[e.first_flag + flag] && type->arg_count != 0
               ? type->args[0]
               : type;
  }

  void examine_list(const Expr& e) {
    const Type* earlier = nullptr;
    for (std::uint32_t i = 0; i < e.child_count; ++i) {
      const ExprId child = ast_.child(e, i);
      if (!agrees(child, earlier, element_type(e, child, i))) {
        return;  // one message per list, any number per map, as there
      }
    }
  }

  void examine_map(const Expr& e) {
    const Type* earlier_key = nullptr;
    const Type* earlier_value = nullptr;
    for (std::uint32_t i = 0; i + 1 < e.child_count; i += 2) {
      const ExprId key = ast_.child(e, i);
      const ExprId value = ast_.child(e, i + 1);
      static_cast<void>(agrees(key, earlier_key, checked_.types[key]));
      static_cast<void>(agrees(value, earlier_value, element_type(e, value, i / 2)));
    }
  }

  // duration('x'), timestamp('x') and s.matches('['), by applying them. As there, the first
  // argument is looked at and a receiver is none, so that matches(s, '[') fails only when it is
  // evaluated.
  void examine_argument(ExprId id, const Expr& e) {
    const bool pattern = e.name == "matches";
    if (!pattern && e.name != "duration" && e.name != "timestamp") {
      return;
    }
    const Reference& reference = checked_.references[id];
    const std::size_t at = e.member ? 1 : 0;
    if (reference.kind != ReferenceKind::Function || reference.overload_count != 1 ||
        e.child_count != at + (pattern && !e.member ? 2U : 1U)) {
      return;
    }
    const Overload* overload = checked_.overloads[reference.first_overload].overload;
    const ExprId argument = ast_.child(e, at);
    if (overload == nullptr || overload->apply == nullptr ||
        ast_[argument].kind != ExprKind::Literal) {
      return;
    }
    Arena scratch;
    EvalContext context{.arena = scratch};
    const Value& literal = ast_[argument].value;
    const Value args[2] = {pattern ? Value::string("") : literal, literal};
    if (overload->apply(context, std::span{args, pattern ? 2U : 1U}).is_error()) {
      report_at(argument, "invalid " + std::string(e.name) + " argument");
    }
  }

  const CheckedAst& checked_;
  const Ast& ast_;
  const Traits& traits_;
  std::vector<Issue>& issues_;
};

}  // namespace

void validate(const CheckedAst& checked, const Traits& traits, std::vector<Issue>& issues) {
  if (traits.homogeneous_literals || traits.literals_validated) {
    Validation(checked, traits, issues).run();
  }
}

}  // namespace tally::cel
