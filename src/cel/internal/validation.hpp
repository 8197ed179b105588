#pragma once
// What cel-go's validators (cel/validator.go, ext/formatting.go v0.26, as k8s.io/apiserver v0.36
// switches them on) find wrong with an expression whose types are right: literals that can only
// fail, lists and maps of mixed types, format() with the wrong arguments.

#include <vector>

#include "cel/checker.hpp"

namespace tally::cel {

// Adds what is wrong to `issues`, in any order. The types of `checked` are free of variables.
void validate(const CheckedAst& checked, const Traits& traits, std::vector<Issue>& issues);

// format() with a literal text and a literal list: the first thing that is wrong.
void validate_format_call(const CheckedAst& checked, ExprId call, std::vector<Issue>& issues);

}  // namespace tally::cel
