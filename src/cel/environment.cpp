#include <algorithm>

#include "cel/checker.hpp"
#include "cel/internal/environment_table.hpp"
#include "cel/internal/macros.hpp"

namespace tally::cel {

namespace {

std::string_view first_segment(std::string_view name) noexcept {
  return name.substr(0, name.find('.'));
}

// Comparisons of numbers of two types, which Kubernetes has since 1.28.
bool compares_across_types(std::string_view function, const Signature& signature) noexcept {
  return (function == "_<_" || function == "_<=_" || function == "_>_" || function == "_>=_") &&
         signature.args.size() == 2 && signature.args[0] != signature.args[1];
}

// cel-go's IsAssignableType, for the collision of overloads: no inference.
bool could_be(const Type& to, const Type& from) noexcept {
  if (&to == &from || to.kind == TypeKind::Dyn || to.kind == TypeKind::Any ||
      to.kind == TypeKind::Param) {
    return true;
  }
  if (to.kind == TypeKind::Wrapper) {
    return from.kind == TypeKind::Null || could_be(*to.args[0], from);
  }
  const Type& plain = from.kind == TypeKind::Wrapper ? *from.args[0] : from;
  if (to.kind != plain.kind || to.name != plain.name || to.arg_count != plain.arg_count) {
    return false;
  }
  for (std::size_t i = 0; i < to.arg_count; ++i) {
    if (!could_be(*to.args[i], *plain.args[i])) {
      return false;
    }
  }
  return true;
}

bool overlap(const TypedOverload& a, const TypedOverload& b) noexcept {
  if (a.member != b.member || a.args.size() != b.args.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.args.size(); ++i) {
    if (!could_be(*a.args[i], *b.args[i]) && !could_be(*b.args[i], *a.args[i])) {
      return false;
    }
  }
  return true;
}

class Builder {
 public:
  explicit Builder(Environment::Table& table) : table_(table) {}

  Result<void> build() {
    add_types();
    TALLY_CHECK(add_libraries());
    TALLY_CHECK(add_declared_functions());
    return add_variables();
  }

 private:
  void add_name(std::string_view name, NamedType named) {
    table_.types.emplace(name, named);
    table_.name_namespaces.insert(first_segment(name));
  }
  void add_type(std::string_view name, const Type* type, const Type* value = nullptr) {
    add_name(name, {.type = type, .value = value == nullptr ? type : value, .constant = {}});
  }

  // cel-go common/stdlib: the names of types.
  void add_types() {
    TypePool& pool = *table_.pool;
    for (const Type* type : {&kBool, &kBytes, &kDouble, &kDuration, &kInt, &kNull, &kString,
                             &kTimestamp, &kTypeType, &kUint}) {
      add_type(type->name, type);
    }
    const Type* a = pool.param("A");
    add_type("list", pool.list(a), &kListDyn);
    add_type("map", pool.map(a, pool.param("B")), &kMapDyn);
    if (provides(table_.options.profile, Library::Optional, 0)) {
      add_type("optional_type", pool.optional(a), &kOptionalDyn);
    }
    if (table_.traits.protobuf_names) {
      for (const std::string_view name : well_known_names()) {
        add_type(name, well_known_type(pool, name));
      }
      add_name("google.protobuf.NullValue.NULL_VALUE",
               {.type = &kInt, .value = nullptr, .constant = 0});
    }
  }

  void add_opaque_names(const Type& type) {
    if (type.kind == TypeKind::Opaque) {
      add_type(type.name, &type);
    }
    for (std::size_t i = 0; i < type.arg_count; ++i) {
      add_opaque_names(*type.args[i]);
    }
  }

  TypedFunction& function(std::string_view name) {
    const auto [it, added] = table_.functions.try_emplace(name);
    if (added) {
      it->second.name = name;
      if (name.find('.') != std::string_view::npos) {
        table_.function_namespaces.insert(first_segment(name));
      }
    }
    return it->second;
  }

  Result<void> add_libraries() {
    const Profile& profile = table_.options.profile;
    for (const auto family : all_functions()) {
      for (const Function& row : family) {
        if (provides(profile, row.library, row.library_version)) {
          TALLY_CHECK(add_row(row));
        }
      }
    }
    return {};
  }

  Result<void> add_row(const Function& row) {
    TypedFunction& into = function(row.name);
    for (const Overload& overload : row.overloads) {
      TALLY_TRY(Signature signature, parse_signature(*table_.pool, overload.signature));
      if (!table_.traits.numeric_comparisons_across_types &&
          compares_across_types(row.name, signature)) {
        continue;
      }
      TypedOverload typed{.id = overload.id,
                          .member = overload.member,
                          .open = signature.result->open,
                          .args = std::move(signature.args),
                          .result = signature.result,
                          .row = {&row, &overload}};
      for (const Type* arg : typed.args) {
        typed.open = typed.open || arg->open;
        add_opaque_names(*arg);
      }
      add_opaque_names(*typed.result);
      // The row of the highest version wins.
      const auto same = std::ranges::find(into.overloads, typed.id, &TypedOverload::id);
      if (same == into.overloads.end()) {
        into.overloads.push_back(std::move(typed));
      } else if (same->row.function->library_version <= row.library_version) {
        *same = std::move(typed);
      }
    }
    return {};
  }

  Result<void> add_declared_functions() {
    for (const DeclaredFunction& declared : table_.options.functions) {
      TypedFunction& into = function(declared.name);
      for (const auto& overload : declared.overloads) {
        TypedOverload typed{.id = overload.id,
                            .member = overload.member,
                            .open = overload.result->open,
                            .args = overload.args,
                            .result = overload.result,
                            .row = {}};
        for (const Type* arg : typed.args) {
          typed.open = typed.open || arg->open;
        }
        const std::size_t arguments = typed.args.size() - (typed.member ? 1U : 0U);
        const MacroRow* macro = find_macro({.name = declared.name,
                                            .member = typed.member,
                                            .arguments = arguments,
                                            .receiver = {}});
        if (macro != nullptr &&
            provides(table_.options.profile, macro->library, macro->library_version)) {
          return content_error("overlapping macro for name '" + declared.name + "' with " +
                               std::to_string(arguments) + " args");
        }
        for (const TypedOverload& other : into.overloads) {
          if (overlap(other, typed) &&
              (other.id != typed.id || other.args != typed.args || other.result != typed.result)) {
            return content_error("function '" + declared.name +
                                 "' declaration overload collision: '" + std::string(typed.id) +
                                 "' collides with '" + std::string(other.id) + "'");
          }
        }
        into.overloads.push_back(std::move(typed));
      }
    }
    return {};
  }

  Result<void> add_variables() {
    for (std::uint32_t i = 0; i < table_.options.variables.size(); ++i) {
      const Variable& variable = table_.options.variables[i];
      if (!table_.variables.emplace(variable.name, i).second) {
        return content_error("overlapping identifier for name '" + variable.name + "'");
      }
      if (variable.name.find('.') != std::string::npos) {
        table_.name_namespaces.insert(first_segment(variable.name));
      }
    }
    return {};
  }

  Environment::Table& table_;
};

}  // namespace

Result<Environment> Environment::create(TypePool& pool, Options options) {
  auto table = std::make_unique<Table>();
  table->traits = traits_of(options.profile);
  table->options = std::move(options);
  table->pool = &pool;
  if (table->options.container.starts_with('.')) {
    return content_error("container name must not contain a leading '.': " +
                         table->options.container);
  }
  TALLY_CHECK(Builder(*table).build());
  return Environment(std::move(table));
}

Environment::Environment(std::unique_ptr<Table> table) : table_(std::move(table)) {}
Environment::~Environment() = default;
Environment::Environment(Environment&&) noexcept = default;
Environment& Environment::operator=(Environment&&) noexcept = default;

const Environment::Options& Environment::options() const noexcept { return table_->options; }
TypePool& Environment::pool() const noexcept { return *table_->pool; }

std::string provided_elsewhere(const Profile& profile, std::string_view function,
                               std::string_view qualified_function, std::size_t arguments,
                               bool member) {
  const auto say = [](Library library, std::uint8_t version) {
    return ", which exists " + where_provided(library, version);
  };
  CallShape shape{.name = function, .member = member, .arguments = arguments, .receiver = {}};
  if (member && qualified_function.size() > function.size()) {
    shape.receiver = qualified_function.substr(0, qualified_function.size() - function.size() - 1);
  }
  if (const MacroRow* macro = find_macro(shape);
      macro != nullptr && !provides(profile, macro->library, macro->library_version)) {
    return say(macro->library, macro->library_version);
  }
  // Of several libraries that have a function of the name, the one that a later release of the same
  // host has.
  const Function* elsewhere = nullptr;
  for (const auto family : all_functions()) {
    for (const Function& row : family) {
      if ((row.name != function && row.name != qualified_function) ||
          provides(profile, row.library, row.library_version)) {
        continue;
      }
      Profile newest = profile;
      newest.minor = UINT16_MAX;
      if (provides(newest, row.library, row.library_version)) {
        return say(row.library, row.library_version);
      }
      elsewhere = elsewhere == nullptr ? &row : elsewhere;
    }
  }
  return elsewhere == nullptr ? std::string{} : say(elsewhere->library, elsewhere->library_version);
}

}  // namespace tally::cel
