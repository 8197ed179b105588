#include "cel/internal/inference.hpp"

namespace tally::cel {

namespace {

bool is_dyn(const Type* type) noexcept {
  return type->kind == TypeKind::Dyn || type->kind == TypeKind::Any;
}
bool is_dyn_or_error(const Type* type) noexcept {
  return is_dyn(type) || type->kind == TypeKind::Error;
}
const Type* unwrapped(const Type* type) noexcept {
  return type->kind == TypeKind::Wrapper ? type->args[0] : type;
}

// checker/types.go internalIsAssignableNull.
bool takes_null(const Type* type) noexcept {
  switch (type->kind) {
    case TypeKind::Null:
    case TypeKind::Wrapper:
    case TypeKind::Opaque:
    case TypeKind::Optional:
    case TypeKind::Struct:
    case TypeKind::Any:
    case TypeKind::Dyn:
    case TypeKind::Duration:
    case TypeKind::Timestamp:
      return true;
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::Int:
    case TypeKind::Uint:
    case TypeKind::Double:
    case TypeKind::String:
    case TypeKind::Bytes:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Type:
    case TypeKind::Param:
      return false;
  }
  return false;
}

// checker/types.go isEqualOrLessSpecific.
bool is_equal_or_less_specific(const Type* a, const Type* b) noexcept {
  if (is_dyn(a) || a->kind == TypeKind::Param) {
    return true;
  }
  if (is_dyn(b) || b->kind == TypeKind::Param) {
    return false;
  }
  const Type* plain_a = unwrapped(a);
  const Type* plain_b = unwrapped(b);
  if (plain_a->kind != plain_b->kind) {
    return false;
  }
  switch (plain_a->kind) {
    case TypeKind::Type:
      return true;
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Optional:
    case TypeKind::Opaque:
      if (plain_a->name != plain_b->name || plain_a->arg_count != plain_b->arg_count) {
        return false;
      }
      for (std::size_t i = 0; i < plain_a->arg_count; ++i) {
        if (!is_equal_or_less_specific(plain_a->args[i], plain_b->args[i])) {
          return false;
        }
      }
      return true;
    default:
      return same_type(plain_a, plain_b);
  }
}

}  // namespace

bool same_type(const Type* a, const Type* b) noexcept {
  a = unwrapped(a);
  b = unwrapped(b);
  if (a == b) {
    return true;
  }
  if (a->kind != b->kind || a->arg_count != b->arg_count || a->arg_count == 0 ||
      a->name != b->name) {
    return false;
  }
  for (std::size_t i = 0; i < a->arg_count; ++i) {
    if (!same_type(a->args[i], b->args[i])) {
      return false;
    }
  }
  return true;
}

const Type* most_general(const Type* a, const Type* b) noexcept {
  return is_equal_or_less_specific(a, b) ? a : b;
}

bool Inference::step() noexcept {
  too_complex_ = too_complex_ || ++steps_ > kStepsMax;
  return !too_complex_;
}

void Inference::bind(const Type* variable, const Type* type) {
  if (variable->id >= bindings_.size()) {
    bindings_.resize(variable->id + 16U, nullptr);
  }
  trail_.emplace_back(variable->id, bindings_[variable->id]);
  bindings_[variable->id] = type;
}

void Inference::roll_back(std::size_t mark) noexcept {
  while (trail_.size() > mark) {
    bindings_[trail_.back().first] = trail_.back().second;
    trail_.pop_back();
  }
}

const Type* Inference::limited(const Type* type) noexcept {
  if (type->size <= kTypeSizeMax) {
    return type;
  }
  too_complex_ = true;
  return &kDyn;
}
const Type* Inference::list(const Type* element) { return limited(pool_.list(element)); }
const Type* Inference::map(const Type* key, const Type* value) {
  return limited(pool_.map(key, value));
}
const Type* Inference::optional(const Type* held) { return limited(pool_.optional(held)); }

// The same type with other arguments.
template <class Map>
const Type* Inference::rebuild(const Type* type, Map map) {
  if (!step()) {
    return &kDyn;
  }
  const Type* args[2] = {nullptr, nullptr};
  std::uint64_t size = 1;
  for (std::size_t i = 0; i < type->arg_count; ++i) {
    args[i] = map(type->args[i]);
    size += args[i]->size;
  }
  if (size > kTypeSizeMax) {
    too_complex_ = true;
    return &kDyn;
  }
  switch (type->kind) {
    case TypeKind::List:
      return pool_.list(args[0]);
    case TypeKind::Map:
      return pool_.map(args[0], args[1]);
    case TypeKind::Type:
      return pool_.type_of(args[0]);
    case TypeKind::Optional:
      return pool_.optional(args[0]);
    case TypeKind::Opaque:
      return type->arg_count == 1 ? pool_.opaque(type->name, {args[0]})
                                  : pool_.opaque(type->name, {args[0], args[1]});
    default:
      return type;
  }
}

const Type* Inference::substitute(const Type* type, bool free_to_dyn) {
  if (!type->open) {
    return type;
  }
  if (type->kind == TypeKind::Param) {
    if (const Type* to = bound(type); to != nullptr && step()) {
      return substitute(to, free_to_dyn);
    }
    return free_to_dyn ? &kDyn : type;
  }
  return rebuild(type, [&](const Type* arg) { return substitute(arg, free_to_dyn); });
}

const Type* Inference::instantiate(const Type* type) {
  if (!type->open) {
    return type;
  }
  if (type->kind == TypeKind::Param) {
    for (const auto& [param, variable] : params_) {
      if (param == type) {
        return variable;
      }
    }
    params_.emplace_back(type, pool_.fresh());
    return params_.back().second;
  }
  return rebuild(type, [&](const Type* arg) { return instantiate(arg); });
}

bool Inference::assignable(const Type* a, const Type* b) {
  if (a == b && !a->open) {
    return true;
  }
  const std::size_t mark = trail_.size();
  if (is_assignable(a, b)) {
    return true;
  }
  roll_back(mark);
  return false;
}

bool Inference::assignable(std::span<const Type* const> a, std::span<const Type* const> b) {
  if (a.size() != b.size()) {
    return false;
  }
  const std::size_t mark = trail_.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_assignable(a[i], b[i])) {
      roll_back(mark);
      return false;
    }
  }
  return true;
}

// checker/types.go internalIsAssignable, step by step.
bool Inference::is_assignable(const Type* a, const Type* b) {
  if (!step()) {
    return false;
  }
  // 1. Variables of inference.
  if (b->kind == TypeKind::Param) {
    const Found found = substitution(a, b);
    if (found.valid) {
      return true;
    }
    if (found.bound) {
      return false;
    }
  }
  if (a->kind == TypeKind::Param) {
    return substitution(b, a).valid;
  }
  // 2. What goes with everything.
  if (is_dyn_or_error(a) || is_dyn_or_error(b)) {
    return true;
  }
  // 3. Null.
  if (a->kind == TypeKind::Null) {
    return takes_null(b);
  }
  if (b->kind == TypeKind::Null) {
    return takes_null(a);
  }
  // 4. Wrappers take the plain value and the other way round.
  a = unwrapped(a);
  b = unwrapped(b);
  switch (a->kind) {
    case TypeKind::Type:
      return b->kind == TypeKind::Type;
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Optional:
    case TypeKind::Opaque:
      if (a == b && !a->open) {
        return true;
      }
      if (a->kind != b->kind || a->name != b->name || a->arg_count != b->arg_count) {
        return false;
      }
      for (std::size_t i = 0; i < a->arg_count; ++i) {
        if (!is_assignable(a->args[i], b->args[i])) {
          return false;
        }
      }
      return true;
    default:
      return a == b;
  }
}

// checker/types.go isValidTypeSubstitution: whether `variable` may stand for `type`, and whether it
// stood for something before.
Inference::Found Inference::substitution(const Type* type, const Type* variable) {
  if (type == variable) {
    return {.valid = true, .bound = true};
  }
  if (const Type* to = bound(variable); to != nullptr) {
    if (same_type(type, to)) {
      return {.valid = true, .bound = true};
    }
    if (is_assignable(type, to)) {
      const Type* general = most_general(type, to);
      if (free_of(variable, general)) {
        bind(variable, general);
      }
      return {.valid = true, .bound = true};
    }
    return {.valid = false, .bound = true};
  }
  if (variable->id != 0 && free_of(variable, type)) {
    bind(variable, type);
    return {.valid = true, .bound = false};
  }
  return {};
}

// The occurs check of unification.
bool Inference::free_of(const Type* variable, const Type* within) {
  if (!within->open) {
    return true;
  }
  if (within == variable || !step()) {
    return false;
  }
  if (within->kind == TypeKind::Param) {
    const Type* to = bound(within);
    return to == nullptr || free_of(variable, to);
  }
  for (std::size_t i = 0; i < within->arg_count; ++i) {
    if (!free_of(variable, within->args[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace tally::cel
