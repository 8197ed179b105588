#pragma once
// Type inference: which types the variables of inference stand for, and whether one type is
// assignable to another (cel-go checker/types.go, checker/mapping.go).

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cel/type.hpp"

namespace tally::cel {

class Inference {
 public:
  explicit Inference(TypePool& pool) : pool_(pool) { pool_.forget_fresh(); }

  // A type got greater than kTypeSizeMax, or the comparisons more than kStepsMax: from here on
  // every answer is worthless. ({a: a} of {a: a} of ... doubles at every step.)
  [[nodiscard]] bool too_complex() const noexcept { return too_complex_; }

  // Bound variables are replaced by what they stand for; free ones by dyn if `free_to_dyn`.
  [[nodiscard]] const Type* substitute(const Type* type, bool free_to_dyn);

  // Whether `b` is assignable to `a`, in cel-go's terms; binds variables if so, and only then.
  [[nodiscard]] bool assignable(const Type* a, const Type* b);
  [[nodiscard]] bool assignable(std::span<const Type* const> a, std::span<const Type* const> b);

  // As the pool makes them, within the limit.
  [[nodiscard]] const Type* list(const Type* element);
  [[nodiscard]] const Type* map(const Type* key, const Type* value);
  [[nodiscard]] const Type* optional(const Type* held);

  // Replaces the type parameters of a signature by fresh variables, the same one for the same name
  // until begin_signature().
  void begin_signature() noexcept { params_.clear(); }
  [[nodiscard]] const Type* instantiate(const Type* type);

 private:
  static constexpr std::uint32_t kTypeSizeMax = 2000;
  static constexpr std::uint32_t kStepsMax = 5'000'000;

  struct Found {
    bool valid = false;
    bool bound = false;
  };

  [[nodiscard]] const Type* bound(const Type* variable) const noexcept {
    return variable->id != 0 && variable->id < bindings_.size() ? bindings_[variable->id] : nullptr;
  }
  void bind(const Type* variable, const Type* type);
  void roll_back(std::size_t mark) noexcept;
  template <class Map>
  const Type* rebuild(const Type* type, Map map);
  bool step() noexcept;
  const Type* limited(const Type* type) noexcept;

  bool is_assignable(const Type* a, const Type* b);
  Found substitution(const Type* type, const Type* variable);
  bool free_of(const Type* variable, const Type* within);

  TypePool& pool_;
  std::vector<const Type*> bindings_;                         // by Type::id
  std::vector<std::pair<std::uint32_t, const Type*>> trail_;  // what bind() replaced
  std::vector<std::pair<const Type*, const Type*>> params_;
  std::uint32_t steps_ = 0;
  bool too_complex_ = false;
};

// The same type, apart from null: wrapper(int) is int.
[[nodiscard]] bool same_type(const Type* a, const Type* b) noexcept;
// The more general one of two types that go together.
[[nodiscard]] const Type* most_general(const Type* a, const Type* b) noexcept;

}  // namespace tally::cel
